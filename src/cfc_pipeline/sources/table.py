"""Any table with one header row: rosters, session logs, and exports of tools that no reader knows."""

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources.columns import one_row_fields, raw_table
from cfc_pipeline.sources.forms import form
from cfc_pipeline.sources.grid import Grid
from cfc_pipeline.sources.raw import RawTable


def recognises(grid: Grid) -> bool:
    return True


def read(grid: Grid) -> RawTable:
    """The first record that is not blank is the header."""
    header = next((row for row, record in enumerate(grid.head) if any(record)), None)
    if header is None:
        raise ExportError(
            "The table has no headings at its top.",
            where=f"{grid.name}, rows 1 to {len(grid.head)}",
            next_step="delete the blank rows above the table",
        )
    known = form("table")
    return raw_table(grid, known, "one header row", header + 1, one_row_fields(grid, known, row=header))
