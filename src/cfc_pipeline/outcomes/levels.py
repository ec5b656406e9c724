"""Whom a row of results is about: one cohort, one academic year, or all years. Shared by all results.

The unit of counting is a person in a cohort: who takes part in two cohorts counts in each, so that a year is the sum of
its cohorts.
"""

from collections.abc import Sequence

import duckdb
import polars as pl

from cfc_pipeline.warehouse.layout import key_columns
from schemas.tables import TIME_POINTS, Table, polars_schema
from schemas.tables.results import LEVELS

# For a query grouped by sets(...).
LEVEL = "CASE WHEN grouping(cohort_id) = 0 THEN 'cohort' WHEN grouping(academic_year) = 0 THEN 'year' ELSE 'all' END"

GROUP = ("level", "cohort_id", "academic_year")
MEASURE = ("instrument", "subscale", "from_time_point", "to_time_point")  # of which a row of change tells

# A person without a known school stands for a school of their own, so that nobody with a known school is hidden because
# of others without one. Risk accepted: two such people may work in one school.
PERSON = """
    SELECT participant_id, cohort_id, academic_year, coalesce(school_id, participant_id) AS school_id,
           consented, withdrawn
    FROM participant JOIN cohort USING (cohort_id)
"""


def sets(*columns: str) -> str:
    """GROUP BY clause for the three levels, by `columns` within each."""
    levels = (("cohort_id", "academic_year"), ("academic_year",), ())
    return "GROUPING SETS (" + ", ".join("(" + ", ".join(level + columns) + ")" for level in levels) + ")"


def frame(con: duckdb.DuckDBPyConnection, sql: str) -> pl.DataFrame:
    """Ids of ours are part of `sql`: DuckDB takes many times as long over a query with parameters, whose result it
    holds whole before it is asked for."""
    rows: pl.DataFrame = con.sql(sql).pl()
    return rows


def in_order(rows: pl.DataFrame, table: type[Table]) -> pl.DataFrame:
    """The contract's columns and types; rows sorted by level, year and cohort, and by the rest of the table's key."""
    schema = polars_schema(table)
    keys = key_columns(table)
    first = [key for key in ("level", "academic_year", "cohort_id") if key in keys]
    order = [_rank(key) for key in [*first, *(key for key in keys if key not in first)]]
    return rows.select(pl.col(name).cast(type_) for name, type_ in schema.items()).sort(order)


_RANKS: dict[str, Sequence[str]] = {
    "level": LEVELS,
    "time_point": TIME_POINTS,
    "from_time_point": TIME_POINTS,
    "to_time_point": TIME_POINTS,
}


def _rank(key: str) -> pl.Expr:
    return pl.col(key).cast(pl.Enum(_RANKS[key])) if key in _RANKS else pl.col(key)
