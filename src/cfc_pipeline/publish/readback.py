"""Reads every file of a release back, each with another library than the one that wrote it, and compares it cell by
cell with the table: same figures in the same precision, same hidden cells, same text, no cell too many. HTML is also
checked to hold no markup but a table's own, and the workbook no formula. Runs before a release becomes visible."""

import csv
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

import polars as pl
import python_calamine

from cfc_pipeline.disclosure.protected import MARK, NOT_APPLICABLE
from cfc_pipeline.errors import ReleaseError
from cfc_pipeline.publish.html import Shown, shown_columns
from cfc_pipeline.publish.model import Column, PublishedTable
from cfc_pipeline.publish.spreadsheet import sheet_name
from cfc_pipeline.publish.tidy import restore
from cfc_pipeline.publish.written import number, texts

Cells = dict[str, list[str]]  # column key: its cells as written.texts gives them

TAGS = {"table", "caption", "thead", "tbody", "tr", "th", "td", "abbr", "span"}
ATTRIBUTES = {"class", "id", "scope", "headers", "colspan", "rowspan", "title"}
ATTRIBUTES |= {"data-quarto-disable-processing", "data-quarto-bootstrap"}  # Great Tables' own
END = "</table>"


def check_files(tables: list[PublishedTable], folder: Path) -> None:
    """Compares `folder`/tables/* and `folder`/tables.xlsx with `tables` (as_written); ReleaseError on a difference."""
    book = folder / "tables.xlsx"
    _check_no_formula(book)
    for table in tables:
        readers: dict[Path, Callable[[Path, PublishedTable], Cells]] = {
            folder / "tables" / f"{table.name}.html": read_html,
            folder / "tables" / f"{table.name}.csv": read_csv,
            folder / "tables" / f"{table.name}.parquet": read_parquet,
            book: read_sheet,
        }
        expected = {c.key: texts(table, c) for c in table.columns}
        for path, read in readers.items():
            _compare(expected, read(path, table), f"{path.name}, table {table.name}")


def read_csv(path: Path, table: PublishedTable) -> Cells:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, strict=True)
    if any(len(row) != len(header) for row in rows):
        raise _differs(f"{path.name}: number of cells in a row")
    cells = {restore(key): [row[i] for row in rows] for i, key in enumerate(header)}
    kinds = {c.key: c.kind for c in table.columns}
    return {
        key: [restore(text) for text in column] if kinds.get(key) == "text" else column for key, column in cells.items()
    }


def read_parquet(path: Path, table: PublishedTable) -> Cells:
    frame = pl.read_parquet(path)
    cells: Cells = {}
    for c in table.columns:
        values = frame[c.key].to_list()
        if c.kind == "text":
            cells[c.key] = [NOT_APPLICABLE if v is None else v for v in values]
            continue
        hidden = frame[f"{c.key}_hidden"]
        if not hidden.equals(table.hidden[c.key].cast(pl.String).alias(hidden.name)):
            raise _differs(f"{path.name}, column {c.key}_hidden")
        absent = [NOT_APPLICABLE if reason is None else MARK for reason in hidden]
        cells[c.key] = [mark if v is None else _digits(v, c) for v, mark in zip(values, absent, strict=True)]
    extra = [key for key in frame.columns if key.removesuffix("_hidden") not in cells]
    return cells | {key: [] for key in extra}


def read_sheet(path: Path, table: PublishedTable) -> Cells:
    book = python_calamine.CalamineWorkbook.from_path(path)
    rows = book.get_sheet_by_name(sheet_name(table)).to_python(skip_empty_area=False)[3:]
    width = len(rows[0]) if rows else len(table.columns)
    if width != len(table.columns):
        raise _differs(f"{path.name}, sheet {sheet_name(table)}: number of columns")
    return {
        c.key: [cell if isinstance(cell, str) else _digits(cell, c) for cell in (row[i] for row in rows)]
        for i, c in enumerate(table.columns)
    }


def read_html(path: Path, table: PublishedTable) -> Cells:
    shown = shown_columns(table)
    cells: Cells = {c.key: [] for c in table.columns}
    group = ""
    for row in _Grid(path).rows():
        if len(row) == 1 and table.row_group:
            group = row[0]
            continue
        if len(row) != len(shown):
            raise _differs(f"{path.name}: number of cells in a row")
        if table.row_group:
            cells[table.row_group].append(group)
        for s, text in zip(shown, row, strict=True):
            for part, cell in zip(s.parts, _ends(s, text), strict=True):
                cells[part.key].append(cell if part.kind == "text" else _from_people(cell, part))
    return cells


