"""XLSX workbooks as a Grid.

A workbook is a zip made by somebody else: before it is opened, its directory and the cell addresses inside are checked
for files made to fill a computer's memory. Cells become text the way people see them: whole numbers without ".0",
dates as ISO 8601.
"""

import io
import re
import zipfile
from datetime import date, datetime, time, timedelta

import polars as pl
import python_calamine as calamine

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources.grid import Grid, clean_head
from cfc_pipeline.sources.raw import ROW

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # .xls, and .xlsx behind a password
_ZIP = b"PK\x03\x04"
_MOST_FILES = 2_000
_MOST_BYTES = 2 << 30  # unpacked
_MOST_RATIO = 500  # unpacked to packed, of one file; real sheets stay under 100
_SMALL = 16 << 20  # bytes; below this a ratio means nothing
_MOST_CELLS = 60_000_000  # the sheet is held in memory from its first to its last cell
_BLOCK = 1 << 22
_ADDRESS = re.compile(rb'<c [^>]{0,99}?\br="([A-Z]{1,3})([0-9]{1,7})"')

Cell = int | float | str | bool | time | date | datetime | timedelta


def is_workbook(data: bytes, name: str) -> bool:
    """Whether the bytes are an XLSX file; ExportError for files that only look like one."""
    if data.startswith(_OLE):
        raise ExportError(
            "This is an old .xls workbook, or one with a password.",
            where=name,
            next_step="open it in the spreadsheet, save it as .xlsx without a password, and use that file",
        )
    return data.startswith(_ZIP)


def open_workbook(data: bytes, name: str) -> Grid:
    """The cells of the first sheet that is not empty. ExportError when it is damaged or too large."""
    _refuse_bombs(data, name)
    try:
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            sheets = (book.get_sheet_by_index(i).to_python(skip_empty_area=False) for i in range(len(book.sheet_names)))
            rows = next((rows for rows in sheets if any(cell != "" for row in rows for cell in row)), [])
    except (calamine.CalamineError, OSError, ValueError):
        raise _damaged(name) from None
    if not rows:
        raise ExportError("The workbook is empty.", where=name, next_step="download it again")
    records = [[_text(cell) for cell in row] for row in rows]
    while not any(records[-1]):
        records.pop()
    return _grid(records, name)


def _grid(records: list[list[str]], name: str) -> Grid:
    width = max(len(record) for record in records)
    columns = [list(column) for column in zip(*records, strict=True)]
    frame = pl.DataFrame(columns, schema={str(position): pl.String for position in range(width)})
    cells = frame.with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64))
    return Grid(name, clean_head(records, width), width, cells.lazy())


def _text(cell: Cell) -> str:
    match cell:
        case str():
            return cell
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime():
            # Spreadsheets keep days as fractions: 11:02:10 comes back as 11:02:09.999.
            return str((cell + timedelta(milliseconds=500)).replace(microsecond=0))
        case _:
            return str(cell)


def _refuse_bombs(data: bytes, name: str) -> None:
    """ExportError unless the zip is a workbook, whole, and of a size that a survey can have."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise ExportError(
                    "This is a zip archive, not an .xlsx workbook.",
                    where=name,
                    next_step="unpack it and use the CSV or XLSX file inside",
                )
            if len(files) > _MOST_FILES or sum(file.file_size for file in files) > _MOST_BYTES or _squeezed(files):
                raise _too_large(name)
            for file in files:
                _walk(archive, file, name)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise _damaged(name) from None


def _squeezed(files: list[zipfile.ZipInfo]) -> bool:
    return any(file.file_size > max(_SMALL, _MOST_RATIO * file.compress_size) for file in files)


def _walk(archive: zipfile.ZipFile, file: zipfile.ZipInfo, name: str) -> None:
    """Unpack one file without keeping it: its checksum proves the declared size, its addresses the sheet's size."""
    is_sheet = file.filename.startswith("xl/worksheets/")
    columns = rows = 0
    tail = b""
    with archive.open(file) as stream:
        while block := stream.read(_BLOCK):
            if is_sheet:
                for letters, number in _ADDRESS.findall(tail + block):
                    columns, rows = max(columns, _column(letters)), max(rows, int(number))
                tail = block[-128:]
    if columns * rows > _MOST_CELLS:
        raise _too_large(name)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _too_large(name: str) -> ExportError:
    return ExportError(
        "The workbook unpacks to more than a survey can hold.",
        where=name,
        next_step="copy the rows into a new workbook, or download the file as CSV",
    )


def _damaged(name: str) -> ExportError:
    return ExportError("The workbook is damaged or cut short.", where=name, next_step="download it again")
