"""Stata files: labels, tagged missing values, dates, precision; and files that are not whole."""

import io
import struct
from datetime import date, datetime

import pandas as pd
import polars as pl
import pytest

from cfc_pipeline.sources import read_export
from cfc_pipeline.sources.opened_alone.limits import Refusal
from cfc_pipeline.sources.raw import Choice
from tests.statistics_files import dta, dta_that_says, read_here

FRAME = pl.DataFrame(
    {
        "agree": pl.Series([1, 2, None], dtype=pl.Int8),
        "why": ["é", "b" * 3000, ""],
        "moment": [datetime(2026, 3, 29, 1, 30, 5), None, datetime(1959, 12, 31, 23, 59, 59)],
        "day": [date(2026, 1, 5), None, date(1959, 12, 31)],
    }
)
LABELS = {"variable_value_labels": {"agree": {1: "No", 2: " Yes "}}}


def test_labels_dates_and_long_texts() -> None:
    table = read_export(dta(FRAME, column_labels=["Do you agree?", None, None, None], **LABELS), "export.dta")

    assert (table.tool, table.layout) == ("stata", "label texts of 1 variable(s), values of 3")
    rows = table.rows.collect()
    assert rows["agree"].to_list() == ["No", "Yes", None]
    assert rows["why"].to_list() == ["é", "b" * 3000, None]
    assert rows["moment"].to_list() == ["2026-03-29 01:30:05", None, "1959-12-31 23:59:59"]
    assert rows["day"].to_list() == ["2026-01-05", None, "1959-12-31"]
    assert (table.columns[0].text, table.columns[0].choices) == (
        "Do you agree?",
        (Choice("1", "No", "1"), Choice("2", "Yes", "2")),
    )


def test_tagged_missing_values_are_empty_and_counted() -> None:
    frame = pd.DataFrame({"agree": pd.Series([1, 2, "a", "b"], dtype=object), "hours": [1.0, 2.25, None, 4.0]})
    data = dta(
        frame,
        missing_user_values={"agree": ["a", "b"]},
        variable_value_labels={"agree": {1: "No", 2: "Yes", "a": "Gone"}},
    )
    table = read_export(data, "export.dta")

    assert table.rows.select("agree", "hours").collect().rows() == [
        ("No", "1"),
        ("Yes", "2.25"),
        (None, None),
        (None, "4"),
    ]
    assert [choice.label for choice in table.columns[0].choices] == ["No", "Yes"]
    assert table.warnings[0].startswith("2 cell(s) hold values that the file declares missing")


def test_single_precision_and_dates_that_stay_numbers() -> None:
    frame = pd.DataFrame({"rate": pd.Series([4.2, 1 / 3, 2.0], dtype="float32"), "month": [792, 793, 794]})
    file = io.BytesIO()
    frame.to_stata(file, write_index=False, version=118)
    data = file.getvalue().replace(b"%12.0g", b"%tm\0\0\0")
    table = read_export(data, "export.dta")

    assert table.rows.select("rate", "month").collect().rows() == [("4.2", "792"), ("0.33333334", "793"), ("2", "794")]
    assert table.warnings[0].startswith("1 variable(s) hold weeks, months")


@pytest.mark.parametrize("version", [8, 10, 12, 13, 14, 15])
def test_a_file_that_is_not_whole_is_refused(version: int) -> None:
    data = dta(FRAME.with_columns(pl.col("why").str.head(20)), version=version, **LABELS)
    whole = read_here(data)
    assert whole.frame["0"].to_list() == ["No", "Yes", None]
    assert whole.about["variables"][0]["choices"] == [["1", "No"], ["2", "Yes"]]
    lies = (0, 2, 4, 100_000)
    if version < 13:
        broken = [data[:6] + struct.pack("<i", rows) + data[10:] for rows in lies]
    else:
        size = 8 if version > 13 else 4
        at = data.index(b"<N>") + 3
        broken = [data[:at] + rows.to_bytes(size, "little") + data[at + size :] for rows in lies]
    for one in [*broken, *(data[: len(data) - cut] for cut in (1, 9, 20, 60, 200)), data[:12], data[:150]]:
        with pytest.raises(Refusal, match="damaged"):
            read_here(one)


def test_a_header_that_claims_more_than_a_survey_can_hold() -> None:
    with pytest.raises(Refusal, match="too large"):
        read_here(dta_that_says(60_000_001, dta(FRAME, **LABELS)))
