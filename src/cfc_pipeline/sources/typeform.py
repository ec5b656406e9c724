"""Typeform: CSV or XLSX of the results.

One header row: `#` (the token of a response), question texts, and the tool's own columns with times in UTC. A question
that allows several answers has a column for each option. Older files have no Response Type: a time of submission then
says that somebody finished. Names are from programs that read such files; no file of the tool itself was at hand.
"""

import polars as pl

from cfc_pipeline.sources.columns import key_with, one_row_fields, raw_table, tidy
from cfc_pipeline.sources.forms import form
from cfc_pipeline.sources.grid import Grid
from cfc_pipeline.sources.raw import RawTable


def recognises(grid: Grid) -> bool:
    headings = [tidy(heading) for heading in grid.header(0)]
    return headings[0] == "#" and "Submit Date (UTC)" in headings


def read(grid: Grid) -> RawTable:
    known = form("typeform")
    fields = one_row_fields(grid, known)
    submitted = pl.col(key_with(fields, "submitted") or "")
    last = key_with(fields, "changed")
    return raw_table(
        grid,
        known,
        "one header row",
        1,
        fields,
        submitted=pl.coalesce(submitted, pl.col(last)) if last else submitted,
        complete=None if key_with(fields, "complete") else submitted.is_not_null(),
        zone="UTC",
    )
