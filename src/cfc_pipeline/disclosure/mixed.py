"""The mixed model after disclosure control. It is made from scores of people who are in no other table: those who have
none before.

Beside the change of those who answered both times, the model's change is one equation in the scores of everybody else;
tests/privacy/test_mixed_attack.py solves it for one person. What is known of those who left, and of those who answered
halfway, cancels some of them. It cannot cancel those without a score before, of whom no mean is in any other table:
so of these there must be enough people of enough schools at that time. Then any sum of the model's changes, in whatever
weights, and of other figures holds the score of each of those who are late for one of the times that are shown:

    the weights of time points are κ = M⁻¹ (e_later - e_before), M the matrix of the model's equations. Off its diagonal
    M is nowhere positive, and its rows sum to more than 0. If a sum of changes had κ = 0 at all times that are shown,
    then at the other times κ would have the sign that it has before; but rows of M times κ, added up, are 0. So κ would
    be 0 everywhere.
"""

import polars as pl

from cfc_pipeline.disclosure.groups import too_few
from cfc_pipeline.disclosure.hiding import protected, unprotected
from cfc_pipeline.disclosure.profile import Profile
from cfc_pipeline.disclosure.protected import Protected, Reason
from cfc_pipeline.outcomes.levels import MEASURE
from cfc_pipeline.outcomes.mixed import reach_of_pooled, with_intervals

COUNTS = ("n_people", "n_responses")
CHANGE = ("change", "ci_low", "ci_high")
FIGURES = (*COUNTS, *CHANGE, "mean_change")
_FLOW = ("pre", "mid", "post", "follow_up", "paired", "pre_only", "post_only")


def protect_mixed(
    model: pl.DataFrame,
    change: pl.DataFrame,
    paired: Protected,
    flow: Protected,
    composites: pl.DataFrame,
    profile: Profile,
    off_because: str | None = None,
) -> Protected:
    """`mixed_model` over all years; `paired` is `change` after disclosure control.

    A year's change would be one more equation in the scores of those who are late, so it is in no release. Of a score
    that holds others there is none either: with theirs it would be one more, too. The interval is made anew from the
    pooled change that is shown, and its width says nothing but the model's standard error; where no pooled change is
    shown there is no change here. How many people and scores there are is hidden where `flow` hides any of the counts
    that they are near to, and where more people have a score than answered before or after, while it hides how many
    answered neither time.
    """
    rows = model.filter(pl.col("level") == "all").join(_of_both(paired), on=MEASURE, how="left", maintain_order="left")
    if off_because:
        return unprotected(rows.select(*MEASURE, *FIGURES), FIGURES, off_because)
    gives_away = pl.lit(Reason.GIVES_AWAY.name)
    rows = rows.drop("ci_low", "ci_high").pipe(with_intervals, _reach(change, paired))
    holds = pl.struct("instrument", "subscale").is_in(_pairs(composites).implode())
    hidden = rows.select(
        counts=pl.when(pl.lit(_counts_are_hidden(flow) or _tells_of_neither(rows, flow))).then(gives_away),
        change=pl.coalesce(
            too_few(pl.col("n_late"), pl.col("late_schools"), profile),
            pl.when(holds | pl.col("ci_low").is_null()).then(gives_away),
        ),
    )
    by_figure = hidden.select(
        **dict.fromkeys(COUNTS, pl.col("counts")),
        **dict.fromkeys(CHANGE, pl.col("change")),
        mean_change=rows["why_both"],
    )
    return protected(rows.select(*MEASURE, *FIGURES), by_figure.cast(pl.String), profile)


def _of_both(paired: Protected) -> pl.DataFrame:
    """The pooled change of those who answered both times, as it is shown elsewhere, to stand beside the model's."""
    rows = paired.values.select("level", *MEASURE, "mean_change").with_columns(why_both=paired.hidden["mean_change"])
    return rows.filter(pl.col("level") == "pooled").drop("level")


def _pairs(composites: pl.DataFrame) -> pl.Series:
    return composites.select(pl.struct("instrument", "subscale").alias("measure"))["measure"]


def _reach(change: pl.DataFrame, paired: Protected) -> pl.DataFrame:
    """As outcomes' reach_of_pooled, over the cohorts that are in the shown pooled change: all, or those shown."""
    pooled = paired.values.filter(pl.col("level") == "pooled", pl.col("mean_change").is_not_null())
    cohorts = change.filter((pl.col("level") == "cohort") & (pl.col("change_sd") > 0))
    shown = paired.values.filter(pl.col("level") == "cohort", pl.col("mean_change").is_not_null())
    every = cohorts.group_by(MEASURE).agg(all_of_them=pl.len())
    counted = pooled.select(*MEASURE, "n_cohorts").join(every, on=MEASURE)
    on = ["cohort_id", *MEASURE]
    whole = cohorts.join(counted.filter(pl.col("n_cohorts") == pl.col("all_of_them")), on=MEASURE, how="semi")
    rest = cohorts.join(whole, on=MEASURE, how="anti").join(shown, on=on, how="semi")
    return reach_of_pooled(pooled, pl.concat([whole, rest]))


def _counts_are_hidden(flow: Protected) -> bool:
    every = flow.hidden.filter(flow.values["level"] == "all").select(_FLOW)
    return every.is_empty() or bool(every.select(pl.any_horizontal(pl.all().is_not_null().any())).item())


def _tells_of_neither(rows: pl.DataFrame, flow: Protected) -> bool:
    """Who has a score and answered neither before nor after is a box of the flow, or part of one."""
    seen = flow.values.filter(pl.col("level") == "all")
    if seen.select(pl.all_horizontal(pl.col("neither", "remaining").is_not_null())).to_series().all():
        return False
    either = seen.select(pl.sum_horizontal("paired", "pre_only", "post_only")).to_series().max()
    return bool((rows["n_people"] > either).any())
