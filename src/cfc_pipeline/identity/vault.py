"""Raw copies: every file that came in, sealed and numbered in the order of arrival."""

import fcntl
import hashlib
import hmac
import io
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from cfc_pipeline.errors import StoreError
from cfc_pipeline.identity.keys import Keys, private_folder
from cfc_pipeline.identity.sealed import NONCE, TAG, damaged, opened, overwrite, read_box, skip_box, write_boxes

_FILE_NAME = re.compile(r"(\d{6,})-([0-9a-f]{16})\.sealed")


@dataclass(frozen=True)
class RawCopy:
    """One sealed file. `name` is what its sender called it, which may be personal: it is not shown."""

    number: int
    fingerprint: str
    name: str = field(repr=False)
    received_on: date
    survey_id: str | None
    path: Path
    sha256: str = field(repr=False)
    size: int
    cleaned: bool = False  # whether it is a table without people who were erased, instead of the file as it came
    new: bool = field(default=False, compare=False)  # whether this call of `seal` made it


def fingerprint(data: bytes, keys: Keys) -> str:
    """16 hex digits that say whether two files have the same bytes, to those who have the key and to nobody else."""
    return _keyed(hashlib.sha256(data).hexdigest(), keys)


def file_fingerprint(path: Path, keys: Keys) -> str:
    """The same of a file as it is now."""
    with path.open("rb") as file:
        return _keyed(hashlib.file_digest(file, "sha256").hexdigest(), keys)


def _keyed(sha256: str, keys: Keys) -> str:
    return hmac.digest(keys.purpose("file"), sha256.encode(), "sha256").hex()[:16]


def seal(
    restricted: Path,
    keys: Keys,
    data: bytes,
    *,
    name: str,
    received_on: date,
    survey_id: str | None,
    number: int | None = None,
    came_as: bytes | None = None,
) -> RawCopy:
    """A sealed copy of `data` under `restricted`/raw, on disk when this returns; its number defaults to the next one.

    If the same bytes are there already, whatever their name, nothing is written and the existing copy is returned
    with `new` False. `came_as` are the bytes that arrived, when `data` is only what may be kept of them.
    """
    with _one_at_a_time(restricted):
        sealed = list_raw(restricted, keys)
        mark = fingerprint(data if came_as is None else came_as, keys)
        if same := [copy for copy in sealed if copy.fingerprint == mark]:
            return same[0]
        number = number or max((copy.number for copy in sealed), default=0) + 1
        if number in {copy.number for copy in sealed}:
            raise StoreError(f"Raw copy {number} exists already.", where=str(restricted / "raw"))
        path = restricted / "raw" / f"{number:06}-{mark}.sealed"
        sha256 = hashlib.sha256(data).hexdigest()
        copy = RawCopy(number, mark, name, received_on, survey_id, path, sha256, len(data), came_as is not None, True)
        _write_copy(copy, data, keys)
    return copy


def replace_raw(copy: RawCopy, data: bytes, keys: Keys, *, name: str, cleaned: bool = True) -> RawCopy:
    """Put `data` in the place of what a raw copy holds, and overwrite the bytes that were there before.

    It keeps its number, and the fingerprint of the file that came, so that this file is known when it comes again.
    """
    with _one_at_a_time(copy.path.parents[1]), copy.path.open("r+b") as old:
        sha256 = hashlib.sha256(data).hexdigest()
        changed = replace(copy, name=name, sha256=sha256, size=len(data), cleaned=cleaned)
        _write_copy(changed, data, keys)
        overwrite(old)
    return changed


def _write_copy(copy: RawCopy, data: bytes, keys: Keys) -> None:
    header = {
        "name": copy.name,
        "received_on": copy.received_on.isoformat(),
        "survey_id": copy.survey_id,
        "sha256": copy.sha256,
        "size": copy.size,
    }
    if copy.cleaned:
        header["cleaned"] = True
    write_boxes(copy.path, keys, f"raw {copy.number}", [json.dumps(header).encode(), data])


def list_raw(restricted: Path, keys: Keys) -> list[RawCopy]:
    """Every raw copy in the order of arrival, from the headers alone; a copy that was cut short is refused."""
    copies = sorted((_header(path, keys) for path in (restricted / "raw").glob("*.sealed")), key=lambda c: c.number)
    numbers = [copy.number for copy in copies]
    if len(set(numbers)) < len(numbers):
        raise StoreError(
            "Two raw copies have the same number.",
            where=str(restricted / "raw"),
            next_step="Two backups were mixed: restore the folder from one of them.",
        )
    return copies


def open_raw(copy: RawCopy, keys: Keys) -> bytes:
    """The bytes as they arrived, checked against the header's SHA-256."""
    with opened(copy.path, keys) as file:
        skip_box(file)
        data = read_box(file, keys, f"raw {copy.number}", 1, copy.path)
    if hashlib.sha256(data).hexdigest() != copy.sha256:
        raise damaged(copy.path)
    return data


@contextmanager
def _one_at_a_time(restricted: Path) -> Iterator[None]:
    """Two commands must not give out the same number. The lock goes away with its process, however that ends."""
    private_folder(restricted)
    folder = private_folder(restricted / "raw")
    with (folder / ".lock").open("w") as lock:
        os.fchmod(lock.fileno(), 0o600)  # it holds nothing, but `doctor` would have to explain that
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left_behind in folder.glob("*.partial"):
            left_behind.unlink()
        yield


def _header(path: Path, keys: Keys) -> RawCopy:
    named = _FILE_NAME.fullmatch(path.name)
    if not named:
        raise StoreError("A raw copy was renamed.", where=str(path), next_step="Give it back its name, or restore it.")
    number = int(named[1])
    with opened(path, keys) as file:
        header = json.loads(read_box(file, keys, f"raw {number}", 0, path))
        start, end = file.tell(), file.seek(0, io.SEEK_END)
    if end - start != 8 + NONCE + header["size"] + TAG:
        raise damaged(path)
    received_on = date.fromisoformat(header.pop("received_on"))
    return RawCopy(number, named[2], path=path, received_on=received_on, **header)
