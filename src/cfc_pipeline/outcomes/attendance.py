"""Change beside how often people came: the rows of `attendance_change`. A description: who comes often chose to, and
differs in much else.

Whom a cohort's people are compared with is everybody of the year or of all years. Only where programme.yaml says what
often is, and a roster how many sessions people came to; how many there were is how many the session log has.
"""

import duckdb
import numpy as np
import polars as pl
from scipy import special

from cfc_pipeline.outcomes.formulas import CONFIDENCE, t_quantile
from cfc_pipeline.outcomes.levels import PERSON, in_order
from schemas.tables import polars_schema
from schemas.tables.results import AttendanceChange, AttendanceSupport

_UNIT = 1_000_000_000  # of a score point, as in paired.py: sums of whole numbers do not depend on the order of rows
MEASURE = ("instrument", "subscale")
GROUPS = ("often", "less")
_FEWEST = 4  # people for an interval of a rank correlation

# Everybody with a score before and after, and in which share of the cohort's sessions they were (empty: not known).
_PEOPLE = f"""
    WITH held AS (SELECT cohort_id, count(*) AS held FROM session GROUP BY cohort_id), scored AS (
        SELECT participant_id, cohort_id, time_point, instrument, unnest(subscales) AS subscale,
               round(unnest(scores) * {_UNIT})::BIGINT AS score
        FROM score_sheet JOIN response USING (response_id)
        WHERE kind = 'scale' AND status = 'counted' AND time_point IN ('pre', 'post')
    ), change AS (
        SELECT participant_id, cohort_id, instrument, subscale,
               any_value(score) FILTER (time_point = 'post') - any_value(score) FILTER (time_point = 'pre') AS change
        FROM scored GROUP BY ALL
    )
    SELECT instrument, subscale, cohort_id, academic_year, people.school_id, change,
           100 * sessions_attended / held AS share
    FROM change JOIN ({PERSON}) AS people USING (participant_id, cohort_id)
         JOIN participant USING (participant_id, cohort_id) LEFT JOIN held USING (cohort_id)
    WHERE people.consented AND NOT people.withdrawn AND change IS NOT NULL
    ORDER BY ALL
"""


def attendance_change(con: duckdb.DuckDBPyConnection, often: int | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of `attendance_change` and of `attendance_support`, for measures of which anybody's attendance is known.

    `often` is the least share of sessions, in %, that counts as often.
    """
    people = con.sql(_PEOPLE).pl() if often is not None else pl.DataFrame()
    if people.is_empty():
        return pl.DataFrame(schema=polars_schema(AttendanceChange)), pl.DataFrame(
            schema=polars_schema(AttendanceSupport)
        )
    came = pl.when(pl.col("share") >= often).then(pl.lit("often")).when(pl.col("share") < often).then(pl.lit("less"))
    people = people.with_columns(came=came.otherwise(pl.lit("unknown")), change=pl.col("change") / _UNIT)
    people = people.filter((pl.col("came") != "unknown").any().over(MEASURE))
    every = people.with_columns(level=pl.lit("all"), academic_year=pl.lit(None, pl.String))
    both = pl.concat([people.with_columns(level=pl.lit("year")), every])
    keys = ["level", "academic_year", *MEASURE]
    groups = [_figures(pl.col("came") == name, name) for name in GROUPS]
    rows = both.group_by(keys, maintain_order=True).agg(
        *(figure for figures in groups for figure in figures),
        n_unknown=(pl.col("came") == "unknown").sum(),
        rank_correlation=pl.corr("share", "change", method="spearman"),
        n_known=pl.col("share").count(),
    )
    support = people.group_by("instrument", "subscale", "cohort_id", "academic_year", "school_id", "came").agg(
        n=pl.len()
    )
    return in_order(_rank_interval(compared(rows)), AttendanceChange), in_order(support, AttendanceSupport)


def _figures(which: pl.Expr, name: str) -> tuple[pl.Expr, ...]:
    change = pl.col("change").filter(which)
    mean, sd = change.mean().alias(f"{name}_mean"), change.std().alias(f"{name}_sd")
    return change.len().alias(f"n_{name}"), mean, sd


def compared(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds the mean change of those who came often less that of the others, with Welch's 95 % interval (1947, doi
    10.1093/biomet/34.1-2.28 [K]). It treats people as independent."""
    n1, mean1, sd1, n2, mean2, sd2 = (
        rows[f"{figure}{name}" if figure == "n_" else f"{name}{figure}"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        for name in GROUPS
        for figure in ("n_", "_mean", "_sd")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        part1, part2 = sd1**2 / n1, sd2**2 / n2
        df = (part1 + part2) ** 2 / (part1**2 / (n1 - 1) + part2**2 / (n2 - 1))
        half = t_quantile(df) * np.sqrt(part1 + part2)
    difference = mean1 - mean2
    figures = {"difference": difference, "ci_low": difference - half, "ci_high": difference + half}
    return rows.with_columns(pl.Series(name, figure).fill_nan(None) for name, figure in figures.items())


def _rank_interval(rows: pl.DataFrame) -> pl.DataFrame:
    """Spearman's correlation of share and change with the interval of Bonett & Wright 2000, doi 10.1007/BF02294183
    [K]: Fisher's z with variance (1 + r²/2) / (n - 3)."""
    n, r = (rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in ("n_known", "rank_correlation"))
    with np.errstate(divide="ignore", invalid="ignore"):
        half = float(special.ndtri((1 + CONFIDENCE) / 2)) * np.sqrt((1 + r**2 / 2) / (n - 3))
        ends = {"rank_low": np.tanh(np.arctanh(r) - half), "rank_high": np.tanh(np.arctanh(r) + half)}
    known = pl.col("n_known") >= _FEWEST
    columns = [pl.Series(name, end).fill_nan(None) for name, end in (ends | {"rank_correlation": r}).items()]
    return rows.with_columns(columns).with_columns(
        pl.when(known).then(name) for name in ("rank_correlation", "rank_low", "rank_high")
    )


def together(rows: pl.DataFrame) -> pl.DataFrame:
    """Groups of several years, which have no person in common, as one; over all years, without ranks."""
    parts = []
    for name in GROUPS:
        n, mean, sd = pl.col(f"n_{name}"), pl.col(f"{name}_mean"), pl.col(f"{name}_sd")
        centre = (n * mean).sum() / n.sum()
        squares = ((n - 1) * sd.fill_null(0) ** 2 + n * (mean - centre) ** 2).sum()
        parts += [n.sum(), centre.alias(f"{name}_mean"), (squares / (n.sum() - 1)).sqrt().alias(f"{name}_sd")]
    return compared(rows.group_by(MEASURE, maintain_order=True).agg(*parts, pl.col("n_unknown").sum()))
