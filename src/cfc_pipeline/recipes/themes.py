"""Sorting comments into themes: what two coders have to do, where they differ, and what becomes of it in a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.identity.keys import load_keys
from cfc_pipeline.identity.known import Known
from cfc_pipeline.identity.themes import CODEBOOK, CODER, Coding, add_codes, read_coding
from cfc_pipeline.outcomes.themes import authors, theme_agreement, theme_count
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import audit, sheets
from cfc_pipeline.warehouse.store import Connection, writing
from cfc_pipeline.warehouse.write import replace_table
from schemas.tables.answers import AGREED, NO_THEME

# Who was told that a comment shall not be quoted may still be counted; a rejected comment is out of everything.
CODED = ("waiting", "approved")


def store_themes(con: Connection, coding: Coding, written: pl.DataFrame, comments: pl.DataFrame, known: Known) -> None:
    """The tables of themes, from the comments as `written` (with response_id) and with their states."""
    themes = coding.theme_rows(known)
    replace_table(con, "theme", themes)
    if comments.is_empty():
        codes, found = coding.code_rows([]), None
    else:
        there = comments.filter(pl.col("state").is_in(CODED))["comment_id"]
        codes, found = coding.code_rows(there), authors(con, written)
    replace_table(con, "comment_code", codes)
    counts = pl.DataFrame() if found is None else theme_count(codes, found, themes)
    replace_table(con, "theme_count", counts)
    replace_table(con, "theme_agreement", theme_agreement(codes, themes))


@dataclass(frozen=True)
class Overview:
    """Where the sorting stands. `differ` has comment, and which themes only one of the two gave."""

    themes: int
    comments: int
    by_coder: dict[str, int]
    missing: list[str]  # comments that are neither settled nor coded by both
    differ: list[dict[str, str]]
    agreement: list[dict[str, Any]]
    stale: list[int]  # lines of codes.csv

    def in_words(self) -> str:
        if not self.themes:
            return f"There is no codebook yet: write {CODEBOOK}, with the columns id, label and definition."
        lines = [f"{self.themes} themes in {CODEBOOK}; {self.comments} comments to sort"]
        lines += [f"{coder} has sorted {count}" for coder, count in self.by_coder.items()]
        lines += [
            f"agreement on {one['theme']}: kappa {_number(one['kappa'])}" for one in self.agreement if one["theme"]
        ]
        lines += [f"differ: {_difference(one)}" for one in self.differ]
        if self.missing:
            lines.append(
                f"To do: {len(self.missing)} comments are not sorted by both: `cfc-pipeline review sheet CODER`."
            )
        if self.differ:
            lines.append(f"To do: settle {len(self.differ)} differences: `cfc-pipeline review sheet {AGREED}`.")
        if self.stale:
            lines.append(f"To do: codes.csv lines {', '.join(map(str, self.stale))} are about no comment; delete them.")
        return "\n".join(lines)


def _number(value: float | None) -> str:
    return "cannot be told, both said the same of every comment" if value is None else f"{value:.2f}"


def _difference(one: dict[str, str]) -> str:
    given = "; ".join(f"only {coder}: {themes}" for coder, themes in one.items() if coder != "comment" and themes)
    return f"{one['comment']} ({given})"


def overview(folder: Path, environ: Mapping[str, str]) -> Overview:
    """From the files as they are now, not as the last ingest found them."""
    comments, every = _comments(folder, environ)
    coding = read_coding(folder)
    codes = coding.code_rows(comments["comment_id"])
    given = _given(coding, set(comments["comment_id"]))
    themes = pl.DataFrame({"theme": list(coding.themes)}, schema={"theme": pl.String})
    return Overview(
        themes=len(coding.themes),
        comments=comments.height,
        by_coder={coder: len({c for c, by in given if by == coder}) for coder in (*coding.coders, AGREED)},
        missing=_unsorted(comments["comment_id"].to_list(), coding, given),
        differ=_differences(coding, given),
        agreement=theme_agreement(codes, themes).rows(named=True),
        stale=coding.stale(every),
    )


def _comments(folder: Path, environ: Mapping[str, str]) -> tuple[pl.DataFrame, list[str]]:
    """comment_id, question, text of those to sort; and the ids of all."""
    programme = load_programme(folder)
    load_keys(programme.restricted, environ)  # only who holds the key may read what nobody has approved yet
    with writing(programme.warehouse, dry_run=True) as con:
        rows = con.execute("SELECT comment_id, question, text, state FROM comment ORDER BY comment_id").fetchall()
    schema = dict.fromkeys(("comment_id", "question", "text", "state"), pl.String)
    every = pl.DataFrame(rows, schema=schema, orient="row")
    return every.filter(pl.col("state").is_in(CODED)).drop("state"), every["comment_id"].to_list()


Given = dict[tuple[str, str], set[str]]  # comment and coder: themes


def _given(coding: Coding, there: set[str]) -> Given:
    given: Given = {}
    for code in coding.codes:
        if code.comment in there:
            given.setdefault((code.comment, code.coder), set()).add(code.theme)
    return given


def _unsorted(comments: list[str], coding: Coding, given: Given) -> list[str]:
    def sorted_by(comment: str) -> int:
        return sum((comment, coder) in given for coder in coding.coders)

    return [c for c in comments if (c, AGREED) not in given and sorted_by(c) < 2]


def _differences(coding: Coding, given: Given) -> list[dict[str, str]]:
    """Of comments that two coders have sorted differently and nobody has settled."""
    if len(coding.coders) < 2:
        return []
    one, other = coding.coders
    both = [c for c, coder in given if coder == one and (c, other) in given and (c, AGREED) not in given]
    apart = [c for c in sorted(both) if given[c, one] != given[c, other]]
    return [
        {
            "comment": c,
            one: ", ".join(sorted(given[c, one] - given[c, other])),
            other: ", ".join(sorted(given[c, other] - given[c, one])),
        }
        for c in apart
    ]


def write_sheet(folder: Path, environ: Mapping[str, str], coder: str, *, dry_run: bool = False) -> tuple[Path, int]:
    """A sheet with the comments that this coder has still to sort, or, for `agreed`, those on which the two differ; and
    how many they are. What was filled in and not read yet is kept."""
    _refuse_coder(coder)
    comments, _ = _comments(folder, environ)
    coding = read_coding(folder)
    _refuse_third(coding, coder)
    given = _given(coding, set(comments["comment_id"]))
    differ = {one["comment"]: _difference(one) for one in _differences(coding, given)}
    wanted = differ if coder == AGREED else {c: "" for c in comments["comment_id"] if (c, coder) not in given}
    rows = [
        row | {"note": wanted[row["comment_id"]]} for row in comments.rows(named=True) if row["comment_id"] in wanted
    ]
    path = sheets.place(load_programme(folder).folder, coder)
    if not dry_run:
        sheets.write(path, rows)
    return path, len(rows)


def read_sheet(folder: Path, environ: Mapping[str, str], coder: str, *, dry_run: bool = False) -> tuple[int, int]:
    """Take a filled sheet over into codes.csv: how many comments were sorted, and how many are left in it. What was
    taken over leaves the sheet, and an empty sheet is removed. It counts from the next ingest on."""
    _refuse_coder(coder)
    programme = load_programme(folder)
    load_keys(programme.restricted, environ)
    coding = read_coding(folder)
    _refuse_third(coding, coder)
    path = sheets.place(programme.folder, coder)
    filled, left = sheets.read(path, {*coding.themes, NO_THEME})
    if not dry_run and filled:
        now = datetime.now(UTC)
        audit.note(programme.folder, "comments sorted", now, comments=len(filled), settled=coder == AGREED)
        add_codes(programme.folder, coder, filled)
        sheets.keep_only(path, left)
    return len(filled), len(left)


def _refuse_coder(coder: str) -> None:
    if not CODER.fullmatch(coder):
        raise ConfigError(
            "A coder goes by a short word of letters and digits, such as initials, and by no name.",
            where="review",
            next_step=f"for example `cfc-pipeline review sheet k1`, or `{AGREED}` for what two coders settled on",
        )


def _refuse_third(coding: Coding, coder: str) -> None:
    if coder not in (*coding.coders, AGREED) and len(coding.coders) == 2:
        raise ConfigError(
            "Two coders have begun already; agreement is worked out between two.",
            where="codes.csv",
            next_step="use the word of one of the two; `cfc-pipeline review themes` names them",
        )
