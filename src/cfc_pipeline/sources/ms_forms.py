"""Microsoft Forms: the XLSX download, or a CSV that Excel made of it (often Windows-1252).

One header row of question texts after five columns of the tool's own, whose names follow the author's language: they
are known by name in some languages, and by position and content in all. Labels only, no zone, no unfinished responses.
No real workbook was open when this was written, and much is from memory, not confirmed; so it accepts each variant that
was reported.
"""

import re
from dataclasses import replace

import polars as pl

from cfc_pipeline.sources.columns import Field, one_row_fields, raw_table, system, tidy, unique
from cfc_pipeline.sources.forms import form
from cfc_pipeline.sources.grid import Grid
from cfc_pipeline.sources.raw import RawTable

_NAMES = ("ID", "Start time", "Completion time", "Email", "Name")
_TIME = re.compile(r"^\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4} \d{1,2}:\d{2}")


def recognises(grid: Grid) -> bool:
    return known_by_name(grid) or _by_position(grid)


def known_by_name(grid: Grid) -> bool:
    known = [form("ms_forms").find(tidy(heading)) for heading in grid.header(0)[:3]]
    return [column.name if column else None for column in known] == list(_NAMES[:3])


def _by_position(grid: Grid) -> bool:
    """A language that the form does not list: a counter, two times, and an address or `anonymous`."""
    data = [record for record in grid.head[1:] if any(record)]
    return grid.width > len(_NAMES) and bool(data) and all(_looks_like_a_response(record) for record in data)


def _looks_like_a_response(record: list[str | None]) -> bool:
    number, started, submitted, email = (cell or "" for cell in record[:4])
    times = _TIME.match(started) and _TIME.match(submitted)
    return number.isdigit() and bool(times) and ("@" in email or email.casefold() == "anonymous")


def read(grid: Grid) -> RawTable:
    """The tool's own columns get their English names as keys in every language."""
    known = form("ms_forms")
    fields = one_row_fields(grid, known)
    if not known_by_name(grid):
        fields = [*_own_columns(grid), *fields[len(_NAMES) :]]
    fields = unique([_renamed(field) for field in fields])
    table = raw_table(grid, known, "one header row", 1, fields)
    return replace(table, rows=table.rows.with_columns(_no_anonymous(fields)))


def _own_columns(grid: Grid) -> list[Field]:
    found = [form("ms_forms").find(name) for name in _NAMES]
    headings = [tidy(heading) for heading in grid.header(0)]
    return [system(column, column.name, text) for column, text in zip(found, headings, strict=False) if column]


def _renamed(field: Field) -> Field:
    known = form("ms_forms").find(field.column.key) if field.treatment else None
    return replace(field, column=replace(field.column, key=known.name)) if known else field


def _no_anonymous(fields: list[Field]) -> list[pl.Expr]:
    """Who is `anonymous` has no address and no name."""
    own = [f.column.key for f in fields if f.column.personal]
    return [pl.when(pl.col(key).str.to_lowercase() != "anonymous").then(pl.col(key)).alias(key) for key in own]
