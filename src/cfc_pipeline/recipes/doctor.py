"""What a person would check before trusting an installation, checked."""

import stat
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from cfc_pipeline.errors import PipelineError
from cfc_pipeline.identity.erased import read_erased
from cfc_pipeline.identity.keys import load_keys
from cfc_pipeline.identity.vault import list_raw
from cfc_pipeline.measures.examples import check_examples
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.outcomes.key_checks import key_checks
from cfc_pipeline.programme import Programme, Survey
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import certificate, sheets
from cfc_pipeline.recipes.entries import asked_in_part, check_instruments, left_out
from cfc_pipeline.recipes.fetch import ask, kept_fetches
from cfc_pipeline.recipes.heartbeat import missed
from cfc_pipeline.recipes.plurals import several
from cfc_pipeline.recipes.raw_input import due_input
from cfc_pipeline.recipes.retain import due, due_columns
from cfc_pipeline.sources import TITLES
from cfc_pipeline.sources.fetched import state
from cfc_pipeline.warehouse.store import reading

_OWN = ("corrections.csv", "approvals.csv", "links.csv", "themes.csv", "codes.csv")
_DECIDES = (
    "programme.yaml",
    "corrections.csv",
    "approvals.csv",
    "form_changes.csv",
    "links.csv",
    "themes.csv",
    "codes.csv",
    "audit.jsonl",
    "instruments",
    "releases",
)


_STORED = "the answers are stored; make sure that somebody reads every form on its day, this pipeline does not"
_LEFT_OUT = (
    "the answers are left out, and scores that need them are not made; people were asked all the same, so somebody "
    "must read every form on the day it comes in, or the question must go"
)


def examine(folder: Path, environ: Mapping[str, str]) -> list[str]:
    """One line a check: "good: ..." or "mend: ...", with what to do."""
    try:
        programme = load_programme(folder)
    except PipelineError as error:
        return [f"mend: {error}"]
    found = [
        f"good: programme.yaml names {several(len(programme.cohorts), 'cohort', 'cohorts')} and "
        f"{several(len(programme.surveys), 'survey', 'surveys')}"
    ]
    own = programme.folder / "instruments"
    checks: dict[str, Callable[[], str | None]] = {
        "the secret key": lambda: _has_key(programme, environ),
        "the surveys' instruments": lambda: check_instruments(programme, load_instruments(own)),
        "worked examples of the programme's own instruments": lambda: _examples(own),
        "the analysts' copy": lambda: _opens(programme.analysis),
    }
    for survey in programme.surveys:
        if survey.fetch and survey.confirmed:
            checks[f"survey {survey.id} in {TITLES[survey.tool]}"] = partial(_asks, survey, programme, environ)
    for what, check in checks.items():
        try:
            told = check()
            found.append(f"good: {what}" + (f": {told}" if told else ""))
        except PipelineError as error:
            found.append(f"mend: {error}")
    found += (
        _in_part(programme)
        + _self_harm(programme)
        + _doubts(programme)
        + _begun(programme, environ)
        + missed(programme)
    )
    return found + _past_their_time(programme, environ) + _too_open(programme)


def _has_key(programme: Programme, environ: Mapping[str, str]) -> None:
    load_keys(programme.restricted, environ)


def _asks(survey: Survey, programme: Programme, environ: Mapping[str, str]) -> str:
    """Reachable, token and region right, survey and columns found; how many responses are there and here; the clock."""
    keys = load_keys(programme.restricted, environ)
    kept = kept_fetches(list_raw(programme.restricted, keys), survey.id, keys)
    questions, in_tool = ask(survey, kept, environ)
    here = len(state(kept))
    zone = survey.submitted.timezone or (kept[-1].zone if kept else "UTC") or f"{programme.timezone}, the programme's"
    there = "it does not say how many responses it has" if in_tool is None else f"{in_tool} responses there"
    return f"{questions} questions; {there}, {here} kept here; its clock is {zone}"


def _examples(own: Path) -> str:
    count = check_examples(own, load_instruments(own).values())
    return f"{count} come out" if count else "there are none"


def _opens(path: Path) -> None:
    if path.exists():
        with reading(path) as con:
            con.execute("SELECT count(*) FROM pipeline_run")


def _in_part(programme: Programme) -> list[str]:
    try:
        return [
            f"note: {line}" for line in asked_in_part(programme, load_instruments(programme.folder / "instruments"))
        ]
    except PipelineError:
        return []  # the check of the instruments has said what is wrong


