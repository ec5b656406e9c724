"""Survey tools -> sealed copies: what is new, changed or gone since the last time.

Each survey's news is one sealed file that also holds the cursor, so a run that is killed leaves either all of it or
nothing, and the next run asks the tool again. `ingest` reads these files like any other. A survey that fails is named
and never keeps the others from being fetched.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from cfc_pipeline.errors import ConfigError, PipelineError, SourceError, StoreBusy, unexpected
from cfc_pipeline.identity.erased import Erased, cleaned, read_erased
from cfc_pipeline.identity.keys import Keys, load_keys, private_folder
from cfc_pipeline.identity.shredded import fingerprints, stand_in_key
from cfc_pipeline.identity.vault import RawCopy, list_raw, open_raw, seal
from cfc_pipeline.intake.cells import resolve
from cfc_pipeline.intake.recognise import asked_columns, columns_of, missing_columns
from cfc_pipeline.programme import Fetch, Programme, Survey
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes.arrivals import FETCHED_NAME
from cfc_pipeline.recipes.report import News, Refused
from cfc_pipeline.sources import TITLES
from cfc_pipeline.sources.apis.answers import Answers
from cfc_pipeline.sources.apis.api import APIS
from cfc_pipeline.sources.fetched import Fetched, from_bytes, is_fetched, news, settled, state, to_bytes
from cfc_pipeline.sources.raw import RECORD, RawColumn, RawTable
from cfc_pipeline.sources.web import Web, in_one_go, known_shape

_MANY = 5  # responses gone at once that are never taken for a few people's wish


@dataclass
class FetchReport:
    news: list[News] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def fetch(
    folder: Path,
    environ: Mapping[str, str],
    *,
    survey_id: str | None = None,
    everything: bool = False,
    accept_deletions: bool = False,
    dry_run: bool = False,
    now: datetime | None = None,
) -> FetchReport:
    """Ask every tool that programme.yaml names for news, and seal what came. `everything` compares all responses.

    Where most responses of a survey are gone, that is a question for a person, who answers with `accept_deletions`.
    With `dry_run` the tools are asked and nothing is kept.
    """
    now = now or datetime.now(UTC)
    programme = load_programme(folder)
    keys = load_keys(programme.restricted, environ)
    report = FetchReport()
    asked = [s for s in programme.surveys if s.confirmed and s.fetch and survey_id in (None, s.id)]
    if not asked:
        return report
    with alone(programme):
        sealed = list_raw(programme.restricted, keys)
        erased = read_erased(programme.restricted, keys)
        for survey in asked:
            try:
                kept = kept_fetches(sealed, survey.id, keys)
                _refuse_another_survey(survey, kept)
                form, answers = _answers(survey, kept, erased, environ, now, everything=everything)
                before = _before(kept, answers, stand_in_key(programme.restricted, keys))
                found = _news(survey, before, form, answers, now)
                if not accept_deletions and _mostly_gone(found, before):
                    report.refused.append(Refused(f"survey {survey.id}", _question(survey, found), fetching=True))
                    found = replace(found, gone=(), everything=False)
                report.news.append(_told(survey, before, found))
                due = _full_is_due(kept, max(1, _fetch_of(survey).full_every_days), now)
                if _worth_keeping(found, kept, due) and not dry_run:
                    _seal(found, survey, programme, keys, now)
            except Exception as error:  # whatever it is, the other surveys go on, and its text may quote an answer
                known = error if isinstance(error, PipelineError) else unexpected(error)
                report.refused.append(Refused(f"survey {survey.id}", known, fetching=True))
    return report


def kept_fetches(sealed: list[RawCopy], survey_id: str, keys: Keys) -> list[Fetched]:
    """What is kept of a survey's fetches, in their order."""
    copies = [copy for copy in sealed if copy.survey_id == survey_id and copy.name == FETCHED_NAME]
    return [from_bytes(data) for copy in copies if is_fetched(data := open_raw(copy, keys))]


