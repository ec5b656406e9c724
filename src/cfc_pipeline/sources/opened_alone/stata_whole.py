"""Whether a Stata file is whole: its parts follow each other and end where the file ends.

The library that reads the cells stops where the header says and takes value labels that are cut off for none: responses
would be lost, or numbers stand for labels, and nobody would know. Files since Stata 13 end in a mark; in older ones the
lengths must add up.
"""

import struct
from collections.abc import Sequence

OLD_MARKS = (b"\x71", b"\x72", b"\x73")  # releases 113 to 115, of Stata 8 to 12
NEW_MARK = b"<stata_dta>"
_END = b"</stata_dta>"
_HEADER = 109
_NAME = 33
_FORMAT = {0x71: 12, 0x72: 49, 0x73: 49}
_WIDTHS = {251: 1, 252: 2, 253: 4, 254: 4, 255: 8}  # lower numbers are texts of that width
_TABLE = 4 + _NAME + 3  # before each table of value labels: its length, its name, padding


def is_whole(data: bytes) -> bool:
    if data.startswith(NEW_MARK):
        return data.rstrip(b"\0\r\n").endswith(_END)
    try:
        return _after_labels(data, _after_rows(data)) == len(data)
    except struct.error:
        return False


def _number(data: bytes, style: str, at: int) -> int:
    order = ">" if data[1] == 1 else "<"
    found: Sequence[int] = struct.unpack_from(order + style, data, at)
    return found[0]


def _after_rows(data: bytes) -> int:
    variables, rows = _number(data, "H", 4), _number(data, "i", 6)
    types = data[_HEADER : _HEADER + variables]
    at = _HEADER + variables * (1 + _NAME + 2 + _FORMAT[data[0]] + _NAME + 81) + 2
    while True:  # what programs added: kind and length, until both are nothing
        kind, length = _number(data, "b", at), _number(data, "i", at + 1)
        at += 5
        if kind == length == 0:
            return at + rows * sum(_WIDTHS.get(one, one) for one in types)
        if length < 0:
            return -1
        at += length


def _after_labels(data: bytes, at: int) -> int:
    while 0 <= at < len(data):
        length = _number(data, "i", at)
        if length < 0:
            return -1
        at += _TABLE + length
    return at
