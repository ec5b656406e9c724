"""SmartSurvey's API v1. The same account can be kept in other regions, each with its own address.

Bodies are bare lists; how many responses there are stands in headers. Pages are numbers, oldest responses first.

`since` goes by the end of a response, so what was edited later is found only when everything is compared. Answers carry
addresses, names and links that let their holder change a response: nothing but the listed fields is taken.

No account was at hand. Paths, parameters and fields of answers are from four public clients that ran against the tool.
The names of the types of choices in a form, and that `since` goes by the end also for unfinished responses, are
unconfirmed; tables of drop-down lists are left out. Whether a question was shown is not told.
"""

from collections.abc import Container, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis.answers import Answers, earlier, latest, table
from cfc_pipeline.sources.apis.paging import Row, numbered
from cfc_pipeline.sources.columns import tidy
from cfc_pipeline.sources.raw import COMPLETE, NOT_TICKED, RECORD, SUBMITTED, TEST, Choice, RawColumn
from cfc_pipeline.sources.web import Reply, Web

NEEDS = "an API token and its secret, joined by a colon (token:secret), from the account's page of API keys"
_SERVER = "https://api.smartsurvey.io/v1"
_PER_MINUTE = 120  # the least that a plan with the API allows
_PER_PAGE = 100  # the most that the API gives
_BOTH = 2  # of `completed`: finished and unfinished responses
_TYPED = ("text", "comment", "other")  # types of answers that somebody wrote
# Also known by these keys in files; only stored for an entry that names one as its person column.
_PERSONAL = {"Email": "contact_email", "Name": "contact_name", "Unique ID": "unique_id"}


def connect(fetch: Fetch, secret: str) -> Web:
    token, colon, password = secret.partition(":")
    if not (token and colon and password):
        raise ConfigError(
            "The secret of SmartSurvey has two parts, and this one has not.",
            where=f"environment variable {fetch.variable('smartsurvey')}",
            next_step="set it to the API token, a colon and the token's secret",
        )
    server = fetch.server or _SERVER
    return Web(server, title="SmartSurvey", login=(token, password), per_minute=_PER_MINUTE)


def questionnaire(web: Web, survey: str) -> tuple[RawColumn, ...]:
    pages = web.get_json(f"surveys/{survey}/detailed")["pages"]
    asked = [column for page in pages for question in page["questions"] for column in _columns(question)]
    return (*asked, *(RawColumn(key, key, system=True, personal=True) for key in _PERSONAL))


def responses(web: Web, survey: str, form: tuple[RawColumn, ...], wanted: Container[str], since: str | None) -> Answers:
    window = {"since": _seconds(start)} if (start := earlier(since)) else {}
    labels = {(c.key.split("_")[0], choice.id): choice.label for c in form for choice in c.choices}
    keys, options = {column.key for column in form}, _options(form)
    rows = table((_row(one, keys, labels, options) for one in _walk(web, survey, window)), form, wanted)
    return Answers(rows, latest(rows[SUBMITTED].to_list(), since), everything=not since)


def count(web: Web, survey: str) -> int | None:
    return _total(_page(web, survey, page=1, page_size=1))


def _walk(web: Web, survey: str, window: dict[str, int]) -> Iterator[Row]:
    def page(number: int) -> tuple[list[Row], list[int], int]:
        reply = _page(web, survey, page=number, page_size=_PER_PAGE, **window)
        rows = web.content(reply)
        return rows, [one["id"] for one in rows], _total(reply)

    return chain.from_iterable(numbered(web, page, _PER_PAGE))


def _page(web: Web, survey: str, **asked: int) -> Reply:
    place = f"surveys/{survey}/responses"
    return web.get(place, completed=_BOTH, include_labels="true", sort_by="date_ended,asc", **asked)


def _total(reply: Reply) -> int:
    return int(reply.headers["X-SS-Pagination-Total"])


def _seconds(stamp: str) -> int:
    return int(datetime.fromisoformat(stamp).timestamp())


def _columns(question: dict[str, Any]) -> Iterator[RawColumn]:
    """A column for the question, or for each of its rows or options; one more for each text beside a choice."""
    key, text, offered = str(question["id"]), tidy(question["title"]), question.get("choices") or ()
    rows = [one for one in offered if one["type"] == "matrix_row"]
    typed = [one for one in offered if one["type"] in _TYPED]
    choices = tuple(_choice(one) for one in offered if one["type"] not in ("matrix_row", *_TYPED))
    if rows:
        yield from (RawColumn(f"{key}_{row['id']}", text, tidy(row["title"]), choices=choices) for row in rows)
    elif question["type"] == "multiple_choice":
        yield from (RawColumn(f"{key}_{one.id}", text, one.label, choices=(one,)) for one in choices)
    elif choices or len(typed) < 2:
        yield RawColumn(key, text, choices=choices)
    if rows or choices or len(typed) > 1:
        yield from (RawColumn(f"{key}_{one['id']}", text, tidy(one["title"])) for one in typed)


def _choice(one: dict[str, Any]) -> Choice:
    score = (one.get("properties") or {}).get("score_value")
    return Choice(str(one["id"]), tidy(one["title"]), None if score is None else str(score))


def _options(form: tuple[RawColumn, ...]) -> dict[str, list[str]]:
    """Question: the keys of its options, where several can be ticked."""
    found: dict[str, list[str]] = {}
    for column in form:
        question, _, option = column.key.partition("_")
        if len(column.choices) == 1 and column.choices[0].id == option:
            found.setdefault(question, []).append(column.key)
    return found


def _ended(one: dict[str, Any]) -> str:
    stamp: str = one.get("date_ended") or one["date_started"]  # nobody says what an unfinished one has
    return stamp


def _row(
    one: dict[str, Any],
    keys: Container[str],
    labels: Mapping[tuple[str, str], str],
    options: Mapping[str, list[str]],
) -> dict[str, Any]:
    cells: dict[str, Any] = {
        RECORD: str(one["id"]),
        SUBMITTED: _ended(one),
        COMPLETE: one["status"] == "completed",
        TEST: False,
        **{key: one.get(field) for key, field in _PERSONAL.items()},
    }
    for page in one["pages"]:
        for question in page["questions"]:
            name, answers = str(question["id"]), question["answers"]
            if answers and name in options:
                cells |= dict.fromkeys(options[name], NOT_TICKED)
            for answer in answers:
                key, said = _cell(name, answer, keys, labels)
                before = cells.get(key)
                cells[key] = said if before in (None, NOT_TICKED) else f"{before}; {said}"
    return cells


def _cell(
    question: str, answer: dict[str, Any], keys: Container[str], labels: Mapping[tuple[str, str], str]
) -> tuple[str, str | None]:
    """Where an answer belongs, and its text or the label of its choice, which a form that was changed may lack."""
    row, listed = answer.get("row_id"), answer.get("dropdown_id")
    if listed is not None:
        return f"{question}_{row}_{listed}", None  # in a table of drop-down lists, for which there is no column
    if row is not None:
        return f"{question}_{row}", _label(question, answer, "column", labels)
    own = f"{question}_{answer.get('choice_id')}"
    said = answer.get("value") if answer["type"] in _TYPED else _label(question, answer, "choice", labels)
    return own if own in keys else question, said


def _label(question: str, answer: dict[str, Any], part: str, labels: Mapping[tuple[str, str], str]) -> str | None:
    known = labels.get((question, str(answer.get(f"{part}_id"))))
    return known or tidy(answer.get(f"{part}_title")) or answer.get("value")
