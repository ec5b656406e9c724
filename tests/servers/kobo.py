"""KoboToolbox's API v2 as the shared facts describe it: 100 rows a page unless asked, names for labels, keys absent."""

import json
from datetime import datetime
from typing import Any

from tests.servers.local import SECRET_TOKEN, Answer, Request, as_json
from tests.servers.world import COMMENT, Given, World

SURVEY = "aYuTZsynthetic9vegi3Z4"
KEYS = {item: f"scale/item_{item}" for item in range(1, 7)}
COMMENT_KEY = "comment"
PERSON = ("email", "email")
SEES_EDITS = False  # an edit keeps its `_submission_time`, the only stamp
SERVER = "{base}"
SECRET = SECRET_TOKEN
_PATH = f"/api/v2/assets/{SURVEY}/"


def is_data(request: Request) -> bool:
    return request.path.endswith("/data.json")


def record(number: int) -> str:
    return str(47_000_000 + number)


def answer(request: Request, world: World, base: str) -> Answer:
    if request.headers.get("authorization") != f"Token {SECRET}":
        return refusal("token")
    if not request.path.startswith(_PATH):
        return refusal("survey")
    if request.path == _PATH:
        return as_json({"uid": SURVEY, "deployment__active": True, "content": content(world)})
    return as_json(_page(request, world, base))


def refusal(kind: str) -> Answer:
    said = {"token": (401, "Invalid token."), "permission": (403, "You do not have permission to perform this action.")}
    status, detail = said.get(kind, (404, "Not found."))
    return as_json({"detail": detail}, status)


def content(world: World) -> dict[str, Any]:
    likert = [
        {"list_name": "agree", "name": str(code), "$autovalue": str(code), "label": [None, f"<b>{label}</b>"]}
        for code, label in world.labels.items()
    ]
    items = [
        {"type": "select_one", "name": f"item_{i}", "label": [None, text], "select_from_list_name": "agree"}
        for i, text in world.items.items()
    ]
    return {
        "translations": [None, "English (en)"],
        "survey": [
            {"type": "start", "name": "start"},
            {"type": "end", "name": "end"},
            {"type": "email", "name": "email"},
            {"type": "username", "name": "username"},
            {"type": "note", "$autoname": "Welcome", "label": ["Welcome"]},
            {"type": "begin_group", "name": "scale", "label": [None, "How far do you agree?"]},
            *[one | {"$xpath": f"scale/{one['name']}"} for one in items],
            {"type": "end_group"},
            {"type": "text", "$autoname": "comment", "label": [None, COMMENT]},
        ],
        "choices": likert,
    }


def _page(request: Request, world: World, base: str) -> dict[str, Any]:
    query = json.loads(request.query.get("query", "{}"))
    fields = json.loads(request.query.get("fields", "null"))
    rows = [row for row in map(response, world.given.values()) if _matches(row, query)]
    rows.sort(key=lambda row: row["_id"], reverse="sort" not in request.query)
    start, limit = int(request.query.get("start", 0)), min(int(request.query.get("limit", 100)), 1000)
    shown = rows[start : start + limit]
    after = f"{base}{request.path}?limit={limit}&start={start + limit}" if len(rows) > start + limit else None
    if fields:
        shown = [{key: row[key] for key in fields if key in row} for row in shown]
    return {"count": len(rows), "next": after, "previous": None, "results": shown}


def _matches(row: dict[str, Any], query: dict[str, Any]) -> bool:
    compare = {"$gt": lambda a, b: a > b, "$gte": lambda a, b: a >= b}
    return all(compare[how](row[key], limit) for key, asked in query.items() for how, limit in asked.items())


def response(one: Given) -> dict[str, Any]:
    uuid = f"synthetic-{one.number}-{one.changed:%H%M%S}"
    row = {
        "_id": int(record(one.number)),
        "formhub/uuid": "synthetic",
        "start": f"{one.submitted:%Y-%m-%dT%H:%M:%S}.000-00:00",
        "email": one.email,
        "username": "Planted Personname",
        "deviceid": "planted.example:device",
        **{KEYS[item]: str(code) for item, code in one.answers.items()},
        COMMENT_KEY: one.comment,
        "__version__": "vSynthetic",
        "meta/instanceID": f"uuid:{uuid}",
        "meta/rootUuid": f"synthetic-{one.number}",
        "_uuid": uuid,
        "_attachments": [],
        "_geolocation": [None, None],
        "_submission_time": _naive(one.submitted),
        "_validation_status": {},
        "_submitted_by": "203.0.113.77 Mozilla",
    }
    return {key: value for key, value in row.items() if value != ""}


def _naive(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}"
