"""SPSS and Stata files for tests, written by pyreadstat; and ones made to do harm. Everything in them is synthetic."""

import struct
import tempfile
import zlib
from pathlib import Path
from typing import Any

import polars as pl
import pyreadstat

from cfc_pipeline.sources.child import Cells, as_cells
from cfc_pipeline.sources.opened_alone.statistics_values import read_statistics
from cfc_pipeline.sources.statistics_cells import with_meaning

_ROWS_AT = 80  # in an SPSS file's header
_BLOCK = 0x3FF000


def sav(frame: pl.DataFrame, suffix: str = ".sav", **how: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"made{suffix}"
        pyreadstat.write_sav(frame, path, **how)
        return path.read_bytes()


def dta(frame: Any, **how: Any) -> bytes:
    """`frame` is one of pandas where a column holds letters among numbers."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.dta"
        pyreadstat.write_dta(frame, path, **how)
        return path.read_bytes()


def sav_that_says(rows: int, data: bytes) -> bytes:
    return data[:_ROWS_AT] + struct.pack("<i", rows) + data[_ROWS_AT + 4 :]


def dta_that_says(rows: int, data: bytes) -> bytes:
    """Of Stata 13 and newer."""
    at = data.index(b"<N>") + 3
    return data[:at] + struct.pack("<q", rows) + data[at + 8 :]


def zsav_bomb(blocks: int) -> bytes:
    """A kilobyte for every million cells; each is a 1."""
    small = sav_that_says(-1, sav(pl.DataFrame({"q": [1.0]}), ".zsav", compress=True))
    start = struct.unpack("<q", small[-16:-8])[0] - 24  # where the compressed part's own header is
    packed = zlib.compress(bytes([101]) * _BLOCK, 9)
    body, entries = b"", b""
    for number in range(blocks):
        plain_at, packed_at = start + number * _BLOCK, start + 24 + len(body)
        entries += struct.pack("<qqii", plain_at, packed_at, _BLOCK, len(packed))
        body += packed
    trailer = struct.pack("<qqii", -100, 0, _BLOCK, blocks) + entries
    return small[:start] + struct.pack("<qqq", start, start + 24 + len(body), len(trailer)) + body + trailer


def read_here(data: bytes) -> Cells:
    """What the child and its parent do together, in this process."""
    return with_meaning(as_cells(read_statistics(data)))
