"""Who left, after disclosure control. Those who left are few, and everybody knows who they are."""

import polars as pl

from cfc_pipeline.disclosure.groups import estimate_reasons, few_schools
from cfc_pipeline.disclosure.hiding import DEAREST_LEVELS, as_cells, count_reasons, protected, unprotected
from cfc_pipeline.disclosure.profile import Profile
from cfc_pipeline.disclosure.protected import Protected, Reason
from cfc_pipeline.disclosure.sums import sums_over_levels
from cfc_pipeline.outcomes.attrition import MEASURE, compared, what_if
from cfc_pipeline.outcomes.levels import GROUP

STAYED = ("stayed_mean", "stayed_sd")
LEFT = ("left_mean", "left_sd")
COMPARED = ("difference", "ci_low", "ci_high", "g")
WHAT_IF = ("mean_change", "if_unchanged", "if_worst", "would_need")
FIGURES = ("n_stayed", *STAYED, "n_left", *LEFT, *COMPARED, *WHAT_IF)
_KEYS = (*GROUP, *MEASURE)
_SCALE = ("lowest", "highest", "direction")


def protect_attrition(
    attrition: pl.DataFrame,
    support: pl.DataFrame,
    paired: Protected,
    flow: Protected,
    instruments: pl.DataFrame,
    composites: pl.DataFrame,
    profile: Profile,
    off_because: str | None = None,
) -> Protected:
    """`attrition` at levels year and all, with what must not be known of those who left hidden.

    Three kinds of figures, each safe by itself. About those who stayed: no more than `paired` shows already, over all
    years the shown years and cohorts put together. About those who left: checked like any other mean, over years and
    all years; `support` says of which schools they are. Everything else follows from these by arithmetic, and is hidden
    where one of its parts is. The mean of all who answered before is in no table: less those who stayed, it would be
    the mean of those who left, however few.

    How many left is hidden as well where `flow` hides how many answered before only: these are mostly the same people.
    Risk accepted: the two differ by those who left items out, which is not treated as a count of its own.
    """
    results = attrition.filter(pl.col("level").is_in(["year", "all"]))
    if off_because:
        return unprotected(results.select(*_KEYS, *FIGURES), FIGURES, off_because)
    results = results.join(instruments.select(*MEASURE, *_SCALE), on=MEASURE, how="left", maintain_order="left")
    stayed = results.select(_KEYS).join(_stayed(paired), on=_KEYS, how="left", nulls_equal=True, maintain_order="left")
    reasons = results.select(_KEYS)
    for found in (_left(attrition, support, flow, composites, profile), _why_stayed(paired)):
        reasons = reasons.join(found, on=_KEYS, how="left", nulls_equal=True, maintain_order="left")
    shown = results.select(*_KEYS, *_SCALE).hstack(stayed.select("n_stayed", *STAYED, "mean_change"))
    shown = shown.hstack(
        results.select(
            pl.when(reasons["n_reason"].is_null()).then("n_left").alias("n_left"),
            *(pl.when(reasons["reason"].is_null()).then(figure).alias(figure) for figure in LEFT),
        )
    )
    values = what_if(compared(shown)).select(*_KEYS, *FIGURES)
    return protected(values, _reasons(results, values, reasons), profile)


def _stayed(paired: Protected) -> pl.DataFrame:
    """n, mean and SD before, and mean change, of those who answered after: the shown years, and over all years these
    and the shown cohorts of the other years."""
    figures = ("n_paired", "pre_mean", "pre_sd", "mean_change")
    known = paired.values.filter(
        pl.col("to_time_point") == "post", pl.all_horizontal(pl.col(figure).is_not_null() for figure in figures)
    ).select(*_KEYS, "mean_change", n_stayed="n_paired", stayed_mean="pre_mean", stayed_sd="pre_sd")
    years = known.filter(pl.col("level") == "year")
    cohorts = known.filter(pl.col("level") == "cohort").join(years, on=["academic_year", *MEASURE], how="anti")
    return pl.concat([years, _together(pl.concat([years, cohorts]))])


def _why_stayed(paired: Protected) -> pl.DataFrame:
    """Why figures of those who stayed are hidden."""
    rows = paired.values.select(*_KEYS, "to_time_point", why_stayed=paired.hidden["pre_mean"])
    return rows.filter(pl.col("to_time_point") == "post").drop("to_time_point")


