"""Any table with one header row: rosters, session logs, and exports of tools that no reader knows."""

from cfc_pipeline.sources.columns import one_row_fields, raw_table, unique
from cfc_pipeline.sources.forms import form
from cfc_pipeline.sources.grid import Grid
from cfc_pipeline.sources.raw import RawTable


def recognises(grid: Grid) -> bool:
    return any(any(record) for record in grid.head)


def read(grid: Grid) -> RawTable:
    """The first record that is not blank is the header."""
    header = next(row for row, record in enumerate(grid.head) if any(record))
    known = form("table")
    return raw_table(grid, known, "one header row", header + 1, unique(one_row_fields(grid, known, row=header)))
