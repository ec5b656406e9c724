"""Session feedback after disclosure control."""

import polars as pl

from cfc_pipeline.disclosure.groups import estimate_reasons, few_schools
from cfc_pipeline.disclosure.hiding import (
    DEAREST_LEVELS,
    as_cells,
    count_reasons,
    protected,
    unprotected,
)
from cfc_pipeline.disclosure.profile import Profile
from cfc_pipeline.disclosure.protected import Protected, Reason
from cfc_pipeline.disclosure.sums import sums_over_levels
from cfc_pipeline.outcomes.levels import GROUP

FIGURES = ("n", "attendance", "mean", "sd")


def protect_feedback(feedback: pl.DataFrame, profile: Profile, off_because: str | None = None) -> Protected:
    """`feedback_summary` with hidden means and counts of forms, and what would give them away between levels.

    Forms are anonymous: the schools counted are those of the cohort's enrolled people, and what is left over of a year
    is taken to come from no more schools than its largest cohort. Attendance is shown for cohorts only.

    Risks accepted: forms and attendance are not compared (who was absent is known to all who were there), and neither
    are the n of different questions of one form.
    """
    results = feedback.select(*GROUP, "session_number", "question", *FIGURES).with_columns(
        attendance=pl.when(pl.col("level") == "cohort").then("attendance")
    )
    if off_because:
        return unprotected(results, FIGURES, off_because)
    key = pl.concat_str("session_number", "question", separator="|").alias("key")
    nodes = feedback.with_row_index("node").with_columns(
        key, withheld=_unanimous(profile), unpublished=pl.lit(False), pooled=pl.lit(False)
    )
    reasons = estimate_reasons(nodes, _leaves(nodes), profile)
    dear = pl.col("estimate_reason").is_not_null() * 10 + pl.col("level").replace_strict(DEAREST_LEVELS)
    cells = as_cells(nodes.with_columns(reasons.select(estimate_reason="reason")), ["n"]).with_columns(
        reason=few_schools(pl.col("value"), pl.col("n_schools"), profile), dear=dear
    )
    n_reason = count_reasons(cells, sums_over_levels(cells, "key"), profile)["reason"]
    estimate = pl.select(pl.coalesce(reasons["reason"], n_reason)).to_series()
    columns = {"n": n_reason, "attendance": _of_attendance(feedback, profile), "mean": estimate, "sd": estimate}
    return protected(results, pl.DataFrame(columns), profile)


def _unanimous(profile: Profile) -> pl.Expr:
    """Everyone gave one rating: the mean would be each person's answer."""
    return (pl.col("sd").fill_null(1) == 0) & profile.hide_unanimous


def _leaves(nodes: pl.DataFrame) -> pl.DataFrame:
    """Each cohort's forms, as if all cohorts had the same schools: the fewest that a union of them can have."""
    cohorts = nodes.filter(pl.col("level") == "cohort")
    first = pl.int_ranges(0, pl.max_horizontal("n_schools", 1))
    return (
        cohorts.select("key", "cohort_id", "academic_year", n=pl.col("n"), school_id=first)
        .explode("school_id", empty_as_null=True)
        .with_columns(n=pl.when(pl.col("school_id") == 0).then("n").otherwise(0))
    )


def _of_attendance(feedback: pl.DataFrame, profile: Profile) -> pl.Series:
    schools = pl.when(pl.col("n_schools") < profile.schools_behind_figure).then(pl.lit(Reason.FEW_SCHOOLS.name))
    small = pl.when(pl.col("attendance").is_between(1, profile.smallest_count - 1)).then(
        pl.lit(Reason.SMALL_COUNT.name)
    )
    return feedback.select(pl.when(pl.col("level") == "cohort").then(pl.coalesce(schools, small))).to_series()
