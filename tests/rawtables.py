"""Small raw tables for tests of intake, as the readers would give them. All people are synthetic."""

import polars as pl

from cfc_pipeline.programme import Programme
from cfc_pipeline.sources.raw import COMPLETE, READER_COLUMNS, RECORD, ROW, SUBMITTED, TEST, RawColumn, RawTable


def raw_table(rows: list[dict[str, object]], *, tool: str = "google_forms", zone: str | None = None) -> RawTable:
    """Cells by column key; reader columns may be given, and have plain defaults."""
    keys = list(dict.fromkeys(key for row in rows for key in row if key not in READER_COLUMNS))
    defaults = {RECORD: None, SUBMITTED: None, COMPLETE: True, TEST: False}
    filled = [{ROW: place, **defaults, **dict.fromkeys(keys), **row} for place, row in enumerate(rows, start=2)]
    schema = {
        ROW: pl.Int64,
        RECORD: pl.String,
        SUBMITTED: pl.String,
        COMPLETE: pl.Boolean,
        TEST: pl.Boolean,
        **dict.fromkeys(keys, pl.String),
    }
    frame = pl.DataFrame(filled, schema=schema)
    return RawTable(tool, "test", tuple(RawColumn(key=k, text=k) for k in keys), frame.lazy(), zone)


def programme(surveys: list[dict[str, object]], **settings: object) -> Programme:
    """Two cohorts of one year, and these surveys."""
    cohorts = [
        {"id": c, "label": c, "academic_year": "2023/24", "start": "2023-10-02", "end": "2024-06-28"}
        for c in ("a", "b")
    ]
    return Programme.model_validate({"name": "Synthetic", "cohorts": cohorts, "surveys": surveys, **settings})


ROSTER = {
    "id": "roster",
    "tool": "table",
    "kind": "roster",
    "fields": {"email": "Email", "code": "Code", "name": "Name", "school": "School", "cohort": "Cohort"}
    | {"consent": "Consent", "withdrawn_on": "Withdrawn"},
}
BRS = {
    "id": "brs-pre",
    "tool": "google_forms",
    "kind": "scale",
    "time_point": "pre",
    "person": {"by": "email", "column": "Email"},
    "submitted": {"order": "dmy"},
    "scales": [
        {"instrument": "brs", "items": {1: "Q1", 2: "Q2"}, "answers": {"Strongly disagree": 1, "Strongly agree": 5}}
    ],
}


def person(number: int, cohort: str = "a", consent: str = "Yes", withdrawn: str | None = None) -> dict[str, object]:
    return {
        "Email": f"Person{number}@School.example ",
        "Code": f"C{number}",
        "Name": f"Synthetic Person{number}",
        "School": f"School {number % 4}",
        "Cohort": cohort,
        "Consent": consent,
        "Withdrawn": withdrawn,
    }


def answer(number: int, q1: object = "4", q2: object = "2", when: str = "03/10/2023 10:00:00") -> dict[str, object]:
    return {"Email": f"person{number}@school.example", "Q1": q1, "Q2": q2, SUBMITTED: when}
