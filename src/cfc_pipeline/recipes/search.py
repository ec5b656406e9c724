"""Looking for words in every byte of a folder: also inside archives, databases and, for a programme, sealed copies."""

import base64
import html
import json
import re
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
    found = _holding(((n, text) for n, path in enumerate(files) for text in _texts(path)), needles)
    return len(files), [_place(files[number], number, folder, needles) for number in found]


def written(words: Iterable[str]) -> list[str]:
    """Each word as names and cells have it, and as bytes may hold it, read as Latin-1: in UTF-8 and UTF-16, and as web
    addresses, HTML, JSON and base64 write it; also in capitals and small letters, which a search byte by byte takes for
    the same only in ASCII."""
    cased = dict.fromkeys(case for word in words for case in (word, word.upper(), word.lower()))
    return list(dict.fromkeys([*cased, *(way.decode("latin-1") for word in cased for way in _ways(word))]))


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
    return f"file {number} of the folder" if _holding([(number, _as_names(name))], needles) else name


def _holding(texts: Iterable[tuple[int, pl.Series]], needles: list[str]) -> list[int]:
    """The numbers of those texts that hold a needle, each once. Many at a time: to get ready for a search takes longer
    than the search."""
    found: set[int] = set()
    for batch in _batches(texts) if needles else ():
        matching = pl.concat([text for _, text in batch]).str.contains_any(needles, ascii_case_insensitive=True)
        numbers = pl.concat([pl.repeat(number, len(text), dtype=pl.Int64, eager=True) for number, text in batch])
        found.update(numbers.filter(matching))
    return sorted(found)


def _batches(texts: Iterable[tuple[int, pl.Series]]) -> Iterator[list[tuple[int, pl.Series]]]:
    batch: list[tuple[int, pl.Series]] = []
    size = 0
    for number, text in texts:
        batch.append((number, text))
        size += int(text.estimated_size())
        if size >= _PIECE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _as_names(name: str) -> pl.Series:
    return pl.Series([name, name.replace("_", " ")])


def _texts(path: Path) -> Iterator[pl.Series]:
    yield _as_names(path.name)
    yield from map(_as_text, _pieces(path))
    if path.suffix == ".duckdb":
        yield _in_database(path)
    elif path.suffix == ".parquet":
        yield from _in_table(pl.read_parquet(path))
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from (_as_text(archive.read(name)) for name in archive.namelist())


def _as_text(data: bytes) -> pl.Series:
    return pl.Series([data.decode("latin-1")])


def _pieces(path: Path) -> Iterator[bytes]:
    """With an overlap, so that nothing hides at a border."""
    with path.open("rb") as file:
        before = b""
        while piece := file.read(_PIECE):
            yield before + piece
            before = piece[-1000:]


def _in_database(path: Path) -> pl.Series:
    """Values as DuckDB reads them, also those in lists: in the file they may be compressed."""
    with duckdb.connect(str(path), read_only=True) as con:
        tables = con.execute("""
            SELECT one.table_name, list(column_name) FROM duckdb_columns() AS one JOIN duckdb_tables() USING (table_oid)
            WHERE data_type LIKE '%VARCHAR%' GROUP BY ALL
        """).fetchall()
        cells = [_cells_of(table, columns) for table, columns in tables]
        return con.sql(" UNION ".join(cells)).pl()["cell"] if cells else pl.Series(dtype=pl.String)


def _cells_of(table: str, columns: list[str]) -> str:
    everything = ", ".join(f'"{column}"::VARCHAR' for column in columns)
    return f'SELECT unnest([{everything}]) AS cell FROM "{table}"'


def _in_table(rows: pl.DataFrame) -> Iterator[pl.Series]:
    return (column.unique() for column in rows.select(pl.col(pl.String)).get_columns())


def _sealed(programme: Programme, keys: Keys, forms: list[str], *, shredded: bool) -> list[str]:
    """What lies in sealed copies, as it is on disk: read without the list of erased people."""
    known, _ = known_files(list_raw(programme.restricted, keys), programme, keys, as_kept=True)
    files = [file for file in known if file.raw.shredded or not shredded]
    texts = ((n, text) for n, file in enumerate(files) for text in _told_by(file))
    near = [files[number] for number in _holding(texts, forms)]
    return [f"sealed copy {file.number}" for file in near if _holds_whole(file, forms)]


def _told_by(file: File) -> Iterator[pl.Series]:
    yield _as_names(file.name)
    yield from _in_table(file.raw.rows.collect())


def _holds_whole(file: File, forms: list[str]) -> bool:
    """Ian Hall is not in Brian Hall, nor is ann@school.example in joann@school.example: whoever is erased could
    otherwise never be certified to be gone."""
    whole = re.compile("|".join(map(_whole, forms)), re.IGNORECASE)
    return any(whole.search(cell) for text in _told_by(file) for cell in text.drop_nulls())


def _whole(word: str) -> str:
    letters = r"[\w.+%-]" if "@" in word else r"[^\W_]"
    after = r"(?![\w-]|\.\w)" if "@" in word else r"(?![^\W_])"
    return rf"(?<!{letters}){re.escape(word)}{after}"


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
