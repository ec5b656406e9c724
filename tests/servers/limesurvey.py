"""LimeSurvey's RemoteControl 2 as a server of version 6.4.2 was seen to answer: status 200 whatever is wrong."""

import base64
import json
from collections.abc import Callable
from typing import Any

from tests.servers.local import SECRET_TOKEN, Answer, Request, as_json
from tests.servers.world import COMMENT, Given, World

SURVEY = "123456"
KEYS = {item: f"Care[SQ00{item}]" for item in range(1, 7)}
COMMENT_KEY = "Helped"
PERSON = ("code", "token")
SEES_EDITS = True
SERVER = "{base}"
SECRET = f"reader:{SECRET_TOKEN}"
BOXES = {"SQ001": "Breathing", "SQ002": "Writing a letter"}

_KEY = "session-key-of-the-server"
_SCORES = {code: 10 * code for code in range(1, 6)}  # assessment values, which are not the codes


def is_data(request: Request) -> bool:
    return request.path.endswith("remotecontrol") and request.json()["method"] == "export_responses"


def record(number: int) -> str:
    return str(number)


def answer(request: Request, world: World, base: str) -> Answer:
    if request.path != "/index.php/admin/remotecontrol":
        return Answer(404)
    called = request.json()
    method, params = called["method"], called["params"]
    if method == "get_session_key":
        return result(_KEY) if params[:2] == SECRET.split(":") else refusal("token")
    if params[0] != _KEY:
        return status("Invalid session key")
    if method in ("get_question_properties", "release_session_key"):
        return result({"answeroptions": options(world)} if method == "get_question_properties" else "OK")
    if str(params[1]) != SURVEY:
        return refusal("survey")
    methods: dict[str, Callable[[list[Any], World], Any]] = {
        "get_fieldmap": lambda params, world: fields(world),
        "get_summary": lambda params, world: _summary(world),
        "export_responses": _export,
    }
    # Unknown methods break the server.
    return result(methods[method](params, world)) if method in methods else Answer(500, b"<html>Exception</html>")


def result(content: Any, error: str | None = None) -> Answer:
    return as_json({"id": 1, "result": content, "error": error})


def status(words: str, **also: str) -> Answer:
    return result({"status": words, **also})


def refusal(kind: str) -> Answer:
    words = {
        "token": "Invalid user name or password",
        "permission": "No permission",
        "survey": "Error: Invalid survey ID",
    }
    return status(words[kind])


def options(world: World) -> dict[str, dict[str, Any]]:
    return {
        f"A{code}": {"answer": f"<p>{label}</p>", "assessment_value": _SCORES[code], "order": code, "scale_id": 0}
        for code, label in reversed(world.labels.items())
    }


def fields(world: World) -> dict[str, dict[str, Any]]:
    def field(name: str, kind: str, qid: str = "", **also: Any) -> dict[str, Any]:
        return {"fieldname": name, "type": kind, "sid": SURVEY, "gid": "1", "qid": qid, "aid": ""} | also

    found = [field(name, name) for name in ("id", "submitdate", "lastpage", "token", "datestamp", "ipaddr", "refurl")]
    matrix = {"title": "Care", "question": "<p>How far do you agree?</p>"}
    found += [
        field(f"{SURVEY}X1X2SQ00{item}", "F", "2", aid=f"SQ00{item}", subquestion=text, **matrix)
        for item, text in world.items.items()
    ]
    found.append(field(f"{SURVEY}X1X3", "X", "3", title="Note", question="Thank you so far"))
    found.append(field(f"{SURVEY}X1X4", "T", "4", title=COMMENT_KEY, question=COMMENT))
    found += [
        field(f"{SURVEY}X1X5{code}", "M", "5", title="Tried", aid=code, question="Which did you try?", subquestion=text)
        for code, text in BOXES.items()
    ]
    return {one["fieldname"]: one for one in found}


def _summary(world: World) -> dict[str, str]:
    done = sum(one.complete for one in world.given.values())
    return {
        "completed_responses": str(done),
        "incomplete_responses": str(len(world.given) - done),
        "full_responses": str(len(world.given)),
    }


def _export(params: list[Any], world: World) -> Any:
    _, _, kind, _, _, heading, answers, _, _, wanted = params
    assert (kind, heading, answers) == ("json", "code", "short")
    if not world.given:
        return {"status": "No Data, could not get max id."}
    found = [response(one, set(wanted), world) for one in world.given.values()]
    return base64.b64encode(json.dumps({"responses": found}).encode()).decode()


def response(one: Given, wanted: set[str], world: World) -> dict[str, Any]:
    moment = f"{one.submitted:%Y-%m-%d %H:%M:%S}"
    cells = {
        "id": one.number,  # an integer with these options, a string with others
        "submitdate": moment if one.complete else None,
        "lastpage": 2,
        "token": one.code,
        "datestamp": f"{one.changed:%Y-%m-%d %H:%M:%S}",
        "ipaddr": "203.0.113.77",
        "refurl": "https://planted.example/?who=Personname",
    }
    codes = {f"{SURVEY}X1X2SQ00{n}": f"A{one.answers[n]}" if n in one.answers else "" for n in world.items}
    boxes = {f"{SURVEY}X1X5SQ001": "", f"{SURVEY}X1X5SQ002": "Y" if one.number % 2 else ""}
    by_name = cells | codes | boxes | {f"{SURVEY}X1X4": one.comment}
    return {heading(name, world): cell for name, cell in by_name.items() if name in wanted}


def heading(name: str, world: World) -> str:
    field = fields(world)[name]
    return field.get("title", name) + (f"[{field['aid']}]" if field["aid"] else "")
