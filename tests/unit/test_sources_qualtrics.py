"""Qualtrics: three header rows, the legacy two, and what real files were seen to hold."""

import csv
import io
import json

import polars as pl
import pytest

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources import read_export
from cfc_pipeline.sources.raw import RawTable

SYSTEM = [
    ("StartDate", "Anfangsdatum", {"ImportId": "startDate", "timeZone": "Z"}),
    ("EndDate", "Enddatum", {"ImportId": "endDate", "timeZone": "Z"}),
    ("Status", "Antworttyp", {"ImportId": "status"}),
    ("Finished", "Beendet", {"ImportId": "finished"}),
    ("ResponseId", "Antwort-ID", {"ImportId": "_recordId"}),
]


def export(
    questions: list[tuple[str, str, dict[str, str]]], rows: list[list[str]], *, single_quotes: bool = False
) -> RawTable:
    columns = [*SYSTEM, *questions]
    names, texts, about = zip(*columns, strict=True)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([names, texts, [str(a) if single_quotes else json.dumps(a) for a in about], *rows])
    return read_export(text.getvalue().encode(), "export.csv")


def response(*answers: str, status: str = "0", finished: str = "1", record: str = "R_1") -> list[str]:
    return ["2026-01-02 10:00:00", "2026-01-02 10:05:00", status, finished, record, *answers]


def questions_of(table: RawTable) -> list[str]:
    return [column.key for column in table.columns if not column.system]


@pytest.mark.parametrize("single_quotes", [False, True])
def test_the_import_id_is_the_key_whatever_the_language(single_quotes: bool) -> None:
    table = export(
        [("Q1", "<p>Wie&nbsp;geht\n\nes?</p>", {"ImportId": "QID7_1"})], [response("3")], single_quotes=single_quotes
    )

    assert table.tool == "qualtrics"
    assert table.zone == "UTC"
    assert table.rows.collect().rows(named=True) == [
        {
            "_row": 4,
            "_record": "R_1",
            "_submitted": "2026-01-02 10:05:00",
            "_complete": True,
            "_test": False,
            "startDate": "2026-01-02 10:00:00",
            "endDate": "2026-01-02 10:05:00",
            "status": "0",
            "finished": "1",
            "_recordId": "R_1",
            "QID7_1": "3",
        }
    ]
    column = table.column("QID7_1")
    assert column is not None
    assert (column.text, column.system, column.personal) == ("Wie geht es?", False, False)


def test_duplicate_names_and_import_ids_get_keys_of_their_own() -> None:
    table = export(
        [
            ("Q6#2", "a", {"ImportId": "QID6", "choiceId": "1"}),
            ("Q6#2", "a", {"ImportId": "QID6", "choiceId": "2"}),
            ("Q6#2", "a", {"ImportId": "QID6", "choiceId": "2"}),
        ],
        [response("x", "y", "z")],
    )

    assert questions_of(table) == ["QID6:1", "QID6:2", "QID6:2 #2"]
    assert table.rows.select("QID6:1", "QID6:2", "QID6:2 #2").collect().rows() == [("x", "y", "z")]


def test_what_the_tool_adds_is_system_and_what_may_be_personal_says_so() -> None:
    table = export(
        [
            ("IPAddress", "", {"ImportId": "ipAddress"}),
            ("RecipientEmail", "", {"ImportId": "recipientEmail"}),
            ("Q1_DO_1", "", {"ImportId": "QID1", "choiceId": "1"}),
            ("Q1_Browser", "", {"ImportId": "QID1_BROWSER"}),
            ("Q2_First Click", "", {"ImportId": "QID2_FIRST_CLICK"}),
            ("Q3 - Topics", "", {"ImportId": "QID3_TEXT_eae5a8d0e7fd4bd183e983e5Topics"}),
            ("school", "school", {"ImportId": "school"}),
            ("Q4", "Text", {"ImportId": "QID4_TEXT"}),
            ("1_Q5", "Loop", {"ImportId": "1_QID5_1"}),
        ],
        [],
    )

    marks = {column.key: (column.system, column.personal) for column in table.columns[len(SYSTEM) :]}
    assert marks == {
        "ipAddress": (True, True),
        "recipientEmail": (True, True),
        "QID1:1": (True, False),
        "QID1_BROWSER": (True, True),
        "QID2_FIRST_CLICK": (True, False),
        "QID3_TEXT_eae5a8d0e7fd4bd183e983e5Topics": (True, False),
        "school": (True, True),
        "QID4_TEXT": (False, False),
        "1_QID5_1": (False, False),
    }


