"""Answers that wait because the form changed: see versions.py for which."""

from collections.abc import Mapping

import polars as pl

from cfc_pipeline.programme import Survey

Held = Mapping[int, frozenset[str]]  # file number: instruments that wait in it


def hold_back(rows: pl.DataFrame, survey: Survey, held: Held) -> pl.DataFrame:
    """Canonical rows of a survey, in the order of arrival, without answers that wait; and `form_decided`.

    A response that came before in a file whose form is in use keeps what it said there: a download repeats old
    responses under the new headings, and they must not be lost. Where nothing of a row is left, `form_decided` is
    false, and the contract holds the row back.

    Risk accepted: a second form of one person that waits may stand for their first one meanwhile, because which of them
    counts is decided by when they came.
    """
    here = {number: which for number, which in held.items() if number in rows["file"]}
    rows = rows.with_columns(form_decided=pl.lit(True))
    instruments = {scale.instrument for scale in survey.scales}
    for instrument in sorted(instruments.intersection(*[frozenset().union(*here.values())])):
        waiting = [number for number, which in here.items() if instrument in which]
        rows = _without(rows, instrument, pl.col("file").is_in(waiting))
    whole = [] if survey.comments else [number for number, which in here.items() if instruments <= which]
    if whole:
        here_only = pl.col("file").is_in(whole) & ~_came_before(~pl.col("file").is_in(whole))
        rows = rows.with_columns(form_decided=~here_only)
    return rows


def _without(rows: pl.DataFrame, instrument: str, waits: pl.Expr) -> pl.DataFrame:
    items = [column for column in rows.columns if column.startswith(f"{instrument}:")]
    rows = rows.with_columns(_at=pl.when(~waits).then(pl.int_range(pl.len())))
    rows = rows.with_columns(_last=pl.when(pl.col("record").is_not_null()).then(_latest("_at")))
    return rows.with_columns(
        pl.when(waits).then(pl.col(item).gather("_last")).otherwise(item).alias(item) for item in items
    ).drop("_at", "_last")


def _latest(place: str) -> pl.Expr:
    return pl.col(place).forward_fill().over("record")


def _came_before(used: pl.Expr) -> pl.Expr:
    """Whether the row's record is in an earlier row that is in use."""
    earlier = pl.when(used).then(True).forward_fill().over("record").fill_null(False)
    return earlier & pl.col("record").is_not_null()
