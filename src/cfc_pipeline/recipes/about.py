"""All that is held about one person, for their own eyes: the answer to a subject access request (UK GDPR, Article 15).

Their rows of the sealed copies with the columns as they came, what waits in quarantine, what the databases hold under
their pseudonym, and what was decided about their rows. What others wrote about them is counted and not shown, because
it is personal data of others too. The audit log notes that a list was made, and not of whom.
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.identity.anonymise import anonymise, response_ids
from cfc_pipeline.identity.erased import Erased, cleaned, name_words
from cfc_pipeline.identity.keys import Keys, load_keys, private_folder
from cfc_pipeline.identity.known import known_from
from cfc_pipeline.identity.links import FILE_NAME as LINKS
from cfc_pipeline.identity.links import read_kept
from cfc_pipeline.identity.pseudonyms import pseudonyms
from cfc_pipeline.identity.quarantine import read_quarantine
from cfc_pipeline.identity.shredded import stand_in_key, with_stand_ins
from cfc_pipeline.identity.vault import list_raw
from cfc_pipeline.intake.batch import File, take_in
from cfc_pipeline.intake.corrections import read_corrections
from cfc_pipeline.intake.form_changes import read_form_changes
from cfc_pipeline.intake.people import SELF_MADE
from cfc_pipeline.intake.records import used_rows
from cfc_pipeline.intake.versions import versions
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.programme import Programme
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import audit
from cfc_pipeline.recipes.arrivals import known_files
from cfc_pipeline.recipes.entries import without_risk_items
from cfc_pipeline.recipes.fetch import alone
from cfc_pipeline.recipes.lines import lines_about
from cfc_pipeline.recipes.rotate import DECISIONS
from cfc_pipeline.recipes.who import Person, find
from cfc_pipeline.sources.raw import COMPLETE, ROW, SUBMITTED
from cfc_pipeline.warehouse.store import Connection, writing
from schemas.tables import TABLES

_NOT_SHOWN = ("score_sheet",)  # the same as scale_score
_PLAIN = {SUBMITTED: "sent in", COMPLETE: "finished"}


@dataclass
class About:
    """Personal throughout. `files`: a mapping for each row of theirs, as it came; `tables`: rows of the databases."""

    made_on: str
    known_by: list[str] = field(repr=False)
    names: list[str] = field(repr=False)
    files: list[dict[str, Any]] = field(default_factory=list, repr=False)
    quarantine: list[dict[str, Any]] = field(default_factory=list, repr=False)
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict, repr=False)
    corrections: list[dict[str, str]] = field(default_factory=list, repr=False)
    links: list[dict[str, str]] = field(default_factory=list, repr=False)
    decisions: list[dict[str, str]] = field(default_factory=list, repr=False)  # about their comments
    mentions: int = 0  # cells of other people

    def in_words(self) -> str:
        lines = [f"What is held about one person, made on {self.made_on}. Personal: for that person only.", ""]
        lines += _listed("Known by", [{"addresses, codes": ", ".join(self.known_by), "names": ", ".join(self.names)}])
        for one in self.files:
            title = f"Survey {one['survey']}, sealed copy {one['copy']} of {one['received_on']}, row {one['row']}"
            lines += _listed(title, [one["said"]])
        lines += _listed("Waiting in quarantine", self.quarantine)
        for name, rows in self.tables.items():
            lines += _listed(f"In the databases, table {name}", rows)
        lines += _listed("In corrections.csv", self.corrections) + _listed("In links.csv", self.links)
        lines += _listed("Decided about their comments", self.decisions)
        return "\n".join([*lines, *(f"- {one}" for one in self.remarks())])

    def remarks(self) -> list[str]:
        """What a list cannot hold."""
        return [
            f"Other people's answers name this person in {self.mentions} places. Those are their data too, so they are "
            "not shown; in what is stored and published the names are taken out.",
            "Releases hold counts and averages that this person's answers are part of. Whether an export that was "
            "handed on holds rows of theirs cannot be known from here.",
            "Backups hold what the sealed copies held when they were made. The survey tools have their own copies.",
            "Columns mean what `cfc-pipeline codebook` says. Purposes, recipients, times and rights are in the notice "
            "that participants get.",
        ]

    def in_json(self) -> dict[str, Any]:
        return vars(self) | {"remarks": self.remarks()}


def about(
    folder: Path, environ: Mapping[str, str], who: str, *, out: Path | None = None, now: datetime | None = None
) -> About:
    """All that is held of the person whose address, code or participant id is `who`; written into the new folder `out`
    (0700) as about.txt and about.json (0600) if there is one. ConfigError when it is nobody, or several people."""
    now = now or datetime.now(UTC)
    if out and out.exists():
        raise ConfigError("This is there already.", where=str(out), next_step="name a new folder")
    programme = load_programme(folder)
    keys = load_keys(programme.restricted, environ)
    with alone(programme), writing(programme.warehouse, dry_run=True) as con:
        found = _collected(programme, keys, who, con, now)
    audit.note(programme.folder, "access", now, rows=len(found.files), written=out is not None)
    if out:
        _write(found, out)
    return found


def _collected(programme: Programme, keys: Keys, who: str, con: Connection, now: datetime) -> About:
    copies = {copy.number: copy for copy in list_raw(programme.restricted, keys)}
    files, _ = known_files(list(copies.values()), programme, keys)
    corrections = read_corrections(programme.folder / "corrections.csv")
    person = find(files, corrections, who, keys, owners=read_kept(programme.restricted, keys).owners)
    rows = {file.number: _rows_of(file, person, programme, keys) for file in files}
    records = {(f.survey.id, r) for f in files for r in _records(f, rows[f.number])}
    held = read_quarantine(programme.restricted, keys)
    theirs = [(number, row) for number, found in rows.items() for row in found[ROW]]
    spots = pl.DataFrame(theirs, schema={"file": pl.Int64, "row": pl.Int64}, orient="row")
    tables = _in_databases(con, programme, keys, person, records, files)
    comments = {("", row["comment_id"]) for row in tables.get("comment", [])}
    return About(
        made_on=now.date().isoformat(),
        known_by=sorted(person.keys),
        names=sorted(person.names),
        files=[one for f in files for one in _as_came(f, rows[f.number], copies[f.number].received_on)],
        quarantine=held.join(spots, on=["file", "row"]).rows(named=True),
        tables=tables,
        corrections=lines_about(programme.folder / "corrections.csv", (("survey", "record"),), records),
        links=lines_about(programme.folder / LINKS, (("survey", "record"), ("other_survey", "other_record")), records),
        decisions=[
            line for name in DECISIONS for line in lines_about(programme.folder / name, (("", "comment"),), comments)
        ],
        mentions=sum(_mentions(file, person) for file in files),
    )


def _rows_of(file: File, person: Person, programme: Programme, keys: Keys) -> pl.DataFrame:
    """Their rows of a file: those that an erasure would take out."""
    every = file.raw.rows.collect()
    them = with_stand_ins(person.keys, stand_in_key(programme.restricted, keys))
    left = cleaned(every, file.raw, file.survey, Erased(secrets.token_bytes(32)).adding(them, [])).rows
    return every.join(left, on=ROW, how="anti", maintain_order="left")


def _mentions(file: File, person: Person) -> int:
    marked = Erased(secrets.token_bytes(32)).adding(person.keys, name_words(person.names))
    return cleaned(file.raw.rows.collect(), file.raw, file.survey, marked).masked


def _records(file: File, rows: pl.DataFrame) -> list[str]:
    every = used_rows(file.raw, file.survey).select(ROW, "record").collect()
    return every.join(rows, on=ROW, how="semi")["record"].drop_nulls().to_list()


def _as_came(file: File, rows: pl.DataFrame, received_on: date) -> list[dict[str, Any]]:
    asked = {column.key: f"{column.text} | {column.option}" if column.option else column.text for column in
             file.raw.columns}  # fmt: skip
    place = {"survey": file.survey.id, "copy": file.number, "received_on": received_on.isoformat()}
    return [
        place | {"row": row[ROW], "said": {(_PLAIN | asked).get(c, c): cell for c, cell in row.items() if
                 cell is not None and c != ROW}}
        for row in rows.iter_rows(named=True)
    ]  # fmt: skip


def _in_databases(
    con: Connection, programme: Programme, keys: Keys, person: Person, records: set[tuple[str, str]], files: list[File]
) -> dict[str, list[dict[str, Any]]]:
    """Rows of every table that has a column for people, responses or comments."""
    them = pl.Series([*person.keys, *(SELF_MADE + key for key in person.keys)], dtype=pl.String)
    ids = {
        "participant_id": pseudonyms(them, keys.purpose("person"), "p-").to_list(),
        "response_id": [response_ids(s, pl.Series([r]), keys)[0] for s, r in sorted(records)],
    }
    ids["comment_id"] = _comments_of(ids["response_id"], programme, keys, files)
    found = {}
    for name, contract in TABLES.items():
        column = next((c for c in ids if c in contract.to_schema().columns), None)
        if column and ids[column] and name not in _NOT_SHOWN:
            query = f"FROM {name} WHERE {column} IN (SELECT unnest($ids)) ORDER BY ALL"
            rows = con.sql(query, params={"ids": ids[column]}).pl()
            if rows.height:
                found[name] = rows.rows(named=True)
    return found


def _comments_of(responses: list[str], programme: Programme, keys: Keys, files: list[File]) -> list[str]:
    """The table of comments does not say whose they are; so they are made again."""
    instruments = load_instruments(programme.folder / "instruments")
    programme = without_risk_items(programme, instruments)
    held = versions(files, read_form_changes(programme.folder)).held
    corrections = read_corrections(programme.folder / "corrections.csv")
    intake = take_in(programme, instruments, corrections, files, held)
    made = anonymise(intake, programme.surveys, programme.cohorts, keys, known_from(intake.named)).comments
    return made.filter(pl.col("response_id").is_in(responses))["comment_id"].to_list() if made.width else []


def _listed(title: str, rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    lines = [title]
    for row in rows:
        lines += [f"  {name}: {_one_line(cell)}" for name, cell in row.items() if cell is not None] + [""]
    return lines


def _one_line(cell: Any) -> str:
    return " ".join(str(cell).split())


def _write(found: About, out: Path) -> None:
    private_folder(out)
    pages = {"about.txt": found.in_words() + "\n", "about.json": json.dumps(found.in_json(), indent=2, default=str)}
    for name, text in pages.items():
        with os.fdopen(os.open(out / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
