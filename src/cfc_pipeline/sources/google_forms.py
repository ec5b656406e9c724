"""Google Forms: a CSV or XLSX of the linked Sheet, or "Download responses (.csv)".

One header row of question texts. No response id, no zone in a Sheet's times (a download's times carry their offset),
and no unfinished responses. Two questions with one text give two equal headings.
"""

import re

from cfc_pipeline.sources.columns import one_row_fields, raw_table, tidy
from cfc_pipeline.sources.forms import form
from cfc_pipeline.sources.grid import Grid
from cfc_pipeline.sources.raw import RawTable

_DAY = re.compile(r"^\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}\b")
_DOWNLOAD = re.compile(r"(?i)\d [ap]m (gmt|utc)")


def recognises(grid: Grid) -> bool:
    """The first column is the time stamp, by its heading and by what is in it."""
    known = form("google_forms").find(tidy(grid.header(0)[0]))
    stamps = [record[0] for record in grid.head[1:] if record[0]]
    return bool(known and known.treatment == "submitted") and all(_DAY.match(stamp) for stamp in stamps)


def read(grid: Grid) -> RawTable:
    known = form("google_forms")
    fields = one_row_fields(grid, known, labelled=True)
    layout = "download" if _DOWNLOAD.search(grid.header(1)[0] or "") else "sheet"
    return raw_table(grid, known, layout, 1, fields)
