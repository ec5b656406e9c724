"""Google Forms: the linked Sheet and the download."""

import pytest

from cfc_pipeline.sources import read_export
from cfc_pipeline.sources.raw import RawTable


def export(header: str, *rows: str) -> RawTable:
    return read_export("\r\n".join([header, *rows]).encode(), "export.csv")


@pytest.mark.parametrize(
    ("stamp", "layout"),
    [
        ("4/27/2021 11:02:10", "sheet"),
        ("27.04.2021 11:02:10", "sheet"),
        ("2021/04/27 11:02:10 am GMT+1", "download"),
    ],
)
def test_the_time_stamp_is_kept_as_written(stamp: str, layout: str) -> None:
    table = export("Timestamp,How is it?", f"{stamp},3", f"{stamp},4")

    assert (table.tool, table.layout, table.zone) == ("google_forms", layout, None)
    assert table.rows.select("_row", "_record", "_submitted", "_complete", "_test", "How is it?").collect().rows() == [
        (2, None, stamp, True, False, "3"),
        (3, None, stamp, True, False, "4"),
    ]


def test_two_questions_with_one_text_stay_two() -> None:
    table = export("Timestamp,Username,Score,Rate it,Rate it,Rate it #2", "4/27/2021 11:02:10,a@x.example,3 / 5,1,2,3")

    asked = [c.key for c in table.columns if not c.system]
    assert asked == ["Rate it", "Rate it #2", "Rate it #2 #2"]
    assert table.rows.select(asked).collect().rows() == [("1", "2", "3")]
    assert [c.key for c in table.columns if c.personal] == ["Username"]


def test_grid_rows_are_told_from_their_question() -> None:
    table = export('Timestamp,"I feel [calm, now]"', "4/27/2021 11:02:10,Often")

    column = table.column("I feel [calm, now]")
    assert column is not None
    assert (column.text, column.option) == ("I feel", "calm, now")


def test_a_log_that_begins_with_something_else_is_a_plain_table() -> None:
    assert export("Timestamp,Sessions", "early,3").tool == "table"
