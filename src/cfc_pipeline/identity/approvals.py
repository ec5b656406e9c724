"""Which comments a person has read and approved: approvals.csv in the programme folder, replayed on every run.

It names comments by their keyed ids, which depend on the redacted text; an edited comment waits for approval again.
"""

import csv
from datetime import date
from pathlib import Path

import polars as pl

from cfc_pipeline.errors import ConfigError

COLUMNS = ("comment", "decision", "by", "on")
DECISIONS = ("approved", "rejected")


def read(folder: Path) -> dict[str, str]:
    """Comment id -> decision. The last line about a comment counts."""
    path = folder / "approvals.csv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows = [(reader.line_num, row) for row in reader]
    wrong = [str(line) for line, row in rows if row.get("decision") not in DECISIONS]
    if wrong:
        raise ConfigError(
            "approvals.csv has decisions that are neither approved nor rejected.",
            where=f"lines {', '.join(wrong)}",
            next_step="mend these lines; nothing is approved until then",
        )
    return {str(row["comment"]): str(row["decision"]) for _, row in rows}


def decide(folder: Path, comment_ids: list[str], decision: str, by: str, on: date) -> None:
    """Add a line for each comment; who decided and when stay on record."""
    path = folder / "approvals.csv"
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(COLUMNS)
        writer.writerows((comment, decision, by, on.isoformat()) for comment in comment_ids)


def with_states(comments: pl.DataFrame, decisions: dict[str, str]) -> pl.DataFrame:
    """The `comment` contract: each comment with the decision about it, waiting if there is none."""
    if comments.width == 0:
        return comments
    state = pl.col("comment_id").replace_strict(decisions, default="waiting", return_dtype=pl.String)
    return comments.drop("response_id").with_columns(state=state)
