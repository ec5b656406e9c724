"""One printed figure explained: what it is, how it was worked out, why it is hidden, and, inside the house, whom it
counts and whom it leaves out.

A figure is named by its place in the workbook (`F4`) or by words that stand in its row and its heading. What is said
without `inside` comes from the release alone, so it may be passed on like the release.
"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cfc_pipeline.disclosure.protected import MARK, NOT_APPLICABLE
from cfc_pipeline.errors import ConfigError, did_you_mean
from cfc_pipeline.publish.meaning import meaning_of
from cfc_pipeline.publish.model import FIRST_ROW, Column, PublishedTable, headings
from cfc_pipeline.publish.tidy import load_parquet
from cfc_pipeline.publish.written import texts

# An answer takes half as long without what only `--inside` needs: programme.yaml, the contracts, the database.
if TYPE_CHECKING:
    from cfc_pipeline.recipes.contributors import Inside

_PLACE = re.compile(r"([A-Za-z]{1,3})([1-9]\d{0,5})")
RELEASES = "releases"
_LISTED = 8  # of the cells that words fit


@dataclass(frozen=True)
class Cell:
    """Where a figure stands: number of its row (from 0) and its column."""

    row: int
    column: int

    @property
    def place(self) -> str:
        """As the workbook names it."""
        letters, number = "", self.column + 1
        while number:
            number, digit = divmod(number - 1, 26)
            letters = chr(ord("A") + digit) + letters
        return f"{letters}{self.row + FIRST_ROW}"


@dataclass(frozen=True)
class Explained:
    """What is known of one printed figure. `value` is as printed; `why_hidden` is empty where it is shown."""

    release: str
    table: str
    place: str
    row: dict[str, str]
    heading: str
    value: str
    why_hidden: str
    meaning: str
    formula: str
    source: str
    beside: dict[str, str]
    rule: str
    made_from: str
    notes: tuple[str, ...]
    inside: "Inside | None"

    def in_json(self) -> dict[str, Any]:
        return asdict(self)

    def in_words(self) -> str:
        lines = [
            ("Figure", f"{self.table} {self.place}, release {self.release}"),
            ("Row", "; ".join(f"{name} {text}" for name, text in self.row.items())),
            ("Column", self.heading),
            ("Value", f"{self.value} hidden: {self.why_hidden}" if self.why_hidden else self.value),
            ("What it is", self.meaning),
            ("Formula", self.formula),
            ("Source", self.source),
            ("Beside it", "; ".join(f"{heading} {text}" for heading, text in self.beside.items())),
            ("Rule", self.rule),
            ("Made from", self.made_from),
            ("Read also", f"the {len(self.notes)} notes under the table"),
        ]
        words = "\n".join(f"{f'{name}:':<12}{text}" for name, text in lines if text)
        return f"{words}\n{self.inside.in_words()}" if self.inside else words


def explain(folder: Path, table: str, cell: str, *, release: str = "latest", inside: bool = False) -> Explained:
    """ConfigError when there is no such release, table or cell, or when the words fit several cells."""
    where = folder / RELEASES / release
    found = _load(where, table)
    at = _find(found, cell)
    told = explained(found, at, where.resolve().name)
    return replace(told, inside=_inside(folder, where.resolve(), found, at)) if inside else told


def explained(found: PublishedTable, at: Cell, release: str) -> Explained:
    """What the table itself says of one of its figures."""
    column, row = found.columns[at.column], found.values.row(at.row, named=True)
    heads = headings(found)
    cells = {c.key: texts(found, c)[at.row] for c in found.columns}
    known = meaning_of(found.name, column.key)
    reason = None if column.kind == "text" else found.hidden[column.key][at.row]
    return Explained(
        release=release,
        table=found.name,
        place=at.place,
        row={c.label: str(row[c.key]) for c in found.columns if c.kind == "text" and row[c.key] is not None},
        heading=heads[at.column],
        value=cells[column.key],
        why_hidden=found.reasons[reason] if reason else "",
        meaning=known.meaning if known else "",
        formula=known.formula if known else "",
        source=known.source if known else "",
        beside=dict(_beside(found, cells, column)),
        rule=found.rule,
        made_from=found.source,
        notes=found.notes,
        inside=None,
    )


def _inside(folder: Path, release: Path, found: PublishedTable, at: Cell) -> "Inside":
    from cfc_pipeline.programme_file import load_programme
    from cfc_pipeline.recipes.contributors import behind

    row, column = found.values.row(at.row, named=True), found.columns[at.column]
    return behind(load_programme(folder), release, found, row, column)


def contents(folder: Path, table: str | None, *, release: str = "latest") -> dict[str, Any]:
    """Which tables there are, or what one holds and how its figures are named."""
    where = folder / RELEASES / release
    if table is None:
        tables = [load_parquet(path) for path in _files(where)]
        return {"tables": {found.name: found.title for found in tables}}
    found = _load(where, table)
    columns = [
        {"place": Cell(0, i).place.rstrip("0123456789"), "heading": heading, "meaning": known.meaning if known else ""}
        for i, (column, heading) in enumerate(zip(found.columns, headings(found), strict=True))
        for known in [meaning_of(found.name, column.key)]
    ]
    rows = {"first_row": FIRST_ROW, "last_row": FIRST_ROW + found.values.height - 1}
    return {"title": found.title, "shows": found.shows, "people": found.people, **rows, "columns": columns}


def in_lines(found: dict[str, Any]) -> str:
    """The same for people."""
    if "tables" in found:
        return "\n".join(f"{name}: {title}" for name, title in found["tables"].items())
    lines = [found["title"], found["shows"], found["people"], f"Rows {found['first_row']} to {found['last_row']}"]
    lines += [
        f"  {one['place']:<3} {one['heading']}" + (f" - {one['meaning']}" if one["meaning"] else "")
        for one in found["columns"]
    ]
    return "\n".join(lines)


def _files(release: Path) -> list[Path]:
    found = sorted((release / "tables").glob("*.parquet"))
    if not found:
        raise ConfigError(
            "There is no such release.",
            where=f"releases/{release.name}",
            next_step="`cfc-pipeline publish` makes one; releases/ has those there are",
        )
    return found


def _load(release: Path, table: str) -> PublishedTable:
    files = {path.stem: path for path in _files(release)}
    if table not in files:
        raise ConfigError(
            "There is no such table in this release.",
            where=f"releases/{release.name}",
            next_step=did_you_mean(table, files) or "`cfc-pipeline explain` lists them",
        )
    return load_parquet(files[table])


def _find(table: PublishedTable, cell: str) -> Cell:
    place = _PLACE.fullmatch(cell.strip())
    found = [_at(place[1], int(place[2]))] if place else list(_fitting(table, cell))
    found = [at for at in found if 0 <= at.row < table.values.height and at.column < len(table.columns)]
    if len(found) == 1:
        return found[0]
    heads = headings(table)
    fitting = "; ".join(f"{at.place} ({heads[at.column]})" for at in found[:_LISTED])
    raise ConfigError(
        f"{len(found)} figures fit these words." if found else "No figure is there.",
        where=f"table {table.name}",
        next_step=f"name one of them: {fitting}{' ...' if len(found) > _LISTED else ''}"
        if found
        else f"`cfc-pipeline explain {table.name}` lists its columns and rows",
    )


def _at(letters: str, row: int) -> Cell:
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return Cell(row - FIRST_ROW, column - 1)


def _fitting(table: PublishedTable, words: str) -> Iterator[Cell]:
    """Figures in whose row and heading every one of the words (between commas) stands. Where a column's own label is
    among the words, only such columns."""
    wanted = [word.strip().casefold() for word in words.split(",") if word.strip()]
    heads = headings(table)
    figures = [i for i, c in enumerate(table.columns) if c.kind != "text"]
    figures = [i for i in figures if table.columns[i].label.casefold() in wanted] or figures
    rows = zip(*(texts(table, c) for c in table.columns if c.kind == "text"), strict=True)
    for row, cells in enumerate(rows):
        for column in figures:
            text = " | ".join((*cells, heads[column])).casefold()
            if wanted and all(word in text for word in wanted):
                yield Cell(row, column)


def _beside(table: PublishedTable, cells: dict[str, str], column: Column) -> Iterator[tuple[str, str]]:
    """The other figures of the same row and group, as printed."""
    for other in table.columns:
        if other.kind != "text" and other.group == column.group and other.key != column.key:
            text = cells[other.key]
            if text != NOT_APPLICABLE:
                yield " ".join(filter(None, (other.interval, other.label))), "hidden" if text == MARK else text
