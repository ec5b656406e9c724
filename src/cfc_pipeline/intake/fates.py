"""What becomes of every row: the ledger that lets nothing be lost and nothing be counted twice.

Each row has a `fate` and a `why`. A null fate is still open; the first verdict on a row stands. Rows that are still
open at the end are accepted, and the warehouse tells whether they are stored (new or changed) or unchanged.
"""

import pandera.errors
import pandera.polars as pa
import polars as pl

from cfc_pipeline.errors import BalanceError

QUARANTINED, EXCLUDED, UNCHANGED, STORED = "quarantined", "excluded", "unchanged", "stored"
REPLACED, REPEATED = "replaced by a later export", "repeated in the file"  # why versions of a row are left out


def open_rows(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(fate=pl.lit(None, pl.String), why=pl.lit("", pl.String))


def exclude(rows: pl.DataFrame, condition: pl.Expr, why: str, fate: str = EXCLUDED) -> pl.DataFrame:
    """Rows that are still open and meet the condition leave here."""
    now = pl.col("fate").is_null() & condition.fill_null(False)
    return rows.with_columns(
        fate=pl.when(now).then(pl.lit(fate)).otherwise("fate"),
        why=pl.when(now).then(pl.lit(why)).otherwise("why"),
    )


def quarantine(rows: pl.DataFrame, contract: pa.DataFrameSchema) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Check open rows against a contract. Returns the rows, and every reason: file, row, record, column, reason.

    Only places and rules are taken from pandera's report; the values in it never leave this function.
    """
    rows = rows.with_row_index("_index")
    open_ = rows.filter(pl.col("fate").is_null())
    try:
        contract.validate(open_, lazy=True)
        failures = pl.DataFrame(schema={"index": pl.Int32, "column": pl.String, "check": pl.String})
    except pandera.errors.SchemaErrors as error:
        failures = error.failure_cases.select("index", "column", "check")
    placed = failures.with_columns(_index=open_["_index"].gather(failures["index"]))
    reasons = (
        placed.join(rows.select("_index", "file", "row", "record"), on="_index")
        .sort("_index", "column", "check")
        .select("file", "row", "record", "column", reason="check")
    )
    # A row with several reasons is one row in the ledger: under its first reason, with all of them in the quarantine.
    first = placed.sort("_index", "column", "check").unique("_index", keep="first").select("_index", "check")
    judged = rows.join(first, on="_index", how="left", maintain_order="left")
    failed = pl.col("check").is_not_null()
    judged = judged.with_columns(
        fate=pl.when(failed).then(pl.lit(QUARANTINED)).otherwise("fate"),
        why=pl.when(failed).then("check").otherwise("why"),
    )
    return judged.drop("_index", "check"), reasons


def deleted_at_the_source(rows: pl.DataFrame, gone: pl.DataFrame) -> pl.DataFrame:
    """Rows whose record a later fetch did not find any more. `gone` has record and file, the fetch that missed it."""
    last = gone.group_by("record").agg(_gone=pl.col("file").max())
    rows = rows.join(last, on="record", how="left", maintain_order="left")
    return exclude(rows, pl.col("file") < pl.col("_gone"), "deleted in the survey tool").drop("_gone")


def taken_back_at_the_source(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows whose record is empty or a test in a later row, which has the last word. `rows` are in order of arrival."""
    ended = rows.with_row_index("_at").filter(pl.col("fate").is_not_null())
    last = ended.group_by("record").agg(_ended=pl.col("_at").max())
    rows = rows.join(last, on="record", how="left", maintain_order="left")
    return exclude(rows, pl.int_range(pl.len()) < pl.col("_ended"), REPLACED).drop("_ended")


def settle_records(rows: pl.DataFrame, content: list[str]) -> pl.DataFrame:
    """One current row for each record, over all files of a survey, among rows that are still open.

    The latest file has the last word. Of rows that say the same as it, the first one to arrive stands for them, so
    that sending a file again changes nothing; the others are unchanged, or repeated when they are in the same file.
    Rows that lost their record's id are nobody's versions of each other: they stay open, for the contract to hold back.
    """
    versions = pl.col("fate").is_null() & pl.col("record").is_not_null()
    settled, rows = rows.filter(~versions), rows.filter(versions)
    if rows["record"].is_unique().all():
        return pl.concat([settled, rows])
    rows = rows.with_columns(_says=pl.struct(content)).sort("file", "row")
    last = pl.col("_says").last().over("record")
    rows = rows.with_columns(_same=pl.col("_says").eq_missing(last), _order=pl.int_range(pl.len()))
    stands = pl.col("_order") == pl.col("_order").filter("_same").min().over("record")
    again = pl.col("file") == pl.col("file").filter("_same").min().over("record")
    rows = exclude(rows, ~pl.col("_same"), REPLACED)
    rows = exclude(rows, ~stands & again, REPEATED)
    rows = exclude(rows, ~stands, "", UNCHANGED)
    return pl.concat([settled, rows.drop("_says", "_same", "_order")])


def with_last_word(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds `said_file` and `said_row`: where a row that counts was last said, which may be in a later file than the one
    that it is taken from. Somebody who said no, then yes, then no again said no, though that row is an old one."""
    same = pl.col("fate").is_in([STORED, UNCHANGED]) | (pl.col("why") == REPEATED)
    place = rows.filter(same).sort("file", "row").group_by("record")
    last = place.agg(said_file=pl.col("file").last(), said_row=pl.col("row").last())
    return rows.join(last, on="record", how="left", maintain_order="left")


def ledger(rows: pl.DataFrame, survey_id: str) -> pl.DataFrame:
    """file, fate, why, rows: refuses when the fates do not add up to the rows that came in."""
    if rows["fate"].null_count():
        raise BalanceError(
            "Some rows were neither stored, unchanged, quarantined nor excluded.",
            where=f"survey {survey_id}, {rows['fate'].null_count()} rows",
            next_step="nothing was written; please report this",
        )
    return rows.group_by("file", "fate", "why").agg(rows=pl.len().cast(pl.Int64)).sort("file", "fate", "why")
