"""Rows that failed a check wait here, sealed, with every reason, until a correction lets them in."""

import io
from pathlib import Path

import polars as pl

from cfc_pipeline.identity.keys import Keys
from cfc_pipeline.identity.sealed import read_sealed, write_sealed

COLUMNS = {
    "survey_id": pl.String,
    "file": pl.Int64,
    "row": pl.Int64,
    "record": pl.String,
    "column": pl.String,
    "reason": pl.String,
}


def write_quarantine(restricted: Path, reasons: list[pl.DataFrame], keys: Keys) -> None:
    """All reasons of all rows that are held back now. A row that was corrected is not in it any more."""
    every = pl.concat([r.select(*COLUMNS) for r in reasons]) if reasons else pl.DataFrame(schema=COLUMNS)
    write_sealed(restricted / "quarantine.sealed", every.write_json().encode(), keys, "quarantine")


def read_quarantine(restricted: Path, keys: Keys) -> pl.DataFrame:
    """survey_id, file, row, record, column, reason: a line for every reason of every row."""
    path = restricted / "quarantine.sealed"
    if not path.exists():
        return pl.DataFrame(schema=COLUMNS)
    return pl.read_json(io.BytesIO(read_sealed(path, keys, "quarantine")), schema=COLUMNS)
