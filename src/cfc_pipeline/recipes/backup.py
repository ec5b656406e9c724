"""A programme's folder in one sealed file, and back.

In it is whatever cannot be made again: not the databases, which are built from the sealed copies, not Prefect's own
files, and never the key, without which nobody can open it. Each file is one box of a sealed file, after a list of all
of them with their hashes, so that a backup that was cut, changed or put together from two is refused.

Backups in `data/backups/` are managed: an erasure or an exchange of the key shreds them, because what was erased, or
what the old key opens, is in them, and makes a new one. Risk accepted: copies elsewhere cannot be reached; both
commands say so.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.identity.keys import (
    FILE_NAME,
    VARIABLE,
    Keys,
    keys_from,
    load_keys,
    private_folder,
    read_key_file,
    write_key_file,
)
from cfc_pipeline.identity.sealed import damaged, opened, overwrite, read_box, write_boxes
from cfc_pipeline.identity.vault import list_raw
from cfc_pipeline.programme import Programme
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import audit
from cfc_pipeline.recipes.fetch import alone
from cfc_pipeline.warehouse.store import writing

MANAGED = Path("data") / "backups"
_PLACE = "backup"
_MADE_AGAIN = ("data/warehouse.duckdb", "data/analysis.duckdb", "data/prefect", str(MANAGED))
_KEY = f"data/restricted/{FILE_NAME}"


@dataclass(frozen=True)
class Backup:
    """What a backup holds, in counts. `made` is when."""

    path: str
    made: str
    files: int
    size: int
    key: str  # id of the key that opens it
    dry_run: bool = False

    def in_words(self) -> str:
        what = f"{self.files} files, {self.size / 2**20:.1f} MiB, sealed with key {self.key}"
        if self.dry_run:
            return f"{self.path} would hold {what}."
        return f"{self.path}: {what}.\nThe key is not in it: without your safe copy of the key nobody can open it."


@dataclass(frozen=True)
class Restored:
    folder: str
    made: str
    files: int
    dry_run: bool = False

    def in_words(self) -> str:
        if self.dry_run:
            return f"The backup of {self.made} is whole: {self.files} files. Nothing was written."
        return (
            f"{self.files} files of {self.made} are in {self.folder}.\n"
            f"To do: erase again whoever was erased after {self.made}; this backup still holds them.\n"
            f"Next: cfc-pipeline -p {self.folder} ingest --offline, which builds the databases, then doctor and verify."
        )


def backup(
    folder: Path,
    environ: Mapping[str, str],
    file: Path | None = None,
    *,
    dry_run: bool = False,
    now: datetime | None = None,
) -> Backup:
    """Write `file`, by default one in data/backups/ that is called after the time. ConfigError when it is there
    already, or would be inside the programme's folder, where the next backup would hold it too."""
    now = now or datetime.now(UTC)
    programme = load_programme(folder)
    keys = load_keys(programme.restricted, environ)
    path = file or programme.folder / MANAGED / f"{now:%Y-%m-%dT%H%M%SZ}.backup"
    _refuse_place(path, programme, managed=file is None)
    with alone(programme), writing(programme.warehouse, dry_run=True), audit.still(programme.folder):
        list_raw(programme.restricted, keys)  # a key that does not open what is inside would make a useless backup
        listed = [_listed(one, programme.folder) for one in _files(programme.folder)]
        size = sum(one["size"] for one in listed)
        done = Backup(str(path), f"{now:%Y-%m-%d %H:%M} UTC", len(listed), size, keys.key_id, dry_run)
        if dry_run:
            return done
        if file is None:
            private_folder(path.parent)
        about = {"made": done.made, "version": 1, "files": listed, "latest": _latest(programme)}
        write_boxes(path, keys, _PLACE, _boxes(about, programme.folder))
    audit.note(programme.folder, "backup", now, files=done.files, key=keys.key_id, managed=file is None)
    return done


def _refuse_place(path: Path, programme: Programme, *, managed: bool) -> None:
    inside = path.resolve().is_relative_to(programme.folder.resolve())
    if path.exists() or (inside and not managed) or not (managed or path.parent.is_dir()):
        why = "is there already" if path.exists() else "has to be outside the programme, in a folder that is there"
        raise ConfigError(
            f"The file for the backup {why}.",
            where=str(path),
            next_step="name another file, or none: then it is put into data/backups/",
        )