def _refuse_another_survey(survey: Survey, kept: list[Fetched]) -> None:
    """Many tools number the responses of each survey from 1: those of another one would take the place of these."""
    if {fetched.survey for fetched in kept} - {"", _fetch_of(survey).survey}:
        raise ConfigError(
            "`fetch: survey:` means another survey in the tool than the one that was fetched before.",
            where=f"survey {survey.id}",
            next_step="put it back, and give the other survey an entry of its own, with another `id`",
        )


def connect(tool: str, where: Fetch, environ: Mapping[str, str]) -> Web:
    """A session with a tool. ConfigError names the environment variable of the token when it is missing."""
    variable = where.variable(tool)
    secret = environ.get(variable, "").strip()
    if not secret:
        raise ConfigError(
            f"The token of {TITLES[tool]} is missing.",
            where=f"environment variable {variable}",
            next_step=f"set it to {APIS[tool].NEEDS}",
        )
    return APIS[tool].connect(where, secret)


def ask(survey: Survey, kept: list[Fetched], environ: Mapping[str, str]) -> tuple[int, int | None]:
    """How many questions the form has, and how many responses the tool says it has; refuses as a fetch would."""
    api, where = APIS[survey.tool], _fetch_of(survey)
    web = connect(survey.tool, where, environ)
    with known_shape(TITLES[survey.tool]):
        form = api.questionnaire(web, where.survey)
        wanted_columns(form, survey, kept)
        return sum(not column.system for column in form), api.count(web, where.survey)


def wanted_columns(form: tuple[RawColumn, ...], survey: Survey, kept: list[Fetched]) -> set[str]:
    """Keys of the columns that the entry uses; nothing else is ever kept.

    A question that was there in an earlier fetch and is not any more is a change of the form, which intake tells of.
    ConfigError when the entry names what never was there, or when the form lost who a person is.
    """
    raw = RawTable(survey.tool, "form", form, pl.LazyFrame())
    asked = asked_columns(survey)
    once = {name for f in kept for name in asked if resolve(replace(raw, columns=f.form), name)}
    if missing := [name for name in missing_columns(raw, survey) if name not in once]:
        listed = ", ".join(f"`{name}`" for name in missing[:5]) + (" ..." if len(missing) > 5 else "")
        raise ConfigError(
            f"The form in {TITLES[survey.tool]} lacks {len(missing)} columns of its survey entry.",
            where=f"survey {survey.id}: {listed}",
            next_step="mend the entry; `cfc-pipeline add-survey --tool ... --survey ...` drafts one from today's form",
        )
    return {key for name in columns_of(survey) if (key := resolve(raw, name))}


def _answers(
    survey: Survey,
    kept: list[Fetched],
    erased: Erased,
    environ: Mapping[str, str],
    now: datetime,
    *,
    everything: bool,
) -> tuple[tuple[RawColumn, ...], Answers]:
    api, tool_id = APIS[survey.tool], _fetch_of(survey).survey
    web = connect(survey.tool, _fetch_of(survey), environ)
    with known_shape(TITLES[survey.tool]), in_one_go():
        form = api.questionnaire(web, tool_id)
        wanted = wanted_columns(form, survey, kept)
        since = None if everything else _since(survey, kept, wanted, now)
        answers = settled(api.responses(web, tool_id, form, wanted, since))
    raw = RawTable(survey.tool, "form", form, pl.LazyFrame())
    return form, replace(answers, rows=cleaned(answers.rows, raw, survey, erased).rows)


def _before(kept: list[Fetched], answers: Answers, key: bytes | None) -> pl.DataFrame:
    """All responses as they were fetched. Of those that were shredded since, only a fingerprint is known: where it is
    the same, the response is as the tool says now."""
    before = state(kept)
    prints = {record: mark for fetched in kept for record, mark in _prints_after(fetched).items()}
    if key is None or not any(prints.values()):
        return before
    marks = fingerprints(answers.rows, key)
    known = pl.Series([prints.get(record) for record in answers.rows[RECORD]], dtype=pl.String)
    same = answers.rows.filter((marks == known).fill_null(False))
    rest = before.filter(~pl.col(RECORD).is_in(same[RECORD].implode()))
    return pl.concat([rest, same], how="diagonal_relaxed")


