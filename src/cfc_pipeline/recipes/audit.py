"""audit.jsonl, one line each, for good: releases, exports, erasures, access lists, removals by `retain`, key exchanges,
backups, restores, decisions about comments, themes, forms and links, and reasons for switching a rule off.

Each line holds the hash of the line before it, so a line that was changed, taken out or put in breaks the chain.
Cutting off the end would not: so releases and certificates of erasure carry the hash that was last when they were made,
and `verify` looks for each of them in the chain. No line holds anything about a person, nor who gave the command:
approvals.csv, form_changes.csv, links.csv and the certificates say that. What a person decides is noted before it is
done: a line too many after a power cut does no harm, a decision without one would.
"""

import fcntl
import hashlib
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from cfc_pipeline.errors import StoreError

FILE_NAME = "audit.jsonl"
_START = "0" * 64


def note(folder: Path, what: str, when: datetime, **facts: Any) -> str:
    """Add a line and return its hash. It is on disk when this returns."""
    with (folder / FILE_NAME).open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        lines = file.read().splitlines()
        if lines and not _whole(lines[-1]):  # a run was killed while it wrote; what it did is noted again
            file.truncate(sum(len(line) + 1 for line in lines[:-1]))
            lines = lines[:-1]
        entry = {"n": len(lines) + 1, "at": when.isoformat(timespec="seconds"), "what": what, **facts}
        entry["before"] = json.loads(lines[-1])["hash"] if lines else _START
        entry["hash"] = _hash(entry)
        file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return str(entry["hash"])


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


def check(folder: Path) -> int:
    """How many entries there are, after checking the chain and that it still holds what releases and certificates
    remember of it."""
    entries = read(folder)
    known = {_START, *(entry["hash"] for entry in entries)}
    remembered = {path: mark for path in _witnesses(folder) if (mark := _mark_in(path)) is not None}
    if lost := sorted(str(path.relative_to(folder)) for path, mark in remembered.items() if mark not in known):
        raise StoreError(
            "The audit log was cut off: lines that were there when something was published or erased are missing.",
            where=f"{FILE_NAME}; remembered in {', '.join(lost[:3])}",
            next_step="restore it from a backup, and find out who could write to it",
        )
    return len(entries)


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


def _hash(entry: dict[str, Any]) -> str:
    said = {key: value for key, value in entry.items() if key != "hash"}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
