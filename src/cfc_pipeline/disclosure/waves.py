"""Reliability per wave after disclosure control.

Alpha, omega and item-rest correlations are functions of how the items of 30 people and more vary together; nobody's
answers follow from them. What could tell is how many people they are of: how many answered before, less how many did so
twice, is how many did not come back.
"""

import polars as pl

from cfc_pipeline.disclosure.hiding import DEAREST_LEVELS, as_cells, count_reasons, protected, unprotected
from cfc_pipeline.disclosure.profile import Profile
from cfc_pipeline.disclosure.protected import Protected, Reason
from cfc_pipeline.disclosure.sums import sums_over_levels

WAVE = ("level", "academic_year", "instrument", "subscale", "time_point")
OF_ITEMS = ("alpha", "omega", "item_rest_mean", "item_rest_lowest", "lowest_item")
INTERVAL = ("alpha_low", "alpha_high")
FIGURES = ("n", *OF_ITEMS, *INTERVAL)
_MEASURE = ("instrument", "subscale", "time_point")
# What the flow of people must show of a group before its count of forms may stand here.
_IN_FLOW = {"pre": ("pre", "pre_only"), "mid": ("mid",), "post": ("post", "post_only"), "follow_up": ("follow_up",)}


def protect_reliability(
    reliability: pl.DataFrame,
    change: pl.DataFrame,
    flow: Protected,
    profile: Profile,
    off_because: str | None = None,
) -> Protected:
    """`reliability` with rows of too few forms hidden, and counts of forms that would tell a few people apart.

    `change` is `paired_change`, `flow` is `response_flow` after disclosure control. A count of forms is hidden where it
    differs by a few people from the n of a change, shown or not, and where `flow` hides how many answered then, or only
    then; and with it the interval of alpha, which depends on it. All years are hidden where the years that are not
    shown are too few people or schools. Risks accepted: n of different scores of one form are not compared, nor n with
    all who sent a form at that time: who left an item out is not known from its n.
    """
    results = reliability.select(*WAVE, *FIGURES)
    if off_because:
        return unprotected(results, FIGURES, off_because)
    rows = reliability.with_row_index("row").with_columns(
        key=pl.concat_str(_MEASURE, separator="|"), telling=_telling(reliability, change, flow, profile)
    )
    n = _n_reasons(rows, profile)
    own = rows.select(_own_reason(pl.col("n"), pl.col("n_schools"), n, profile).alias("own"))["own"]
    estimate = _all_years_too(rows.with_columns(own), profile)
    interval = pl.select(pl.coalesce(estimate, n)).to_series()
    hidden = {"n": n} | dict.fromkeys(OF_ITEMS, estimate) | dict.fromkeys(INTERVAL, interval)
    return protected(results, pl.DataFrame(hidden), profile)


def _telling(reliability: pl.DataFrame, change: pl.DataFrame, flow: Protected, profile: Profile) -> pl.Series:
    """Whether a count of forms tells, beside an n of the same score's change or the flow, of a few people."""
    group = ["level", "academic_year"]
    rows = reliability.with_row_index("row").select("row", *WAVE, "n")
    pairs = pl.concat(
        change.select(*group, "instrument", "subscale", time_point=f"{end}_time_point", n_paired="n_paired")
        for end in ("from", "to")
    )
    close = rows.join(pairs, on=list(WAVE), nulls_equal=True).filter(
        (pl.col("n") - pl.col("n_paired")).abs().is_between(1, profile.smallest_count - 1)
    )
    seen = flow.values.select(*group).hstack(flow.hidden)
    unknown = pl.concat(
        seen.filter(pl.any_horizontal(pl.col(boxes).is_not_null())).select(*group, time_point=pl.lit(time_point))
        for time_point, boxes in _IN_FLOW.items()
    )
    hidden = rows.join(unknown, on=[*group, "time_point"], nulls_equal=True, how="semi")
    return rows["row"].is_in(pl.concat([close["row"], hidden["row"]]).implode())


def _n_reasons(rows: pl.DataFrame, profile: Profile) -> pl.Series:
    few_schools = pl.when(pl.col("n_schools") < profile.schools_behind_figure).then(pl.lit(Reason.FEW_SCHOOLS.name))
    telling = pl.when("telling").then(pl.lit(Reason.SMALL_COUNT.name))
    given = rows.select(
        *("level", "academic_year", "key", "n"),
        reason=pl.coalesce(few_schools, telling),
        dear=pl.col("level").replace_strict(DEAREST_LEVELS),
    )
    cells = as_cells(given, ["n"])
    return count_reasons(cells, sums_over_levels(cells, "key"), profile)["reason"]


def _own_reason(n: pl.Expr, n_schools: pl.Expr, n_reason: pl.Series, profile: Profile) -> pl.Expr:
    """Why a row is hidden for its own sake. That a row is shown says that it has enough forms; where its count is
    hidden, and few more than enough, that would be a count as well."""
    enough = profile.people_behind_reliability
    return (
        pl.when(n < enough)
        .then(pl.lit(Reason.FEW_FORMS.name))
        .when(n_schools < profile.schools_behind_figure)
        .then(pl.lit(Reason.FEW_SCHOOLS.name))
        # An item without a correlation is one that everybody answered alike.
        .when(pl.col("item_rest_mean").is_null())
        .then(pl.lit(Reason.GIVES_AWAY.name))
        .when(n_reason.is_not_null() & (n < enough + profile.smallest_count))
        .then(pl.lit(Reason.GIVES_AWAY.name))
    )


def _all_years_too(rows: pl.DataFrame, profile: Profile) -> pl.Series:
    """All years less the shown ones are the others together: nobody, or enough people of enough schools. Hidden years
    have no fewer schools together than the one with most."""
    others = (
        rows.filter(pl.col("level") == "year", pl.col("own").is_not_null())
        .group_by("key")
        .agg(rest=pl.col("n").sum(), schools=pl.col("n_schools").max())
    )
    few = (pl.col("rest") < profile.people_behind_estimate) | (pl.col("schools") < profile.schools_behind_figure)
    telling = pl.when((pl.col("level") == "all") & few).then(pl.lit(Reason.GIVES_AWAY.name))
    with_others = rows.join(others, on="key", how="left", maintain_order="left")
    return with_others.select(pl.coalesce("own", telling).alias("reason"))["reason"]