def _prints_after(fetched: Fetched) -> dict[str, str | None]:
    """What a fetch brought anew has no fingerprint from before."""
    return dict.fromkeys([*fetched.rows[RECORD], *fetched.gone]) | fetched.prints


def _news(
    survey: Survey, before: pl.DataFrame, form: tuple[RawColumn, ...], answers: Answers, now: datetime
) -> Fetched:
    rows, gone = news(answers, before)
    stamp = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = Fetched(survey.tool, stamp, answers.everything, answers.cursor, answers.zone, form, rows, gone)
    return replace(found, survey=_fetch_of(survey).survey)


def _since(survey: Survey, kept: list[Fetched], wanted: set[str], now: datetime) -> str | None:
    """The cursor to go on from; None when everything is due, or when the entry uses columns that were not kept."""
    if _full_is_due(kept, _fetch_of(survey).full_every_days, now) or not wanted <= set(kept[-1].keys):
        return None
    return kept[-1].cursor


def _full_is_due(kept: list[Fetched], days: int, now: datetime) -> bool:
    compared = [datetime.fromisoformat(f.fetched_at) for f in kept if f.everything]
    # After a day that has not come yet, a clock was wrong: then or now.
    return not compared or abs(now - compared[-1]) >= timedelta(days=days)


def _worth_keeping(found: Fetched, kept: list[Fetched], due: bool) -> bool:
    """Whether it says anything that was not known. A full comparison that was due does: that there was nothing else."""
    same_form = bool(kept) and kept[-1].form == found.form
    return not found.rows.is_empty() or bool(found.gone) or not same_form or (found.everything and due)


def _mostly_gone(found: Fetched, before: pl.DataFrame) -> bool:
    """A survey that was cleared, or switched off and on again, looks like this; so does a wrong `survey:`."""
    return len(found.gone) >= _MANY and 2 * len(found.gone) > len(before)


def _question(survey: Survey, found: Fetched) -> SourceError:
    return SourceError(
        f"{len(found.gone)} responses that were fetched before are gone from {TITLES[survey.tool]}; they still count.",
        where=f"survey {survey.id}",
        next_step="if the survey was cleared, or `survey:` now means another one, take `fetch:` out of its entry; "
        f"if these people are to be forgotten, run `cfc-pipeline ingest --survey {survey.id} --accept-deletions`",
    )


def _told(survey: Survey, before: pl.DataFrame, found: Fetched) -> News:
    changed = len(found.rows.join(before, on=RECORD, how="semi"))
    new = len(found.rows) - changed
    in_tool = len(before) + new - len(found.gone) if found.everything else None
    return News(survey.id, new, changed, len(found.gone), found.everything, in_tool)


def _seal(found: Fetched, survey: Survey, programme: Programme, keys: Keys, now: datetime) -> None:
    seal(programme.restricted, keys, to_bytes(found), name=FETCHED_NAME, received_on=now.date(), survey_id=survey.id)


def _fetch_of(survey: Survey) -> Fetch:
    assert survey.fetch is not None, "only surveys with `fetch` come here"
    return survey.fetch


@contextmanager
def alone(programme: Programme) -> Iterator[None]:
    """Two fetches at once would keep the same news twice. The lock goes away with its process, however that ends."""
    path = private_folder(programme.restricted) / ".fetch.lock"
    with path.open("w") as lock:
        os.fchmod(lock.fileno(), 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreBusy(
                "Another run is fetching from the survey tools.",
                where="data/restricted/.fetch.lock",
                next_step="wait until it is done, then run again; it may be the nightly schedule",
            ) from None
        yield
