"""What became of every row of every file, and that nothing is lost or counted twice."""

from datetime import date

import polars as pl

from cfc_pipeline.errors import BalanceError

LEDGER = {"survey_id": pl.String, "file": pl.Int64, "fate": pl.String, "why": pl.String, "rows": pl.Int64}


def settled(ledgers: list[pl.DataFrame], unchanged: dict[str, dict[int, int]]) -> pl.DataFrame:
    """The ledger, with the accepted rows told apart: new or changed, or known already."""
    ledger = pl.concat(ledgers).select(*LEDGER) if ledgers else pl.DataFrame(schema=LEDGER)
    known = pl.DataFrame(
        [(survey, file, rows) for survey, files in unchanged.items() for file, rows in files.items()],
        schema={"survey_id": pl.String, "file": pl.Int64, "known": pl.Int64},
        orient="row",
    )
    accepted = ledger.filter(fate="stored").join(known, on=["survey_id", "file"], how="left")
    new = accepted.with_columns(rows=pl.col("rows") - pl.col("known").fill_null(0)).select(*LEDGER)
    same = accepted.filter(pl.col("known") > 0).with_columns(fate=pl.lit("unchanged"), rows="known").select(*LEDGER)
    every = pl.concat([ledger.filter(pl.col("fate") != "stored"), new, same])
    summed = every.group_by("survey_id", "file", "fate", "why").agg(pl.col("rows").sum())
    return summed.filter(pl.col("rows") != 0).select(*LEDGER).sort("file", "fate", "why")


def quality_rows(ledger: pl.DataFrame, received: dict[int, date]) -> pl.DataFrame:
    """Rows of `data_quality`; `received` is the day of arrival of each file number."""
    return ledger.select(
        "survey_id",
        file_number="file",
        received_on=pl.col("file").replace_strict(received, return_dtype=pl.Date),
        outcome="fate",
        reason="why",
        rows="rows",
    )


def reasons(quarantine: list[pl.DataFrame]) -> pl.DataFrame:
    """How many rows wait for which reason; the rows themselves are in the quarantine only."""
    every = [q.select("survey_id", "column", "reason") for q in quarantine]
    listed = (
        pl.concat(every) if every else pl.DataFrame(schema=dict.fromkeys(("survey_id", "column", "reason"), pl.String))
    )
    return listed.group_by("survey_id", "column", "reason").agg(rows=pl.len()).sort("survey_id", "column", "reason")


def check_balance(ledger: pl.DataFrame, rows_in: dict[int, int]) -> None:
    """rows in = stored + unchanged + quarantined + excluded, for every file. Refuses before anything is committed."""
    told = dict(ledger.group_by("file").agg(pl.col("rows").sum()).iter_rows())
    wrong = sorted(number for number, rows in rows_in.items() if told.get(number, 0) != rows)
    if wrong:
        raise BalanceError(
            "The rows of some files do not add up.",
            where=f"files {wrong}",
            next_step="nothing was written; please report this as a defect of cfc-pipeline",
        )
