"""The columns that each survey tool writes: its own, and one for each question.

Names and order follow the tools' real exports. A column that holds personal data is left out when it would be empty,
as the tools do on anonymous forms.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cfc_pipeline.demo.submissions import Question, Submission

Cell = str | int | datetime | None
Value = Callable[[Submission], Cell]


@dataclass(frozen=True)
class Column:
    """One column of a file: its cells in the header rows, and its cell for each submission."""

    heading: tuple[str, ...]
    value: Value


@dataclass(frozen=True)
class Request:
    """What write_export was asked for."""

    questions: tuple[Question, ...]
    submissions: tuple[Submission, ...]
    labels: bool
    zone: ZoneInfo

    def answer(self, question: Question) -> Value:
        return lambda submission: _answer(question, submission.answers.get(question.id), self.labels)

    def time(self, which: str, style: str | None) -> Value:
        """`started` or `submitted` in the local clock: formatted, or as a date-time cell when style is None."""

        def local(submission: Submission) -> Cell:
            moment: datetime = getattr(submission, which).astimezone(self.zone)
            return moment.strftime(style) if style else moment.replace(tzinfo=None, microsecond=0)

        return local

    def recorded(self, heading: tuple[str, ...], value: Value) -> list[Column]:
        """A column that a tool leaves out when it has nothing to put in it, as on an anonymous form."""
        return [Column(heading, value)] if any(value(s) for s in self.submissions) else []


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


# What the readers call a column.


def import_id(question: Question) -> str:
    """Qualtrics."""
    suffix = "_TEXT" if question.kind == "text" and not question.options else ""
    return f"QID1_{question.id}{suffix}"


def code(question: Question) -> str:
    """LimeSurvey: letters and digits, a statement of a block in brackets after its block."""
    own = re.sub(r"[\W_]", "", question.id)
    return f"{re.sub(r'[^A-Za-z0-9]', '', question.group)[:20]}[{own}]" if question.group else own


def text_key(question: Question) -> str:
    """Microsoft Forms, which does not repeat a block's heading."""
    return " ".join(question.text.split())


def bracketed_key(question: Question) -> str:
    """Google Forms, and LimeSurvey's full texts."""
    return " ".join((f"{question.group} [{question.text}]" if question.group else question.text).split())


def option_key(question: Question) -> str:
    """SurveyMonkey."""
    return " ".join((f"{question.group} | {question.text}" if question.group else question.text).split())


# Qualtrics


def _status(submission: Submission, labels: bool) -> str:
    if submission.test:
        return "Survey Preview" if labels else "1"
    return "IP Address" if labels else "0"


def _finished(submission: Submission, labels: bool) -> str:
    return str(submission.complete) if labels else str(int(submission.complete))


