"""LimeSurvey's RemoteControl 2, seen on a server of version 6.4.2; the differences of version 7 are from its clients.

It answers with status 200 whatever is wrong, so the words inside decide. Everything is fetched each time: ids are the
only filter, and edits keep theirs. Answers come as codes, because the tool's own labels turn unknown codes into blanks
and items that nobody saw into "No"; labels are put in here. It cannot tell "not shown" from "left blank". A survey that
was taken down and started again begins with an empty table: the responses before that are gone from the tool as well.

Headings of dual-scale arrays are from its source, labels of question types that bring their own are unconfirmed.
"""

import base64
import binascii
import json
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import polars as pl

from cfc_pipeline.errors import ConfigError, SourceError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis.answers import Answers, in_columns, in_order, texts
from cfc_pipeline.sources.columns import tidy
from cfc_pipeline.sources.raw import COMPLETE, NOT_TICKED, RECORD, SUBMITTED, TEST, Choice, RawColumn
from cfc_pipeline.sources.web import Complaint, Reply, Web

NEEDS = "the name and password of an account that may see and export the survey's responses, joined with a colon"
_PLACE = "index.php/admin/remotecontrol"
_NO_DATE = "1980-01-01"  # what anonymised surveys write
_EMPTY = "No Data, could not get max id."  # an active survey that nobody answered
_TAKEN_DOWN = "No Data, survey table does not exist."
_NOT_ACTIVE = "the survey is not active there, so its responses cannot be read"
_NEEDED = ("id", "submitdate", "datestamp")
# Types whose choices the survey's author wrote, and the property that holds them; "1" has two lists, which share codes.
_OPTIONS = {**dict.fromkeys(("L", "!", "O", "F", "H", "R"), "answeroptions"), "1": "answeroptions_multiscale"}
_TICKED = ("M", "P")
_OTHER = "-oth-"
_NO_ANSWER = ("X", "|")  # texts between questions, and uploads
_FIXED: dict[str, dict[str, str]] = {
    "Y": {"Y": "Yes", "N": "No"},
    "G": {"F": "Female", "M": "Male"},
    "C": {"Y": "Yes", "U": "Uncertain", "N": "No"},
    "E": {"I": "Increase", "S": "Same", "D": "Decrease"},
    **{kind: {str(n): str(n) for n in range(1, most + 1)} for kind, most in (("5", 5), ("A", 5), ("B", 10))},
}
Call = Callable[..., Any]


def connect(fetch: Fetch, secret: str) -> Web:
    if not fetch.server:
        raise ConfigError(
            "LimeSurvey runs on a server of its own, which is not named.",
            where="`fetch: {server: ...}`",
            next_step="set it to the site's address up to `/index.php`",
        )
    if not all(secret.partition(":")):
        raise ConfigError(
            "LimeSurvey's token has no colon, so name and password cannot be told apart.",
            where="the environment variable that `cfc-pipeline doctor` names",
            next_step="set it to the account's name, a colon, and its password",
        )
    server = fetch.server.rstrip("/").removesuffix("/admin/remotecontrol").removesuffix("/index.php")
    return Web(server, title="LimeSurvey", secret=secret, complain=_complain)


def questionnaire(web: Web, survey: str) -> tuple[RawColumn, ...]:
    with _session(web) as call:
        fields = call("get_fieldmap", survey)
        options = {
            field["qid"]: call("get_question_properties", field["qid"], [_OPTIONS[field["type"]]])["answeroptions"]
            for field in fields.values()
            if field["type"] in _OPTIONS
        }
    other = {field["qid"] for field in fields.values() if field.get("aid") == "other"}
    asked = [field for field in fields.values() if field.get("qid") and field["type"] not in _NO_ANSWER]
    columns = [_column(field, options.get(field["qid"]), field["qid"] in other) for field in asked]
    tokens = [RawColumn("token", "token", system=True, personal=True)] if "token" in fields else []
    return (*columns, *tokens)


