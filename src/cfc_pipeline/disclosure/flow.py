"""The flow of people after disclosure control."""

import polars as pl

from cfc_pipeline.disclosure.elsewhere import with_floors
from cfc_pipeline.disclosure.hiding import (
    DEAREST_LEVELS,
    as_cells,
    count_reasons,
    protected,
    reasons_by_figure,
    unprotected,
)
from cfc_pipeline.disclosure.profile import Profile
from cfc_pipeline.disclosure.protected import Protected, Reason
from cfc_pipeline.disclosure.sums import sums_over_levels
from cfc_pipeline.outcomes.flow import SUMS
from cfc_pipeline.outcomes.levels import GROUP

# Dearest first: how many of those enrolled answered before and after is what readers look for.
COUNTS = (
    "paired",
    "enrolled",
    "pre",
    "post",
    "mid",
    "follow_up",
    "not_consented",
    "withdrawn",
    "pre_only",
    "post_only",
    "neither",
    "consented",
    "remaining",
)
FIGURES = ("n_schools", *COUNTS)

_OTHER_TIMES = ("mid", "follow_up")

# These follow from the sums of the boxes; they are written out because interval propagation looks at one at a time.
_STAYED = (
    ("paired", "pre_only", "post_only", "neither"),
    ("pre", "post_only", "neither"),
    ("post", "pre_only", "neither"),
)
_ALL_SUMS = (
    *SUMS.items(),
    *(("remaining", parts) for parts in _STAYED[1:]),
    *(("consented", ("withdrawn", *parts)) for parts in _STAYED),
    *(("enrolled", ("not_consented", "withdrawn", *parts)) for parts in (("remaining",), *_STAYED)),
    *(("remaining", (time, f"not_{time}")) for time in _OTHER_TIMES),
    *((time, (f"pre_and_{time}", f"{time}_not_pre")) for time in _OTHER_TIMES),
    *(("pre", (f"pre_and_{time}", f"pre_not_{time}")) for time in _OTHER_TIMES),
)
# In no table, but whoever knows the two others knows these; so they are guarded as if they were in one.
_NOT_THEN = tuple(f"not_{time}" for time in _OTHER_TIMES)
# In no table and not guarded: people with a change to these times are of both boxes.
_BOTH = tuple(name for t in _OTHER_TIMES for name in (f"pre_and_{t}", f"{t}_not_pre", f"pre_not_{t}"))


def protect_flow(
    flow: pl.DataFrame, profile: Profile, off_because: str | None = None, elsewhere: pl.DataFrame | None = None
) -> Protected:
    """`response_flow` with small boxes hidden, and what would give them away within a row, between levels or beside the
    counts of other tables; `elsewhere` is `counted_elsewhere` of these.

    A row of people from too few schools is hidden whole. The number of schools is shown for years and all years,
    beside a number enrolled that is shown: less the schools of other cohorts, it would say how many people a hidden
    cohort has at least. Who stayed and did not answer halfway, or at follow-up, is guarded like a box. Risk accepted:
    the difference between two response counts that no sum ties together (before and halfway) is not, because it counts
    no set of people: some answered only the one, others only the other.
    """
    flow = flow.select(*GROUP, *FIGURES)
    if off_because:
        return unprotected(flow, FIGURES, off_because)
    dear = pl.col("level").replace_strict(DEAREST_LEVELS) * 100 + pl.col("figure").replace_strict(
        {count: i for i, count in enumerate((*COUNTS, *_NOT_THEN, *_BOTH))}
    )
    few_schools = (pl.col("n_schools") < profile.schools_behind_figure) & (pl.col("n_schools") > 0)
    aside = pl.col("figure").is_in(_BOTH)
    reason = pl.when(few_schools | aside).then(pl.lit(Reason.FEW_SCHOOLS.name))
    cells = as_cells(_at_other_times(flow), (*COUNTS, *_NOT_THEN, *_BOTH))
    cells = cells.with_columns(aside=aside).with_columns(reason=reason, dear=dear)
    members = pl.concat([_sums_within_rows(cells), sums_over_levels(cells, "figure")])
    if elsewhere is not None:
        cells, members = with_floors(cells, members, elsewhere)
    hidden = reasons_by_figure(count_reasons(cells, members, profile), COUNTS, flow.height)
    above_cohorts = flow["level"] != "cohort"
    of_schools = hidden.select(pl.when(above_cohorts).then("enrolled").alias("n_schools"))
    flow = flow.with_columns(n_schools=pl.when(above_cohorts).then("n_schools"))
    return protected(flow, of_schools.hstack(hidden), profile)


def _at_other_times(flow: pl.DataFrame) -> pl.DataFrame:
    """With who did not answer then; and who answered before as well, of whom as many are taken as there can be."""
    of_cohort, of_all = pl.col("level") == "cohort", pl.col("level") == "all"
    for time in _OTHER_TIMES:
        each = pl.when(of_cohort).then(pl.min_horizontal("pre", time))
        in_year = each.sum().over("academic_year")
        both = pl.when(of_cohort).then(each).when(of_all).then(each.sum()).otherwise(in_year)
        flow = flow.with_columns(
            (pl.col("remaining") - pl.col(time)).alias(f"not_{time}"), both.alias(f"pre_and_{time}")
        )
        flow = flow.with_columns(
            (pl.col(time) - pl.col(f"pre_and_{time}")).alias(f"{time}_not_pre"),
            (pl.col("pre") - pl.col(f"pre_and_{time}")).alias(f"pre_not_{time}"),
        )
    return flow


def _sums_within_rows(cells: pl.DataFrame) -> pl.DataFrame:
    roles = pl.DataFrame(
        [
            (i, figure, sign)
            for i, (total, parts) in enumerate(_ALL_SUMS)
            for figure, sign in ((total, -1.0), *((part, 1.0) for part in parts))
        ],
        schema={"number": pl.Int64, "figure": pl.String, "sign": pl.Float64},
        orient="row",
    )
    key = pl.concat_str(pl.lit("row"), "row", "number", separator="|")
    return cells.join(roles, on="figure").select(key.alias("sum"), "cell", "sign")