@pytest.mark.parametrize(
    ("status", "test"),
    [
        ("0", False),
        ("16", False),
        ("IP Address", False),
        ("4", False),
        ("1", True),
        ("17", True),
        ("256", True),
        ("Survey Preview", True),
        ("SPAM", True),
    ],
)
def test_previews_tests_and_spam_are_marked(status: str, test: bool) -> None:
    assert export([], [response(status=status)]).rows.collect()["_test"].to_list() == [test]


def test_imported_rows_are_kept_and_told() -> None:
    table = export([], [response(status="4"), response(status="Imported"), response()])

    assert table.rows.collect().height == 3
    assert "2 row(s) were imported" in table.warnings[0]


def test_an_unknown_status_refuses_the_file_without_quoting_it() -> None:
    with pytest.raises(ExportError) as caught:
        export([], [response(status="IP-Adresse von Kim"), response()])

    assert "column status, 1 row(s)" in str(caught.value)
    assert "Kim" not in str(caught.value)


@pytest.mark.parametrize(
    ("finished", "complete"), [("1", True), ("True", True), ("0", False), ("FALSE", False), ("", False)]
)
def test_finished(finished: str, complete: bool) -> None:
    assert export([], [response(finished=finished)]).rows.collect()["_complete"].to_list() == [complete]


def test_an_empty_survey_has_no_rows() -> None:
    table = export([("Q1", "One", {"ImportId": "QID1"})], [])

    assert table.rows.collect().shape == (0, 5 + len(SYSTEM) + 1)


def test_legacy_layout_with_its_trailing_comma() -> None:
    data = (
        "\ufeffV1,V2,V3,V4,V5,V6,V7,V8,V9,V10,Q1,LocationLatitude,\r\n"
        "ResponseID,ResponseSet,Name,ExternalDataReference,EmailAddress,IPAddress,Status,StartDate,EndDate,Finished,"
        "How is it?,LocationLatitude,\r\n"
        "R_1,Default,Anonymous,,a@x.example,192.0.2.1,1,2026-01-02 10:00:00,2026-01-02 10:05:00,1,4,51.5,\r\n"
    )

    table = read_export(data.encode(), "export.csv")

    assert table.layout == "two header rows (legacy)"
    assert table.zone is None
    assert table.rows.select("_row", "_record", "_submitted", "_complete", "_test").collect().rows() == [
        (3, "R_1", "2026-01-02 10:05:00", True, True)
    ]
    assert questions_of(table) == ["Q1"]
    assert [c.key for c in table.columns if c.personal] == ["V3", "V4", "V5", "V6", "LocationLatitude"]


def test_names_of_2016_without_a_json_row() -> None:
    data = (
        "ResponseID,ResponseSet,IPAddress,StartDate,EndDate,RecipientLastName,Q1\n"
        "ResponseID,ResponseSet,IPAddress,StartDate,EndDate,RecipientLastName,How is it?\n"
        "R_1,Default,192.0.2.1,2016-01-02 10:00:00,2016-01-02 10:05:00,Example,4\n"
    )

    table = read_export(data.encode(), "export.csv")

    assert table.rows.collect().select("_record", "_submitted", "Q1").rows() == [("R_1", "2016-01-02 10:05:00", "4")]
    assert questions_of(table) == ["Q1"]


def test_an_unreadable_import_id_falls_back_to_the_name_and_says_so() -> None:
    data = 'A,B\na,b\n"{""ImportId"":""QID1""}","{""ImportId"":""QI"\n1,2\n'

    table = read_export(data.encode(), "export.csv")

    assert questions_of(table) == ["QID1", "B"]
    assert "column(s) 2" in table.warnings[0]


def test_a_column_for_each_row_stays_lazy() -> None:
    assert isinstance(export([], []).rows, pl.LazyFrame)