def responses(web: Web, survey: str, form: tuple[RawColumn, ...], wanted: Container[str], since: str | None) -> Answers:
    with _session(web) as call:
        told = _count(web, call, survey)
        fields = call("get_fieldmap", survey)
        names = [name for name, field in fields.items() if _key(field) in wanted or name in _NEEDED]
        exported = call("export_responses", survey, "json", None, "all", "code", "short", None, None, names)
        found = _unpacked(web, exported)
    if len(found) < told:
        raise web.strange(f"it sent {len(found)} of {told} responses")
    columns = [column for column in form if column.key in wanted]
    lost = [column for column in columns if found and column.key not in found[0]]
    if lost:
        raise web.strange(f"it left out {len(lost)} column(s) that were asked for")
    rows = in_order(_frame(found, columns).with_columns(_labelled(columns)), form, wanted)
    return Answers(rows, cursor=None, everything=True, zone=None)


def count(web: Web, survey: str) -> int | None:
    with _session(web) as call:
        return _count(web, call, survey)


@contextmanager
def _session(web: Web) -> Iterator[Call]:
    """What calls a method. The key is given back whatever happens; it would be good for two hours."""
    user, _, password = web.secret.partition(":")
    key = _call(web, "get_session_key", user, password)
    if not isinstance(key, str):
        raise web.strange("it gave no session")
    try:
        yield lambda method, *params: _call(web, method, key, *params)
    finally:
        with suppress(SourceError):
            _call(web, "release_session_key", key)


def _call(web: Web, method: str, *params: Any) -> Any:
    reply = web.post(_PLACE, body={"method": method, "params": params, "id": 1})
    if not reply.content.strip():
        raise web.strange("it says nothing at all, as it does when its RemoteControl interface is switched off")
    content = web.content(reply)
    if content["error"] is not None:
        raise web.strange("it reports an error of its own")
    status = _status(content)
    if status == _TAKEN_DOWN:
        raise web.strange(_NOT_ACTIVE)
    if status not in (None, "OK", _EMPTY):
        raise web.strange("it refuses, in words that this version does not know")
    return content["result"]


def _count(web: Web, call: Call, survey: str) -> int:
    """Finished and unfinished ones."""
    summary = call("get_summary", survey, "all")
    if "completed_responses" not in summary:
        raise web.strange(_NOT_ACTIVE)
    return int(summary["completed_responses"]) + int(summary["incomplete_responses"])


def _unpacked(web: Web, exported: Any) -> list[dict[str, Any]]:
    if isinstance(exported, dict) and exported["status"] == _EMPTY:
        return []
    try:
        found = json.loads(base64.b64decode(exported, validate=False))["responses"]
    except (binascii.Error, ValueError, RecursionError):
        raise web.strange("its export cannot be read") from None
    if not isinstance(found, list):
        raise web.strange("its export is keyed by ids, as very old versions do")
    return found


def _key(field: dict[str, Any]) -> str:
    """The heading of a field when codes are asked for, as the tool's source puts it together."""
    if not field.get("title"):
        return str(field["fieldname"])
    parts = [field["aid"]] if field.get("aid") not in (None, "") else []
    parts += [int(field["scale_id"]) + 1] if field.get("scale") else []
    return str(field["title"]) + "".join(f"[{part}]" for part in parts)


def _column(field: dict[str, Any], options: Any, other: bool) -> RawColumn:
    rows = [tidy(field[part]) for part in ("subquestion", "subquestion1", "subquestion2", "scale") if field.get(part)]
    label = " | ".join(rows)
    return RawColumn(_key(field), tidy(field["question"]), label, choices=_choices(field, label, options, other))


