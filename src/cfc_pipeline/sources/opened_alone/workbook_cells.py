"""Cells of a workbook's first sheet that is not empty, as text the way people see them: whole numbers without ".0",
dates as ISO 8601."""

import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import python_calamine as calamine

from .limits import MOST_COLUMNS, Columns, Refusal

Cell = int | float | str | bool | time | date | datetime | timedelta


def read_workbook(data: bytes) -> Columns:
    """Without the empty rows at the end. Refusal when it is damaged, or wider than any survey."""
    try:
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            for position in range(len(book.sheet_names)):
                rows = book.get_sheet_by_index(position).to_python(skip_empty_area=False)
                if rows and len(rows[0]) > MOST_COLUMNS:
                    raise Refusal("too wide")
                while rows and not any(cell != "" for cell in rows[-1]):
                    rows.pop()
                if rows and rows[0]:
                    return Columns(_columns(rows), {})
    except (calamine.CalamineError, OSError, ValueError):
        raise Refusal("damaged") from None
    return Columns((), {})


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
