"""Change between two time points, among people who answered at both.

The unit is the person. People are paired per instrument and subscale, whichever surveys their answers came through, and
count for the cohort that the answers are for. From each person's scores the database makes sums per cohort; all
figures follow from these sums.

Scores are added up as whole billionths. Sums of whole numbers are exact: the figures do not depend on the order of rows
or the number of threads, and a group in which everyone changed alike has an SD of 0 instead of a rounding error, which
would turn into a huge standardised change.
"""

from collections.abc import Sequence

import duckdb
import numpy as np
import polars as pl

from cfc_pipeline.errors import BalanceError
from cfc_pipeline.outcomes.clusters import with_cluster_intervals
from cfc_pipeline.outcomes.formulas import (
    Floats,
    hedges_correction,
    noncentrality_interval,
    t_quantile,
    two_sided_p,
)
from cfc_pipeline.outcomes.levels import GROUP, LEVEL, MEASURE, PERSON, frame, in_order, sets
from cfc_pipeline.outcomes.patterns import NO_PATTERNS, add_patterns
from cfc_pipeline.outcomes.pooled import pooled_row
from schemas.tables import TIME_POINTS, polars_schema
from schemas.tables.results import PairedChange, PairedSupport

UNIT = 1_000_000_000  # of a score point
LARGEST = 200  # people of a cohort whose single changes are looked at

# People, cohorts, schools and measures as whole numbers, because comparing pseudonyms some million times takes far
# longer. A team is the people of one school in one cohort; a form is one response that counts.
_TEAMS = f"""
    CREATE OR REPLACE TEMP TABLE team AS
    SELECT row_number() OVER (ORDER BY cohort_id, school_id) AS team,
           dense_rank() OVER (ORDER BY cohort_id) AS cohort, dense_rank() OVER (ORDER BY school_id) AS school,
           dense_rank() OVER (ORDER BY academic_year) AS year, *
    FROM (SELECT DISTINCT cohort_id, academic_year, school_id FROM ({PERSON}))
"""
_FORMS = f"""
    CREATE OR REPLACE TEMP TABLE form AS
    SELECT response_id, person, team, cohort, list_position({list(TIME_POINTS)}, time_point) AS time_point
    FROM response JOIN (
        SELECT row_number() OVER () AS person, team, cohort, participant_id, cohort_id
        FROM ({PERSON}) JOIN team USING (cohort_id, school_id) WHERE consented AND NOT withdrawn
    ) USING (participant_id, cohort_id)
    WHERE kind = 'scale' AND status = 'counted'
"""
_EMPTY = """
    CREATE OR REPLACE TEMP TABLE support (measure BIGINT, team BIGINT, n BIGINT);
    CREATE OR REPLACE TEMP TABLE cohort_sums (
        measure BIGINT, cohort BIGINT, n BIGINT,
        pre HUGEINT, post HUGEINT, pre_pre HUGEINT, post_post HUGEINT, pre_post HUGEINT
    );
    CREATE OR REPLACE TEMP TABLE person_change (measure BIGINT, cohort BIGINT, change BIGINT);
    CREATE OR REPLACE TEMP TABLE left_person (measure BIGINT, team BIGINT, score HUGEINT)
"""


def _scores(subscales: int, times: Sequence[str]) -> str:
    """A row for each person with a column for each time point and subscale. One instrument at a time, which bounds the
    memory of a large programme."""
    wide = ", ".join(
        f"any_value(round(scores[{i}] * {UNIT})::BIGINT) FILTER (time_point = {TIME_POINTS.index(t) + 1}) AS {t}_{i}"
        for t in times
        for i in range(1, subscales + 1)
    )
    return f"""
        CREATE OR REPLACE TEMP TABLE person_score AS
        SELECT any_value(team) AS team, any_value(cohort) AS cohort, {wide},
               count(*) > bit_count(bit_or(1 << time_point)) AS twice
        FROM (FROM score_sheet WHERE instrument = $instrument) JOIN form USING (response_id)
        GROUP BY person
    """


def _pairs(measure: int, subscale: int, to: str) -> str:
    """One measure's people with both scores."""
    return f"""
        SELECT {measure} AS measure, team, cohort, pre_{subscale}::HUGEINT AS pre, {to}_{subscale}::HUGEINT AS post
        FROM person_score WHERE pre_{subscale} IS NOT NULL AND {to}_{subscale} IS NOT NULL
    """


