"""Forms that change under a small synthetic programme, fetched from a tool as far as `ingest` can tell."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from cfc_pipeline.identity.keys import load_keys
from cfc_pipeline.identity.vault import seal
from cfc_pipeline.recipes.arrivals import FETCHED_NAME
from cfc_pipeline.sources.apis.answers import SCHEMA
from cfc_pipeline.sources.fetched import Fetched, to_bytes
from cfc_pipeline.sources.raw import Choice, RawColumn
from tests.small_folder import WHEN

LABELS = ("Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree")
CHOICES = tuple(Choice(f"c{number}", label, str(number)) for number, label in enumerate(LABELS, start=1))
ITEMS = tuple(RawColumn(f"q{item}", f"Invented statement {item}", choices=CHOICES) for item in range(1, 7))
COMMENT = RawColumn("c", "What helped?")
PERSON = RawColumn("mail", "Email", system=True, personal=True)
FORM = (PERSON, *ITEMS, COMMENT)
ENTRY: dict[str, Any] = {
    "id": "baseline",
    "tool": "surveymonkey",
    "kind": "scale",
    "time_point": "pre",
    "person": {"by": "email", "column": "mail"},
    "scales": [
        {
            "instrument": "brs",
            "items": {item: f"q{item}" for item in range(1, 7)},
            "answers": {label: number for number, label in enumerate(LABELS, start=1)},
        }
    ],
    "comments": {"helped": "c"},
}
ALONE = {key: value for key, value in ENTRY.items() if key != "comments"}  # nothing but the scale


def changed(form: Sequence[RawColumn], key: str, **also: Any) -> tuple[RawColumn, ...]:
    """The form with one question changed."""
    return tuple(replace(one, **also) if one.key == key else one for one in form)


def renumbered(number: int) -> tuple[Choice, ...]:
    """The choices as they are, each with another number."""
    return tuple(replace(one, number=str(int(one.number or 0) + number)) for one in CHOICES)


def response(number: int, label: str = "Agree", **cells: str | None) -> dict[str, Any]:
    """What one synthetic person answered, so that the label's number is their score."""
    items = {one.key: label if place % 2 == 0 else LABELS[::-1][LABELS.index(label)] for place, one in enumerate(ITEMS)}
    about = {"_record": str(number), "_submitted": f"2023-10-{number:02}T09:00:00Z", "_complete": True, "_test": False}
    return about | items | {"mail": f"person{number}@school.example", "c": f"Breathing {number}"} | cells


def fetched(
    folder: Path,
    form: Sequence[RawColumn],
    rows: list[dict[str, Any]],
    survey: str = "baseline",
    gone: Sequence[str] = (),
    tools_id: str = "",
) -> None:
    """Keep a fetch of these responses, as `fetch` would."""
    keys = load_keys(folder / "data" / "restricted", {})
    columns = dict.fromkeys((one.key for one in form), pl.String)
    frame = pl.DataFrame([{key: row.get(key) for key in (*SCHEMA, *columns)} for row in rows], schema=SCHEMA | columns)
    one = Fetched("surveymonkey", "2026-01-01T00:00:00Z", True, None, "UTC", tuple(form), frame, tuple(gone))
    data = to_bytes(replace(one, survey=tools_id))
    restricted = folder / "data" / "restricted"
    seal(restricted, keys, data, name=FETCHED_NAME, received_on=WHEN.date(), survey_id=survey)
