"""How sure it is that the two halves of a pair are one person's, where people are known by codes of their own."""

import duckdb
import polars as pl

from cfc_pipeline.outcomes.levels import GROUP, LEVEL, frame, in_order, sets
from schemas.tables.results import PairedChange

_PERIOD = ("from_time_point", "to_time_point")
_FIGURES = ("n_linked", "n_unclear", "false_links")

# Of several forms at one time point, the least sure link counts.
_LINKS = f"""
    WITH seen AS (
        SELECT cohort_id, participant_id, time_point, bool_or(how = 'unclear') AS unclear, min(chance) AS chance
        FROM link WHERE kind = 'scale' AND time_point <> 'pre' GROUP BY ALL
    ), before AS (
        SELECT DISTINCT cohort_id, participant_id, true AS paired FROM response
        WHERE kind = 'scale' AND status = 'counted' AND time_point = 'pre'
    )
    SELECT {LEVEL} AS level, cohort_id, academic_year, 'pre' AS from_time_point, time_point AS to_time_point,
           count(*) FILTER (paired AND NOT unclear) AS n_linked, count(*) FILTER (unclear) AS n_unclear,
           100 * avg(1 - chance) FILTER (paired AND NOT unclear) AS false_links
    FROM seen JOIN cohort USING (cohort_id) LEFT JOIN before USING (cohort_id, participant_id)
    GROUP BY {sets("time_point")}
"""


def with_links(con: duckdb.DuckDBPyConnection, change: pl.DataFrame) -> pl.DataFrame:
    """`paired_change` with its columns about links; they stay empty where nobody is known by a code of their own."""
    found = frame(con, _LINKS)
    if found.is_empty():
        return change
    found = pl.concat([found, found.filter(level="all").with_columns(level=pl.lit("pooled"))])
    joined = change.drop(_FIGURES).join(found, on=[*GROUP, *_PERIOD], how="left", nulls_equal=True)
    return in_order(joined, PairedChange)
