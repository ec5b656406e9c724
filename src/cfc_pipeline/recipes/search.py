"""Looking for words in every byte of a folder: also inside archives, databases and, for a programme, sealed copies."""

import base64
import html
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import duckdb
import polars as pl

from cfc_pipeline.identity.erased import AN_ADDRESS, who_columns
from cfc_pipeline.identity.keys import Keys
from cfc_pipeline.identity.shredded import STAND_IN
from cfc_pipeline.identity.vault import list_raw
from cfc_pipeline.intake.batch import File
from cfc_pipeline.intake.cells import resolve
from cfc_pipeline.programme import Programme
from cfc_pipeline.recipes.arrivals import known_files
from cfc_pipeline.sources.raw import READER_COLUMNS

_PIECE = 1 << 24
_LONG_ENOUGH = 8  # what is shorter is in every file by chance, once it is written in another way


def found_in(programme: Programme, keys: Keys, forms: list[str], *, shredded: bool = False) -> tuple[int, list[str]]:
    """How many files were searched, and the places that hold one of `forms`; of sealed copies only those that are
    `shredded`, if that is said.

    Places are names of files, told from the programme's folder; a file whose name itself tells is called by its number.
    """
    files, places = search(programme.folder, forms)
    return files, places + _sealed(programme, keys, forms, shredded=shredded)


def search(folder: Path, words: Sequence[str]) -> tuple[int, list[str]]:
    """The same for any folder, without what is sealed."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    needles = written(words)
    told = _told(files, needles)
    places = [
        _place(path, number, folder, needles)
        for number, (path, by_name) in enumerate(zip(files, told, strict=True))
        if by_name or _holds(path, needles)
    ]
    return len(files), places


def written(words: Iterable[str]) -> list[str]:
    """Each word as bytes may hold it, read as Latin-1: in UTF-8 and UTF-16, and as web addresses, HTML, JSON and base64
    write it; also in capitals and small letters, which a search byte by byte takes for the same only in ASCII."""
    cased = dict.fromkeys(case for word in words for case in (word, word.upper(), word.lower()))
    return list(dict.fromkeys(way.decode("latin-1") for word in cased for way in _ways(word)))


def _ways(word: str) -> list[bytes]:
    plain = word.encode()
    ways = [plain, word.encode("utf-16-le")]
    if len(word) < _LONG_ENOUGH:
        return ways
    ways += [quote(word).encode(), html.escape(word).encode(), json.dumps(word)[1:-1].encode()]
    return ways + [_inside_base64(plain, offset) for offset in range(3)]


def _inside_base64(word: bytes, offset: int) -> bytes:
    """The letters that stand for it wherever it begins; those at its ends also depend on its neighbours."""
    coded = base64.b64encode(b"\0" * offset + word).rstrip(b"=")
    return coded[(offset * 4 + 2) // 3 : -1]


def _place(path: Path, number: int, folder: Path, needles: list[str]) -> str:
    name = path.relative_to(folder).as_posix()
    return f"file {number} of the folder" if _in_name(name, needles) else name


def _told(files: list[Path], needles: list[str]) -> list[bool]:
    """Which files' names tell. All at once: to get ready for a search takes longer than the search."""
    names = pl.Series([path.name for path in files], dtype=pl.String)
    spaced = names.str.replace_all("_", " ", literal=True)
    return (_matches(names, needles) | _matches(spaced, needles)).to_list()


def _in_name(name: str, needles: list[str]) -> bool:
    return _in_column(pl.Series([name, name.replace("_", " ")]), needles)


def _holds(path: Path, needles: list[str]) -> bool:
    if _in_bytes(_pieces(path), needles):
        return True
    if path.suffix == ".duckdb":
        return _in_database(path, needles)
    if path.suffix == ".parquet":
        return _in_table(pl.read_parquet(path), needles)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            parts = [archive.read(name).decode("latin-1") for name in archive.namelist()]
        return _in_column(pl.Series(parts, dtype=pl.String), needles)
    return False


def _pieces(path: Path) -> Iterator[bytes]:
    """With an overlap, so that nothing hides at a border."""
    with path.open("rb") as file:
        before = b""
        while piece := file.read(_PIECE):
            yield before + piece
            before = piece[-1000:]


def _in_bytes(pieces: Iterable[bytes], needles: list[str]) -> bool:
    return any(_in_column(pl.Series([piece.decode("latin-1")]), needles) for piece in pieces)


def _in_database(path: Path, needles: list[str]) -> bool:
    """Values as DuckDB reads them: in the file they may be compressed."""
    with duckdb.connect(str(path), read_only=True) as con:
        names = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return any(_in_table(con.sql(f'FROM "{name}"').pl(), needles) for name in names)


def _in_table(rows: pl.DataFrame, needles: list[str]) -> bool:
    columns = rows.select(pl.col(pl.String)).get_columns()
    return bool(columns) and _in_column(pl.concat([column.unique().alias("cell") for column in columns]), needles)


def _in_column(column: pl.Series, needles: list[str]) -> bool:
    return bool(_matches(column, needles).any())


def _matches(column: pl.Series, needles: list[str]) -> pl.Series:
    if not needles:
        return pl.Series([False] * len(column), dtype=pl.Boolean)
    return column.str.contains_any(needles, ascii_case_insensitive=True)


def _sealed(programme: Programme, keys: Keys, forms: list[str], *, shredded: bool) -> list[str]:
    """What lies in sealed copies, as it is on disk: read without the list of erased people."""
    files, _ = known_files(list_raw(programme.restricted, keys), programme, keys, as_kept=True)
    return [
        f"sealed copy {file.number}"
        for file in files
        if (file.raw.shredded or not shredded)
        and (_in_table(file.raw.rows.collect(), forms) or _in_name(file.name, forms))
    ]


def identifying(files: Iterable[File]) -> set[str]:
    """Addresses, codes, names and whatever else their columns call personal, and every address in any cell; in small
    letters. Short ones are in every file by chance. Codes that people made themselves are left out: they stay."""
    found: set[str] = set()
    for file in files:
        made = file.survey.person if file.survey.person and file.survey.person.by == "self_made" else None
        own = {resolve(file.raw, name) for name in made.columns} if made else set()
        who = who_columns(file.raw, file.survey) - own
        rows = file.raw.rows.collect()
        for name in set(rows.columns) - set(READER_COLUMNS):
            cells = rows[name].drop_nulls().str.to_lowercase().unique()
            found.update(cells.str.extract_all(AN_ADDRESS).explode(empty_as_null=True).drop_nulls())
            if name in who:
                found.update(cells)
    return {word for word in found if len(word) >= _LONG_ENOUGH and not word.startswith(STAND_IN)}


def still_held(programme: Programme, keys: Keys) -> set[str]:
    """Every cell, and every address in one, of rosters and of files of answers that were not shredded."""
    files, _ = known_files(list_raw(programme.restricted, keys), programme, keys, as_kept=True)
    kept = [file for file in files if not file.raw.shredded]
    cells = {str(cell).lower() for file in kept for cell in _cells(file.raw.rows.collect())}
    return cells | identifying(kept)


def _cells(rows: pl.DataFrame) -> Iterator[str]:
    for column in rows.select(pl.col(pl.String)).get_columns():
        yield from column.drop_nulls().unique()
