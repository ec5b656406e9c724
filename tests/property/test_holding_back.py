"""Answers that wait, against a slow and plain way to say the same: row by row, what each record last said under a form
in use."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cfc_pipeline.intake.holding import hold_back
from cfc_pipeline.programme import Survey
from tests.small_forms import ALONE, ENTRY

settings.register_profile("holding", derandomize=True, deadline=None, max_examples=150)
PROFILE = settings.get_profile("holding")

SCALES = [{"instrument": "brs", "items": {1: "q1"}}, {"instrument": "swemwbs", "items": {1: "s1"}}]
COLUMNS = {"brs": "brs:1", "swemwbs": "swemwbs:1"}
ANSWER = st.none() | st.integers(1, 5)
ROWS = st.lists(st.tuples(st.integers(1, 4), st.none() | st.sampled_from("abc"), ANSWER, ANSWER), max_size=14)
HELD = st.dictionaries(st.integers(1, 4), st.frozensets(st.sampled_from(sorted(COLUMNS)), min_size=1), max_size=3)


@PROFILE
@given(rows=ROWS, held=HELD, comments=st.booleans())
def test_every_row_stays_and_says_what_may_be_said(
    rows: list[tuple[int, str | None, int | None, int | None]], held: dict[int, frozenset[str]], comments: bool
) -> None:
    rows = sorted(rows, key=lambda row: row[0])  # in the order of arrival
    survey = Survey.model_validate((ENTRY if comments else ALONE) | {"scales": SCALES})
    schema = {"file": pl.Int64, "record": pl.String, "brs:1": pl.Int16, "swemwbs:1": pl.Int16}
    found = hold_back(pl.DataFrame(rows, schema=schema, orient="row"), survey, held)
    last: dict[tuple[str, str | None], int | None] = {}
    expected = []
    for file, record, *answers in rows:
        said = []
        waits = held.get(file, frozenset())
        for (instrument, _), answer in zip(COLUMNS.items(), answers, strict=True):
            if instrument not in waits and record is not None:
                last[instrument, record] = answer
            said.append(last.get((instrument, record)) if instrument in waits else answer)
        whole = waits == COLUMNS.keys() and not comments
        decided = not whole or any((instrument, record) in last for instrument in COLUMNS)
        expected.append((file, record, *said, decided))
    assert found.select(*schema, "form_decided").rows() == expected
