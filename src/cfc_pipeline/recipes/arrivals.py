"""Which files a run reads: those of the inbox, or that a person named, and the sealed copies of all before them."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from cfc_pipeline.errors import ExportError, StoreError
from cfc_pipeline.identity.erased import Erased, masked_name, read_erased, without
from cfc_pipeline.identity.keys import Keys, private_folder
from cfc_pipeline.identity.shredded import stand_in_key, stand_ins
from cfc_pipeline.identity.vault import RawCopy, file_fingerprint, fingerprint, list_raw, open_raw, seal
from cfc_pipeline.intake.batch import File
from cfc_pipeline.intake.cells import resolve, resolve_known
from cfc_pipeline.intake.corrections import read_corrections
from cfc_pipeline.intake.recognise import assign, missing_columns, no_entry
from cfc_pipeline.programme import Programme, Survey
from cfc_pipeline.recipes.report import Refused
from cfc_pipeline.recipes.who import identifiers
from cfc_pipeline.sources import kept, read_export, read_file
from cfc_pipeline.sources.fetched import from_bytes, is_fetched, raw_table, with_empty_columns
from cfc_pipeline.sources.raw import RawColumn, RawTable
from cfc_pipeline.warehouse.store import Connection

# What programs leave beside files: hidden ones, a spreadsheet's note that it has one open, downloads that are not done.
_NOBODYS = re.compile(r"^\.|^~\$|^(thumbs\.db|desktop\.ini)$|\.(crdownload|part|partial|tmp|download)$")
FETCHED_NAME = "fetched from the tool"  # what a sealed fetch is called


@dataclass(frozen=True)
class Arrival:
    """A new file that fits a survey entry."""

    path: Path
    data: bytes
    file: File
    cleaned: bool = False  # whether people who were erased are left out of `file`


def inbox(programme: Programme) -> list[Path]:
    """Files in the order of their names: of several exports of one survey, the last name has the last word."""
    private_folder(programme.inbox)
    return sorted(p for p in programme.inbox.iterdir() if p.is_file() and not _NOBODYS.search(p.name.casefold()))


def folders(programme: Programme) -> list[Refused]:
    """An unpacked download is a folder; whoever dropped it thinks that its files were taken in."""
    refusal = ExportError("Folders are not looked into.", next_step="put the files themselves into inbox/")
    found = (p for p in programme.inbox.iterdir() if p.is_dir() and not _NOBODYS.search(p.name.casefold()))
    return [Refused(path.name, refusal) for path in sorted(found)]


def empty_inbox(programme: Programme, paths: list[Path], keys: Keys) -> tuple[list[Path], list[Path]]:
    """Takes files out of the inbox whose bytes are sealed. Returns those that changed since they were read, which the
    next run reads, and those that cannot be removed. Files that a person named from elsewhere stay theirs.
    """
    sealed = {copy.fingerprint for copy in list_raw(programme.restricted, keys)}
    changed, left = [], []
    for path in paths:
        if path.resolve().parent != programme.inbox.resolve():
            continue
        try:
            if file_fingerprint(path, keys) in sealed:
                path.unlink()
            else:
                changed.append(path)
        except FileNotFoundError:
            continue  # somebody took it away
        except OSError:
            left.append(path)
    return changed, left


def refuse_missing_copies(con: Connection, sealed: list[RawCopy]) -> None:
    """What a run cannot read again leaves the databases, so a copy that got lost must not look like a withdrawal."""
    known = {number for (number,) in con.execute("SELECT DISTINCT file_number FROM data_quality").fetchall()}
    if missing := sorted(known - {copy.number for copy in sealed}):
        raise StoreError(
            "Sealed copies of files that came in before are missing.",
            where=f"data/restricted/raw, numbers {', '.join(map(str, missing))}",
            next_step="restore them from a backup; if they were deleted on purpose, move data/warehouse.duckdb "
            "away and run `cfc-pipeline ingest`: it is rebuilt without them",
        )


def known_files(
    sealed: list[RawCopy], programme: Programme, keys: Keys, *, as_kept: bool = False
) -> tuple[list[File], list[Refused]]:
    """Everything that came in before, from its sealed copies. One that fits no entry any more is named.

    People who were erased are left out, unless what is asked for is what the copies hold, `as_kept`.
    """
    files, lost = [], []
    erased = Erased(b"") if as_kept else read_erased(programme.restricted, keys)
    forms: dict[str, tuple[RawColumn, ...]] = {}  # survey: every question that it had in any fetch so far
    for copy in sealed:
        try:
            data = open_raw(copy, keys)
            if copy.name == FETCHED_NAME and is_fetched(data):
                file = _fetched_file(data, copy, programme, forms)
            else:
                file = known_file(data, copy, programme)
            files.append(replace(file, raw=without(file.raw, file.survey, erased)))
        except ExportError as error:
            lost.append(Refused(copy.name, error, known=True))
    return (files if as_kept else _with_addresses(files, programme, keys)), lost


def _with_addresses(files: list[File], programme: Programme, keys: Keys) -> list[File]:
    """What stands for the addresses and codes of a roster in shredded files, as those again: nothing after this needs
    to know of stand-ins."""
    key = stand_in_key(programme.restricted, keys)
    if key is None or not any(file.raw.shredded for file in files):
        return files
    corrections = read_corrections(programme.folder / "corrections.csv")
    listed = [identifiers(file, corrections) for file in files if file.survey.kind == "roster"]
    every = [rows[column].cast(pl.String) for rows in listed for column in ("email", "code")]
    known = pl.concat(every or [pl.Series([], dtype=pl.String)]).drop_nulls().unique()
    back = dict(zip(stand_ins(known, key), known, strict=True))
    return [replace(file, raw=_with_cells(file, back)) if file.raw.shredded else file for file in files]


def _with_cells(file: File, back: Mapping[str, str]) -> RawTable:
    person = file.survey.person
    if person is None or person.column is None or not back:
        return file.raw
    cell = pl.col(resolve_known(file.raw, person.column)).replace(list(back), list(back.values()))
    return replace(file.raw, rows=file.raw.rows.with_columns(cell))


def _entry_of(copy: RawCopy, programme: Programme) -> Survey:
    """The entry that a copy came in for. Another one with the same columns may be for another time or other people."""
    survey = next((s for s in programme.surveys if s.id == copy.survey_id and s.confirmed), None)
    if survey is None:
        raise ExportError(
            "The survey entry that this came in for is not in programme.yaml any more, or is a draft.",
            where=f"survey {copy.survey_id}",
            next_step="put the entry back, under this `id` if it was renamed; until then these responses do not count",
        )
    return survey


def known_file(data: bytes, copy: RawCopy, programme: Programme) -> File:
    survey = _entry_of(copy, programme)
    raw = _table_in(data, survey.tool, cleaned=copy.cleaned)
    return File(copy.name, assign(raw, copy.name, [survey]), raw, copy.number)


def _fetched_file(data: bytes, copy: RawCopy, programme: Programme, forms: dict[str, tuple[RawColumn, ...]]) -> File:
    """A kept fetch; a question that this one lacks and an earlier one had is there, without answers."""
    survey = _entry_of(copy, programme)
    fetched = from_bytes(data)
    forms[survey.id] = (*fetched.form, *forms.get(survey.id, ()))
    raw = raw_table(fetched)
    once = replace(raw, columns=tuple({column.key: column for column in reversed(forms[survey.id])}.values()))
    lacking = {key for name in missing_columns(raw, survey) if (key := resolve(once, name))}
    if not lacking.isdisjoint(fetched.taken_out):
        raise no_entry(raw, [survey])
    raw = with_empty_columns(raw, [column for column in once.columns if column.key in lacking])
    if missing_columns(raw, survey):
        raise no_entry(raw, [survey])
    return File(FETCHED_NAME, survey, raw, copy.number)


def new_files(
    paths: list[Path], sealed: list[RawCopy], programme: Programme, keys: Keys, survey_id: str | None
) -> tuple[list[Arrival], list[Refused], list[Path]]:
    """New files, files that fit no entry, and files that came in before, byte for byte."""
    arrivals: list[Arrival] = []
    refused, repeats = [], []
    erased = read_erased(programme.restricted, keys)
    seen = {copy.fingerprint for copy in sealed}
    number = max((copy.number for copy in sealed), default=0)
    for path in paths:
        try:
            data = read_file(path)
            mark = fingerprint(data, keys)
            if mark in seen:
                repeats.append(path)
                continue
            file = _assigned(data, path.name, programme, survey_id, number + 1)
        except ExportError as error:
            refused.append(Refused(path.name, error))
            continue
        seen.add(mark)
        number += 1
        arrivals.append(_without_erased(Arrival(path, data, file), erased))
    return arrivals, refused, repeats


def _without_erased(arrival: Arrival, erased: Erased) -> Arrival:
    file = arrival.file
    raw = without(file.raw, file.survey, erased)
    return replace(
        arrival, file=replace(file, name=masked_name(file.name, erased), raw=raw), cleaned=raw is not file.raw
    )


def _assigned(data: bytes, name: str, programme: Programme, survey_id: str | None, number: int) -> File:
    """Read a new file and find its survey entry: the one that was said, if it fits."""
    confirmed = [s for s in programme.surveys if s.confirmed]
    said = [s for s in confirmed if s.id == survey_id]
    raw = _table_in(data, said[0].tool if said else None, cleaned=False, used=[s.tool for s in confirmed])
    return File(name, assign(raw, name, said or confirmed), raw, number)


def _table_in(data: bytes, tool: str | None, *, cleaned: bool, used: Collection[str] = ()) -> RawTable:
    """What a raw copy, or a new file, holds. Messages do not name it: its name may hold a person's."""
    return kept.from_bytes(data) if cleaned else read_export(data, "the file", tool, used)


def table_of(copy: RawCopy, data: bytes, tool: str) -> RawTable:
    """What a raw copy holds, whatever it was kept as."""
    if copy.name == FETCHED_NAME and is_fetched(data):
        return raw_table(from_bytes(data))
    return _table_in(data, tool, cleaned=copy.cleaned)


def seal_arrival(arrival: Arrival, programme: Programme, keys: Keys, today: date) -> None:
    seal(
        programme.restricted,
        keys,
        kept.to_bytes(arrival.file.raw) if arrival.cleaned else arrival.data,
        number=arrival.file.number,
        name=arrival.file.name,
        received_on=today,
        survey_id=arrival.file.survey.id,
        came_as=arrival.data if arrival.cleaned else None,
    )
