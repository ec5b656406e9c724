"""A small synthetic programme folder with real files, for tests that run `ingest` through its front door."""

import csv
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

from cfc_pipeline.programme_folder import init
from cfc_pipeline.recipes.ingest import ingest
from cfc_pipeline.recipes.report import IngestReport

WHEN = datetime(2026, 1, 5, 3, tzinfo=UTC)
PEOPLE = ["Email", "Code", "Name", "School", "Role", "Cohort", "Consent", "Withdrawn"]
ROSTER: dict[str, Any] = {
    "id": "roster",
    "tool": "table",
    "kind": "roster",
    "fields": {"email": "Email", "code": "Code", "name": "Name", "school": "School", "role": "Role", "cohort": "Cohort"}
    | {"consent": "Consent", "withdrawn_on": "Withdrawn"},
}
ANSWERS = ["Timestamp", "Email", *(f"Q{i}" for i in range(1, 7)), "What helped?", "What else?"]
BRS: dict[str, Any] = {
    "id": "brs-pre",
    "tool": "google_forms",
    "kind": "scale",
    "time_point": "pre",
    "person": {"by": "email", "column": "Email"},
    "submitted": {"order": "dmy"},
    "scales": [{"instrument": "brs", "items": {i: f"Q{i}" for i in range(1, 7)}}],
    "comments": {"helped": "What helped?"},
}


def describe(folder: Path, *surveys: dict[str, Any]) -> Path:
    """programme.yaml of two cohorts with these surveys, in a folder that is made if need be."""
    if not folder.exists():
        init(folder, "Synthetic")
    cohorts = [
        {"id": c, "label": c, "academic_year": "2023/24", "start": "2023-10-02", "end": "2024-06-28"} for c in "ab"
    ]
    settings = {"name": "Synthetic", "synthetic": True, "cohorts": cohorts, "surveys": list(surveys)}
    (folder / "programme.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return folder


def person(number: int, **given: str) -> list[str]:
    row = {
        "Email": f"person{number}@school.example",
        "Code": f"C{number}",
        "Name": f"Synthetic Person{number}",
        "School": f"School {number % 4}",
        "Role": "Head",
        "Cohort": "a",
        "Consent": "Yes",
    }
    return [(row | given).get(column, "") for column in PEOPLE]


def answer(number: int, value: int = 4, comment: str = "", **given: str) -> list[str]:
    row = {"Timestamp": f"{number:02}/10/2023 10:00:00", "Email": f"person{number}@school.example"}
    row |= {f"Q{i}": str(value) for i in range(1, 7)} | {"What helped?": comment}
    return [(row | given).get(column, "") for column in ANSWERS]


def drop(folder: Path, name: str, heading: list[str], rows: list[list[str]]) -> None:
    with (folder / "inbox" / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([heading, *rows])


def filled(folder: Path, people: int = 5) -> Path:
    """The roster and one answer of each person, not taken in yet."""
    describe(folder, ROSTER, BRS)
    numbers = range(1, people + 1)
    drop(folder, "roster.csv", PEOPLE, [person(n) for n in numbers])
    drop(folder, "brs.csv", ANSWERS, [answer(n, comment=f"Breathing {n}") for n in numbers])
    return folder


def take_in(folder: Path, **settings: Any) -> IngestReport:
    return ingest(folder, {}, now=WHEN, **settings)


def copied(made: Path, place: Path) -> Path:
    """A folder of its own for one test: to copy what was taken in once is much cheaper than to take it in again."""
    return shutil.copytree(made, place, symlinks=True)


def ask(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """From the analysts' copy."""
    with duckdb.connect(str(folder / "data" / "analysis.duckdb"), read_only=True) as con:
        return con.execute(query).fetchall()


def tables(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every table but those that tell of runs, in one order."""
    names = [n for (n,) in ask(folder, "SELECT table_name FROM duckdb_tables() ORDER BY 1")]
    return {n: ask(folder, f"FROM {n} ORDER BY ALL") for n in names if n not in ("pipeline_run", "data_quality")}
