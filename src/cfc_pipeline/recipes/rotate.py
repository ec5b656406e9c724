"""A new secret key in the place of the old one: every sealed file and every pseudonym changes, and nothing else does.

Everything that rests sealed is sealed again in a folder beside the old one, and the two change places; until then a run
that is killed has changed nothing. Decisions about comments go by keyed ids, so each gets a second line with the new
id first, and the old lines go last. The databases are built anew from the sealed copies, which is why links between
answers and history are as before. Releases hold no pseudonyms and stay.
"""

import csv
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes

import polars as pl

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.identity import approvals
from cfc_pipeline.identity.anonymise import anonymise, response_ids
from cfc_pipeline.identity.erased import read_erased
from cfc_pipeline.identity.keys import FILE_NAME, VARIABLE, Keys, keys_from, load_keys, private_folder, write_key_file
from cfc_pipeline.identity.known import known_from
from cfc_pipeline.identity.sealed import is_sealed, overwrite, seal_again
from cfc_pipeline.identity.themes import CODES, read_coding
from cfc_pipeline.identity.vault import list_raw, open_raw, seal
from cfc_pipeline.intake.batch import take_in
from cfc_pipeline.intake.corrections import read_corrections
from cfc_pipeline.intake.form_changes import read_form_changes
from cfc_pipeline.intake.versions import versions
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.programme import Programme
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import audit, sheets
from cfc_pipeline.recipes.arrivals import known_files
from cfc_pipeline.recipes.backup import backup, shred_backups
from cfc_pipeline.recipes.entries import without_risk_items
from cfc_pipeline.recipes.erase import forget
from cfc_pipeline.recipes.fetch import alone
from cfc_pipeline.recipes.ingest import ingest
from cfc_pipeline.sources.decided import add_to_decided, open_decided
from cfc_pipeline.warehouse.store import writing

DECISIONS = (approvals.FILE_NAME, CODES)  # files that name comments by their ids, in their first column
NEW_VARIABLE = "CFC_NEW_SECRET_KEY"


@dataclass(frozen=True)
class Rotated:
    old: str  # key ids
    new: str
    files: int
    decisions: int
    dry_run: bool = False

    def in_words(self) -> str:
        if self.dry_run:
            return f"{self.files} sealed files would get a new key, and {self.decisions} decisions new ids."
        return (
            f"{self.files} sealed files have key {self.new} instead of {self.old}; every pseudonym is new; "
            f"{self.decisions} decisions about comments were kept.\n"
            "To do: keep the new key in your safe place, and destroy the old one there and with it the old backups: "
            "whoever has both can still open them."
        )


def rotate_key(
    folder: Path, environ: Mapping[str, str], *, dry_run: bool = False, now: datetime | None = None
) -> Rotated:
    """Exchange the secret key. A key in the environment is exchanged for the one in CFC_NEW_SECRET_KEY, and it is up to
    whoever set it to set the new one from then on; a key file gets 32 new random bytes."""
    now = now or datetime.now(UTC)
    programme = load_programme(folder)
    _finish_a_killed_exchange(programme.restricted)
    old = load_keys(programme.restricted, environ)
    _refuse_in_an_erasure(programme, old)
    new = _new_keys(environ)
    with alone(programme), writing(programme.warehouse, dry_run=True):
        doubled = _new_ids(programme, old, new)
        files = [p for p in programme.restricted.rglob("*") if p.is_file() and is_sealed(p)]
        done = Rotated(old.key_id, new.key_id, len(files), len(doubled), dry_run)
        if dry_run:
            return done
        with audit.still(programme.folder):  # whose end is in the folder that is exchanged
            building = _sealed_again(programme.restricted, old, new, environ)
            for name in DECISIONS:
                _add_lines(programme.folder / name, doubled)
            aside = programme.restricted.with_name("restricted.old")
            programme.restricted.rename(aside)
            building.rename(programme.restricted)
    _shred(aside)
    for name in DECISIONS:
        _drop_lines(programme.folder / name, set(doubled))
    for path in sheets.every(programme.folder):
        sheets.with_new_ids(path, doubled)
    forget(programme.warehouse)
    audit.note(programme.folder, "key exchanged", now, old=old.key_id, new=new.key_id)
    backups = shred_backups(programme)
    environ = {**environ, VARIABLE: new.secret.hex()}
    ingest(folder, environ, now=now)
    if backups:
        backup(folder, environ, now=now)
    return done


