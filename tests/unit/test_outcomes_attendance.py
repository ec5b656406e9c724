"""Change beside attendance: who came often, and what is said of them. Nobody is behind these figures."""

from typing import Any

import polars as pl
import pytest
from scipy import stats

from cfc_pipeline.outcomes.attendance import attendance_change, together
from schemas.tables import TABLES
from tests import small_warehouse as w

CAME = (8, 6, 6, 8, 7, 5, 3, 2, 4, None)
CHANGE = (3, 4, 2, 6, 5, 1, 2, -1, 0, 9)


@pytest.fixture
def con() -> w.Connection:
    """Eight sessions; the last person's attendance is not known."""
    con = w.empty()
    w.cohort(con, "a")
    w.pairs(con, "a", before=[10] * 10, after=[10 + change for change in CHANGE])
    for session in range(1, 9):
        w.add(con, "session", {"session_id": f"a-{session}", "cohort_id": "a", "session_number": session})
    for i, came in enumerate(CAME):
        con.execute("UPDATE participant SET sessions_attended = ? WHERE participant_id = ?", [came, f"p-a-{i}"])
    return con


def year(con: w.Connection, often: int | None = 75) -> dict[str, Any]:
    rows, _ = attendance_change(con, often)
    (row,) = TABLES["attendance_change"].validate(rows).lazy().collect().filter(level="year").rows(named=True)
    return row


def test_both_groups_and_their_difference(con: w.Connection) -> None:
    """Six of eight sessions are 75 %: often."""
    row, often, less = year(con), CHANGE[:5], CHANGE[5:9]
    assert (row["n_often"], row["n_less"], row["n_unknown"]) == (5, 4, 1)
    assert (row["often_mean"], row["less_mean"], row["difference"]) == (4, 0.5, 3.5)
    expected = stats.ttest_ind(often, less, equal_var=False).confidence_interval()
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((expected.low, expected.high))
    assert row["rank_correlation"] == pytest.approx(stats.spearmanr(CAME[:9], CHANGE[:9]).statistic)
    assert row["rank_low"] < row["rank_correlation"] < row["rank_high"] < 1


def test_what_is_not_declared_or_not_known_makes_no_row(con: w.Connection) -> None:
    assert attendance_change(con, None)[0].is_empty()
    con.execute("DELETE FROM session")
    assert attendance_change(con, 75)[0].is_empty()


def test_the_people_behind_it(con: w.Connection) -> None:
    _, support = attendance_change(con, 75)
    TABLES["attendance_support"].validate(support)
    assert dict(support.group_by("came").agg(pl.col("n").sum()).rows()) == {"often": 5, "less": 4, "unknown": 1}


def test_years_put_together_are_everybody_in_one_group(con: w.Connection) -> None:
    w.cohort(con, "b", "2025/26")
    w.pairs(con, "b", before=[5] * 5, after=[7, 9, 4, 5, 8])
    w.add(con, "session", {"session_id": "b-1", "cohort_id": "b", "session_number": 1})
    con.execute("UPDATE participant SET sessions_attended = right(participant_id, 1)::BIGINT % 2 WHERE cohort_id = 'b'")
    rows, _ = attendance_change(con, 75)
    every = rows.filter(level="all")
    for figure, column in together(rows.filter(level="year")).to_dict().items():
        assert column.to_list() == pytest.approx(every[figure].to_list()), figure
