"""Standardised changes after disclosure control."""

import polars as pl

from cfc_pipeline.disclosure.hiding import protected, unprotected
from cfc_pipeline.disclosure.profile import Profile
from cfc_pipeline.disclosure.protected import Protected, Reason
from cfc_pipeline.outcomes.levels import GROUP, MEASURE

STANDARDISED = ("correlation", "change_sd", "d_z", "g_z", "d_av", "g_before")
OF_COHORTS = ("g_z_low", "g_z_high", "g_before_low", "g_before_high")
# Ranks and bootstrap are not here: beside mean and SD they tell the changes of ten people, one by one
# (tests/privacy/test_effects.py), however few digits are printed.
FIGURES = ("n_paired", *STANDARDISED, *OF_COHORTS)
_KEYS = [*GROUP, *MEASURE]


def protect_effects(
    effects: pl.DataFrame, change: pl.DataFrame, paired: Protected, profile: Profile, off_because: str | None = None
) -> Protected:
    """`effect_sizes` of cohorts and years, from before to after; `paired` is `change` after disclosure control.

    They are arithmetic with n, means and SDs that tables of change show of a cohort, so they are hidden with these. A
    year's are sums over its cohorts like its mean, which is shown only if the people that it leaves over are enough. Of
    years there are no intervals: none allows for cohorts.
    """
    rows = effects.filter(pl.col("level").is_in(["cohort", "year"]), pl.col("to_time_point") == "post")
    moments = change.select(*_KEYS, "correlation", "change_sd", "g_z", "g_z_low", "g_z_high")
    rows = rows.join(moments, on=_KEYS, how="left", nulls_equal=True, maintain_order="left")
    of_cohort = pl.col("level") == "cohort"
    rows = rows.with_columns(pl.when(of_cohort).then(figure).alias(figure) for figure in OF_COHORTS)
    if off_because:
        return unprotected(rows.select(*_KEYS, *FIGURES), FIGURES, off_because)
    # Fails closed: what the tables of change do not know of is hidden.
    nobody = pl.lit(Reason.GIVES_AWAY.name)
    known = paired.values.select(_KEYS).hstack(paired.hidden.select(n="n_paired", estimate="mean_change"))
    why = rows.join(
        known.with_columns(known=pl.lit(True)), on=_KEYS, how="left", nulls_equal=True, maintain_order="left"
    )
    n, estimate = (pl.when("known").then(reason).otherwise(nobody) for reason in ("n", "estimate"))
    hidden = why.select(
        n.alias("n_paired"),
        *(estimate.alias(figure) for figure in STANDARDISED),
        *(pl.when(of_cohort).then(estimate).alias(figure) for figure in OF_COHORTS),
    )
    return protected(rows.select(*_KEYS, *FIGURES), hidden, profile)