def _refuse_in_an_erasure(programme: Programme, keys: Keys) -> None:
    if read_erased(programme.restricted, keys).unfinished:
        raise ConfigError(
            "An erasure was begun and is not finished: it knows comments by ids that a new key would change.",
            where="the list of erased people",
            next_step="run `cfc-pipeline erase` again with the same words, then exchange the key",
        )


def _finish_a_killed_exchange(restricted: Path) -> None:
    """Between the two renamings there is no restricted folder; the new one is whole by then."""
    aside, building = restricted.with_name("restricted.old"), restricted.with_name("restricted.new")
    if not restricted.exists() and aside.exists() and building.exists():
        building.rename(restricted)
    if restricted.exists() and aside.exists():
        _shred(aside)
    if building.exists():
        _shred(building)


def _new_keys(environ: Mapping[str, str]) -> Keys:
    if VARIABLE not in environ:
        return Keys(token_bytes(32))
    if NEW_VARIABLE not in environ:
        raise ConfigError(
            f"The key comes from {VARIABLE}, so the new one has to come from the environment too.",
            where=f"environment variable {NEW_VARIABLE}",
            next_step="set it to 64 hex digits, such as `openssl rand -hex 32` prints, and keep them safe",
        )
    return keys_from(environ[NEW_VARIABLE], f"environment variable {NEW_VARIABLE}")


def _sealed_again(restricted: Path, old: Keys, new: Keys, environ: Mapping[str, str]) -> Path:
    building = private_folder(restricted.with_name("restricted.new"))
    for copy in list_raw(restricted, old):
        data = open_raw(copy, old)
        # Of a copy that was cleaned, the file that came is gone; its mark is made from the old one.
        came_as = copy.fingerprint.encode() if copy.cleaned else None
        seal(
            building,
            new,
            data,
            name=copy.name,
            received_on=copy.received_on,
            survey_id=copy.survey_id,
            number=copy.number,
            came_as=came_as,
        )
    for path in sorted(restricted.rglob("*")):
        place = building / path.relative_to(restricted)
        if path.is_dir():
            private_folder(place)
        elif path.parent != restricted / "raw" and path.name != FILE_NAME:
            seal_again(path, place, old, new) if is_sealed(path) else shutil.copy2(path, place)
    if VARIABLE not in environ:
        write_key_file(building, new)
    return building


def _new_ids(programme: Programme, old: Keys, new: Keys) -> dict[str, str]:
    """Id of a comment that somebody decided about, or is to sort: the id that it gets with the new key."""
    decided = {*approvals.read(programme.folder), *(code.comment for code in read_coding(programme.folder).codes)}
    in_sheets = bool(sheets.every(programme.folder))
    if not decided and not in_sheets:
        return {}
    instruments = load_instruments(programme.folder / "instruments")
    programme = without_risk_items(programme, instruments)
    files, _ = known_files(list_raw(programme.restricted, old), programme, old)
    held = versions(files, read_form_changes(programme.folder)).held
    corrections = read_corrections(programme.folder / "corrections.csv")
    intake = take_in(programme, instruments, corrections, files, held)
    known = known_from(intake.named)
    before, after = (
        anonymise(intake, programme.surveys, programme.cohorts, keys, known).comments for keys in (old, new)
    )
    if before.is_empty():
        return {}
    records = [(survey, rows["record"]) for survey, rows in intake.accepted.items()]
    ids = pl.concat(
        pl.DataFrame({"response_id": response_ids(s, r, old), "_new": response_ids(s, r, new)}) for s, r in records
    )
    same = before.join(ids, on="response_id").join(
        after.select("question", "text", _new="response_id", _id="comment_id"), on=["_new", "question", "text"]
    )
    return {one: other for one, other in same.select("comment_id", "_id").iter_rows() if in_sheets or one in decided}


def _add_lines(path: Path, doubled: dict[str, str]) -> None:
    if not doubled or not path.exists():
        return
    with open_decided(path) as file:
        rows = list(csv.reader(file))
    with add_to_decided(path) as file:
        csv.writer(file).writerows([doubled[row[0]], *row[1:]] for row in rows if row and row[0] in doubled)


def _drop_lines(path: Path, old: set[str]) -> None:
    if not old or not path.exists():
        return
    with open_decided(path) as file:
        rows = [row for row in csv.reader(file) if not row or row[0] not in old]
    building = path.with_name(f".{path.name}.new")
    building.touch(mode=path.stat().st_mode & 0o777)
    with building.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    building.replace(path)


def _shred(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("r+b") as file:
                overwrite(file)
    shutil.rmtree(folder)
