"""What one run of ingest goes by, and what came in, as its steps hand them on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from cfc_pipeline.identity.keys import Keys, load_keys
from cfc_pipeline.identity.known import Known
from cfc_pipeline.identity.themes import Coding, read_coding
from cfc_pipeline.intake.batch import Intake
from cfc_pipeline.intake.corrections import Correction, read_corrections
from cfc_pipeline.intake.form_changes import Decisions, read_form_changes
from cfc_pipeline.intake.versions import Versions
from cfc_pipeline.measures.examples import check_examples
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.programme import Programme
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes.entries import check_instruments, check_named_survey, without_risk_items
from cfc_pipeline.recipes.links import Recognised
from cfc_pipeline.recipes.report import Refused
from schemas.instruments import Instrument


@dataclass(frozen=True)
class Basis:
    """What a run goes by, whatever comes in."""

    programme: Programme
    keys: Keys
    instruments: Mapping[str, Instrument]
    corrections: list[Correction]
    decisions: Decisions
    coding: Coding
    now: datetime
    dry_run: bool


@dataclass(frozen=True)
class Taken:
    """What is told of a new file."""

    name: str
    path: Path
    warnings: tuple[str, ...]
    left_out: int  # columns that people filled in and no survey entry names


@dataclass(frozen=True)
class Came:
    """What came in, and what is told of its files; their bytes are let go."""

    intake: Intake
    recognised: Recognised
    asked: Versions
    received: dict[int, date]  # day of arrival of each file number
    people: Known
    new: list[Taken]
    repeats: list[Path]
    moved: list[Path]  # came in before, under another survey entry
    refused: list[Refused]


def read_basis(
    folder: Path, environ: Mapping[str, str], survey_id: str | None, now: datetime, *, dry_run: bool
) -> Basis:
    programme = load_programme(folder)
    keys = load_keys(programme.restricted, environ)
    instruments = load_instruments(programme.folder / "instruments")
    check_instruments(programme, instruments)
    check_examples(programme.folder / "instruments", instruments.values())
    programme = without_risk_items(programme, instruments)
    check_named_survey(survey_id, programme)
    return Basis(
        programme,
        keys,
        instruments,
        corrections=read_corrections(programme.folder / "corrections.csv"),
        decisions=read_form_changes(programme.folder),
        coding=read_coding(programme.folder),
        now=now,
        dry_run=dry_run,
    )
