"""Cells of SPSS and Stata files as text: labels where a value has one, else the number, dates as ISO 8601.

The values come from a process of their own (child.py). Both programs keep numbers as floating point and dates as counts
from a day of their own: SPSS seconds since 14 October 1582, Stata days or milliseconds since 1960. Values that a file
declares missing (SPSS's ranges, Stata's .a to .z) are read as empty. Stata's %tC times count leap seconds, which stay
in them: they are at most half a minute late. Its weeks, months, quarters and half-years stay numbers.
"""

import re
from collections.abc import Sequence
from typing import Any

import polars as pl

from cfc_pipeline.sources.child import Cells
from cfc_pipeline.sources.columns import tidy

_SPSS_DAY_ZERO = 12_219_379_200  # seconds before 1970
_STATA_DAY_ZERO = 3653  # days before 1970
_SPSS_DAYS = ("DATE", "ADATE", "EDATE", "SDATE", "JDATE", "QYR", "MOYR", "WKYR")
_SPSS_MOMENTS = ("DATETIME", "YMDHMS")
_SPSS_CLOCKS = ("TIME", "DTIME", "MTIME")
_DAY, _MOMENT = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"

Ranges = Sequence[tuple[Any, Any]]  # from and to, of numbers; of texts both are the text


def with_meaning(found: Cells) -> Cells:
    """Cells as text. `about`: name, label and choices of every variable; how many cells were declared missing; what
    was assumed."""
    said = found.about["variables"]
    variables = [_variable(one, found.frame[str(position)]) for position, one in enumerate(said)]
    frame = pl.DataFrame([cells.alias(str(position)) for position, (cells, _) in enumerate(variables)])
    return Cells(frame, found.about | {"variables": [about for _, about in variables]})


def _variable(said: dict[str, Any], values: pl.Series) -> tuple[pl.Series, dict[str, Any]]:
    """One variable's cells, and what is known of it."""
    style, kind, ranges = said["style"], said["kind"], said["ranges"]
    if kind == "string":
        cells = number = _texts(values, ranges)
        missing = int((values != "").sum()) - int((cells != "").sum())
    else:
        numbers, missing = _numbers(values, ranges, said["tagged"])
        cells = number = _number_text(numbers, single=kind == "float")
        cells = _dates(numbers, style).fill_null(number) if _is_date(style) else cells
    answers = [one for one in said["labels"] if not _is_missing(one[0], ranges, text=kind == "string")]
    labels = {_key(value): tidy(label) for value, label in answers}
    doubled = len(set(labels.values())) < len(labels)
    if labels and not doubled:
        cells = number.replace_strict(labels, default=cells, return_dtype=pl.String)
    return cells, {
        "name": said["name"],
        "label": said["label"],
        "missing": missing,
        "choices": [] if doubled else [[value, label] for value, label in labels.items()],
        "doubled": doubled,
        "left": _stays_number(style),
    }


def _is_missing(value: Any, ranges: Ranges, *, text: bool) -> bool:
    """Whether a labelled value is one that the file declares missing. A letter among numbers is Stata's .a to .z."""
    if type(value) is str:
        return not text or value.rstrip() in _missing_texts(ranges)
    return any(low <= value <= high for low, high in ranges)


def _missing_texts(ranges: Ranges) -> set[str]:
    return {str(low).rstrip() for low, _ in ranges}


def _texts(values: pl.Series, ranges: Ranges) -> pl.Series:
    return values.set(values.str.strip_chars_end().is_in(sorted(_missing_texts(ranges))), "") if ranges else values


def _numbers(values: pl.Series, ranges: Ranges, tagged: int) -> tuple[pl.Series, int]:
    """Numbers without what the file declares missing, and how many cells that took away."""
    numbers = values.fill_nan(None)
    missing = pl.Series([False]).new_from_index(0, len(numbers))
    for low, high in ranges:
        missing |= numbers.is_between(low, high).fill_null(False)
    return numbers.set(missing, None), tagged + int(missing.sum())


def _number_text(numbers: pl.Series, *, single: bool) -> pl.Series:
    """Whole numbers without ".0"; of `single` precision, 4.2 and not 4.199999809265137."""
    is_whole = (numbers == numbers.floor()) & (numbers.abs() < 2**53)
    whole = numbers.cast(pl.Int64, strict=False).cast(pl.String)
    if is_whole.all():
        return whole
    others = (numbers.cast(pl.Float32) if single else numbers).cast(pl.String)
    return whole.zip_with(is_whole.fill_null(False), others)


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
