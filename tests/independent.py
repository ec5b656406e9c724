"""The referee: every figure of cohort_outcomes and multi_year_outcomes, worked out from the raw demo files alone.

It shares no code with the package: it opens the exports in its own way (independent_files.py), reads programme.yaml as
plain YAML, goes person by person in plain Python, and takes scores and statistics from their definitions
(independent_figures.py). Nothing is hidden here. Call it before intake empties the inbox.
"""

import csv
import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from tests.independent_figures import RANGES, Figures, Scores, clustered, further, paired, pooled, ranked, score
from tests.independent_files import Row, moment, open_file

Key = tuple[str, str | None, str, str, str, str]  # level, cohort or year, instrument, subscale, from, to
Pairs = dict[tuple[str, str, str, str], dict[str, list[tuple[float, float]]]]
CHANGES = (("pre", "mid"), ("pre", "post"), ("pre", "follow_up"))


@dataclass
class Person:
    name: str
    cohort: str
    consented: bool
    withdrawn: bool


@dataclass
class Answered:
    """One accepted questionnaire of one person."""

    person: str
    cohort: str
    point: str
    complete: bool
    at: datetime
    place: tuple[int, int]  # file, row
    answers: dict[tuple[str, int], int]


@dataclass
class Folder:
    """A programme as plain data."""

    setup: dict[str, Any]
    files: list[tuple[dict[str, Any], list[Row]]]  # survey entry, rows
    fixes: list[dict[str, str]]
    people: dict[str, Person] = field(default_factory=dict)  # by address and by code


def read_folder(path: Path) -> Folder:
    setup = yaml.safe_load((path / "programme.yaml").read_text(encoding="utf-8"))
    with (path / "corrections.csv").open(encoding="utf-8-sig", newline="") as file:
        fixes = list(csv.DictReader(file))
    files = [(entry, rows) for file in sorted((path / "inbox").iterdir()) for entry, rows in [open_file(file, setup)]]
    folder = Folder(setup, files, fixes)
    enrol(folder)
    return folder


def simplified(address: str) -> str:
    return "".join(address.split()).lower()


def label(text: str) -> str:
    return " ".join(text.split()).lower()


def enrol(folder: Folder) -> None:
    for entry, rows in folder.files:
        if entry["kind"] != "roster":
            continue
        columns, values = entry["fields"], entry.get("values", {})
        for row in rows:
            cell = {name: row.cells.get(column, "").strip() for name, column in columns.items()}
            known = [simplified(cell[k]) for k in ("email", "code") if cell.get(k)]
            cohort = values.get("cohort", {}).get(cell["cohort"], cell["cohort"])
            agreed = values.get("consent", {}).get(cell["consent"].lower(), cell["consent"].lower())
            if known:
                person = Person(known[0], cohort, agreed == "yes", bool(cell["withdrawn_on"]))
                # Known by address here and by code there, and still one person.
                folder.people |= dict.fromkeys(known, person)


def answered(folder: Folder) -> list[Answered]:
    """Every scale response that may count, before duplicates: one for each record, as its last file has it."""
    records: dict[tuple[str, str], tuple[dict[str, Any], Row, tuple[int, int]]] = {}
    for number, (entry, rows) in enumerate(folder.files):
        if entry["kind"] == "scale":
            for row in rows:
                record = row.record or json.dumps([row.submitted, row.cells], sort_keys=True)
                records[entry["id"], record] = (entry, row, (number, row.number))
    found = [judge(folder, entry, row, place) for entry, row, place in records.values()]
    return [a for a in found if a is not None]


def judge(folder: Folder, entry: dict[str, Any], row: Row, place: tuple[int, int]) -> Answered | None:
    """The response, or None where it is a test, empty, without consent, or not as it should be."""
    mend(folder, entry, row)
    answers = read_answers(entry, row)
    if row.test or answers == {}:
        return None
    at = moment(row.submitted, entry, folder.setup)
    known = simplified(row.cells.get(entry["person"]["column"], ""))
    if entry["person"]["by"] == "self_made":
        consent = entry["consent"]
        agreed = label(row.cells[consent["column"]]) in map(label, consent["yes"])
        person = Person(known, entry["cohort"], agreed, False)
    elif known in folder.people:
        person = folder.people[known]
    else:
        return None
    readable = at is not None or row.submitted == ""
    if not known or not person.consented or person.withdrawn or answers is None or not readable:
        return None
    cohort = person.cohort
    if isinstance(entry["cohort"], dict):
        cohort = entry["cohort"]["values"][row.cells[entry["cohort"]["column"]]]
    point = time_point(folder, entry, row, cohort, at)
    return Answered(person.name, cohort, point, row.complete, at or datetime.min, place, answers)


