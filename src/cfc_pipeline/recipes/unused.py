"""Columns of sealed copies that no survey entry uses, taken out once they have been kept for their time.

A sealed copy is needed as long as results are, because every run starts from all of them. What the results do not need
are the other columns: IP addresses, device data, names that a tool sent along, questions that nobody uses. After their
time these are taken out and overwritten. Results, ids and decisions stay exactly as they were. An entry that is changed
later to use such a column does not find it in these copies, and their files are refused, never taken for unanswered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from cfc_pipeline.identity.keys import Keys, load_keys
from cfc_pipeline.identity.vault import RawCopy, list_raw, open_raw, replace_raw
from cfc_pipeline.intake.batch import File
from cfc_pipeline.intake.cells import resolve
from cfc_pipeline.intake.recognise import columns_of
from cfc_pipeline.programme import Programme
from cfc_pipeline.recipes.arrivals import FETCHED_NAME, known_files
from cfc_pipeline.sources import kept
from cfc_pipeline.sources.fetched import from_bytes, to_bytes


@dataclass(frozen=True)
class Unused:
    """A due copy, and the keys of its columns that nobody uses."""

    copy: RawCopy
    file: File
    columns: frozenset[str]


@dataclass(frozen=True)
class Found:
    """`unread` due copies fit no survey entry any more, so that nobody knows what is used of them: they stay whole."""

    copies: list[Unused]
    unread: int


def unused_columns(programme: Programme, environ: Mapping[str, str], received_until: date) -> Found:
    """In copies that arrived on that day or before."""
    keys = load_keys(programme.restricted, environ)
    copies = [copy for copy in list_raw(programme.restricted, keys) if copy.received_on <= received_until]
    files, lost = known_files(copies, programme, keys, as_kept=True)
    numbered = {copy.number: copy for copy in copies}
    found = [Unused(numbered[file.number], file, _unused(file)) for file in files]
    return Found([one for one in found if one.columns], len(lost))


def _unused(file: File) -> frozenset[str]:
    used = {resolve(file.raw, name) for name in columns_of(file.survey)}
    there = set(file.raw.rows.collect_schema().names())
    return frozenset(({column.key for column in file.raw.columns} - used) & there)


def take_out(programme: Programme, environ: Mapping[str, str], found: list[Unused]) -> None:
    keys = load_keys(programme.restricted, environ)
    for one in found:
        replace_raw(one.copy, _reduced(one, keys), keys, name=one.copy.name, cleaned=one.copy.name != FETCHED_NAME)


def _reduced(one: Unused, keys: Keys) -> bytes:
    if one.copy.name == FETCHED_NAME:
        fetched = from_bytes(open_raw(one.copy, keys))
        gone = sorted(one.columns & set(fetched.keys))
        return to_bytes(replace(fetched, rows=fetched.rows.drop(gone), taken_out=(*fetched.taken_out, *gone)))
    raw = one.file.raw
    columns = tuple(column for column in raw.columns if column.key not in one.columns)
    # What was asked is still known, so that the form's version stays what it was.
    whole = replace(raw, columns=columns, form=raw.form or raw.columns, rows=raw.rows.drop(sorted(one.columns)))
    return kept.to_bytes(whole)
