"""Rows of cells into files: delimited text and workbooks, the same bytes for the same cells."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import xlsxwriter

from cfc_pipeline.demo.export_columns import Cell


def write_text(
    path: Path,
    rows: Iterable[Sequence[Cell]],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    mark: str = "",
    line_end: str = "\n",
    quoting: Literal[0, 1] = csv.QUOTE_MINIMAL,
    end: str = "",
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(rows)
    # What Windows-1252 cannot hold becomes a question mark, as in Excel.
    path.write_bytes((mark + text.getvalue() + end).encode(encoding, errors="replace"))


def write_workbook(path: Path, rows: Iterable[Sequence[Cell]], *, sheet_name: str = "") -> None:
    # Text stays text: what respondents type must not become a formula or a link when somebody opens the file.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC)})
        clock = book.add_format({"num_format": "m/d/yy hh:mm:ss"})
        sheet = book.add_worksheet((sheet_name or "Sheet1")[:31])
        for row, record in enumerate(rows):
            for position, cell in enumerate(record):
                if isinstance(cell, datetime):
                    sheet.write_datetime(row, position, cell, clock)
                elif isinstance(cell, int):
                    sheet.write_number(row, position, cell)
                elif cell:
                    sheet.write_string(row, position, cell)
