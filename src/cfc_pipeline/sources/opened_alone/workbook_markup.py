"""What a worksheet says beside its values, from its XML: rows that nobody sees, cells that are merged, and cells that
show an error, or a formula that no program has worked out. The library gives all of these as ordinary or empty cells.

Only the plain way is understood that spreadsheet programs write; of anything else nothing is said. What stands in a tag
has a limit, so that a file of tags without an end takes no time.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

_MOST = 512 << 20  # bytes; a sheet that is larger is not looked through
_SHEET = re.compile(rb"<sheet\b[^>]*\br:id=\"([^\"]+)\"")
_PART = re.compile(rb"<Relationship\b[^>]*>")
_HIDDEN = re.compile(rb"<row\b[^>]{0,400}\bhidden=\"(?:1|true)\"[^>]{0,400}(?<!/)>")
_ERROR = re.compile(rb"<c\b([^>]{0,200}\bt=\"e\"[^>]{0,200})>")
# A formula without a value behind it. Where it is a text, an empty one is its value.
_UNSOLVED = re.compile(
    rb"<c\b((?:(?!\bt=\"str\")[^>]){0,400})><f\b(?:[^>]{0,400}/>|[^>]{0,400}>[^<]*</f>)(?!\s*<v>[^<])"
)
_ADDRESS = re.compile(rb"\br=\"([A-Z]{1,3})(\d{1,7})\"")


@dataclass(frozen=True)
class Markup:
    hidden_rows: int = 0
    merged: bool = False
    errors: tuple[tuple[int, int], ...] = ()  # row and column of cells without a value of their own, from 0


def markup(data: bytes, position: int) -> Markup:
    """Of the sheet at this position in the workbook."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        part = _part(archive, position)
        if part is None or archive.getinfo(part).file_size > _MOST:
            return Markup()
        text = archive.read(part)
    errors = tuple(_places(_ERROR, text)) if b't="e"' in text else ()
    unsolved = tuple(_places(_UNSOLVED, text)) if b"<f" in text else ()
    return Markup(len(_HIDDEN.findall(text)), b"<mergeCell " in text, errors + unsolved)


def _part(archive: zipfile.ZipFile, position: int) -> str | None:
    names = set(archive.namelist())
    listed = "xl/_rels/workbook.xml.rels"
    if listed not in names:
        return None
    ids = _SHEET.findall(archive.read("xl/workbook.xml"))
    for part in _PART.findall(archive.read(listed)) if position < len(ids) else ():
        target = re.search(rb"\bTarget=\"([^\"]+)\"", part)
        if target and re.search(rb"\bId=\"" + re.escape(ids[position]) + rb"\"", part):
            written = target[1].decode("utf-8", "replace")
            path = written[1:] if written.startswith("/") else f"xl/{written}"
            return path if path in names else None
    return None


def _places(pattern: re.Pattern[bytes], text: bytes) -> Iterator[tuple[int, int]]:
    for cell in pattern.finditer(text):
        if address := _ADDRESS.search(cell[1]):
            column = 0
            for letter in address[1]:
                column = column * 26 + letter - ord("A") + 1
            yield int(address[2]) - 1, column - 1
