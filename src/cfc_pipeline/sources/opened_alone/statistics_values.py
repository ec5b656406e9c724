"""Values of SPSS and Stata files as they stand in the file, and what the file says of its variables.

What they mean (labels, dates, what counts as missing) is worked out from that in statistics_cells.py, outside.
"""

import io
from array import array
from collections.abc import Callable
from typing import Any

import pyreadstat

from .limits import MOST_CELLS, MOST_COLUMNS, Column, Columns, Refusal
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
    variables = [_variable(name, values[name], meta) for name in meta.column_names]
    columns = (_column(values.pop(name), variable) for name, variable in zip(meta.column_names, variables, strict=True))
    return Columns(columns, {"variables": variables, "assumed": encoding})


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


def _variable(name: str, values: list[Any], meta: Any) -> dict[str, Any]:
    """What the file says of a variable. A letter among numbers is Stata's .a to .z, a value declared missing."""
    kind = meta.readstat_variable_types.get(name)
    tagged = 0 if kind == "string" else sum(type(value) is str for value in values)
    return {
        "name": name,
        "label": meta.column_names_to_labels.get(name) or "",
        "style": meta.original_variable_types.get(name) or "",
        "kind": kind,
        "ranges": [[one["lo"], one["hi"]] for one in meta.missing_ranges.get(name, ())],
        "tagged": tagged,
        "labels": [[value, label] for value, label in meta.variable_value_labels.get(name, {}).items()],
    }


def _column(values: list[Any], variable: dict[str, Any]) -> Column:
    if variable["kind"] == "string":
        return values
    try:
        return array("d", values)
    except TypeError:
        return array("d", [_NOTHING if value is None or type(value) is str else value for value in values])
