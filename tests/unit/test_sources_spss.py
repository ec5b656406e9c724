"""SPSS files: labels, what is declared missing, dates, long texts; and files that are not whole."""

from datetime import date, datetime, time

import polars as pl
import pytest

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources import read_export
from cfc_pipeline.sources.opened_alone.limits import Refusal
from cfc_pipeline.sources.raw import Choice, RawTable
from tests.statistics_files import read_here, sav, sav_that_says

LONG = "é" * 400  # a text of more than 255 bytes is kept as several variables
FRAME = pl.DataFrame(
    {
        "agree": [1.0, 2.0, 99.0, None, 3.0],
        "hours": [1.5, 2.0, 95.0, 98.0, 1e15],
        "why": ["é", LONG, "", "NA", " x  "],
        "moment": [datetime(2026, 3, 29, 1, 30, 5), None, datetime(1999, 12, 31, 23, 59, 59), None, None],
        "day": [date(2026, 1, 5), None, date(1582, 10, 15), None, None],
        "clock": [time(10, 5), None, time(0, 0), None, None],
        "twice": [1.0, 2.0, None, None, None],
    }
)
HOW = {
    "column_labels": ["How far  do <b>you</b> agree?", "Hours", "Why?", "When", None, None, None],
    "variable_value_labels": {"agree": {1: "No", 2: " Yes ", 99: "Refused"}, "twice": {1: "Same", 2: "Same"}},
    "missing_ranges": {"agree": [99], "hours": [{"lo": 90, "hi": 98}], "why": ["NA"]},
}


@pytest.fixture(scope="module")
def table() -> RawTable:
    return read_export(sav(FRAME, **HOW), "export.sav")


def test_cells_are_labels_where_a_value_has_one(table: RawTable) -> None:
    assert (table.tool, table.layout) == ("spss", "label texts of 1 variable(s), values of 6")
    rows = table.rows.collect()
    assert rows["agree"].to_list() == ["No", "Yes", None, None, "3"]
    assert rows["hours"].to_list() == ["1.5", "2", None, None, "1000000000000000"]
    assert rows["why"].to_list() == ["é", LONG, None, None, "x"]
    assert rows["_row"].to_list() == [1, 2, 3, 4, 5]


def test_dates_are_written_as_iso(table: RawTable) -> None:
    rows = table.rows.collect()
    assert rows["moment"].to_list()[:3] == ["2026-03-29 01:30:05", None, "1999-12-31 23:59:59"]
    assert rows["day"].to_list()[:3] == ["2026-01-05", None, "1582-10-15"]
    assert rows["clock"].to_list()[:3] == ["10:05:00", None, "00:00:00"]


def test_choices_are_the_labels_without_what_is_declared_missing(table: RawTable) -> None:
    found = {column.key: column for column in table.columns}
    assert found["agree"].text == "How far do you agree?"
    assert found["agree"].choices == (Choice("1", "No", "1"), Choice("2", "Yes", "2"))
    assert found["day"].text == "day"
    assert found["hours"].choices == found["twice"].choices == ()


def test_people_are_told_what_was_left_out(table: RawTable) -> None:
    missing, doubled = table.warnings
    assert missing.startswith("4 cell(s) hold values that the file declares missing")
    assert doubled.startswith("1 variable(s) give two values the same label")
    assert table.rows.collect()["twice"].to_list()[:2] == ["1", "2"]


def test_a_survey_tools_own_columns_are_known_by_name() -> None:
    frame = pl.DataFrame(
        {
            "ResponseId": ["R_1", "R_2", "R_3"],
            "EndDate": [datetime(2026, 1, 5, 10, 0, second) for second in range(3)],
            "Status": [0.0, 1.0, 0.0],
            "Finished": [1.0, 1.0, 0.0],
            "IPAddress": ["192.0.2.1"] * 3,
            "Q1": [1.0, 2.0, None],
        }
    )
    table = read_export(sav(frame, variable_value_labels={"Status": {0: "IP Address", 1: "Survey Preview"}}), "x.sav")

    assert table.rows.select("_record", "_submitted", "_complete", "_test").collect().rows() == [
        ("R_1", "2026-01-05 10:00:00", True, False),
        ("R_2", "2026-01-05 10:00:01", True, True),
        ("R_3", "2026-01-05 10:00:02", False, False),
    ]
    assert [column.key for column in table.columns if column.personal] == ["IPAddress"]
    assert [column.key for column in table.columns if not column.system] == ["Q1"]


def test_a_question_that_is_called_status_is_no_tools_own() -> None:
    table = read_export(sav(pl.DataFrame({"Status": ["happy"], "Finished": ["no"]})), "x.sav")

    assert table.rows.select("_complete", "_test", "Status").collect().rows() == [(True, False, "happy")]


def test_jisc_is_known_by_the_label_of_its_first_variable() -> None:
    frame = pl.DataFrame({"URN": ["356806-356797-33882794"], "Q1": ["ab"], "Q2_1": [1.0], "Q2_2": [None]})
    data = sav(
        frame.cast({"Q2_2": pl.Float64}),
        column_labels=["Unique Response Number", "Your code", "Which? - Pauses", "Which? - Talk"],
        variable_value_labels={"Q2_1": {1: "Pauses"}, "Q2_2": {1: "Talk"}},
    )
    table = read_export(data, "results.sav")

    assert table.tool == "jisc"
    assert table.rows.select("_record", "_complete", "Q2_1", "Q2_2").collect().rows() == [
        ("356806-356797-33882794", True, "Pauses", None)
    ]
    assert [(c.key, c.text) for c in table.columns if not c.system][1] == ("Q2_1", "Which? - Pauses")
    assert "does not say who finished" in table.warnings[0]


@pytest.mark.parametrize(
    "how", [{"row_compress": True}, {"compress": True}, {}], ids=["compressed", "zsav", "uncompressed"]
)
def test_a_file_that_is_not_whole_is_refused(how: dict[str, bool]) -> None:
    data = sav(FRAME, **HOW, **how)
    assert read_here(data).frame.height == read_here(sav_that_says(-1, data)).frame.height == 5
    lies = [sav_that_says(rows, data) for rows in (0, 4, 6, 100_000)]
    for broken in [data[: len(data) - cut] for cut in (8, 40, 400)] + [data[:4], data[:200], *lies]:
        with pytest.raises(Refusal, match="damaged"):
            read_here(broken)


def test_texts_in_another_encoding_than_the_file_says() -> None:
    data = sav(pl.DataFrame({"why": ["caf\u00e9 \u20ac"]})).replace(
        "café €".encode(), "caf\u00e9 \u20ac    ".encode("cp1252")[:9]
    )
    table = read_export(data, "x.sav")

    assert table.rows.collect()["why"].to_list() == ["café €"]
    assert "Windows-1252" in table.warnings[0]


def test_more_columns_or_cells_than_a_survey_has() -> None:
    with pytest.raises(Refusal, match="too wide"):
        read_here(sav(pl.DataFrame({f"q{n}": [1.0] for n in range(5_001)})))
    with pytest.raises(Refusal, match="too large"):
        read_here(sav_that_says(60_000_001, sav(pl.DataFrame({"q": [1.0]}))))


@pytest.mark.parametrize(
    ("start", "what"),
    [(b"ASCII SPSS PORT FILE", "an SPSS portable file"), (b"\0" * 12 + b"\xc2\xea\x81\x60", "a SAS data set")],
)
def test_kindred_files_are_refused_by_name(start: bytes, what: str) -> None:
    with pytest.raises(ExportError, match=what):
        read_export(start + b"\0" * 100, "x.por")
