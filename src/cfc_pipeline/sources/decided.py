"""CSV files in which people decide, such as corrections.csv, as they save them: spreadsheets write Windows-1252."""

from pathlib import Path
from typing import TextIO


def open_decided(path: Path) -> TextIO:
    """The file for the csv module, to be read."""
    if _is_utf8(path):
        return path.open(encoding="utf-8-sig", newline="")
    return path.open(encoding="cp1252", errors="replace", newline="")


def add_to_decided(path: Path) -> TextIO:
    """The file to write at its end, all of it UTF-8 from now on."""
    if path.exists() and not _is_utf8(path):
        building = path.with_name(f".{path.name}.new")
        building.touch(mode=0o600)
        building.write_bytes(path.read_bytes().decode("cp1252", errors="replace").encode())
        building.replace(path)
    return path.open("a", encoding="utf-8", newline="")


def _is_utf8(path: Path) -> bool:
    try:
        path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True
