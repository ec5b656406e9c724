"""Cells of a workbook's first sheet that is not empty, as text the way people see them: whole numbers without ".0",
dates as ISO 8601.

Further sheets are for people: notes, charts, sums. One that begins like the first has rows of its own, such as another
cohort's, which must not be passed over.
"""

import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import python_calamine as calamine

from .limits import MOST_COLUMNS, Columns, Refusal

Cell = int | float | str | bool | time | date | datetime | timedelta


def read_workbook(data: bytes) -> Columns:
    """Without the empty rows at the end. Refusal when it is damaged, wider than any survey, or has several tables."""
    found: list[list[Cell]] = []
    try:
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            for position in range(len(book.sheet_names)):
                if found and not _is_table(book, position):
                    continue
                rows = book.get_sheet_by_index(position).to_python(skip_empty_area=False)
                if rows and len(rows[0]) > MOST_COLUMNS:
                    raise Refusal("too wide")
                if found and len(rows) > 1 and _headings(rows) == _headings(found):
                    raise Refusal("several sheets")
                while rows and not any(cell != "" for cell in rows[-1]):
                    rows.pop()
                found = found or rows
    except (calamine.CalamineError, OSError, ValueError):
        raise Refusal("damaged") from None
    return Columns(_columns(found) if found else (), {})


def _is_table(book: calamine.CalamineWorkbook, position: int) -> bool:
    """Sheets that are one chart, or hold macros, have no cells."""
    return book.sheets_metadata[position].typ == calamine.SheetTypeEnum.WorkSheet


def _headings(rows: list[list[Cell]]) -> list[str]:
    """Of a table, its first row that is not empty; nothing is like another nothing."""
    first = next((row for row in rows if any(cell != "" for cell in row)), [])
    return [text.casefold() for cell in first if (text := _text(cell).strip())]


def _columns(rows: list[list[Cell]]) -> Iterator[list[str | None]]:
    """One at a time: all of them at once would take as much memory again."""
    for position in range(len(rows[0])):
        cells = [row[position] for row in rows]
        yield [cell if type(cell) is str else _text(cell) for cell in cells]


def _text(cell: Cell) -> str:
    match cell:
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime():
            # Spreadsheets keep days as fractions: 11:02:10 comes back as 11:02:09.999.
            return str((cell + timedelta(milliseconds=500)).replace(microsecond=0))
        case _:
            return str(cell)
