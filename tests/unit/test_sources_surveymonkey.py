"""SurveyMonkey: two header rows, their flattened form, and files that a spreadsheet has touched."""

import io

import openpyxl
import pytest

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources import read_export
from cfc_pipeline.sources.raw import RawTable

FIRST = "Respondent ID,Collector ID,Start Date,End Date,IP Address,Email Address,First Name,Last Name,Custom Data 1"
SYSTEM = "114123456789,400000001,01/15/2026 10:00:00 AM,01/15/2026 10:05:09 AM,192.0.2.1,a@x.example,Kim,Example,x"


def export(*rows: str, encoding: str = "utf-8") -> RawTable:
    return read_export("\n".join(rows).encode(encoding), "export.csv")


def test_question_and_option_make_the_key() -> None:
    table = export(
        f"{FIRST},How is it?,Which helped?,,,I feel,,Which helped?",
        ",,,,,,,,,Response,Pauses,Talks,Other (please specify),calm,<b>heard</b>,Open-Ended Response",
        f"{SYSTEM},Good,Pauses,,my own,4,5,words",
    )

    asked = [c.key for c in table.columns if not c.system]
    assert asked == [
        "How is it?",
        "Which helped? | Pauses",
        "Which helped? | Talks",
        "Which helped? | Other (please specify)",
        "I feel | calm",
        "I feel | heard",
        "Which helped?",
    ]
    assert table.rows.select("_row", "_record", "_submitted", *asked).collect().rows() == [
        (3, "114123456789", "01/15/2026 10:05:09 AM", "Good", "Pauses", None, "my own", "4", "5", "words")
    ]
    personal = ["IP Address", "Email Address", "First Name", "Last Name", "Custom Data 1"]
    assert [c.key for c in table.columns if c.personal] == personal


def test_an_id_that_was_saved_as_a_decimal_is_the_same_id() -> None:
    heading = "Respondent ID,Start Date,End Date,Q", ",,,Response"
    tables = [export(*heading, f"{number},,,x") for number in ("114123456789", "114123456789.0")]

    assert [table.rows.collect()["_record"].to_list() for table in tables] == [["114123456789"]] * 2


def test_a_question_named_like_a_system_column_is_asked() -> None:
    table = export("Respondent ID,Start Date,End Date,Email Address", ",,,Open-Ended Response", "1,,,typed")

    column = table.column("Email Address")
    assert column is not None
    assert not column.system


def test_the_flattened_layout_keeps_its_headings() -> None:
    table = export(
        "RespondentID,Start Date,Which helped? - Pauses,How is it?", "4337954960,,Pauses,Good", "4337954961,,,Bad"
    )

    assert table.layout == "one header row"
    assert table.rows.select("_row", "_record", "Which helped? - Pauses").collect().rows() == [
        (2, "4337954960", "Pauses"),
        (3, "4337954961", None),
    ]


def test_an_export_without_responses() -> None:
    assert export(f"{FIRST},How is it?", ",,,,,,,,,Response").rows.collect().height == 0


def test_unfinished_responses_cannot_be_told_and_the_reader_says_so() -> None:
    table = export(f"{FIRST},How is it?", ",,,,,,,,,Response", f"{SYSTEM},")

    assert table.rows.collect()["_complete"].to_list() == [True]
    assert "does not say who finished" in table.warnings[0]


def test_a_file_in_no_clean_encoding_is_read_with_a_warning() -> None:
    data = f"{FIRST},Star Wars\n,,,,,,,,,Response\n{SYSTEM},".encode() + b"\x8c\xe6\x81\n"

    table = read_export(data, "export.csv")

    assert table.rows.collect()["Star Wars"].to_list() == ["Œæ\ufffd"]
    assert "Windows-1252" in table.warnings[0]


def test_ids_that_a_spreadsheet_has_rounded_refuse_the_file() -> None:
    with pytest.raises(ExportError) as caught:
        export("Respondent ID,Start Date,Q", ",,Response", "114123456789,,1", "1.14E+11,,2", "1.14E+11,,3")

    assert "export.csv, row 4, 5" in str(caught.value)


def test_a_workbook_keeps_its_ids_and_dates() -> None:
    made = openpyxl.Workbook()
    assert made.active is not None
    for row in (["Respondent ID", "End Date", "Q"], ["", "", "Response"], [114123456789, "01/15/2026 10:05:09 AM", 4]):
        made.active.append(row)
    file = io.BytesIO()
    made.save(file)

    rows = read_export(file.getvalue(), "export.xlsx").rows.collect()

    assert rows.select("_row", "_record", "_submitted", "Q").rows() == [
        (3, "114123456789", "01/15/2026 10:05:09 AM", "4")
    ]