def qualtrics(r: Request) -> list[Column]:
    style = "%Y-%m-%d %H:%M:%S"
    clock = "Z" if r.zone.key == "UTC" else r.zone.key

    def head(name: str, text: str, import_id: str, zone: str = "") -> tuple[str, ...]:
        return name, text, json.dumps({"ImportId": import_id} | ({"timeZone": zone} if zone else {}))

    return [
        Column(head("StartDate", "Start Date", "startDate", clock), r.time("started", style)),
        Column(head("EndDate", "End Date", "endDate", clock), r.time("submitted", style)),
        Column(head("Status", "Response Type", "status"), lambda s: _status(s, r.labels)),
        *r.recorded(head("IPAddress", "IP Address", "ipAddress"), _extra("ip")),
        Column(head("Progress", "Progress", "progress"), lambda s: 100 if s.complete else 50),
        Column(head("Duration (in seconds)", "Duration (in seconds)", "duration"), _seconds),
        Column(head("Finished", "Finished", "finished"), lambda s: _finished(s, r.labels)),
        Column(head("RecordedDate", "Recorded Date", "recordedDate", clock), r.time("submitted", style)),
        Column(head("ResponseId", "Response ID", "_recordId"), lambda s: s.record),
        *r.recorded(head("RecipientLastName", "Recipient Last Name", "recipientLastName"), lambda s: s.last_name),
        *r.recorded(head("RecipientFirstName", "Recipient First Name", "recipientFirstName"), lambda s: s.first_name),
        *r.recorded(head("RecipientEmail", "Recipient Email", "recipientEmail"), lambda s: s.email),
        *r.recorded(
            head("ExternalReference", "External Data Reference", "externalDataReference"), _extra("external_reference")
        ),
        *r.recorded(head("LocationLatitude", "Location Latitude", "locationLatitude"), _extra("latitude")),
        *r.recorded(head("LocationLongitude", "Location Longitude", "locationLongitude"), _extra("longitude")),
        Column(
            head("DistributionChannel", "Distribution Channel", "distributionChannel"),
            lambda s: "email" if s.email else "anonymous",
        ),
        Column(head("UserLanguage", "User Language", "userLanguage"), lambda s: "EN"),
        *r.recorded(head("Meta_Browser", "Browser Meta Info - Browser", "QID0_BROWSER"), _extra("user_agent")),
        *[Column(head(q.id, asked(q), import_id(q)), r.answer(q)) for q in r.questions],
        *r.recorded(head("referer", "referer", "referer"), _extra("referer")),  # embedded data
    ]


def _seconds(submission: Submission) -> int:
    return int((submission.submitted - submission.started).total_seconds())


def asked(question: Question) -> str:
    return f"{question.group} - {question.text}" if question.group else question.text


def qualtrics_legacy(r: Request) -> list[Column]:
    style = "%Y-%m-%d %H:%M:%S"
    return [
        Column(("V1", "ResponseID"), lambda s: s.record),
        Column(("V2", "ResponseSet"), lambda s: "Default Response Set"),
        Column(("V3", "Name"), lambda s: f"{s.last_name}, {s.first_name}" if s.last_name else "Anonymous"),
        Column(("V4", "ExternalDataReference"), _extra("external_reference")),
        Column(("V5", "EmailAddress"), lambda s: s.email),
        Column(("V6", "IPAddress"), _extra("ip")),
        Column(("V7", "Status"), lambda s: _status(s, False)),
        Column(("V8", "StartDate"), r.time("started", style)),
        Column(("V9", "EndDate"), r.time("submitted", style)),
        Column(("V10", "Finished"), lambda s: _finished(s, False)),
        *[Column((q.id, asked(q)), r.answer(q)) for q in r.questions],
        Column(("LocationLatitude", "LocationLatitude"), _extra("latitude")),
        Column(("LocationLongitude", "LocationLongitude"), _extra("longitude")),
        Column(("LocationAccuracy", "LocationAccuracy"), lambda s: -1),
        Column(("", ""), lambda s: None),  # every record of this layout ends with a comma
    ]


# Microsoft Forms


def ms_forms(r: Request, style: str | None = None) -> list[Column]:
    return [
        Column(("ID",), lambda s: _number(s.record)),
        Column(("Start time",), r.time("started", style)),
        Column(("Completion time",), r.time("submitted", style)),
        Column(("Email",), lambda s: s.email or "anonymous"),
        Column(("Name",), lambda s: f"{s.first_name} {s.last_name}".strip()),
        *[Column((q.text,), r.answer(q)) for q in r.questions],
    ]


def ms_forms_resaved(r: Request) -> list[Column]:
    """What Excel makes of the workbook on a machine with American settings."""
    return ms_forms(r, "%-m/%-d/%y %H:%M:%S")


def _number(text: str) -> Cell:
    return int(text) if text.isdigit() else text


# Google Forms


def google_sheet(r: Request) -> list[Column]:
    """A Sheet with American settings, which has no zone and no leading zeros."""
    return _google(r, r.time("submitted", "%-m/%-d/%Y %-H:%M:%S"))


