"""Perceived impact after disclosure control."""

import polars as pl

from cfc_pipeline.disclosure.hiding import DEAREST_LEVELS, count_reasons, protected, unprotected
from cfc_pipeline.disclosure.profile import Profile
from cfc_pipeline.disclosure.protected import Protected, Reason
from cfc_pipeline.disclosure.sums import sums_over_levels
from cfc_pipeline.outcomes.levels import GROUP

QUESTION = (*GROUP, "instrument", "item")
FIGURES = ("n", "base", "percent")


def protect_impact(impact: pl.DataFrame, profile: Profile, off_because: str | None = None) -> Protected:
    """`impact_distribution` with small counts hidden, distributions in which all chose one answer, percentages of few,
    and what would give these away within an item or between levels.

    Risk accepted: hidden cohorts of one year taken together may have chosen one answer, and that may follow from the
    year and its other cohorts; each of the hidden cohorts stays open.
    """
    results = impact.select(*QUESTION, "value", "answer", *FIGURES)
    if off_because:
        return unprotected(results, FIGURES, off_because)
    numbered = impact.with_row_index("row").with_columns(
        unanimous=(pl.col("n").max().over(QUESTION) == pl.col("base")) & (pl.col("base") > 0),
        few=(pl.col("n_schools") < profile.schools_behind_figure) & (pl.col("base") > 0),
    )
    cells = _cells(numbered, profile)
    cells = count_reasons(cells, _sums(cells), profile)
    of_n, of_base = (
        numbered.select("row", *QUESTION).join(
            cells.filter(pl.col("part") == part), on=on, how="left", nulls_equal=True, maintain_order="left"
        )["reason"]
        for part, on in (("n", ["row"]), ("base", list(QUESTION)))
    )
    small_base = pl.when(pl.col("base") < profile.base_of_percentage).then(pl.lit(Reason.SMALL_BASE.name))
    of_percent = pl.select(pl.coalesce(of_n, of_base, impact.select(small_base).to_series())).to_series()
    return protected(results, pl.DataFrame({"n": of_n, "base": of_base, "percent": of_percent}), profile)


def _cells(numbered: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    few_schools = pl.when("few").then(pl.lit(Reason.FEW_SCHOOLS.name))
    # A unanimous group has the reason of a small count; told apart, the mark would say that all answered alike.
    unanimous = pl.when(pl.col("unanimous") & profile.hide_unanimous).then(pl.lit(Reason.SMALL_COUNT.name))
    level = pl.col("level").replace_strict(DEAREST_LEVELS)
    name = pl.concat_str("instrument", "item", separator="|")
    bases = numbered.unique(QUESTION, keep="first", maintain_order=True).select(
        *QUESTION,
        part=pl.lit("base"),
        row=pl.lit(None, pl.UInt32),
        value="base",
        reason=few_schools,
        dear=level,
        by=name,
    )
    counts = numbered.select(
        *QUESTION,
        part=pl.lit("n"),
        row="row",
        value="n",
        reason=pl.coalesce(few_schools, unanimous),
        dear=level + 10,
        by=pl.concat_str(name, "value", separator="|"),
    )
    return pl.concat([bases, counts]).with_row_index("cell")


def _sums(cells: pl.DataFrame) -> pl.DataFrame:
    """The answers to an item add up to its base; years and cohorts add up for each answer and for the base."""
    within = cells.select(
        pl.concat_str(*(pl.col(name).cast(pl.String).fill_null("") for name in QUESTION), separator="|").alias("sum"),
        "cell",
        sign=pl.when(pl.col("part") == "base").then(-1.0).otherwise(1.0),
    )
    return pl.concat([within, sums_over_levels(cells, "by")])
