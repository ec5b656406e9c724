"""Raw input of answers that was kept for its time: what results need of it stays, and the rest is overwritten.

A file of answers is due some months after it arrived and all its cohorts have ended. Then its people become stand-ins
(identity/shredded.py), times days, comments what redaction left of them, and rows that did not count keep nothing but
their record's id. Results stay exactly as they were, and so do corrections, links and decisions that were made. Rows in
quarantine can go earlier. Files of one survey go in the order of their arrival, so that an old row never comes back
because the row that replaced it went first; one whose form waits for a decision, and those after it, wait too.

Of rosters, rows go that a later row replaced (replaced.py). The last row about a person and cohort stays: it says who
agreed, who withdrew, and whose names to look for in comments. So do codes that people made themselves, by which they
are recognised.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from cfc_pipeline.identity.keys import load_keys
from cfc_pipeline.identity.vault import RawCopy, list_raw
from cfc_pipeline.intake.batch import File, Intake, take_in
from cfc_pipeline.intake.corrections import read_corrections
from cfc_pipeline.intake.fates import QUARANTINED
from cfc_pipeline.intake.form_changes import read_form_changes
from cfc_pipeline.intake.versions import versions
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.programme import Programme, Survey
from cfc_pipeline.recipes.arrivals import known_files
from cfc_pipeline.recipes.entries import without_risk_items
from cfc_pipeline.recipes.replaced import replaced_rows
from schemas.tables.answers import KINDS as ANSWER_KINDS


@dataclass(frozen=True)
class DueCopy:
    """A copy of which something goes: all that is personal (`whole`), `rows` of it that wait in quarantine, or rows of
    a roster that later ones `replaced`, with `rows` that were older versions of one response."""

    copy: RawCopy
    file: File
    # When its time began: the day it arrived; for a whole copy, its last cohort ended if that is later; for a roster,
    # the last of these rows was replaced.
    since: date
    months: int
    whole: bool
    rows: tuple[int, ...]
    replaced: tuple[int, ...] = ()


@dataclass
class DueInput:
    """Due copies, and the pass over all files by which they were found. Personal."""

    copies: list[DueCopy]
    programme: Programme
    intake: Intake

    def files(self) -> list[File]:
        return [one.file for one in self.copies]


def after_months(day: date, months: int) -> date:
    """The same day of a later month, or its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def due_input(programme: Programme, environ: Mapping[str, str], today: date) -> DueInput:
    """What is past the time that `policy: retention` gives raw input and quarantine."""
    policy = programme.policy.retention
    shortest = min((months for months in (policy.raw_input, policy.quarantine, policy.rosters) if months), default=None)
    if shortest is None:
        return DueInput([], programme, Intake())
    keys = load_keys(programme.restricted, environ)
    copies = list_raw(programme.restricted, keys)
    if not any(after_months(copy.received_on, shortest) <= today for copy in copies):
        return DueInput([], programme, Intake())
    instruments = load_instruments(programme.folder / "instruments")
    programme = without_risk_items(programme, instruments)
    files, _ = known_files(copies, programme, keys)
    held = versions(files, read_form_changes(programme.folder)).held
    corrections = read_corrections(programme.folder / "corrections.csv")
    intake = take_in(programme, instruments, corrections, files, held)
    by_number = {file.number: file for file in intake.files}
    found: list[DueCopy] = []
    for survey in (s for s in programme.surveys if s.kind in ANSWER_KINDS):
        theirs = [copy for copy in copies if copy.survey_id == survey.id]
        found += _due_of(survey, theirs, by_number, intake, programme, today)
    if policy.rosters:
        found += _due_rosters(copies, by_number, intake, policy.rosters, today)
    return DueInput(found, programme, intake)


def _due_rosters(
    copies: list[RawCopy], files: Mapping[int, File], intake: Intake, months: int, today: date
) -> list[DueCopy]:
    rows = replaced_rows(intake, {copy.number: copy.received_on for copy in copies})
    rows = rows.filter(pl.Series([after_months(day, months) <= today for day in rows["since"]], dtype=pl.Boolean))
    found = []
    for copy in copies:
        theirs = rows.filter(file=copy.number)
        if theirs.height:
            counted, others = (tuple(theirs.filter(counted=which)["row"]) for which in (True, False))
            since = max(theirs["since"])
            found.append(DueCopy(copy, files[copy.number], since, months, False, others, counted))
    return found


def _due_of(
    survey: Survey,
    copies: list[RawCopy],
    files: Mapping[int, File],
    intake: Intake,
    programme: Programme,
    today: date,
) -> list[DueCopy]:
    """Of one survey's copies, in the order of their arrival."""
    policy, found = programme.policy.retention, []
    in_order = policy.raw_input is not None
    for copy in copies:
        if copy.number not in files or files[copy.number].survey.id != survey.id or copy.number in intake.held:
            break
        file = files[copy.number]
        if file.raw.shredded:
            continue
        fates = intake.fates[survey.id].filter(file=copy.number)
        since = _since(copy, file, intake, programme)
        in_order = in_order and after_months(since, policy.raw_input or 0) <= today
        if policy.raw_input and in_order:
            found.append(DueCopy(copy, file, since, policy.raw_input, True, ()))
        elif policy.quarantine and after_months(copy.received_on, policy.quarantine) <= today:
            waiting = tuple(fates.filter(fate=QUARANTINED)["row"])
            if waiting:
                found.append(DueCopy(copy, file, copy.received_on, policy.quarantine, False, waiting))
    return found


def _since(copy: RawCopy, file: File, intake: Intake, programme: Programme) -> date:
    here = set(intake.accepted[file.survey.id].filter(file=copy.number)["cohort_id"])
    return max([copy.received_on, *(cohort.end for cohort in programme.cohorts if cohort.id in here)])
