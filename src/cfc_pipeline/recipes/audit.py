"""audit.jsonl, one line each, for good: releases, exports, erasures, access lists, removals by `retain`, key exchanges,
backups, restores, decisions about comments, themes, forms and links, and reasons for switching a rule off.

Each line holds the hash of the line before it, so a line that was changed, taken out or put in breaks the chain.
Cutting off the end would not: so how many lines there are, and the hash of the last one, are kept in `data/restricted`,
where only the pipeline's account can write (recipes/audit_end.py). Releases and certificates of erasure, which others
may have copies of, carry the hash that was last when they were made; `verify` looks for all of these in the chain.

No line holds anything about a person, nor who gave the command: approvals.csv, form_changes.csv, links.csv and the
certificates say that. What a person decides is noted before it is done: a line too many after a power cut does no harm,
a decision without one would.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from cfc_pipeline.errors import StoreError
from cfc_pipeline.recipes.audit_end import END, End, keep_end, kept_end

__all__ = ["END", "FILE_NAME", "check", "last_hash", "note", "read", "still"]

FILE_NAME = "audit.jsonl"
_START = "0" * 64


def note(folder: Path, what: str, when: datetime, **facts: Any) -> str:
    """Add a line and return its hash. It is on disk when this returns."""
    with still(folder), (folder / FILE_NAME).open("a+b") as file:
        file.seek(0)
        lines = file.read().splitlines()
        if lines and not _whole(lines[-1]):  # a run was killed while it wrote; what it did is noted again
            file.truncate(sum(len(line) + 1 for line in lines[:-1]))
            lines = lines[:-1]
        end = kept_end(folder)
        entry = {"n": len(lines) + 1, "at": when.isoformat(timespec="seconds"), "what": what, **facts}
        if end is None and (folder / END).parent.exists():
            entry["end_kept_from"] = entry["n"]
        entry["before"] = json.loads(lines[-1])["hash"] if lines else _START
        entry["hash"] = _hash(entry)
        file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
        # Killed here, the end that is kept is an earlier one, which is in the chain too.
        keep_end(folder, (end or End()).followed_by(entry["n"], entry["hash"], [_hash_in(line) for line in lines]))
    return str(entry["hash"])


@contextmanager
def still(folder: Path) -> Iterator[None]:
    """Nobody else adds a line meanwhile, so that the log and its end are copied as one."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def last_hash(folder: Path) -> str:
    """Of the newest line; zeros before the first."""
    entries = read(folder)
    return str(entries[-1]["hash"]) if entries else _START


def read(folder: Path) -> list[dict[str, Any]]:
    """All entries, checked. StoreError names the first line that does not follow from the one before it."""
    path = folder / FILE_NAME
    lines = path.read_bytes().splitlines() if path.exists() else []
    if lines and not _whole(lines[-1]):
        lines.pop()
    before, entries = _START, []
    for number, line in enumerate(lines, start=1):
        entry = json.loads(line) if _whole(line) else {}
        if (entry.get("n"), entry.get("before"), entry.get("hash")) != (number, before, _hash(entry)):
            raise StoreError(
                "The audit log was changed: a line does not follow from the one before it.",
                where=f"{FILE_NAME}, line {number}",
                next_step="restore it from a backup, and find out who could write to it",
            )
        before = entry["hash"]
        entries.append(entry)
    return entries


def check(folder: Path) -> tuple[int, list[str]]:
    """How many entries there are, after checking the chain and that it still holds what its kept end, releases and
    certificates remember of it; and what cannot be told."""
    end = kept_end(folder)  # before the log is read: a line that comes meanwhile must not look like one that is missing
    entries = read(folder)
    hashes = [entry["hash"] for entry in entries]
    _check_end(end, entries, hashes)
    remembered = {path: mark for path in _witnesses(folder) if (mark := _mark_in(path)) is not None}
    known = {_START, *hashes}
    if lost := sorted(str(path.relative_to(folder)) for path, mark in remembered.items() if mark not in known):
        raise _cut_off(f"remembered in {', '.join(lost[:3])}")
    return len(entries), _untold(end, entries)


def _check_end(end: End | None, entries: list[dict[str, Any]], hashes: list[str]) -> None:
    if end is None and any("end_kept_from" in entry for entry in entries):
        raise StoreError(
            "What says where the audit log ends is gone.",
            where=END.as_posix(),
            next_step="restore it from a backup, and find out who could remove it; the next line that is noted starts "
            "another, and says so",
        )
    if missing := end.missing_from(hashes) if end else 0:
        raise _cut_off(f"it had {missing} lines, as {END} remembers")


def _cut_off(remembered: str) -> StoreError:
    return StoreError(
        "The audit log was cut off: lines that were there are missing.",
        where=f"{FILE_NAME}; {remembered}",
        next_step="restore it from a backup, and find out who could write to it",
    )


def _untold(end: End | None, entries: list[dict[str, Any]]) -> list[str]:
    if end is None and entries:
        return ["of the audit log nothing says where it ends, until the next line is noted"]
    begun = [entry["n"] for entry in entries if entry.get("end_kept_from", 1) > 1]
    return [f"whether lines of the audit log are missing before line {n}, only releases can tell" for n in begun]


def _witnesses(folder: Path) -> list[Path]:
    return [*(folder / "releases").glob("*/release.json"), *(folder / "erasures").glob("*.json")]


def _mark_in(path: Path) -> str | None:
    content = json.loads(path.read_text(encoding="utf-8"))
    found = content.get("source", content).get("audit_log")
    return str(found) if found is not None else None


def _whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _hash_in(line: bytes) -> str:
    return str(json.loads(line).get("hash")) if _whole(line) else ""


def _hash(entry: dict[str, Any]) -> str:
    said = {key: value for key, value in entry.items() if key != "hash"}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
