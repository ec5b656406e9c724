"""The flow of people: who was enrolled, agreed, stayed, and answered when."""

import duckdb
import polars as pl

from cfc_pipeline.errors import BalanceError
from cfc_pipeline.outcomes.levels import LEVEL, PERSON, frame, in_order, sets
from schemas.tables.results import ResponseFlow

# Each box, and the boxes that it is the sum of.
SUMS = {
    "enrolled": ("consented", "not_consented"),
    "consented": ("withdrawn", "remaining"),
    "remaining": ("paired", "pre_only", "post_only", "neither"),
    "pre": ("paired", "pre_only"),
    "post": ("paired", "post_only"),
}

_PEOPLE = f"""
    WITH answered AS (
        SELECT participant_id, cohort_id, bool_or(time_point = 'pre') AS pre, bool_or(time_point = 'mid') AS mid,
               bool_or(time_point = 'post') AS post, bool_or(time_point = 'follow_up') AS follow_up
        FROM response WHERE kind = 'scale' AND status = 'counted' GROUP BY ALL
    )
    SELECT cohort_id, academic_year, participant_id, school_id, consented, consented AND withdrawn AS withdrawn,
           consented AND NOT withdrawn AS remaining,
           coalesce(pre, false) AS pre, coalesce(mid, false) AS mid,
           coalesce(post, false) AS post, coalesce(follow_up, false) AS follow_up
    FROM cohort LEFT JOIN ({PERSON}) USING (cohort_id, academic_year)
         LEFT JOIN answered USING (participant_id, cohort_id)
"""

_FLOW = f"""
    SELECT {LEVEL} AS level, cohort_id, academic_year,
           count(DISTINCT school_id) AS n_schools, count(participant_id) AS enrolled,
           count(*) FILTER (NOT consented) AS not_consented, count(*) FILTER (consented) AS consented,
           count(*) FILTER (withdrawn) AS withdrawn, count(*) FILTER (remaining) AS remaining,
           count(*) FILTER (remaining AND pre) AS pre, count(*) FILTER (remaining AND mid) AS mid,
           count(*) FILTER (remaining AND post) AS post, count(*) FILTER (remaining AND follow_up) AS follow_up,
           count(*) FILTER (remaining AND pre AND post) AS paired,
           count(*) FILTER (remaining AND pre AND NOT post) AS pre_only,
           count(*) FILTER (remaining AND post AND NOT pre) AS post_only,
           count(*) FILTER (remaining AND NOT pre AND NOT post) AS neither
    FROM ({_PEOPLE}) GROUP BY {sets()}
"""


def response_flow(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Rows of `response_flow` from `cohort`, `participant` and `response`; a row for each cohort, each year, and all.

    Enrolled is everyone in `participant`: people on the roster, and people known only by a code that they made
    themselves, who are enrolled by answering. A cohort that has both counts one person twice who is on its roster and
    also answered under such a code: nobody can tell, and that is why the code was used. Raises BalanceError when the
    boxes do not add up.
    """
    flow = in_order(frame(con, _FLOW), ResponseFlow)
    wrong = [
        box for box, parts in SUMS.items() if not flow.select((pl.col(box) == pl.sum_horizontal(parts)).all()).item()
    ]
    if wrong:
        raise BalanceError("the flow of people does not add up", where=f"boxes {', '.join(wrong)}")
    return flow
