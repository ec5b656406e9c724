"""Writes synthetic submissions in the layouts of the survey tools' exports, for the demo and for tests.

Every layout is what sources/ reads, quirks included: header rows, byte order marks, line ends, date styles, columns
that a tool adds by itself. The same submissions give the same bytes. What a layout cannot say is left out, as its tool
would: Microsoft and Google Forms have no unfinished responses, and only Qualtrics marks tests.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import xlsxwriter


@dataclass(frozen=True)
class Question:
    """One question, or one statement of a block that shares `group` as its heading.

    Ids are unique in a form, also without their underscores (LimeSurvey allows none); so are texts within a group.
    """

    id: str
    text: str
    options: tuple[str, ...] = ()
    group: str = ""
    kind: Literal["choice", "number", "text"] = "text"


@dataclass(frozen=True)
class Submission:
    """One filled-in form. `started` and `submitted` are aware; the layouts turn them into their own clocks.

    `answers` by question id. For a choice: the position of the option from 0, or its label; a text that is no label is
    written as it is, to make a dirty file. `extra` holds what tools record by themselves, by our names: ip, latitude,
    longitude, external_reference, user_agent, referer, token, collector, seed, custom. A layout writes those that its
    tool can carry.
    """

    record: str
    started: datetime
    submitted: datetime
    complete: bool
    test: bool
    email: str | None
    first_name: str
    last_name: str
    answers: dict[str, str | int | None]
    extra: dict[str, str] = field(default_factory=dict)


Cell = str | int | datetime | None
Value = Callable[[Submission], Cell]


@dataclass(frozen=True)
class _Column:
    """One column of a file: its cells in the header rows, and its cell for each submission."""

    heading: tuple[str, ...]
    value: Value


def key_of(layout: str, question: Question) -> str:
    """What the reader of this layout will call the column, and so what programme.yaml must call it."""
    text, group = _tidy(question.text), _tidy(question.group)
    match layout:
        case "qualtrics_csv" | "qualtrics_tsv":
            return _import_id(question)
        case "qualtrics_legacy":
            return question.id
        case "limesurvey_csv":
            return _code(question)
        case "ms_forms_xlsx" | "ms_forms_cp1252_csv":
            return text
        case "surveymonkey_csv" | "surveymonkey_xlsx":
            return f"{group} | {text}" if group else text
        case "google_forms_sheet_csv" | "google_forms_download_csv" | "limesurvey_full_csv":
            return f"{group} [{text}]" if group else text
    raise ValueError(f"no such layout: {layout}")


def write_export(
    path: Path,
    layout: str,
    questions: Sequence[Question],
    submissions: Sequence[Submission],
    *,
    labels: bool,
    zone: str = "Europe/London",
    title: str = "",
) -> None:
    """Write one file. With `labels` a choice is written as its label, else as its number, the first option being 1.

    `zone` is the clock of the layouts that write local time. `title` names the sheet of a workbook.
    """
    _, write = LAYOUTS[layout]
    keys = [key_of(layout, question) for question in questions]
    if len(set(keys)) < len(keys):
        raise ValueError(f"two questions would have the same key in {layout}")
    write(path, _Request(tuple(questions), tuple(submissions), labels, ZoneInfo(zone), title))


@dataclass(frozen=True)
class _Request:
    questions: tuple[Question, ...]
    submissions: tuple[Submission, ...]
    labels: bool
    zone: ZoneInfo
    title: str

    def answer(self, question: Question) -> Value:
        return lambda submission: _answer(question, submission.answers.get(question.id), self.labels)

    def time(self, which: str, style: str | None) -> Value:
        """`started` or `submitted` in the local clock: formatted, or as a date-time cell when style is None."""

        def local(submission: Submission) -> Cell:
            moment: datetime = getattr(submission, which).astimezone(self.zone)
            return moment.strftime(style) if style else moment.replace(tzinfo=None, microsecond=0)

        return local

    def recorded(self, heading: tuple[str, ...], value: Value) -> list[_Column]:
        """A column that a tool leaves out when it has nothing to put in it, as on an anonymous form."""
        return [_Column(heading, value)] if any(value(s) for s in self.submissions) else []


def _answer(question: Question, answer: str | int | None, labels: bool) -> Cell:
    if answer is None or question.kind != "choice":
        return answer
    if isinstance(answer, str):
        if answer not in question.options:
            return answer
        answer = question.options.index(answer)
    return question.options[answer] if labels else answer + 1


def _extra(name: str) -> Value:
    return lambda submission: submission.extra.get(name)


def _tidy(text: str) -> str:
    return " ".join(text.split())


# Qualtrics


def _import_id(question: Question) -> str:
    suffix = "_TEXT" if question.kind == "text" and not question.options else ""
    return f"QID1_{question.id}{suffix}"


def _status(submission: Submission, labels: bool) -> str:
    if submission.test:
        return "Survey Preview" if labels else "1"
    return "IP Address" if labels else "0"


def _finished(submission: Submission, labels: bool) -> str:
    return str(submission.complete) if labels else str(int(submission.complete))


def _qualtrics_columns(r: _Request) -> list[_Column]:
    style = "%Y-%m-%d %H:%M:%S"
    clock = "Z" if r.zone.key == "UTC" else r.zone.key

    def head(name: str, text: str, import_id: str, zone: str = "") -> tuple[str, ...]:
        return name, text, json.dumps({"ImportId": import_id} | ({"timeZone": zone} if zone else {}))

    return [
        _Column(head("StartDate", "Start Date", "startDate", clock), r.time("started", style)),
        _Column(head("EndDate", "End Date", "endDate", clock), r.time("submitted", style)),
        _Column(head("Status", "Response Type", "status"), lambda s: _status(s, r.labels)),
        *r.recorded(head("IPAddress", "IP Address", "ipAddress"), _extra("ip")),
        _Column(head("Progress", "Progress", "progress"), lambda s: 100 if s.complete else 50),
        _Column(head("Duration (in seconds)", "Duration (in seconds)", "duration"), _seconds),
        _Column(head("Finished", "Finished", "finished"), lambda s: _finished(s, r.labels)),
        _Column(head("RecordedDate", "Recorded Date", "recordedDate", clock), r.time("submitted", style)),
        _Column(head("ResponseId", "Response ID", "_recordId"), lambda s: s.record),
        *r.recorded(head("RecipientLastName", "Recipient Last Name", "recipientLastName"), lambda s: s.last_name),
        *r.recorded(head("RecipientFirstName", "Recipient First Name", "recipientFirstName"), lambda s: s.first_name),
        *r.recorded(head("RecipientEmail", "Recipient Email", "recipientEmail"), lambda s: s.email),
        *r.recorded(
            head("ExternalReference", "External Data Reference", "externalDataReference"), _extra("external_reference")
        ),
        *r.recorded(head("LocationLatitude", "Location Latitude", "locationLatitude"), _extra("latitude")),
        *r.recorded(head("LocationLongitude", "Location Longitude", "locationLongitude"), _extra("longitude")),
        _Column(
            head("DistributionChannel", "Distribution Channel", "distributionChannel"),
            lambda s: "email" if s.email else "anonymous",
        ),
        _Column(head("UserLanguage", "User Language", "userLanguage"), lambda s: "EN"),
        *r.recorded(head("Meta_Browser", "Browser Meta Info - Browser", "QID0_BROWSER"), _extra("user_agent")),
        *[_Column(head(q.id, _asked(q), _import_id(q)), r.answer(q)) for q in r.questions],
        *r.recorded(head("referer", "referer", "referer"), _extra("referer")),  # embedded data
    ]


def _seconds(submission: Submission) -> int:
    return int((submission.submitted - submission.started).total_seconds())


def _asked(question: Question) -> str:
    return f"{question.group} - {question.text}" if question.group else question.text


def _legacy_columns(r: _Request) -> list[_Column]:
    style = "%Y-%m-%d %H:%M:%S"
    return [
        _Column(("V1", "ResponseID"), lambda s: s.record),
        _Column(("V2", "ResponseSet"), lambda s: "Default Response Set"),
        _Column(("V3", "Name"), lambda s: f"{s.last_name}, {s.first_name}" if s.last_name else "Anonymous"),
        _Column(("V4", "ExternalDataReference"), _extra("external_reference")),
        _Column(("V5", "EmailAddress"), lambda s: s.email),
        _Column(("V6", "IPAddress"), _extra("ip")),
        _Column(("V7", "Status"), lambda s: _status(s, False)),
        _Column(("V8", "StartDate"), r.time("started", style)),
        _Column(("V9", "EndDate"), r.time("submitted", style)),
        _Column(("V10", "Finished"), lambda s: _finished(s, False)),
        *[_Column((q.id, _asked(q)), r.answer(q)) for q in r.questions],
        _Column(("LocationLatitude", "LocationLatitude"), _extra("latitude")),
        _Column(("LocationLongitude", "LocationLongitude"), _extra("longitude")),
        _Column(("LocationAccuracy", "LocationAccuracy"), lambda s: -1),
        _Column(("", ""), lambda s: None),  # every record of this layout ends with a comma
    ]


def _write_qualtrics_csv(path: Path, r: _Request) -> None:
    _write_text(path, _qualtrics_columns(r), r.submissions, line_end="\r\n")


def _write_qualtrics_tsv(path: Path, r: _Request) -> None:
    # UTF-16 with a mark is [mem] in the facts; the reader goes by the mark alone.
    _write_text(path, _qualtrics_columns(r), r.submissions, delimiter="\t", encoding="utf-16-le", mark="\ufeff")


def _write_qualtrics_legacy(path: Path, r: _Request) -> None:
    _write_text(path, _legacy_columns(r), r.submissions, encoding="utf-8-sig")


# Microsoft Forms


def _ms_columns(r: _Request, style: str | None) -> list[_Column]:
    return [
        _Column(("ID",), lambda s: _number(s.record)),
        _Column(("Start time",), r.time("started", style)),
        _Column(("Completion time",), r.time("submitted", style)),
        _Column(("Email",), lambda s: s.email or "anonymous"),
        _Column(("Name",), lambda s: f"{s.first_name} {s.last_name}".strip()),
        *[_Column((q.text,), r.answer(q)) for q in r.questions],
    ]


def _number(text: str) -> Cell:
    return int(text) if text.isdigit() else text


def _finished_only(submissions: Sequence[Submission]) -> list[Submission]:
    return [submission for submission in submissions if submission.complete]


def _write_ms_forms_xlsx(path: Path, r: _Request) -> None:
    _write_workbook(path, _ms_columns(r, None), _finished_only(r.submissions), r.title or "Sheet1")


def _write_ms_forms_cp1252_csv(path: Path, r: _Request) -> None:
    """What Excel makes of the workbook on a machine with American settings."""
    columns = _ms_columns(r, "%m/%d/%y %H:%M:%S")
    _write_text(path, columns, _finished_only(r.submissions), encoding="cp1252", line_end="\r\n")


# Google Forms


def _google_columns(r: _Request, time: Value) -> list[_Column]:
    return [
        _Column(("Timestamp",), time),
        *r.recorded(("Email Address",), lambda s: s.email),
        *[_Column((f"{q.group} [{q.text}]" if q.group else q.text,), r.answer(q)) for q in r.questions],
    ]


def _write_google_sheet(path: Path, r: _Request) -> None:
    def american(submission: Submission) -> str:
        local = submission.submitted.astimezone(r.zone)
        return f"{local.month}/{local.day}/{local.year} {local.hour}:{local:%M:%S}"

    _write_text(path, _google_columns(r, american), _finished_only(r.submissions), line_end="\r\n")


def _write_google_download(path: Path, r: _Request) -> None:
    # This style of time is [mem] in the facts; the offset is the clock's own on that day.
    def with_offset(submission: Submission) -> str:
        local = submission.submitted.astimezone(r.zone)
        offset = local.utcoffset()
        hours = int(offset.total_seconds() // 3600) if offset else 0
        return f"{local:%Y/%m/%d} {local.hour % 12 or 12}:{local:%M:%S} {local:%p}".replace("AM", "am").replace(
            "PM", "pm"
        ) + (f" GMT{hours:+d}" if hours else " GMT")

    _write_text(path, _google_columns(r, with_offset), _finished_only(r.submissions), quoting=csv.QUOTE_ALL)


# SurveyMonkey


def _surveymonkey_columns(r: _Request, style: str | None) -> list[_Column]:
    return [
        _Column(("Respondent ID", ""), lambda s: _number(s.record)),
        _Column(("Collector ID", ""), lambda s: _number(s.extra.get("collector", "400000001"))),
        _Column(("Start Date", ""), r.time("started", style)),
        _Column(("End Date", ""), r.time("submitted", style)),
        *r.recorded(("IP Address", ""), _extra("ip")),
        *r.recorded(("Email Address", ""), lambda s: s.email),
        *r.recorded(("First Name", ""), lambda s: s.first_name),
        *r.recorded(("Last Name", ""), lambda s: s.last_name),
        *r.recorded(("Custom Data 1", ""), _extra("custom")),
        *_blocks(r),
    ]


def _blocks(r: _Request) -> list[_Column]:
    """Questions; of a block only the first column carries the heading."""
    columns, heading = [], ""
    for question in r.questions:
        if question.group:
            first = "" if question.group == heading else question.group
            columns.append(_Column((first, question.text), r.answer(question)))
        else:
            second = "Open-Ended Response" if question.kind == "text" else "Response"
            columns.append(_Column((question.text, second), r.answer(question)))
        heading = question.group
    return columns


def _write_surveymonkey_csv(path: Path, r: _Request) -> None:
    _write_text(path, _surveymonkey_columns(r, "%m/%d/%Y %I:%M:%S %p"), r.submissions)


def _write_surveymonkey_xlsx(path: Path, r: _Request) -> None:
    _write_workbook(path, _surveymonkey_columns(r, None), r.submissions, r.title or "Sheet")


# LimeSurvey


def _code(question: Question) -> str:
    code = re.sub(r"[\W_]", "", question.id)
    return f"{re.sub(r'[^A-Za-z0-9]', '', question.group)[:20]}[{code}]" if question.group else code


def _limesurvey_columns(r: _Request, system: Sequence[str], heading: Callable[[Question], str]) -> list[_Column]:
    style = "%Y-%m-%d %H:%M:%S"
    names = iter(system)
    submitted = r.time("submitted", style)
    return [
        _Column((next(names),), lambda s: s.record),
        _Column((next(names),), lambda s: submitted(s) if s.complete else None),
        _Column((next(names),), lambda s: 3 if s.complete else 1),
        _Column((next(names),), lambda s: "en"),
        _Column((next(names),), lambda s: s.extra.get("seed", "1234567")),
        *r.recorded((next(names),), _extra("token")),
        _Column((next(names),), r.time("started", style)),
        _Column((next(names),), submitted),
        *r.recorded((next(names),), _extra("ip")),
        *r.recorded((next(names),), _extra("referer")),
        *[_Column((heading(q),), r.answer(q)) for q in r.questions],
    ]


_LIMESURVEY = (
    "id",
    "submitdate",
    "lastpage",
    "startlanguage",
    "seed",
    "token",
    "startdate",
    "datestamp",
    "ipaddr",
    "refurl",
)
_LIMESURVEY_FULL = (
    "Response ID",
    "Date submitted",
    "Last page",
    "Start language",
    "Seed",
    "Access code",
    "Date started",
    "Date last action",
    "IP address",
    "Referrer URL",
)


def _write_limesurvey_csv(path: Path, r: _Request) -> None:
    _write_limesurvey(path, _limesurvey_columns(r, _LIMESURVEY, _code), r)


def _write_limesurvey_full_csv(path: Path, r: _Request) -> None:
    _write_limesurvey(path, _limesurvey_columns(r, _LIMESURVEY_FULL, lambda q: key_of("limesurvey_full_csv", q)), r)


def _write_limesurvey(path: Path, columns: list[_Column], r: _Request) -> None:
    _write_text(
        path,
        columns,
        r.submissions,
        delimiter=";",
        encoding="utf-8-sig",
        line_end="\r\n",
        quoting=csv.QUOTE_ALL,
        end="\r\n",
    )


# Files


def _write_text(
    path: Path,
    columns: Sequence[_Column],
    submissions: Sequence[Submission],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    mark: str = "",
    line_end: str = "\n",
    quoting: Literal[0, 1] = csv.QUOTE_MINIMAL,
    end: str = "",
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    writer.writerows(zip(*[column.heading for column in columns], strict=True))
    writer.writerows([column.value(submission) for column in columns] for submission in submissions)
    # What Windows-1252 cannot hold becomes a question mark, as in Excel.
    path.write_bytes((mark + text.getvalue() + end).encode(encoding, errors="replace"))


def _write_workbook(path: Path, columns: Sequence[_Column], submissions: Sequence[Submission], sheet_name: str) -> None:
    # Text stays text: what respondents type must not become a formula or a link when somebody opens the file.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC)})
        clock = book.add_format({"num_format": "m/d/yy hh:mm:ss"})
        sheet = book.add_worksheet(sheet_name[:31])
        headings = list(zip(*[column.heading for column in columns], strict=True))
        records = [[column.value(submission) for column in columns] for submission in submissions]
        for row, record in enumerate([*headings, *records]):
            for position, cell in enumerate(record):
                if isinstance(cell, datetime):
                    sheet.write_datetime(row, position, cell, clock)
                elif isinstance(cell, int):
                    sheet.write_number(row, position, cell)
                elif cell:
                    sheet.write_string(row, position, cell)


# Layout: the tool whose reader takes it, and its writer.
LAYOUTS: dict[str, tuple[str, Callable[[Path, _Request], None]]] = {
    "qualtrics_csv": ("qualtrics", _write_qualtrics_csv),
    "qualtrics_tsv": ("qualtrics", _write_qualtrics_tsv),
    "qualtrics_legacy": ("qualtrics", _write_qualtrics_legacy),
    "ms_forms_xlsx": ("ms_forms", _write_ms_forms_xlsx),
    "ms_forms_cp1252_csv": ("ms_forms", _write_ms_forms_cp1252_csv),
    "google_forms_sheet_csv": ("google_forms", _write_google_sheet),
    "google_forms_download_csv": ("google_forms", _write_google_download),
    "surveymonkey_csv": ("surveymonkey", _write_surveymonkey_csv),
    "surveymonkey_xlsx": ("surveymonkey", _write_surveymonkey_xlsx),
    "limesurvey_csv": ("limesurvey", _write_limesurvey_csv),
    "limesurvey_full_csv": ("limesurvey", _write_limesurvey_full_csv),
}
