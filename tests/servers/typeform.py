"""Typeform's API as its documentation and recorded answers describe it: the latest first, `before` a response and with
nothing else, a matrix and a group with questions inside. The form is public: it asks for no token."""

from datetime import datetime
from typing import Any

from tests.servers.local import SECRET_TOKEN, Answer, Request, as_json
from tests.servers.world import COMMENT, Given, World

SURVEY = "SyNtHfOrM"
KEYS = {item: f"fieldofitem{item}" for item in range(1, 7)}  # 1 to 3 are rows of a matrix, 4 to 6 stand in a group
COMMENT_KEY = "fieldhelped"
PERSON = ("email", "email")
SEES_EDITS = False
SERVER = "{base}"
SECRET = SECRET_TOKEN
_FORM = f"/forms/{SURVEY}"


def is_data(request: Request) -> bool:
    return request.path == f"{_FORM}/responses"


def record(number: int) -> str:
    return f"token{number:027}"


def answer(request: Request, world: World, base: str) -> Answer:
    if request.path == _FORM:
        return as_json(form(world))
    if request.headers.get("authorization") != f"Bearer {SECRET}":
        return refusal("token")
    return _page(request.query, world) if is_data(request) else refusal("survey")


def refusal(kind: str) -> Answer:
    said = {"token": (403, "AUTHENTICATION_ERROR"), "permission": (403, "FORBIDDEN"), "survey": (404, "FORM_NOT_FOUND")}
    status, code = said[kind]
    return as_json({"code": code, "description": "Synthetic"}, status)


def field(key: str, title: str, kind: str, **properties: Any) -> dict[str, Any]:
    return {"id": key, "ref": f"ref of {key}", "title": title, "type": kind, "properties": properties}


def form(world: World) -> dict[str, Any]:
    choices = [choice(code, label) for code, label in world.labels.items()]
    items = [field(KEYS[item], text, "multiple_choice", choices=choices) for item, text in world.items.items()]
    return {
        "id": SURVEY,
        "title": "Synthetic",
        "hidden": ["email", "name", "code"],
        "fields": [
            field("welcome", "Thank you for your time", "statement"),
            field("matrix", "How far do you agree?", "matrix", fields=items[:3]),
            field("group", "And now", "group", fields=items[3:]),
            field(COMMENT_KEY, COMMENT, "long_text"),
        ],
    }


def choice(code: int, label: str | None) -> dict[str, Any]:
    return {"id": f"choice{code}", "ref": f"ref of {code}", "label": label}


def _page(query: dict[str, str], world: World) -> Answer:
    size = int(query.get("page_size", 25))
    if size > 1000 or ("before" in query and {"sort", "since", "until"} & set(query)):
        return as_json({"code": "VALIDATION_ERROR", "description": "Synthetic"}, 400)
    rows = sorted(world.given.values(), key=lambda one: (one.submitted, one.number), reverse=True)
    if query.get("response_type", "completed") == "completed":
        rows = [one for one in rows if one.complete]
    if since := query.get("since"):
        rows = [one for one in rows if one.submitted >= datetime.fromisoformat(since)]
    if before := query.get("before"):
        # One that is not there any more has nobody before it, without a word.
        tokens = [record(one.number) for one in rows]
        rows = rows[tokens.index(before) + 1 :] if before in tokens else []
    shown = [response(one, world) for one in rows[:size]]
    return as_json({"total_items": len(rows), "page_count": -(-len(rows) // size), "items": shown})


def response(one: Given, world: World) -> dict[str, Any]:
    said = [
        given(KEYS[item], "multiple_choice", "choice", choice(code, world.labels.get(code)))
        for item, code in one.answers.items()
    ]
    if one.comment:
        said.append(given(COMMENT_KEY, "long_text", "text", one.comment))
    return {
        "landing_id": record(one.number),
        "token": record(one.number),
        "response_id": record(one.number),
        "response_type": "completed" if one.complete else "partial",
        "landed_at": _stamp(one.submitted),
        "submitted_at": _stamp(one.submitted),
        "metadata": {
            "user_agent": "Mozilla/5.0",
            "platform": "other",
            "referer": "https://planted.example/to/form?who=Personname",
            "network_id": "203.0.113.77",
            "browser": "default",
        },
        "hidden": {"email": one.email, "name": "Planted Personname", "code": one.code},
        "calculated": {"score": 0},
        "answers": said,
    }


def given(key: str, kind: str, type_: str, value: Any) -> dict[str, Any]:
    return {"field": {"id": key, "type": kind, "ref": f"ref of {key}"}, "type": type_, type_: value}


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
