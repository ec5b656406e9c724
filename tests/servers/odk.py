"""ODK Central as the shared facts describe it: Basic, a form in fields and XML, an OData feed paged by a token."""

import base64
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from tests.servers.local import SECRET_TOKEN, Answer, Request, as_json
from tests.servers.world import COMMENT, Given, World

SURVEY = "3/cfc pre"
KEYS = {item: f"scale-q{item}" for item in range(1, 7)}
COMMENT_KEY = "comment"
PERSON = ("code", "about-code")
SEES_EDITS = True
SERVER = "{base}"
SECRET = f"fetcher@school.example:{SECRET_TOKEN}"
KNOWS_DELETIONS = True  # since 2024.3
_FORM = "/v1/projects/3/forms/cfc%20pre"


def is_data(request: Request) -> bool:
    return request.path.endswith(".svc/Submissions")


def record(number: int) -> str:
    return f"uuid:00000000-synthetic-{number}"


def answer(request: Request, world: World, base: str) -> Answer:
    if request.headers.get("authorization") != "Basic " + base64.b64encode(SECRET.encode()).decode():
        return refusal("token")
    if request.path == f"{_FORM}/fields":
        return as_json(fields(world))
    if request.path == f"{_FORM}.xml":
        return Answer(200, xml(world).encode(), {"Content-Type": "application/xml"})
    return as_json(_feed(request, world, base)) if request.path == f"{_FORM}.svc/Submissions" else refusal("survey")


def refusal(kind: str) -> Answer:
    codes = {"token": ("401.2", 401), "permission": ("403.1", 403)}
    code, status = codes.get(kind, ("404.1", 404))
    return as_json({"code": code, "message": "Synthetic.", "details": {}}, status)


def fields(world: World) -> list[dict[str, Any]]:
    kinds = {
        "/start": "dateTime",
        "/deviceid": "string",
        "/about": "structure",
        "/about/code": "string",
        "/scale": "structure",
        **{f"/{KEYS[item].replace('-', '/')}": "string" for item in world.items},
        "/comment": "string",
        "/meta": "structure",
        "/meta/instanceID": "string",
    }
    return [{"path": path, "name": path.rpartition("/")[2], "type": kind} for path, kind in kinds.items()]


def xml(world: World) -> str:
    """As a form converter writes it: texts apart, in two languages, and choices in a list of their own."""
    texts = {f"/data/{KEYS[item].replace('-', '/')}:label": text for item, text in world.items.items()}
    texts |= {f"agree-{code}": label for code, label in world.labels.items()}
    texts |= {"/data/comment:label": COMMENT}
    english = "".join(f'<text id="{key}"><value>{escape(text)}</value></text>' for key, text in texts.items())
    others = "".join(f'<text id="{key}"><value>Cymraeg</value></text>' for key in texts)
    listed = "".join(f"<item><itextId>agree-{code}</itextId><name>{code}</name></item>" for code in world.labels)
    asked = "".join(
        f"""<select1 ref="/data/{KEYS[item].replace("-", "/")}">
        <label ref="jr:itext('/data/{KEYS[item].replace("-", "/")}:label')"/>
        <itemset nodeset="instance('agree')/root/item"><value ref="name"/><label ref="jr:itext(itextId)"/></itemset>
        </select1>"""
        for item in world.items
    )
    return f"""<?xml version="1.0"?>
    <h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
      xmlns:jr="http://openrosa.org/javarosa">
    <h:head><h:title>Synthetic</h:title><model>
    <itext><translation lang="Cymraeg (cy)">{others}</translation>
    <translation default="true()" lang="English (en)">{english}</translation></itext>
    <instance><data id="cfc pre"/></instance>
    <instance id="agree"><root>{listed}</root></instance></model></h:head>
    <h:body><group ref="/data/scale">{asked}</group>
    <input ref="/data/comment"><label ref="jr:itext('/data/comment:label')"/></input>
    <input ref="/data/about/code"><label>Your code</label></input></h:body></h:html>"""


def _feed(request: Request, world: World, base: str) -> dict[str, Any]:
    """Newest first; a page begins behind the submission that the token names."""
    deleted = [(one, True) for one in world.deleted.values()] if "deletedAt" in request.query.get("$filter", "") else []
    ordered = sorted([*((one, False) for one in world.given.values()), *deleted], key=lambda x: -x[0].number)
    rows = [row for one, gone in ordered if _passes(row := submission(one, world, gone), request.query.get("$filter"))]
    size, token = int(request.query.get("$top", 1_000_000)), request.query.get("$skiptoken")
    begin = sum(1 for row in rows if token and _number(row["__id"]) >= _number(token))  # also if it was deleted since
    shown = rows[begin : begin + size]
    content: dict[str, Any] = {"value": [_selected(row, request.query.get("$select")) for row in shown]}
    content["@odata.context"] = f"{base}{_FORM}.svc/$metadata#Submissions"
    if request.query.get("$count") == "true":
        content["@odata.count"] = len(rows)
    if shown and begin + size < len(rows):
        query = urlencode(request.query | {"$skiptoken": shown[-1]["__id"]})
        content["@odata.nextLink"] = f"{base}{request.path}?{query}"
    return content


def _number(token: str) -> int:
    return int(token.rpartition("-")[2])


def _passes(row: dict[str, Any], asked: str | None) -> bool:
    """`__system/stamp ge moment`, with `or` between."""
    terms = [term.split(" ge ") for term in asked.split(" or ")] if asked else []
    stamps = [(row["__system"].get(where.removeprefix("__system/")), datetime.fromisoformat(at)) for where, at in terms]
    return not terms or any(stamp is not None and datetime.fromisoformat(stamp) >= at for stamp, at in stamps)


def _selected(row: dict[str, Any], select: str | None) -> dict[str, Any]:
    if select is None:
        return row
    found: dict[str, Any] = {}
    for path in select.split(","):
        *groups, last = path.split("/")
        source, target = row, found
        for group in groups:
            source, target = source[group], target.setdefault(group, {})
        target[last] = source[last]
    return found


def submission(one: Given, world: World, gone: bool = False) -> dict[str, Any]:
    system: dict[str, Any] = {
        "submissionDate": _stamp(one.submitted),
        "updatedAt": _stamp(one.changed) if one.changed > one.submitted else None,
        "submitterId": "7",
        "submitterName": "Planted Personname",
        "attachmentsPresent": 0,
        "status": None,
        "reviewState": None,
        "deviceId": "planted.example:device",
        "edits": int(one.changed > one.submitted),
    }
    if KNOWS_DELETIONS:
        system["deletedAt"] = _stamp(world.now) if gone else None
    return {
        "__id": record(one.number),
        "__system": system,
        "start": _stamp(one.submitted),
        "deviceid": "Mozilla 203.0.113.77",
        "about": {"code": one.code},
        "scale": {f"q{item}": str(one.answers[item]) if item in one.answers else None for item in world.items},
        "comment": one.comment or None,
        "meta": {"instanceID": record(one.number)},
    }


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.123Z"
