"""A synthetic programme of any size, for benchmarks: one roster and one wide export, made in whole columns.

500,000 people answer 39 CEAS items before and after; the export has 44 columns in the Qualtrics layout of three header
rows, of which five are the tool's own or embedded data.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cfc_pipeline.demo.as_yaml import as_yaml

Levels = npt.NDArray[np.float64]
INSTRUMENTS = ("ceas_self", "ceas_to_others", "ceas_from_others")
ITEMS = tuple((name, item) for name in INSTRUMENTS for item in range(1, 14))
YEARS = ("2023/24", "2024/25", "2025/26")
EXPORT = "2026-07-10 national export.csv"
ROSTER = "2023-09-01 national roster.csv"


def build_large(folder: Path, responses: int = 1_000_000, cohorts: int = 300, seed: int = 2026) -> Path:
    """Write programme.yaml, a roster and one export of `responses` rows into `folder`; gives the export's path.

    Half of the responses are before and half after; `responses=80, cohorts=3` gives a programme of 40 people. Memory
    while writing: about 500 bytes per response.
    """
    from cfc_pipeline.programme_folder import init  # not needed by a caller who only wants the export

    init(folder, "National demo (synthetic)")
    (folder / "programme.yaml").write_text(_programme(cohorts), encoding="utf-8")
    people = responses // 2
    _roster(people, cohorts).write_csv(folder / "inbox" / ROSTER)
    export = folder / "inbox" / EXPORT
    with export.open("wb") as file:
        file.write(_header().encode())
        _responses(people, seed).write_csv(file, include_header=False)
    return export


def _roster(people: int, cohorts: int) -> pl.DataFrame:
    """Consecutive people share a cohort, and three in a row share a school."""
    per_cohort = -(-people // cohorts)
    number = pl.col("number")
    return _numbered(people).select(
        _code().alias("Code"),
        _text("Synthetic Person ", number).alias("Name"),
        _text("Synthetic School ", number // 3).alias("School"),
        _text("g", number // per_cohort).alias("Cohort"),
        pl.lit("Headteacher").alias("Role"),
        pl.lit("Yes").alias("Consent"),
        pl.lit("2023-09-01").alias("Consent date"),
    )


def _responses(people: int, seed: int) -> pl.DataFrame:
    """Before and after of everyone: five system columns, then the items."""
    rng = np.random.default_rng(seed)
    levels = rng.normal(5.5, 1.2, people)
    before = _wave(people, "pre", 10_000_000, levels, rng)
    after = _wave(people, "post", 10_000_000 + people, levels + rng.normal(0.5, 0.5, people), rng)
    return pl.concat([before, after])


def _wave(people: int, wave: str, first: int, levels: Levels, rng: np.random.Generator) -> pl.DataFrame:
    items = {
        f"{name}_{item}": np.clip(np.rint(levels + rng.normal(0, 1.2, people)), 1, 10).astype(np.int8)
        for name, item in ITEMS
    }
    system = _numbered(people).select(
        pl.lit("2023-10-05 09:00:00" if wave == "pre" else "2024-06-20 09:00:00").alias("RecordedDate"),
        pl.lit(1).alias("Finished"),
        _text("R_", pl.col("number") + first).alias("ResponseId"),
        _code().alias("ExternalReference"),
        pl.lit(wave).alias("wave"),
    )
    return system.hstack(pl.DataFrame(items))


def _numbered(people: int) -> pl.DataFrame:
    return pl.DataFrame({"number": pl.int_range(people, eager=True)})


def _code() -> pl.Expr:
    return _text("SYN", pl.col("number") + 1_000_000)


def _text(start: str, number: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit(start), number.cast(pl.String))


def _header() -> str:
    """Qualtrics' three header rows: name, text, JSON with the stable id."""
    system = {
        "RecordedDate": {"ImportId": "recordedDate", "timeZone": "Z"},
        "Finished": {"ImportId": "finished"},
        "ResponseId": {"ImportId": "_recordId"},
        "ExternalReference": {"ImportId": "externalDataReference"},
        "wave": {"ImportId": "wave"},
    }
    names = [*system, *(f"{name}_{item}" for name, item in ITEMS)]
    texts = [*system, *(f"Statement {item} of {name} (wording not shipped)" for name, item in ITEMS)]
    ids: list[dict[str, str]] = [*system.values(), *({"ImportId": _import_id(name, item)} for name, item in ITEMS)]
    rows = [names, texts, [json.dumps(cell, separators=(",", ":")).replace('"', '""') for cell in ids]]
    return "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows)


def _import_id(name: str, item: int) -> str:
    return f"QID{INSTRUMENTS.index(name) + 1}_{item}"


def _programme(cohorts: int) -> str:
    entry: dict[str, Any] = {
        "name": "National demo (synthetic)",
        "synthetic": True,
        "cohorts": [_cohort(i, cohorts) for i in range(cohorts)],
        "surveys": [_roster_entry(), _scale_entry()],
    }
    return as_yaml(entry)


def _cohort(i: int, cohorts: int) -> dict[str, Any]:
    year = YEARS[i * len(YEARS) // cohorts]
    first = int(year[:4])
    return {
        "id": f"g{i}",
        "label": f"Group {i}",
        "academic_year": year,
        "start": date(first, 10, 2),
        "end": date(first + 1, 6, 26),
    }


def _roster_entry() -> dict[str, Any]:
    columns = ("code", "name", "school", "cohort", "role", "consent", "consent_date")
    fields = {field: field.capitalize().replace("_", " ") for field in columns}
    return {"id": "roster", "tool": "table", "kind": "roster", "files": "*roster*", "fields": fields}


def _scale_entry() -> dict[str, Any]:
    return {
        "id": "national",
        "tool": "qualtrics",
        "kind": "scale",
        "files": "*export*",
        "time_point": {"column": "wave"},
        "person": {"by": "code", "column": "externalDataReference"},
        "scales": [
            {"instrument": name, "items": {item: _import_id(name, item) for item in range(1, 14)}}
            for name in INSTRUMENTS
        ],
    }
