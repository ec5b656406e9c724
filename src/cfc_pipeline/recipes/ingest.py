"""Files -> warehouse -> analysts' copy, in one transaction."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cfc_pipeline.identity.keys import Keys
from cfc_pipeline.identity.known import known_from
from cfc_pipeline.identity.links import write_kept
from cfc_pipeline.identity.quarantine import write_quarantine
from cfc_pipeline.identity.vault import list_raw
from cfc_pipeline.intake import labels_or_numbers
from cfc_pipeline.intake.batch import Intake, take_in
from cfc_pipeline.intake.other_breaks import other_breaks
from cfc_pipeline.intake.recognise import unnamed_columns
from cfc_pipeline.intake.trends import breaks
from cfc_pipeline.intake.versions import versions
from cfc_pipeline.programme import Programme
from cfc_pipeline.recipes import forms, sheets
from cfc_pipeline.recipes.arrivals import (
    Arrival,
    empty_inbox,
    folders,
    inbox,
    known_files,
    new_files,
    refuse_missing_copies,
    seal_arrival,
)
from cfc_pipeline.recipes.basis import Basis, Came, Taken, read_basis
from cfc_pipeline.recipes.editions import refuse_other_editions
from cfc_pipeline.recipes.entries import asked_in_part
from cfc_pipeline.recipes.form_tables import store_forms, stored_versions
from cfc_pipeline.recipes.heartbeat import beating
from cfc_pipeline.recipes.links import Recognised, recognise
from cfc_pipeline.recipes.moved import in_their_places, refuse_unfit, said_to_belong, seal_moved
from cfc_pipeline.recipes.report import IngestReport, Refused, shown
from cfc_pipeline.recipes.storing import store_everything
from cfc_pipeline.recipes.themes import CODED
from cfc_pipeline.warehouse.snapshot import write_analysts_copy
from cfc_pipeline.warehouse.store import Connection, writing


def ingest(
    folder: Path,
    environ: Mapping[str, str],
    *,
    files: list[Path] | None = None,
    survey_id: str | None = None,
    dry_run: bool = False,
    now: datetime | None = None,
) -> IngestReport:
    """Take in `files`, or all of inbox/, and bring the warehouse and the analysts' copy up to date.

    Killed at any instant, the next run finishes the job: a file leaves the inbox only after its sealed copy is on disk
    and the warehouse is committed. With `dry_run` nothing is written or moved, and the report says what would be.
    """
    basis = read_basis(folder, environ, survey_id, now or datetime.now(UTC), dry_run=dry_run)
    programme = basis.programme

    def copy_for_analysts(con: Connection) -> None:
        write_analysts_copy(con, programme.analysis)

    with ExitStack() as until_the_end:
        with writing(programme.warehouse, dry_run=dry_run, after=copy_for_analysts) as con:
            # Once no other run can be writing: what has not ended by now was stopped.
            stopped = "" if dry_run else until_the_end.enter_context(beating(programme.folder, "run"))
            came = _take_in(con, basis, files, survey_id)
            plans = _store_forms(con, basis, came)
            report = store_everything(con, basis, came)
            comments = dict(con.execute("SELECT comment_id, state FROM comment").fetchall())
        _tell(report, basis, came)
        report.plans, report.stopped = plans, stopped
        report.stale_codes = basis.coding.stale(comments)
        if not dry_run:
            to_sort = {comment for comment, state in comments.items() if state in CODED}
            report.unreadable_sheets = sheets.prune(programme.folder, to_sort)
            _empty_inbox(report, basis, came)
    return report


def _take_in(con: Connection, basis: Basis, files: list[Path] | None, survey_id: str | None) -> Came:
    """Read and check every file, those of earlier runs too, and seal the new ones."""
    programme, keys = basis.programme, basis.keys
    sealed = list_raw(programme.restricted, keys)
    refuse_missing_copies(con, sealed)
    moved = said_to_belong(files or [], survey_id, sealed, programme, keys)
    sealed = in_their_places(sealed, moved)
    refuse_other_editions(con, programme, basis.instruments)
    known, lost = known_files(sealed, programme, keys)
    paths = files if files is not None else inbox(programme)
    arrivals, refused, repeats = new_files(paths, sealed, programme, keys, survey_id)
    refused = refused + (folders(programme) if files is None else [])
    files_in = known + [a.file for a in arrivals]
    asked = versions(files_in, basis.decisions)
    intake = take_in(programme, basis.instruments, basis.corrections, files_in, asked.held)
    refuse_unfit(moved, intake)
    recognised = recognise(intake, programme, keys)
    arrivals = [a for a in arrivals if a.file in intake.files]
    if not basis.dry_run:
        _seal(arrivals, intake, recognised, programme, keys, basis.now)
        seal_moved(moved, keys)
    return Came(
        intake,
        recognised,
        asked,
        received={f.number: basis.now.date() for f in intake.files} | {c.number: c.received_on for c in sealed},
        people=known_from(intake.named),
        new=[
            Taken(
                a.file.name,
                a.path,
                warnings=(*a.file.raw.warnings, *labels_or_numbers.notes(a.file, intake.files)),
                left_out=len(unnamed_columns(a.file.raw, a.file.survey)),
            )
            for a in arrivals
        ],
        repeats=[path for path in repeats if path not in moved],
        moved=list(moved),
        refused=[*lost, *refused, *(Refused(f.name, error, known=f in known) for f, error in intake.refused)],
    )


def _seal(
    arrivals: list[Arrival], intake: Intake, recognised: Recognised, programme: Programme, keys: Keys, now: datetime
) -> None:
    for arrival in arrivals:
        seal_arrival(arrival, programme, keys, now.date())
    write_quarantine(programme.restricted, intake.quarantine, keys)
    write_kept(programme.restricted, recognised.kept, keys)


def _store_forms(con: Connection, basis: Basis, came: Came) -> list[forms.Plan]:
    """Which forms came, where they break a trend, and what waits for a decision."""
    programme, accepted = basis.programme, came.intake.accepted
    broken = breaks(came.asked, accepted, programme.cohorts, basis.decisions)
    others = other_breaks(came.asked, accepted, programme)
    plans = forms.plans(came.asked, broken, basis.instruments, stored_versions(con))
    if not basis.dry_run:
        forms.write_plans(programme.restricted, plans, basis.keys)
    store_forms(con, came.asked, broken, others, came.received, came.people)
    return plans


def _empty_inbox(report: IngestReport, basis: Basis, came: Came) -> None:
    paths = [*came.repeats, *came.moved, *(arrival.path for arrival in came.new)]
    for told, left in zip((report.changed, report.left), empty_inbox(basis.programme, paths, basis.keys), strict=True):
        told += shown([path.name for path in left], came.people)


def _tell(report: IngestReport, basis: Basis, came: Came) -> None:
    """What the database does not say: names of files as they may be shown, and decisions that met nothing."""
    report.new_files = shown([one.name for one in came.new], came.people)
    notes = zip(report.new_files, came.new, strict=True)
    report.notes = [f"{name}: {warning}" for name, one in notes for warning in one.warnings]
    left_out = zip(report.new_files, came.new, strict=True)
    report.left_out = {name: one.left_out for name, one in left_out if one.left_out}
    report.repeats = shown([path.name for path in came.repeats], came.people)
    report.moved = shown([path.name for path in came.moved], came.people)
    names = shown([r.name for r in came.refused], came.people)
    report.refused = [replace(r, name=name) for name, r in zip(names, came.refused, strict=True)]
    used = came.intake.used_corrections
    report.stale_corrections = [c.line for c in basis.corrections if c.line not in used]
    report.links, report.stale_links = came.recognised.counts, list(came.recognised.stale)
    report.in_part = asked_in_part(basis.programme, basis.instruments)
    report.dry_run = basis.dry_run
