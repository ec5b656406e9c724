"""How large a worksheet is by the addresses of its cells, from the bytes of its XML and without parsing them.

Only the plain way is understood that spreadsheet programs write: `<c r="AB12"`. A cell that is written otherwise counts
as one that does not say where it is.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_START = np.frombuffer(b' r="', dtype=np.uint8)
_LETTERS, _DIGITS = 3, 7
_LONGEST = _LETTERS + _DIGITS + 1
_ENDS = np.zeros(256, dtype=bool)  # what may stand after the name of an element
_ENDS[list(b" \t\r\n/>")] = True


@dataclass(frozen=True)
class Extent:
    cells: int
    placed: int  # cells that say where they are
    columns: int
    rows: int


def extent(text: bytes) -> Extent:
    """`text` ends before a `<` or with the file."""
    framed = np.frombuffer(b" " + text + b" " * (len(_START) + _LONGEST), dtype=np.uint8)
    named = np.flatnonzero(framed[: len(text) + 1] == ord("c"))
    before = framed[named - 1]
    at = named[((before == ord("<")) | (before == ord(":"))) & _ENDS[framed[named + 1]]]
    places = framed[at[:, None] + np.arange(1, 1 + len(_START) + _LONGEST)]
    plain = (places[:, : len(_START)] == _START).all(axis=1) & (framed[at - 1] == ord("<"))
    columns, rows = _read(places[plain, len(_START) :])
    return Extent(len(at), int((rows > 0).sum()), int(columns.max(initial=0)), int(rows.max(initial=0)))


def _read(signs: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Column and row of each address, which a quotation mark ends; 0 where it is none."""
    columns, rows = np.zeros(len(signs), dtype=np.int32), np.zeros(len(signs), dtype=np.int32)
    letters, digits = np.zeros(len(signs), dtype=np.int8), np.zeros(len(signs), dtype=np.int8)
    for place in range(_LONGEST - 1):
        sign = signs[:, place].astype(np.int32)
        letter = (sign >= ord("A")) & (sign <= ord("Z")) & (letters == place) & (place < _LETTERS)
        digit = (sign >= ord("0")) & (sign <= ord("9")) & (letters + digits == place) & (digits < _DIGITS)
        columns = np.where(letter, columns * 26 + sign - (ord("A") - 1), columns)
        rows = np.where(digit & (letters > 0), rows * 10 + sign - ord("0"), rows)
        letters, digits = letters + letter, digits + (digit & (letters > 0))
    ended = signs[np.arange(len(signs)), letters + digits] == ord('"')
    ended &= digits > 0
    return np.where(ended, columns, 0), np.where(ended, rows, 0)
