"""Cells of a workbook's first sheet that is not empty, as text the way people see them: whole numbers without ".0",
dates as ISO 8601. A hidden sheet is read only when all that people see are empty.

Further sheets are for people: notes, charts, sums. One that begins like the first has rows of its own, such as another
cohort's, which must not be passed over.
"""

import io
import zipfile
from array import array
from datetime import date, datetime, time, timedelta
from typing import Any

import python_calamine as calamine

from .limits import MOST_COLUMNS, Columns, Places, Refusal
from .workbook_markup import Markup, markup

NO_VALUE = "#N/A"
_HALF_A_SECOND = timedelta(milliseconds=500)
Cell = int | float | str | bool | time | date | datetime | timedelta


def read_workbook(data: bytes) -> Columns:
    """Without the empty rows at the end. Refusal when it is damaged, wider than any survey, or has several tables."""
    found: list[list[Cell]] = []
    where = 0
    try:
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            for position in sorted(range(len(book.sheet_names)), key=lambda sheet: _is_hidden(book, sheet)):
                if found and not _is_table(book, position):
                    continue
                rows = book.get_sheet_by_index(position).to_python(skip_empty_area=False)
                if rows and len(rows[0]) > MOST_COLUMNS:
                    raise Refusal("too wide")
                if found and len(rows) > 1 and _headings(rows) == _headings(found):
                    raise Refusal("several sheets")
                while rows and not any(cell != "" for cell in rows[-1]):
                    rows.pop()
                if rows and not found:
                    found, where = rows, position
        beside = markup(data, where)
    except (calamine.CalamineError, zipfile.BadZipFile, OSError, ValueError, KeyError):
        raise Refusal("damaged") from None
    shown = _with_errors(found, beside)
    return _columns(found, {"warnings": _warnings(beside, shown)})


def _with_errors(rows: list[list[Cell]], beside: Markup) -> int:
    """Puts what people see where a value is lacking, so that it is not taken for an answer that was left blank. How
    many; rows in which there is nothing else are empty, such as those that a formula was dragged down to."""
    places = [(row, column) for row, column in beside.errors if row < len(rows) and column < len(rows[row])]
    filled = [(row, column) for row, column in places if any(cell != "" for cell in rows[row])]
    for row, column in filled:
        rows[row][column] = NO_VALUE
    return len(filled)


def _warnings(beside: Markup, shown: int) -> list[str]:
    warnings = []
    if beside.hidden_rows:
        warnings.append(
            f"{beside.hidden_rows} rows are hidden or filtered out in the workbook; they count like all others"
        )
    if beside.merged:
        warnings.append("cells of the workbook are merged; only the first of them holds what they show")
    if shown:
        warnings.append(
            f"{shown} cells of the workbook show an error, or a formula that was never worked out; they are no "
            "answers. Open it in a spreadsheet, mend them, and save it"
        )
    return warnings


def _is_hidden(book: calamine.CalamineWorkbook, position: int) -> bool:
    return book.sheets_metadata[position].visible != calamine.SheetVisibleEnum.Visible


def _is_table(book: calamine.CalamineWorkbook, position: int) -> bool:
    """Sheets that are one chart, or hold macros, have no cells."""
    return book.sheets_metadata[position].typ == calamine.SheetTypeEnum.WorkSheet


def _headings(rows: list[list[Cell]]) -> list[str]:
    """Of a table, its first row that is not empty; nothing is like another nothing."""
    first = next((row for row in rows if any(cell != "" for cell in row)), [])
    return [text.casefold() for cell in first if (text := _text(cell).strip())]


def _columns(rows: list[list[Cell]], about: dict[str, Any]) -> Columns:
    """Row by row, as the cells lie in memory."""
    places, cells = Places(), array("I")
    for row in rows:
        cells.extend(map(places.__getitem__, _without_truths(row)))
    width = len(rows[0]) if rows else 0
    return Columns((cells[column::width] for column in range(width)), [*map(_text, places)], about)


def _without_truths(row: list[Cell]) -> list[Cell]:
    """True is equal to 1, so it would be taken for the same text."""
    return [_text(cell) if type(cell) is bool else cell for cell in row] if bool in set(map(type, row)) else row


def _text(cell: Cell) -> str:
    match cell:
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime():
            # Spreadsheets keep days as fractions: 11:02:10 comes back as 11:02:09.999.
            return (cell + _HALF_A_SECOND).isoformat(" ", "seconds")
        case _:
            return str(cell)
