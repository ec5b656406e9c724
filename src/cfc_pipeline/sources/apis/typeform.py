"""Typeform's API: the form, and its responses walked backwards, page after page before the last one seen.

`before` knows neither `sort` nor, by some reports, a span of time: only the first page is asked for with `since`, and
the walk ends when it is behind it. Whoever answers meanwhile is in front, for the next fetch. `since` goes by the
submission, so what changed later is found only when everything is compared. A form may be readable by everybody, which
says nothing about the token: that is tried on the responses. Unanswered questions are absent.

Responses that were begun and not sent in are left out: they have no moment of submission to go on from.

Recorded responses were at hand, and no account. That the rows of a matrix are answered under their own ids, that
`total_items` counts what was asked for, and how a typed "other" looks are unconfirmed; so is what the parameter
`fields` does to a matrix, and it is not used: a mistake would look like questions that were not answered.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis.answers import Answers, earlier, latest, table
from cfc_pipeline.sources.apis.paging import Row
from cfc_pipeline.sources.columns import tidy
from cfc_pipeline.sources.raw import COMPLETE, NOT_TICKED, RECORD, SUBMITTED, TEST, Choice, RawColumn
from cfc_pipeline.sources.web import Complaint, Reply, Web

NEEDS = "a personal access token of an account that may see the form, with the scopes forms:read and responses:read"
_SERVER = "https://api.typeform.com"
_PER_MINUTE = 120  # two a second
_PER_PAGE = 1000  # the most that the API gives
_TELLS_NOTHING = ("statement", "payment")
_PERSONAL = ("email", "phone_number", "website", "file_upload", "calendly")
_PERSONAL_PARTS = ("contact_info", "address")
_YES_NO = (Choice("true", "Yes", "1"), Choice("false", "No", "0"))

# Question: what the tool calls each of its options (an id, in old responses only a label), and the option's column.
Options = dict[str, dict[str, RawColumn]]
# Question: what its choices are called by the form as it is now; one that it lost keeps the name that it had.
Labels = dict[str, dict[str, str]]


def connect(fetch: Fetch, secret: str) -> Web:
    return Web(
        fetch.server or _SERVER,
        title="Typeform",
        headers={"Authorization": f"Bearer {secret}"},
        per_minute=_PER_MINUTE,
        complain=_complain,
    )


def questionnaire(web: Web, survey: str) -> tuple[RawColumn, ...]:
    count(web, survey)  # only this needs the token
    form = web.get_json(f"forms/{survey}")
    asked = [column for field in form["fields"] for column in _columns(field)]
    return (*asked, *(RawColumn(key, key, system=True, personal=True) for key in form.get("hidden") or ()))


def responses(web: Web, survey: str, form: tuple[RawColumn, ...], wanted: Container[str], since: str | None) -> Answers:
    hidden, options = [column.key for column in form if column.system], _options(form)
    labels = {column.key: {one.id: one.label for one in column.choices} for column in form}
    rows = table((_row(one, hidden, labels, options) for one in _walk(web, survey, earlier(since))), form, wanted)
    return Answers(rows, latest(rows[SUBMITTED].to_list(), since), everything=not since)


def count(web: Web, survey: str) -> int | None:
    return int(_page(web, survey, page_size=1)["total_items"])


def _walk(web: Web, survey: str, start: str | None) -> Iterator[Row]:
    """Responses of all time or since then, the latest first; SourceError when fewer came than the tool said."""
    page = _page(web, survey, page_size=_PER_PAGE, **({"since": start} if start else {}))
    total, seen = int(page["total_items"]), set[str]()
    for _ in range(web.most_pages):
        rows = [one for one in page["items"] if not start or one["submitted_at"] >= start]
        new = {one["token"] for one in rows} - seen
        if rows and not new:
            raise web.strange("its pages lead in a circle")
        seen |= new
        yield from rows
        if not rows or (len(seen) >= total and len(page["items"]) < _PER_PAGE):
            break
        page = _page(web, survey, page_size=_PER_PAGE, before=rows[-1]["token"])
    else:
        raise web.strange("its pages never end")
    if len(seen) < total:
        raise web.strange(f"it sent {len(seen)} of {total} responses")


def _page(web: Web, survey: str, **asked: str | int) -> Any:
    return web.get_json(f"forms/{survey}/responses", response_type="completed", **asked)


def _columns(field: dict[str, Any], matrix: str = "", personal: bool = False) -> Iterator[RawColumn]:
    """A column for the question, or for each question in a group, row of a matrix, or option that can be ticked."""
    key, kind, properties = field["id"], field["type"], field.get("properties") or {}
    title = tidy(field["title"])
    text, row = (matrix, title) if matrix else (title, "")
    personal = personal or kind in _PERSONAL
    if "fields" in properties:
        for part in properties["fields"]:
            yield from _columns(part, title if kind == "matrix" else "", personal or kind in _PERSONAL_PARTS)
    elif properties.get("allow_multiple_selection"):
        for one in _choices(kind, properties):
            yield RawColumn(f"{key}_{one.id}", text, " | ".join(filter(None, (row, one.label))), choices=(one,))
    elif kind not in _TELLS_NOTHING:
        yield RawColumn(key, text, row, personal=personal, choices=_choices(kind, properties))
    if properties.get("allow_other_choice"):
        yield RawColumn(f"{key}_other", text, " | ".join(filter(None, (row, "Other"))))


def _choices(kind: str, properties: Mapping[str, Any]) -> tuple[Choice, ...]:
    if kind in ("yes_no", "legal"):
        return _YES_NO
    if kind in ("rating", "opinion_scale", "nps") and "steps" in properties:
        first = 1 if kind == "rating" or properties.get("start_at_one") else 0
        return tuple(Choice(n, n, n) for n in map(str, range(first, first + properties["steps"])))
    return tuple(Choice(one["id"], tidy(one.get("label")) or one["id"]) for one in properties.get("choices", ()))


def _options(form: tuple[RawColumn, ...]) -> Options:
    found: Options = {}
    for column in form:
        for one in column.choices:
            if column.key.endswith(f"_{one.id}"):
                known = found.setdefault(column.key.removesuffix(f"_{one.id}"), {})
                known |= {one.label: column, one.id: column}
    return found


def _row(one: Row, hidden: Sequence[str], labels: Labels, options: Options) -> dict[str, Any]:
    given = one.get("hidden") or {}
    cells: dict[str, Any] = {
        RECORD: one["token"],  # as in files; the tool has no tests
        SUBMITTED: one["submitted_at"],
        COMPLETE: True,
        TEST: False,
        **{key: _text(given.get(key)) for key in hidden},
    }
    for answer in one.get("answers") or ():
        cells |= _cells(answer, labels, options)
    return cells


def _cells(answer: Mapping[str, Any], labels: Labels, options: Options) -> dict[str, str | None]:
    key, said = answer["field"]["id"], answer[answer["type"]]
    if answer["type"] not in ("choice", "choices"):
        return {key: _text(said)}
    typed, several = said.get("other"), answer["type"] == "choices"
    ids, names = ((said.get(f"{part}s") or ()) if several else _list(said, part) for part in ("id", "label"))
    if key in options:
        ticked = [options[key][one] for one in ids or map(tidy, names) if one in options[key]]
        nothing: dict[str, str | None] = {column.key: NOT_TICKED for column in options[key].values()}
        return nothing | {column.key: column.choices[0].label for column in ticked} | {f"{key}_other": typed}
    now = labels.get(key, {})
    known = [now[one] for one in ids if one in now]
    words = known if typed or len(known) == len(ids) > 0 else map(tidy, names)
    return {key: "; ".join(words), f"{key}_other": typed}


def _list(said: Mapping[str, Any], part: str) -> list[Any]:
    return [said[part]] if part in said else []


def _text(value: Any) -> str | None:
    """What else comes is no answer in words: a payment, a film."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else None


def _complain(reply: Reply) -> Complaint | None:
    """A wrong token can come as 403, which otherwise is a missing right."""
    body = reply.json() if reply.status == 403 else None
    code = body.get("code") if isinstance(body, dict) else None
    return "token" if code in ("AUTHENTICATION_ERROR", "INVALID_AUTHORIZATION") else None
