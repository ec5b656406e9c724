"""Which row is which record: a stable id for every row, whatever the file is called or in which order it is."""

import duckdb
import polars as pl

from cfc_pipeline.intake.cells import resolve
from cfc_pipeline.intake.recognise import columns_of
from cfc_pipeline.programme import Survey
from cfc_pipeline.sources.raw import READER_COLUMNS, RECORD, SUBMITTED, RawTable
from schemas.tables.answers import KINDS as ANSWER_KINDS


def used_rows(raw: RawTable, survey: Survey) -> pl.LazyFrame:
    """The columns that the survey entry uses, and no others, with `record`: the tool's own id of the response.

    Tools without ids (Google Forms, plain tables) get a fingerprint of what the row says, so that reordering changes
    nothing, and an edited row is a new record. Forms that say the same in one file are as many responses: people of a
    session often agree in the same minute. Over all files each counts as often as in the one where it is most often.
    Accepted: an anonymous form that was sent in twice by mistake counts twice; a named person's counts once.

    Lazy, because a large file's cells are wanted as numbers, not as text.
    """
    keys = sorted({key for name in columns_of(survey) if (key := resolve(raw, name))})
    rows = raw.rows.select(*READER_COLUMNS, *keys)
    first = raw.rows.select(RECORD).head(100).collect()
    if first.height and first[RECORD].null_count() < first.height:
        return rows.with_columns(record=RECORD)
    here = rows.collect(engine="streaming")
    here = here.with_columns(record=_fingerprints(here, [SUBMITTED, *keys]))
    return (_numbered(here) if survey.kind in ANSWER_KINDS else here).lazy()


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """The second row that says the same is "row-...-2"."""
    number = pl.int_range(1, pl.len() + 1).over("record").cast(pl.String)
    return rows.with_columns(record=pl.when(number == "1").then("record").otherwise(pl.col("record") + "-" + number))


def _fingerprints(rows: pl.DataFrame, columns: list[str]) -> pl.Series:
    text = pl.concat_str([pl.col(c).fill_null("") for c in columns], separator="\x1f")
    with duckdb.connect() as con:
        con.register("written", rows.select(text=text).to_arrow())
        return con.sql("SELECT 'row-' || left(md5(text), 16) FROM written").pl().to_series()
