"""Formbricks as its source describes it: the form by version 1 and responses by version 2 of its interface, answers as
texts in the language of the respondent, a matrix keyed by its rows' texts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.servers.local import SECRET_TOKEN, Answer, Request, as_json
from tests.servers.world import COMMENT, Given, World

SURVEY = "cm1synthetic0000survey00001"
KEYS = {item: f"beliefs_row{item}" for item in range(1, 7)}  # item: key of its column; a matrix, so question and row
COMMENT_KEY = "helped"
PERSON = ("email", "email")
SEES_EDITS = True
SERVER = "{base}"
SECRET = SECRET_TOKEN

_FORM = f"/api/v1/management/surveys/{SURVEY}"
_RESPONSES = "/api/v2/management/responses"


def is_data(request: Request) -> bool:
    return request.path == _RESPONSES


def record(number: int) -> str:
    return f"cm1synthetic{number:015}"


def answer(request: Request, world: World, base: str) -> Answer:
    if request.headers.get("x-api-key") != SECRET:
        return error(401, "not_authenticated", request.path)
    if request.path == _FORM:
        return as_json({"data": form(world)})
    if request.path != _RESPONSES:
        return error(404, "not_found", request.path)
    return as_json(_page(request.query, world))


def refusal(kind: str) -> Answer:
    statuses = {"token": 401, "permission": 403, "survey": 404}
    return error(statuses[kind], "", _RESPONSES)


def error(status: int, code: str, path: str) -> Answer:
    if path.startswith("/api/v2"):
        return as_json({"error": {"code": status, "message": "Synthetic"}}, status)
    return as_json({"code": code, "message": "Synthetic", "details": {}}, status)


def german(text: str) -> str:
    return f"Auf Deutsch: {text}"


def _words(text: str) -> dict[str, str]:
    return {"default": text, "de": german(text)}


def form(world: World) -> dict[str, Any]:
    rows = [{"id": f"row{item}", "label": _words(text)} for item, text in world.items.items()]
    columns = [{"id": f"col{code}", "label": _words(label)} for code, label in world.labels.items()]
    beliefs = {"id": "beliefs", "type": "matrix", "headline": _words("<p>How far do you agree?</p>")}
    helped = {"id": COMMENT_KEY, "type": "openText", "headline": _words(COMMENT), "inputType": "text"}
    return {
        "id": SURVEY,
        "questions": [beliefs | {"rows": rows, "columns": columns}, helped],
        "hiddenFields": {"enabled": True, "fieldIds": ["code"]},
    }


def _page(query: Mapping[str, str], world: World) -> dict[str, Any]:
    size, skip = min(int(query.get("limit", 50)), 250), int(query.get("skip", 0))
    by, date = query.get("sortBy", "createdAt"), query.get("filterDateField", "createdAt")
    moment = {"createdAt": lambda one: one.submitted, "updatedAt": lambda one: one.changed}
    ordered = sorted(world.given.values(), key=moment[by], reverse=query.get("order", "desc") == "desc")
    if after := query.get("startDate"):
        ordered = [one for one in ordered if moment[date](one) >= datetime.fromisoformat(after)]
    return {
        "data": [response(one, world) for one in ordered[skip : skip + size]],
        "meta": {"total": len(ordered), "limit": size, "offset": skip},
    }


def response(one: Given, world: World) -> dict[str, Any]:
    """Everybody with an odd number answers in German."""
    say = german if one.number % 2 else str
    matrix = {say(world.items[item]): say(world.labels[code]) for item, code in one.answers.items()}
    return {
        "id": record(one.number),
        "createdAt": _stamp(one.submitted),
        "updatedAt": _stamp(one.changed),
        "finished": one.complete,
        "surveyId": SURVEY,
        "contactId": f"contact{one.number}",
        "contactAttributes": {"email": one.email, "firstName": "Planted", "lastName": "Personname"},
        "data": {"beliefs": matrix, COMMENT_KEY: one.comment, "code": one.code},
        "ttc": {"beliefs": 9000.5, COMMENT_KEY: 4000, "_total": 13000.5},
        "language": "de" if one.number % 2 else "default",
        "meta": {
            "url": "https://planted.example/s/x?id=secret",
            "userAgent": {"browser": "Mozilla"},
            "ipAddress": "203.0.113.77",
        },
        "singleUseId": None,
        "variables": {},
    }


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
