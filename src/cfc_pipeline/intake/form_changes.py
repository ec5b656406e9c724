"""form_changes.csv: what people decided about forms that changed, replayed on every run, with who and when.

A line names a survey, a version of its form and an instrument, as `cfc-pipeline review forms` lists them.
"""

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.sources.decided import add_to_decided, open_decided

COLUMNS = ("survey", "version", "instrument", "decision", "by", "on", "note")
DECISIONS = ("same", "break")

Decisions = dict[tuple[str, str, str], str]  # survey, version, instrument: same or break


def read_form_changes(folder: Path) -> Decisions:
    """The last line about a change counts."""
    path = folder / "form_changes.csv"
    if not path.exists():
        return {}
    with open_decided(path) as file:
        reader = csv.DictReader(file)
        rows = [(reader.line_num, {c: (row.get(c) or "").strip() for c in COLUMNS}) for row in reader]
    wrong = [str(line) for line, row in rows if row["decision"] not in DECISIONS or not all(_about(row))]
    if wrong:
        raise ConfigError(
            "form_changes.csv has lines that are no decision about a form.",
            where=f"lines {', '.join(wrong)}",
            next_step=f"its header is {','.join(COLUMNS)}; a decision is {' or '.join(DECISIONS)}",
        )
    return {_about(row): row["decision"] for _, row in rows}


def _about(row: dict[str, str]) -> tuple[str, str, str]:
    return row["survey"], row["version"], row["instrument"]


def decide_form(
    folder: Path, survey: str, version: str, instruments: Iterable[str], *, decision: str, by: str, on: date, note: str
) -> None:
    """Add a line for each instrument; who decided and when stay on record."""
    path = folder / "form_changes.csv"
    new = not path.exists()
    with add_to_decided(path) as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(COLUMNS)
        writer.writerows((survey, version, one, decision, by, on.isoformat(), note) for one in instruments)
