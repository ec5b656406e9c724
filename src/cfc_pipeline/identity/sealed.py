"""A sealed file: the only form in which raw input and other personal data rest on disk.

It is a line that names its kind and key, and then boxes; a box is its length, a random nonce and AES-256-GCM
ciphertext. Each box is bound to its kind, key and place (a raw copy to its number, another file to its purpose and
name), so that swapping or renaming files is noticed like any other change. The nonces make two sealings of the same
data differ: accepted, what is inside is the same.
"""

import io
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cfc_pipeline.errors import ExportError, PrivacyRefusal, StoreError
from cfc_pipeline.identity.keys import Keys, private_folder

_KIND = b"CFC-SEALED-1 "
_START = len(_KIND) + 9  # the key's id and a line feed follow
NONCE, TAG = 12, 16
_LARGEST = 2**31 - 1  # bytes that one AES-GCM call takes


def is_sealed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_KIND)) == _KIND


def seal_again(path: Path, place: Path, old: Keys, new: Keys) -> None:
    """What `write_sealed` wrote to `path`, at `place` with another key; files are called after their purpose."""
    write_sealed(place, read_sealed(path, old, path.stem), new, path.stem)


def write_sealed(path: Path, data: bytes, keys: Keys, purpose: str) -> None:
    """Replace `path` by `data`, sealed: all of it or, if the machine stops, nothing. Only the same purpose opens it."""
    private_folder(path.parent)
    write_boxes(path, keys, f"{purpose} {path.name}", [data])


def read_sealed(path: Path, keys: Keys, purpose: str) -> bytes:
    """What `write_sealed` wrote with the same key, purpose and file name."""
    with opened(path, keys) as file:
        return read_box(file, keys, f"{purpose} {path.name}", 0, path)


def write_boxes(path: Path, keys: Keys, place: str, boxes: Iterable[bytes]) -> None:
    """Through a temporary file beside it, flushed to disk, and one rename."""
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(_KIND + keys.key_id.encode() + b"\n")
        for position, data in enumerate(boxes):
            if len(data) > _LARGEST:
                raise ExportError("A file is larger than 2 GiB.", next_step="Export it in parts, such as a year each.")
            nonce = secrets.token_bytes(NONCE)
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
def opened(path: Path, keys: Keys) -> Iterator[BinaryIO]:
    """The file behind its first line, if it was sealed with this key."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise StoreError("A sealed file is missing.", where=str(path), next_step="Restore it from a backup.") from None
    with file:
        start = file.read(_START)
        if len(start) < _START or not start.startswith(_KIND) or not start.endswith(b"\n"):
            raise damaged(path)
        sealed_with = start[len(_KIND) : -1].decode("ascii", errors="replace")
        if not re.fullmatch("[0-9a-f]{8}", sealed_with):
            raise damaged(path)
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


def read_box(file: BinaryIO, keys: Keys, place: str, position: int, path: Path) -> bytes:
    left = os.fstat(file.fileno()).st_size - file.tell()
    try:
        size = int.from_bytes(_exactly(file, 8), "big")
        if size > left:  # a damaged length must not ask for all the memory of the machine
            raise EOFError
        nonce = _exactly(file, NONCE)
        return _cipher(keys).decrypt(nonce, _exactly(file, size), _binding(keys, place, position))
    except (EOFError, InvalidTag):
        raise damaged(path) from None


def skip_box(file: BinaryIO) -> None:
    size = int.from_bytes(file.read(8), "big")
    file.seek(min(size, _LARGEST) + NONCE, io.SEEK_CUR)


def damaged(path: Path) -> StoreError:
    return StoreError(
        "A sealed file is damaged: it was changed, renamed or cut short.",
        where=str(path),
        next_step="Restore this file from a backup; nothing in it was used.",
    )


def overwrite(file: BinaryIO) -> None:
    """Zeros over every byte of an open file. On disks that move what they write, and in backups, old bytes stay; they
    are sealed."""
    left = file.seek(0, io.SEEK_END)
    file.seek(0)
    while left > 0:
        left -= file.write(bytes(min(left, 1 << 20)))
    file.flush()
    os.fsync(file.fileno())
