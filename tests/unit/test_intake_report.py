"""The intake report reads as a person would write it."""

import polars as pl
import pytest

from cfc_pipeline.recipes.report import IngestReport, in_words


def report(rows: int, files: int, comments: int) -> IngestReport:
    ledger = pl.DataFrame({"survey_id": ["a"], "file": [1], "fate": ["quarantined"], "why": ["x"], "rows": [rows]})
    reasons = pl.DataFrame({"survey_id": ["a"], "column": ["Q1"], "reason": ["outside 1 to 5"], "rows": [rows]})
    names = [f"{n}.csv" for n in range(files)]
    return IngestReport("r", ledger, reasons, new_files=names, comments_waiting=comments, twice={"superseded": rows})


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, ["1 new file was taken in", "1 response is superseded", "1 row waits in", "1 comment waits for"]),
        (2, ["2 new files were taken in", "2 responses are superseded", "2 rows wait in", "2 comments wait for"]),
    ],
)
def test_one_is_not_several(count: int, said: list[str]) -> None:
    words = in_words(report(count, count, count))
    assert [text for text in said if text not in words] == []
