"""Change at every time point by one model of all scores: the rows of `mixed_model`.

The tables of change leave out who answered once only. This model keeps everybody with any score, and takes it that
whether somebody answers may depend on scores that are there, but not on those that are not (missing at random).
"""

import duckdb
import numpy as np
import polars as pl

from cfc_pipeline.outcomes.formulas import Floats
from cfc_pipeline.outcomes.levels import MEASURE, frame, in_order
from cfc_pipeline.outcomes.patterns import BITS, FEWEST_TIMES
from cfc_pipeline.outcomes.random_intercept import Fit, Patterns, fit
from schemas.tables import TIME_POINTS, polars_schema
from schemas.tables.results import MixedModel

_UNIT = 1_000_000_000  # of a score point, as in paired.py
_ROW = ("level", "academic_year", "instrument", "subscale")
_PATTERNS = range(1, 2 ** len(BITS))
_THERE = np.array([[float(bool(pattern & bit)) for bit in BITS.values()] for pattern in _PATTERNS])
_SUMS = ("squares", "totals")

# `pattern_sums`, `pattern_team` and `team` are made by paired_change.
_PEOPLE = f"""
    SELECT 'year' AS level, academic_year, instrument, subscale, pattern, n,
           {", ".join(f"{time}::DOUBLE / {_UNIT} AS {time}" for time in TIME_POINTS)},
           {", ".join(f"{name}::DOUBLE / {_UNIT} / {_UNIT} AS {name}" for name in _SUMS)}
    FROM pattern_sums ORDER BY ALL
"""
_SCHOOLS = f"""
    SELECT CASE WHEN grouping(academic_year) = 0 THEN 'year' ELSE 'all' END AS level, academic_year,
           instrument, subscale, count(DISTINCT school) AS n_schools,
           {
    ", ".join(
        f"count(DISTINCT school) FILTER (pattern & {BITS['pre']} = 0 AND pattern & {BITS[time]} > 0) AS {time}"
        for time in TIME_POINTS[1:]
    )
}
    FROM pattern_team JOIN team USING (team)
    GROUP BY GROUPING SETS ((instrument, subscale, academic_year), (instrument, subscale))
"""


def mixed_model(con: duckdb.DuckDBPyConnection, change: pl.DataFrame) -> pl.DataFrame:
    """Rows of `mixed_model` for academic years and all years with scores at three and more time points; right after
    `paired_change`, whose temporary tables it reads, and whose result `change` is.

    The interval reaches as many standard errors to either side as that of the change of those who answered both times,
    see `reach`. How far cohorts differ is seen from people who are compared with themselves.
    """
    years = frame(con, _PEOPLE)
    every = years.with_columns(level=pl.lit("all"), academic_year=pl.lit(None, pl.String))
    people = pl.concat([years, every])
    groups = people.select(_ROW).unique(maintain_order=True).with_row_index("group")
    people = people.join(groups, on=_ROW, nulls_equal=True, maintain_order="left")
    rows = _rows(groups, _patterns(people, groups.height)) if groups.height else _no_rows()
    schools = frame(con, _SCHOOLS).unpivot(
        TIME_POINTS[1:], index=[*_ROW, "n_schools"], variable_name="to_time_point", value_name="late_schools"
    )
    rows = rows.join(schools, on=[*_ROW, "to_time_point"], how="left", nulls_equal=True, maintain_order="left")
    return in_order(with_intervals(rows, reach(change)), MixedModel)


def _patterns(people: pl.DataFrame, groups: int) -> Patterns:
    """`people` has a row for each group, year and pattern."""
    figures = ("n", *TIME_POINTS, *_SUMS)
    sums = np.zeros((groups, len(_PATTERNS), len(figures)))
    place = people["group"].to_numpy(), people["pattern"].to_numpy() - 1
    np.add.at(sums, place, people.select(pl.col(figures).cast(pl.Float64)).to_numpy())
    n, scores, squares, totals = np.split(sums, [1, 1 + len(TIME_POINTS), 2 + len(TIME_POINTS)], axis=2)
    return Patterns(_THERE, n[:, :, 0], scores, squares[:, :, 0], totals[:, :, 0])


