"""SmartSurvey: CSV or XLSX of the raw data.

Nothing of this layout is confirmed (from memory): the names of the tool's own columns, the two header rows, and
the words for unfinished responses are from memory. So one header row and two are accepted, and a Status that is not
listed refuses the file. Times are the account's clock, not written down.
"""

from cfc_pipeline.sources.columns import key_with, one_row_fields, raw_table, refuse_unknown_words, tidy, two_row_fields
from cfc_pipeline.sources.forms import form
from cfc_pipeline.sources.grid import Grid
from cfc_pipeline.sources.raw import RawTable


def recognises(grid: Grid) -> bool:
    """The id of a response comes first, and its number is near it."""
    found = [form("smartsurvey").find(tidy(heading)) for heading in grid.header(0)[:4]]
    return bool(found[0] and found[0].name == "UserID" and any(column and column.name == "UserNo" for column in found))


def read(grid: Grid) -> RawTable:
    known = form("smartsurvey")
    two_rows = grid.header(1)[0] is None and any(grid.header(1))
    fields = two_row_fields(grid, known) if two_rows else one_row_fields(grid, known)
    layout = "two header rows" if two_rows else "one header row"
    finished = key_with(fields, "complete")
    warnings = () if finished else ("the export does not say who finished; every response counts as finished",)
    table = raw_table(grid, known, layout, 2 if two_rows else 1, fields, warnings=warnings)
    if finished:
        refuse_unknown_words(table.rows, [(finished, known.finished)], grid.name)
    return table
