"""Taking a person out of everything that a programme keeps, and proving it.

The list of erased people comes first (identity/erased.py): from then on nothing that is read holds them, so a run that
is killed in the middle has forgotten them already, and doing it again does the rest. Then the sealed copies are
written without them, the databases are built anew (DuckDB keeps the bytes of what it deletes), what people wrote about
their rows goes, and every byte of the folder is searched for what they were called.
"""

import csv
import secrets
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from cfc_pipeline.errors import PrivacyRefusal
from cfc_pipeline.identity.erased import (
    Begun,
    Erased,
    cleaned,
    masked_name,
    mentions,
    name_words,
    read_erased,
    without,
    write_erased,
)
from cfc_pipeline.identity.keys import Keys, load_keys
from cfc_pipeline.identity.links import FILE_NAME as LINKS
from cfc_pipeline.identity.links import read_decisions, read_kept
from cfc_pipeline.identity.sealed import overwrite
from cfc_pipeline.identity.shredded import stand_in_key, with_stand_ins
from cfc_pipeline.identity.themes import CODES
from cfc_pipeline.identity.vault import RawCopy, list_raw, open_raw, replace_raw
from cfc_pipeline.intake.batch import File
from cfc_pipeline.intake.corrections import Correction, read_corrections
from cfc_pipeline.intake.records import used_rows
from cfc_pipeline.programme import Programme
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import audit, sheets
from cfc_pipeline.recipes.arrivals import FETCHED_NAME, known_files
from cfc_pipeline.recipes.backup import backup, managed, shred_backups
from cfc_pipeline.recipes.certificate import NOTICE, Certificate
from cfc_pipeline.recipes.fetch import alone
from cfc_pipeline.recipes.ingest import ingest
from cfc_pipeline.recipes.lines import without_lines
from cfc_pipeline.recipes.search import found_in
from cfc_pipeline.recipes.who import Person, find
from cfc_pipeline.sources import kept
from cfc_pipeline.sources.decided import open_decided
from cfc_pipeline.sources.fetched import from_bytes, to_bytes
from cfc_pipeline.sources.raw import RECORD, ROW
from cfc_pipeline.warehouse.store import writing

Record = tuple[str, str]  # survey, record


def erase(
    folder: Path, environ: Mapping[str, str], who: str, *, dry_run: bool = False, now: datetime | None = None
) -> Certificate:
    """Take out the person whose address, code or participant id is `who`, for good.

    Raises ConfigError when nobody is known by it or several people are, PrivacyRefusal when something of them is still
    there at the end. Run again after it was killed, it finishes what it began.
    """
    now = now or datetime.now(UTC)
    programme = load_programme(folder)
    keys = load_keys(programme.restricted, environ)
    corrections = read_corrections(programme.folder / "corrections.csv")
    # Both locks, so that no run that began before can bring back what it has read.
    with alone(programme), writing(programme.warehouse, dry_run=True) as con:
        before = dict(con.execute("SELECT comment_id, text FROM comment").fetchall())
        listed = read_erased(programme.restricted, keys)
        copies = {copy.number: copy for copy in list_raw(programme.restricted, keys)}
        files, _ = known_files(list(copies.values()), programme, keys)
        owners = read_kept(programme.restricted, keys).owners
        begun = listed.unfinished or Begun()
        earlier = Person(begun.keys, begun.names) if listed.unfinished else None
        person = find(files, corrections, who, keys, owners=owners, begun=earlier)
        theirs = with_stand_ins(person.keys, stand_in_key(programme.restricted, keys))
        erased = listed.adding(theirs, name_words(person.names))
        gone = begun.records | _records(files, erased)
        done = _planned(programme, files, erased, gone, begun, now)
        if dry_run:
            return replace(done, dry_run=True)
        before = {**before, **begun.comments}
        begun = Begun(person.keys, person.names, gone, before, done.counts())
        # In one step with the list: from then on its files no longer tell whom it is about.
        erased = replace(erased, unfinished=begun)
        write_erased(programme.restricted, erased, keys)
        for file in files:
            _clean_copy(copies[file.number], file, erased, keys)
    without_lines(programme.folder / "corrections.csv", _correction_lines(programme, gone, erased))
    without_lines(programme.folder / LINKS, _link_lines(programme, gone))
    forget(programme.warehouse)
    shred_backups(programme)
    ingest(folder, environ, now=now)
    done = _finished(programme, keys, erased, begun, done, now)
    if done.backups:
        backup(folder, environ, now=now)
    return done


