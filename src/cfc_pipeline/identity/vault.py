"""Sealed files: the only form in which raw input and other personal data rest on disk.

A sealed file is a line that names its kind and key, and then boxes; a box is its length, a random nonce and
AES-256-GCM ciphertext. Each box is bound to its kind, key and place (a raw copy to its number, another file to its
purpose and name), so that swapping or renaming files is noticed like any other change. The nonces make two sealings
of the same data differ: accepted, what is inside is the same.
"""

import fcntl
import hashlib
import hmac
import io
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cfc_pipeline.errors import ExportError, PrivacyRefusal, StoreError
from cfc_pipeline.identity.keys import Keys, private_folder

_KIND = b"CFC-SEALED-1 "
_START = len(_KIND) + 9  # the key's id and a line feed follow
_NONCE, _TAG = 12, 16
_LARGEST = 2**31 - 1  # bytes that one AES-GCM call takes
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
    new: bool = field(default=False, compare=False)  # whether this call of `seal` made it


def fingerprint(data: bytes, keys: Keys) -> str:
    """16 hex digits that say whether two files have the same bytes, to those who have the key and to nobody else."""
    return _keyed(hashlib.sha256(data).hexdigest(), keys)


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
) -> RawCopy:
    """A sealed copy of `data` under `restricted`/raw, on disk when this returns; its number defaults to the next one.

    If the same bytes are there already, whatever their name, nothing is written and the existing copy is returned
    with `new` False.
    """
    if len(data) > _LARGEST:
        raise ExportError("A file is larger than 2 GiB.", next_step="Export it in parts, such as a year each.")
    with _one_at_a_time(restricted):
        sealed = list_raw(restricted, keys)
        sha256 = hashlib.sha256(data).hexdigest()
        mark = _keyed(sha256, keys)
        if same := [copy for copy in sealed if copy.fingerprint == mark]:
            return same[0]
        number = number or max((copy.number for copy in sealed), default=0) + 1
        if number in {copy.number for copy in sealed}:
            raise StoreError(f"Raw copy {number} exists already.", where=str(restricted / "raw"))
        header = {
            "name": name,
            "received_on": received_on.isoformat(),
            "survey_id": survey_id,
            "sha256": sha256,
            "size": len(data),
        }
        path = restricted / "raw" / f"{number:06}-{mark}.sealed"
        _write(path, keys, f"raw {number}", [json.dumps(header).encode(), data])
    return RawCopy(number, mark, name, received_on, survey_id, path, sha256, len(data), new=True)


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
    with _opened(copy.path, keys) as file:
        _skip_box(file)
        data = _read_box(file, keys, f"raw {copy.number}", 1, copy.path)
    if hashlib.sha256(data).hexdigest() != copy.sha256:
        raise _damaged(copy.path)
    return data


def write_sealed(path: Path, data: bytes, keys: Keys, purpose: str) -> None:
    """Replace `path` by `data`, sealed: all of it or, if the machine stops, nothing. Only the same purpose opens it."""
    private_folder(path.parent)
    _write(path, keys, f"{purpose} {path.name}", [data])


def read_sealed(path: Path, keys: Keys, purpose: str) -> bytes:
    """What `write_sealed` wrote with the same key, purpose and file name."""
    with _opened(path, keys) as file:
        return _read_box(file, keys, f"{purpose} {path.name}", 0, path)


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
    with _opened(path, keys) as file:
        header = json.loads(_read_box(file, keys, f"raw {number}", 0, path))
        start, end = file.tell(), file.seek(0, io.SEEK_END)
    if end - start != 8 + _NONCE + header["size"] + _TAG:
        raise _damaged(path)
    received_on = date.fromisoformat(header.pop("received_on"))
    return RawCopy(number, named[2], path=path, received_on=received_on, **header)


def _write(path: Path, keys: Keys, place: str, boxes: list[bytes]) -> None:
    """Through a temporary file beside it, flushed to disk, and one rename."""
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(_KIND + keys.key_id.encode() + b"\n")
        for position, data in enumerate(boxes):
            nonce = secrets.token_bytes(_NONCE)
            content = _cipher(keys).encrypt(nonce, data, _binding(keys, place, position))
            file.write(len(content).to_bytes(8, "big") + nonce)
            file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """A rename is only safe from a power cut once the folder itself is on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _cipher(keys: Keys) -> AESGCM:
    return AESGCM(keys.purpose("raw"))


def _binding(keys: Keys, place: str, position: int) -> bytes:
    return f"{place}|{position}|{keys.key_id}".encode()


@contextmanager
def _opened(path: Path, keys: Keys) -> Iterator[BinaryIO]:
    """The file behind its first line, if it was sealed with this key."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise StoreError("A sealed file is missing.", where=str(path), next_step="Restore it from a backup.") from None
    with file:
        start = file.read(_START)
        if len(start) < _START or not start.startswith(_KIND) or not start.endswith(b"\n"):
            raise _damaged(path)
        sealed_with = start[len(_KIND) : -1].decode("ascii", errors="replace")
        if not re.fullmatch("[0-9a-f]{8}", sealed_with):
            raise _damaged(path)
        if sealed_with != keys.key_id:
            raise PrivacyRefusal(
                f"A sealed file needs another secret key: it was sealed with key {sealed_with}, this is {keys.key_id}.",
                where=str(path),
                next_step="Put back the secret key that this programme was made with.",
            )
        yield file


def _exactly(file: BinaryIO, size: int) -> bytes:
    content = file.read(size)
    if len(content) < size:
        raise EOFError
    return content


def _read_box(file: BinaryIO, keys: Keys, place: str, position: int, path: Path) -> bytes:
    left = os.fstat(file.fileno()).st_size - file.tell()
    try:
        size = int.from_bytes(_exactly(file, 8), "big")
        if size > left:  # a damaged length must not ask for all the memory of the machine
            raise EOFError
        nonce = _exactly(file, _NONCE)
        return _cipher(keys).decrypt(nonce, _exactly(file, size), _binding(keys, place, position))
    except (EOFError, InvalidTag):
        raise _damaged(path) from None


def _skip_box(file: BinaryIO) -> None:
    size = int.from_bytes(file.read(8), "big")
    file.seek(min(size, _LARGEST) + _NONCE, io.SEEK_CUR)


def _damaged(path: Path) -> StoreError:
    return StoreError(
        "A sealed file is damaged: it was changed, renamed or cut short.",
        where=str(path),
        next_step="Restore this file from a backup; nothing in it was used.",
    )
