"""Identifiers -> keyed pseudonyms, whole columns at a time.

The key is what protects: a plain hash of an address is undone in seconds by hashing a list of all head teachers.
"""

from hashlib import sha256

import polars as pl

HEX_DIGITS = 20  # 80 bits: two of 1,000,000 people share a pseudonym with a chance of about 4 in 10^13
_PART = 100_000  # values that are Python's strings at once: of a million, some hundred MiB less


def pseudonyms(values: pl.Series, key: bytes, prefix: str) -> pl.Series:
    """`prefix` and the first 20 hex digits of HMAC-SHA-256 (RFC 2104, doi 10.17487/RFC2104) of each UTF-8 value.

    Null stays null. Values are taken as they are: what people type must be brought into one form first.
    """
    text = values.cast(pl.String)
    distinct = text.unique().drop_nulls()
    if len(distinct) == len(text):  # nobody is there twice: no need to look anything up
        return _made(text, key, prefix)
    made = _made(distinct, key, prefix)
    return text.replace_strict(distinct, made, default=None, return_dtype=pl.String)


def _made(values: pl.Series, key: bytes, prefix: str) -> pl.Series:
    parts = [_digests(values.slice(start, _PART), key, prefix) for start in range(0, max(len(values), 1), _PART)]
    return pl.concat([pl.Series(values.name, part, dtype=pl.String) for part in parts])


def _digests(values: pl.Series, key: bytes, prefix: str) -> list[str]:
    """HMAC with the key worked in once, all in one loop: a third of the time of hmac.digest, and the same result.

    DuckDB's sha256() over whole columns takes as much processor time, and a database would have to be given the key.
    """
    block = (key if len(key) <= 64 else sha256(key).digest()).ljust(64, b"\0")
    inner_start, outer_start = (sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))
    made = []
    for value in values.to_list():
        inner, outer = inner_start.copy(), outer_start.copy()
        inner.update(value.encode())
        outer.update(inner.digest())
        made.append(prefix + outer.hexdigest()[:HEX_DIGITS])
    return made
