"""People who were erased: by whom they are known again, so that no later file brings them back, and by nobody else.

The list holds keyed digests of their addresses, codes and the words of their names. Its key is random and lies in the
sealed list itself, so an exchange of the programme's secret does not lose anybody. Whoever has both the secret and an
address can ask whether it is on the list: accepted, because without that the next export would bring the person back.

What it does to a table depends on the table and the list only, and doing it twice changes nothing more: it is done to
every file of every run, also when the sealed copy was cleaned already or a run was killed in the middle.
"""

import json
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from cfc_pipeline.identity.keys import Keys
from cfc_pipeline.identity.patterns import WORDS
from cfc_pipeline.identity.pseudonyms import pseudonyms
from cfc_pipeline.identity.sealed import overwrite, read_sealed, write_sealed
from cfc_pipeline.identity.words import fold, replace_words, words_in
from cfc_pipeline.intake.cells import resolve
from cfc_pipeline.intake.codes import own_code
from cfc_pipeline.intake.people import normal_address
from cfc_pipeline.intake.recognise import columns_of
from cfc_pipeline.programme import Survey
from cfc_pipeline.sources.raw import READER_COLUMNS, RawTable

_FILE, _PURPOSE = "erased.sealed", "erased"
AN_ADDRESS = r"[^\s<>,;:()\"']+@[^\s<>,;:()\"']*[^\s<>,;:()\"'.]"
_ADDRESS = re.compile(AN_ADDRESS)
_EVERYDAY = set(WORDS["everyday_words"].split())
WHO = ("email", "previous_email", "code")
GONE = "[erased]"
_NAME = "[name]"


@dataclass(frozen=True)
class Begun:
    """An erasure under way: whom it is about, and what was found before anything was taken out, without which one that
    is killed could neither be finished nor certified. Personal throughout; it goes when the erasure is done."""

    keys: frozenset[str] = field(default=frozenset(), repr=False)  # addresses and codes
    names: frozenset[str] = field(default=frozenset(), repr=False)
    records: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)  # survey, record: rows of theirs
    comments: Mapping[str, str | None] = field(default_factory=dict, repr=False)  # all that there were, by their ids
    told: Mapping[str, Any] = field(default_factory=dict)  # what the certificate is to say of it

    def as_json(self) -> dict[str, Any]:
        sets = {"keys": sorted(self.keys), "names": sorted(self.names), "records": sorted(self.records)}
        return sets | {"comments": dict(self.comments), "told": dict(self.told)}


def _begun(stored: dict[str, Any] | bool) -> Begun | None:
    """Earlier versions only said that there is one."""
    if isinstance(stored, bool):
        return Begun() if stored else None
    records = frozenset((survey, record) for survey, record in stored["records"])
    sets = {"keys": frozenset(stored["keys"]), "names": frozenset(stored["names"]), "records": records}
    return Begun(**(stored | sets))


@dataclass(frozen=True)
class Erased:
    """Digests of addresses and codes, and of words of names; and the erasure that is under way, if one is."""

    key: bytes = field(repr=False)
    people: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    unfinished: Begun | None = None

    def digests(self, values: Collection[str]) -> list[str]:
        return pseudonyms(pl.Series(list(values), dtype=pl.String), self.key, "").to_list()

    def adding(self, people: Collection[str], name_words: Collection[str]) -> "Erased":
        more, names = frozenset(self.digests(people)), frozenset(self.digests(name_words))
        return replace(self, people=self.people | more, names=self.names | names)


@dataclass(frozen=True)
class Cleaned:
    """A table without the erased people: their rows are left out, and others' mentions of them are masked."""

    rows: pl.DataFrame
    dropped: int  # rows
    masked: int  # cells


def read_erased(restricted: Path, keys: Keys) -> Erased:
    path = restricted / _FILE
    if not path.exists():
        return Erased(secrets.token_bytes(32))
    stored = json.loads(read_sealed(path, keys, _PURPOSE))
    people, names = frozenset(stored["people"]), frozenset(stored["names"])
    return Erased(bytes.fromhex(stored["key"]), people, names, _begun(stored["unfinished"]))


def write_erased(restricted: Path, erased: Erased, keys: Keys) -> None:
    """All of it or nothing, over the bytes that were there."""
    stored = {
        "key": erased.key.hex(),
        "people": sorted(erased.people),
        "names": sorted(erased.names),
        "unfinished": erased.unfinished.as_json() if erased.unfinished else False,
    }
    path = restricted / _FILE
    old = path.open("r+b") if path.exists() else None
    write_sealed(path, json.dumps(stored).encode(), keys, _PURPOSE)
    if old:
        with old:
            overwrite(old)


def name_words(names: Collection[str]) -> set[str]:
    """The words of names as texts are searched for them; single letters say nothing."""
    runs = {fold(run) for name in names for run in re.findall(r"[^\W\d_]+", name)}
    joined = {fold(word) for name in names for word in name.split()}
    return {word for word in runs | joined if len(word) > 1}


