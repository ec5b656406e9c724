"""A new export, or a survey in its tool -> a draft of its survey entry, for a person to confirm."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from cfc_pipeline.errors import ConfigError, did_you_mean
from cfc_pipeline.intake.draft import draft_text, suggested_id
from cfc_pipeline.intake.finding import Finding
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.programme import FETCHED, Fetch
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes.fetch import connect
from cfc_pipeline.sources import TITLES, read_export, read_file
from cfc_pipeline.sources.apis.api import APIS
from cfc_pipeline.sources.fetched import Fetched, raw_table, settled
from cfc_pipeline.sources.raw import RawTable
from cfc_pipeline.sources.web import known_shape


@dataclass(frozen=True)
class Draft:
    path: Path
    text: str


def draft(folder: Path, file: Path, *, dry_run: bool = False) -> Draft:
    """Write drafts/<id>.yaml in the programme's `folder`; an earlier draft is never overwritten.

    ExportError when the file cannot be read. Messages and the draft say "the file": its name may hold a person's.
    """
    return _write(folder, read_export(read_file(file), "the file"), dry_run=dry_run)


def draft_fetched(folder: Path, environ: Mapping[str, str], tool: str, fetch: Fetch, *, dry_run: bool = False) -> Draft:
    """The same from a survey in its tool. All its responses are looked at; none is kept."""
    if tool not in FETCHED:
        raise ConfigError(
            f"There is no connector for this tool{did_you_mean(tool, FETCHED)}",
            where="--tool",
            next_step=f"use one of {', '.join(FETCHED)}, or download a file and draft from that",
        )
    web = connect(tool, fetch, environ)
    with known_shape(TITLES[tool]):
        form = APIS[tool].questionnaire(web, fetch.survey)
        found = settled(APIS[tool].responses(web, fetch.survey, form, {column.key for column in form}, None))
    raw = raw_table(Fetched(tool, "", True, None, found.zone, form, found.rows))
    return _write(folder, raw, fetch, dry_run=dry_run)


def _write(folder: Path, raw: RawTable, fetch: Fetch | None = None, *, dry_run: bool) -> Draft:
    programme = load_programme(folder)
    found = Finding(raw, programme, load_instruments(folder / "instruments"))
    drafts = folder / "drafts"
    wanted = suggested_id(found)
    taken = {survey.id for survey in programme.surveys} | {path.stem for path in drafts.glob("*")}
    survey_id = next(name for n in count(1) if (name := f"{wanted}-{n}" if n > 1 else wanted) not in taken)
    written = Draft(drafts / f"{survey_id}.yaml", draft_text(found, survey_id, fetch))
    if not dry_run:
        drafts.mkdir(exist_ok=True)
        with written.path.open("x", encoding="utf-8") as out:
            out.write(written.text)
    return written
