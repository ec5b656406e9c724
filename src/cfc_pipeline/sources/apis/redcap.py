"""REDCap: one address that everything is posted to, with a token for one project.

`survey:` is the name of an instrument; its rows are found in every event and repeat. A request that is too large comes
back with fewer records and no error, so ids are asked for first and then the records, a hundred at a time, and every id
must be there. Answers come as codes and get the dictionary's labels here; the dictionary also says what is personal. A
box that nobody saw is 0, like an unticked one. Times are the server's clock, and the date range of the interface goes
by it: what was created or modified since the last survey that was sent in, a day and an hour earlier.

Users without full rights get fewer columns or ids that are hashed: both are refused here. That a project in development
holds tests, and the names of its settings, are unconfirmed. A record that is renamed looks deleted and new.
"""

import re
from collections.abc import Container, Iterator
from typing import Any

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis.answers import Answers, earlier, latest, table
from cfc_pipeline.sources.columns import tidy
from cfc_pipeline.sources.raw import COMPLETE, NOT_TICKED, RECORD, SUBMITTED, TEST, Choice, RawColumn
from cfc_pipeline.sources.web import Complaint, Reply, Web

NEEDS = "the project's API token of a user with full data export rights"
_PER_MINUTE = 120  # an address that asks too often is shut out
_AT_ONCE = 100
_PAUSE = 0.5  # seconds between two requests for records
_PLACES = ("redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance")  # as in files, in this order
_IDENTIFIER = "redcap_survey_identifier"
_OVERLAP = 25 * 60  # minutes: the server's clock goes back an hour in autumn
_NOT_COMPLETED = "[not completed]"
_COMPLETE = "2"
_WRITTEN = {"yesno": "1, Yes | 0, No", "truefalse": "1, True | 0, False"}
_CHOSEN = ("radio", "dropdown", "checkbox")
_NO_ANSWER = ("descriptive", "file")
_NUMBER = re.compile(r"^-?\d+(\.\d+)?$")
_RawRow = dict[str, Any]


def connect(fetch: Fetch, secret: str) -> Web:
    if not fetch.server:
        raise ConfigError(
            "REDCap runs on an institution's server, which is not named.",
            where="`fetch: {server: ...}`",
            next_step="set it to the address that the project's API page shows, such as https://redcap.example.ac.uk/api/",
        )
    return Web(fetch.server, title="REDCap", secret=secret, per_minute=_PER_MINUTE, complain=_complain)


def questionnaire(web: Web, survey: str) -> tuple[RawColumn, ...]:
    dictionary = _asked(web, "metadata", **{"forms[0]": survey})
    names = _asked(web, "exportFieldNames")
    id_ = names[0]["original_field_name"]  # the first field of a project, whatever its name
    exported = {(one["original_field_name"], str(one["choice_value"])): one["export_field_name"] for one in names}
    asked = [
        column
        for field in dictionary
        if field["form_name"] == survey and field["field_name"] != id_ and field["field_type"] not in _NO_ANSWER
        for column in _columns(field, exported)
    ]
    if not asked:
        raise web.strange("the project has no instrument of that name with a question in it")
    own = [RawColumn(key, key, system=True, personal=True) for key in (id_, _IDENTIFIER)]
    return (*asked, *own, *(RawColumn(key, key, system=True) for key in _PLACES))


def responses(web: Web, survey: str, form: tuple[RawColumn, ...], wanted: Container[str], since: str | None) -> Answers:
    columns = [column for column in form if column.key in wanted and not column.system]
    id_ = next(column.key for column in form if column.system)  # as `questionnaire` orders them
    project = _object(web, "project")
    missing = {choice.id for choice in _choices(project.get("missing_data_codes") or "")}
    found = [row for row in _records(web, survey, id_, columns, since) if _is_of(row, survey, columns)]
    rows = table([_row(one, survey, id_, columns, missing, _is_test(project)) for one in found], form, wanted)
    stamps = [moment for one in found if (moment := _sent(one, survey))]
    return Answers(rows, latest(stamps, since), everything=not since, zone=None)


def count(web: Web, survey: str) -> int | None:
    return None  # it counts records only


def _asked(web: Web, content: str, **options: str) -> list[_RawRow]:
    found = _post(web, content, **options)
    if not isinstance(found, list):
        raise web.strange("it is not a list")
    return found


def _object(web: Web, content: str) -> _RawRow:
    found = _post(web, content)
    if not isinstance(found, dict):
        raise web.strange("it does not describe the project")
    return found


def _post(web: Web, content: str, **options: str) -> Any:
    how = {"content": content, "type": "flat", "format": "json", "returnFormat": "json"}
    return web.content(web.post("", form={"token": web.secret, **how, **options}))


