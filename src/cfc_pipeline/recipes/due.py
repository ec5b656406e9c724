"""Whose questionnaire is still to come, by cohort and time point: so that somebody can be reminded.

A time point is open in a cohort once the first person of it has answered. Who is due is told from the sealed rosters,
for the manager's eyes; the databases, which analysts read, hold no list of people to chase.
"""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from cfc_pipeline.identity.keys import Keys, load_keys
from cfc_pipeline.identity.pseudonyms import pseudonyms
from cfc_pipeline.identity.vault import list_raw
from cfc_pipeline.intake.batch import take_in
from cfc_pipeline.intake.corrections import read_corrections
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.programme import Programme
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes.arrivals import known_files
from cfc_pipeline.warehouse.store import reading
from schemas.tables import TIME_POINTS

_FORMS = ["cohort_id", "kind", "time_point"]
_ANSWERED = """
    SELECT DISTINCT cohort_id, kind, time_point, participant_id AS who
    FROM response JOIN participant USING (participant_id, cohort_id)
    WHERE on_roster AND status = 'counted' AND time_point IS NOT NULL AND list_contains($surveys, survey_id)
"""


def counted(folder: Path, environ: Mapping[str, str]) -> pl.DataFrame:
    """cohort_id, kind, time_point, asked, answered, due: numbers of people who agreed and did not withdraw."""
    every = _everybody(folder, environ)
    sums = [pl.len().alias("asked"), pl.col("answered").sum(), pl.col("answered").not_().sum().alias("due")]
    return every.group_by(_FORMS, maintain_order=True).agg(sums)


def named(folder: Path, environ: Mapping[str, str]) -> pl.DataFrame:
    """cohort_id, kind, time_point, name, email, code of everybody who is due. Personal."""
    return _everybody(folder, environ).filter(~pl.col("answered")).select(*_FORMS, "name", "email", "code")


def _everybody(folder: Path, environ: Mapping[str, str]) -> pl.DataFrame:
    """A row for each person and each form that is open in their cohort, and whether they `answered` it."""
    programme = load_programme(folder)
    # Who answers under a code of their own cannot be told from who does not answer.
    surveys = [s.id for s in programme.surveys if s.person and s.person.by in ("email", "code")]
    with reading(programme.analysis) as con:
        answered = con.execute(_ANSWERED, {"surveys": surveys}).pl()
    people = _people(programme, load_keys(programme.restricted, environ))
    every = people.join(answered.select(_FORMS).unique(), on="cohort_id")
    every = every.join(answered.with_columns(answered=True), on=[*_FORMS, "who"], how="left")
    order = pl.col("time_point").cast(pl.Enum(TIME_POINTS))
    return every.with_columns(pl.col("answered").fill_null(False)).sort("cohort_id", "kind", order, "name", "who")


def _people(programme: Programme, keys: Keys) -> pl.DataFrame:
    """cohort_id, who, name, email, code of everybody on the rosters whose answers are wanted."""
    rosters = {None, *(survey.id for survey in programme.surveys if survey.kind == "roster")}
    copies = [copy for copy in list_raw(programme.restricted, keys) if copy.survey_id in rosters]
    files = [file for file in known_files(copies, programme, keys)[0] if file.survey.kind == "roster"]
    corrections = read_corrections(programme.folder / "corrections.csv")
    instruments = load_instruments(programme.folder / "instruments")
    roster = take_in(programme, instruments, corrections, files).roster.filter("consented", ~pl.col("withdrawn"))
    who = pseudonyms(roster["person"], keys.purpose("person"), "p-").alias("who")
    return roster.select("cohort_id", who, "name", "email", "code")
