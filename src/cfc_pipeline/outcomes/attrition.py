"""Who left: people with a score before and none after, beside those with both, and what they could have changed.

Left means no more than that: somebody may have finished the programme without sending in the form, or have left too
many items out. In a cohort in which nobody has answered after yet, nobody has left. Like paired.py, the database makes
exact sums for each cohort, and all figures follow from these.
"""

import duckdb
import numpy as np
import polars as pl

from cfc_pipeline.outcomes.formulas import hedges_correction, t_quantile
from cfc_pipeline.outcomes.levels import LEVEL, frame, in_order, sets
from schemas.tables.results import Attrition

_UNIT = 1_000_000_000  # of a score point, as in paired.py
MEASURE = ("instrument", "subscale")

# Rows of `attrition_support`: the people who left, by school. `left_person`, `team`, `measure` and `cohort_sums` are
# paired.py's.
ATTRITION_SUPPORT = """
    SELECT instrument, subscale, cohort_id, academic_year, school_id, count(*) AS n
    FROM left_person JOIN team USING (team) JOIN measure USING (measure) GROUP BY ALL ORDER BY ALL
"""


def _sd(total: str, squares: str, n: str) -> str:
    """Empty for one person. Up to one unit squared is the rounding of thirds to whole units, not variation."""
    units = f"({n} * {squares} - {total} * {total})::DOUBLE / nullif({n} * ({n} - 1), 0)"
    return f"sqrt(CASE WHEN abs({units}) <= 1 THEN 0 ELSE {units} END) / {_UNIT}"


_GROUPS = f"""
    WITH of_cohort AS (
        SELECT measure, cohort, n AS n_stayed, pre AS stayed, pre_pre AS stayed_2,
               0 AS n_left, 0::HUGEINT AS gone, 0::HUGEINT AS gone_2 FROM cohort_sums
        UNION ALL BY NAME
        SELECT measure, cohort, 0 AS n_stayed, 0::HUGEINT AS stayed, 0::HUGEINT AS stayed_2, count(*) AS n_left,
               sum(score) AS gone, sum(score * score) AS gone_2
        FROM left_person JOIN team USING (team) GROUP BY measure, cohort
    ), total AS (
        SELECT {LEVEL} AS level, cohort_id, academic_year, measure, sum(n_stayed)::BIGINT AS n_stayed,
               sum(n_left)::BIGINT AS n_left, sum(stayed)::HUGEINT AS stayed, sum(stayed_2)::HUGEINT AS stayed_2,
               sum(gone)::HUGEINT AS gone, sum(gone_2)::HUGEINT AS gone_2
        FROM of_cohort JOIN (SELECT DISTINCT cohort, cohort_id, academic_year FROM team) USING (cohort)
        GROUP BY {sets("measure")}
    ), schools AS (
        SELECT {LEVEL} AS level, cohort_id, academic_year, measure, count(DISTINCT school) AS left_schools
        FROM left_person JOIN team USING (team) GROUP BY {sets("measure")}
    )
    SELECT total.level, total.cohort_id, total.academic_year, instrument, subscale, n_stayed, n_left,
           coalesce(left_schools, 0) AS left_schools, lowest, highest, direction,
           stayed::DOUBLE / nullif(n_stayed, 0) / {_UNIT} AS stayed_mean,
           {_sd("stayed", "stayed_2", "n_stayed")} AS stayed_sd,
           gone::DOUBLE / nullif(n_left, 0) / {_UNIT} AS left_mean, {_sd("gone", "gone_2", "n_left")} AS left_sd
    FROM total LEFT JOIN schools ON total.level = schools.level AND total.measure = schools.measure
             AND total.cohort_id IS NOT DISTINCT FROM schools.cohort_id
             AND total.academic_year IS NOT DISTINCT FROM schools.academic_year
         JOIN measure ON measure.measure = total.measure LEFT JOIN instrument USING (instrument, subscale)
    WHERE to_time_point = 'post'
"""


def attrition(con: duckdb.DuckDBPyConnection, change: pl.DataFrame) -> pl.DataFrame:
    """Rows of `attrition`, wherever anybody has a score before and after; right after `paired_change`, whose temporary
    tables it reads, and whose result `change` is."""
    return in_order(what_if(compared(with_change(frame(con, _GROUPS), change))), Attrition)


def with_change(groups: pl.DataFrame, change: pl.DataFrame) -> pl.DataFrame:
    """Adds the mean change of those who stayed, everybody counting alike. Over all years it is not the pooled one,
    which is about cohorts and may leave some out."""
    after = change.filter(pl.col("to_time_point") == "post")
    keys = ["level", "cohort_id", "academic_year", *MEASURE]
    return groups.join(after.select(*keys, "mean_change"), on=keys, how="left", nulls_equal=True, maintain_order="left")


def compared(groups: pl.DataFrame) -> pl.DataFrame:
    """Adds those who left less those who stayed, before: Welch's 95 % interval, and Hedges' g.

    Welch 1947, doi 10.1093/biomet/34.1-2.28 [K]: the SDs may differ. g divides by the pooled SD of both groups and has
    the exact correction for n1 + n2 - 2. Both treat people as independent.
    """
    n1, sd1, mean1, n2, sd2, mean2 = (
        groups[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        for name in ("n_stayed", "stayed_sd", "stayed_mean", "n_left", "left_sd", "left_mean")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        part1, part2 = sd1**2 / n1, sd2**2 / n2
        df = (part1 + part2) ** 2 / (part1**2 / (n1 - 1) + part2**2 / (n2 - 1))
        half = t_quantile(df) * np.sqrt(part1 + part2)
        pooled = np.sqrt(((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / (n1 + n2 - 2))
        difference = mean2 - mean1
        g = hedges_correction(n1 + n2 - 2) * difference / pooled
    figures = {"difference": difference, "ci_low": difference - half, "ci_high": difference + half, "g": g}
    added = [pl.Series(name, figure) for name, figure in figures.items()]
    return groups.with_columns(pl.when(s.is_finite()).then(s).alias(s.name) for s in added)


def what_if(groups: pl.DataFrame) -> pl.DataFrame:
    """Adds what the mean change of everybody with a score before would be, by what those who left changed.

    It is the mean of two means, weighted by people: those who stayed changed as they did, those who left not at all
    (their last score carried forward), or to the worst possible score of the scale. `would_need` is how much those who
    left would have to have changed for everybody's mean change to be 0. No interval: none of the three is an estimate.
    """
    stayed, left = pl.col("n_stayed"), pl.col("n_left")
    worst = pl.when(pl.col("direction") == "lower_is_better").then("highest").otherwise("lowest")
    # Where nobody left, nobody's score matters.
    dropped = pl.when(left == 0).then(0.0).otherwise(worst - pl.col("left_mean"))
    everybody = stayed + left
    return groups.with_columns(
        if_unchanged=stayed * pl.col("mean_change") / everybody,
        if_worst=(stayed * pl.col("mean_change") + left * dropped) / everybody,
        would_need=pl.when(left > 0).then(-stayed * pl.col("mean_change") / left),
    )
