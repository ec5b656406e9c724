"""LimeSurvey: CSV of the response export, with question codes or full question texts as headings.

Codes are the better headings: they are keys that a rewording does not change, while a full text also loses its markup.
`submitdate` is empty for unfinished responses, and 1980-01-01 where the survey keeps no dates. Times are the server's.
"""

import re

import polars as pl

from cfc_pipeline.sources.columns import Field, key_with, one_row_fields, raw_table, tidy
from cfc_pipeline.sources.forms import form
from cfc_pipeline.sources.grid import Grid
from cfc_pipeline.sources.raw import RawTable

_CODE = re.compile(r"^[A-Za-z]\w*(\[\w*\])*$")
_NO_DATE = "1980-01-01"


def recognises(grid: Grid) -> bool:
    """The response id comes first and the date of submission is near it."""
    found = [form("limesurvey").find(tidy(heading)) for heading in grid.header(0)[:3]]
    treatments = [column.treatment if column else None for column in found]
    return treatments[0] == "record_id" and "submitted" in treatments


def read(grid: Grid) -> RawTable:
    known = form("limesurvey")
    fields = one_row_fields(grid, known, labelled=True)
    asked = [field.column.key for field in fields if not field.column.system]
    layout = "question codes" if all(map(_CODE.match, asked)) else "full headings"
    submitted = pl.col(key_with(fields, "submitted") or "")
    return raw_table(
        grid, known, layout, 1, fields, submitted=_when(submitted, fields), complete=submitted.is_not_null()
    )


def _when(submitted: pl.Expr, fields: list[Field]) -> pl.Expr:
    """The date of submission, else (unfinished) of the last action; null where the survey keeps no dates."""
    last = key_with(fields, "changed")
    moment = pl.coalesce(submitted, pl.col(last)) if last else submitted
    return pl.when(~moment.str.starts_with(_NO_DATE)).then(moment)
