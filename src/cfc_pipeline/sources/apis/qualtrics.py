"""Qualtrics' API v3: an export is a job that is started, waited for, and fetched as a zip with one CSV in it.

The CSV is the one that people download, so sources/qualtrics.py reads it; keys are its ImportIds. Only the columns that
are needed are asked for: network addresses, names and places stay where they are. Two numbers that nobody types stand
for "seen and left blank" and "seen and not ticked"; what is empty then was not shown. Sorted by the last modification,
the start date finds edits as well (vendor's documentation).

Sessions that are still open are not exported: they come, under another id, when they are recorded [unconfirmed].
Questions in Loop & Merge and side-by-side tables have ImportIds that the form does not tell, so they come from files
only. What `responseCounts` includes, and ImportIds of texts beside a choice, are unconfirmed.
"""

import io
import re
import zipfile
from collections.abc import Container, Iterator
from typing import Any

import polars as pl

from cfc_pipeline.errors import ConfigError, ExportError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources import qualtrics
from cfc_pipeline.sources.apis.answers import SCHEMA, Answers, earlier, latest
from cfc_pipeline.sources.columns import tidy
from cfc_pipeline.sources.grid import open_grid
from cfc_pipeline.sources.raw import LEFT_BLANK, NOT_SHOWN, NOT_TICKED, Choice, RawColumn, RawTable
from cfc_pipeline.sources.web import Complaint, Reply, Web

NEEDS = "an API token (Account Settings, Qualtrics IDs) of a user who may export the survey's responses"
_SEEN, _UNTICKED = -1_900_000_001, -1_900_000_002
_METADATA = ("_recordId", "endDate", "recordedDate", "status", "finished")
# Keys as in files, and what a request calls them.
_PERSONAL = {
    "recipientEmail": "recipientEmail",
    "recipientFirstName": "recipientFirstName",
    "recipientLastName": "recipientLastName",
    "externalDataReference": "externalReference",
}
_NO_COLUMN = ("DB", "Timing", "Meta", "Captcha", "FileUpload", "Draw", "SBS")
_POLLS = 240  # with the waits below, half an hour
_MOST_RATIO = 1000  # of text to its zip; survey answers compress ten to fifty times


def connect(fetch: Fetch, secret: str) -> Web:
    if not fetch.server:
        raise ConfigError(
            "Qualtrics has no address of its own: it depends on the account.",
            where="`fetch: {server: ...}`",
            next_step="set it to `https://` and the data centre, such as https://fra1.qualtrics.com; it is shown under "
            "Account Settings, Qualtrics IDs",
        )
    server = fetch.server.rstrip("/").removesuffix("/API/v3")
    return Web(f"{server}/API/v3", title="Qualtrics", headers={"X-API-TOKEN": secret}, complain=_complain)


def questionnaire(web: Web, survey: str) -> tuple[RawColumn, ...]:
    about = web.get_json(f"surveys/{survey}")["result"]
    tags = about["exportColumnMap"]
    asked = [column for id_, question in about["questions"].items() for column in _columns(id_, question, tags)]
    embedded = [one["name"] for one in about.get("embeddedData", ())]
    own = [RawColumn(key, key, system=True, personal=True) for key in (*_PERSONAL, *embedded)]
    return (*asked, *own)


def responses(web: Web, survey: str, form: tuple[RawColumn, ...], wanted: Container[str], since: str | None) -> Answers:
    columns = [column for column in form if column.key in wanted]
    exported = _read(web, _export(web, survey, _options(columns, since)))
    rows = _rows(web, exported, columns).collect()
    return Answers(rows, latest(_changes(exported), since), everything=not since, zone=exported.zone or "UTC")


def count(web: Web, survey: str) -> int | None:
    """Recorded responses and generated tests."""
    counts = web.get_json(f"surveys/{survey}")["result"]["responseCounts"]
    return int(counts["auditable"]) + int(counts["generated"])


