"""Formbricks' management API: version 2 for responses, version 1 for the form, which version 2 does not give.

Answers are texts in the respondent's language, and a matrix is keyed by the text of its rows; both are turned back into
the ids and the labels of the form's own language. Pages are offsets, so they are walked in the order of creation: in
the order of change, somebody who edits shifts everybody behind by one, and the next page begins one too late.

Read in the tool's source, on no running server. Servers older than November 2025 do not know `filterDateField` and
filter by creation; what was edited or finished later is then found by the comparison of everything. That a question
which was shown and passed over has a time in `ttc`, and one that was not shown has none, is unconfirmed.
"""

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain
from typing import Any

from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis.answers import Answers, earlier, in_columns, in_order, latest
from cfc_pipeline.sources.apis.paging import Row, numbered
from cfc_pipeline.sources.columns import tidy
from cfc_pipeline.sources.raw import COMPLETE, LEFT_BLANK, NOT_SHOWN, RECORD, SUBMITTED, TEST, Choice, RawColumn
from cfc_pipeline.sources.web import Complaint, Reply, Web

NEEDS = "an API key of the organisation that may read the survey's project"
_SERVER = "https://app.formbricks.com"
_PER_MINUTE = 100  # each version of the API counts for itself
_PER_PAGE = 250  # the most that the API gives
# Also known by these keys in files; only stored for an entry that names one as its person column.
_CONTACT = "Formbricks ID (internal)"
_ATTRIBUTES = {"User ID": "userId", "email": "email"}
_UPDATED = "_updated"
_VERIFIED = {"Verified Email": "verifiedEmail"}
# Answered as a list, a text for each part, in this order.
_PARTS = {
    "contactInfo": ("firstName", "lastName", "email", "phone", "company"),
    "address": ("addressLine1", "addressLine2", "city", "state", "zip", "country"),
}
_PERSONAL = ("email", "phone")  # what an open text asks for

# (language, text): what it stands for; the language is None where all languages agree on the text.
Meanings = dict[tuple[str | None, str], str]


@dataclass(frozen=True)
class _Question:
    """How answers to one question are read back."""

    id: str
    keys: tuple[str, ...]  # of its columns
    parts: tuple[str, ...]
    rows: Meanings  # text of a row: key of its column
    labels: Meanings  # text of a choice: its label


def connect(fetch: Fetch, secret: str) -> Web:
    return Web(
        fetch.server or _SERVER,
        title="Formbricks",
        headers={"x-api-key": secret},
        per_minute=_PER_MINUTE,
        complain=_complain,
    )


def questionnaire(web: Web, survey: str) -> tuple[RawColumn, ...]:
    form = _form(web, survey)
    asked = [column for element in _elements(form) for column in _columns(element)]
    hidden = (form.get("hiddenFields") or {}).get("fieldIds") or ()
    own = dict.fromkeys((_CONTACT, *_ATTRIBUTES, *_VERIFIED, *hidden))
    return (*asked, *(RawColumn(key, key, system=True, personal=True) for key in own))


def responses(web: Web, survey: str, form: tuple[RawColumn, ...], wanted: Container[str], since: str | None) -> Answers:
    window = {"startDate": earlier(since), "filterDateField": "updatedAt"} if since else {}
    questions = [_question(element) for element in _elements(_form(web, survey))]
    asked = [question for question in questions if any(key in wanted for key in question.keys)]
    hidden = [column.key for column in form if column.system]

    def cells(some: list[Row]) -> dict[str, list[Any]]:
        known = _known(some, hidden) | {_UPDATED: [one["updatedAt"][:19] + "Z" for one in some]}
        return known | {key: said for question in asked for key, said in _cells(some, question).items()}

    told = in_columns(_walk(web, survey, window), cells)
    stamps = told[_UPDATED].to_list()
    return Answers(in_order(told, form, wanted), latest(stamps, since), everything=not since)


def count(web: Web, survey: str) -> int | None:
    return int(web.get_json("api/v2/management/responses", surveyId=survey, limit=1)["meta"]["total"])


def _form(web: Web, survey: str) -> dict[str, Any]:
    form: dict[str, Any] = web.get_json(f"api/v1/management/surveys/{survey}")["data"]
    return form


def _elements(form: dict[str, Any]) -> list[dict[str, Any]]:
    """The questions, which newer forms keep in blocks."""
    return form["questions"] or [element for block in form["blocks"] for element in block["elements"]]


def _walk(web: Web, survey: str, window: dict[str, str | None]) -> Iterator[Row]:
    asked = {"surveyId": survey, "limit": _PER_PAGE, "sortBy": "createdAt", "order": "asc", **window}

    def page(number: int) -> tuple[list[Row], list[str], int]:
        content = web.get_json("api/v2/management/responses", **asked, skip=(number - 1) * _PER_PAGE)
        return content["data"], [one["id"] for one in content["data"]], content["meta"]["total"]

    return chain.from_iterable(numbered(web, page, _PER_PAGE))


