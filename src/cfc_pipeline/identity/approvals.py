"""Which comments a person has read and approved: approvals.csv in the programme folder, replayed on every run.

It names comments by their keyed ids, which depend on the redacted text; a comment that was changed in the survey tool
waits for approval again. An edit is an approval with a wording of its own.
"""

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.identity.known import Known
from cfc_pipeline.identity.redaction import redact
from cfc_pipeline.sources.decided import add_to_decided, open_decided

FILE_NAME = "approvals.csv"
COLUMNS = ("comment", "decision", "by", "on", "text")
DECISIONS = ("approved", "rejected")


@dataclass(frozen=True)
class Decision:
    """`text` is what the comment shall read instead, or None."""

    state: str
    text: str | None = None


def read(folder: Path) -> dict[str, Decision]:
    """By the comments' ids. The last line about a comment counts."""
    _, rows = _lines(folder / FILE_NAME)
    wrong = [str(line) for line, row in rows if row.get("decision") not in DECISIONS]
    if wrong:
        raise ConfigError(
            "approvals.csv has decisions that are neither approved nor rejected.",
            where=f"lines {', '.join(wrong)}",
            next_step="mend these lines; nothing is approved until then",
        )
    return {row["comment"]: Decision(row["decision"], row.get("text") or None) for _, row in rows}


def _lines(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """The header, and each row with the number of its line."""
    if not path.exists():
        return [], []
    with open_decided(path) as file:
        reader = csv.DictReader(file)
        rows = [(reader.line_num, row) for row in reader]
        return list(reader.fieldnames or []), rows


def decide(folder: Path, comment_ids: list[str], decision: str, by: str, on: date, text: str = "") -> None:
    """Add a line for each comment; who decided and when stay on record. `text` is an edited wording."""
    path = folder / FILE_NAME
    path.touch(mode=0o600)  # an edited wording may name somebody
    header, rows = _lines(path)
    if header and "text" not in header:  # a version before this one wrote the file
        _write(path, [row for _, row in rows])
    with add_to_decided(path) as file:
        writer = csv.writer(file)
        if not header:
            writer.writerow(COLUMNS)
        writer.writerows((comment, decision, by, on.isoformat(), text) for comment in comment_ids)


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    building = path.with_name(f".{path.name}.new")
    building.touch(mode=0o600)
    with building.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    building.replace(path)


def with_states(comments: pl.DataFrame, decisions: dict[str, Decision], known: Known) -> pl.DataFrame:
    """The `comment` contract: each comment with the decision about it, waiting if there is none.

    An edited wording goes through redaction like what people wrote: whoever edits may type a name as well.
    """
    if comments.width == 0:
        return comments
    states = {comment: decision.state for comment, decision in decisions.items()}
    edits = {comment: decision.text for comment, decision in decisions.items() if decision.text}
    safe = redact(pl.Series(list(edits.values()), dtype=pl.String), known, strangers=True)["text"]
    edited = pl.col("comment_id").replace_strict(list(edits), safe, default=None, return_dtype=pl.String)
    return comments.drop("response_id").with_columns(
        text=pl.coalesce(edited, "text"),
        state=pl.col("comment_id").replace_strict(states, default="waiting", return_dtype=pl.String),
    )
