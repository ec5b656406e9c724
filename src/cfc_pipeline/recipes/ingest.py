"""Files -> warehouse -> analysts' copy, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from cfc_pipeline import __version__
from cfc_pipeline.errors import ConfigError, ExportError, StoreError, did_you_mean
from cfc_pipeline.identity import approvals
from cfc_pipeline.identity.anonymise import anonymise
from cfc_pipeline.identity.keys import Keys, load_keys, private_folder
from cfc_pipeline.identity.quarantine import write_quarantine
from cfc_pipeline.identity.vault import RawCopy, fingerprint, list_raw, open_raw, seal
from cfc_pipeline.intake.batch import File, Intake, take_in
from cfc_pipeline.intake.corrections import read_corrections
from cfc_pipeline.intake.recognise import assign, missing_columns
from cfc_pipeline.measures.instruments import instrument_rows, item_rows, load_instruments
from cfc_pipeline.measures.scoring import score
from cfc_pipeline.outcomes import estimates
from cfc_pipeline.programme import Cohort, Programme, Scale, Survey
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes.report import FATES, IngestReport, Refused, check_balance, shown
from cfc_pipeline.sources import read_export, read_file
from cfc_pipeline.warehouse.layout import dictionary
from cfc_pipeline.warehouse.snapshot import publish_snapshot
from cfc_pipeline.warehouse.store import Connection, value, writing
from cfc_pipeline.warehouse.write import (
    keep_only,
    known_rows,
    replace_table,
    write_responses,
    write_session_feedback,
)
from schemas.instruments import Instrument
from schemas.tables import TABLES, polars_schema

LEDGER = {"survey_id": pl.String, "file": pl.Int64, "fate": pl.String, "why": pl.String, "rows": pl.Int64}


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
    _check_survey(survey_id, programme)
    corrections = read_corrections(programme.folder / "corrections.csv")

    def copy_for_analysts(con: Connection) -> None:
        publish_snapshot(con, programme.analysis)

    with writing(programme.warehouse, dry_run=dry_run, after=copy_for_analysts) as con:
        sealed = list_raw(programme.restricted, keys)
        _refuse_missing_copies(con, sealed)
        known, lost = _known_files(sealed, programme, keys)
        paths = files if files is not None else _inbox(programme)
        arrivals, refused, repeats = _arrivals(paths, sealed, programme, keys, survey_id)
        intake = take_in(programme, instruments, corrections, known + [a.file for a in arrivals])
        arrivals = [a for a in arrivals if a.file in intake.files]
        if not dry_run:
            for arrival in arrivals:
                _seal(arrival, programme, keys, now.date())
            write_quarantine(programme.restricted, intake.quarantine, keys)
        received = {f.number: now.date() for f in intake.files} | {c.number: c.received_on for c in sealed}
        report = _store(con, intake, programme, instruments, keys, now, received)
    refused = [*lost, *refused, *(Refused(f.name, error) for f, error in intake.refused)]
    report.new_files = shown([a.path.name for a in arrivals], intake.named)
    report.repeats = shown([path.name for path in repeats], intake.named)
    names = shown([r.name for r in refused], intake.named)
    report.refused = [Refused(name, r.error) for name, r in zip(names, refused, strict=True)]
    report.stale_corrections = [c.line for c in corrections if c.line not in intake.used_corrections]
    report.dry_run = dry_run
    if not dry_run:
        _empty_inbox(programme, [*repeats, *(a.path for a in arrivals)])
    return report


# Kind of survey: kinds of instruments whose answers it brings to where they are counted.
_COUNTED = {
    "scale": ("scale", "distribution"),
    "perceived_impact": ("distribution",),
    "session_feedback": ("ratings",),
}


def check_instruments(programme: Programme, instruments: Mapping[str, Instrument]) -> None:
    """Every survey's instruments are known, their item numbers exist, and a survey of its kind counts them."""
    wrong = [
        f"{survey.id}: {mistake}"
        for survey in programme.surveys
        if survey.confirmed
        for scale in survey.scales
        if (mistake := _mistake(survey, scale, instruments))
    ]
    if wrong:
        raise ConfigError(
            "Some surveys name instruments or items that they cannot have.",
            where="; ".join(wrong),
            next_step="mend the entry, or put the instrument into the programme's instruments/ folder",
        )


