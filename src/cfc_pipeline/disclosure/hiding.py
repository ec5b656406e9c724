"""What all kinds of results share: figures to cells, cells to reasons, reasons to what may leave."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from cfc_pipeline.disclosure.counts import choose_shown
from cfc_pipeline.disclosure.profile import Profile, reason_texts, rule_text
from cfc_pipeline.disclosure.protected import Protected, Reason
from cfc_pipeline.disclosure.sums import sums_of

DEAREST_LEVELS = {"all": 0, "pooled": 0, "year": 1, "cohort": 2}


def as_cells(results: pl.DataFrame, figures: Sequence[str]) -> pl.DataFrame:
    """A row for each figure of each row of `results`: `row`, `figure`, `value`, and the other columns; numbered `cell`.
    Figures that do not exist (null) have no cell."""
    others = [name for name in results.columns if name not in figures]
    return (
        results.with_row_index("row")
        .unpivot(on=list(figures), index=["row", *others], variable_name="figure", value_name="value")
        .drop_nulls("value")
        .with_row_index("cell")
    )


def count_reasons(cells: pl.DataFrame, members: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """Adds `reason` to cells of counts: null where the count may be shown.

    `cells` has `cell` (0, 1, ...), `value`, `dear` (lower is dearer to the reader; equals are decided together) and
    `reason`, filled for cells that must be hidden whatever their size and null otherwise. Small counts are hidden
    here, and then whatever would give them, or any figure of the first kind, away. Where some
    of a cell's people are counted in other tables that are shown, `at_least` says how many; `aside` is true for cells
    that stand in no table and that nobody need be kept from, there for the sake of sums.
    """
    small = pl.col("value").is_between(1, profile.smallest_count - 1)
    cells = cells.with_columns(
        reason=pl.when(pl.col("reason").is_not_null()).then("reason").when(small).then(pl.lit(Reason.SMALL_COUNT.name))
    )
    secret = cells["reason"].is_not_null().to_numpy()
    values = cells["value"].cast(pl.Float64).to_numpy()
    batches = cells.group_by("dear").agg("cell").sort("dear")["cell"]
    order = [batch.sort().cast(pl.Int64).to_numpy() for batch in batches]
    # A hidden zero is not guarded: that nobody is in a box says nothing about anybody in particular.
    told = cells["at_least"].cast(pl.Float64).to_numpy() if "at_least" in cells.columns else None
    aside = cells["aside"].to_numpy() if "aside" in cells.columns else False
    guarded = secret & (values > 0) & ~np.asarray(aside)
    shown = choose_shown(values, secret, guarded, order, sums_of(members), profile.smallest_count, told)
    gives_away = pl.lit(Reason.SMALL_COUNT.name)  # the same reason as a small count; Reason says why
    return cells.with_columns(
        reason=pl.when(pl.Series(np.asarray(shown))).then(None).otherwise(pl.coalesce("reason", gives_away))
    )


def reasons_by_figure(cells: pl.DataFrame, figures: Sequence[str], height: int) -> pl.DataFrame:
    """From cells with `row`, `figure` and `reason` to one column of reasons for each figure, in the order of rows."""
    rows = pl.DataFrame({"row": pl.Series(range(height), dtype=pl.UInt32)})
    for figure in figures:
        of_figure = cells.filter(pl.col("figure") == figure).select("row", pl.col("reason").alias(figure))
        rows = rows.join(of_figure, on="row", how="left")
    return rows.sort("row").select(pl.col(figure).cast(pl.String) for figure in figures)


def protected(results: pl.DataFrame, hidden: pl.DataFrame, profile: Profile) -> Protected:
    """Empties every cell that has a reason. A cell may be hidden that would be empty anyway: an SD that is missing
    only because there was one person would say that there was one."""
    values = results.with_columns(
        pl.when(hidden[figure].is_null()).then(pl.col(figure)).alias(figure) for figure in hidden.columns
    )
    return Protected(values, hidden, rule_text(profile), reason_texts(profile))


def unprotected(results: pl.DataFrame, figures: Sequence[str], off_because: str) -> Protected:
    """Everything, because the programme said so by name; the reason goes wherever the figures go."""
    nothing = pl.DataFrame({figure: pl.Series([None] * results.height, dtype=pl.String) for figure in figures})
    rule = f"Disclosure control is off: nothing is hidden. Reason given by the programme: {off_because}"
    return Protected(results, nothing, rule, {}, off_because)
