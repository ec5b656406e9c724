"""Session feedback: means by cohort and session, and over cohorts."""

import polars as pl
import pytest

from cfc_pipeline.outcomes.feedback import feedback_summary
from schemas.tables import TABLES
from tests import small_warehouse as w


def rate(con: w.Connection, cohort_id: str, session: int, question: str, *ratings: int) -> None:
    forms = [f"r-{cohort_id}-{session}-{i}" for i in range(len(ratings))]
    where = {"cohort_id": cohort_id, "session_number": session, "question": question}
    rows = [{"response_id": form, "rating": rating, **where} for form, rating in zip(forms, ratings, strict=True)]
    w.add(con, "session_feedback", *rows)


def attend(con: w.Connection, cohort_id: str, session: int, attendance: int | None) -> None:
    where = {"session_id": f"{cohort_id}-{session}", "cohort_id": cohort_id, "session_number": session}
    w.add(con, "session", {**where, "attendance": attendance})


@pytest.fixture
def con() -> w.Connection:
    con = w.empty()
    for cohort_id, year in (("a", "2023/24"), ("b", "2023/24"), ("c", "2024/25")):
        w.cohort(con, cohort_id, year)
        w.person(con, f"{cohort_id}1", cohort_id, "s-1")
        w.person(con, f"{cohort_id}2", cohort_id, f"s-{cohort_id}")
    rate(con, "a", 1, "Usefulness", 5, 5, 2)
    rate(con, "a", 1, "Facilitation", 4)
    rate(con, "b", 1, "Usefulness", 3, 3)
    rate(con, "b", 2, "Usefulness", 1)
    attend(con, "a", 1, 9)
    attend(con, "b", 1, 7)
    attend(con, "b", 2, None)
    attend(con, "c", 1, 8)
    return con


def test_means_by_level(con: w.Connection) -> None:
    found = TABLES["feedback_summary"].validate(feedback_summary(con)).lazy().collect()
    useful = found.filter(pl.col("question") == "Usefulness")
    columns = ("level", "cohort_id", "session_number", "n", "n_schools", "attendance", "mean")
    assert useful.select(columns).rows() == [
        ("cohort", "a", 1, 3, 2, 9, 4.0),
        ("cohort", "b", 1, 2, 2, 7, 3.0),
        ("cohort", "b", 2, 1, 2, None, 1.0),
        ("year", None, 1, 5, 3, 16, 3.6),
        ("year", None, 2, 1, 2, None, 1.0),
        ("all", None, 1, 5, 3, 16, 3.6),
        ("all", None, 2, 1, 2, None, 1.0),
    ]
    assert useful["sd"].to_list() == pytest.approx([3**0.5, 0.0, None, 1.8**0.5, None, 1.8**0.5, None])


def test_a_session_that_is_not_in_the_log_has_no_attendance(con: w.Connection) -> None:
    rate(con, "c", 2, "Usefulness", 4)
    row = feedback_summary(con).row(by_predicate=pl.col("cohort_id") == "c", named=True)
    assert (row["n"], row["attendance"]) == (1, None)


def test_nothing_rated(con: w.Connection) -> None:
    con.execute("DELETE FROM session_feedback")
    assert feedback_summary(con).height == 0
