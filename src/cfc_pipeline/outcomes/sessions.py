"""Feedback over the sessions: the level of each question and its trend, between and within cohorts; and how many of
those present sent a form.

Forms are anonymous, so nobody knows which are of one person, and single forms cannot be the units. The units are the
mean ratings of the sessions of one cohort, and above that the cohorts.
"""

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import polars as pl

from cfc_pipeline.outcomes.formulas import Floats, pool, t_quantile
from cfc_pipeline.outcomes.intervals import wilson
from cfc_pipeline.outcomes.levels import LEVEL, PERSON, frame, in_order, sets
from schemas.tables.results import SessionAdherence, SessionResponse, SessionTrend

FEWEST_SESSIONS = 3  # for a line with anything to spare
_NO_VARIATION = 1e-12  # of squared ratings: what is left of equal means after rounding
_BY_COHORT = ("cohort_id", "academic_year", "question")

# Forms with any rating, and people present, for each session that has either.
_SESSIONS = f"""
    WITH forms AS (
        SELECT cohort_id, session_number, count(DISTINCT response_id) AS forms FROM session_feedback GROUP BY ALL
    ), schools AS (
        SELECT {LEVEL} AS level, cohort_id, academic_year, count(DISTINCT school_id) AS n_schools
        FROM ({PERSON}) GROUP BY {sets()}
    )
    SELECT 'cohort' AS level, cohort_id, cohort.academic_year, session_number, 1 AS n_sessions,
           coalesce(forms, 0) AS forms, attendance, coalesce(n_schools, 0) AS n_schools
    FROM forms FULL JOIN session USING (cohort_id, session_number) JOIN cohort USING (cohort_id)
         LEFT JOIN (FROM schools WHERE level = 'cohort') AS schools USING (cohort_id)
"""


def session_trend(feedback: pl.DataFrame) -> pl.DataFrame:
    """Rows of `session_trend` from rows of `feedback_summary`, of which only those of cohorts are used; so it can be
    asked about what may be shown only. Cohorts with a mean rating for at least three sessions count.

    A cohort: mean of its session means, t(k - 1) by their spread; and the slope of the least-squares line through
    them, t(k - 2), k sessions. Years and all years: the cohorts' means and slopes pooled as in formulas.pool, from two
    cohorts on. The squared errors of cohorts are taken from a spread that all of them share, since that of a few
    sessions of one cohort is hardly known.
    """
    cohorts = _of_cohorts(feedback)
    groups = [cohorts.select(pl.lit("cohort").alias("level"), pl.all()).select(_FIGURES)]
    for level, by in (("year", ["academic_year", "question"]), ("all", ["question"])):
        rows = [_pooled(level, part) for part in cohorts.sort(*_BY_COHORT).partition_by(by, maintain_order=True)]
        groups.append(pl.DataFrame(rows, schema={name: groups[0].schema[name] for name in _FIGURES}))
    return in_order(pl.concat(groups), SessionTrend)


_FIGURES = [
    *("level", "cohort_id", "academic_year", "question", "n_cohorts", "n_sessions"),
    *("mean", "mean_low", "mean_high", "slope", "slope_low", "slope_high"),
    *("sd_forms", "sd_sessions", "sd_cohorts"),
]


def _of_cohorts(feedback: pl.DataFrame) -> pl.DataFrame:
    """A row for each cohort and question: sums over sessions, and the figures that follow from them."""
    x, y = pl.col("session_number").cast(pl.Float64), pl.col("mean")
    spread = pl.col("n") - 1
    rows = feedback.filter(pl.col("level") == "cohort", y.is_not_null()).sort(*_BY_COHORT, "session_number")
    sums = (
        rows.group_by(_BY_COHORT, maintain_order=True)
        .agg(
            k=pl.len().cast(pl.Int64),
            mean=y.mean(),
            xx=((x - x.mean()) ** 2).sum(),
            xy=((x - x.mean()) * (y - y.mean())).sum(),
            yy=((y - y.mean()) ** 2).sum(),
            forms=(spread * pl.col("sd").fill_null(0) ** 2).sum(),
            df_forms=spread.sum(),
        )
        .filter(pl.col("k") >= FEWEST_SESSIONS)
        .with_columns(slope=pl.col("xy") / pl.col("xx"))
        .with_columns(rest=pl.max_horizontal(pl.col("yy") - pl.col("slope") * pl.col("xy"), 0.0))
    )
    k, xx, yy, rest = (sums[name].cast(pl.Float64).to_numpy() for name in ("k", "xx", "yy", "rest"))
    half_mean = t_quantile(k - 1) * np.sqrt(_varied(yy) / (k - 1) / k)
    half_slope = t_quantile(k - 2) * np.sqrt(_varied(rest) / (k - 2) / xx)
    return sums.with_columns(
        n_cohorts=pl.lit(1, pl.Int64),
        n_sessions="k",
        sd_forms=_root(pl.col("forms") / pl.col("df_forms")),
        sd_sessions=_root(pl.col("yy") / (pl.col("k") - 1)),
        sd_cohorts=pl.lit(None, pl.Float64),
        **_ends("mean", half_mean),
        **_ends("slope", half_slope),
    )


def _varied(squares: Floats) -> Floats:
    """No spread at all says nothing of the error: no interval."""
    return np.where(squares > _NO_VARIATION, squares, np.nan)


