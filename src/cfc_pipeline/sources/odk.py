"""ODK Central: CSV of a form's submissions.

`KEY` names a submission and survives its edits; the instance id does not. Times carry their zone. Every submission was
finished on the device. Rows of an encrypted form that was downloaded without its passphrase have a Status and no
answers: such a file is refused, because its people would be taken for people who answered nothing.
"""

import polars as pl

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources.columns import key_with, one_row_fields, raw_table, tidy
from cfc_pipeline.sources.forms import form
from cfc_pipeline.sources.grid import Grid
from cfc_pipeline.sources.raw import ROW, RawTable


def recognises(grid: Grid) -> bool:
    return {"KEY", "SubmissionDate"} <= {tidy(heading) for heading in grid.header(0)}


def read(grid: Grid) -> RawTable:
    known = form("odk")
    fields = one_row_fields(grid, known)
    table = raw_table(grid, known, "one header row", 1, fields, zone="UTC")
    _refuse_encrypted(table, key_with(fields, "status"), grid.name)
    return table


def _refuse_encrypted(table: RawTable, status: str | None, name: str) -> None:
    if status is None:
        return
    rows = table.rows.filter(pl.col(status).str.to_lowercase() == "not decrypted").select(ROW).collect()[ROW]
    if len(rows):
        raise ExportError(
            "Some submissions are still encrypted, so their answers are missing.",
            where=f"{name}, {len(rows)} row(s), the first is row {rows[0]}",
            next_step="download the file again and enter the passphrase of the form",
        )
