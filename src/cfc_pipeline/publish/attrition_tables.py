"""The tables of those who answered before only: where they started, and what they could have changed."""

from collections.abc import Iterator

import polars as pl

from cfc_pipeline.disclosure.protected import Protected
from cfc_pipeline.publish import words
from cfc_pipeline.publish.figures import signed
from cfc_pipeline.publish.layout import INSTRUMENT, SUBSCALE, YEAR, About, Cells, labelled, titled
from cfc_pipeline.publish.model import ALL_YEARS, Column, FigureKind, PublishedTable
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


def what_if(table: PublishedTable) -> list[str]:
    """A plain sentence for each measure of `attrition_change`: over all years, or of the year if there is one only."""
    years = table.values[YEAR.key].unique(maintain_order=True).to_list()
    which = ALL_YEARS if len(years) > 2 else years[0]
    return list(_sentences(table, which))


def _sentences(table: PublishedTable, which: str) -> Iterator[str]:
    columns = {column.key: column for column in table.columns}
    for row in table.values.filter(pl.col(YEAR.key) == which).iter_rows(named=True):
        measure = f"{row['instrument']}, {row['subscale']}"
        change, unchanged, worst = (row[key] for key in ("mean_change", "if_unchanged", "if_worst"))
        if change is None or unchanged is None:
            continue
        said = {key: signed(row[key], columns[key]) for key in WHAT_IF if row[key] is not None}
        if not row["n_left"]:
            yield f"{measure}: mean change {said['mean_change']}; nobody answered before only."
            continue
        sentence = (
            f"{measure}: mean change {said['mean_change']} among those who answered both times. If the "
            f"{row['n_left']:,} who answered before only had not changed, it would be {said['if_unchanged']}"
        )
        if worst is not None:
            even, still = ("even ", "still ") if 0 < worst < change or change < worst < 0 else ("", "")
            sentence += (
                f"; {even}if every one of them had come to the worst possible score, it would {still}be "
                f"{said['if_worst']}"
            )
        yield f"{sentence}."


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
