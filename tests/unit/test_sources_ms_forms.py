"""Microsoft Forms: workbooks, Excel's CSV of them, and other languages."""

import pytest

from cfc_pipeline.sources import read_export
from cfc_pipeline.sources.raw import RawTable

ROW = "1,1/15/26 10:00:00,1/15/26 10:05:09"


def export(header: str, *rows: str, encoding: str = "utf-8") -> RawTable:
    return read_export("\r\n".join([header, *rows, ""]).encode(encoding), "export.csv")


def test_anonymous_forms_have_no_address_and_no_name() -> None:
    table = export(
        "ID,Start time,Completion time,Email,Name,How is it?",
        f"{ROW},anonymous,,3",
        f"{ROW},Anonymous,Anonymous,4",
        f"{ROW},kim@x.example,Kim Example,5",
    )

    assert table.rows.select("_record", "_submitted", "Email", "Name", "How is it?").collect().rows() == [
        ("1", "1/15/26 10:05:09", None, None, "3"),
        ("1", "1/15/26 10:05:09", None, None, "4"),
        ("1", "1/15/26 10:05:09", "kim@x.example", "Kim Example", "5"),
    ]
    assert table.rows.collect()["_complete"].all()
    assert [c.key for c in table.columns if c.personal] == ["Email", "Name"]


@pytest.mark.parametrize(
    "header",
    [
        "Id,Startzeit,Fertigstellungszeit,E-Mail,Name",
        "ID,Czas rozpoczęcia,Czas ukończenia,Adres,Imię",
        "番号,開始,完了,メール,名前",
    ],
)
def test_other_languages_are_known_by_name_or_by_position(header: str) -> None:
    table = export(f"{header},Question", f"{ROW},kim@x.example,Kim,5")

    assert table.tool == "ms_forms"
    assert [c.key for c in table.columns] == ["ID", "Start time", "Completion time", "Email", "Name", "Question"]
    assert [c.personal for c in table.columns] == [False, False, False, True, True, False]
    assert table.rows.collect()["_submitted"].to_list() == ["1/15/26 10:05:09"]


def test_a_form_in_a_listed_language_is_known_without_answers() -> None:
    assert export("ID,Heure de début,Heure de fin,Adresse de messagerie,Nom,Question").tool == "ms_forms"


def test_headings_are_tidied_and_numbered_duplicates_stay() -> None:
    table = export(
        'ID,Start time,Completion time,Email,Name,"When\n is it?\u00a0 ",Key,Key2,Points - Key,Feedback - Key',
        f"{ROW},anonymous,,a,b,c,1,well done",
    )

    assert [c.key for c in table.columns if not c.system] == ["When is it?", "Key", "Key2"]
    assert [c.key for c in table.columns if c.personal] == ["Email", "Name", "Feedback - Key"]


def test_excels_csv_is_windows_1252() -> None:
    table = export(
        "ID,Start time,Completion time,Email,Name,Now – or later?", f"{ROW},anonymous,,“ja”", encoding="cp1252"
    )

    assert table.rows.collect()["Now – or later?"].to_list() == ["“ja”"]
    assert "Windows-1252" in table.warnings[0]


def test_multi_select_cells_are_left_as_they_are() -> None:
    table = export("ID,Start time,Completion time,Email,Name,Q", f'{ROW},anonymous,,"A;B, C;"')

    assert table.rows.collect()["Q"].to_list() == ["A;B, C;"]
