"""The programme's secret: where it lives, and one derived key for each purpose.

Whoever has the secret can undo every pseudonym by trying all known addresses, and can open every raw copy. So it is
never in a database, a log or a setting file, and without a proper one the pipeline refuses instead of going on in
plain text.
"""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cfc_pipeline.errors import PrivacyRefusal

VARIABLE = "CFC_SECRET_KEY"
FILE_NAME = "secret.key"
_WELL_FORMED = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class Keys:
    """32 random bytes. They are used only through `purpose`, so one leaked derived key gives no other away."""

    secret: bytes = field(repr=False)

    def purpose(self, name: str) -> bytes:
        """32 bytes for one purpose: HKDF-SHA256 (RFC 5869, doi 10.17487/RFC5869) with the purpose as its info."""
        info = f"cfc-pipeline/1/{name}".encode()
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(self.secret)

    @property
    def key_id(self) -> str:
        """8 hex digits that tell two secrets apart and say nothing about either."""
        return self.purpose("key id").hex()[:8]


def private_folder(folder: Path) -> Path:
    """The folder, made if need be, that only its owner can enter (0700), whatever the umask is."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def create_key_file(restricted: Path) -> Path:
    """A new secret in `restricted`/secret.key (0600). An existing one is never replaced: that would orphan the data."""
    try:
        return write_key_file(restricted, Keys(secrets.token_bytes(32)))
    except FileExistsError:
        raise PrivacyRefusal(
            "There is a secret key already; it was not replaced.",
            where=str(restricted / FILE_NAME),
            next_step="Use the one that is there, or exchange it with `cfc-pipeline rotate-key`. "
            "Another one would make everything stored so far unreadable.",
        ) from None


def write_key_file(restricted: Path, keys: Keys) -> Path:
    """FileExistsError when there is one."""
    path = private_folder(restricted) / FILE_NAME
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        os.fchmod(handle, 0o600)
        file.write(keys.secret.hex() + "\n")
        file.flush()
        os.fsync(handle)
    return path


def load_keys(restricted: Path, environ: Mapping[str, str]) -> Keys:
    """The secret from CFC_SECRET_KEY (64 hex digits) if that is set, else from `restricted`/secret.key."""
    if VARIABLE in environ:
        return keys_from(environ[VARIABLE], f"environment variable {VARIABLE}")
    return read_key_file(restricted / FILE_NAME)


def read_key_file(path: Path) -> Keys:
    """PrivacyRefusal when it is missing, malformed, or can be read by others."""
    return keys_from(_read_private(path), str(path))


def _read_private(path: Path) -> str:
    try:
        with path.open("rb") as file:
            open_to_others = os.fstat(file.fileno()).st_mode & 0o077
            content = file.read(1024)
    except FileNotFoundError:
        raise PrivacyRefusal(
            "The secret key is missing.",
            where=str(path),
            next_step=f"Restore it from your safe copy, or set {VARIABLE}. A new programme gets one from `init`.",
        ) from None
    except OSError:
        raise PrivacyRefusal(
            "The secret key cannot be read.",
            where=str(path),
            next_step="Run as the user who owns the file.",
        ) from None
    if open_to_others:
        raise PrivacyRefusal(
            "The secret key can be read by other users of this machine.",
            where=str(path),
            next_step=f"Run: chmod 600 '{path}'. If others may have seen it, replace the key.",
        )
    return content.decode("ascii", errors="replace")


def keys_from(text: str, where: str) -> Keys:
    """64 hex digits as a secret."""
    if not _WELL_FORMED.fullmatch(text.strip()):
        raise PrivacyRefusal(
            "The secret key is not well formed: it must be 64 hex digits.",
            where=where,
            next_step="Restore it from your safe copy; do not make a new one for a programme that has data.",
        )
    return Keys(bytes.fromhex(text.strip()))