def _planned(
    programme: Programme, files: list[File], erased: Erased, gone: Collection[Record], begun: Begun, now: datetime
) -> Certificate:
    """What is there to be done, with what a run before this one, which was killed, found: of the files that it had
    listed, nothing is seen any more; of lines, which go later, it may be the same."""
    before = Certificate(**begun.told) if begun.told else None
    rows = dict(before.rows) if before else {}
    mentioned, changed = (before.mentions, before.files) if before else (0, 0)
    for file in files:
        found = cleaned(file.raw.rows.collect(), file.raw, file.survey, erased)
        if found.dropped:
            rows[file.survey.id] = rows.get(file.survey.id, 0) + found.dropped
        mentioned += found.masked
        changed += bool(found.dropped or found.masked)
    name = before.certificate if before else f"{now:%Y-%m-%d}-{secrets.token_hex(4)}"
    done = Certificate(name, now.isoformat(timespec="seconds"), rows, mentioned, changed)
    done.corrections = len(_correction_lines(programme, gone, erased))
    done.links = len(_link_lines(programme, gone))
    done.backups = len(managed(programme))
    return done.at_least(before)


def _records(files: list[File], erased: Erased) -> set[Record]:
    """survey, record of the rows that go."""
    gone = set()
    for file in files:
        left = without(file.raw, file.survey, erased)
        if left is not file.raw:
            every = used_rows(file.raw, file.survey).select(ROW, "record").collect()
            rest = left.rows.select(ROW).collect()
            gone |= {(file.survey.id, record) for record in every.join(rest, on=ROW, how="anti")["record"]}
    return gone


def _clean_copy(copy: RawCopy, file: File, erased: Erased, keys: Keys) -> None:
    """Also when only its name tells, or when a run before this one was killed after it had seen to the list."""
    if copy.name == FETCHED_NAME:
        data = open_raw(copy, keys)
        fetched = from_bytes(data)
        rows = cleaned(fetched.rows, file.raw, file.survey, erased).rows
        if not rows.equals(fetched.rows):
            gone = set(fetched.rows[RECORD]) - set(rows[RECORD])
            prints = {record: mark for record, mark in fetched.prints.items() if record not in gone}
            data = to_bytes(replace(fetched, rows=rows, prints=prints))
            replace_raw(copy, data, keys, name=copy.name, cleaned=False)
        return
    on_disk = kept.from_bytes(open_raw(copy, keys)) if copy.cleaned else None
    # In a shredded file the addresses of a roster must not come back to disk.
    before = on_disk if on_disk and on_disk.shredded else file.raw
    raw, name = without(before, file.survey, erased), masked_name(copy.name, erased)
    if raw is not before or name != copy.name or raw.erased != (on_disk.erased if on_disk else 0):
        replace_raw(copy, kept.to_bytes(raw), keys, name=name)


def _correction_lines(programme: Programme, gone: Collection[Record], erased: Erased) -> set[int]:
    fixes = read_corrections(programme.folder / "corrections.csv")
    return {fix.line for fix in fixes if (fix.survey, fix.record) in gone or _tells(fix, erased)}


def _link_lines(programme: Programme, gone: Collection[Record]) -> set[int]:
    rows = read_decisions(programme.folder).rows(named=True)
    sides = (("survey", "record"), ("other_survey", "other_record"))
    return {row["line"] for row in rows for s, r in sides if (row[s], row[r]) in gone}


