"""The demo's rosters and session log, in the shapes that offices keep them: a CSV with a BOM, and workbooks."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import xlsxwriter

from cfc_pipeline.demo.people import COHORTS, Person
from cfc_pipeline.demo.planted import DemoFile
from cfc_pipeline.demo.responses import SESSIONS, session_day

CSV_FIELDS = {
    "email": "Work email",
    "code": "Code",
    "name": "Full name",
    "school": "School",
    "cohort": "Group",
    "role": "Role",
    "phase": "Phase",
    "region": "Region",
    "consent": "Agreed to take part?",
    "consent_date": "Agreed on",
    "withdrawn_on": "Withdrew on",
    "sessions_attended": "Sessions attended",
}
BOOK_FIELDS = {field: field.replace("_", " ") for field in CSV_FIELDS}
LOG_FIELDS = {
    "session": "Session",
    "held_on": "Date",
    "attendance": "Present",
    "practices": "Practices used",
    "adherence": "Followed the manual (%)",
}
HOME_PHONE = "07700 900998"
FACILITATOR = "Dr Canaryfacilitator-Foxthorpe"
UNREACHABLE = "Canarynocode Foxthorpe"  # a roster row with neither address nor code
Row = list[str | date | None]


def roster_entries() -> list[dict[str, Any]]:
    """One entry for the CSV, which names groups in its own way, and one for the workbooks, which use our ids."""
    groups = {c.label: c.id for c in COHORTS if c.id.startswith("2023") and c.on_roster}
    first = {
        "id": "roster-2023",
        "tool": "table",
        "kind": "roster",
        "files": "*roster 2023*",
        "submitted": {"order": "dmy"},
        "fields": CSV_FIELDS,
        "values": {"cohort": groups, "consent": {"agreed": "yes", "did not agree": "no"}},
    }
    later = {"id": "roster", "tool": "table", "kind": "roster", "files": "*roster 202[45]*", "fields": BOOK_FIELDS}
    log = {
        "id": "session-log",
        "tool": "table",
        "kind": "session_log",
        "files": "*session log*",
        "cohort": {"column": "Group"},
        "submitted": {"order": "dmy"},
        "fields": LOG_FIELDS,
    }
    return [first, later, log]


def write_rosters(inbox: Path, people: Sequence[Person]) -> list[DemoFile]:
    """A roster for each year. The workbook of 2024 has a repeated row, an empty one, and one that reaches nobody."""
    years = {year: [p for p in people if p.cohort.id.startswith(year) and p.cohort.on_roster] for year in _YEARS}
    first = [_csv_row(p) for p in years["2023"]]
    _write_csv(inbox / _NAMES["2023"], [*CSV_FIELDS.values(), "Home phone"], first)
    files = [DemoFile(_NAMES["2023"], "roster-2023", len(first))]
    for year in ("2024", "2025"):
        rows = [_book_row(p) for p in years[year]]
        dirt = {}
        if year == "2024":
            nobody: Row = [None, None, UNREACHABLE, *rows[0][3:]]
            rows += [rows[3], [None] * len(rows[0]), nobody]
            dirt = {"repeated": 1, "empty_row": 1, "neither_address_nor_code": 1}
        _write_book(inbox / _NAMES[year], list(BOOK_FIELDS.values()), rows)
        files.append(DemoFile(_NAMES[year], "roster", len(rows), dirt))
    return files


_YEARS = ("2023", "2024", "2025")
_NAMES = {
    "2023": "2023-09-15 roster 2023-24.csv",
    "2024": "2024-09-13 roster 2024-25.xlsx",
    "2025": "2025-09-12 roster 2025-26.xlsx",
}


def write_session_log(inbox: Path, seed: int) -> DemoFile:
    """What the facilitators wrote down after each session."""
    rng = Random(f"{seed} log")  # noqa: S311
    practices = ("Soothing breathing", "Compassionate other", "Chair work", "Listening in pairs", "Multiple selves")
    rows: list[Row] = [
        [
            cohort.id,
            str(session),
            f"{session_day(cohort, session):%d/%m/%Y}",
            str(cohort.size - rng.randrange(4) // 2),  # fewer would be fewer than send a form
            "; ".join(rng.sample(practices, 2)),
            str(rng.randrange(70, 101, 5)),
            FACILITATOR,
        ]
        for cohort in COHORTS
        for session in range(1, SESSIONS + 1)
    ]
    name = "2026-07-03 session log.csv"
    _write_csv(inbox / name, ["Group", *LOG_FIELDS.values(), "Facilitator"], rows)
    return DemoFile(name, "session-log", len(rows))


def _csv_row(person: Person) -> Row:
    agreed = "agreed" if person.consent else "did not agree"
    withdrew = f"{person.withdrawn_on:%d/%m/%Y}" if person.withdrawn_on else ""
    return [
        *_columns(person),
        agreed,
        f"{person.consent_date:%d/%m/%Y}" if person.consent else "",
        withdrew,
        _attended(person),
        HOME_PHONE,
    ]


def _book_row(person: Person) -> Row:
    day = person.consent_date if person.consent else None
    row = _columns(person)
    row[4] = person.cohort.id
    return [*row, "Yes" if person.consent else "No", day, person.withdrawn_on, _attended(person)]


def _attended(person: Person) -> str:
    """As the office wrote it down at the end of the year; it has nothing to do with anybody's answers."""
    return "" if person.withdrawn_on else str(SESSIONS - int(person.code[-2:]) % 5)


def _columns(p: Person) -> Row:
    return [p.email, p.code, p.name, p.school, p.cohort.label, p.role, p.phase, p.cohort.region]


def _write_csv(path: Path, header: list[str], rows: list[Row]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, *rows])
    path.write_bytes(out.getvalue().encode("utf-8-sig"))


def _write_book(path: Path, header: list[str], rows: list[Row]) -> None:
    with xlsxwriter.Workbook(path, {"default_date_format": "dd/mm/yyyy"}) as book:
        book.set_properties({"created": datetime(2024, 1, 1, tzinfo=UTC)})  # else the clock is in the bytes
        sheet = book.add_worksheet("Roster")
        for number, row in enumerate([header, *rows]):
            sheet.write_row(number, 0, row)