def _mistake(survey: Survey, scale: Scale, instruments: Mapping[str, Instrument]) -> str:
    key = instruments.get(scale.instrument)
    if key is None:
        return f"no instrument `{scale.instrument}`{did_you_mean(scale.instrument, instruments)}"
    if key.kind not in _COUNTED[survey.kind]:
        return f"`{key.id}` is of kind {key.kind}, which a survey of kind `{survey.kind}` does not count"
    beyond = [item for item in scale.items if item > key.items]
    return f"`{key.id}` has {key.items} items, not {beyond}" if beyond else ""


def _check_survey(survey_id: str | None, programme: Programme) -> None:
    known = [survey.id for survey in programme.surveys if survey.confirmed]
    if survey_id is not None and survey_id not in known:
        raise ConfigError(
            "There is no such survey entry, or it is still a draft.",
            where=f"survey {survey_id}{did_you_mean(survey_id, known)}",
            next_step="name the `id` of a survey in programme.yaml; nothing was taken in",
        )


@dataclass(frozen=True)
class _Arrival:
    """A new file that fits a survey entry."""

    path: Path
    data: bytes
    file: File


def _inbox(programme: Programme) -> list[Path]:
    """Files in the order of their names: of several exports of one survey, the last name has the last word."""
    private_folder(programme.inbox)
    return sorted(p for p in programme.inbox.iterdir() if p.is_file() and not p.name.startswith("."))


def _empty_inbox(programme: Programme, paths: list[Path]) -> None:
    """Files that a person named from elsewhere are theirs to keep or delete."""
    for path in paths:
        if path.resolve().parent == programme.inbox.resolve():
            path.unlink()


def _refuse_missing_copies(con: Connection, sealed: list[RawCopy]) -> None:
    """What a run cannot read again leaves the databases, so a copy that got lost must not look like a withdrawal."""
    known = {number for (number,) in con.execute("SELECT DISTINCT file_number FROM data_quality").fetchall()}
    if missing := sorted(known - {copy.number for copy in sealed}):
        raise StoreError(
            "Sealed copies of files that came in before are missing.",
            where=f"data/restricted/raw, numbers {', '.join(map(str, missing))}",
            next_step="restore them from a backup; if they were deleted on purpose, move data/warehouse.duckdb "
            "away and run `cfc-pipeline ingest`: it is rebuilt without them",
        )


def _known_files(sealed: list[RawCopy], programme: Programme, keys: Keys) -> tuple[list[File], list[Refused]]:
    """Everything that came in before, from its sealed copies. One that fits no entry any more is named."""
    files, lost = [], []
    for copy in sealed:
        try:
            files.append(_recognise(open_raw(copy, keys), copy.name, programme, copy.survey_id, copy.number))
        except ExportError as error:
            lost.append(Refused(copy.name, error))
    return files, lost


def _arrivals(
    paths: list[Path], sealed: list[RawCopy], programme: Programme, keys: Keys, survey_id: str | None
) -> tuple[list[_Arrival], list[Refused], list[Path]]:
    """New files, files that fit no entry, and files that came in before, byte for byte."""
    arrivals: list[_Arrival] = []
    refused, repeats = [], []
    seen = {copy.fingerprint for copy in sealed}
    number = max((copy.number for copy in sealed), default=0)
    for path in paths:
        try:
            data = read_file(path)
            mark = fingerprint(data, keys)
            if mark in seen:
                repeats.append(path)
                continue
            file = _recognise(data, path.name, programme, survey_id, number + 1)
        except ExportError as error:
            refused.append(Refused(path.name, error))
            continue
        seen.add(mark)
        number += 1
        arrivals.append(_Arrival(path, data, file))
    return arrivals, refused, repeats


def _recognise(data: bytes, name: str, programme: Programme, survey_id: str | None, number: int) -> File:
    """Read a file and find its survey entry: the one that was said or found before, if it still fits."""
    confirmed = [s for s in programme.surveys if s.confirmed]
    said = [s for s in confirmed if s.id == survey_id]
    raw = read_export(data, "the file", said[0].tool if said else None)  # its name may hold a person's
    fits = said if said and not missing_columns(raw, said[0]) else confirmed
    return File(name, assign(raw, name, fits), raw, number)