def _ends(name: str, half: Floats) -> dict[str, pl.Expr]:
    of_half = pl.Series(half).fill_nan(None)
    return {f"{name}_low": pl.col(name) - of_half, f"{name}_high": pl.col(name) + of_half}


def _root(variance: pl.Expr) -> pl.Expr:
    return variance.sqrt().fill_nan(None)


def _pooled(level: str, cohorts: pl.DataFrame) -> dict[str, Any]:
    """One year's cohorts, or all. Of a single cohort there is a mean and a slope, and no interval: how far it is from
    other cohorts is not known."""
    k, xx, yy, rest, forms, df_forms = (
        cohorts[name].cast(pl.Float64).to_numpy() for name in ("k", "xx", "yy", "rest", "forms", "df_forms")
    )
    of_sessions, of_rest = float(yy.sum() / (k - 1).sum()), float(rest.sum() / (k - 2).sum())
    mean = dict(_estimate("mean", cohorts["mean"].to_numpy(), of_sessions / k))
    slope = dict(_estimate("slope", cohorts["slope"].to_numpy(), of_rest / xx))
    return {
        "level": level,
        "cohort_id": None,
        "academic_year": cohorts["academic_year"][0] if level == "year" else None,
        "question": cohorts["question"][0],
        "n_cohorts": cohorts.height,
        "n_sessions": cohorts["k"].sum(),
        **mean,
        **{name: value for name, value in slope.items() if name != "sd_cohorts"},
        "sd_forms": float(np.sqrt(forms.sum() / df_forms.sum())) if df_forms.any() else None,
        "sd_sessions": of_sessions**0.5,
    }


def _estimate(name: str, values: Floats, variances: Floats) -> Iterator[tuple[str, float | None]]:
    if len(values) < 2 or variances.min() <= _NO_VARIATION:
        yield name, float(values.mean())
        yield from ((f"{name}_low", None), (f"{name}_high", None), ("sd_cohorts", None))
        return
    found = pool(values, variances)
    yield from ((name, found.mean), (f"{name}_low", found.ci_low), (f"{name}_high", found.ci_high))
    yield "sd_cohorts", found.tau2**0.5


def session_response(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Rows of `session_response` from `session_feedback`, `session`, `participant` and `cohort`."""
    sessions = frame(con, _SESSIONS)
    cohorts = totals(sessions, "cohort")
    return with_rates(pl.concat([sessions, cohorts, *above(cohorts)], how="diagonal_relaxed"))


_WITHIN = {"cohort": ["cohort_id", "academic_year"], "year": ["academic_year"], "all": []}


def totals(rows: pl.DataFrame, level: str) -> pl.DataFrame:
    """Added up for each cohort, each year, or all: rows of which both counts are known."""
    known = rows.filter(pl.col("forms").is_not_null(), pl.col("attendance") > 0).with_columns(level=pl.lit(level))
    return known.group_by("level", *_WITHIN[level], maintain_order=True).agg(
        pl.col("n_sessions", "forms", "attendance").sum(),
        pl.col("n_schools").max(),
        session_number=pl.lit(None, pl.Int64).first(),
    )


def above(cohorts: pl.DataFrame) -> list[pl.DataFrame]:
    """The totals of years and of all years from those of cohorts."""
    return [totals(cohorts, level) for level in ("year", "all")]


def with_rates(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds the response rate, and for single sessions its interval after Wilson, which treats forms as independent: of
    one session everybody sends one at most, over several the same people send one each time.

    With more forms than people present one of the two is wrong: the rate is above 100 and has no interval.
    """
    counts = rows.select("session_number", pl.col("forms").fill_null(-1), pl.col("attendance").fill_null(0)).rows()
    ends = [
        wilson(forms, present) if session is not None and 0 <= forms <= present != 0 else (None, None)
        for session, forms, present in counts
    ]
    low, high = (100 * pl.Series([end[i] for end in ends], dtype=pl.Float64) for i in (0, 1))
    rate = pl.when(pl.col("attendance") > 0).then(100 * pl.col("forms") / pl.col("attendance"))
    return in_order(rows.with_columns(percent=rate, ci_low=low, ci_high=high), SessionResponse)


def session_adherence(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Rows of `session_adherence` from `session` and `cohort`: every cohort counts alike, however many sessions it had,
    because a cohort has one facilitator who rates them all."""
    rows = frame(
        con,
        f"""
        SELECT {LEVEL} AS level, cohort_id, academic_year, count(*) AS n_cohorts, sum(sessions)::BIGINT AS n_sessions,
               sum(rated)::BIGINT AS n_rated, avg(adherence) AS adherence
        FROM (
            SELECT cohort_id, academic_year, count(*) AS sessions, count(adherence) AS rated,
                   avg(adherence) AS adherence
            FROM session JOIN cohort USING (cohort_id) GROUP BY ALL HAVING rated > 0
        ) GROUP BY {sets()}
        """,
    )
    return in_order(rows.filter(pl.col("n_cohorts") > 0), SessionAdherence)


def crowded(con: duckdb.DuckDBPyConnection) -> list[tuple[str, int]]:
    """Cohort and number of each session with more forms than people present: one of the two counts is wrong."""
    return con.execute("""
        SELECT cohort_id, session_number FROM session_response
        WHERE session_number IS NOT NULL AND forms > attendance ORDER BY ALL
    """).fetchall()
