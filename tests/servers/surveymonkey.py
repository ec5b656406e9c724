"""SurveyMonkey's API v3 as the shared facts describe it: pages by links, skipped questions absent, secret links."""

from datetime import datetime
from typing import Any

from tests.servers.local import SECRET_TOKEN, Answer, Request, as_json
from tests.servers.world import COMMENT, Given, World

SURVEY = "318754279"
KEYS = {item: f"10_2{item}" for item in range(1, 7)}  # item: key of its column; a matrix, so question and row
COMMENT_KEY = "30"
PERSON = ("email", "Email Address")
SEES_EDITS = True  # whether a fetch of changes alone brings edits; deletions need a full one
SERVER = "{base}/v3"
SECRET = SECRET_TOKEN


def is_data(request: Request) -> bool:
    return request.path.endswith("/responses/bulk")


def record(number: int) -> str:
    return str(114000000000 + number)


def answer(request: Request, world: World, base: str) -> Answer:
    if request.headers.get("authorization") != f"bearer {SECRET}":
        return error("1011", 401)
    if not request.path.startswith(f"/v3/surveys/{SURVEY}/"):
        return error("1020", 404)
    if request.path.endswith("/details"):
        return as_json(_details(world))
    return as_json(_page(request, world, base))


def refusal(kind: str) -> Answer:
    """What the tool answers when it refuses: a token, a permission, a region, a survey."""
    numbers = {"token": ("1012", 401), "permission": ("1014", 403), "region": ("1018", 403), "survey": ("1020", 404)}
    return error(*numbers[kind])


def error(number: str, status: int) -> Answer:
    return as_json({"error": {"id": number, "name": "Synthetic", "message": "", "http_status_code": status}}, status)


def _details(world: World) -> dict[str, Any]:
    choices = [
        {"id": str(100 + i), "text": f"<b>{label}</b>", "weight": code}
        for i, (code, label) in enumerate(world.labels.items())
    ]
    rows = [{"id": f"2{item}", "text": text} for item, text in world.items.items()]
    matrix = {"id": "10", "family": "matrix", "headings": [{"heading": "How far do you agree?"}]}
    comment = {"id": COMMENT_KEY, "family": "open_ended", "headings": [{"heading": COMMENT}]}
    return {
        "id": SURVEY,
        "pages": [{"id": "1", "questions": [matrix | {"answers": {"rows": rows, "choices": choices}}, comment]}],
    }


def _page(request: Request, world: World, base: str) -> dict[str, Any]:
    size, page = int(request.query.get("per_page", 50)), int(request.query.get("page", 1))
    ordered = sorted(world.given.values(), key=lambda one: -one.number)  # newest first, as the tool does by itself
    if request.query.get("sort_by") == "date_modified":
        ordered = world.by_change()
    if after := request.query.get("start_modified_at"):
        ordered = [one for one in ordered if one.changed >= datetime.fromisoformat(after)]
    shown = ordered[(page - 1) * size : page * size]
    here = f"{base}{request.path}?" + "&".join(f"{k}={v}" for k, v in request.query.items() if k != "page")
    links = {"self": here} | ({"next": f"{here}&page={page + 1}"} if len(ordered) > page * size else {})
    return {
        "data": [_response(one, world) for one in shown],
        "per_page": size,
        "page": page,
        "total": len(ordered),
        "links": links,
    }


def _response(one: Given, world: World) -> dict[str, Any]:
    codes = list(world.labels)
    cells = [{"row_id": f"2{item}", "choice_id": str(100 + codes.index(code))} for item, code in one.answers.items()]
    questions = [{"id": "10", "answers": cells}] if cells else []
    if one.comment:
        questions.append({"id": COMMENT_KEY, "answers": [{"text": one.comment}]})
    return {
        "id": record(one.number),
        "survey_id": SURVEY,
        "collection_mode": "preview" if one.test else "default",
        "response_status": "completed" if one.complete else "partial",
        "email_address": one.email,
        "first_name": "Planted",
        "last_name": "Personname",
        "custom_value": "",
        "ip_address": "203.0.113.77",
        "edit_url": "https://planted.example/r/?sm=secret-edit-link",
        "date_created": one.submitted.isoformat(),
        "date_modified": one.changed.isoformat(),
        "page_path": [],
        "pages": [{"id": "1", "questions": questions}],
    }
