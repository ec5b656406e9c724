"""What waits for a person: rows in quarantine and comments. For the manager's eyes; nothing of it is logged."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.identity import approvals
from cfc_pipeline.identity.keys import Keys, load_keys
from cfc_pipeline.identity.known import Known
from cfc_pipeline.identity.quarantine import read_quarantine
from cfc_pipeline.identity.redaction import redact
from cfc_pipeline.identity.vault import RawCopy, list_raw, open_raw
from cfc_pipeline.intake.cells import resolve
from cfc_pipeline.programme import Programme
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import audit
from cfc_pipeline.recipes.arrivals import table_of
from cfc_pipeline.sources.raw import ROW
from cfc_pipeline.warehouse.store import writing


def quarantined_rows(folder: Path, environ: Mapping[str, str], *, values: bool = False) -> pl.DataFrame:
    """survey_id, file, row, record, column, reason: a line for every reason of every row that is held back.

    With `values` also what the cell holds, from the sealed copy: personal, for the eyes of whoever corrects it.
    """
    programme = load_programme(folder)
    keys = load_keys(programme.restricted, environ)
    held = read_quarantine(programme.restricted, keys)
    if not values or held.is_empty():
        return held
    copies = {copy.number: copy for copy in list_raw(programme.restricted, keys)}
    return pl.concat(
        part.with_columns(value=_cells(part, copies[number], keys, programme))
        for (number,), part in held.sort("file", "row").group_by("file", maintain_order=True)
    )


def _cells(part: pl.DataFrame, copy: RawCopy, keys: Keys, programme: Programme) -> pl.Series:
    """The cells that the lines of one file's part of the quarantine are about."""
    raw = table_of(copy, open_raw(copy, keys), programme.survey(part["survey_id"][0]).tool)
    rows = raw.rows.collect().rows_by_key(ROW, named=True, unique=True)
    columns = [resolve(raw, column) or column for column in part["column"]]
    found = [rows[row].get(key) for row, key in zip(part["row"], columns, strict=True)]
    return pl.Series(found, dtype=pl.String)


def comments(folder: Path, environ: Mapping[str, str], state: str = "waiting") -> pl.DataFrame:
    """comment_id, question, text: redacted comments, in the order of their ids."""
    programme = load_programme(folder)
    load_keys(programme.restricted, environ)  # only who holds the key may read what nobody has approved yet
    # Written to by nobody: `dry_run` is how a warehouse of an older layout, or none yet, can be read.
    with writing(programme.warehouse, dry_run=True) as con:
        found = con.execute(
            "SELECT comment_id, question, text FROM comment WHERE state = ? ORDER BY comment_id", [state]
        ).fetchall()
    return pl.DataFrame(found, schema=dict.fromkeys(("comment_id", "question", "text"), pl.String), orient="row")


def decide(
    folder: Path,
    environ: Mapping[str, str],
    ids: list[str],
    decision: str,
    by: str,
    *,
    text: str = "",
    dry_run: bool = False,
) -> int:
    """Record that somebody approved or rejected comments, or approved one with another wording, `text`. It takes effect
    with the next ingest; returns how many."""
    known = pl.concat([comments(folder, environ, state) for state in ("waiting", "approved", "rejected")])
    unknown = [i for i in ids if i not in set(known["comment_id"])]
    if unknown:
        raise ConfigError(
            "Some of these are not comments of this programme.",
            where=", ".join(unknown),
            next_step="`cfc-pipeline review comments` lists the ids",
        )
    several = list(dict.fromkeys(ids))
    if not dry_run:
        now = datetime.now(UTC)
        audit.note(folder, f"comments {'edited' if text else decision}", now, comments=len(several))
        approvals.decide(folder, several, decision, by, now.date(), text)
    return len(several)


def taken_out(text: str) -> int:
    """How many passages of an edited wording look like a name, a number or an address, and will be replaced. The roster
    is not asked: the next ingest does that."""
    nobody = pl.Series([], dtype=pl.String)
    return int(redact(pl.Series([text]), Known(nobody, nobody), strangers=True)["redactions"][0])