def _tells(fix: Correction, erased: Erased) -> bool:
    digests = erased.digests([fix.was.lower(), fix.value.lower()])
    return not erased.people.isdisjoint(digests) or mentions(fix.was, erased) or mentions(fix.value, erased)


def forget(database: Path) -> None:
    """The next run builds it anew from the sealed copies."""
    for path in (database, database.with_name(database.name + ".wal")):
        if path.exists():
            with path.open("r+b") as file:
                path.unlink()
                overwrite(file)


def _finished(
    programme: Programme,
    keys: Keys,
    erased: Erased,
    begun: Begun,
    done: Certificate,
    now: datetime,
) -> Certificate:
    with writing(programme.warehouse, dry_run=True) as con:
        after = {comment for (comment,) in con.execute("SELECT comment_id FROM comment").fetchall()}
    lost = {comment: text for comment, text in begun.comments.items() if comment not in after}
    approved, coded = (_decision_lines(programme.folder / name, set(lost)) for name in ("approvals.csv", CODES))
    done = replace(done, approvals=len(approved), codes=len(coded)).at_least(Certificate(**begun.told))
    begun = replace(begun, told=done.counts())
    write_erased(programme.restricted, replace(erased, unfinished=begun), keys)
    without_lines(programme.folder / "approvals.csv", approved)
    without_lines(programme.folder / CODES, coded)
    for name in sheets.prune(programme.folder, after):  # what cannot be read cannot be cleaned
        sheets.shred(programme.folder / name)
    done.releases, done.quoting = _mark_releases(programme, {t for t in lost.values() if t}, done)
    forms = Person(begun.keys, begun.names).forms
    done.searched, places = found_in(programme, keys, forms)
    done.forms = len(forms)
    if places:
        raise PrivacyRefusal(
            "Something of this person is still in the folder, so there is no certificate yet.",
            where="; ".join(places[:20]),
            next_step="take it out of these places by hand, then run `cfc-pipeline erase` again with the same words",
        )
    done.audit_log = audit.note(programme.folder, "erasure", now, certificate=done.certificate)
    done.write(programme.folder)
    # Last, so that there is no erasure without a certificate; killed before it, the next run writes the same one again.
    write_erased(programme.restricted, replace(erased, unfinished=None), keys)
    return done


def _decision_lines(path: Path, comments: set[str]) -> set[int]:
    if not path.exists() or not comments:
        return set()
    with open_decided(path) as file:
        reader = csv.DictReader(file)
        return {reader.line_num for row in reader if row["comment"] in comments}


def _mark_releases(programme: Programme, texts: set[str], done: Certificate) -> tuple[list[str], list[str]]:
    """Releases from before are never changed; a notice in each says that they hold answers of somebody who is gone."""
    marked, quoting = [], []
    for release in _releases(programme):
        quotes = _quotes(release) & texts
        notice = (
            f"{done.at[:10]}: somebody was erased from the data after this release was made. Its figures hold their "
            "answers, as parts of counts and means. Do not hand it on; publish again and replace copies. "
            f"(Certificate {done.certificate})\n"
        )
        if quotes:
            notice += "It also quotes a comment of theirs, or one that named them: delete this release.\n"
            quoting.append(release.name)
        path = release / NOTICE
        said = path.read_text(encoding="utf-8") if path.exists() else ""
        if done.certificate not in said:  # a run that was killed may have said it
            path.write_text(said + notice, encoding="utf-8")
        marked.append(release.name)
    return marked, quoting


def _releases(programme: Programme) -> list[Path]:
    found = programme.releases.iterdir() if programme.releases.exists() else []
    return sorted(path for path in found if (path / "release.json").exists() and not path.is_symlink())


def _quotes(release: Path) -> set[str]:
    path = release / "tables" / "approved_comments.parquet"
    return set(pl.read_parquet(path)["text"]) if path.exists() else set()