def _self_harm(programme: Programme) -> list[str]:
    """Which surveys ask about self-harm, and what becomes of the answers."""
    try:
        instruments = load_instruments(programme.folder / "instruments")
    except PipelineError:
        return []  # the check of the instruments has said what is wrong
    asked = [
        (survey.id, key)
        for survey in programme.surveys
        for scale in survey.scales
        if (key := instruments.get(scale.instrument)) and key.risk and set(key.risk.items) & scale.items.keys()
    ]
    return [
        f"note: survey {survey} asks about self-harm ({key.id}, item {', '.join(map(str, key.risk.items))}): "
        + (_LEFT_OUT if left_out(key, programme) else _STORED)
        for survey, key in asked
        if key.risk
    ]


def _doubts(programme: Programme) -> list[str]:
    """Where answers do not behave as their key says."""
    try:
        with reading(programme.analysis) as con:
            found = key_checks(con, load_instruments(programme.folder / "instruments"))
    except PipelineError:
        return []  # another check has said what is wrong, or nothing came in yet
    return [f"note: {doubt.in_words()}" for doubt in found]


def _begun(programme: Programme, environ: Mapping[str, str]) -> list[str]:
    """What was killed in the middle and waits to be run again."""
    found = []
    if any(programme.restricted.with_name(f"restricted.{which}").exists() for which in ("old", "new")):
        found.append("mend: an exchange of keys was not finished; run `cfc-pipeline rotate-key` again")
    try:
        if read_erased(programme.restricted, load_keys(programme.restricted, environ)).unfinished:
            found.append("mend: an erasure was not finished; run `cfc-pipeline erase` again with the same words")
    except PipelineError:
        pass  # the check of the key has said what is wrong
    return found


def _past_their_time(programme: Programme, environ: Mapping[str, str]) -> list[str]:
    today = datetime.now(UTC).date()
    count = len(due(programme, today))
    found = [f"mend: {count} releases or backups are past their time; run `cfc-pipeline retain`"] if count else []
    try:
        copies = len(due_columns(programme, environ, today).copies)
        answers = len(due_input(programme, environ, today).copies)
    except PipelineError:
        copies = answers = 0  # the check of the key has said what is wrong
    if copies:
        found.append(
            f"mend: {copies} sealed copies hold columns that nobody uses past their time; run `cfc-pipeline retain`"
        )
    if answers:
        found.append(
            f"mend: {answers} sealed copies hold answers or rosters past their time; run `cfc-pipeline retain`"
        )
    return found


def _too_open(programme: Programme) -> list[str]:
    """Personal files that other users of the machine could read."""
    restricted = [programme.restricted, *programme.restricted.rglob("*")]
    # corrections.csv quotes what people typed, approvals.csv may; a closed inbox closes the files in it.
    kept = [programme.folder / name for name in _OWN]
    closed = [programme.folder / name for name in (sheets.FOLDER, certificate.FOLDER, "data/backups")]
    inside = [*sheets.every(programme.folder), *(programme.folder / certificate.FOLDER).glob("*")]
    personal = [*restricted, programme.warehouse, programme.inbox, *kept, *closed, *inside]
    loose = [p for p in personal if p.exists() and stat.S_IMODE(p.stat().st_mode) & 0o077]
    found = [f"mend: others can read {path.relative_to(programme.folder)}; run chmod go-rwx on it" for path in loose]
    found = found or ["good: nobody else on this machine can read personal files"]
    return found + _for_everybody(programme)


def _for_everybody(programme: Programme) -> list[str]:
    """What analysts read by their group, strangers must not; what decides about a release, strangers must not write."""
    copy = programme.analysis
    found = []
    if copy.exists() and stat.S_IMODE(copy.stat().st_mode) & 0o007:
        found.append(f"mend: everybody can read {copy.relative_to(programme.folder)}; run chmod o-rwx on it")
    decides = [programme.folder / name for name in _DECIDES]
    open_ = [p for p in decides if p.exists() and stat.S_IMODE(p.stat().st_mode) & stat.S_IWOTH]
    found += [f"mend: everybody can write {path.name}; run chmod o-w on it" for path in open_]
    return found or ["good: strangers can neither read the analysts' copy nor change what decides about a release"]