def _options(columns: list[RawColumn], since: str | None) -> dict[str, Any]:
    """Every default is written out: the documentation and the service disagree on some."""
    people = [_PERSONAL[column.key] for column in columns if column.key in _PERSONAL]
    window = {"startDate": earlier(since)} if since else {}
    return {
        "format": "csv",
        "compress": True,
        "useLabels": True,
        "breakoutSets": True,
        "includeDisplayOrder": False,
        "formatDecimalAsComma": False,
        "exportResponsesInProgress": False,
        "sortByLastModifiedDate": True,
        "timeZone": "UTC",
        "seenUnansweredRecode": _SEEN,
        "multiselectSeenUnansweredRecode": _UNTICKED,
        "surveyMetadataIds": [*_METADATA, *people],
        "questionIds": list(dict.fromkeys(_question(column.key) for column in columns if not column.system)),
        "embeddedDataIds": [column.key for column in columns if column.system and column.key not in _PERSONAL],
        **window,
    }


def _question(key: str) -> str:
    return re.split("[_:]", key, maxsplit=1)[0]


def _export(web: Web, survey: str, options: dict[str, Any]) -> bytes:
    """The zip. The status says when it is ready: the percentage gets to 100 before."""
    place = f"surveys/{survey}/export-responses"
    job = web.content(web.post(place, body=options))["result"]["progressId"]
    for poll in range(_POLLS):
        progress = web.get_json(f"{place}/{job}")["result"]
        if progress["status"] == "complete":
            return web.get(f"{place}/{progress['fileId']}/file").content
        if progress["status"] == "failed":
            raise web.strange("the export that it was asked for failed")
        web.sleep(min(1.0 + poll, 8.0))
    raise web.strange("the export that it was asked for does not become ready")


def _read(web: Web, archive: bytes) -> RawTable:
    text = _unzipped(web, archive)
    try:
        grid = open_grid(text, "the export")
        if not qualtrics.recognises(grid):
            raise web.strange("its export has other header rows than those known")
        return qualtrics.read(grid)
    except ExportError as error:
        raise web.strange(f"its export cannot be read ({error.what.rstrip('.')})") from None


def _unzipped(web: Web, archive: bytes) -> bytes:
    """The only file of a zip, whatever its name. No more of it than a survey can have is ever unpacked."""
    most = min(web.most_bytes, _MOST_RATIO * len(archive))
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
            names = zipped.infolist()
            if len(names) != 1:
                raise web.strange(f"its zip holds {len(names)} files, not one")
            with zipped.open(names[0]) as file:
                text = file.read(most + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError):
        raise web.strange("it is not a zip that can be read") from None
    if len(text) > most:
        raise web.strange("its zip unpacks to more than a survey can hold; it is larger than allowed")
    return text


def _rows(web: Web, exported: RawTable, columns: list[RawColumn]) -> pl.LazyFrame:
    """Keys of people may be missing, as they are when the survey is anonymised; a question may not."""
    here = {column.key for column in exported.columns}
    lost = sum(column.key not in here and not column.system for column in columns) + ("_recordId" not in here)
    if lost:
        raise web.strange(f"it left out {lost} column(s) that were asked for")
    nothing = pl.lit(None, pl.String)
    cells = [(_cells(column) if column.key in here else nothing).alias(column.key) for column in columns]
    return exported.rows.select(*SCHEMA, *cells)


def _cells(column: RawColumn) -> pl.Expr:
    cell = pl.col(column.key)
    if column.system:
        return cell
    blank = pl.when(cell == str(_SEEN)).then(pl.lit(LEFT_BLANK)).when(cell == str(_UNTICKED)).then(pl.lit(NOT_TICKED))
    if ":" in column.key:  # an option that can be ticked; what the cell holds then depends on naming in the survey
        return blank.when(cell.is_null()).then(pl.lit(NOT_SHOWN)).otherwise(pl.lit(column.choices[0].label))
    answered = _as_labels(cell, column.choices) if column.choices else cell
    unseen = None if column.key.count("_") > 1 and column.key.endswith("_TEXT") else NOT_SHOWN  # a text beside a choice
    return blank.when(cell.is_null()).then(pl.lit(unseen, pl.String)).otherwise(answered)


