"""What people thought of the sessions: mean rating of each question, session by session."""

import duckdb
import polars as pl

from cfc_pipeline.outcomes.levels import GROUP, LEVEL, PERSON, frame, in_order, sets
from schemas.tables.results import FeedbackSummary

_BY = ("session_number", "question")

# Ratings are whole numbers, so sums are exact, and equal ratings have an SD of exactly 0.
_CELLS = """
    SELECT cohort_id, academic_year, session_number, question, count(*) AS n,
           sum(rating) AS total, sum(rating * rating) AS squares, any_value(attendance) AS attendance
    FROM session_feedback JOIN cohort USING (cohort_id) LEFT JOIN session USING (cohort_id, session_number)
    GROUP BY ALL
"""

_RATINGS = f"""
    SELECT {LEVEL} AS level, cohort_id, academic_year, session_number, question, sum(cell.n)::BIGINT AS n,
           CASE WHEN count(attendance) = count(*) THEN sum(attendance)::BIGINT END AS attendance,
           sum(total)::DOUBLE / sum(cell.n) AS mean,
           sqrt((sum(cell.n) * sum(squares) - sum(total) * sum(total))::DOUBLE
                / nullif(sum(cell.n) * (sum(cell.n) - 1), 0)) AS sd
    FROM ({_CELLS}) AS cell GROUP BY {sets(*_BY)}
"""

_SCHOOLS = f"""
    SELECT {LEVEL} AS level, cohort_id, academic_year, session_number, question,
           count(DISTINCT school_id) AS n_schools
    FROM ({_CELLS}) AS cell LEFT JOIN ({PERSON}) AS person USING (cohort_id, academic_year) GROUP BY {sets(*_BY)}
"""


def feedback_summary(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Rows of `feedback_summary` from `session_feedback`, `session`, `cohort` and `participant`.

    A row for each question of each session with at least one rating; at levels year and all, for each session number
    over the cohorts that rated it. The unit is the form: an anonymous form cannot be told from a second one of the same
    person. Attendance above cohort level is the sum over these cohorts, and empty if one of them has none.
    """
    ratings, schools = frame(con, _RATINGS), frame(con, _SCHOOLS)
    return in_order(ratings.join(schools, on=[*GROUP, *_BY], nulls_equal=True), FeedbackSummary)
