"""KoboToolbox: CSV or XLSX of a form, headed by question names or labels, without its repeat groups.

`_id` names a submission and survives its edits; `_uuid` does not. `_submission_time` is UTC without saying so. Every
submission was finished on the device. A question that allows several answers has one column with the chosen names,
space-separated, and one column of 0 and 1 for each option.
"""

from cfc_pipeline.sources.columns import one_row_fields, raw_table, tidy
from cfc_pipeline.sources.forms import form
from cfc_pipeline.sources.grid import Grid
from cfc_pipeline.sources.raw import RawTable


def recognises(grid: Grid) -> bool:
    return {"_id", "_submission_time"} <= {tidy(heading) for heading in grid.header(0)}


def read(grid: Grid) -> RawTable:
    known = form("kobo")
    return raw_table(grid, known, "one header row", 1, one_row_fields(grid, known), zone="UTC")