def _as_labels(cell: pl.Expr, choices: tuple[Choice, ...]) -> pl.Expr:
    """Labels as the form has them: exports differ in markup and white space."""
    bare = cell.str.replace_all(r"<[^<>]*>|\s", "")
    return bare.replace_strict({"".join(one.label.split()): one.label for one in choices}, default=cell)


def _changes(exported: RawTable) -> list[str]:
    """The moments when responses were last changed, where the tool says, else recorded."""
    tags = {column.tag: column.key for column in exported.columns}
    key = tags.get("LastModifiedDate") or tags.get("RecordedDate")
    if key is None:
        return []
    moments = exported.rows.select(pl.col(key).str.slice(0, 19).str.replace(" ", "T") + "Z").drop_nulls().collect()
    return moments[key].to_list()


def _columns(id_: str, question: dict[str, Any], tags: dict[str, Any]) -> Iterator[RawColumn]:
    """A question's columns, keyed by the ImportIds that the export will have."""
    kind, text = question["questionType"], tidy(question["questionText"])
    choices = tuple(_choice(number, one) for number, one in (question.get("choices") or {}).items())
    rows = question.get("subQuestions") or {}
    if kind["type"] in _NO_COLUMN:
        return
    if rows:
        yield from _matrix(id_, text, kind, rows, choices, tags)
    elif kind["type"] == "TE" and not choices:
        yield RawColumn(f"{id_}_TEXT", text, tag=_tag(tags, id_))
    elif kind["type"] == "MC" and kind["selector"] in ("MAVR", "MAHR", "MACOL", "MSB"):
        for one in choices:
            tag = _tag(tags, id_, choice=one.id)
            yield RawColumn(f"{id_}:{one.id}", text, one.label, choices=(one,), tag=tag)
    elif kind["type"] == "MC":
        yield RawColumn(id_, text, choices=choices, tag=_tag(tags, id_))
    else:  # sliders, ranks, sums, several texts: one cell for each item, holding what was typed or a number
        for one in choices:
            yield RawColumn(f"{id_}_{one.id}", text, one.label, tag=_tag(tags, id_, choice=one.id))
    yield from (RawColumn(f"{id_}_{one.id}_TEXT", text, one.label) for one in choices if _has_text(tags, id_, one.id))


def _matrix(
    id_: str, text: str, kind: dict[str, Any], rows: dict[str, Any], choices: tuple[Choice, ...], tags: dict[str, Any]
) -> Iterator[RawColumn]:
    for number, row in rows.items():
        key, label, tag = f"{id_}_{number}", tidy(row["choiceText"]), _tag(tags, id_, row=number)
        if kind.get("subSelector") == "MultipleAnswer":
            for one in choices:
                yield RawColumn(f"{key}:{one.id}", text, f"{label} | {one.label}", choices=(one,), tag=tag)
        elif kind["selector"] == "TE":
            yield from (RawColumn(f"{key}_{one.id}", text, f"{label} | {one.label}", tag=tag) for one in choices)
        else:
            yield RawColumn(key, text, label, choices=choices, tag=tag)


def _choice(number: str, one: dict[str, Any]) -> Choice:
    recode = one.get("recode")
    return Choice(number, tidy(one["choiceText"]), None if recode is None else str(recode))


def _tag(tags: dict[str, Any], question: str, row: str | None = None, choice: str | None = None) -> str:
    """What the export calls this column: only for people to recognise it by."""
    place = {"question": question}
    place |= {"subQuestion": f"{question}.subQuestions.{row}"} if row else {}
    place |= {"choice": f"{question}.choices.{choice}"} if choice else {}
    return next((name for name, where in tags.items() if where == place), "")


def _has_text(tags: dict[str, Any], question: str, choice: str) -> bool:
    place = f"{question}.choices.{choice}"
    return any(name.endswith("_TEXT") and where.get("choice") == place for name, where in tags.items())


def _complain(reply: Reply) -> Complaint | None:
    """A zip without its end was cut off on its way."""
    zipped = reply.status == 200 and reply.headers.get("Content-Type", "").startswith("application/zip")
    return "busy" if zipped and not zipfile.is_zipfile(io.BytesIO(reply.content)) else None
