"""Formbricks: CSV or XLSX of a survey's responses.

One header row. Questions are numbered by their place in the form, `1. Headline`, with ` - Row` for the rows of a matrix
and ` - Option ID` for the ids of chosen options; cells hold labels in the language of the respondent. Every other
column is a field that the sender filled, or about the browser, and counts as personal. Times are in the zone that the
organisation chose for display, by default UTC; another is set in the survey entry. Read in the tool's source.
"""

import re
from dataclasses import replace

from cfc_pipeline.sources.columns import Field, one_row_fields, raw_table, tidy
from cfc_pipeline.sources.forms import form
from cfc_pipeline.sources.grid import Grid
from cfc_pipeline.sources.raw import RawTable

_NUMBERED = re.compile(r"^\d+\. ")


def recognises(grid: Grid) -> bool:
    return {"No.", "Response ID", "Timestamp", "Finished"} <= {tidy(heading) for heading in grid.header(0)}


def read(grid: Grid) -> RawTable:
    known = form("formbricks")
    fields = [_personal_unless_asked(field) for field in one_row_fields(grid, known)]
    return raw_table(grid, known, "one header row", 1, fields, zone="UTC")


def _personal_unless_asked(field: Field) -> Field:
    if field.treatment or _NUMBERED.match(field.column.text):
        return field
    return Field(replace(field.column, system=True, personal=True), "personal")
