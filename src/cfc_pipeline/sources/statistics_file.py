"""SPSS (.sav, .zsav) and Stata (.dta) files as a Grid.

A variable is a column with two headings: its name and its label. Rows are numbered as the programs show cases, from 1,
so the headings are rows -1 and 0. Cells are label texts wherever a value has a label, which is what people saw; numbers
wherever not.
"""

from dataclasses import replace
from typing import Any

import polars as pl

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources.child import in_child
from cfc_pipeline.sources.columns import (
    Field,
    key_with,
    means,
    question,
    raw_table,
    refuse_unknown_words,
    system,
    tidy,
    unique,
)
from cfc_pipeline.sources.forms import Form, form
from cfc_pipeline.sources.grid import HEAD, Grid, Kind, clean_head
from cfc_pipeline.sources.opened_alone.stata_whole import NEW_MARK, OLD_MARKS
from cfc_pipeline.sources.raw import ROW, Choice, RawTable
from cfc_pipeline.sources.statistics_cells import with_meaning

_SPSS = (b"$FL2", b"$FL3")
_OTHERS = {b"ASCII SPSS PORT FILE": "an SPSS portable file", b"\x00" * 12 + b"\xc2\xea\x81\x60": "a SAS data set"}


def statistics_kind(data: bytes, name: str) -> Kind | None:
    """Which program wrote the file; None when none did. ExportError for kindred files that are not read."""
    for mark, what in _OTHERS.items():
        if data.startswith(mark):
            raise ExportError(
                f"This is {what}, which is not read.", where=name, next_step="save it as .sav, .dta, CSV or XLSX"
            )
    if data.startswith(_SPSS):
        return "spss"
    old = data[:1] in OLD_MARKS and data[1:2] in (b"\x01", b"\x02") and data[2:4] == b"\x01\x00"
    return "stata" if data.startswith(NEW_MARK) or old else None


def open_statistics(data: bytes, name: str, kind: Kind) -> Grid:
    """ExportError when the file is damaged, or too large for the process that reads it."""
    title = "SPSS file" if kind == "spss" else "Stata file"
    cells = with_meaning(in_child("statistics", data, name, title))
    variables = cells.about["variables"]
    if not variables:
        raise ExportError(f"The {title} has no variables.", where=name, next_step="download it again")
    headings = [[v["name"] for v in variables], [v["label"] for v in variables]]
    schema = {str(position): pl.String for position in range(len(variables))}
    whole = pl.concat([pl.DataFrame(headings, schema=schema, orient="row"), cells.frame])
    head = [*headings, *(list(row) for row in cells.frame.head(HEAD - 2).rows())]
    return Grid(
        name,
        clean_head(head, len(variables)),
        len(variables),
        whole.select(pl.int_range(-1, pl.len() - 1, dtype=pl.Int64).alias(ROW), pl.all()).lazy(),
        tuple(_warnings(variables, cells.about["assumed"])),
        kind,
        tuple(tuple(Choice(value, label, value) for value, label in v["choices"]) for v in variables),
    )


def _warnings(variables: list[dict[str, Any]], assumed: str | None) -> list[str]:
    missing = sum(v["missing"] for v in variables)
    doubled = sum(v["doubled"] for v in variables)
    left = sum(v["left"] for v in variables)
    found = {
        "its texts are not in the encoding that it says; read as Windows-1252, so check accents and dashes": assumed,
        f"{missing} cell(s) hold values that the file declares missing; they are read as empty": missing,
        f"{doubled} variable(s) give two values the same label; their numbers are read instead": doubled,
        f"{left} variable(s) hold weeks, months, quarters or years of Stata; their numbers are read": left,
    }
    return [text for text, so in found.items() if so]


def read_variables(grid: Grid, tool: str) -> RawTable:
    """A file that no survey tool's own reader knows."""
    known = form(tool)
    fields = variable_fields(grid, known)
    if not any(field.column.key == "ResponseId" for field in fields):
        fields = [_asked(field) if field.treatment in ("status", "complete") else field for field in fields]
    status, finished = key_with(fields, "status"), key_with(fields, "complete")
    table = raw_table(
        grid,
        known,
        variables_layout(grid),
        2,
        fields,
        complete=None if finished else pl.lit(True),
        test=means(status, known.status.no) if status else None,
    )
    named = [(column, words) for column, words in ((status, known.status), (finished, known.finished)) if column]
    if named:
        refuse_unknown_words(table.rows, named, grid.name)
    return table


def _asked(field: Field) -> Field:
    return Field(replace(field.column, system=False))


def variable_fields(grid: Grid, form: Form) -> list[Field]:
    """A variable's name is its key, its label the question."""
    variables = zip(grid.header(0), grid.header(1), grid.choices, strict=True)
    return unique([_field(name or "", tidy(label), choices, form) for name, label, choices in variables])


def _field(name: str, label: str, choices: tuple[Choice, ...], form: Form) -> Field:
    known = form.find(name)
    field = system(known, name, label or name) if known else question(name, label or name)
    return replace(field, column=replace(field.column, choices=choices))


def variables_layout(grid: Grid) -> str:
    labelled = sum(map(bool, grid.choices))
    return f"label texts of {labelled} variable(s), values of {grid.width - labelled}"