def _together(groups: pl.DataFrame) -> pl.DataFrame:
    """Groups without a person in common, as one group."""
    n, mean = pl.col("n_stayed"), pl.col("stayed_mean")
    centre = (n * mean).sum() / n.sum()
    squares = ((n - 1) * pl.col("stayed_sd") ** 2 + n * (mean - centre) ** 2).sum()
    made = groups.group_by(MEASURE, maintain_order=True).agg(
        mean_change=(n * pl.col("mean_change")).sum() / n.sum(),
        n_stayed=n.sum(),
        stayed_mean=centre,
        stayed_sd=(squares / (n.sum() - 1)).sqrt(),
    )
    nothing = pl.lit(None, pl.String)
    return made.select(
        level=pl.lit("all"),
        cohort_id=nothing,
        academic_year=nothing,
        **{key: pl.col(key) for key in MEASURE},
        mean_change="mean_change",
        n_stayed="n_stayed",
        stayed_mean="stayed_mean",
        stayed_sd="stayed_sd",
    )


def _left(
    attrition: pl.DataFrame, support: pl.DataFrame, flow: Protected, composites: pl.DataFrame, profile: Profile
) -> pl.DataFrame:
    """Years and all years: `n_reason`, why the number of those who left is hidden, and `reason`, why their mean is."""
    key = pl.concat_str(MEASURE, separator="|").alias("key")
    same = (pl.col("left_sd").fill_null(1) == 0) & profile.hide_unanimous
    nodes = attrition.with_row_index("node").with_columns(
        key,
        n=pl.col("n_left"),
        n_schools=pl.col("left_schools"),
        withheld=same,
        unpublished=pl.col("level") == "cohort",
        pooled=pl.lit(False),
    )
    nodes = nodes.with_columns(withheld=pl.col("withheld") | _composites_that_tell(nodes, composites))
    leaves = support.select(key, "cohort_id", "academic_year", "school_id", "n")
    nodes = estimate_reasons(nodes, leaves, profile).filter(pl.col("level") != "cohort")
    dear = pl.col("level").replace_strict(DEAREST_LEVELS)
    cells = as_cells(nodes.rename({"reason": "why"}), ["n_left"]).rename({"why": "reason"})
    cells = cells.with_columns(reason=few_schools(pl.col("value"), pl.col("n_schools"), profile), dear=dear)
    of_count = count_reasons(cells, sums_over_levels(cells, "key"), profile)["reason"]
    nodes = nodes.with_columns(of_count=of_count).join(
        flow.values.select(*GROUP, of_flow=flow.hidden["pre_only"]), on=GROUP, how="left", nulls_equal=True
    )
    nodes = nodes.with_columns(n_reason=pl.coalesce("of_count", "of_flow"))
    # Of nobody there is no mean, hidden or not.
    mean = pl.when((pl.col("n_left") > 0) | pl.col("n_reason").is_not_null()).then(pl.coalesce("reason", "n_reason"))
    return nodes.select(*_KEYS, "n_reason", reason=mean)


def _composites_that_tell(nodes: pl.DataFrame, composites: pl.DataFrame) -> pl.Series:
    """Rows of composites that count other people than their parts in any cohort: total less engagement less action of
    almost the same people would be what the others scored."""
    cohorts = nodes.filter(pl.col("level") == "cohort").select(*MEASURE, "cohort_id", "academic_year", "n_left")
    parts = cohorts.select("instrument", "cohort_id", part="subscale", n_part="n_left")
    # A part that is not there at all counts nobody.
    told = cohorts.join(composites, on=MEASURE).join(parts, on=["instrument", "cohort_id", "part"], how="left")
    differ = told.filter(pl.col("n_left") != pl.col("n_part").fill_null(0))
    of_level = {
        "cohort": [*MEASURE, "cohort_id"],
        "year": [*MEASURE, "academic_year"],
        "all": [*MEASURE],
    }
    found = [
        nodes.filter(pl.col("level") == level).join(differ, on=on, how="semi")["node"] for level, on in of_level.items()
    ]
    return nodes["node"].is_in(pl.concat(found).implode())


def _reasons(results: pl.DataFrame, values: pl.DataFrame, left: pl.DataFrame) -> pl.DataFrame:
    """A figure that exists and is not shown has the reason of the part that it lacks."""
    gives_away = pl.lit(Reason.GIVES_AWAY.name)
    of_part = {
        **dict.fromkeys(("n_stayed", *STAYED, "mean_change"), pl.coalesce("why_stayed", gives_away)),
        **dict.fromkeys(COMPARED, pl.coalesce("reason", "why_stayed", gives_away)),
        **dict.fromkeys(("if_unchanged", "would_need"), pl.coalesce("n_reason", "why_stayed", gives_away)),
        "if_worst": pl.coalesce("reason", "why_stayed", gives_away),
    }
    reasons = left.select(
        pl.when(results[figure].is_not_null() & values[figure].is_null()).then(reason).alias(figure)
        for figure, reason in of_part.items()
    )
    of_left = left.select(n_left="n_reason", **dict.fromkeys(LEFT, pl.col("reason")))
    return reasons.hstack(of_left).select(pl.col(figure).cast(pl.String) for figure in FIGURES)
