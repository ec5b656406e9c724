"""Themes of comments after disclosure control.

Comments are counted, people are protected: a count of comments is hidden when fewer people than the smallest count may
have written them. How far the coders agree is a figure about their work, but kappa and how many both coded would tell a
hidden count, so it is hidden with it.

Risk accepted: that nearly all comments are of other themes is shown; what somebody did not write of says little.
"""

import polars as pl

from cfc_pipeline.disclosure.hiding import DEAREST_LEVELS, count_reasons, protected, unprotected
from cfc_pipeline.disclosure.profile import Profile
from cfc_pipeline.disclosure.protected import Protected, Reason
from cfc_pipeline.disclosure.sums import sums_over_levels

COUNT = ("n_comments",)
AGREEMENT = ("n_both", "kappa", "kappa_low", "kappa_high", "alpha")


def protect_themes(
    counts: pl.DataFrame, agreement: pl.DataFrame, profile: Profile, off_because: str | None = None
) -> tuple[Protected, Protected]:
    """`theme_count` and `theme_agreement` with what a few people wrote of hidden, what everybody wrote of, and what
    would give these away."""
    told, agreed = counts.select("level", "academic_year", "theme", *COUNT), agreement.select("theme", *AGREEMENT)
    if off_because:
        return unprotected(told, COUNT, off_because), unprotected(agreed, AGREEMENT, off_because)
    cells = count_reasons(_cells(counts, profile), sums_over_levels(_cells(counts, profile), "by"), profile)
    reasons = cells["reason"].alias("n_comments").to_frame()
    over_all = cells.filter(pl.col("level") == "all").select("theme", pl.col("reason").alias("of_count"))
    everybody = counts.filter(pl.col("level") == "all", pl.col("theme").is_null())
    return protected(told, reasons, profile), protected(
        agreed, _agreement(agreed, over_all, everybody, profile), profile
    )


def _cells(counts: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """In the order of the rows."""
    base = pl.col("n_comments").filter(pl.col("theme").is_null()).first().over("level", "academic_year")
    some = pl.col("n_comments") > 0
    few = some & (pl.col("n_people") < profile.smallest_count)
    # What all comments are of has the reason of a small count; told apart, the mark would say so.
    alike = some & pl.col("theme").is_not_null() & (pl.col("n_comments") == base) & profile.hide_unanimous
    schools = some & (pl.col("n_schools") < profile.schools_behind_figure)
    reason = (
        pl.when(few | alike).then(pl.lit(Reason.SMALL_COUNT.name)).when(schools).then(pl.lit(Reason.FEW_SCHOOLS.name))
    )
    dear = pl.col("level").replace_strict(DEAREST_LEVELS) + pl.when(pl.col("theme").is_null()).then(0).otherwise(10)
    return counts.with_row_index("cell").select(
        "cell",
        "level",
        "academic_year",
        "theme",
        value="n_comments",
        reason=reason,
        dear=dear,
        by=pl.col("theme").fill_null(""),
    )


def _agreement(rows: pl.DataFrame, over_all: pl.DataFrame, everybody: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    people = everybody["n_people"].sum()
    small = (pl.col("n_both") < profile.base_of_percentage) | (people < profile.people_behind_estimate)
    found = rows.join(over_all, on="theme", how="left", nulls_equal=True, maintain_order="left").select(
        reason=pl.when(small)
        .then(pl.lit(Reason.FEW_PEOPLE.name))
        .when(pl.col("of_count").is_not_null())
        .then(pl.lit(Reason.GIVES_AWAY.name))
    )
    return pl.DataFrame(dict.fromkeys(AGREEMENT, found["reason"]), schema=dict.fromkeys(AGREEMENT, pl.String))
