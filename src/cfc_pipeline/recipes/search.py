"""Looking for words in every byte that a programme keeps: also inside sealed copies, archives and databases."""

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import polars as pl

from cfc_pipeline.identity.keys import Keys
from cfc_pipeline.identity.vault import list_raw
from cfc_pipeline.programme import Programme
from cfc_pipeline.recipes.arrivals import known_files

_PIECE = 1 << 24


def found_in(programme: Programme, keys: Keys, forms: list[str]) -> tuple[int, list[str]]:
    """How many files were searched, and the places that hold one of `forms`, which are in small letters.

    Places are names of files, told from the programme's folder; a file whose name itself tells is called by its number.
    """
    files = sorted(path for path in programme.folder.rglob("*") if path.is_file() and not path.is_symlink())
    places = [_place(path, number, programme, forms) for number, path in enumerate(files) if _holds(path, forms)]
    return len(files), places + _sealed(programme, keys, forms)


def _place(path: Path, number: int, programme: Programme, forms: list[str]) -> str:
    name = path.relative_to(programme.folder).as_posix()
    return f"file {number} of the folder" if _in_text(name, forms) else name


def _holds(path: Path, forms: list[str]) -> bool:
    if _in_text(path.name, forms) or _in_bytes(_pieces(path), forms):
        return True
    if path.suffix == ".duckdb":
        return _in_database(path, forms)
    if path.suffix == ".parquet":
        return _in_table(pl.read_parquet(path), forms)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return any(_in_bytes([archive.read(name)], forms) for name in archive.namelist())
    return False


def _pieces(path: Path) -> Iterator[bytes]:
    """With an overlap, so that nothing hides at a border."""
    with path.open("rb") as file:
        before = b""
        while piece := file.read(_PIECE):
            yield before + piece
            before = piece[-1000:]


def _in_bytes(pieces: Iterable[bytes], forms: list[str]) -> bool:
    wanted = [form.encode(code) for form in forms for code in ("utf-8", "utf-16-le")]
    return any(word in small for piece in pieces for small in [piece.lower()] for word in wanted)


def _in_text(text: str, forms: list[str]) -> bool:
    small = text.lower().replace("_", " ")
    return any(form in small for form in forms)


def _in_database(path: Path, forms: list[str]) -> bool:
    """Values as DuckDB reads them: in the file they may be compressed."""
    with duckdb.connect(str(path), read_only=True) as con:
        names = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return any(_in_table(con.execute(f'FROM "{name}"').pl(), forms) for name in names)


def _in_table(rows: pl.DataFrame, forms: list[str]) -> bool:
    columns = rows.select(pl.col(pl.String)).get_columns()
    return any(_in_column(column, forms) for column in columns)


def _in_column(column: pl.Series, forms: list[str]) -> bool:
    return bool(forms) and bool(column.unique().str.to_lowercase().str.contains_any(forms).any())


def _sealed(programme: Programme, keys: Keys, forms: list[str]) -> list[str]:
    """What lies in sealed copies, as it is on disk: read without the list of erased people."""
    places = []
    copies = list_raw(programme.restricted, keys)
    files, _ = known_files(copies, programme, keys, as_kept=True)
    for file in files:
        if _in_table(file.raw.rows.collect(), forms) or _in_text(file.name, forms):
            places.append(f"sealed copy {file.number}")
    return places
