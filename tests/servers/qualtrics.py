"""Qualtrics' API v3 as its documentation and recorded answers describe it: export jobs, and a zip with a CSV in it."""

import csv
import io
import json
import zipfile
from datetime import datetime
from typing import Any

from tests.servers.local import SECRET_TOKEN, Answer, Request, as_json
from tests.servers.world import COMMENT, Given, World

SURVEY = "SV_3synthetic0001"
KEYS = {item: f"QID1_{item}" for item in range(1, 7)}
COMMENT_KEY = "QID2_TEXT"
PERSON = ("email", "recipientEmail")
SEES_EDITS = True
SERVER = "{base}"
SECRET = SECRET_TOKEN
BOXES = {"1": "Breathing", "3": "Writing a letter"}  # QID3, where several can be ticked; number 2 was deleted

_HERE = f"/API/v3/surveys/{SURVEY}"
_RECODE = 8  # recodes are not positions: the first choice is 9
_METADATA = {
    "startDate": "StartDate",
    "endDate": "EndDate",
    "status": "Status",
    "ipAddress": "IPAddress",
    "finished": "Finished",
    "recordedDate": "RecordedDate",
    "_recordId": "ResponseId",
    "recipientLastName": "RecipientLastName",
    "recipientFirstName": "RecipientFirstName",
    "recipientEmail": "RecipientEmail",
    "externalReference": "ExternalReference",
}
_jobs: dict[str, tuple[int, bytes]] = {}  # id: how often somebody asked, the file


def is_data(request: Request) -> bool:
    return request.path.endswith("/file")


def record(number: int) -> str:
    return f"R_{number:015}"


def answer(request: Request, world: World, base: str) -> Answer:
    if request.headers.get("x-api-token") != SECRET:
        return error(401, "AUTH_20.2")
    if not request.path.startswith(_HERE):
        return error(404, "SVY_1")
    place = request.path.removeprefix(_HERE).strip("/").split("/")
    if place == [""]:
        return result(**form(world))
    if request.method == "POST":
        return _start(request, world)
    if place[-1] == "file":
        return Answer(200, _jobs[place[1]][1], {"Content-Type": "application/zip"})
    return _progress(place[1])


def result(**content: Any) -> Answer:
    return as_json({"result": content, "meta": {"httpStatus": "200 - OK", "requestId": "synthetic"}})


def refusal(kind: str) -> Answer:
    return error({"token": 401, "permission": 403, "survey": 404}[kind], "SYNTHETIC_1")


def error(status: int, code: str) -> Answer:
    meta = {"httpStatus": str(status), "error": {"errorCode": code, "errorMessage": "Synthetic"}}
    return as_json({"meta": meta}, status)


def form(world: World) -> dict[str, Any]:
    matrix = {"type": "Matrix", "selector": "Likert", "subSelector": "SingleAnswer"}
    boxes = {"type": "MC", "selector": "MAVR", "subSelector": "TX"}
    text = {"type": "TE", "selector": "ML", "subSelector": None}
    rows = {str(item): {"choiceText": f"<em>{words}</em>", "recode": str(item)} for item, words in world.items.items()}
    choices = {
        str(code): {"recode": str(code + _RECODE), "choiceText": f"<b>{label}</b>\n", "description": label}
        for code, label in world.labels.items()
    }
    ticked = {number: {"recode": number, "choiceText": label} for number, label in BOXES.items()}
    tags = {f"CARE_{n}": {"question": "QID1", "subQuestion": f"QID1.subQuestions.{n}"} for n in world.items}
    tags |= {f"Q3_{n}": {"question": "QID3", "choice": f"QID3.choices.{n}"} for n in BOXES}
    return {
        "id": SURVEY,
        "name": "Planted / Personname: title",
        "questions": {
            "QID9": {"questionType": {"type": "DB", "selector": "TB"}, "questionText": "Welcome", "questionName": "Q9"},
            "QID1": {"questionType": matrix, "questionText": "How far?", "subQuestions": rows, "choices": choices},
            "QID2": {"questionType": text, "questionText": COMMENT, "questionName": "Q2"},
            "QID3": {"questionType": boxes, "questionText": "What did you try?", "choices": ticked},
        },
        "exportColumnMap": tags | {"Q2": {"question": "QID2"}},
        "embeddedData": [{"name": "school_code"}],
        "responseCounts": {
            "auditable": sum(not one.test for one in world.given.values()),
            "generated": sum(one.test for one in world.given.values()),
            "deleted": len(world.deleted),
        },
    }


