"""SurveyMonkey: CSV or XLSX of "All responses data", and the flattened single-row variant.

Two header rows: the question, blank under its further columns; then the option or row label. The heading row says
nothing about who finished, so everybody did, and a warning says so. Times are the account's clock, not written down.
"""

from cfc_pipeline.sources.columns import one_row_fields, raw_table, tidy, two_row_fields
from cfc_pipeline.sources.forms import form
from cfc_pipeline.sources.grid import Grid
from cfc_pipeline.sources.raw import RawTable


def recognises(grid: Grid) -> bool:
    """The respondent's id comes first, with another of the tool's own columns among the next three."""
    found = [form("surveymonkey").find(tidy(heading)) for heading in grid.header(0)[:4]]
    return bool(found[0] and found[0].treatment == "record_id" and any(found[1:]))


def read(grid: Grid) -> RawTable:
    known = form("surveymonkey")
    two_rows = grid.header(1)[0] is None and any(grid.header(1))
    fields = two_row_fields(grid, known) if two_rows else one_row_fields(grid, known)
    layout = "two header rows" if two_rows else "one header row"
    warning = "the export does not say who finished; every response counts as finished"
    return raw_table(grid, known, layout, 2 if two_rows else 1, fields, warnings=(warning,))
