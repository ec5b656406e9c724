"""REDCap's interface as its export's source and its clients describe it: everything is posted, lists are indexed."""

from datetime import datetime
from typing import Any

from tests.servers.local import SECRET_TOKEN, Answer, Request, as_json
from tests.servers.world import COMMENT, Given, World

SURVEY = "cfc_feedback"
KEYS = {item: f"care_{item}" for item in range(1, 7)}
COMMENT_KEY = "helped"
PERSON = ("email", "redcap_survey_identifier")
SEES_EDITS = True
SERVER = "{base}/api/"
SECRET = SECRET_TOKEN
BOXES = {"1": "Breathing", "-2": "Writing a letter"}
BOX_NAMES = {"1": "tried___1", "-2": "tried____2"}  # a minus becomes an underscore
PROJECT = {
    "project_id": 7,
    "in_production": 1,
    "is_longitudinal": 0,
    "missing_data_codes": "-777, Not asked | NA, Gone",
}


def is_data(request: Request) -> bool:
    return request.form().get("content") == "record"


def record(number: int) -> str:
    return str(number)


def answer(request: Request, world: World, base: str) -> Answer:
    form = request.form()
    if request.path != "/api/" or request.method != "POST":
        return Answer(404, b"<html>Not found</html>")
    if form.get("token") != SECRET:
        return refusal("token")
    if any(form[key] != SURVEY for key in form if key.startswith("forms[")):
        return refusal("survey")
    if form["content"] == "record":
        return as_json(records(form, world))
    contents = {"metadata": dictionary, "exportFieldNames": names, "project": lambda world: PROJECT}
    return as_json(contents[form["content"]](world))


def refusal(kind: str) -> Answer:
    return {
        "token": error("You do not have permissions to use the API", 403),
        "permission": error('The API request cannot complete: you have "No Access" data export rights', 403),
        "survey": error('The following values in the parameter "forms" are not valid', 400),
    }[kind]


def error(words: str, status: int) -> Answer:
    return as_json({"error": words}, status)


def dictionary(world: World) -> list[dict[str, str]]:
    def field(name: str, kind: str, label: str, choices: str = "", identifier: str = "") -> dict[str, str]:
        return {
            "field_name": name,
            "form_name": SURVEY,
            "field_type": kind,
            "field_label": label,
            "select_choices_or_calculations": choices,
            "identifier": identifier,
        }

    scale = " | ".join(f"{code}, <b>{label}</b>" for code, label in world.labels.items())
    boxes = " | ".join(f"{code}, {label}" for code, label in BOXES.items())
    return [
        field("welcome", "descriptive", "Welcome"),
        *(field(f"care_{item}", "radio", f"<p>{text}</p>", scale) for item, text in world.items.items()),
        field("helped", "notes", COMMENT),
        field("tried", "checkbox", "Which did you try?", boxes),
        field("again", "yesno", "Would you come again?"),
        field("phone", "text", "Phone", identifier="y"),
        field("total", "calc", "Total", "[care_1] + [care_2]"),
    ]


def names(world: World) -> list[dict[str, str]]:
    fields = ["record_id", *(one["field_name"] for one in dictionary(world) if one["field_type"] != "descriptive")]
    rows = [
        {"original_field_name": name, "choice_value": code, "export_field_name": exported}
        for name in fields
        for code, exported in (BOX_NAMES.items() if name == "tried" else [("", name)])
    ]
    return [*rows, {"original_field_name": f"{SURVEY}_complete", "choice_value": "", "export_field_name": "x"}]


def listed(form: dict[str, str], name: str) -> list[str]:
    return [value for key, value in form.items() if key.startswith(f"{name}[")]


def records(form: dict[str, str], world: World) -> list[dict[str, Any]]:
    given, fields, ids = list(world.given.values()), listed(form, "fields"), listed(form, "records")
    if begin := form.get("dateRangeBegin"):
        given = [one for one in given if one.changed.replace(tzinfo=None) >= datetime.fromisoformat(begin)]
    return [row(one, form, fields) for one in given if not ids or str(one.number) in ids]


def row(one: Given, form: dict[str, str], fields: list[str]) -> dict[str, Any]:
    cells: dict[str, Any] = {
        "record_id": str(one.number),
        "helped": one.comment,
        "again": "1",
        "phone": "0113 496 0000",
    }
    cells |= {f"care_{item}": str(one.answers.get(item, "")) for item in range(1, 7)}
    cells[f"{SURVEY}_complete"] = "2" if one.complete else "0"
    boxes = {"tried___1": "0", "tried____2": "1" if one.number % 2 else "0"}
    found = {name: cells[name] for name in fields if name in cells} | (boxes if "tried" in fields else {})
    if form.get("exportSurveyFields") == "true":
        sent = f"{one.submitted:%Y-%m-%d %H:%M:%S}" if one.complete else "[not completed]"
        found |= {"redcap_survey_identifier": one.email, f"{SURVEY}_timestamp": sent}
    return found | {"redcap_data_access_group": "planted.example Personname"}  # comes uninvited