def google_download(r: Request) -> list[Column]:
    """The style of its times is from memory, not confirmed; the offset is that of the clock on the day."""

    def with_offset(submission: Submission) -> str:
        local = submission.submitted.astimezone(r.zone)
        half = "am" if local.hour < 12 else "pm"
        hours = int((local.utcoffset() or timedelta()).total_seconds() // 3600)
        return f"{local:%Y/%m/%d} {local.hour % 12 or 12}:{local:%M:%S} {half} GMT{f'{hours:+d}' if hours else ''}"

    return _google(r, with_offset)


def _google(r: Request, time: Value) -> list[Column]:
    return [
        Column(("Timestamp",), time),
        *r.recorded(("Email Address",), lambda s: s.email),
        *[Column((f"{q.group} [{q.text}]" if q.group else q.text,), r.answer(q)) for q in r.questions],
    ]


# SurveyMonkey


def surveymonkey(r: Request) -> list[Column]:
    return _surveymonkey(r, "%m/%d/%Y %I:%M:%S %p")


def surveymonkey_dates(r: Request) -> list[Column]:
    """Of a workbook. Whether its times are date cells or text was not seen; readers take both."""
    return _surveymonkey(r, None)


def _surveymonkey(r: Request, style: str | None) -> list[Column]:
    return [
        Column(("Respondent ID", ""), lambda s: _number(s.record)),
        Column(("Collector ID", ""), lambda s: _number(s.extra.get("collector", "400000001"))),
        Column(("Start Date", ""), r.time("started", style)),
        Column(("End Date", ""), r.time("submitted", style)),
        *r.recorded(("IP Address", ""), _extra("ip")),
        *r.recorded(("Email Address", ""), lambda s: s.email),
        *r.recorded(("First Name", ""), lambda s: s.first_name),
        *r.recorded(("Last Name", ""), lambda s: s.last_name),
        *r.recorded(("Custom Data 1", ""), _extra("custom")),
        *_blocks(r),
    ]


def _blocks(r: Request) -> list[Column]:
    """Questions; of a block only the first column carries the heading."""
    columns, heading = [], ""
    for question in r.questions:
        if question.group:
            first = "" if question.group == heading else question.group
            columns.append(Column((first, question.text), r.answer(question)))
        else:
            second = "Open-Ended Response" if question.kind == "text" else "Response"
            columns.append(Column((question.text, second), r.answer(question)))
        heading = question.group
    return columns


# LimeSurvey: headings by code, and by full text.
_LIMESURVEY = {
    "id": "Response ID",
    "submitdate": "Date submitted",
    "lastpage": "Last page",
    "startlanguage": "Start language",
    "seed": "Seed",
    "token": "Access code",
    "startdate": "Date started",
    "datestamp": "Date last action",
    "ipaddr": "IP address",
    "refurl": "Referrer URL",
}


def limesurvey(r: Request) -> list[Column]:
    return [
        *_limesurvey(r, {name: name for name in _LIMESURVEY}),
        *[Column((code(q),), r.answer(q)) for q in r.questions],
    ]


def limesurvey_full(r: Request) -> list[Column]:
    return [*_limesurvey(r, _LIMESURVEY), *[Column((bracketed_key(q),), r.answer(q)) for q in r.questions]]


def _limesurvey(r: Request, names: dict[str, str]) -> list[Column]:
    submitted = r.time("submitted", "%Y-%m-%d %H:%M:%S")
    return [
        Column((names["id"],), lambda s: s.record),
        Column((names["submitdate"],), lambda s: submitted(s) if s.complete else None),
        Column((names["lastpage"],), lambda s: 3 if s.complete else 1),
        Column((names["startlanguage"],), lambda s: "en"),
        Column((names["seed"],), lambda s: s.extra.get("seed", "1234567")),
        *r.recorded((names["token"],), _extra("token")),
        Column((names["startdate"],), r.time("started", "%Y-%m-%d %H:%M:%S")),
        Column((names["datestamp"],), submitted),
        *r.recorded((names["ipaddr"],), _extra("ip")),
        *r.recorded((names["refurl"],), _extra("referer")),
    ]