def _seal(arrival: _Arrival, programme: Programme, keys: Keys, today: date) -> None:
    seal(
        programme.restricted,
        keys,
        arrival.data,
        number=arrival.file.number,
        name=arrival.path.name,
        received_on=today,
        survey_id=arrival.file.survey.id,
    )


def _store(
    con: Connection,
    intake: Intake,
    programme: Programme,
    instruments: Mapping[str, Instrument],
    keys: Keys,
    now: datetime,
    received: dict[int, date],
) -> IngestReport:
    """Anonymise and write; score; estimate; and tell what became of every row."""
    safe = anonymise(intake, programme.surveys, programme.cohorts, keys)
    replace_table(con, "cohort", _cohorts(programme.cohorts))
    replace_table(con, "instrument", instrument_rows(instruments))
    replace_table(con, "item", item_rows(instruments))
    replace_table(con, "data_dictionary", dictionary())
    replace_table(con, "participant", safe.participants)
    replace_table(con, "session", safe.sessions)
    accepted = [rows["response_id"] for rows in safe.answers.values()]
    taken_back = keep_only(con, pl.concat(accepted) if accepted else pl.Series(dtype=pl.String))
    secret = keys.purpose("content").hex()
    unchanged = {s: write_responses(con, rows, safe.comments, secret) for s, rows in safe.answers.items()}
    unchanged |= {survey: known_rows(con, survey, rows) for survey, rows in safe.facts.items()}
    comments = approvals.with_states(safe.comments, approvals.read(programme.folder))
    replace_table(con, "comment", comments)
    write_session_feedback(con)
    score(con, instruments)
    estimates.write(con, instruments)
    ledger = _settle(intake.ledger, unchanged)
    check_balance(ledger, intake.rows_in)
    replace_table(con, "data_quality", _quality(ledger, received))
    report = IngestReport(
        run_id=f"{now:%Y%m%dT%H%M%SZ}",
        ledger=ledger,
        reasons=_reasons(intake),
        superseded=value(con, "SELECT count(*) FROM response WHERE status = 'superseded'"),
        taken_back=taken_back,
        comments_waiting=value(con, "SELECT count(*) FROM comment WHERE state = 'waiting'"),
    )
    _note_run(con, report, now)
    return report


def _cohorts(cohorts: list[Cohort]) -> pl.DataFrame:
    rows = [(c.id, c.label, c.academic_year, c.start, c.end, c.region, c.phase) for c in cohorts]
    return pl.DataFrame(rows, schema=polars_schema(TABLES["cohort"]), orient="row")


def _settle(ledgers: list[pl.DataFrame], unchanged: dict[str, dict[int, int]]) -> pl.DataFrame:
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


def _quality(ledger: pl.DataFrame, received: dict[int, date]) -> pl.DataFrame:
    return ledger.select(
        "survey_id",
        file_number="file",
        received_on=pl.col("file").replace_strict(received, return_dtype=pl.Date),
        outcome="fate",
        reason="why",
        rows="rows",
    )


def _reasons(intake: Intake) -> pl.DataFrame:
    """How many rows wait for which reason; the rows themselves are in the quarantine only."""
    every = [q.select("survey_id", "column", "reason") for q in intake.quarantine]
    listed = (
        pl.concat(every) if every else pl.DataFrame(schema=dict.fromkeys(("survey_id", "column", "reason"), pl.String))
    )
    return listed.group_by("survey_id", "column", "reason").agg(rows=pl.len()).sort("survey_id", "column", "reason")


def _note_run(con: Connection, report: IngestReport, now: datetime) -> None:
    sums = report.totals
    files = report.ledger["file"].n_unique()
    note = [report.run_id, now.isoformat(timespec="seconds"), __version__, files, report.rows_in]
    marks = ", ".join("?" * (len(note) + len(FATES)))
    con.execute(f"INSERT INTO pipeline_run VALUES ({marks})", [*note, *(sums[f] for f in FATES)])