def _start(request: Request, world: World) -> Answer:
    job = f"ES_{len(_jobs):06}"
    _jobs[job] = 0, zipped(export(request.json(), world))
    return result(progressId=job, percentComplete=0.0, status="inProgress")


def _progress(job: str) -> Answer:
    asked, file = _jobs[job]
    _jobs[job] = asked + 1, file
    if asked == 0:
        return result(percentComplete=100.0, status="inProgress")  # as it does: the status comes later
    return result(percentComplete=100.0, status="complete", fileId=job)


def zipped(text: str, *names: str) -> bytes:
    """The file is called after the survey, whatever marks its title has."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names or ("Planted / Personname: title.csv",):
            archive.writestr(name, text)
    return file.getvalue()


def export(options: dict[str, Any], world: World) -> str:
    columns = _columns(options, world)
    given = world.by_change() if options.get("sortByLastModifiedDate") else list(world.given.values())
    if start := options.get("startDate"):
        after = datetime.fromisoformat(start)
        moment = "changed" if options.get("sortByLastModifiedDate") else "submitted"
        given = [one for one in given if getattr(one, moment) >= after]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(name for name, _, _ in columns)
    writer.writerow(words for _, words, _ in columns)
    writer.writerow(json.dumps(about) for _, _, about in columns)
    writer.writerows([_cell(one, about, options, world) for _, _, about in columns] for one in given)
    return text.getvalue()


def _columns(options: dict[str, Any], world: World) -> list[tuple[str, str, dict[str, str]]]:
    asked, ids = options.get("questionIds"), options.get("surveyMetadataIds", list(_METADATA))
    found: list[tuple[str, str, dict[str, str]]] = []
    for id_ in ids:
        name = {"externalReference": "externalDataReference"}.get(id_, id_)
        zone = {"timeZone": options["timeZone"]} if id_.endswith("Date") else {}
        found.append((_METADATA[id_], f"Auf Deutsch {id_}", {"ImportId": name, **zone}))
    if options.get("sortByLastModifiedDate"):
        found.append(("LastModifiedDate", "Last Modified Date", {"ImportId": "_lastModifiedDate"}))
    if asked is None or "QID1" in asked:
        found += [(f"CARE_{n}", f"How far? - {words}", {"ImportId": f"QID1_{n}"}) for n, words in world.items.items()]
    if asked is None or "QID2" in asked:
        found.append(("Q2", COMMENT, {"ImportId": "QID2_TEXT"}))
    if asked is None or "QID3" in asked:
        found += [("Q3", f"Tried - {label}", {"ImportId": "QID3", "choiceId": n}) for n, label in BOXES.items()]
    found.append(("FL_5_DO", "Display Order", {"ImportId": "FL_5_DO", "choiceId": "FL_6"}))  # comes uninvited
    return found


def _cell(one: Given, about: dict[str, str], options: dict[str, Any], world: World) -> str:
    id_ = about["ImportId"]
    if id_.startswith("QID1_"):
        code = one.answers.get(int(id_.removeprefix("QID1_")))
        return str(options["seenUnansweredRecode"]) if code is None else f"{world.labels[code]}\n"
    if id_ == "QID2_TEXT":
        return one.comment or str(options["seenUnansweredRecode"])
    if id_ == "QID3":
        shown, ticked = one.complete, one.number % 2 == 1 and about["choiceId"] == "3"
        return BOXES["3"] if shown and ticked else str(options["multiselectSeenUnansweredRecode"]) if shown else ""
    return {
        "_recordId": record(one.number),
        "startDate": f"{one.submitted:%Y-%m-%d %H:%M:%S}",
        "endDate": f"{one.submitted:%Y-%m-%d %H:%M:%S}",
        "recordedDate": f"{one.submitted:%Y-%m-%d %H:%M:%S}",
        "_lastModifiedDate": f"{one.changed:%Y-%m-%d %H:%M:%S}",
        "status": "Survey Preview" if one.test else "IP Address",
        "finished": str(one.complete),
        "ipAddress": "203.0.113.77",
        "recipientEmail": one.email,
        "recipientFirstName": "Planted",
        "recipientLastName": "Personname",
    }.get(id_, "")
