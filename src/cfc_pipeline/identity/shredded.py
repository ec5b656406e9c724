"""Stand-ins for the addresses and codes of people in files of answers that were kept for their time.

A stand-in is a keyed digest. Its key is made when the first file is shredded and lies sealed, apart from the
programme's secret: so an exchange of the secret leaves the stand-ins as they are, and nobody's answers are cut off from
later ones. As long as a roster names somebody, every run looks for the stand-ins of its addresses and codes, and goes
on as if the address still stood there. Without the secret and a roster, a stand-in says nothing. Whoever has the secret
and an address can ask whose answers these are: accepted, because erasure and later files need just that.
"""

import secrets
from collections.abc import Collection
from pathlib import Path

import polars as pl

from cfc_pipeline.identity.keys import Keys
from cfc_pipeline.identity.pseudonyms import pseudonyms
from cfc_pipeline.identity.sealed import read_sealed, write_sealed

_FILE, _PURPOSE = "shredded.sealed", "shredded"
STAND_IN = "gone-"


def stand_in_key(restricted: Path, keys: Keys) -> bytes | None:
    """None as long as nothing was shredded."""
    path = restricted / _FILE
    return read_sealed(path, keys, _PURPOSE) if path.exists() else None


def make_stand_in_key(restricted: Path, keys: Keys) -> bytes:
    """The one that is there, or a new one, on disk when this returns."""
    if found := stand_in_key(restricted, keys):
        return found
    write_sealed(restricted / _FILE, made := secrets.token_bytes(32), keys, _PURPOSE)
    return made


def stand_ins(identifiers: pl.Series, key: bytes) -> pl.Series:
    """Of addresses and codes in the form that the same person would give twice; a stand-in stands for itself."""
    made = pseudonyms(identifiers, key, STAND_IN)
    return made.zip_with(~identifiers.str.starts_with(STAND_IN).fill_null(False), identifiers)


def with_stand_ins(identifiers: Collection[str], key: bytes | None) -> set[str]:
    """These, and what stands for them in shredded files."""
    if key is None:
        return set(identifiers)
    return {*identifiers, *stand_ins(pl.Series(list(identifiers), dtype=pl.String), key)}


def fingerprints(rows: pl.DataFrame, key: bytes) -> pl.Series:
    """One for each row, of all that it says; a column that is empty in it makes no difference."""
    said = [pl.lit(name + "\x1f") + pl.col(name).cast(pl.String) for name in sorted(rows.columns)]
    return pseudonyms(rows.select(pl.concat_str(said, separator="\x1e", ignore_nulls=True)).to_series(), key, "")
