"""Change beside attendance after disclosure control: over all years that are shown, never for a year or a cohort.

Colleagues know who came. The changes of those who came often, added up, are one more equation in people's changes, and
those of the others another; the sum over each cohort may be known. With all three, one group of each cohort can be
taken away: what is left of every cohort is its smaller group, and people whose attendance is not known. So there must
be enough people of enough schools in these, put together over cohorts, whichever of the two sums it begins from.
"""

import polars as pl

from cfc_pipeline.disclosure.groups import too_few
from cfc_pipeline.disclosure.hiding import protected, unprotected
from cfc_pipeline.disclosure.profile import Profile
from cfc_pipeline.disclosure.protected import Protected, Reason
from cfc_pipeline.outcomes.attendance import MEASURE, together

FIGURES = ("n_often", "often_mean", "often_sd", "n_less", "less_mean", "less_sd", "difference", "ci_low", "ci_high")
# What is left when sums over cohorts are taken away from the sum over one group, over the other, over both in different
# weights, or over both in the same: for each cohort the smallest of these unions of groups.
_LEFT_OVER = (
    (("often",), ("less", "unknown")),
    (("less",), ("often", "unknown")),
    (("less", "unknown"), ("often", "unknown"), ("often", "less")),
)
_BOTH = (("unknown",), ("often", "less"))


def protect_attendance(
    attendance: pl.DataFrame,
    support: pl.DataFrame,
    paired: Protected,
    composites: pl.DataFrame,
    profile: Profile,
    off_because: str | None = None,
) -> Protected:
    """`attendance_change` over the years whose mean change `paired` shows, without those in which it is not known of a
    few people how often they came; made anew from these. `support` is `attendance_support`. Of a score that holds
    others nothing is shown."""
    years = attendance.filter(pl.col("level") == "year")
    few_unknown = pl.col("n_unknown").is_between(1, profile.people_behind_estimate - 1)
    if off_because:
        return unprotected(together(years).select(*MEASURE, *FIGURES), FIGURES, off_because)
    known = paired.values.filter(
        pl.col("level") == "year", pl.col("to_time_point") == "post", pl.col("mean_change").is_not_null()
    )
    shown = [*MEASURE, "academic_year"]
    years = years.filter(~few_unknown).join(known, on=shown, how="semi", maintain_order="left")
    rows = together(years)
    gives_away = pl.lit(Reason.GIVES_AWAY.name)
    reasons = rows.select(MEASURE).join(
        left_over_reasons(support.join(years, on=shown, how="semi"), profile),
        on=MEASURE,
        how="left",
        maintain_order="left",
    )
    holds = rows.join(composites, on=MEASURE, how="semi").select(*MEASURE, holds=pl.lit(True))
    reasons = reasons.join(holds, on=MEASURE, how="left", maintain_order="left")
    alike = rows.select((pl.col("often_sd").fill_null(0) == 0) | (pl.col("less_sd").fill_null(0) == 0)).to_series()
    told = pl.when("holds").then(gives_away).when(pl.lit(alike) & profile.hide_unanimous).then(gives_away)
    reason = reasons.select(reason=pl.coalesce("reason", told).cast(pl.String))["reason"]
    values = rows.select(*MEASURE, *FIGURES)
    return protected(values, pl.DataFrame(dict.fromkeys(FIGURES, reason)), profile)


def left_over_reasons(people: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """For each measure: `reason`, null where its figures may be shown."""
    found = [_reason(measure, profile) for measure in people.partition_by(MEASURE, maintain_order=True)]
    schema = {**dict.fromkeys(MEASURE, pl.String), "reason": pl.String}
    return pl.DataFrame(found, schema=schema, orient="row")


def _reason(people: pl.DataFrame, profile: Profile) -> tuple[str, str, str | None]:
    parts = [_left_over(people, unions) for unions in _LEFT_OVER]
    # Where everybody's attendance is known, who came often and the others are everybody: that says nothing new.
    parts += [_left_over(people, _BOTH)] if (people["came"] == "unknown").any() else []
    of_part = pl.DataFrame([(part["n"].sum(), part["school_id"].n_unique()) for part in parts], orient="row").select(
        too_few(pl.col("column_0"), pl.col("column_1"), profile)
    )
    reason = next((name for name in of_part.to_series() if name), None)
    return people["instrument"][0], people["subscale"][0], reason


def _left_over(people: pl.DataFrame, unions: tuple[tuple[str, ...], ...]) -> pl.DataFrame:
    """The smallest of the unions of groups in each cohort."""
    left = []
    for cohort in people.partition_by("cohort_id", maintain_order=True):
        each = [cohort.filter(pl.col("came").is_in(union)) for union in unions]
        left.append(min(each, key=lambda rows: int(rows["n"].sum())))
    return pl.concat(left)
