"""The tables of those who answered before only: where they started, and what they could have changed."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cfc_pipeline.disclosure.protected import MARK, Protected
from cfc_pipeline.publish import words
from cfc_pipeline.publish.figures import signed
from cfc_pipeline.publish.layout import INSTRUMENT, SUBSCALE, YEAR, About, Cells, labelled, titled
from cfc_pipeline.publish.model import ALL_YEARS, Column, FigureKind, Line, PublishedTable, ShortTable
from schemas.tables import label
from schemas.tables.results import Attrition

BOTH, BEFORE_ONLY = "Answered both times", "Answered before only"
GROUPS = {
    BOTH: ("n_stayed", "stayed_mean", "stayed_sd"),
    BEFORE_ONLY: ("n_left", "left_mean", "left_sd"),
}
WHAT_IF = {
    "mean_change": "Mean change",
    "if_unchanged": "If unchanged",
    "if_worst": "If worst",
    "would_need": "Would need",
}


def attrition(left: Protected, about: About) -> PublishedTable:
    """Rows: measures, year by year, and over all years. Columns: both groups before, and their difference."""
    rows, cells = _rows(left, about)
    compared = (
        Column("difference", "Difference", "number", decimals=2),
        Column("ci_low", "from", "number", decimals=2, interval="95 % interval"),
        Column("ci_high", "to", "number", decimals=2, interval="95 % interval"),
        Column("g", label(Attrition, "g"), "number", decimals=2),
    )
    figures = (_figure(key, group) for group, keys in GROUPS.items() for key in keys)
    used = about.instruments.join(rows.values, on=["instrument", "subscale"], how="semi", maintain_order="left")
    return about.table(
        rows,
        (YEAR, INSTRUMENT, SUBSCALE, *figures, *compared),
        cells,
        (*words.ATTRITION, *words.LEFT_BEFORE, words.ranges(used)),
        name="attrition",
        title="Where those who did not answer again had started",
        shows="For each measure, the scores before of those who answered before only, beside those who answered both "
        "times.",
        people=_people(rows),
        row_group=YEAR.key,
    )


def attrition_change(left: Protected, about: About) -> PublishedTable:
    """Rows: measures, year by year, and over all years. Columns: the mean change, and what it could have been."""
    rows, cells = _rows(left, about)
    counts = (Column(keys[0], group, "count") for group, keys in GROUPS.items())
    figures = (Column(key, name, "number", decimals=2) for key, name in WHAT_IF.items())
    used = about.instruments.join(rows.values, on=["instrument", "subscale"], how="semi", maintain_order="left")
    return about.table(
        rows,
        (YEAR, INSTRUMENT, SUBSCALE, *counts, *figures),
        cells,
        (*words.LEFT_CHANGE, *words.ATTRITION, words.directions(used), words.NO_COMPARISON),
        name="attrition_change",
        title="What those who did not answer again could have changed",
        shows="For each measure, the mean change, and what it would be under assumptions about those who answered "
        "before only.",
        people=_people(rows),
        row_group=YEAR.key,
    )


def what_if(table: PublishedTable) -> ShortTable:
    """The measures of `attrition_change` in short: over all years, or of the year if there is one only."""
    years = table.values[YEAR.key].unique(maintain_order=True).to_list()
    rows = table.values.filter(pl.col(YEAR.key) == (ALL_YEARS if len(years) > 2 else years[0]))
    headings = (WHAT_IF["mean_change"], BOTH, BEFORE_ONLY, WHAT_IF["if_unchanged"], WHAT_IF["if_worst"])
    columns = {column.key: column for column in table.columns}
    shown = rows.filter(pl.col("mean_change").is_not_null(), pl.col("if_unchanged").is_not_null())
    return ShortTable(
        "What the mean change would be with those who answered before only",
        headings,
        [_line(row, columns) for row in shown.iter_rows(named=True)],
    )


def _line(row: dict[str, Any], columns: Mapping[str, Column]) -> Line:
    change, unchanged, worst = (
        MARK if row[key] is None else signed(row[key], columns[key])
        for key in ("mean_change", "if_unchanged", "if_worst")
    )
    counts = (MARK if row[key] is None else f"{row[key]:,}" for key in ("n_stayed", "n_left"))
    return Line(row["instrument"], row["subscale"], (change, *counts, unchanged, worst), _holds(row))


def _holds(row: dict[str, Any]) -> str:
    """Whether the mean change would still be on its side of 0 in the worst case."""
    if not row["n_left"]:
        return "nobody answered before only" if row["n_left"] == 0 else ""
    change, worst = row["mean_change"], row["if_worst"]
    if worst is None:
        return ""
    if change and change * worst <= 0:
        return "the worst would undo it"
    return "holds even at the worst" if abs(worst) < abs(change) else "the worst would add to it"


def _rows(left: Protected, about: About) -> tuple[Protected, Cells]:
    rows = labelled(left, about.cohorts)
    return rows, (titled(rows.values, about.instruments), rows.hidden)


def _figure(key: str, group: str) -> Column:
    kind: FigureKind = "count" if key.startswith("n_") else "number"
    return Column(key, label(Attrition, key), kind, group, 0 if kind == "count" else 2)


def _people(rows: Protected) -> str:
    most: int | None = rows.values["n_left"].max()  # type: ignore[assignment]
    if most is None:
        return "How many people answered before only is hidden."
    return f"Up to {most} people answered before only in one group; the table says how many of each."
