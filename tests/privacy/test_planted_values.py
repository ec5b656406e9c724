"""None of the values planted in the demo's exports is in any byte that leaves the restricted folder."""

import io
import sqlite3
import zipfile
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from cfc_pipeline.demo.planted import Planted


def everything_in(path: Path) -> bytes:
    """A file's bytes, and what is inside where the bytes are compressed."""
    parts = [path.read_bytes()]
    if path.suffix == ".duckdb":
        parts.append(_database(path))
    elif path.suffix == ".parquet":
        table = pq.read_table(path)
        parts += [str(table.schema).encode(), str(table.to_pylist()).encode()]
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            parts += [archive.read(name) for name in archive.namelist()]
    elif path.suffix == ".db":
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as con:
            parts.append("\n".join(con.iterdump()).encode())
    return b"\n".join(parts)


def _database(path: Path) -> bytes:
    said = io.StringIO()
    with duckdb.connect(str(path), read_only=True) as con:
        for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            said.write(str(con.execute(f'SELECT * FROM "{name}"').fetchall()))
    return said.getvalue().encode()


def leaks(planted: Planted, text: bytes) -> int:
    """How many planted values are there, in any case; never which, because this ends up in a log."""
    low = text.lower()
    wide = low.replace(b"\0", b"")
    return sum(value.lower().encode() in low or value.lower().encode() in wide for value in planted.values)


def test_the_scan_finds_what_is_there(demo):
    """A scan that cannot find anything proves nothing: the exports themselves are full of planted values.

    Not all: moments are planted in every way of writing them, and each file uses one.
    """
    inbox = b"".join(everything_in(p) for p in (demo.planted.folder / "inbox").iterdir())
    assert leaks(demo.planted, inbox) > 0.8 * len(demo.planted.values) > 100


@pytest.mark.parametrize(
    "where", ["data/warehouse.duckdb", "data/analysis.duckdb", "data/restricted", "data/prefect", "releases", "."]
)
def test_nothing_planted_is_in_any_file(demo, where):
    top = demo.folder / where
    files = [top] if top.is_file() else [p for p in top.rglob("*") if p.is_file()]
    # The manager's own corrections name addresses; the file is the manager's and never read by anybody else.
    found = {
        p.relative_to(demo.folder): leaks(demo.planted, everything_in(p)) for p in files if p.name != "corrections.csv"
    }
    assert found
    assert {path: count for path, count in found.items() if count} == {}


def test_nothing_planted_is_on_the_console(demo):
    assert leaks(demo.planted, demo.console.encode()) == 0


def test_the_inbox_is_empty(demo):
    assert list((demo.folder / "inbox").glob("[!.]*")) == []
