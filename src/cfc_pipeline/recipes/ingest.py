"""Files -> warehouse -> analysts' copy, in one transaction."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from cfc_pipeline import __version__
from cfc_pipeline.identity import approvals
from cfc_pipeline.identity.anonymise import anonymise
from cfc_pipeline.identity.keys import Keys, load_keys
from cfc_pipeline.identity.known import Known, known_from
from cfc_pipeline.identity.links import write_kept
from cfc_pipeline.identity.quarantine import write_quarantine
from cfc_pipeline.identity.themes import Coding, read_coding
from cfc_pipeline.identity.vault import list_raw
from cfc_pipeline.intake import moves
from cfc_pipeline.intake.batch import Intake, take_in
from cfc_pipeline.intake.corrections import read_corrections
from cfc_pipeline.intake.form_changes import read_form_changes
from cfc_pipeline.intake.other_breaks import other_breaks
from cfc_pipeline.intake.trends import breaks
from cfc_pipeline.intake.versions import versions
from cfc_pipeline.measures.examples import check_examples
from cfc_pipeline.measures.instruments import instrument_rows, item_rows, load_instruments
from cfc_pipeline.measures.scoring import score
from cfc_pipeline.outcomes import estimates
from cfc_pipeline.outcomes.key_checks import key_checks
from cfc_pipeline.outcomes.sessions import crowded
from cfc_pipeline.programme import Cohort, Programme
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import forms, sheets
from cfc_pipeline.recipes.arrivals import (
    Arrival,
    empty_inbox,
    inbox,
    known_files,
    new_files,
    refuse_missing_copies,
    seal_arrival,
)
from cfc_pipeline.recipes.editions import refuse_other_editions
from cfc_pipeline.recipes.entries import check_instruments, check_named_survey, not_asked, without_risk_items
from cfc_pipeline.recipes.form_tables import store_forms, stored_versions
from cfc_pipeline.recipes.ledger import check_balance, quality_rows, reasons, settled
from cfc_pipeline.recipes.links import Recognised, recognise
from cfc_pipeline.recipes.report import IngestReport, Refused, shown
from cfc_pipeline.recipes.themes import CODED, store_themes
from cfc_pipeline.warehouse.layout import dictionary
from cfc_pipeline.warehouse.snapshot import write_analysts_copy
from cfc_pipeline.warehouse.store import Connection, value, writing
from cfc_pipeline.warehouse.write import (
    keep_only,
    known_rows,
    replace_table,
    write_responses,
    write_session_feedback,
)
from schemas.instruments import Instrument
from schemas.tables import FATES, TABLES, polars_schema


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
    now = now or datetime.now(UTC)
    programme = load_programme(folder)
    keys = load_keys(programme.restricted, environ)
    instruments = load_instruments(programme.folder / "instruments")
    check_instruments(programme, instruments)
    check_examples(programme.folder / "instruments", instruments.values())
    programme = without_risk_items(programme, instruments)
    check_named_survey(survey_id, programme)
    corrections = read_corrections(programme.folder / "corrections.csv")
    decisions = read_form_changes(programme.folder)
    coding = read_coding(programme.folder)

    def copy_for_analysts(con: Connection) -> None:
        write_analysts_copy(con, programme.analysis)

    with writing(programme.warehouse, dry_run=dry_run, after=copy_for_analysts) as con:
        sealed = list_raw(programme.restricted, keys)
        refuse_missing_copies(con, sealed)
        refuse_other_editions(con, programme, instruments)
        known, lost = known_files(sealed, programme, keys)
        paths = files if files is not None else inbox(programme)
        arrivals, refused, repeats = new_files(paths, sealed, programme, keys, survey_id)
        files_in = known + [a.file for a in arrivals]
        asked = versions(files_in, decisions)
        intake = take_in(programme, instruments, corrections, files_in, asked.held)
        recognised = recognise(intake, programme, keys)
        arrivals = [a for a in arrivals if a.file in intake.files]
        if not dry_run:
            _seal(arrivals, intake, recognised, programme, keys, now)
        broken = breaks(asked, intake.accepted, programme.cohorts, decisions)
        others = other_breaks(asked, intake.accepted, programme)
        plans = forms.plans(asked, broken, instruments, stored_versions(con))
        if not dry_run:
            forms.write_plans(programme.restricted, plans, keys)
        received = {f.number: now.date() for f in intake.files} | {c.number: c.received_on for c in sealed}
        people = known_from(intake.named)
        store_forms(con, asked, broken, others, received, people)
        new = [(a.file.name, a.path) for a in arrivals]
        del arrivals, known, files_in  # the bytes of all files: nothing reads them any more
        report = _store(con, intake, recognised, programme, instruments, keys, people, now, received, coding)
        listed = con.execute("SELECT comment_id, state FROM comment").fetchall()
    refused = [*lost, *refused, *(Refused(f.name, error) for f, error in intake.refused)]
    report.new_files = shown([name for name, _ in new], people)
    report.repeats = shown([path.name for path in repeats], people)
    names = shown([r.name for r in refused], people)
    report.refused = [Refused(name, r.error) for name, r in zip(names, refused, strict=True)]
    report.stale_corrections = [c.line for c in corrections if c.line not in intake.used_corrections]
    report.links, report.stale_links = recognised.counts, list(recognised.stale)
    report.stale_codes = coding.stale(comment for comment, _ in listed)
    report.plans = plans
    report.dry_run = dry_run
    if not dry_run:
        to_sort = {comment for comment, state in listed if state in CODED}
        report.unreadable_sheets = sheets.prune(programme.folder, to_sort)
        empty_inbox(programme, [*repeats, *(path for _, path in new)])
    return report


def _seal(
    arrivals: list[Arrival], intake: Intake, recognised: Recognised, programme: Programme, keys: Keys, now: datetime
) -> None:
    for arrival in arrivals:
        seal_arrival(arrival, programme, keys, now.date())
    write_quarantine(programme.restricted, intake.quarantine, keys)
    write_kept(programme.restricted, recognised.kept, keys)


def _store(
    con: Connection,
    intake: Intake,
    recognised: Recognised,
    programme: Programme,
    instruments: Mapping[str, Instrument],
    keys: Keys,
    people: Known,
    now: datetime,
    received: dict[int, date],
    coding: Coding,
) -> IngestReport:
    """Anonymise and write; score; estimate; and tell what became of every row."""
    several = moves.counts(intake.roster, programme.cohorts)
    safe = anonymise(intake, programme.surveys, programme.cohorts, keys, people)
    intake.forget()
    replace_table(con, "cohort", _cohorts(programme.cohorts))
    replace_table(con, "instrument", instrument_rows(instruments))
    replace_table(con, "item", item_rows(instruments))
    replace_table(con, "data_dictionary", dictionary())
    replace_table(con, "participant", safe.participants)
    replace_table(con, "link", recognised.table)
    replace_table(con, "session", safe.sessions)
    taken_back = keep_only(con, safe.response_ids())
    secret = keys.purpose("content").hex()
    # Each survey's rows are let go as soon as they are written.
    unchanged = {s: write_responses(con, safe.answers.pop(s), safe.comments, secret) for s in list(safe.answers)}
    replace_table(con, "unanswered", safe.unanswered)
    unchanged |= {survey: known_rows(con, survey, rows) for survey, rows in safe.facts.items()}
    comments = approvals.with_states(safe.comments, approvals.read(programme.folder), people)
    replace_table(con, "comment", comments)
    store_themes(con, coding, safe.comments, comments, people)
    write_session_feedback(con)
    score(con, instruments, not_asked(programme, instruments))
    estimates.write(con, instruments, programme.role_groups, programme.reliable_change, programme.attended_often)
    ledger = settled(intake.ledger, unchanged)
    check_balance(ledger, intake.rows_in)
    replace_table(con, "data_quality", quality_rows(ledger, received))
    held = reasons(intake.quarantine)
    outside = held.filter(pl.col("reason").str.contains("outside"))["survey_id"].unique().to_list()
    report = IngestReport(
        run_id=f"{now:%Y%m%dT%H%M%SZ}",
        ledger=ledger,
        reasons=held,
        doubts=key_checks(con, instruments, outside),
        several=dict(several),
        crowded=[f"{cohort} session {session}" for cohort, session in crowded(con)],
        superseded=value(con, "SELECT count(*) FROM response WHERE status = 'superseded'"),
        taken_back=taken_back,
        comments_waiting=value(con, "SELECT count(*) FROM comment WHERE state = 'waiting'"),
    )
    _note_run(con, report, now)
    return report


def _cohorts(cohorts: list[Cohort]) -> pl.DataFrame:
    rows = [(c.id, c.label, c.academic_year, c.start, c.end, c.region, c.phase) for c in cohorts]
    return pl.DataFrame(rows, schema=polars_schema(TABLES["cohort"]), orient="row")


def _note_run(con: Connection, report: IngestReport, now: datetime) -> None:
    sums = report.totals
    files = report.ledger["file"].n_unique()
    note = [report.run_id, now.isoformat(timespec="seconds"), __version__, files, report.rows_in]
    columns = list(polars_schema(TABLES["pipeline_run"]))
    marks = ", ".join("?" * len(columns))
    con.execute(
        f"INSERT INTO pipeline_run ({', '.join(columns)}) VALUES ({marks})", [*note, *(sums[fate] for fate in FATES)]
    )
