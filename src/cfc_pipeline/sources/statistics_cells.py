"""Cells of SPSS and Stata files as text: labels where a value has one, else the number, dates as ISO 8601.

Runs in a process of its own (child.py). Both programs keep numbers as floating point and dates as counts from a day of
their own: SPSS seconds since 14 October 1582, Stata days or milliseconds since 1960. Values that a file declares
missing (SPSS's ranges, Stata's .a to .z) are read as empty. Stata's %tC times count leap seconds, which are not taken
off: they are at most half a minute late. Its weeks, months, quarters and half-years stay numbers.
"""

import io
import re
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import pyreadstat

from cfc_pipeline.sources.child import MOST_CELLS, MOST_COLUMNS, Cells, Refusal
from cfc_pipeline.sources.columns import tidy
from cfc_pipeline.sources.stata_whole import is_whole

SPSS_MARKS = (b"$FL2", b"$FL3")
_SPSS_DAY_ZERO = 12_219_379_200  # seconds before 1970
_STATA_DAY_ZERO = 3653  # days before 1970
_SPSS_DAYS = ("DATE", "ADATE", "EDATE", "SDATE", "JDATE", "QYR", "MOYR", "WKYR")
_SPSS_MOMENTS = ("DATETIME", "YMDHMS")
_SPSS_CLOCKS = ("TIME", "DTIME", "MTIME")
_SPSS_ROWS = slice(80, 84)  # bytes of the header that say how many cases there are; -1 is "read to the end"
_UNSAID = b"\xff" * 4
_DAY, _MOMENT = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"

Values = list[Any]


def read_statistics(data: bytes) -> Cells:
    """`about`: name, label and choices of every variable; how many cells were declared missing; what was assumed."""
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
    variables = [_variable(name, values[name], meta) for name in meta.column_names]
    frame = pl.DataFrame([cells.alias(str(position)) for position, (cells, _) in enumerate(variables)])
    if said is not None and frame.height != said:
        raise Refusal("damaged")
    about = {"variables": [found for _, found in variables], "assumed": encoding}
    return Cells(frame, about)


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


def _variable(name: str, values: Values, meta: Any) -> tuple[pl.Series, dict[str, Any]]:
    """One variable's cells, and what is known of it."""
    style, kind = meta.original_variable_types.get(name) or "", meta.readstat_variable_types.get(name)
    ranges = meta.missing_ranges.get(name, ())
    if kind == "string":
        cells = number = _texts(values, ranges)
        missing = len(values) - values.count("") - int((cells != "").sum())
    else:
        numbers, missing = _numbers(values, ranges, meta.missing_user_values.get(name, ()))
        cells = number = _number_text(numbers, single=kind == "float")
        cells = _dates(numbers, style).fill_null(number) if _is_date(style) else cells
    named = meta.variable_value_labels.get(name, {}).items()
    answers = {value: label for value, label in named if not _is_missing(value, ranges, text=kind == "string")}
    labels = {_key(value): tidy(label) for value, label in answers.items()}
    doubled = len(set(labels.values())) < len(labels)
    if labels and not doubled:
        cells = number.replace_strict(labels, default=cells, return_dtype=pl.String)
    found = {"name": name, "label": meta.column_names_to_labels.get(name) or "", "missing": missing}
    return cells, found | {
        "choices": [] if doubled else [[value, label] for value, label in labels.items()],
        "doubled": doubled,
        "left": _stays_number(style),
    }


def _is_missing(value: Any, ranges: Sequence[dict[str, Any]], *, text: bool) -> bool:
    """Whether a labelled value is one that the file declares missing. A letter among numbers is Stata's .a to .z."""
    if type(value) is str:
        return not text or value.rstrip() in _missing_texts(ranges)
    return any(one["lo"] <= value <= one["hi"] for one in ranges)


def _missing_texts(ranges: Sequence[dict[str, Any]]) -> set[str]:
    return {str(one["lo"]).rstrip() for one in ranges}


def _texts(values: Values, ranges: Sequence[dict[str, Any]]) -> pl.Series:
    cells = pl.Series(values, dtype=pl.String)
    return cells.set(cells.str.strip_chars_end().is_in(sorted(_missing_texts(ranges))), "") if ranges else cells


def _numbers(values: Values, ranges: Sequence[dict[str, Any]], tags: Sequence[str]) -> tuple[pl.Series, int]:
    """Float64 without what the file declares missing, and how many cells that took away."""
    # Stata's .a to .z arrive as letters among the numbers.
    tagged = sum(type(value) is str for value in values) if tags else 0
    numbers = pl.Series([None if type(value) is str else value for value in values] if tagged else values)
    numbers = numbers.cast(pl.Float64).fill_nan(None)
    missing = pl.Series([False]).new_from_index(0, len(numbers))
    for one in ranges:
        missing |= numbers.is_between(one["lo"], one["hi"]).fill_null(False)
    return numbers.set(missing, None), tagged + int(missing.sum())


def _number_text(numbers: pl.Series, *, single: bool) -> pl.Series:
    """Whole numbers without ".0"; of `single` precision, 4.2 and not 4.199999809265137."""
    whole = (numbers == numbers.floor()) & (numbers.abs() < 2**53)
    others = (numbers.cast(pl.Float32) if single else numbers).cast(pl.String)
    return numbers.cast(pl.Int64, strict=False).cast(pl.String).zip_with(whole.fill_null(False), others)


def _key(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _is_date(style: str) -> bool:
    return _spss(style) in (*_SPSS_DAYS, *_SPSS_MOMENTS, *_SPSS_CLOCKS) or _stata(style) in ("d", "c", "C")


def _stays_number(style: str) -> bool:
    return _stata(style) not in ("", "d", "c", "C")


def _spss(style: str) -> str:
    return re.sub(r"[\d.]+$", "", style)


def _stata(style: str) -> str:
    """Letter of a date format, such as c of `%tcDD/NN/CCYY`; empty when it is none."""
    found = re.match(r"%-?(?:t([a-zA-Z])|(d))", style)
    return (found[1] or found[2]) if found else ""


def _dates(numbers: pl.Series, style: str) -> pl.Series:
    """ISO 8601; null where a number is too large for a date."""
    spss, stata = _spss(style), _stata(style)
    if stata == "d":
        milliseconds = (numbers.floor() - _STATA_DAY_ZERO) * 86_400_000
    elif stata:
        milliseconds = numbers - _STATA_DAY_ZERO * 86_400_000
    else:
        milliseconds = (numbers - (0 if spss in _SPSS_CLOCKS else _SPSS_DAY_ZERO)) * 1000
    # Rounded to seconds: floating point writes 11:02:10 as 11:02:09.9999.
    seconds = (milliseconds / 1000).round().cast(pl.Int64, strict=False)
    moments = (seconds.set(seconds.abs() > 253_402_300_799, None) * 1000).cast(pl.Datetime("ms"))
    if spss in _SPSS_CLOCKS:
        return moments.set(~seconds.is_between(0, 86_399), None).dt.strftime("%H:%M:%S")
    return moments.dt.strftime(_DAY if stata == "d" or spss in _SPSS_DAYS else _MOMENT)
