"""Rows of rosters that a later row replaced: which they are, since when, and what stays of them.

The last row about a person and cohort is the one that counts, whichever file it is in. What stays of those before it
says who somebody is and where they were: addresses and codes, which tie together what one person sent in; the cohort,
from which moves are seen; and names, schools and towns that no row which stays has, because comments may mention them
and an erasure looks for them. Decisions, roles, dates and all other columns go. So no table changes, and whoever is
left out of a newer roster stays whole.
"""

from collections.abc import Iterable, Mapping
from datetime import date

import polars as pl

from cfc_pipeline.identity.erased import WHO
from cfc_pipeline.intake.batch import NAMING, File, Intake
from cfc_pipeline.intake.cells import resolve, resolve_known
from cfc_pipeline.intake.corrections import Correction, apply_corrections
from cfc_pipeline.intake.fates import REPLACED
from cfc_pipeline.intake.moves import said_about
from cfc_pipeline.intake.records import used_rows
from cfc_pipeline.programme import FromColumn
from cfc_pipeline.sources.raw import COMPLETE, RECORD, ROW, TEST

_KEPT = (*WHO, "cohort")
_NAMES = tuple(name for name in (*NAMING, "nickname") if name not in _KEPT)


def replaced_rows(intake: Intake, received: Mapping[int, date]) -> pl.DataFrame:
    """file, row, counted, since: rows of which something is left to go. `since` is the day on which the row came that
    replaced them; `counted` ones were enrolments until then, the others were left out as older versions."""
    rosters = [file for file in intake.files if file.survey.kind == "roster"]
    surveys = dict.fromkeys(file.survey.id for file in rosters)
    if not surveys:
        return pl.DataFrame(schema={"file": pl.Int64, "row": pl.Int64, "counted": pl.Boolean, "since": pl.Date})
    rows = pl.concat([_with_people(intake, survey) for survey in surveys]).sort("file", "row")
    following = pl.when("counted").then(_next("person", "cohort_id")).otherwise(_next("survey", "record"))
    # A row that is repeated in its own file is replaced on the day that it came.
    rows = rows.with_columns(by=following).filter(pl.col("by").is_not_null())
    gone = [(file.number, row) for file in rosters for row in (*file.raw.past, *file.raw.replaced)]
    spent = pl.DataFrame(gone, schema={"file": pl.Int64, "row": pl.Int64}, orient="row")
    rows = rows.join(spent, on=["file", "row"], how="anti", maintain_order="left")
    since = pl.col("by").replace_strict(dict(received), return_dtype=pl.Date)
    return rows.select("file", "row", "counted", since=since)


def _next(*group: str) -> pl.Expr:
    return pl.col("file").shift(-1).over(*group)


def _with_people(intake: Intake, survey_id: str) -> pl.DataFrame:
    """A survey's rows that somebody else's could replace, each with the person and cohort that it is about."""
    fates = intake.fates[survey_id]
    rows = said_about(fates, intake.listed).with_columns(counted=True)
    others = fates.filter(why=REPLACED).with_columns(counted=False)
    rows = pl.concat([rows, others], how="diagonal_relaxed")
    return rows.select("file", "row", "record", "counted", "person", "cohort_id", survey=pl.lit(survey_id))


def names_that_stay(
    files: Iterable[File], going: Mapping[int, frozenset[int]], corrections: list[Correction]
) -> dict[str, list[str]]:
    """Field: what rows of rosters say that stay whole. `going` is file: rows."""
    found: dict[str, set[str]] = {field: set() for field in _NAMES}
    for file in (f for f in files if f.survey.kind == "roster"):
        out = [*file.raw.past, *file.raw.replaced, *going.get(file.number, ())]
        stay = _corrected(file, corrections).filter(~pl.col(ROW).is_in(out))
        for field, key in _places(file, _NAMES).items():
            found[field].update(stay[key].drop_nulls())
    return {field: sorted(values) for field, values in found.items()}


def reduced(
    file: File,
    replaced: tuple[int, ...],
    past: tuple[int, ...],
    corrections: list[Correction],
    stays: Mapping[str, list[str]],
) -> pl.DataFrame:
    """The file's rows with what may stay of those that go, as corrected, and `past`, which says of
    which nothing counts."""
    there = file.raw.rows.collect()
    fixed = _corrected(file, corrections)
    going = pl.col(ROW).is_in([*replaced, *past])
    rest = {key: pl.col(f"{key}_fixed") for key in (*_places(file, _KEPT).values(), *_cohort(file))}
    for field, key in _places(file, _NAMES).items():
        cell = pl.col(f"{key}_fixed")
        rest[key] = pl.when(~cell.is_in(stays[field])).then(cell)
    kept = fixed.select(ROW, "record", *(pl.col(key).alias(f"{key}_fixed") for key in rest))
    rows = there.join(kept, on=ROW, how="left", maintain_order="left")
    cells = [c for c in there.columns if c not in (ROW, RECORD, COMPLETE, TEST)]
    return rows.select(
        ROW,
        pl.col("record").alias(RECORD),
        COMPLETE,
        TEST,
        *(pl.when(~going).then(pl.col(c)).otherwise(rest.get(c, pl.lit(None, pl.String))).alias(c) for c in cells),
        past=pl.col(ROW).is_in(past),
    )


def _corrected(file: File, corrections: list[Correction]) -> pl.DataFrame:
    mine = [fix for fix in corrections if fix.survey == file.survey.id]
    rows, _ = apply_corrections(used_rows(file.raw, file.survey), file.raw, mine)
    return rows.collect()


def _cohort(file: File) -> list[str]:
    """Where the entry itself names a column for it."""
    own = file.survey.cohort
    return [resolve_known(file.raw, own.column)] if isinstance(own, FromColumn) else []


def _places(file: File, fields: Iterable[str]) -> dict[str, str]:
    named = {field: file.survey.fields.get(field) for field in fields}
    return {field: key for field, name in named.items() if name and (key := resolve(file.raw, name))}
