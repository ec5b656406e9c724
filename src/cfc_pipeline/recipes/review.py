"""What waits for a person: rows in quarantine and comments. For the manager's eyes; nothing of it is logged."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.identity import approvals
from cfc_pipeline.identity.keys import load_keys
from cfc_pipeline.identity.quarantine import read_quarantine
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.warehouse.store import writing


def quarantined_rows(folder: Path, environ: Mapping[str, str]) -> pl.DataFrame:
    """survey_id, file, row, record, column, reason: a line for every reason of every row that is held back."""
    programme = load_programme(folder)
    return read_quarantine(programme.restricted, load_keys(programme.restricted, environ))


def comments(folder: Path, environ: Mapping[str, str], state: str = "waiting") -> pl.DataFrame:
    """comment_id, question, text: redacted comments, in the order of their ids."""
    programme = load_programme(folder)
    load_keys(programme.restricted, environ)  # only who holds the key may read what nobody has approved yet
    with writing(programme.warehouse, dry_run=True) as con:
        found = con.execute(
            "SELECT comment_id, question, text FROM comment WHERE state = ? ORDER BY comment_id", [state]
        ).fetchall()
    return pl.DataFrame(found, schema=dict.fromkeys(("comment_id", "question", "text"), pl.String), orient="row")


def decide(folder: Path, environ: Mapping[str, str], ids: list[str], decision: str, by: str) -> None:
    """Record that somebody approved or rejected comments. It takes effect with the next ingest."""
    known = pl.concat([comments(folder, environ, state) for state in ("waiting", "approved", "rejected")])
    unknown = [i for i in ids if i not in set(known["comment_id"])]
    if unknown:
        raise ConfigError(
            "Some of these are not comments of this programme.",
            where=", ".join(unknown),
            next_step="`cfc-pipeline review comments` lists the ids",
        )
    approvals.decide(folder, ids, decision, by, date.today())
