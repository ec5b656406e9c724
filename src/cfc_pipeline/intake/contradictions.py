"""Where rosters do not say one thing: people who agreed and did not, and addresses of two people. Personal throughout.

Better left out than kept wrongly. In one file no row is later than another, because people sort files: somebody who
agreed in one row and not in the other has not agreed, unless the rows say when. And a row that waits in quarantine, but
does not plainly say yes, takes back what an earlier row said.
"""

import polars as pl
import polars.selectors as cs

_TITLE = r"^((mr|mrs|ms|miss|mx|dr|prof|professor|sir|dame|rev|revd|fr|sr|canon)\b\.?\s*)+"
_ROW = ("person", "cohort_id", "said_file")
_YES = ("consented", "shares", "quotes")


def own_address(email: str, name: str) -> pl.Expr:
    """Whether nobody else in this file has the row's address: another surname, or another initial."""
    return (pl.col(email).is_null() | (_called(name).drop_nulls().n_unique().over(email) < 2)).alias("own_address")


def _called(name: str) -> pl.Expr:
    """Initial and last name, of `Ann Lee`, `Dr. A. Lee` and `Lee, Ann`."""
    plain = pl.col(name).str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
    plain = plain.str.replace(r"^([^,]+),(.+)$", "${2} ${1}").str.strip_chars().str.replace(_TITLE, "")
    words = plain.str.extract_all(r"[\p{L}\p{N}]+")
    return words.list.first().str.slice(0, 1) + words.list.last()


def both_ways(roster: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """`roster`, the last row of each person and cohort, with what all rows of that file say. Who did not agree in one
    has not agreed; where they say when people agreed, the latest decide. `both_ways` says of whom it is unclear.
    """
    several = listed.join(roster.select(_ROW), on=_ROW, how="semi").filter(pl.struct(_ROW).is_duplicated())
    on = pl.col("consented_on")
    dated = on.is_not_null().all()
    counting = several.filter(~dated.over(_ROW) | (on == on.max().over(_ROW)))
    said = counting.group_by(_ROW).agg(on.last(), pl.col(_YES).min())
    unlike = [pl.col(one).drop_nulls().n_unique() > 1 for one in (*_YES, "withdrawn")]
    both_ways = unlike.pop() | (pl.any_horizontal(unlike) & ~dated)
    said = said.join(several.group_by(_ROW).agg(pl.col("withdrawn").any(), both_ways=both_ways), on=_ROW)
    roster = roster.join(said, on=_ROW, how="left", maintain_order="left", suffix="_said")
    decided = [pl.coalesce(f"{one}_said", one).alias(one) for one in (*_YES, "withdrawn", "consented_on")]
    return roster.with_columns(*decided, pl.col("both_ways").fill_null(False)).select(~cs.ends_with("_said"))


def in_doubt(roster: pl.DataFrame, held: pl.DataFrame, cohorts: list[str]) -> pl.DataFrame:
    """`roster` without the consent of people about whom a later row waits in quarantine that does not plainly say yes.

    One whose cohort nobody knows is about the person in every cohort.
    """
    doubts = held.filter(pl.col("withdrawn") | ~pl.col("consented").fill_null(False))
    if doubts.is_empty() or roster.is_empty():
        return roster
    where = pl.when(pl.col("cohort_id").is_in(cohorts)).then("cohort_id")
    told = doubts.select("withdrawn", "file", "row", where=where, key=pl.concat_list("email", "code"))
    told = told.explode("key").drop_nulls("key")
    known = pl.concat_list("email", "code").list.concat(pl.col("also").fill_null([]))
    keys = roster.with_row_index("_at").select("_at", "cohort_id", "said_file", "said_row", key=known)
    found = (
        keys.explode("key")
        .join(told, on="key")
        .filter(
            pl.col("where").is_null() | (pl.col("where") == pl.col("cohort_id")),
            (pl.col("file") > pl.col("said_file"))
            | ((pl.col("file") == pl.col("said_file")) & (pl.col("row") != pl.col("said_row"))),
        )
    )
    at = pl.int_range(pl.len())
    gone = found.filter("withdrawn")["_at"]
    return roster.with_columns(
        pl.col("consented") & ~at.is_in(found["_at"].implode()), pl.col("withdrawn") | at.is_in(gone.implode())
    )
