"""The flow of people after disclosure control."""

import polars as pl

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
)


def protect_flow(flow: pl.DataFrame, profile: Profile, off_because: str | None = None) -> Protected:
    """`response_flow` with small boxes hidden, and what would give them away within a row or between levels.

    A row of people from too few schools is hidden whole. The number of schools is shown for years and all years,
    beside a number enrolled that is shown: less the schools of other cohorts, it would say how many people a hidden
    cohort has at least. Risk accepted: the difference between two response counts that no sum ties together (before
    and halfway) is not treated as a box of its own, because it counts no set of people: some answered only the one,
    others only the other.
    """
    flow = flow.select(*GROUP, *FIGURES)
    if off_because:
        return unprotected(flow, FIGURES, off_because)
    dear = pl.col("level").replace_strict(DEAREST_LEVELS) * 100 + pl.col("figure").replace_strict(
        {count: i for i, count in enumerate(COUNTS)}
    )
    few_schools = (pl.col("n_schools") < profile.schools_behind_figure) & (pl.col("n_schools") > 0)
    reason = pl.when(few_schools).then(pl.lit(Reason.FEW_SCHOOLS.name))
    cells = as_cells(flow, COUNTS).with_columns(reason=reason, dear=dear)
    members = pl.concat([_sums_within_rows(cells), sums_over_levels(cells, "figure")])
    hidden = reasons_by_figure(count_reasons(cells, members, profile), COUNTS, flow.height)
    above_cohorts = flow["level"] != "cohort"
    of_schools = hidden.select(pl.when(above_cohorts).then("enrolled").alias("n_schools"))
    flow = flow.with_columns(n_schools=pl.when(above_cohorts).then("n_schools"))
    return protected(flow, of_schools.hstack(hidden), profile)


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