def mend(folder: Folder, entry: dict[str, Any], row: Row) -> None:
    for fix in folder.fixes:
        if (fix["survey"], fix["record"]) == (entry["id"], row.record) and row.cells.get(fix["column"]) == fix["was"]:
            row.cells[fix["column"]] = fix["value"]


def read_answers(entry: dict[str, Any], row: Row) -> dict[tuple[str, int], int] | None:
    """Numbers by instrument and item; None when any cell is neither a listed label nor a number in range."""
    answers = {}
    for scale in entry["scales"]:
        meanings = {label(text): number for text, number in scale.get("answers", {}).items()}
        for item, column in scale["items"].items():
            text = row.cells.get(column, "").strip()
            if not text:
                continue
            value = meanings.get(label(text), int(text) if re.fullmatch(r"\d+", text) else 0)
            if not 1 <= value <= RANGES[scale["instrument"]]:
                return None
            answers[scale["instrument"], item] = value
    return answers


def time_point(folder: Folder, entry: dict[str, Any], row: Row, cohort: str, at: datetime | None) -> str:
    setting = entry["time_point"]
    if isinstance(setting, dict):
        return str(setting["values"][row.cells[setting["column"]]])
    if setting != "calendar":
        return str(setting)
    assert at is not None, "a form without a date has no place in the calendar"
    dates = next(c for c in folder.setup["cohorts"] if c["id"] == cohort)
    day = at.date()
    if day <= dates["start"] + timedelta(days=21):
        return "pre"
    if day >= dates["end"] + timedelta(days=60):
        return "follow_up"
    return "post" if day >= dates["end"] - timedelta(days=28) else "mid"


def counted(responses: list[Answered]) -> list[Answered]:
    """Of one person's responses at one time point, the latest complete one."""
    best: dict[tuple[str, str, str], Answered] = {}
    for r in sorted(responses, key=lambda r: (r.complete, r.at, r.place)):
        best[r.person, r.cohort, r.point] = r
    return list(best.values())


def outcomes(path: Path) -> dict[Key, Figures]:
    """Figures of every cohort, every year, all years as one group, and pooled over cohorts, where anybody is paired."""
    folder = read_folder(path)
    years = {c["id"]: c["academic_year"] for c in folder.setup["cohorts"]}
    pairs = paired_people(counted(answered(folder)))
    figures: dict[Key, Figures] = {}
    for (instrument, subscale, start, end), by_cohort in pairs.items():
        groups: dict[tuple[str, str | None], list[tuple[float, float]]] = defaultdict(list)
        for cohort, people in by_cohort.items():
            for level, name in (("cohort", cohort), ("year", years[cohort]), ("all", None)):
                groups[level, name] += people
        for (level, name), people in groups.items():
            before, after = [list(side) for side in zip(*people, strict=True)]
            row = paired(before, after) | further(before, after)
            if level == "cohort":
                row |= ranked(before, after)
            else:
                mine = [people for cohort, people in by_cohort.items() if name in (None, years[cohort])]
                row |= clustered([[b - a for a, b in people] for people in mine])
            figures[level, name, instrument, subscale, start, end] = row
        if together := pooled([[b - a for a, b in people] for people in by_cohort.values()]):
            figures["pooled", None, instrument, subscale, start, end] = together
    return figures


def paired_people(responses: list[Answered]) -> Pairs:
    """Instrument, subscale, from, to: cohort: before and after of everybody who has both scores."""
    scores: dict[tuple[str, str, str], Scores] = {}
    for r in responses:
        asked = {name for name, _ in r.answers}
        scores[r.person, r.cohort, r.point] = {
            k: v for name in sorted(asked) for k, v in score(r.answers, name).items()
        }
    pairs: Pairs = defaultdict(lambda: defaultdict(list))
    for (person, cohort, point), before in sorted(scores.items()):
        for start, end in CHANGES:
            after = scores.get((person, cohort, end), {}) if point == start else {}
            for key, value in before.items():
                later = after.get(key)
                if value is not None and later is not None:
                    pairs[(*key, start, end)][cohort].append((value, later))
    return pairs
