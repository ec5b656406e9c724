"""How large a worksheet is by the addresses of its cells, from the bytes of its XML and without parsing them.

Only the plain way is understood that spreadsheet programs write: `<c r="AB12"`. A cell that is written otherwise counts
as one that does not say where it is.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_START = b' r="'
_LETTERS, _DIGITS = 3, 7
_LONGEST = _LETTERS + _DIGITS + 1
_ENDS = np.zeros(256, dtype=bool)  # what may stand after the name of an element
_ENDS[list(b" \t\r\n/>")] = True

Numbers = npt.NDArray[np.int32]


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
    before = framed.take(named - 1)
    at = named[((before == ord("<")) | (before == ord(":"))) & _ENDS.take(framed.take(named + 1))]
    plain = framed.take(at - 1) == ord("<")
    for place, sign in enumerate(_START, start=1):
        plain &= framed.take(at + place) == sign
    columns, rows = _read(framed, at[plain] + len(_START) + 1)
    return Extent(len(at), int((rows > 0).sum()), int(columns.max(initial=0)), int(rows.max(initial=0)))


def _read(framed: npt.NDArray[np.uint8], at: npt.NDArray[np.int64]) -> tuple[Numbers, Numbers]:
    """Column and row of each address, which a quotation mark ends; 0 where it is none."""
    columns, rows, digits = (np.zeros(len(at), dtype=np.int32) for _ in range(3))
    ended = np.zeros(len(at), dtype=bool)
    in_letters = goes_on = ~ended
    for place in range(_LONGEST):
        sign = framed.take(at + place)
        ended |= goes_on & (sign == ord('"')) & (digits > 0)
        letter = in_letters & (sign >= ord("A")) & (sign <= ord("Z")) & (place < _LETTERS)
        digit = goes_on & (sign >= ord("0")) & (sign <= ord("9")) & (columns > 0) & (digits < _DIGITS)
        columns = np.where(letter, columns * 26 + sign - (ord("A") - 1), columns)
        rows = np.where(digit, rows * 10 + sign - ord("0"), rows)
        digits += digit
        in_letters, goes_on = letter, letter | digit
        if not goes_on.any():
            break
    return np.where(ended, columns, 0), np.where(ended, rows, 0)