def _choices(field: dict[str, Any], label: str, options: Any, other: bool) -> tuple[Choice, ...]:
    part, kind = field.get("aid") or "", field["type"]
    if part == "other" or part.endswith("comment"):
        return ()
    if kind in _TICKED:
        return (Choice("Y", label),)
    if kind in _OPTIONS:
        mine = _by_code(options)
        listed = _listed(_by_code(mine.get(str(field["scale_id"]))) if kind == "1" else mine)
        return (*listed, *([Choice(_OTHER, "Other")] if other else []))
    numbers = kind in ("5", "A", "B")
    return tuple(Choice(code, words, code if numbers else None) for code, words in _FIXED.get(kind, {}).items())


def _by_code(options: Any) -> dict[str, Any]:
    """PHP writes a list when codes happen to be 0, 1, 2 ..., and a sentence when there are none."""
    if isinstance(options, list):
        return {str(code): one for code, one in enumerate(options)}
    return options if isinstance(options, dict) else {}


def _listed(options: dict[str, Any]) -> Iterator[Choice]:
    """A choice's number is its assessment value; where all of them are 0 nobody set them, and a code that is a number
    stands for itself."""
    scored = any(float(one["assessment_value"] or 0) for one in options.values())
    for code, one in sorted(options.items(), key=lambda item: int(item[1]["order"])):
        number = str(one["assessment_value"]) if scored else code if code.isdigit() else None
        yield Choice(code, tidy(one["answer"]), number)


def _frame(found: list[dict[str, Any]], columns: list[RawColumn]) -> pl.DataFrame:
    """Times are the server's clock, without a zone; of an unfinished one the last action, where the survey keeps it."""
    fields = {column.key: column.key for column in columns} | {RECORD: "id", "_sent": "submitdate"}

    def cells(some: list[dict[str, Any]]) -> dict[str, list[str | None]]:
        last = {"_last": [one.get("datestamp") for one in some]}
        return {name: texts(some, field) for name, field in fields.items()} | last

    told = in_columns(found, cells)
    sent, last = (pl.when(pl.col(name) != "").then(pl.col(name)) for name in ("_sent", "_last"))
    moment = pl.coalesce(sent, last)
    return told.with_columns(
        pl.when(~moment.str.starts_with(_NO_DATE)).then(moment).alias(SUBMITTED),
        sent.is_not_null().alias(COMPLETE),
        pl.lit(False).alias(TEST),  # previews are not stored
    )


def _labelled(columns: list[RawColumn]) -> Iterator[pl.Expr]:
    """Labels for codes. A box is as empty for those who never saw it: only another one of its question tells that they
    did."""
    boxes = [column.key for column in columns if [choice.id for choice in column.choices] == ["Y"]]
    for column in columns:
        cell = pl.col(column.key)
        said = cell.replace({choice.id: choice.label for choice in column.choices}) if column.choices else cell
        if column.key in boxes:
            beside = [pl.col(key) for key in boxes if key.partition("[")[0] == column.key.partition("[")[0]]
            seen = pl.any_horizontal(box.fill_null("") != "" for box in beside)
            said = pl.when(seen & (cell.fill_null("") == "")).then(pl.lit(NOT_TICKED)).otherwise(said)
        yield said.alias(column.key)


def _status(content: Any) -> str | None:
    result = content.get("result") if isinstance(content, dict) else None
    status = result.get("status") if isinstance(result, dict) else None
    return str(status) if status is not None else None


_COMPLAINTS: tuple[tuple[str, Complaint], ...] = (
    ("invalid user name or password", "token"),
    ("no permission", "permission"),
    ("invalid survey id", "survey"),
    ("invalid session key", "busy"),
)
_CODES: dict[str, Complaint] = {
    "ERR_NO_PERMISSION": "permission",
    "ERR_INVALID_SURVEY": "survey",
    "ERR_NOT_FOUND": "survey",
}


def _complain(reply: Reply) -> Complaint | None:
    content = reply.json()
    status = (_status(content) or "").lower()
    if not status:
        return None
    by_code = _CODES.get(content["result"].get("error_code", ""))
    return by_code or next((complaint for words, complaint in _COMPLAINTS if words in status), None)
