"""From a grid and its headings to a RawTable: tidy texts, unique keys, and the columns that every table has."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from cfc_pipeline.sources.forms import Form, SystemColumn, Treatment
from cfc_pipeline.sources.grid import Grid, refuse_long_rows
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


def one_row_fields(grid: Grid, form: Form, *, row: int = 0, labelled: bool = False) -> list[Field]:
    """Fields of a layout with one header row: the tidied heading is the key. `labelled` ones end in `[row label]`."""
    headings = [tidy(cell) for cell in grid.header(row)]
    return unique([_one_row_field(heading, form, labelled) if heading else None for heading in headings])


def _one_row_field(heading: str, form: Form, labelled: bool) -> Field:
    if known := form.find(heading):
        return system(known, heading, heading)
    text, option = split_label(heading) if labelled else (heading, "")
    return question(heading, text, option)


def unique(fields: Sequence[Field | None]) -> list[Field]:
    """One field per column, each with a key of its own: the second of a name becomes "name #2", and so on.

    None stands for a column without a heading. It is called by its position; at the end of the table it is no column.
    """
    headed = max((position for position, field in enumerate(fields, start=1) if field), default=0)
    taken = set(READER_COLUMNS)
    result: list[Field] = []
    for position, field in enumerate(fields[:headed], start=1):
        field = field or question(f"column {position}", "")
        key = _free(f"column {position}" if _is_pattern(field.column.key) else field.column.key, taken)
        taken.add(key)
        result.append(replace(field, column=replace(field.column, key=key)))
    return result


def _is_pattern(heading: str) -> bool:
    """Headings that polars would take for several columns; nobody writes them, but somebody will."""
    return heading == "*" or (heading.startswith("^") and heading.endswith("$"))


def _free(key: str, taken: set[str]) -> str:
    number, free = 1, key
    while free in taken:
        number += 1
        free = f"{key} #{number}"
    return free


def key_with(fields: Sequence[Field], treatment: Treatment) -> str | None:
    """Key of the first column that the tool writes for this purpose."""
    return next((field.column.key for field in fields if field.treatment == treatment), None)


def raw_table(
    grid: Grid,
    form: Form,
    layout: str,
    header_rows: int,
    fields: Sequence[Field],
    *,
    submitted: pl.Expr | None = None,
    complete: pl.Expr | None = None,
    test: pl.Expr | None = None,
    zone: str | None = None,
    warnings: Sequence[str] = (),
) -> RawTable:
    """Put the columns of raw.py together. `fields` come from `unique`, in the order of the file.

    ExportError when rows have cells beyond the last heading: an unquoted delimiter has moved their answers.
    Without the expressions: the tool's own time, everybody finished, nobody tested.
    """
    refuse_long_rows(grid, header_rows, len(fields))
    columns = tuple(field.column for field in fields)
    record = key_with(fields, "record_id")
    stamp = key_with(fields, "submitted") or key_with(fields, "changed")
    nothing = pl.lit(None, dtype=pl.String)
    expressions = {
        RECORD: pl.col(record) if record else nothing,
        SUBMITTED: submitted if submitted is not None else pl.col(stamp) if stamp else nothing,
        COMPLETE: complete if complete is not None else pl.lit(True),
        TEST: test if test is not None else pl.lit(False),
    }
    rows = grid.body(header_rows, [column.key for column in columns])
    rows = rows.with_columns(**expressions).select(*READER_COLUMNS, *(column.key for column in columns))
    return RawTable(form.tool, layout, columns, rows, zone, (*grid.warnings, *warnings))
