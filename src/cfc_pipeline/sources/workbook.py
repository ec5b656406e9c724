"""XLSX workbooks as a Grid.

A workbook is a zip made by somebody else: before it is opened, its directory and the cell addresses inside are checked
for files made to fill a computer's memory. Only a small one in which every cell says where it is gets opened here; all
others are opened in a process with limits (child.py), because the library believes what a file says of itself.
"""

import io
import re
import zipfile
import zlib

import polars as pl

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources.addresses import extent
from cfc_pipeline.sources.child import as_cells, in_child, refusal
from cfc_pipeline.sources.grid import HEAD, Grid, clean_head
from cfc_pipeline.sources.opened_alone.limits import MOST_CELLS, MOST_COLUMNS, Refusal
from cfc_pipeline.sources.opened_alone.workbook_cells import read_workbook
from cfc_pipeline.sources.raw import ROW

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # .xls, and .xlsx behind a password
_ZIP = b"PK\x03\x04"
_MOST_FILES = 2_000
_MOST_BYTES = 2 << 30  # unpacked
_MOST_RATIO = 500  # unpacked to packed, of one file; real sheets stay under 100
_SMALL = 16 << 20  # bytes; below this a ratio means nothing
_IN_PROCESS = 512 << 20  # bytes that the cells could be at most, when each holds all the texts of the workbook
_BLOCK = 1 << 19  # bytes looked at in one go; more is slower, it leaves the processor's cache
_ENTITIES = re.compile(rb"<!(?:DOCTYPE|ENTITY)")


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
    try:
        small = _is_small(data, name)
        cells = as_cells(read_workbook(data)) if small else in_child("workbook", data, name, "workbook")
    except Refusal as refused:
        raise refusal(refused.why, name, "workbook") from None
    if not cells.frame.height:
        raise ExportError("The workbook is empty.", where=name, next_step="download it again")
    frame, width = cells.frame, cells.frame.width
    head = [list(record) for record in frame.head(HEAD).rows()]
    numbered = frame.with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64))
    return Grid(name, clean_head(head, width), width, numbered.lazy(), tuple(cells.about["warnings"]))


def _is_small(data: bytes, name: str) -> bool:
    """Whether it can be opened here. ExportError unless the zip is a workbook, whole, and as large as surveys are."""
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
                raise Refusal("too large")
            if len({file.filename for file in files}) < len(files) or sum(f.compress_size for f in files) > len(data):
                raise Refusal("damaged")  # files inside that share bytes or a name are made by nobody in good faith
            sizes = [_walk(archive, file) for file in files]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, zlib.error):
        raise Refusal("damaged") from None
    texts = sum(file.file_size for file in files if not _is_sheet(file))
    return None not in sizes and sum(filter(None, sizes)) * (texts + 100) < _IN_PROCESS


def _is_sheet(file: zipfile.ZipInfo) -> bool:
    return file.filename.lower().startswith("xl/worksheets/")


def _squeezed(files: list[zipfile.ZipInfo]) -> bool:
    return any(file.file_size > max(_SMALL, _MOST_RATIO * file.compress_size) for file in files)


def _walk(archive: zipfile.ZipFile, file: zipfile.ZipInfo) -> int | None:
    """Unpack one file without keeping it: its checksum proves the declared size, its addresses the sheet's size.

    Returns the cells of the sheet's rectangle, 0 for other files, None where some cell does not say where it is.
    """
    columns = rows = placed = cells = 0
    tail = b""
    plain = True
    with archive.open(file) as stream:
        while block := stream.read(_BLOCK):
            text, whole = tail + block, len(block) < _BLOCK
            cut = len(text) if whole else text.rfind(b"<")
            text, tail = (text[:cut], text[cut:]) if cut > 0 else (text, b"")
            if b"!" in text and _ENTITIES.search(text):
                raise Refusal("damaged")  # no spreadsheet program writes them, and a few can stand for gigabytes
            if _is_sheet(file):
                plain = plain and b"\0" not in text
                found = extent(text)
                cells, placed = cells + found.cells, placed + found.placed
                columns, rows = max(columns, found.columns), max(rows, found.rows)
    if columns > MOST_COLUMNS:
        raise Refusal("too wide")
    if columns * rows > MOST_CELLS:
        raise Refusal("too large")
    return columns * rows if plain and placed == cells else None
