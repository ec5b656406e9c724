"""Rows of results laid out for people: labels for ids, cohorts before their year's total, figures side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from cfc_pipeline.disclosure.protected import Protected
from cfc_pipeline.publish import words
from cfc_pipeline.publish.model import ALL_COHORTS, ALL_YEARS, Break, Column, PublishedTable
from schemas.tables import label
from schemas.tables.people import Cohort

YEAR = Column("academic_year", label(Cohort, "academic_year"), "text")
COHORT = Column("cohort", label(Cohort, "label"), "text")
POSSIBLE = Column("possible", "Possible scores", "text")  # the lowest and the highest, as in "1 to 5"
INSTRUMENT, SUBSCALE = Column("instrument", "Measure", "text"), Column("subscale", "Subscale", "text")

Cells = tuple[pl.DataFrame, pl.DataFrame]  # values and reasons of a published table
# Figures that are repeated side by side: the prefix of their keys, which rows they come from, and which they are.
Block = tuple[str, pl.Expr, Sequence[str]]


@dataclass(frozen=True)
class About:
    """What the tables of a release need beside their figures: labels, and what all of them say."""

    source: str
    cohorts: pl.DataFrame
    instruments: pl.DataFrame
    items: pl.DataFrame
    breaks: pl.DataFrame  # where trends are broken, as in trend_break
    notes: tuple[str, ...] = ()
    own_codes: tuple[str, ...] = ()  # for tables of change, where people are known by codes of their own
    families: Mapping[str, Sequence[str]] = field(default_factory=dict)  # of measures whose p are corrected together

    def table(
        self,
        results: Protected,
        columns: Sequence[Column],
        cells: Cells,
        notes: Sequence[str],
        breaks: Sequence[Break] = (),
        **texts: str,
    ) -> PublishedTable:
        """`texts` are the table's name, title, shows, people and row_group."""
        values, hidden = cells
        return PublishedTable(
            columns=tuple(columns),
            values=values.select(column.key for column in columns),
            hidden=hidden.select(column.key for column in columns if column.kind != "text"),
            rule=results.rule,
            reasons=results.reasons,
            off_because=results.off_because,
            source=self.source,
            notes=(*notes, *self.notes),
            breaks=tuple(breaks),
            **texts,
        )


def labelled(results: Protected, cohorts: pl.DataFrame) -> Protected:
    """Adds `cohort` (its label), names the totals, and sorts: year by year, cohorts first, then their total."""
    labels = cohorts.select("cohort_id", cohort="label", place=pl.struct("starts_on", "cohort_id").rank("ordinal"))
    values = (
        results.values.with_row_index("__row")
        .join(labels, on="cohort_id", how="left")
        .sort("academic_year", "place", "__row", nulls_last=True)
        .with_columns(pl.col("academic_year").fill_null(ALL_YEARS), pl.col("cohort").fill_null(ALL_COHORTS))
    )
    return replace(results, values=values.drop("__row", "place"), hidden=results.hidden[values["__row"]])


def titled(rows: pl.DataFrame, instruments: pl.DataFrame) -> pl.DataFrame:
    """Titles instead of the ids of instruments and subscales, and `possible`, to judge a change by."""
    titles = instruments.select("instrument", "subscale", "title", "subscale_title", possible=words.possible())
    return rows.join(titles, on=["instrument", "subscale"], how="left", maintain_order="left").with_columns(
        instrument=pl.coalesce("title", "instrument"), subscale=pl.coalesce("subscale_title", "subscale")
    )


def where(results: Protected, rows: pl.Expr) -> Protected:
    kept = results.values.select(rows.alias("kept"))["kept"]
    return replace(results, values=results.values.filter(kept), hidden=results.hidden.filter(kept))


def in_order(results: Protected, *by: str | pl.Expr) -> Protected:
    order = results.values.select(pl.arg_sort_by(*by, maintain_order=True).alias("order"))["order"]
    return replace(results, values=results.values[order], hidden=results.hidden[order])


def side_by_side(results: Protected, on: Sequence[str], blocks: Sequence[Block], own: Sequence[str] = ()) -> Cells:
    """One row for each value of `on`, with the blocks of figures next to each other.

    `own` are figures of the row itself, the same in every row of results that it is made from.
    """
    # The reasons get the columns that are not figures, so that they can be filtered and joined like the values.
    reasons = results.values.drop(results.hidden.columns).hstack(results.hidden)
    return _joined(results.values, on, blocks, own), _joined(reasons, on, blocks, own)


def _joined(frame: pl.DataFrame, on: Sequence[str], blocks: Sequence[Block], own: Sequence[str]) -> pl.DataFrame:
    rows = frame.unique(on, keep="first", maintain_order=True).select(*on, *own)
    for prefix, which, figures in blocks:
        block = frame.filter(which).select(*on, *(pl.col(figure).alias(f"{prefix}_{figure}") for figure in figures))
        rows = rows.join(block, on=list(on), how="left", maintain_order="left", validate="1:1", nulls_equal=True)
    return rows


def counted(number: int, noun: str) -> str:
    """As in "1 cohort" and "2 cohorts"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def slug(year: str) -> str:
    """The academic year as the beginning of a column's key: 2023/24 as y2023_24."""
    return "y" + year.replace("/", "_")
