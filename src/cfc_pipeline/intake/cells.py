"""From cells of text to values: which column an entry means, what a cell means, when a form was sent in.

Nothing here refuses a single row: what cannot be read becomes a value that the contracts refuse later, so that every
reason for a row is found and reported together.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

import polars as pl

from cfc_pipeline.errors import ExportError
from cfc_pipeline.programme import FromColumn
from cfc_pipeline.sources.raw import RawTable
from schemas.tables.canonical import UNREADABLE

V = TypeVar("V", int, str)
# What programs put in the place of what was typed, and what nobody sees.
_TYPESET = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2010": "-",
        "\u2011": "-",
        "\u2013": "-",
        "\u2014": "-",
    }
)
_WHOLE = re.compile(r"(\d{1,5})\.0+")
_UNSEEN = "[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]"
_MONTHS = 12
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_A_DAY = rf"(?i)\d+(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?:\s+\d+)?|\b{_MONTH}\s+\d+|\d+([/.-])\d+[/.-]\d+"
_HALF_TURNED = 6  # dates; of fewer it may be chance
_TIMES = ("%H:%M:%S", "%I:%M:%S %p", "%H:%M", "%I:%M %p", "")
_DAYS = {
    "ymd": ("%Y-%m-%d", "%Y/%m/%d"),
    "dmy": ("%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y", "%d.%m.%Y"),
    "mdy": ("%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y"),
}
# A zone after a time of day: Z, GMT, +01:00, GMT+1. Groups: the minutes before it, its hours, its minutes.
_ZONE = r"(?i)(:\d{2}(?:\.\d+)?\s*(?:[ap]m)?)\s*(?:Z|UTC|GMT|(?:GMT|UTC)?([+-]\d{1,2}):?(\d{2})?)$"


def tidy(text: str) -> str:
    """Header text as two people would agree to write it: one space between words, no case."""
    return " ".join(text.replace("\u00a0", " ").split()).casefold()


def plain(text: str) -> str:
    """The same however it was typeset: straight quotation marks and hyphens, letters whole, nothing unseen."""
    seen = re.sub(_UNSEEN, "", unicodedata.normalize("NFC", text))
    return tidy(seen.translate(_TYPESET))


def resolve(raw: RawTable, name: str) -> str | None:
    """Key of the column that a survey entry calls `name`: by key, else by the only question with that text."""
    if raw.column(name):
        return name
    for alike in (tidy, plain):
        wanted = alike(name)
        same = [c.key for c in raw.columns if wanted in map(alike, (c.key, c.text, f"{c.text} | {c.option}"))]
        if same:
            return same[0] if len(same) == 1 else None
    return None


def resolve_known(raw: RawTable, name: str) -> str:
    """The same, for a file that recognise.py has found to have every column of its entry."""
    key = resolve(raw, name)
    assert key is not None, "recognise.py assigns a file only when every column is there"
    return key


def numbers(column: str, answers: dict[str, int], blank: Sequence[str] = ()) -> pl.Expr:
    """Answers as Int16: a listed label's number, else the number itself, else UNREADABLE; blank stays null, and so is
    an answer that is listed as `blank`.

    A cell such as "4" counts as a number also where labels are listed, because people mix both exports; a listed
    label always wins, so that a scale whose labels are digits can be recoded.
    """
    cell = pl.col(column)
    if blank:
        cell = pl.when(_meant(cell, _Listed(dict.fromkeys(blank, 0)).get, pl.Int32()).is_null()).then(cell)
    number = cell.str.to_integer(strict=False, dtype=pl.Int32)
    # No cell is looked up that is a number already, unless a label could be one.
    digits = any(map(_like_a_number, answers))
    unread = cell if digits else pl.when(number.is_null()).then(cell)
    listed = _Listed(answers)
    # `4.0` is how statistics programs write 4, which may mean another number where labels are digits.
    meant = listed.get if digits else lambda text: int(w[1]) if (w := _WHOLE.fullmatch(text)) else listed.get(text)
    number = pl.coalesce(_meant(unread, meant, pl.Int32()), number)
    readable = number.is_between(-32767, 32767)
    number = pl.when(cell.is_null()).then(None).when(readable).then(number).otherwise(UNREADABLE)
    return number.cast(pl.Int16).alias(column)


class _Listed(Generic[V]):
    """Labels and what they mean: as they are written, else as they are typeset, if that is one thing only."""

    def __init__(self, listed: Mapping[str, V]) -> None:
        self.written: dict[str, V] = {tidy(label): value for label, value in listed.items()}
        found: dict[str, set[V]] = {}
        for label, value in listed.items():
            found.setdefault(plain(label), set()).add(value)
        self.typeset: dict[str, V] = {label: next(iter(values)) for label, values in found.items() if len(values) == 1}

    def get(self, text: str) -> V | None:
        value = self.written.get(tidy(text))
        return self.typeset.get(plain(text)) if value is None else value


def _meant(cells: pl.Expr, meant: Callable[[str], object], kind: pl.DataType) -> pl.Expr:
    """What cells mean. Each text is looked up once: of a million answers there are few."""

    def read(cells: pl.Series) -> pl.Series:
        texts = cells.drop_nulls().unique()
        values = pl.Series([meant(text) for text in texts], dtype=kind)
        return cells.replace_strict(texts, values, default=None, return_dtype=kind)

    return cells.map_batches(read, return_dtype=kind, is_elementwise=True)


def _like_a_number(label: str) -> bool:
    return any(map(str.isdecimal, label))


def meaning(column: str, values: dict[str, str]) -> pl.Expr:
    """Cells as our ids. Without a list the cells hold our ids themselves; a cell that is not listed becomes null."""
    if not values:
        return pl.col(column)
    return _meant(pl.col(column), _Listed(values).get, pl.String())


def session_number(cells: pl.Expr) -> pl.Expr:
    """The 3 of `Session 3` or `3rd, on 14 March`, as Int64; null where it may be another count: `2 of 10`."""
    text = cells.cast(pl.String).str.replace(r"^(\d+)\.0+$", "${1}").str.replace_all(_A_DAY, "")
    only = pl.when(text.str.count_matches(r"\d+") == 1).then(text.str.extract(r"(\d+)"))
    return pl.coalesce(text.str.extract(r"(?i)session\D?\D?(\d+)"), only).cast(pl.Int64, strict=False)


def fixed_or_column(setting: object, raw: RawTable) -> pl.Expr:
    """A value for every row: the same for all, or from a column."""
    if isinstance(setting, FromColumn):
        return meaning(resolve_known(raw, setting.column), setting.values)
    return pl.lit(setting)


def local_times(text: pl.Series, row: pl.Series, order: str, source: str, zone: str) -> pl.Series:
    """Cells as naive Datetime in the programme's `zone`; null where a cell cannot be read.

    `source` is the zone of cells that do not name theirs; `row` numbers the cells for people. Raises ExportError when
    the file reads in the other day order only: its readable days would be wrong too.
    """
    parsed = _alike(text, order)
    if parsed is None:
        parsed = _parse(text, order)
    _refuse_other_order(text, parsed, row, order)
    _refuse_half_turned(text, parsed, row, order)
    return _to_local(text, parsed, source, zone)


def _refuse_other_order(text: pl.Series, parsed: pl.Series, row: pl.Series, order: str) -> None:
    """One odd date is a slip, for quarantine; one row in ten is a file in the other order."""
    other = {"dmy": "mdy", "mdy": "dmy"}.get(order)
    unread = parsed.is_null() & text.is_not_null()
    if other is None or not unread.any():
        return
    swapped = row.filter(unread).filter(_parse(text.filter(unread), other).is_not_null())
    if len(swapped) > 1 and len(swapped) * 10 > len(row):
        raise ExportError(
            f"The dates of this file are in {other} order, but its survey entry says {order}.",
            where=f"{len(swapped)} rows, the first is row {swapped[0]}",
            next_step=f"set `submitted: {{order: {other}}}` in the survey entry, or export the file again",
        )


def _refuse_half_turned(text: pl.Series, parsed: pl.Series, row: pl.Series, order: str) -> None:
    """A spreadsheet in another country takes 03/10 for the tenth of March and keeps it as a day, and leaves 25/10 the
    text that it was: then the days are all up to the 12th, and the texts all after it."""
    days = text.str.contains(r"^\d{4}-")
    late = parsed.dt.day() > _MONTHS
    texts, whole = late.filter(~days).drop_nulls(), late.filter(days).drop_nulls()
    few = min(texts.len(), whole.len()) < 2 or texts.len() + whole.len() < _HALF_TURNED
    if order == "ymd" or few or not texts.all() or whole.any():
        return
    raise ExportError(
        "A spreadsheet has turned day and month around in some dates of this file and left the others as they were.",
        where=f"{whole.len()} rows, the first is row {row.filter(days & parsed.is_not_null())[0]}",
        next_step="download the file again and put it into the inbox without opening it",
    )


def _alike(text: pl.Series, order: str) -> pl.Series | None:
    """Datetimes by the form of the first cell, when all cells have it, as in most files: nothing need be made plain."""
    first = text.drop_nulls().head(1)
    form = next((form for form in _forms(order) if _read(first, form).count()), None)
    found = None if form is None else _read(text, form)
    return found if found is not None and found.count() == text.count() else None


def _parse(text: pl.Series, order: str) -> pl.Series:
    """Datetimes as written, without their zone. ISO dates are read in every order: spreadsheets give them."""
    body = text.str.replace(_ZONE, "${1}").str.replace(r"T(\d)", " ${1}").str.replace(r"(:\d{2})\.\d+$", "${1}")
    body = body.str.strip_chars().str.to_uppercase()
    parsed = pl.Series(text.name, [None] * len(text), dtype=pl.Datetime("us"))
    for form in _forms(order):
        if parsed.null_count() == body.null_count():
            break
        parsed = parsed.zip_with(parsed.is_not_null(), _read(body, form))
    return parsed


def _forms(order: str) -> list[str]:
    days = _DAYS[order] if order == "ymd" else (*_DAYS[order], *_DAYS["ymd"])
    return [f"{day} {time}".strip() for day in days for time in _TIMES]


def _read(body: pl.Series, form: str) -> pl.Series:
    read = body.str.to_datetime if "M" in form.replace("%m", "") else body.str.to_date
    found = read(form, strict=False).cast(pl.Datetime("us"))
    # %Y also reads a two-digit year, as the year 24: that row belongs to the %y format.
    return found.set(found.dt.year() < 1970, None)


def _to_local(text: pl.Series, parsed: pl.Series, source: str, zone: str) -> pl.Series:
    # Twice a year an hour happens twice or never; only the day is kept, so either reading is as good.
    local = parsed.dt.replace_time_zone(source, ambiguous="earliest", non_existent="null")
    never = parsed.dt.offset_by("1h").dt.replace_time_zone(source, ambiguous="earliest", non_existent="null")
    here = local.zip_with(local.is_not_null(), never).dt.convert_time_zone(zone)
    in_file = text.str.contains(_ZONE)
    if in_file.any():
        here = here.zip_with(~in_file.fill_null(False), _stated(text, parsed).dt.convert_time_zone(zone))
    return here.dt.replace_time_zone(None).alias(text.name)


def _stated(text: pl.Series, parsed: pl.Series) -> pl.Series:
    """Moments in UTC by the zones in the cells."""
    cells = pl.DataFrame({"t": parsed, "hours": text.str.extract(_ZONE, 2), "minutes": text.str.extract(_ZONE, 3)})
    cells = cells.with_columns(pl.col("hours", "minutes").cast(pl.Int32, strict=False))
    sign = pl.when(pl.col("hours") < 0).then(-1).otherwise(1)
    shift = pl.duration(hours=pl.col("hours").fill_null(0), minutes=sign * pl.col("minutes").fill_null(0))
    return cells.select((pl.col("t") - shift).dt.replace_time_zone("UTC")).to_series()