def without(raw: RawTable, survey: Survey, erased: Erased) -> RawTable:
    """The table without the people on the list; the same object when nobody on it is in it."""
    if not erased.people:
        return raw
    found = cleaned(raw.rows.collect(), raw, survey, erased)
    if not found.dropped and not found.masked:
        return raw
    return replace(raw, rows=found.rows.lazy(), erased=raw.erased + found.dropped)


def masked_name(name: str, erased: Erased) -> str:
    """A file's name without words of their names."""
    return str(_mask_names(_as_column(name), erased)[0]) if mentions(name, erased) else name


def mentions(text: str, erased: Erased) -> bool:
    """Whether a text has one of their addresses or a word of their names in it."""
    if not erased.people:
        return False
    column = _as_column(text)
    return not _mask_names(_mask_addresses(column, erased), erased).equals(column)


def _as_column(text: str) -> pl.Series:
    # A name in another encoding than this machine's has characters that no column can hold.
    return pl.Series([text.encode("utf-8", "replace").decode().replace("_", " ")])


def cleaned(rows: pl.DataFrame, raw: RawTable, survey: Survey, erased: Erased) -> Cleaned:
    """`rows` have columns of `raw` among theirs; the others are not looked at."""
    who, texts, other = (list(set(keys) & set(rows.columns)) for keys in _roles(raw, survey))
    if not erased.people or rows.is_empty():
        return Cleaned(rows, 0, 0)
    made = _own_codes(rows, raw, survey)
    theirs = [_digest(cells, erased).is_in(list(erased.people)) for cells in [rows[key] for key in who] + made]
    left = rows.filter(~pl.any_horizontal(*theirs).fill_null(False)) if theirs else rows
    hidden = {key: _mask_addresses(left[key], erased) for key in _with_addresses(left, [*texts, *other])}
    hidden |= {key: _mask_names(hidden.get(key, left[key]), erased) for key in texts}
    masked = sum(int(left[key].ne_missing(column).sum()) for key, column in hidden.items())
    return Cleaned(left.with_columns(**hidden), len(rows) - len(left), masked)


def _roles(raw: RawTable, survey: Survey) -> tuple[set[str], set[str], set[str]]:
    """Keys of the columns that say whose a row is; of those that hold what people wrote, or that nobody uses; and of
    the rest, which are answers and names that others go by."""
    who = who_columns(raw, survey)
    written = {*survey.comments.values(), survey.fields.get("practices")}
    used = {key for name in columns_of(survey) if name not in written and (key := resolve(raw, name))}
    every = {column.key for column in raw.columns} - set(READER_COLUMNS) - who
    return who, every - used, every & used


def who_columns(raw: RawTable, survey: Survey) -> set[str]:
    """Keys of the columns that say whose a row is, or that the tool calls personal."""
    named = [survey.person.column if survey.person else None, *(survey.fields.get(f) for f in WHO)]
    who = {key for name in named if name and (key := resolve(raw, name))}
    return who | {column.key for column in raw.columns if column.system and column.personal}


def _own_codes(rows: pl.DataFrame, raw: RawTable, survey: Survey) -> list[pl.Series]:
    """Codes whose elements are in columns of their own, or are written in more than one way."""
    if survey.person is None or not survey.person.elements:
        return []
    if not {resolve(raw, name) for name in survey.person.columns} <= set(rows.columns):
        return []
    return [rows.select(own_code(survey.person, raw)).to_series()]


def _digest(column: pl.Series, erased: Erased) -> pl.Series:
    normal = column.to_frame("cell").select(normal_address(pl.col("cell"))).to_series()
    return pseudonyms(normal, erased.key, "")


def _with_addresses(rows: pl.DataFrame, keys: list[str]) -> list[str]:
    """Those of the columns that need a closer look. All at once: most columns have no address in any cell."""
    found = rows.select(pl.col(key).str.contains("@", literal=True).any() for key in keys)
    return [key for key in keys if found[key].item()] if keys else []


def _mask_addresses(column: pl.Series, erased: Erased) -> pl.Series:
    """Addresses on the list inside other people's cells. Only the few cells that hold an address are looked at."""
    cells = column.filter(column.str.contains("@", literal=True)).unique().to_list()
    found = {cell: _ADDRESS.findall(cell) for cell in cells}
    known = {a for addresses in found.values() for a in addresses}
    theirs = {a for a, digest in zip(known, erased.digests([a.lower() for a in known]), strict=True)
              if digest in erased.people}  # fmt: skip
    changed = {cell: _ADDRESS.sub(lambda hit: GONE if hit[0] in theirs else hit[0], cell)
               for cell, addresses in found.items() if not theirs.isdisjoint(addresses)}  # fmt: skip
    return column.replace(changed) if changed else column


def _mask_names(column: pl.Series, erased: Erased) -> pl.Series:
    words = [w for w in words_in(column.unique()) if w[0].isupper() or fold(w) not in _EVERYDAY]
    folded = [fold(word) for word in words]
    theirs = [word for word, digest in zip(words, erased.digests(folded), strict=True) if digest in erased.names]
    return replace_words(column, theirs, r"\b", r"\b", _NAME) if theirs else column
