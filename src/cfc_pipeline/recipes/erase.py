"""Taking a person out of everything that a programme keeps, and proving it.

The list of erased people comes first (identity/erased.py): from then on nothing that is read holds them, so a run that
is killed in the middle has forgotten them already, and doing it again does the rest. Then the sealed copies are
written without them, the databases are built anew (DuckDB keeps the bytes of what it deletes), what people wrote about
their rows goes, and every byte of the folder is searched for what they were called.
"""

import csv
import io
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from cfc_pipeline.errors import PrivacyRefusal
from cfc_pipeline.identity.erased import (
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
from cfc_pipeline.recipes.backup import backup, shred_backups
from cfc_pipeline.recipes.fetch import alone
from cfc_pipeline.recipes.ingest import ingest
from cfc_pipeline.recipes.search import found_in
from cfc_pipeline.recipes.who import Person, find
from cfc_pipeline.sources import kept
from cfc_pipeline.sources.fetched import from_bytes, to_bytes
from cfc_pipeline.sources.raw import RECORD, ROW
from cfc_pipeline.warehouse.store import writing

NOTICE = "erasure-notice.txt"


@dataclass
class Certificate:
    """What an erasure did, in counts; nothing in it says who it was."""

    certificate: str
    at: str
    rows: dict[str, int]  # survey: rows of theirs
    mentions: int  # cells of others that named them
    files: int  # sealed copies that were written again
    corrections: int = 0  # lines
    approvals: int = 0  # lines
    codes: int = 0  # lines
    links: int = 0  # lines
    backups: int = 0  # managed ones, which were shredded
    releases: list[str] = field(default_factory=list)  # marked, because their figures hold the answers
    quoting: list[str] = field(default_factory=list)  # those of them that quote a comment which is gone
    searched: int = 0  # files that were searched for what they were called, by this many forms of it:
    forms: int = 0
    dry_run: bool = False
    audit_log: str = ""

    def in_words(self) -> str:
        would = "would be " if self.dry_run else ""
        rows = ", ".join(f"{count} of {survey}" for survey, count in sorted(self.rows.items())) or "none"
        lines = [
            f"Rows of this person that {would or 'were '}taken out: {rows}.",
            f"Cells of other people that named them and {would or 'were '}masked: {self.mentions}.",
        ]
        if self.dry_run:
            return "\n".join([*lines, "Nothing was changed."])
        lines += [
            f"{self.files} sealed copies and both databases were written anew; {self.corrections} corrections, "
            f"{self.approvals} decisions about comments, {self.codes} themes of comments and {self.links} decisions "
            "about links were taken out.",
            f"{self.searched} files were searched for {self.forms} forms of what they were called: nothing is left.",
        ]
        if self.releases:
            lines.append(f"To do: publish again. {len(self.releases)} earlier releases are marked with {NOTICE}.")
        if self.quoting:
            lines.append(f"To do: delete these releases, which quote a comment that is gone: {', '.join(self.quoting)}")
        if self.backups:
            lines.append(f"{self.backups} backups in data/backups/ were shredded, and a new one was made.")
        lines.append("To do: erase the person in the survey tools too, and in backups and copies outside this folder.")
        return "\n".join([*lines, f"Certificate: erasures/{self.certificate}.json"])


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
        person = find(files, corrections, who, keys, owners=owners, begun=listed.unfinished)
        theirs = with_stand_ins(person.keys, stand_in_key(programme.restricted, keys))
        erased = listed.adding(theirs, name_words(person.names))
        done = _planned(files, erased, now)
        if dry_run:
            return replace(done, dry_run=True)
        write_erased(programme.restricted, erased, keys)
        gone = _records(files, erased)
        for file in files:
            _clean_copy(copies[file.number], file, erased, keys)
    done.corrections = _clean_corrections(programme, gone, erased)
    done.links = _clean_links(programme, gone)
    forget(programme.warehouse)
    done.backups = shred_backups(programme)
    ingest(folder, environ, now=now)
    done = _finished(programme, keys, erased, person, before, done, now)
    if done.backups:
        backup(folder, environ, now=now)
    return done


def _planned(files: list[File], erased: Erased, now: datetime) -> Certificate:
    rows: dict[str, int] = {}
    mentioned = changed = 0
    for file in files:
        found = cleaned(file.raw.rows.collect(), file.raw, file.survey, erased)
        if found.dropped:
            rows[file.survey.id] = rows.get(file.survey.id, 0) + found.dropped
        mentioned += found.masked
        changed += bool(found.dropped or found.masked)
    name = f"{now:%Y-%m-%d}-{secrets.token_hex(4)}"
    return Certificate(name, now.isoformat(timespec="seconds"), rows, mentioned, changed)


def _records(files: list[File], erased: Erased) -> set[tuple[str, str]]:
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


def _clean_corrections(programme: Programme, gone: set[tuple[str, str]], erased: Erased) -> int:
    path = programme.folder / "corrections.csv"
    lines = {fix.line for fix in read_corrections(path) if (fix.survey, fix.record) in gone or _tells(fix, erased)}
    return _without_lines(path, lines)


def _clean_links(programme: Programme, gone: set[tuple[str, str]]) -> int:
    rows = read_decisions(programme.folder).rows(named=True)
    sides = (("survey", "record"), ("other_survey", "other_record"))
    lines = {row["line"] for row in rows for s, r in sides if (row[s], row[r]) in gone}
    return _without_lines(programme.folder / LINKS, lines)


def _tells(fix: Correction, erased: Erased) -> bool:
    digests = erased.digests([fix.was.lower(), fix.value.lower()])
    return not erased.people.isdisjoint(digests) or mentions(fix.was, erased) or mentions(fix.value, erased)


def _without_lines(path: Path, lines: set[int]) -> int:
    """Write a CSV file without these lines, over the bytes that it had; returns how many."""
    if not lines:
        return 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        left = [row for row in reader if reader.line_num not in lines]
    text = io.StringIO()
    csv.writer(text).writerows(left)
    building = path.with_name(f".{path.name}.new")
    building.touch(mode=path.stat().st_mode & 0o777)
    building.write_text(text.getvalue(), encoding="utf-8", newline="")
    with path.open("r+b") as old:
        building.replace(path)
        overwrite(old)
    return len(lines)


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
    person: Person,
    before: dict[str, str | None],
    done: Certificate,
    now: datetime,
) -> Certificate:
    with writing(programme.warehouse, dry_run=True) as con:
        after = {comment for (comment,) in con.execute("SELECT comment_id FROM comment").fetchall()}
    lost = {comment: text for comment, text in before.items() if comment not in after}
    done.approvals = _clean_decisions(programme, "approvals.csv", set(lost))
    done.codes = _clean_decisions(programme, CODES, set(lost))
    for name in sheets.prune(programme.folder, after):  # what cannot be read cannot be cleaned
        sheets.shred(programme.folder / name)
    done.releases, done.quoting = _mark_releases(programme, {t for t in lost.values() if t}, now)
    forms = person.forms
    done.searched, places = found_in(programme, keys, forms)
    done.forms = len(forms)
    if places:
        raise PrivacyRefusal(
            "Something of this person is still in the folder, so there is no certificate yet.",
            where="; ".join(places[:20]),
            next_step="take it out of these places by hand, then run `cfc-pipeline erase` again with the same words",
        )
    write_erased(programme.restricted, replace(erased, unfinished=False), keys)
    done.audit_log = audit.note(programme.folder, "erasure", now, certificate=done.certificate)
    _write_certificate(programme, done)
    return done