@dataclass
class _Cell:
    rows: int
    text: str = ""


class _Grid:
    """The rows of the body of the table on a page; refuses any markup inside it that Great Tables or we do not write.

    It is read as XML, which is stricter than a browser: what is not closed, not quoted or not escaped is refused, and
    so is a second table.
    """

    def __init__(self, path: Path) -> None:
        self._cells: list[list[_Cell]] = []
        self._name, self._in_body, self._in_cell = path.name, False, False
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._data
        parser.CommentHandler = parser.ProcessingInstructionHandler = parser.StartCdataSectionHandler = self._refuse
        page = path.read_text(encoding="utf-8")
        try:
            parser.Parse(page[page.find("<table") : page.rfind(END) + len(END)], True)
        except expat.ExpatError:
            self._refuse()

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag not in TAGS or attributes.keys() - ATTRIBUTES:
            self._refuse()
        if tag == "tbody":
            self._in_body = True
        elif tag == "tr" and self._in_body:
            self._cells.append([])
        elif tag in {"th", "td"} and self._in_body:
            self._in_cell = True
            self._cells[-1].append(_Cell(rows=int(attributes.get("rowspan") or 1)))

    def _end(self, tag: str) -> None:
        if tag in {"th", "td"}:
            self._in_cell = False
        elif tag == "tbody":
            self._in_body = False

    def _data(self, data: str) -> None:
        if self._in_cell:
            self._cells[-1][-1].text += data

    def _refuse(self, *_: object) -> None:
        raise _differs(f"{self._name}: markup that does not belong in a table") from None

    def rows(self) -> list[list[str]]:
        """Each row's texts; a cell that spans rows stands in every one of them."""
        rows: list[list[str]] = []
        reaching: dict[int, _Cell] = {}  # column: the cell above that reaches down into this row
        for cells in self._cells:
            row: list[str] = []
            next_reaching: dict[int, _Cell] = {}
            fresh = iter(cells)
            while (cell := reaching.get(len(row)) or next(fresh, None)) is not None:
                cell.rows -= 1
                if cell.rows:
                    next_reaching[len(row)] = cell
                row.append(cell.text)
            rows.append(row)
            reaching = next_reaching
        return rows


def _ends(shown: Shown, text: str) -> list[str]:
    if len(shown.parts) == 1:
        return [text]
    low, to, high = text.partition(" to ")
    return [low, high] if to else [text, text]


def _from_people(text: str, column: Column) -> str:
    if text in {MARK, NOT_APPLICABLE}:
        return text
    if column.kind == "p" and text == "<" + number(10**-column.decimals, column):
        return number(0, column)
    return text.replace("−", "-").replace(",", "")


def _digits(value: object, column: Column) -> str:
    """The written digits of a number, or, where the file holds more digits than were meant to be written, all."""
    if not isinstance(value, int | float):
        return repr(type(value))  # a date or a truth value is a difference, whatever it says
    text = number(value, column)
    return text if abs(float(text) - value) < 1e-12 * max(1, abs(value)) else repr(value)


def _compare(expected: Cells, found: Cells, where: str) -> None:
    if expected.keys() != found.keys():
        raise _differs(f"{where}: columns")
    for key, cells in expected.items():
        if len(cells) != len(found[key]):
            raise _differs(f"{where}, column {key}: number of rows")
        wrong = [i + 1 for i, (a, b) in enumerate(zip(cells, found[key], strict=True)) if a != b]
        if wrong:
            rows = ", ".join(map(str, wrong[:5])) + (" ..." if len(wrong) > 5 else "")
            raise _differs(f"{where}, column {key}, {len(wrong)} rows: {rows}")


def _check_no_formula(book: Path) -> None:
    with zipfile.ZipFile(book) as parts:
        for name in parts.namelist():
            if name.startswith("xl/worksheets/") and (b"<f>" in (xml := parts.read(name)) or b"<f " in xml):
                raise _differs(f"{book.name}: a formula")


def _differs(where: str) -> ReleaseError:
    return ReleaseError(
        "A file did not read back as it was written, so nothing was released",
        where=where,
        next_step="this is a defect of cfc-pipeline, not of the data; earlier releases are untouched",
    )
