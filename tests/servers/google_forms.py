"""Google Forms' API as its documentation describes it: answers by the ids of questions, pages by tokens that belong to
their filter, errors with a status in words. What a form without responses answers is unconfirmed: `EMPTY`."""

import base64
import json
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.servers.local import SECRET_TOKEN, Answer, Request, as_json
from tests.servers.world import COMMENT, Given, World

SURVEY = "1SyNtHeTiC-form"
KEYS = {item: f"0a0b0c0{item}" for item in range(1, 7)}  # 1 to 3 are rows of a grid
COMMENT_KEY = "00112233"
PERSON = ("email", "Email Address")
SEES_EDITS = False
SERVER = "{base}"
SECRET = SECRET_TOKEN
EMPTY: dict[str, Any] = {"responses": []}

_FORM = f"/v1/forms/{SURVEY}"
_TOKENS = "/token"
_ERRORS = {
    "token": (401, "UNAUTHENTICATED"),
    "permission": (403, "PERMISSION_DENIED"),
    "survey": (404, "NOT_FOUND"),
    "argument": (400, "INVALID_ARGUMENT"),
    "quota": (429, "RESOURCE_EXHAUSTED"),
}


def is_data(request: Request) -> bool:
    return request.path == f"{_FORM}/responses"


def record(number: int) -> str:
    return f"ACYDBNsynthetic{number:06}"


def answer(request: Request, world: World, base: str) -> Answer:
    if request.path == _TOKENS:
        return as_json({"access_token": SECRET, "expires_in": 3599, "token_type": "Bearer"})
    if request.headers.get("authorization") != f"Bearer {SECRET}":
        return refusal("token")
    if request.path == _FORM:
        return as_json(form(world))
    return _page(request.query, world) if is_data(request) else refusal("survey")


def refusal(kind: str) -> Answer:
    number, status = _ERRORS[kind]
    return as_json({"error": {"code": number, "message": "Synthetic", "status": status}}, number)


def form(world: World) -> dict[str, Any]:
    options = [{"value": label} for label in world.labels.values()]
    rows = [
        {"questionId": KEYS[item], "rowQuestion": {"title": text}} for item, text in world.items.items() if item <= 3
    ]
    grid = {"questions": rows, "grid": {"columns": {"type": "RADIO", "options": options}}}
    single = {"type": "RADIO", "options": options}
    return {
        "formId": SURVEY,
        "info": {"title": "Synthetic", "documentTitle": "Synthetic"},
        "revisionId": "00000001",
        "items": [
            {"itemId": "1", "title": "Welcome", "textItem": {}},
            {"itemId": "2", "title": "How far do you agree?", "questionGroupItem": grid},
            *[
                item(text, questionId=KEYS[number], choiceQuestion=single)
                for number, text in world.items.items()
                if number > 3
            ],
            {"itemId": "9", "pageBreakItem": {}},
            item(COMMENT, questionId=COMMENT_KEY, textQuestion={"paragraph": True}),
        ],
    }


def item(title: str, **question: Any) -> dict[str, Any]:
    return {"itemId": "8", "title": title, "questionItem": {"question": question}}


def _page(query: dict[str, str], world: World) -> Answer:
    asked, size = query.get("filter", ""), min(int(query.get("pageSize", 5000)), 5000)
    start, _, of = query.get("pageToken", f"0 {asked}").partition(" ")
    if of != asked or (asked and not asked.startswith("timestamp >= ")):
        return refusal("argument")
    rows = sorted(world.given.values(), key=lambda one: one.number)
    if asked:
        rows = [one for one in rows if one.submitted >= datetime.fromisoformat(asked.removeprefix("timestamp >= "))]
    end = int(start) + size
    after = {"nextPageToken": f"{end} {asked}"} if len(rows) > end else {}
    shown = [response(one, world) for one in rows[int(start) : end]]
    return as_json({"responses": shown} | after if shown else EMPTY)


def response(one: Given, world: World) -> dict[str, Any]:
    said = {KEYS[item]: [world.labels[code]] for item, code in one.answers.items()}
    if one.comment:
        said[COMMENT_KEY] = [one.comment]
    return {
        "formId": SURVEY,
        "responseId": record(one.number),
        "createTime": _stamp(one.submitted),
        "lastSubmittedTime": _stamp(one.changed),
        "respondentEmail": one.email,
        "totalScore": 3,
        "answers": {key: given(key, *texts) for key, texts in said.items()}
        | {"feedfeed": given("feedfeed", "Planted Personname, 203.0.113.77, Mozilla")}  # its question was deleted
        | {"f11ef11e": {"questionId": "f11ef11e", "fileUploadAnswers": {"answers": [{"fileName": "planted.example"}]}}},
    }


def given(key: str, *texts: str) -> dict[str, Any]:
    return {"questionId": key, "textAnswers": {"answers": [{"value": text} for text in texts]}}


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.123456789Z"


def new_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def service_account(key: RSAPrivateKey, token_uri: str) -> dict[str, str]:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return {
        "type": "service_account",
        "client_email": "reader@synthetic.example",
        "private_key_id": "synthetic-key",
        "private_key": pem,
        "token_uri": token_uri,
    }


def claims(request: Request, key: RSAPrivateKey) -> dict[str, Any]:
    """What a service account claims when it asks for a token, after a look at its signature."""
    head, body, signature = request.form()["assertion"].split(".")
    key.public_key().verify(_decoded(signature), f"{head}.{body}".encode(), PKCS1v15(), SHA256())
    return {**json.loads(_decoded(head)), **json.loads(_decoded(body))}


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
