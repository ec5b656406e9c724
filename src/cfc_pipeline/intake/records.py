"""Which row is which record: a stable id for every row, whatever the file is called or in which order it is."""

import duckdb
import polars as pl

from cfc_pipeline.intake.cells import resolve
from cfc_pipeline.intake.recognise import columns_of
from cfc_pipeline.programme import Survey
from cfc_pipeline.sources.raw import READER_COLUMNS, RECORD, SUBMITTED, RawTable
from schemas.tables.answers import KINDS as ANSWER_KINDS

_OURS = "row-"  # how ids begin that are made here


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


def as_before(before: list[pl.DataFrame], now: pl.DataFrame) -> pl.DataFrame:
    """Canonical rows with the ids that they had in frames `before`, where a spreadsheet has only written them
    otherwise: a time without its seconds, `4.0` for `4`. Only rows without an id of the tool's that say when they came.

    A row that is there as it was, stays; another one takes the place of one that is not in this file any more, and says
    the same in the same minute. Risk accepted: of an anonymous form, a file whose earlier version was shredded already,
    so that only its days are known, is not seen to be the same.
    """
    ours = pl.col("record").str.starts_with(_OURS) & pl.col("submitted_at").is_not_null()
    then = [rows.filter(ours, ~pl.col("record").is_in(now["record"].implode())) for rows in before]
    if not any(rows.height for rows in then):
        return now
    known = pl.concat([rows["record"] for rows in before])
    fresh = _like_each_other(now.filter(ours, ~pl.col("record").is_in(known.implode())))
    gone = _like_each_other(pl.concat(then, how="diagonal_relaxed").unique("record", keep="last", maintain_order=True))
    same = fresh.join(gone, on="like", suffix="_was").select("record", "record_was", "submitted_at_was")
    now = now.join(same, on="record", how="left", maintain_order="left")
    return now.with_columns(
        record=pl.coalesce("record_was", "record"), submitted_at=pl.coalesce("submitted_at_was", "submitted_at")
    ).drop("record_was", "submitted_at_was")


def _like_each_other(rows: pl.DataFrame) -> pl.DataFrame:
    """record, submitted_at, like: what a row says, and how many rows above it say the same."""
    answers = sorted(column for column in rows.columns if ":" in column)
    minute = pl.col("submitted_at").dt.truncate("1m")
    told = [minute, *map(pl.col, ("person", "cohort_id", "time_point", "session_number", *answers))]
    words = [one.cast(pl.String).str.replace_all(r"\s+", " ").fill_null("") for one in told]
    rows = rows.select("record", "submitted_at", says=pl.concat_str(words, separator="\x1f"))
    place = pl.int_range(pl.len()).over("says").cast(pl.String)
    return rows.select("record", "submitted_at", like=pl.col("says") + "\x1f" + place)


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """The second row that says the same is "row-...-2"."""
    number = pl.int_range(1, pl.len() + 1).over("record").cast(pl.String)
    return rows.with_columns(record=pl.when(number == "1").then("record").otherwise(pl.col("record") + "-" + number))


def _fingerprints(rows: pl.DataFrame, columns: list[str]) -> pl.Series:
    text = pl.concat_str([pl.col(c).fill_null("") for c in columns], separator="\x1f")
    with duckdb.connect() as con:
        con.register("written", rows.select(text=text).to_arrow())
        return con.sql(f"SELECT '{_OURS}' || left(md5(text), 16) FROM written").pl().to_series()
