"""The one table model that every output format is written from: HTML, CSV, XLSX, Parquet, charts and the email."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

FIRST_ROW = 4  # of a table's figures, as the workbook counts: a title, what it shows and the headings come before
ALL_YEARS, ALL_COHORTS = "All years", "All cohorts"  # rows that are totals

# What kind of figure a column holds; decides its alignment, format and which disclosure rule applied.
FigureKind = Literal["text", "count", "number", "percent", "p"]


@dataclass(frozen=True)
class Column:
    """A column of a published table."""

    key: str  # name in CSV and Parquet; unique
    label: str  # heading for people
    kind: FigureKind
    group: str = ""  # heading over several columns, such as an academic year
    decimals: int = 0
    interval: str = ""  # columns ..._low and ..._high with the same interval name are one "low to high" in HTML


@dataclass(frozen=True)
class Break:
    """Two column groups, such as years, between which some rows may not compare; a note under the table says why."""

    rows: str  # heading of the rows' group
    before: str
    after: str  # the same where the break is within one
    what: str  # what changed, in a word or a few: "form and tool"


@dataclass(frozen=True)
class PublishedTable:
    """A table as people will see it. `values` and `hidden` have the same height; `values` has every column, `hidden`
    a String column per figure column: null where shown, else a disclosure Reason's name. A hidden cell is null in
    `values`; a cell that is null in both does not exist for its row (not applicable)."""

    name: str  # file name in tables/
    title: str
    shows: str  # one sentence: what the table shows
    people: str  # one sentence: from how many people, or that it is hidden
    rule: str  # which disclosure rule was applied
    source: str  # from which data and version
    columns: tuple[Column, ...]
    values: pl.DataFrame
    hidden: pl.DataFrame
    row_group: str = ""  # key of a text column whose values head groups of rows
    notes: tuple[str, ...] = ()
    breaks: tuple[Break, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)  # Reason's name: in words, with the profile's numbers
    off_because: str | None = None  # why nothing was hidden, in the programme's words; None when the rules applied


@dataclass(frozen=True)
class Line:
    """What one measure shows, in a few figures and words."""

    instrument: str
    measure: str
    figures: tuple[str, ...]
    verdict: str


@dataclass(frozen=True)
class ShortTable:
    """What a reader of the page sees at once, above the folded tables that say it in full."""

    shows: str
    headings: tuple[str, ...]  # of a line's figures
    lines: list[Line]
    of: str = "Measure"  # what a line is about


def headings(table: PublishedTable) -> list[str]:
    """One heading for each column, with its group in front, because merged cells cannot be read aloud."""
    labels = [": ".join(part for part in (c.group, c.interval, c.label) if part) for c in table.columns]
    return [f"{label} ({i + 1})" if labels.count(label) > 1 else label for i, label in enumerate(labels)]
