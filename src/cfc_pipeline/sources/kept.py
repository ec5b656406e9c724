"""What is kept of an export once something was taken out of it: its table, as a Parquet file.

The file of a survey tool cannot be written again without a person's rows, whatever its layout; what was read from it
can. Rows keep the numbers that they had in the file, so that messages and corrections still mean the same rows.
"""

import io
import json
from dataclasses import asdict

import polars as pl

from cfc_pipeline.errors import StoreError
from cfc_pipeline.sources.raw import RawTable, column_from

_ABOUT = "cfc_pipeline.kept"
_PLAIN = ("tool", "layout", "zone", "warnings", "erased", "shredded", "past", "replaced")


def to_bytes(raw: RawTable) -> bytes:
    about = {name: getattr(raw, name) for name in _PLAIN}
    about["columns"] = [asdict(column) for column in raw.columns]
    about["form"] = [asdict(column) for column in raw.form]
    file = io.BytesIO()
    raw.rows.collect().write_parquet(file, metadata={_ABOUT: json.dumps(about)}, statistics=False)
    return file.getvalue()


def from_bytes(data: bytes) -> RawTable:
    """The table as a reader gave it. StoreError for bytes that `to_bytes` did not write."""
    try:
        about = json.loads(pl.read_parquet_metadata(io.BytesIO(data))[_ABOUT])
        columns = tuple(column_from(one) for one in about.pop("columns"))
        form = tuple(column_from(one) for one in about.pop("form", []))  # versions before this one wrote none
        rows = pl.read_parquet(io.BytesIO(data)).lazy()
        about |= {name: tuple(about.get(name, ())) for name in ("warnings", "past", "replaced")}
        return RawTable(columns=columns, form=form, rows=rows, **about)
    except (KeyError, ValueError, TypeError, pl.exceptions.PolarsError):
        raise StoreError(
            "What was kept of an export cannot be read.",
            where="data/restricted/raw",
            next_step="restore it from a backup that is younger than the last `cfc-pipeline erase`",
        ) from None