def _columns(element: dict[str, Any]) -> Iterator[RawColumn]:
    """A column for the question, or for each row of a matrix or part of an address."""
    key, text, kind = element["id"], tidy(element["headline"]["default"]), element["type"]
    if kind == "matrix":
        choices = tuple(_choice(one) for one in element["columns"])
        for row in element["rows"]:
            yield RawColumn(f"{key}_{row['id']}", text, tidy(row["label"]["default"]), choices=choices)
    elif kind in _PARTS:
        yield from (RawColumn(f"{key}_{part}", text, part, personal=True) for part in _PARTS[kind])
    else:
        personal = element.get("inputType") in _PERSONAL or kind == "fileUpload"
        yield RawColumn(key, text, personal=personal, choices=_choices(element))


def _choices(element: dict[str, Any]) -> tuple[Choice, ...]:
    if element["type"] == "rating":
        return tuple(Choice(n, n, n) for n in map(str, range(1, element["range"] + 1)))
    if element["type"] == "nps":
        return tuple(Choice(n, n, n) for n in map(str, range(11)))
    return tuple(_choice(one) for one in element.get("choices", ()))


def _choice(one: dict[str, Any]) -> Choice:
    """Pictures have no label."""
    return Choice(one["id"], tidy(one["label"]["default"]) if "label" in one else one["id"])


def _question(element: dict[str, Any]) -> _Question:
    key, offered = element["id"], element.get("columns") or element.get("choices") or ()
    return _Question(
        key,
        tuple(column.key for column in _columns(element)),
        _PARTS.get(element["type"], ()),
        _meanings(element.get("rows") or (), lambda row: f"{key}_{row['id']}"),
        _meanings([one for one in offered if "label" in one], lambda one: tidy(one["label"]["default"])),
    )


def _meanings(things: Sequence[dict[str, Any]], meaning: Callable[[dict[str, Any]], str]) -> Meanings:
    said = [(language, tidy(text), meaning(one)) for one in things for language, text in one["label"].items()]
    meant: dict[str, set[str]] = {}
    for _, text, what in said:
        meant.setdefault(text, set()).add(what)
    found: Meanings = {(None, text): what for text, (what, *rest) in meant.items() if not rest}
    return found | {(language, text): what for language, text, what in said}


def _meaning(meanings: Meanings, language: str, text: str) -> str:
    """An unknown text stays as it is: it is a comment, was typed under "other", or the form was changed since."""
    known = tidy(text)
    return meanings.get((language, known)) or meanings.get((None, known)) or text


def _known(found: list[Row], hidden: Sequence[str]) -> dict[str, list[Any]]:
    """What the tool, and not the person, says of a response: its columns."""
    data, contacts = [one["data"] for one in found], [one.get("contactAttributes") or {} for one in found]
    known: dict[str, list[Any]] = {
        RECORD: [one["id"] for one in found],
        SUBMITTED: [one["createdAt"] for one in found],  # as in files; `updatedAt` also moves when a tag is added
        COMPLETE: [one["finished"] for one in found],
        TEST: [False] * len(found),
        _CONTACT: [one.get("contactId") for one in found],
        **{key: [_text(one.get(name)) for one in contacts] for key, name in _ATTRIBUTES.items()},
        **{key: [_text(one.get(name)) for one in data] for key, name in _VERIFIED.items()},
    }
    for key in hidden:
        before = known.get(key, [None] * len(found))
        known[key] = [_text(one[key]) if key in one else other for one, other in zip(data, before, strict=True)]
    return known


def _cells(found: list[Row], question: _Question) -> dict[str, list[str | None]]:
    """The question's columns. Most texts come again and again, so each is looked up once."""
    row, label = cache(partial(_meaning, question.rows)), cache(partial(_meaning, question.labels))
    languages = [one.get("language") or "default" for one in found]
    values = [one["data"].get(question.id) for one in found]
    said = [_by_key(value, question, language, row) for value, language in zip(values, languages, strict=True)]
    blank = [_blank(one, question.id) for one in found]
    return {
        key: [
            _label(cells.get(key), language, label) or nothing
            for cells, language, nothing in zip(said, languages, blank, strict=True)
        ]
        for key in question.keys
    }


def _by_key(value: Any, question: _Question, language: str, row: Callable[[str, str], str]) -> dict[str, Any]:
    if isinstance(value, dict):
        return {row(language, text): cell for text, cell in value.items()}
    return dict(zip(question.keys, value or (), strict=False)) if question.parts else {question.id: value}


def _blank(one: Row, question: str) -> str | None:
    timed = one.get("ttc") or {}
    return LEFT_BLANK if question in one["data"] or question in timed else NOT_SHOWN if timed else None


def _label(value: Any, language: str, label: Callable[[str, str], str]) -> str | None:
    if isinstance(value, str):
        return label(language, value)
    return "; ".join(label(language, one) for one in value if one) if isinstance(value, list) else _text(value)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _complain(reply: Reply) -> Complaint | None:
    """Version 1 answers 401 also to a good key that may not read the survey."""
    body = reply.json() if reply.status == 401 else None
    return "permission" if isinstance(body, dict) and body.get("code") == "unauthorized" else None