def _rows(groups: pl.DataFrame, patterns: Patterns) -> pl.DataFrame:
    found = fit(patterns)
    counts = patterns.n @ _THERE
    late = patterns.n @ (_THERE * (1 - _THERE[:, :1]))
    about = groups.drop("group").with_columns(
        n_people=pl.Series(patterns.n.sum(axis=1).astype(np.int64)),
        n_responses=pl.Series(counts.sum(axis=1).astype(np.int64)),
        n_times=pl.Series((counts > 0).sum(axis=1)),
        **_known(person_sd=np.sqrt(found.person_variance), rest_sd=np.sqrt(found.rest_variance)),
    )
    times = [_of_time(about, found, late, place) for place in range(1, len(TIME_POINTS))]
    rows = pl.concat(times).filter(pl.col("n_times") >= FEWEST_TIMES, pl.col("counted"))
    return rows.with_columns(from_time_point=pl.lit("pre"))


def _of_time(about: pl.DataFrame, found: Fit, late: Floats, place: int) -> pl.DataFrame:
    figures = _known(change=found.changes[:, place], standard_error=found.errors[:, place])
    return about.with_columns(
        to_time_point=pl.lit(TIME_POINTS[place]),
        n_late=pl.Series(late[:, place].astype(np.int64)),
        counted=pl.Series(np.isfinite(found.errors[:, place])),
        **figures,
    )


def _known(**figures: Floats) -> dict[str, pl.Series]:
    return {name: pl.Series(figure).fill_nan(None) for name, figure in figures.items()}


def _no_rows() -> pl.DataFrame:
    return pl.DataFrame(schema=polars_schema(MixedModel)).drop("n_schools", "late_schools", "ci_low", "ci_high")


def reach(change: pl.DataFrame) -> pl.DataFrame:
    """How many standard errors the interval of the mean change reaches to either side, by year and over all years:
    `level`, `academic_year`, MEASURE, `reach`. `change` has rows of `paired_change`.

    The interval is the one that allows for cohorts that differ, the standard error that of people who are independent.
    With one cohort it is t(0.975, n - 1). Over all years it is that of the pooled change, if there is one.
    """
    wide = change.filter(pl.col("level").is_in(["year", "all"]), pl.col("change_sd") > 0).select(
        *("level", "academic_year", *MEASURE),
        own=(pl.col("cluster_high") - pl.col("cluster_low")) / 2 / (pl.col("change_sd") / pl.col("n_paired").sqrt()),
    )
    pooled = reach_of_pooled(
        change.filter(pl.col("level") == "pooled"),
        change.filter((pl.col("level") == "cohort") & (pl.col("change_sd") > 0)),
    )
    both = wide.join(pooled.with_columns(level=pl.lit("all")), on=["level", *MEASURE], how="left")
    return both.select("level", "academic_year", *MEASURE, reach=pl.coalesce("reach", "own"))


def reach_of_pooled(pooled: pl.DataFrame, cohorts: pl.DataFrame) -> pl.DataFrame:
    """MEASURE and `reach`: of the pooled changes, by the cohorts that were pooled; rows of `paired_change`."""
    n, df = pl.col("n_paired"), pl.col("n_paired") - 1
    within = (df * pl.col("change_sd") ** 2).sum() / df.sum()
    errors = cohorts.group_by(MEASURE).agg(error=(within / n.sum()).sqrt())
    half = (pl.col("ci_high") - pl.col("ci_low")) / 2
    return pooled.join(errors, on=MEASURE).select(*MEASURE, reach=half / pl.col("error"))


def with_intervals(rows: pl.DataFrame, reach: pl.DataFrame) -> pl.DataFrame:
    """Adds the 95 % interval to rows with `change` and `standard_error`: none where `reach` is not known."""
    on = [name for name in reach.columns if name != "reach"]
    half = pl.col("reach") * pl.col("standard_error")
    found = rows.join(reach, on=on, how="left", nulls_equal=True, maintain_order="left")
    return found.with_columns(ci_low=pl.col("change") - half, ci_high=pl.col("change") + half).drop("reach")
