"""Values of SPSS and Stata files as they stand in the file, and what the file says of its variables.

What they mean (labels, dates, what counts as missing) is worked out from that in statistics_cells.py, outside.
"""

import io
from array import array
from collections.abc import Callable
from typing import Any

import pyreadstat

from .limits import MOST_CELLS, MOST_COLUMNS, Column, Columns, Places, Refusal
from .stata_whole import is_whole

SPSS_MARKS = (b"$FL2", b"$FL3")
_SPSS_ROWS = slice(80, 84)  # bytes of the header that say how many cases there are; -1 is "read to the end"
_UNSAID = b"\xff" * 4
_NOTHING = float("nan")


def read_statistics(data: bytes) -> Columns:
    """`about`: what the file says of every variable, and the encoding that had to be assumed."""
    is_spss = data.startswith(SPSS_MARKS)
    if not is_spss and not is_whole(data):
        raise Refusal("damaged")
    read = pyreadstat.read_sav if is_spss else pyreadstat.read_dta
    meta, encoding = _described(read, data)
    said: int | None = meta.number_rows
    if len(meta.column_names) > MOST_COLUMNS:
        raise Refusal("too wide")
    if (said or 0) * len(meta.column_names) > MOST_CELLS:
        raise Refusal("too large")
    if is_spss:
        # Else the library stops where the header says, though there may be more cases.
        data = data[: _SPSS_ROWS.start] + _UNSAID + data[_SPSS_ROWS.stop :]
    try:
        values, meta = _read(read, data, encoding, metadataonly=False)
    except UnicodeDecodeError:
        encoding = "WINDOWS-1252"
        values, meta = _read(read, data, encoding, metadataonly=False)
    if said is not None and any(len(values[name]) != said for name in meta.column_names):
        raise Refusal("damaged")
    variables, places = [], Places()
    columns: list[Column] = []
    for name in meta.column_names:
        column, tagged = _column(values.pop(name), meta.readstat_variable_types.get(name), places)
        columns.append(column)
        variables.append(_variable(name, tagged, meta))
    return Columns(columns, [*places], {"variables": variables, "assumed": encoding})


def _described(read: Callable[..., Any], data: bytes) -> tuple[Any, str | None]:
    """The file's own description, and the encoding that had to be assumed for its texts."""
    try:
        return _read(read, data, None, metadataonly=True)[1], None
    except UnicodeDecodeError:
        return _read(read, data, "WINDOWS-1252", metadataonly=True)[1], "WINDOWS-1252"


def _read(read: Callable[..., Any], data: bytes, encoding: str | None, *, metadataonly: bool) -> tuple[Any, Any]:
    """UnicodeDecodeError when the file's texts are not in the encoding that it says. Dates stay numbers."""
    try:
        found: tuple[Any, Any] = read(
            io.BytesIO(data),
            metadataonly=metadataonly,
            output_format="dict",
            disable_datetime_conversion=True,
            user_missing=True,
            encoding=encoding,
        )
        return found
    except (UnicodeDecodeError, MemoryError):
        raise
    except Exception as error:
        if encoding is None and "convert string" in str(error):
            raise UnicodeDecodeError("utf-8", b"", 0, 0, "declared wrongly") from None
        raise Refusal("too large" if "memory" in str(error) else "damaged") from None


def _variable(name: str, tagged: int, meta: Any) -> dict[str, Any]:
    """What the file says of a variable."""
    return {
        "name": name,
        "label": meta.column_names_to_labels.get(name) or "",
        "style": meta.original_variable_types.get(name) or "",
        "kind": meta.readstat_variable_types.get(name),
        "ranges": [[one["lo"], one["hi"]] for one in meta.missing_ranges.get(name, ())],
        "tagged": tagged,
        "labels": [[value, label] for value, label in meta.variable_value_labels.get(name, {}).items()],
    }


def _column(cells: list[Any], kind: str | None, places: Places) -> tuple[Column, int]:
    """And how many letters are among numbers: Stata's .a to .z, values declared missing."""
    if kind == "string":
        return array("I", map(places.__getitem__, cells)), 0
    try:
        return array("d", cells), 0
    except TypeError:
        numbers = array("d", [_NOTHING if cell is None or type(cell) is str else cell for cell in cells])
        return numbers, sum(type(cell) is str for cell in cells)
