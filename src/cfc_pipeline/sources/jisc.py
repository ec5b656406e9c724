"""Jisc Online Surveys (once BOS): CSV, XLSX or SPSS.

A question is known by its number, which is its stable name: `5.a. How are you?` has the key `Q5.a`, and the SPSS file
calls its variables so as well. An option of a question with several answers, or a row of a grid, is a part of its own.
The SPSS layout and `Unique Response Number` were seen in real files; the tool's other columns (dates, status) are from
memory and unconfirmed, so every name that was reported is accepted, and an unknown status refuses the file.
Whether answers come as codes or texts is chosen at the download and not written in it.
"""

import re
from dataclasses import replace

from cfc_pipeline.sources.columns import (
    Field,
    key_with,
    one_row_fields,
    raw_table,
    refuse_unknown_words,
    tidy,
    unique,
)
from cfc_pipeline.sources.forms import form
from cfc_pipeline.sources.grid import Grid
from cfc_pipeline.sources.raw import RawTable
from cfc_pipeline.sources.statistics_file import variable_fields, variables_layout

_NUMBERED = re.compile(r"^(?:Q(?:uestion )?)?(\d+(?:\.[a-z0-9]{1,4})*)\.(?:\s+|$)(.*)", re.IGNORECASE)

_UNTOLD = "the export does not say who finished; every response counts as finished"


def recognises(grid: Grid) -> bool:
    """The response number, or a response's id before columns of the tool's own and numbered questions."""
    headings = [tidy(heading) for heading in grid.header(0 if grid.kind == "cells" else 1)]
    if "unique response number" in (heading.casefold() for heading in headings):
        return True
    found = [form("jisc").find(heading) for heading in headings[:2]]
    numbered = any(_NUMBERED.match(heading) for heading in headings)
    return numbered and all(found) and found[0] is not None and found[0].treatment == "record_id"


def read(grid: Grid) -> RawTable:
    known = form("jisc")
    if grid.kind != "cells":
        return raw_table(grid, known, variables_layout(grid), 2, variable_fields(grid, known), warnings=(_UNTOLD,))
    fields = unique([_numbered(field) for field in one_row_fields(grid, known)])
    finished = key_with(fields, "complete")
    warnings = () if finished else (_UNTOLD,)
    table = raw_table(grid, known, "one header row", 1, fields, warnings=warnings)
    if finished:
        refuse_unknown_words(table.rows, [(finished, known.finished)], grid.name)
    return table


def _numbered(field: Field) -> Field:
    found = None if field.treatment else _NUMBERED.match(field.column.text)
    return replace(field, column=replace(field.column, key=f"Q{found[1]}", text=found[2])) if found else field
