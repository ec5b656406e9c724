"""What comments are about: themes.csv, the codebook, and codes.csv, the themes that two coders gave to comments.

Both are in the programme folder and read again on every run. Coders go by initials or numbers that the programme
chooses and that stay in this file: what is stored says `first`, `second` and `agreed`. The line of a coder called
`agreed` says what the two settled on. Comments go by their keyed ids, as in approvals.csv.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.identity.anonymise import redact_labels
from cfc_pipeline.identity.known import Known
from cfc_pipeline.sources.decided import open_decided
from schemas.tables import TABLES, polars_schema
from schemas.tables.answers import AGREED, NO_THEME

CODEBOOK, CODES = "themes.csv", "codes.csv"
CODEBOOK_COLUMNS = ("id", "label", "definition")
COLUMNS = ("comment", "coder", "theme")
CODER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,19}")
_ID = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")
_COMMENT = re.compile(r"c-[0-9a-f]+")
Row = tuple[int, dict[str, str]]  # number of the line, cells by column


@dataclass(frozen=True)
class Code:
    line: int  # in codes.csv
    comment: str
    coder: str
    theme: str


@dataclass(frozen=True)
class Coding:
    """Themes by id, with label and definition, in the order of the codebook; and what coders gave."""

    themes: dict[str, tuple[str, str]] = field(default_factory=dict)
    codes: tuple[Code, ...] = ()

    @property
    def coders(self) -> list[str]:
        """The two who coded, without `agreed`."""
        return sorted({code.coder for code in self.codes} - {AGREED})

    def stale(self, comments: Iterable[str]) -> list[int]:
        """Lines about comments that are not, or no longer, there."""
        there = set(comments)
        return [code.line for code in self.codes if code.comment not in there]

    def theme_rows(self, known: Known) -> pl.DataFrame:
        """The `theme` contract. Labels leave with releases, so they are redacted like everything that is typed."""
        rows = [(theme, place, *texts) for place, (theme, texts) in enumerate(self.themes.items(), start=1)]
        table = pl.DataFrame(rows, schema=polars_schema(TABLES["theme"]), orient="row")
        return table.with_columns(redact_labels(table.select("label", "definition"), known).fill_null(""))

    def code_rows(self, comments: Iterable[str]) -> pl.DataFrame:
        """The `comment_code` contract, for comments that are there."""
        names = dict(zip(self.coders, ("first", "second"), strict=False)) | {AGREED: AGREED}
        there = set(comments)
        rows = dict.fromkeys((c.comment, names[c.coder], c.theme) for c in self.codes if c.comment in there)
        return pl.DataFrame(list(rows), schema=polars_schema(TABLES["comment_code"]), orient="row")


def read_coding(folder: Path) -> Coding:
    """ConfigError with the lines and the rule, never with what stands there. Without files there is nothing coded."""
    themes = _themes(folder / CODEBOOK)
    rows = list(read_rows(folder / CODES, COLUMNS))
    codes = tuple(Code(line, row["comment"], row["coder"], row["theme"]) for line, row in rows)
    known = {*themes, NO_THEME}
    _refuse(CODES, "comment is not an id of a comment", [c.line for c in codes if not _COMMENT.fullmatch(c.comment)])
    _refuse(
        CODES,
        "coder is not a short word of letters and digits",
        [c.line for c in codes if not CODER.fullmatch(c.coder)],
    )
    _refuse(CODES, f"theme is neither in {CODEBOOK} nor `{NO_THEME}`", [c.line for c in codes if c.theme not in known])
    _refuse(CODES, f"`{NO_THEME}` stands beside a theme of the same coder", list(_contradictions(codes)))
    found = Coding(themes, codes)
    _refuse(CODES, f"there are more than two coders besides `{AGREED}`", _third(found))
    return found


def _themes(path: Path) -> dict[str, tuple[str, str]]:
    rows = list(read_rows(path, CODEBOOK_COLUMNS))
    ids, labels = ([row[name].casefold() for _, row in rows] for name in ("id", "label"))
    lines = [line for line, _ in rows]
    _refuse(
        path.name,
        "id is not a short word of small letters, digits and _",
        [n for n, r in rows if not _ID.fullmatch(r["id"])],
    )
    _refuse(
        path.name, f"`{NO_THEME}` is kept for comments without a theme", [n for n, r in rows if r["id"] == NO_THEME]
    )
    _refuse(path.name, "label is empty", [n for n, r in rows if not r["label"]])
    _refuse(path.name, "id is there already", [n for i, n in enumerate(lines) if ids[i] in ids[:i]])
    _refuse(path.name, "label is there already", [n for i, n in enumerate(lines) if labels[i] in labels[:i]])
    return {row["id"]: (row["label"], row["definition"]) for _, row in rows}


def read_rows(path: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    """The rows that are not empty, each with the number of its line; none of a file that is not there."""
    if not path.exists():
        return
    try:
        with open_decided(path) as file:
            reader = csv.DictReader(file)
            missing = [column for column in columns if column not in (reader.fieldnames or [])]
            rows = [(reader.line_num, {c: (row.get(c) or "").strip() for c in columns}) for row in reader]
    except UnicodeDecodeError:
        raise ConfigError(
            f"{path.name} is not readable as UTF-8.",
            where=path.name,
            next_step="save it again as CSV UTF-8",
        ) from None
    if missing:
        raise ConfigError(
            f"{path.name} lacks columns.",
            where=", ".join(missing),
            next_step=f"its header is: {','.join(columns)}",
        )
    yield from ((line, row) for line, row in rows if any(row.values()))


def _contradictions(codes: tuple[Code, ...]) -> Iterator[int]:
    themed = {(c.comment, c.coder) for c in codes if c.theme != NO_THEME}
    yield from (c.line for c in codes if c.theme == NO_THEME and (c.comment, c.coder) in themed)


def _third(coding: Coding) -> list[int]:
    two = list(dict.fromkeys(c.coder for c in coding.codes if c.coder != AGREED))[:2]
    return [c.line for c in coding.codes if c.coder not in (*two, AGREED)]


def _refuse(name: str, rule: str, lines: list[int]) -> None:
    if lines:
        raise ConfigError(
            f"{name}: {rule}.",
            where=f"lines {', '.join(map(str, lines))}",
            next_step="mend these lines; no comment is counted under a theme until then",
        )


def add_codes(folder: Path, coder: str, given: dict[str, list[str]]) -> None:
    """Write what one coder gave, in place of what the same coder gave to these comments before."""
    path = folder / CODES
    old = [row for _, row in read_rows(path, COLUMNS) if not (row["coder"] == coder and row["comment"] in given)]
    new = [
        dict(zip(COLUMNS, (comment, coder, theme), strict=True))
        for comment, themes in given.items()
        for theme in themes
    ]
    building = path.with_name(f".{path.name}.new")
    building.touch(mode=0o600)
    with building.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows([*old, *new])
    building.replace(path)
