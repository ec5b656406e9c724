"""From a grid and its headings to a RawTable: tidy texts, unique keys, and the columns that every table has."""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import polars as pl

from cfc_pipeline.sources.forms import Form, SystemColumn, Treatment
from cfc_pipeline.sources.grid import Grid
from cfc_pipeline.sources.raw import COMPLETE, READER_COLUMNS, RECORD, SUBMITTED, TEST, RawColumn, RawTable

_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_LABELLED = re.compile(r"(?s)^(.*\S)\s*\[([^\[\]]*)\]$")


@dataclass(frozen=True)
class Field:
    """A column of the file, and what the tool means by it."""

    column: RawColumn
    treatment: Treatment | None = None  # None for a question


def tidy(text: str | None) -> str:
    """A heading as people saw it: no markup, and one ordinary space wherever there was any white space."""
    return " ".join(html.unescape(_TAG.sub(" ", text or "")).split())


def split_label(heading: str) -> tuple[str, str]:
    """`Question [Row]` as question and row; a heading without brackets at its end has no row."""
    found = _LABELLED.match(heading)
    return (found[1], found[2]) if found else (heading, "")


def question(key: str, text: str, option: str = "") -> Field:
    return Field(RawColumn(key, text, option))


def system(known: SystemColumn, key: str, text: str, option: str = "") -> Field:
    return Field(RawColumn(key, text, option, system=True, personal=known.personal), known.treatment)


def one_row_fields(grid: Grid, form: Form, *, row: int = 0, labelled: bool = False) -> list[Field | None]:
    """Fields of a layout with one header row: the tidied heading is the key.

    `labelled` headings end in `[row label]`. A column without a heading is None when the head shows no cell in it.
    """
    fields: list[Field | None] = []
    for position, cell in enumerate(grid.header(row)):
        heading = tidy(cell)
        if not heading:
            fields.append(unnamed(grid, position))
        elif known := form.find(heading):
            fields.append(system(known, heading, heading))
        else:
            text, option = split_label(heading) if labelled else (heading, "")
            fields.append(question(heading, text, option))
    return fields


def unnamed(grid: Grid, position: int) -> Field | None:
    """A column without a heading: None when it is only a comma at the end of each row."""
    empty = all(record[position] is None for record in grid.head)
    return None if empty else question(f"column {position + 1}", "")


def unique(fields: Iterable[Field | None]) -> list[Field | None]:
    """The same fields; of several with one key the second becomes "key #2", and so on."""
    taken = set(READER_COLUMNS)
    result: list[Field | None] = []
    for field in fields:
        if field is not None:
            field = replace(field, column=replace(field.column, key=_free(field.column.key, taken)))
            taken.add(field.column.key)
        result.append(field)
    return result


def _free(key: str, taken: set[str]) -> str:
    number, free = 1, key
    while free in taken:
        number += 1
        free = f"{key} #{number}"
    return free


def key_with(fields: Sequence[Field | None], *treatments: Treatment) -> str | None:
    """Key of the first column that the tool writes for this purpose; earlier treatments win."""
    found = ((f.column.key for f in fields if f and f.treatment == wanted) for wanted in treatments)
    return next((key for keys in found for key in keys), None)


def raw_table(
    grid: Grid,
    form: Form,
    layout: str,
    header_rows: int,
    fields: Sequence[Field | None],
    *,
    submitted: pl.Expr | None = None,
    complete: pl.Expr | None = None,
    test: pl.Expr | None = None,
    zone: str | None = None,
    warnings: Sequence[str] = (),
) -> RawTable:
    """Put the columns of raw.py together. `fields` are unique, one per position, None to leave a column out.

    Without the expressions: the column treated as `submitted`, everybody finished, nobody tested.
    """
    columns = tuple(field.column for field in fields if field)
    record = key_with(fields, "record_id")
    stamp = key_with(fields, "submitted")
    nothing = pl.lit(None, dtype=pl.String)
    expressions = {
        RECORD: pl.col(record) if record else nothing,
        SUBMITTED: submitted if submitted is not None else pl.col(stamp) if stamp else nothing,
        COMPLETE: complete if complete is not None else pl.lit(True),
        TEST: test if test is not None else pl.lit(False),
    }
    rows = grid.body(header_rows, [field.column.key if field else None for field in fields])
    rows = rows.with_columns(**expressions).select(*READER_COLUMNS, *(column.key for column in columns))
    return RawTable(form.tool, layout, columns, rows, zone, (*grid.warnings, *warnings))
