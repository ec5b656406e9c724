"""Rows of `effect_sizes`: what else is said of the changes of `paired_change`."""

import duckdb
import numpy as np
import polars as pl

from cfc_pipeline.outcomes.bootstrap import bootstrap_intervals
from cfc_pipeline.outcomes.effect_sizes import standardised
from cfc_pipeline.outcomes.levels import GROUP, MEASURE, in_order
from cfc_pipeline.outcomes.paired import UNIT
from cfc_pipeline.outcomes.ranks import signed_ranks
from schemas.tables.results import EffectSizes

_KEYS = [*GROUP, *MEASURE]
_OF_PEOPLE = ("n_changed", "rank_biserial", "rank_p", "boot_low", "boot_high")


def effect_sizes(con: duckdb.DuckDBPyConnection, change: pl.DataFrame) -> pl.DataFrame:
    """`change` are the rows of `paired_change`, just worked out on this connection.

    Standardised changes are for cohorts, years and all years; of the latter two they describe, and no interval of
    theirs allows for cohorts. Ranks and bootstrap need single people's changes: they are for cohorts of up to LARGEST
    people, since p and bootstrap of several cohorts together would take people as independent.
    """
    groups = change.filter(pl.col("level") != "pooled")
    rows = groups.select(*_KEYS, "n_paired").hstack(standardised(groups))
    return in_order(
        rows.join(_of_people(con), on=["cohort_id", *MEASURE], how="left", maintain_order="left"), EffectSizes
    )


def _of_people(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """For each cohort and measure: ranks and bootstrap."""
    # In the order of the changes, so that nothing depends on the order of people.
    found = con.execute("SELECT measure, cohort, change FROM person_change ORDER BY ALL").fetchnumpy()
    measure, cohort = (np.asarray(found[name], dtype=np.int64) for name in ("measure", "cohort"))
    changes = np.asarray(found["change"], dtype=np.int64) / UNIT
    starts = np.flatnonzero(np.diff(measure, prepend=-1) | np.diff(cohort, prepend=-1))
    sizes = np.diff(starts, append=len(changes))
    figures = np.full((len(_OF_PEOPLE), len(starts)), np.nan)
    for n in np.unique(sizes):
        of_size = np.flatnonzero(sizes == n)
        rows = changes[starts[of_size][:, None] + np.arange(n)]
        figures[:, of_size] = np.vstack([*signed_ranks(rows), *bootstrap_intervals(rows)])
    columns = dict(zip(_OF_PEOPLE, figures, strict=True))
    table = pl.DataFrame({"measure": measure[starts], "cohort": cohort[starts], **columns}).with_columns(
        pl.col(_OF_PEOPLE).fill_nan(None)
    )
    cohorts = con.sql("SELECT DISTINCT cohort, cohort_id FROM team").pl()
    measures = con.sql("FROM measure").pl().cast({"measure": pl.Int64})
    return table.join(cohorts, on="cohort").join(measures, on="measure").drop("measure", "cohort")
