"""People whom rosters list in several cohorts: who moved, and who takes part twice.

A later roster tells that somebody moved when it has them in another cohort that meets at the same time, and lists the
cohort that they were in without them. They then count in the cohort that they moved to, with all that they sent in, and
nowhere else. A roster that says nothing of the cohort from before, such as a file of one cohort only, tells nothing of
that; then they count in both until one does. Cohorts that meet one after another are not left by joining the next.
"""

from collections.abc import Iterable, Mapping

import polars as pl

from cfc_pipeline.intake.fates import REPEATED, STORED, UNCHANGED
from cfc_pipeline.programme import Cohort

_PLACE = ("person", "cohort_id", "file")


def said_about(fates: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """Of one roster's `fates`, every row that says whom it lists, with `person` and `cohort_id`; also if an earlier row
    said the same."""
    here = listed.filter(pl.col("file").is_in(fates["file"].unique().implode()))
    about = here.select("record", "person", cohort_id=pl.coalesce("cohort_id", "replaced_cohort"))
    rows = fates.filter(pl.col("fate").is_in([STORED, UNCHANGED]) | (pl.col("why") == REPEATED))
    return rows.join(about.unique("record"), on="record", maintain_order="left")


def without_moved(
    roster: pl.DataFrame, listed: pl.DataFrame, fates: Iterable[pl.DataFrame], cohorts: list[Cohort]
) -> pl.DataFrame:
    """The roster's rows, one a person and cohort, without cohorts that somebody moved away from; these are in
    `moved_from` of the row where they went."""
    none = pl.lit(None, pl.List(pl.String))
    if roster["person"].is_unique().all():
        return roster.with_columns(moved_from=none)
    said = pl.concat([said_about(rows, listed).select(_PLACE) for rows in fates])
    moves = _moves(roster.filter(~pl.col("person").is_unique()), said, _together(cohorts))
    rest = roster.join(moves, on=["person", "cohort_id"], how="anti", maintain_order="left")
    # Who moved twice goes from the first to where they are now.
    from_ = moves.group_by("person").agg(moved_from=pl.col("cohort_id").sort())
    goes = pl.col("to").list.contains(pl.col("cohort_id"))
    to = moves.group_by("person").agg("to")
    rest = rest.join(from_, on="person", how="left", maintain_order="left")
    rest = rest.join(to, on="person", how="left", maintain_order="left")
    return rest.with_columns(moved_from=pl.when(goes).then("moved_from").otherwise(none)).drop("to")


def _together(cohorts: list[Cohort]) -> pl.DataFrame:
    """cohort_id, to: pairs of cohorts whose terms overlap."""
    pairs = [(a.id, b.id) for a in cohorts for b in cohorts if a is not b and a.start <= b.end and b.start <= a.end]
    return pl.DataFrame(pairs, schema={"cohort_id": pl.String, "to": pl.String}, orient="row")


def _moves(roster: pl.DataFrame, said: pl.DataFrame, together: pl.DataFrame) -> pl.DataFrame:
    """person, cohort_id, to."""
    last = said.group_by("person", "cohort_id").agg(_last=pl.col("file").max())
    covered = said.select("file", "cohort_id").unique()
    there = said.select("person", "file", to="cohort_id").unique()
    now = roster.select("person", "cohort_id").join(last, on=["person", "cohort_id"])
    later = now.join(there, on="person").filter(pl.col("file") > pl.col("_last"))
    told = later.join(covered, on=["file", "cohort_id"], how="semi").join(together, on=["cohort_id", "to"], how="semi")
    return told.select("person", "cohort_id", "to").unique()


def not_listed_any_more(roster: pl.DataFrame, listed: pl.DataFrame, fates: Iterable[pl.DataFrame]) -> int:
    """How many people the newest file about their cohort leaves out, where it lists at least half of those who were
    listed before: a file of a few is an addition. They count, because nobody said that they withdrew."""
    said = pl.concat([said_about(rows, listed).select(_PLACE) for rows in fates])
    newest = said.group_by("cohort_id").agg(newest=pl.col("file").max())
    before = said.join(newest, on="cohort_id").filter(pl.col("file") < pl.col("newest"))
    before = before.select("person", "cohort_id", file="newest").unique()
    before = before.join(roster.filter(~pl.col("withdrawn")), on=["person", "cohort_id"], how="semi")
    # Whoever is in that file under another cohort is not forgotten.
    there = said.select("person", "file", again=True).unique()
    again = before.join(there, on=["person", "file"], how="left").with_columns(pl.col("again").fill_null(False))
    per_cohort = again.group_by("cohort_id").agg(known=pl.len(), again=pl.col("again").sum())
    full = per_cohort.filter(pl.col("again") * 2 >= pl.col("known"))
    return int((full["known"] - full["again"]).sum())


def counts(roster: pl.DataFrame, cohorts: list[Cohort]) -> Mapping[str, int]:
    """How many people moved; take part in cohorts one after another; are listed in cohorts at the same time; agreed and
    did not agree in one file."""
    several = roster.filter(~pl.col("person").is_unique()).select("person", "cohort_id")
    twice = several.join(several.rename({"cohort_id": "to"}), on="person")
    at_once = twice.join(_together(cohorts), on=["cohort_id", "to"], how="semi")["person"].n_unique()
    moved = roster.filter(pl.col("moved_from").is_not_null())["person"].n_unique()
    both_ways = roster.filter("both_ways")["person"].n_unique()
    return {
        "moved": moved,
        "in turn": several["person"].n_unique() - at_once,
        "at once": at_once,
        "both ways": both_ways,
    }
