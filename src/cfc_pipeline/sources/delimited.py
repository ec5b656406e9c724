"""CSV and TSV files as a Grid: encoding, delimiter, and quotes.

Polars reads fast but forgives: it pairs stray quotation marks its own way and never says so, and its errors quote
cells. So the text is first checked whole (a fraction of a second per million rows); regular text is left to polars,
lazily, and anything else goes through Python's csv module, which is slow but exact and can name the row.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator

import numpy as np
import polars as pl

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources.child import refusal
from cfc_pipeline.sources.grid import HEAD, Grid, clean_head, long_rows
from cfc_pipeline.sources.opened_alone.limits import MOST_COLUMNS
from cfc_pipeline.sources.raw import ROW

# UTF-32 first: its little-endian mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS = (",", ";", "\t")
# How files begin that people take for a CSV file, because that is what the download is called.
_DISGUISED = (
    (
        re.compile(rb"(?i)\s*<(!doctype|html|head|body|\?xml|table)\b"),
        "a web page",
        "sign in to the tool, then download",
    ),
    (
        re.compile(rb"\s*(\{\s*[\"}]|\[\s*[\[{\]])"),
        "a JSON answer of a program",
        "download the responses as CSV or XLSX",
    ),
    (re.compile(rb"%PDF-"), "a PDF document", "download the responses as CSV or XLSX"),
    (re.compile(rb"\{\\rtf"), "a text document", "download the responses as CSV or XLSX"),
    (re.compile(rb"\x1f\x8b|7z\xbc\xaf|Rar!|BZh\d|\xfd7zXZ"), "a packed archive", "unpack it and use the file inside"),
    (re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8"), "a picture", "download the responses as CSV or XLSX"),
    (re.compile(rb"PAR1|SQLite format 3"), "a database", "download the responses as CSV or XLSX"),
)
# UTF-8 that was once read as Windows-1252 and saved again: an e with an accent is then A with a tilde and a sign.
_TWICE = re.compile(rb"\xc3(?:[\x82\x83]\xc2[\x80-\xbf]|\xa2\xe2\x82\xac)")
_SEPARATOR_LINE = re.compile(
    rb"(?i)\"?sep=([,;\t])\"?\r?\n"
)  # for Excel, which does not show it and numbers no row for it
_LONE_CR = re.compile(rb"\r(?!\n)")
_HEADER = (1 << 16, 16 << 20)  # bytes in which the first records are looked for before anything is parsed
_KEPT = 64 << 20  # bytes of a file whose cells are kept once parsed; larger ones are parsed twice, for memory
_BLOCK = 1 << 17  # bytes looked at in one go; more is slower, it leaves the processor's cache


def open_delimited(data: bytes, name: str) -> Grid:
    """The cells of delimited text. ExportError names the row where it cannot be read."""
    _refuse_disguised(data, name)
    text, warnings = _utf8(data, name)
    _refuse_nul(text, name)
    text = _SEPARATOR_LINE.sub(b"", text, count=1) if _SEPARATOR_LINE.match(text) else text
    _refuse_wide(text, name)
    delimiter = _delimiter(text, name)
    head = _head(text, delimiter, name)
    width = max(len(record) for record in head)
    cells = _fast(text, delimiter, width) if _is_regular(text, delimiter) else None
    if cells is None:
        cells = _exact(text, delimiter, width, name)
    return Grid(name, clean_head(head, width), width, cells, (*warnings, *_doubts(text, delimiter, width)))


def _refuse_disguised(data: bytes, name: str) -> None:
    start = data[:512].removeprefix(codecs.BOM_UTF8)
    for beginning, what, next_step in _DISGUISED:
        if beginning.match(start):
            raise ExportError(f"This is {what}, not an export.", where=name, next_step=next_step)


def _refuse_wide(text: bytes, name: str) -> None:
    """Before anything is parsed: a hundred million empty cells are a small file and a full memory."""
    for line in _first_lines(text):
        if any(line.count(delimiter.encode()) >= MOST_COLUMNS for delimiter in _DELIMITERS):
            raise refusal("too wide", name, "file")


def _first_lines(text: bytes) -> list[bytes]:
    """The first records without what is in quotation marks. Most files have them in their first bytes."""
    lines: list[bytes] = []
    for size in _HEADER:
        outside = b"".join(text[:size].split(b'"')[::2]).replace(b"\r", b"\n")
        lines = outside.split(b"\n", HEAD)
        if len(lines) > HEAD:
            break
    return lines[:HEAD]


def _doubts(text: bytes, delimiter: str, width: int) -> Iterator[str]:
    if b"\xc3" in text and _TWICE.search(text):
        yield "some letters look as if the text had been converted twice; they are kept as they are"
    last = text[max(text.rfind(b"\n"), text.rfind(b"\r")) + 1 :]
    if last and b'"' not in last and last.count(delimiter.encode()) + 1 < width:
        yield "the last row has no line end and fewer cells than the header; the download may have been cut short"


def _utf8(data: bytes, name: str) -> tuple[bytes, tuple[str, ...]]:
    """The same text in UTF-8 without a mark, and what had to be assumed."""
    encoding = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)
    if encoding:
        try:
            return data.decode(encoding).encode(), ()
        except UnicodeError:
            raise ExportError(
                f"The file begins as {encoding.upper()} text but is damaged.",
                where=name,
                next_step="download it again; if it was cut short, so was the data",
            ) from None
    data = data.removeprefix(codecs.BOM_UTF8)
    return (data, ()) if _is_utf8(data) else _from_windows(data)


def _is_utf8(data: bytes) -> bool:
    decode = codecs.getincrementaldecoder("utf-8")().decode
    view = memoryview(data)
    try:
        for start in range(0, len(data), _BLOCK):
            decode(view[start : start + _BLOCK])
        decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _from_windows(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    # Excel's "CSV" is Windows-1252 on western machines. Accepted: a file in another old code page, or UTF-8 with a
    # broken byte, shows wrong accents; the warning says so, and labels that no longer match are refused later.
    text = data.decode("cp1252", errors="replace")
    unknown = text.count("\ufffd")
    warning = "not UTF-8; read as Windows-1252, so check accents and dashes"
    if unknown:
        warning += f" ({unknown} bytes mean nothing in it and became question marks)"
    return text.encode(), (warning,)


def _refuse_nul(text: bytes, name: str) -> None:
    at = text.find(b"\0")
    if at >= 0:
        row = max(1, sum(1 for _ in csv.reader(_lines(text[:at]))))
        raise ExportError(
            "The file holds bytes that no text has: it is damaged, or not a CSV file.",
            where=f"{name}, row {row}",
            next_step="download it again as CSV or XLSX",
        )


def _lines(text: bytes) -> io.TextIOWrapper:
    # No translation of line ends: a line break inside quotes belongs to the cell.
    return io.TextIOWrapper(io.BytesIO(text), encoding="utf-8", newline="")


def _records(text: bytes, delimiter: str, name: str) -> Iterator[list[str]]:
    """Every record. ExportError where a quotation mark makes no sense."""
    done = 0
    try:
        for record in csv.reader(_lines(text), delimiter=delimiter, strict=True):
            done += 1
            yield record
    except csv.Error:
        raise ExportError(
            "A quotation mark is missing or misplaced, so it is not clear where a cell ends.",
            where=f"{name}, in or after row {done + 1}",
            next_step="download the file again; if it was edited by hand, save it from the spreadsheet as CSV or XLSX",
        ) from None


def _delimiter(text: bytes, name: str) -> str:
    """What cuts the first record into most cells. Only the header decides: answers hold all kinds of marks."""
    widths: dict[str, int] = {}
    for delimiter in _DELIMITERS:
        try:
            records = csv.reader(_lines(text), delimiter=delimiter, strict=True)
            widths[delimiter] = len(next((record for record in records if any(record)), []))
        except csv.Error:
            continue
    if not widths or max(widths.values()) == 0:
        problem = "The first row cannot be read." if text.strip() else "The file is empty."
        raise ExportError(problem, where=name, next_step="download the file again")
    return max(widths, key=lambda delimiter: widths[delimiter])


def _head(text: bytes, delimiter: str, name: str) -> list[list[str]]:
    records = _records(text, delimiter, name)
    return [record for record, _ in zip(records, range(HEAD), strict=False)]


def _is_regular(text: bytes, delimiter: str) -> bool:
    """Whether every line break and quotation mark is where RFC 4180 wants it, so that readers cannot disagree."""
    only_crlf = b"\r" not in text or not _LONE_CR.search(text)
    return only_crlf and (b'"' not in text or _quotes_pair_up(text, delimiter))


def _quotes_pair_up(text: bytes, delimiter: str) -> bool:
    """Every odd quotation mark opens a cell and every even one closes it; a doubled one closes and opens again."""
    fence = np.zeros(256, dtype=bool)
    fence[[ord(delimiter), ord("\n"), ord("\r"), ord('"')]] = True
    framed = np.frombuffer(text, dtype=np.uint8)
    seen = 0
    for start in range(0, len(text), _BLOCK):
        at = np.flatnonzero(framed[start : start + _BLOCK] == ord('"')) + start
        opening, closing = at[seen % 2 :: 2], at[1 - seen % 2 :: 2]
        # Clipped: at the first and the last byte a quotation mark is its own neighbour.
        before, after = framed.take(opening - 1, mode="clip"), framed.take(closing + 1, mode="clip")
        if not (fence.take(before).all() and fence.take(after).all()):
            return False
        seen += len(at)
    return seen % 2 == 0


def _fast(text: bytes, delimiter: str, width: int) -> pl.LazyFrame | None:
    """All records, lazily; None when a record is longer than `width`."""
    # The blank record at the end of some tools' files is no row; blank ones between rows are, and are counted.
    if text.endswith((b"\n\n", b"\n\r\n")):
        text = text.rstrip(b"\r\n")
    cells = pl.scan_csv(
        text,
        has_header=False,
        schema={str(position): pl.String for position in range(width)},
        separator=delimiter,
        missing_columns="insert",  # records may be short: spreadsheets leave out empty cells at the end
        row_index_name=ROW,
        row_index_offset=1,
    )
    try:
        # Every cell is read here, so that nothing can fail later where a message might quote a cell.
        if len(text) < _KEPT:
            cells = cells.collect(engine="streaming").lazy()
        else:
            cells.select(pl.exclude(ROW).count()).collect(engine="streaming")
    except pl.exceptions.PolarsError:
        return None
    return cells.with_columns(pl.col(ROW).cast(pl.Int64))


def _exact(text: bytes, delimiter: str, width: int, name: str) -> pl.LazyFrame:
    """All records by way of Python's csv module; ExportError when some are longer than the header."""
    records = list(_records(text, delimiter, name))
    while records and not any(records[-1]):
        records.pop()
    too_long = [row for row, record in enumerate(records, start=1) if any(cell.strip() for cell in record[width:])]
    if too_long:
        raise long_rows(name, too_long)
    columns: dict[str, list[str | None] | range] = {ROW: range(1, len(records) + 1)}
    for position in range(width):
        columns[str(position)] = [record[position] if position < len(record) else None for record in records]
    schema = {ROW: pl.Int64} | {str(position): pl.String for position in range(width)}
    return pl.DataFrame(columns, schema=schema).lazy()