_SUPPORT = "INSERT INTO support SELECT measure, team, count(*) FROM ({pairs}) GROUP BY measure, team"
_SUMS = """
    INSERT INTO cohort_sums
    SELECT measure, cohort, count(*), sum(pre), sum(post), sum(pre * pre), sum(post * post), sum(pre * post)
    FROM ({pairs}) GROUP BY measure, cohort
"""
_SCHOOLS = f"""
    SELECT level, cohort_id, academic_year, {", ".join(MEASURE)}, n_schools FROM measure JOIN (
        SELECT {LEVEL} AS level, cohort_id, academic_year, measure, count(DISTINCT school) AS n_schools
        FROM support JOIN team USING (team) GROUP BY {sets("measure")}
    ) USING (measure)
"""
# For effects.py.
_PERSONS = f"""
    INSERT INTO person_change SELECT measure, cohort, (post - pre)::BIGINT
    FROM ({{pairs}}) SEMI JOIN (FROM cohort_sums WHERE n <= {LARGEST}) USING (measure, cohort)
"""
# For attrition.py, so that nobody is scored twice: who has a score before and none after, in a cohort in which anybody
# has answered after.
_LEFT = f"""
    INSERT INTO left_person
    SELECT {{measure}}, team, pre_{{subscale}}
    FROM person_score SEMI JOIN (FROM form WHERE time_point = {TIME_POINTS.index("post") + 1}) USING (cohort)
    WHERE pre_{{subscale}} IS NOT NULL AND post_{{subscale}} IS NULL
"""


