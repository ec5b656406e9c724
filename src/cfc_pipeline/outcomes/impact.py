"""Perceived impact: how many people chose each answer to each of the programme's own items."""

from collections.abc import Iterable, Mapping

import duckdb
import polars as pl

from cfc_pipeline.errors import BalanceError
from cfc_pipeline.outcomes.levels import GROUP, LEVEL, PERSON, frame, in_order, sets
from schemas.instruments import Instrument
from schemas.tables.results import ImpactDistribution

# One form for each person, cohort and instrument: the first of these time points at which they answered any of it.
ANSWERS = """
    CREATE OR REPLACE TEMP TABLE impact_answer AS
    SELECT coalesce(participant_id, response_id) AS person, cohort_id, cohort.academic_year, school_id,
           instrument, item, value
    FROM (FROM item_answer WHERE instrument IN ({instruments})) JOIN response USING (response_id)
         JOIN cohort USING (cohort_id) LEFT JOIN ({people}) AS known USING (participant_id, cohort_id)
    WHERE status = 'counted' AND (participant_id IS NULL OR (consented AND NOT withdrawn))
    QUALIFY 1 = dense_rank() OVER (PARTITION BY person, cohort_id, instrument
        ORDER BY CASE time_point WHEN 'post' THEN 1 WHEN 'follow_up' THEN 2 WHEN 'mid' THEN 3 ELSE 4 END)
"""

_TWICE = """
    SELECT instrument, count(*) AS n FROM (
        SELECT DISTINCT person, cohort_id, instrument FROM impact_answer
        GROUP BY person, cohort_id, instrument, item HAVING count(*) > 1
    ) GROUP BY instrument ORDER BY instrument
"""

_BASES = f"""
    SELECT {LEVEL} AS level, cohort_id, academic_year, instrument, item,
           count(*) AS base, count(DISTINCT school_id) AS n_schools
    FROM impact_answer GROUP BY {sets("instrument", "item")}
"""

_COUNTS = f"""
    SELECT {LEVEL} AS level, cohort_id, academic_year, instrument, item, value, count(*) AS n
    FROM impact_answer GROUP BY {sets("instrument", "item", "value")}
"""


def impact_distribution(con: duckdb.DuckDBPyConnection, instruments: Mapping[str, Instrument]) -> pl.DataFrame:
    """Rows of `impact_distribution` from `item_answer`, `response`, `participant` and `cohort`, for instruments of kind
    distribution.

    Where anyone answered an instrument, every item has a row for every answer, also for those that nobody chose. A
    person counts once: with their answers after the programme, else at follow-up, else halfway, else before. An
    anonymous form counts as a person, of no known school. Raises BalanceError if somebody has two counted forms at one
    time point, which intake rules out.
    """
    choices = _choices(instruments)
    listed = listing(choices["instrument"].unique(maintain_order=True))
    con.execute(ANSWERS.format(instruments=listed, people=PERSON))
    _refuse_second_forms(frame(con, _TWICE))
    bases, counts = frame(con, _BASES), frame(con, _COUNTS)
    con.execute("DROP TABLE impact_answer")
    rows = (
        bases.select(*GROUP, "instrument")
        .unique()
        .join(choices, on="instrument")
        .join(bases, on=[*GROUP, "instrument", "item"], how="left", nulls_equal=True)
        .join(counts, on=[*GROUP, "instrument", "item", "value"], how="left", nulls_equal=True)
        .with_columns(pl.col("n", "base", "n_schools").fill_null(0))
        .with_columns(percent=pl.when(pl.col("base") > 0).then(100 * pl.col("n") / pl.col("base")))
    )
    return in_order(rows, ImpactDistribution)


def listing(instruments: Iterable[str]) -> str:
    """For a query: named one by one, so that the database does not even look at the answers to scales."""
    return ", ".join(f"'{instrument}'" for instrument in instruments) or "NULL"


def _choices(instruments: Mapping[str, Instrument]) -> pl.DataFrame:
    rows = [
        (key.id, item, value, answer, value in key.increased if key.increased else None)
        for key in instruments.values()
        if key.kind == "distribution"
        for item in range(1, key.items + 1)
        for value, answer in key.answers.items()
    ]
    schema = {"instrument": pl.String, "item": pl.Int64, "value": pl.Int64, "answer": pl.String}
    schema |= {"increased": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _refuse_second_forms(twice: pl.DataFrame) -> None:
    if twice.height:
        raise BalanceError(
            "people with two counted forms at one time point",
            where="; ".join(f"instrument {instrument}: {n} people" for instrument, n in twice.rows()),
            next_step="run ingest again, which decides between duplicates; if it stays, report it as a defect",
        )
