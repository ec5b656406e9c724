"""SmartSurvey's API v1 as the shared facts describe it: bare lists, totals in headers, secret links everywhere."""

import base64
from datetime import UTC, datetime
from typing import Any

from tests.servers.local import SECRET_TOKEN, Answer, Request, as_json
from tests.servers.world import COMMENT, Given, World

SURVEY = "268842"
MATRIX, COMMENT_KEY = 5001, "5002"
KEYS = {item: f"{MATRIX}_{66109410 + item}" for item in range(1, 7)}  # a row of the table: question and row
PERSON = ("email", "Email")
SEES_EDITS = False  # `since` goes by the end of a response, which an edit does not move
SERVER = "{base}/v1"
SECRET = f"{SECRET_TOKEN}:planted-secret"
_COLUMN = 66109420  # and the code


def is_data(request: Request) -> bool:
    return request.path.endswith("/responses")


def record(number: int) -> str:
    return str(90_000_000 + number)


def answer(request: Request, world: World, base: str) -> Answer:
    if request.headers.get("authorization") != "Basic " + base64.b64encode(SECRET.encode()).decode():
        return refusal("token")
    if not request.path.startswith(f"/v1/surveys/{SURVEY}/"):
        return refusal("survey")
    if request.path.endswith("/detailed"):
        return as_json({"id": int(SURVEY), "responses": len(world.given), "pages": form(world)})
    return _page(request, world)


def refusal(kind: str) -> Answer:
    said = {"token": (401, "unauthorized"), "permission": (403, "forbidden")}
    status, code = said.get(kind, (404, "not_found"))
    return as_json({"status": status, "code": code, "message": "Synthetic."}, status)


def form(world: World) -> list[dict[str, Any]]:
    rows = [
        {"id": int(KEYS[item].split("_")[1]), "type": "matrix_row", "title": text} for item, text in world.items.items()
    ]
    columns = [
        {"id": _COLUMN + code, "type": "matrix_column", "title": f"<b>{label}</b>", "properties": {"score_value": code}}
        for code, label in world.labels.items()
    ]
    table = {"id": MATRIX, "type": "matrix", "title": "How far do you agree?", "choices": [*rows, *columns]}
    box = {"id": 66, "type": "text", "title": "Comments"}
    comment = {"id": int(COMMENT_KEY), "type": "open_ended", "sub_type": "essay", "title": COMMENT, "choices": [box]}
    return [{"id": 9001, "questions": [table]}, {"id": 9002, "questions": [comment]}]


def _page(request: Request, world: World) -> Answer:
    size, page = min(int(request.query.get("page_size", 10)), 100), int(request.query.get("page", 1))
    rows = sorted(world.given.values(), key=lambda one: (one.submitted, one.number))
    if request.query.get("sort_by") != "date_ended,asc":
        rows.reverse()
    if since := request.query.get("since"):
        rows = [one for one in rows if one.submitted >= datetime.fromtimestamp(int(since), UTC)]
    finished = {"0": [False], "2": [True, False]}.get(request.query.get("completed", "1"), [True])
    rows = [one for one in rows if one.complete in finished]
    shown = [response(one, world) for one in rows[(page - 1) * size : page * size]]
    paging = {"Page": page, "PageSize": size, "Returned": len(shown), "Total": len(rows)}
    return as_json(shown, **{f"X-SS-Pagination-{name}": str(number) for name, number in paging.items()})


def response(one: Given, world: World) -> dict[str, Any]:
    cells = [
        {
            "id": 1_000 + item,
            "type": "matrix_row",
            "row_id": int(KEYS[item].split("_")[1]),
            "row_title": world.items[item],
            "column_id": _COLUMN + code,
            "column_title": world.labels.get(code),
        }
        for item, code in one.answers.items()
    ]
    said = [{"id": 2_000, "type": "text", "choice_id": 66, "choice_title": "Comments", "value": one.comment}]
    return {
        "id": int(record(one.number)),
        "survey_id": int(SURVEY),
        "tracking_link_id": 1,
        "unique_id": "planted.example:unique",
        "date_started": _stamp(one.submitted),
        "date_ended": _stamp(one.submitted),
        "date_modified": _stamp(one.changed),
        "status": "completed" if one.complete else "partial",
        "contact_name": "Planted Personname",
        "contact_email": one.email,
        "ip_address": "203.0.113.77",
        "user_agent": "Mozilla/5.0",
        "edit_url": "https://planted.example/edit?secret",
        "variables": [{"id": 1, "name": "_ga", "value": "planted.example"}],
        "pages": [
            {"id": 9001, "questions": [{"id": MATRIX, "type": "matrix", "answers": cells}]},
            {
                "id": 9002,
                "questions": [
                    {"id": int(COMMENT_KEY), "type": "open_ended", "answers": said if one.comment else []},
                ],
            },
        ],
    }


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