def paired_change(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Rows of `paired_change` from `score_sheet`, `response`, `participant` and `cohort`, wherever anybody has a pair.

    Pairs are pre to mid, to post and to follow_up. Levels: `cohort`; `year`, all people of the year's cohorts as one
    group; `all`, likewise over all years; `pooled`, the random-effects estimate over cohorts. People of one cohort
    shape each other, so cohorts are clusters: `ci_low` and `ci_high` at levels year and all ignore that and are too
    narrow if cohorts differ; `cluster_low` and `cluster_high` respect it, and so does the pooled interval. Pooled are
    cohorts with at least two pairs that do not all change alike; two such cohorts are needed, and the row counts the
    people, schools and cohorts that went in.

    95 % intervals and exact p by the t distribution; g_z = mean change / SD of the change · J, with the interval of the
    non-central t times J, from three pairs on. What a group is too small or too uniform for is empty. Raises
    BalanceError if a person has two scores of one subscale at one time point, which intake rules out.

    Leaves behind what PAIRED_SUPPORT, effects.py, attrition.py and mixed.py ask for.
    """
    _add_up(con)
    schools = frame(con, _SCHOOLS)
    groups = _estimates(frame(con, _GROUPS)).join(schools, on=[*GROUP, *MEASURE], how="left", nulls_equal=True)
    cohorts = groups.filter(pl.col("level") == "cohort")
    pooled = _pooled(con, cohorts)
    empty = pl.DataFrame(schema=polars_schema(PairedChange))
    return in_order(pl.concat([empty, _clustered(groups, cohorts), pooled], how="diagonal_relaxed"), PairedChange)


# Rows of `paired_support`: the people behind each cohort's paired change, by school. A row for each school, cohort and
# measure is too much to pass through Python.
PAIRED_SUPPORT = f"""
    SELECT {", ".join(polars_schema(PairedSupport))} FROM support JOIN team USING (team) JOIN measure USING (measure)
    ORDER BY measure, team
"""


def _add_up(con: duckdb.DuckDBPyConnection) -> None:
    """Fills `measure`, and measure by measure `support`, `cohort_sums`, `person_change` and `left_person`."""
    for statement in (_TEAMS, _FORMS, _EMPTY, NO_PATTERNS):
        con.execute(statement)
    answered = {place for (place,) in con.execute("SELECT DISTINCT time_point FROM form").fetchall()}
    later = [to for place, to in enumerate(TIME_POINTS, start=1) if place in answered and place > 1]
    measures: list[tuple[str, str, str, str]] = []
    twice = []
    for instrument in frame(con, "SELECT DISTINCT instrument FROM score_sheet ORDER BY instrument")["instrument"]:
        sheet = "SELECT subscales FROM score_sheet WHERE instrument = $instrument LIMIT 1"
        ((subscales,),) = con.execute(sheet, {"instrument": instrument}).fetchall()
        con.execute(_scores(len(subscales), ["pre", *later]), {"instrument": instrument})
        add_patterns(con, instrument, subscales, ["pre", *later])
        for to in later:
            for i, subscale in enumerate(subscales, start=1):
                pairs = _pairs(len(measures), i, to)
                con.execute(_SUPPORT.format(pairs=pairs))
                con.execute(_SUMS.format(pairs=pairs))
                con.execute(_PERSONS.format(pairs=pairs))
                if to == "post":
                    con.execute(_LEFT.format(measure=len(measures), subscale=i))
                measures.append((instrument, subscale, "pre", to))
        if con.execute("SELECT 1 FROM person_score WHERE twice LIMIT 1").fetchall():
            twice.append(instrument)
    if twice:
        raise BalanceError(
            "a person has two counted scores of one subscale at one time point",
            where=f"instrument {', '.join(twice)}",
            next_step="run ingest again, which decides between duplicates; if it stays, report it as a defect",
        )
    listed = pl.DataFrame(measures, schema=dict.fromkeys(MEASURE, pl.String), orient="row").with_row_index("measure")
    con.register("listed", listed.to_arrow())
    con.execute("CREATE OR REPLACE TEMP TABLE measure AS FROM listed")
    con.unregister("listed")


def _mean(total: str) -> str:
    return f"({total})::DOUBLE / n / {UNIT}"


def _covariance(x: str, y: str, xy: str) -> str:
    """Empty for one person. Up to one unit squared is the rounding of thirds to whole units, not variation."""
    squared_units = f"(n * ({xy}) - ({x}) * ({y}))::DOUBLE / nullif(n * (n - 1), 0)"
    return f"CASE WHEN abs({squared_units}) <= 1 THEN 0 ELSE {squared_units} / {UNIT}.0 / {UNIT}.0 END"


_GROUPS = f"""
    WITH total AS (
        SELECT {LEVEL} AS level, cohort_id, academic_year, measure,
               sum(n)::BIGINT AS n, count(*) AS n_cohorts, sum(pre) AS pre, sum(post) AS post,
               sum(pre_pre) AS pre_pre, sum(post_post) AS post_post, sum(pre_post) AS pre_post
        FROM cohort_sums JOIN (SELECT DISTINCT cohort, cohort_id, academic_year FROM team) USING (cohort)
        GROUP BY {sets("measure")}
    )
    SELECT level, cohort_id, academic_year, {", ".join(MEASURE)}, n AS n_paired, n_cohorts,
           {_mean("pre")} AS pre_mean, sqrt({_covariance("pre", "pre", "pre_pre")}) AS pre_sd,
           {_mean("post")} AS post_mean, sqrt({_covariance("post", "post", "post_post")}) AS post_sd,
           {_covariance("pre", "post", "pre_post")} / nullif(pre_sd * post_sd, 0) AS correlation,
           {_mean("post - pre")} AS mean_change,
           sqrt({_covariance("post - pre", "post - pre", "post_post + pre_pre - 2 * pre_post")}) AS change_sd
    FROM total JOIN measure USING (measure)
"""


def _estimates(groups: pl.DataFrame) -> pl.DataFrame:
    """Adds interval, t, p and g_z."""
    n, change, sd = (
        groups[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in ("n_paired", "mean_change", "change_sd")
    )
    sd, df = np.where(sd > 0, sd, np.nan), n - 1
    error = sd / np.sqrt(n)
    t, half, correction = change / error, t_quantile(df) * error, hedges_correction(df)
    lower, upper = (correction * end / np.sqrt(n) for end in noncentrality_interval(t, df))
    figures: dict[str, Floats] = {
        "ci_low": change - half,
        "ci_high": change + half,
        "g_z": correction * change / sd,
        "g_z_low": lower,
        "g_z_high": upper,
        "t_value": t,
        "p_value": two_sided_p(t, df),
    }
    added = [pl.Series(name, figure) for name, figure in figures.items()]
    return groups.with_columns(pl.when(s.is_finite()).then(s).alias(s.name) for s in added)


def _clustered(groups: pl.DataFrame, cohorts: pl.DataFrame) -> pl.DataFrame:
    """Adds the interval that allows for cohorts at levels year and all."""
    parts = [cohorts]
    for level, within in (("year", ("academic_year",)), ("all", ())):
        by = [*within, *MEASURE]
        clusters = cohorts.select(*by, "cohort_id", "n_paired", "mean_change")
        parts.append(with_cluster_intervals(groups.filter(pl.col("level") == level), clusters, by))
    return pl.concat(parts, how="diagonal_relaxed")


def _pooled(con: duckdb.DuckDBPyConnection, cohorts: pl.DataFrame) -> pl.DataFrame:
    varied = cohorts.filter(pl.col("change_sd") > 0)
    poolable = varied.filter(pl.len().over(MEASURE) >= 2)
    con.register("poolable", poolable.select("cohort_id", *MEASURE).to_arrow())
    schools = frame(
        con,
        f"""
        SELECT {", ".join(MEASURE)}, n_schools FROM measure JOIN (
            SELECT measure, count(DISTINCT school) AS n_schools FROM support JOIN team USING (team) SEMI JOIN (
                SELECT DISTINCT measure, cohort
                FROM poolable JOIN measure USING ({", ".join(MEASURE)}) JOIN team USING (cohort_id)
            ) USING (measure, cohort) GROUP BY measure
        ) USING (measure)
        """,
    )
    con.unregister("poolable")
    measures = poolable.sort(*MEASURE, "cohort_id").partition_by(MEASURE, maintain_order=True)
    rows = [pooled_row(measure) for measure in measures]
    return pl.DataFrame(rows).join(schools, on=MEASURE, how="left") if rows else schools.clear()
