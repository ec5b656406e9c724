"""What people decided about codes that may be one person's: links.csv in the programme folder, replayed on every run.

A line names two responses, one for each code, as the survey tool numbers them. So it holds no code, a new secret key
changes nothing in it, and an undone decision leaves the tables exactly as they were before. What is to be decided rests
sealed, because it holds the codes.
"""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.identity.keys import Keys
from cfc_pipeline.identity.sealed import read_sealed, write_sealed
from cfc_pipeline.sources.decided import add_to_decided, open_decided

FILE_NAME = "links.csv"
RESPONSES = ("survey", "record", "other_survey", "other_record")
COLUMNS = (*RESPONSES, "decision", "by", "on", "note")
DECISIONS = ("same", "different", "undone")
_SEALED, _PURPOSE = "links.sealed", "links"
_TEXT = (
    "link",
    "cohort_id",
    "state",
    "time_point",
    "day",
    "other_time_point",
    "other_day",
    *RESPONSES,
    "code",
    "other",
)
_LEVELS = ("same", "close", "differs", "missing")
QUEUE = {**dict.fromkeys((*_TEXT, *_LEVELS), pl.String), "chance": pl.Float64}
OWNERS = dict.fromkeys(("cohort_id", "code", "person"), pl.String)


@dataclass(frozen=True)
class Kept:
    """What the last ingest found: pairs of codes with their state, and whose each code is. Personal."""

    queue: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=QUEUE), repr=False)
    owners: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=OWNERS), repr=False)


def read_decisions(folder: Path) -> pl.DataFrame:
    """line, the two responses, and the decision; in the order of the file."""
    schema = {"line": pl.Int64, **dict.fromkeys((*RESPONSES, "decision"), pl.String)}
    path = folder / FILE_NAME
    if not path.exists():
        return pl.DataFrame(schema=schema)
    with open_decided(path) as file:
        reader = csv.DictReader(file)
        rows = [(reader.line_num, *((row.get(c) or "").strip() for c in schema if c != "line")) for row in reader]
    wrong = [str(row[0]) for row in rows if row[-1] not in DECISIONS or not all(row[1:])]
    if wrong:
        raise ConfigError(
            "links.csv has lines that are no decision about a link.",
            where=f"lines {', '.join(wrong)}",
            next_step=f"its header is {','.join(COLUMNS)}; a decision is one of {', '.join(DECISIONS)}",
        )
    return pl.DataFrame(rows, schema=schema, orient="row")


def decide_links(folder: Path, pairs: Iterable[tuple[str, ...]], decision: str, by: str, on: date, note: str) -> None:
    """Add a line for each pair of responses; who decided and when stay on record."""
    path = folder / FILE_NAME
    new = not path.exists()
    path.touch(mode=0o600)
    with add_to_decided(path) as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(COLUMNS)
        writer.writerows((*pair, decision, by, on.isoformat(), note) for pair in pairs)


def write_kept(restricted: Path, kept: Kept, keys: Keys) -> None:
    if kept.owners.is_empty() and not (restricted / _SEALED).exists():
        return  # nobody is known by a code of their own
    told = {"queue": kept.queue.rows(named=True), "owners": kept.owners.rows(named=True)}
    write_sealed(restricted / _SEALED, json.dumps(told).encode(), keys, _PURPOSE)


def read_kept(restricted: Path, keys: Keys) -> Kept:
    if not (restricted / _SEALED).exists():
        return Kept()
    told = json.loads(read_sealed(restricted / _SEALED, keys, _PURPOSE))
    return Kept(pl.DataFrame(told["queue"], schema=QUEUE), pl.DataFrame(told["owners"], schema=OWNERS))
