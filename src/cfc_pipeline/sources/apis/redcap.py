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

import polars as pl

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis.answers import Answers, earlier, in_columns, in_order, latest, texts
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
    told = _told(list(_records(web, survey, id_, columns, since)), survey, id_, columns)
    cells = {column.key: _cell(column, columns, missing) for column in columns}
    kept = told.filter(_is_of(survey, columns))
    rows = in_order(kept.with_columns(pl.lit(_is_test(project)).alias(TEST), **cells), form, wanted)
    return Answers(rows, latest(rows[SUBMITTED].drop_nulls().to_list(), since), everything=not since, zone=None)


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


def _told(rows: list[_RawRow], survey: str, id_: str, columns: list[RawColumn]) -> pl.DataFrame:
    """What was sent, as text; empty where it is nothing. A row that lacks a column which others have is an error."""
    optional = (f"{survey}_timestamp", _IDENTIFIER, *_PLACES)
    here = [key for key in optional if any(key in row for row in rows)]
    names = dict.fromkeys([id_, f"{survey}_complete", *here, *(column.key for column in columns)])
    told = in_columns(rows, lambda some: {name: texts(some, name) for name in names})
    nothing = pl.lit("").alias(f"{survey}_timestamp")
    told = told.with_columns(pl.all().fill_null(""), *([nothing] if nothing.meta.output_name() not in here else []))
    moment = pl.col(f"{survey}_timestamp")
    return told.with_columns(
        pl.concat_str(id_, *(place for place in _PLACES if place in here), separator="|").alias(RECORD),
        pl.when(~moment.is_in(["", _NOT_COMPLETED])).then(moment).alias(SUBMITTED),
        (pl.col(f"{survey}_complete") == _COMPLETE).alias(COMPLETE),
    )


def _is_of(survey: str, columns: list[RawColumn]) -> pl.Expr:
    """Whether the instrument was begun here: rows are blank where it does not belong to the event or the repeat."""
    repeated = pl.col(f"^{_PLACES[1]}$").is_in(["", survey])  # a project without repeats has no such column
    answered = [~pl.col(column.key).is_in(["", "0"] if column.tag else [""]) for column in columns]
    begun = ~pl.col(f"{survey}_complete").is_in(["", "0"])
    return pl.all_horizontal(repeated, pl.any_horizontal(*answered, begun, pl.col(SUBMITTED).is_not_null()))


def _cell(column: RawColumn, columns: list[RawColumn], missing: set[str]) -> pl.Expr:
    """A label, or what was typed. A code for missing data is no answer, and no number to be added up."""
    cell = pl.col(column.key)
    if column.tag:
        seen = pl.any_horizontal(COMPLETE, *(pl.col(one.key) == "1" for one in columns if one.tag == column.tag))
        ticked = pl.when(cell == "1").then(pl.lit(column.choices[0].label))
        return ticked.when(seen).then(pl.lit(NOT_TICKED))
    labels = {choice.id: choice.label or choice.id for choice in reversed(column.choices)}
    return cell.replace(dict.fromkeys(missing) | labels) if missing or labels else cell


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