def _files(folder: Path) -> list[Path]:
    """In one order. Links are left out, but for releases/latest, which `_latest` remembers."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    return [path for path in found if _kept(path.relative_to(folder).as_posix())]


def _kept(name: str) -> bool:
    made_again = any(name == one or name.startswith((f"{one}/", f"{one}.")) for one in _MADE_AGAIN)
    return not made_again and name != _KEY and not name.endswith((".partial", ".lock"))


def _listed(path: Path, folder: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        mark = hashlib.file_digest(file, "sha256").hexdigest()
    about = path.stat()
    return {
        "name": path.relative_to(folder).as_posix(),
        "mode": about.st_mode & 0o777,
        "size": about.st_size,
        "sha256": mark,
    }


def _latest(programme: Programme) -> str | None:
    latest = programme.releases / "latest"
    return latest.resolve().name if latest.is_symlink() else None


def _boxes(about: dict[str, Any], folder: Path) -> Iterator[bytes]:
    yield json.dumps(about).encode()
    for one in about["files"]:
        yield (folder / one["name"]).read_bytes()


def restore(
    file: Path,
    directory: Path,
    environ: Mapping[str, str],
    *,
    key: Path | None = None,
    dry_run: bool = False,
    now: datetime | None = None,
) -> Restored:
    """Put a backup into a folder that is new or empty. The key comes from the file `key`, which is then put into its
    place, or from CFC_SECRET_KEY. Files appear all together, or not at all."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ConfigError(
            "A backup is restored into a new or empty folder only.",
            where=str(directory),
            next_step="name another folder; move the old programme away rather than mixing the two",
        )
    keys = read_key_file(key) if key else _keys_of(environ)
    building = directory.with_name(f".{directory.name}.restoring")
    if building.exists():
        shutil.rmtree(building)
    about = _unpacked(file, keys, None if dry_run else private_folder(building))
    done = Restored(str(directory), about["made"], len(about["files"]), dry_run)
    if dry_run:
        return done
    if key:
        write_key_file(building / "data" / "restricted", keys)
    if about["latest"]:
        (building / "releases" / "latest").symlink_to(about["latest"])
    building.chmod(0o755)
    if directory.exists():
        directory.rmdir()
    building.rename(directory)
    audit.note(directory, "restored", now or datetime.now(UTC), made=about["made"], files=done.files)
    return done


def _keys_of(environ: Mapping[str, str]) -> Keys:
    if VARIABLE not in environ:
        raise ConfigError(
            "A backup can only be opened with the programme's secret key, which is not in it.",
            where="restore",
            next_step=f"name your safe copy of the key: --key FILE, or set {VARIABLE}",
        )
    return keys_from(environ[VARIABLE], f"environment variable {VARIABLE}")


def _unpacked(path: Path, keys: Keys, into: Path | None) -> dict[str, Any]:
    """The list of files; they are written if there is a place for them, and checked either way."""
    with opened(path, keys) as file:
        about: dict[str, Any] = json.loads(read_box(file, keys, _PLACE, 0, path))
        for position, one in enumerate(about["files"], start=1):
            data = read_box(file, keys, _PLACE, position, path)
            name = PurePosixPath(one["name"])
            if hashlib.sha256(data).hexdigest() != one["sha256"] or name.is_absolute() or ".." in name.parts:
                raise damaged(path)
            if into:
                _put(into, name, data, one["mode"])
        if file.read(1):
            raise damaged(path)
    return about


def _put(folder: Path, name: PurePosixPath, data: bytes, mode: int) -> None:
    path = folder / name
    for parent in reversed(path.relative_to(folder).parents[:-1]):
        closed = parent.as_posix().startswith(("inbox", "data/restricted"))
        (folder / parent).mkdir(mode=0o700 if closed else 0o755, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(data)
    path.chmod(mode)


def managed(programme: Programme) -> list[Path]:
    return sorted((programme.folder / MANAGED).glob("*.backup"))


def shred_backups(programme: Programme) -> int:
    """Overwrite and remove the managed backups; returns how many. Whoever calls this makes a new one once it is done: a
    run that is killed before leaves none, which is better than one that holds what should be gone."""
    old = managed(programme)
    for path in old:
        with path.open("r+b") as file:
            path.unlink()
            overwrite(file)
    return len(old)
