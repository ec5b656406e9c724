"""Which row is which record: a stable id for every row, whatever the file is called or in which order it is."""

import duckdb
import polars as pl

from cfc_pipeline.intake.cells import resolve
from cfc_pipeline.intake.recognise import columns_of
from cfc_pipeline.programme import Survey
from cfc_pipeline.sources.raw import READER_COLUMNS, RECORD, SUBMITTED, RawTable


def used_rows(raw: RawTable, survey: Survey) -> pl.DataFrame:
    """The columns that the survey entry uses, and no others: what nobody named never reaches memory for long.

    Adds `record`: the tool's own id of the response. Tools without ids (Google Forms, plain tables) get a fingerprint
    of what the row says, so that reordering changes nothing, and an edited row is a new record.
    """
    keys = sorted({key for name in columns_of(survey) if (key := resolve(raw, name))})
    rows = raw.rows.select(*READER_COLUMNS, *keys).collect(engine="streaming")
    if rows[RECORD].null_count() == 0:
        return rows.with_columns(record=RECORD)
    cells = [pl.col(c).fill_null("") for c in (SUBMITTED, *keys) if c in rows.columns]
    written = rows.select(text=pl.concat_str(cells, separator="\x1f")).to_arrow()
    with duckdb.connect() as con:
        con.register("written", written)
        md5 = con.execute("SELECT 'row-' || left(md5(text), 16) FROM written").fetchnumpy()
    return rows.with_columns(record=pl.coalesce(RECORD, pl.Series(next(iter(md5.values())), dtype=pl.String)))
