"""All tables in one workbook, after the UK Analysis Function's advice on accessible spreadsheets: a contents sheet, a
notes sheet, then one sheet for each table with one header row, no merged cells, and numbers that stay numbers beside
the mark of a hidden cell. Text is always written as text: nothing in it can become a formula or a link."""

from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

import xlsxwriter

from cfc_pipeline.publish.html import notes
from cfc_pipeline.publish.model import FIRST_ROW, Column, PublishedTable, headings
from cfc_pipeline.publish.written import texts

# Text stays text even where a later change would call the general `write`.
OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
WIDTH = 60  # characters of the widest text column


def write_workbook(tables: list[PublishedTable], path: Path, *, title: str, about: list[str], when: datetime) -> None:
    """`tables` are as_written; `about` are lines for the contents sheet. Same input, same bytes: the only time in
    the file is `when`."""
    with xlsxwriter.Workbook(str(path), OPTIONS) as book:
        # A fixed creation date; XlsxWriter would write the present one. It wants no zone and means UTC.
        book.set_properties({"title": title, "created": when.astimezone(UTC).replace(tzinfo=None)})
        formats = _Formats(book)
        _contents(book, formats, tables, title, about)
        _notes(book, formats, tables)
        for table in tables:
            _sheet(book, formats, table)


def sheet_name(table: PublishedTable) -> str:
    """Excel allows 31 characters."""
    return table.name[:31]


class _Formats:
    """The workbook's cell formats, each made once."""

    def __init__(self, book: Any) -> None:
        self._book, self._made = book, {}  # type: ignore[var-annotated]
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self.heading = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self.mark = book.add_format({"align": "right"})

    def figure(self, column: Column) -> Any:
        digits = "0." + "0" * column.decimals if column.kind != "count" and column.decimals else "0"
        if column.kind == "p":
            step = f"{10**-column.decimals:.{column.decimals}f}"
            digits = f'[<{step}]"<{step}";{digits}'  # the cell holds 0, and is read as "less than the last digit"
        elif column.kind == "count":
            digits = "#,##0"
        if digits not in self._made:
            self._made[digits] = self._book.add_format({"num_format": digits})
        return self._made[digits]


def _contents(book: Any, formats: _Formats, tables: list[PublishedTable], title: str, about: list[str]) -> None:
    sheet = book.add_worksheet("Contents")
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 90)
    sheet.write_string(0, 0, title, formats.title)
    for row, line in enumerate(about, start=1):
        sheet.write_string(row, 0, line)
    first = len(about) + 2
    rows = [("Sheet", "What it shows"), ("Notes", "How to read the tables, and what was hidden")]
    rows += [(sheet_name(table), f"{table.title}. {table.shows}") for table in tables]
    for row, (name, what) in enumerate(rows, start=first):
        heading = formats.heading if row == first else formats.wrapped
        sheet.write_string(row, 0, name, heading)
        sheet.write_string(row, 1, what, heading)


def _notes(book: Any, formats: _Formats, tables: list[PublishedTable]) -> None:
    sheet = book.add_worksheet("Notes")
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 110)
    said = [notes(table) for table in tables]
    of_all = [note for note in said[0] if all(note in its for its in said)] if len(tables) > 1 else []
    own = [(sheet_name(t), n) for t, its in zip(tables, said, strict=True) for n in (t.people, *its) if n not in of_all]
    rows = [("Table", "Note"), *(("All tables", note) for note in of_all), *own]
    for row, (name, note) in enumerate(rows):
        sheet.write_string(row, 0, name, formats.wrapped if row else formats.heading)
        sheet.write_string(row, 1, note, formats.wrapped if row else formats.heading)
    sheet.freeze_panes(1, 0)


def _sheet(book: Any, formats: _Formats, table: PublishedTable) -> None:
    sheet = book.add_worksheet(sheet_name(table))
    sheet.write_string(0, 0, table.title, formats.title)
    sheet.write_string(1, 0, f"{table.shows} {table.people} Marks and rules: see the sheet Notes.")
    for i, heading in enumerate(headings(table)):
        sheet.write_string(FIRST_ROW - 2, i, heading, formats.heading)
    for i, column in enumerate(table.columns):
        cells = texts(table, column)
        width = max([len(text) for text in cells], default=0) if column.kind == "text" else 10
        sheet.set_column(i, i, min(max(width, 10), WIDTH))
        of_figures = formats.figure(column)
        for row, text in enumerate(cells, start=FIRST_ROW - 1):
            if column.kind == "text":
                sheet.write_string(row, i, text)
            elif text.startswith("["):
                sheet.write_string(row, i, text, formats.mark)
            else:
                sheet.write_number(row, i, float(text), of_figures)
    sheet.freeze_panes(FIRST_ROW - 1, len(list(takewhile(lambda c: c.kind == "text", table.columns))))
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(FIRST_ROW - 2)
