"""Sheets that coders fill in: coding/CODER.csv, with redacted comments, for a spreadsheet program.

Only their owner can read them (0600, in a folder of 0700). They hold comments that nobody has approved, so they go as
soon as they were read, and a comment that is gone, because somebody withdrew, was erased or does not want to be quoted,
goes from them with the next run.
"""

import csv
import io
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.identity.keys import private_folder
from cfc_pipeline.identity.sealed import overwrite
from cfc_pipeline.publish.tidy import neutralise
from schemas.tables.answers import NO_THEME

FOLDER = "coding"
COLUMNS = ("comment", "question", "text", "note", "themes")
_SEPARATORS = re.compile(r"[\s,;|]+")
Row = tuple[int, dict[str, str]]  # number of the line, cells by column


def place(folder: Path, coder: str) -> Path:
    return folder / FOLDER / f"{coder}.csv"


def every(folder: Path) -> list[Path]:
    return sorted((folder / FOLDER).glob("*.csv"))


def write(path: Path, comments: Iterable[dict[str, Any]]) -> None:
    """comment_id, question, text and note of each; what stood under `themes` before stays."""
    before = {row["comment"]: row["themes"] for _, row in _rows(path)} if path.exists() else {}
    rows = [
        {
            "comment": one["comment_id"],
            "question": neutralise(one["question"]),
            "text": neutralise(one["text"] or ""),
            "note": one["note"],
            "themes": before.get(one["comment_id"], ""),
        }
        for one in comments
    ]
    private_folder(path.parent)
    _replace(path, rows)


def read(path: Path, themes: Collection[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Comment: its themes, of the rows that were filled in; and the comments of the others. ConfigError with the lines
    and the rule where something else than themes of the codebook stands there."""
    if not path.exists():
        raise ConfigError(
            "There is no sheet of this coder.",
            where=f"{FOLDER}/{path.name}",
            next_step=f"`cfc-pipeline review sheet {path.stem}` writes one",
        )
    rows = [(line, row["comment"], [t for t in _SEPARATORS.split(row["themes"]) if t]) for line, row in _rows(path)]
    _refuse(
        path, "themes has a word that is no theme of the codebook", [n for n, _, ts in rows if set(ts) - set(themes)]
    )
    _refuse(
        path, f"`{NO_THEME}` stands beside a theme", [n for n, _, ts in rows if NO_THEME in ts and len(set(ts)) > 1]
    )
    filled = {comment: list(dict.fromkeys(given)) for _, comment, given in rows if given}
    return filled, [comment for _, comment, given in rows if not given]


def _refuse(path: Path, rule: str, lines: list[int]) -> None:
    if lines:
        raise ConfigError(
            f"A sheet cannot be read: {rule}.",
            where=f"{FOLDER}/{path.name} lines {', '.join(map(str, lines))}",
            next_step="mend these lines; nothing of the sheet was taken over",
        )


def keep_only(path: Path, comments: Collection[str]) -> None:
    """Write a sheet without all other comments; without any, it is removed. Old bytes are overwritten."""
    rows = [row for _, row in _rows(path)]
    kept = [row for row in rows if row["comment"] in comments]
    if not kept:
        shred(path)
    elif len(kept) < len(rows):
        _replace(path, kept)


def prune(folder: Path, comments: Collection[str]) -> list[str]:
    """Take out of all sheets what is not among `comments`. Returns the names of sheets that cannot be read."""
    unreadable = []
    for path in every(folder):
        try:
            keep_only(path, comments)
        except ConfigError:
            unreadable.append(f"{FOLDER}/{path.name}")
    return unreadable


def shred(path: Path) -> None:
    with path.open("r+b") as file:
        path.unlink()
        overwrite(file)


def with_new_ids(path: Path, ids: dict[str, str]) -> None:
    """The same sheet after an exchange of the secret key."""
    _replace(path, [row | {"comment": ids.get(row["comment"], row["comment"])} for _, row in _rows(path)])


def _rows(path: Path) -> list[Row]:
    """Spreadsheet programs save with a semicolon, or in the machine's own encoding, without asking."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    if missing := [column for column in ("comment", "themes") if column not in (reader.fieldnames or [])]:
        raise ConfigError(
            "A sheet lacks columns.",
            where=f"{FOLDER}/{path.name}: {', '.join(missing)}",
            next_step=f"its header is: {','.join(COLUMNS)}",
        )
    return [(reader.line_num, {c: (row.get(c) or "").strip() for c in COLUMNS}) for row in reader]


def _replace(path: Path, rows: list[dict[str, str]]) -> None:
    building = path.with_name(f".{path.name}.new")
    building.touch(mode=0o600)
    # With a mark at its beginning, by which Excel knows UTF-8.
    with building.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    if not path.exists():
        building.replace(path)
        return
    with path.open("r+b") as old:
        building.replace(path)
        overwrite(old)