def _records(web: Web, survey: str, id_: str, columns: list[RawColumn], since: str | None) -> Iterator[_RawRow]:
    fields = [id_, *dict.fromkeys(column.tag or column.key for column in columns), f"{survey}_complete"]
    ids = _ids(web, id_, since)
    for start in range(0, len(ids), _AT_ONCE):
        batch = ids[start : start + _AT_ONCE]
        web.sleep(_PAUSE)
        rows = _asked(
            web, "record", exportSurveyFields="true", **_listed("fields", fields), **_listed("records", batch)
        )
        lost = len(set(batch) - {str(row[id_]) for row in rows})
        if lost:
            raise web.strange(f"it left out {lost} of {len(batch)} records, or hides their ids from this user")
        cut = sum(column.key not in rows[0] for column in columns)
        if cut:
            raise web.strange(f"it left out {cut} column(s) that were asked for; the token's user may not export them")
        yield from rows


def _ids(web: Web, id_: str, since: str | None) -> list[str]:
    begin = (earlier(since, _OVERLAP) or "").replace("T", " ").rstrip("Z")
    window = {"dateRangeBegin": begin} if begin else {}
    rows = _asked(web, "record", **_listed("fields", [id_]), **window)
    return list(dict.fromkeys(str(row[id_]) for row in rows))


def _listed(name: str, values: list[str]) -> dict[str, str]:
    return {f"{name}[{number}]": value for number, value in enumerate(values)}


def _columns(field: _RawRow, exported: dict[tuple[str, str], str]) -> Iterator[RawColumn]:
    """`tag` of a box is the field that it belongs to: requests name fields, answers name boxes."""
    name, kind, text = field["field_name"], field["field_type"], tidy(field["field_label"])
    personal = field["identifier"] == "y"
    offered = field["select_choices_or_calculations"] if kind in _CHOSEN else _WRITTEN.get(kind, "")
    choices = _choices(offered)
    if kind != "checkbox":
        yield RawColumn(name, text, personal=personal, choices=choices)
        return
    for one in choices:
        yield RawColumn(exported[name, one.id], text, one.label, personal=personal, choices=(one,), tag=name)


def _choices(written: str) -> tuple[Choice, ...]:
    """`1, Control | 2, Treatment`."""
    parts = [part.partition(",") for part in written.split("|") if part.strip()]
    codes = [(code.strip(), tidy(label)) for code, _, label in parts]
    return tuple(Choice(code, label, code if _NUMBER.match(code) else None) for code, label in codes)


def _is_of(row: _RawRow, survey: str, columns: list[RawColumn]) -> bool:
    """Whether the instrument was begun here: rows are blank where it does not belong to the event or the repeat."""
    repeated = row.get("redcap_repeat_instrument")
    if repeated and repeated != survey:
        return False
    answered = any(row[column.key] not in ("", "0" if column.tag else "") for column in columns)
    return answered or row.get(f"{survey}_complete") not in (None, "", "0") or bool(_sent(row, survey))


def _row(
    one: _RawRow, survey: str, id_: str, columns: list[RawColumn], missing: set[str], test: bool
) -> dict[str, Any]:
    complete = str(one[f"{survey}_complete"]) == _COMPLETE
    cells: dict[str, Any] = {
        RECORD: "|".join(str(one[part] or "") for part in (id_, *_PLACES) if part in one),
        SUBMITTED: _sent(one, survey),
        COMPLETE: complete,
        TEST: test,
        id_: str(one[id_]),
        **{key: str(one[key]) for key in (_IDENTIFIER, *_PLACES) if one.get(key) is not None},
    }
    seen = {column.tag for column in columns if column.tag and (complete or one[column.key] == "1")}
    return cells | {column.key: _cell(str(one[column.key]), column, seen, missing) for column in columns}


def _cell(code: str, column: RawColumn, seen: set[str], missing: set[str]) -> str | None:
    """A label, or what was typed. A code for missing data is no answer, and no number to be added up."""
    if column.tag:
        return column.choices[0].label if code == "1" else NOT_TICKED if column.tag in seen else None
    label = next((choice.label for choice in column.choices if choice.id == code), None)
    return label or (None if code in missing else code)


def _sent(row: _RawRow, survey: str) -> str | None:
    """When a survey was sent in; empty for what somebody else typed in."""
    moment = row.get(f"{survey}_timestamp") or None
    return None if moment == _NOT_COMPLETED else moment


def _is_test(project: _RawRow) -> bool:
    return str(project.get("in_production", "1")) == "0"


def _complain(reply: Reply) -> Complaint | None:
    body = reply.json()
    said = str(body["error"]).lower() if isinstance(body, dict) and "error" in body else ""
    if "server memory" in said:
        return "busy"
    if reply.status == 403:
        return "permission" if "export rights" in said else "token"
    if 'parameter "forms"' in said:
        return "survey"
    return "refused" if said or reply.status == 404 else None  # 404: not this survey, but the address is wrong