def _clean_decisions(programme: Programme, name: str, comments: set[str]) -> int:
    path = programme.folder / name
    if not path.exists() or not comments:
        return 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        lines = {reader.line_num for row in reader if row["comment"] in comments}
    return _without_lines(path, lines)


def _mark_releases(programme: Programme, texts: set[str], now: datetime) -> tuple[list[str], list[str]]:
    """Releases from before are never changed; a notice in each says that they hold answers of somebody who is gone."""
    marked, quoting = [], []
    for release in _releases(programme):
        quotes = _quotes(release) & texts
        notice = (
            f"{now:%Y-%m-%d}: somebody was erased from the data after this release was made. Its figures hold their "
            "answers, as parts of counts and means. Do not hand it on; publish again and replace copies.\n"
        )
        if quotes:
            notice += "It also quotes a comment of theirs, or one that named them: delete this release.\n"
            quoting.append(release.name)
        with (release / NOTICE).open("a", encoding="utf-8") as file:
            file.write(notice)
        marked.append(release.name)
    return marked, quoting


def _releases(programme: Programme) -> list[Path]:
    found = programme.releases.iterdir() if programme.releases.exists() else []
    return sorted(path for path in found if (path / "release.json").exists() and not path.is_symlink())


def _quotes(release: Path) -> set[str]:
    path = release / "tables" / "approved_comments.parquet"
    return set(pl.read_parquet(path)["text"]) if path.exists() else set()


def _write_certificate(programme: Programme, done: Certificate) -> None:
    path = programme.folder / "erasures" / f"{done.certificate}.json"
    path.parent.mkdir(exist_ok=True)
    told = {key: value for key, value in asdict(done).items() if key != "dry_run"}
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
