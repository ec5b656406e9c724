"""Opening the warehouse: one writer at a time, in a transaction, at the newest layout."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb

from cfc_pipeline.errors import StoreBusy, StoreError
from cfc_pipeline.warehouse.migrations import Connection, migrate
from schemas.tables import TABLES, polars_schema

__all__ = ["FILE_FORMAT", "Connection", "reading", "refuse_an_older_copy", "value", "writing"]

# DuckDB 2 would write files that analysts' 1.5 tools cannot open.
FILE_FORMAT = "v1.5.0"
# A writer's; without it DuckDB keeps what it could read again until most of the machine is full. A million responses
# need less. What does not fit goes to a folder beside the warehouse, closed to others like the warehouse itself.
_MEMORY = "384MB"


@contextmanager
def writing(
    path: Path, *, dry_run: bool = False, after: Callable[[Connection], None] | None = None
) -> Iterator[Connection]:
    """A connection to the warehouse inside one transaction: committed at the end, undone by any error or `dry_run`.

    `after` is called with the connection once everything is committed. Raises StoreBusy when another process writes,
    StoreError when the file is damaged or newer than this version.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    place = Path(":memory:") if dry_run and not path.exists() else path
    # After an error, closing undoes whatever the open transaction did.
    with _private_files(), closing(_connect(place)) as con:
        if path.exists():
            path.chmod(0o600)
        _bound_memory(con, path)
        con.execute("BEGIN")
        migrate(con)
        yield con
        con.execute("ROLLBACK" if dry_run else "COMMIT")
        if not dry_run:
            con.execute("CHECKPOINT")
            if after:
                after(con)


def _bound_memory(con: Connection, path: Path) -> None:
    overflow = path.with_name(f"{path.name}.tmp")
    shutil.rmtree(overflow, ignore_errors=True)  # of a run that was killed: only one can be writing, and this one is
    con.execute("SET memory_limit = ?", [_MEMORY])
    con.execute("SET temp_directory = ?", [str(overflow)])


@contextmanager
def _private_files() -> Iterator[None]:
    """From the first byte: a run that is killed leaves its files, and DuckDB's log beside them, as they are."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def reading(path: Path) -> Iterator[Connection]:
    """A read-only connection, for the analysts' copy."""
    if not path.exists():
        raise StoreError("There are no data yet.", where=path.name, next_step="run `cfc-pipeline ingest` first")
    con = _connect(path, read_only=True)
    try:
        yield con
    finally:
        con.close()


def refuse_an_older_copy(con: Connection) -> None:
    """StoreError when the analysts' copy lacks a table or column of this version: since it was installed, no ingest has
    run."""
    there = con.execute("SELECT table_name, column_name FROM information_schema.columns").fetchall()
    if {(name, column) for name, table in TABLES.items() for column in polars_schema(table)} - set(there):
        raise StoreError(
            "The data are as an earlier version of cfc-pipeline left them.",
            where="analysis.duckdb",
            next_step="run `cfc-pipeline ingest`, which works everything out again",
        )


def _connect(path: Path, *, read_only: bool = False) -> Connection:
    # Extensions are downloads; this program needs none and must not reach out for one.
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "storage_compatibility_version": FILE_FORMAT,
    }
    try:
        return duckdb.connect(str(path), read_only=read_only, config=config)
    except duckdb.IOException as error:
        holder = re.search(r"PID (\d+)", str(error))
        if "lock" in str(error):
            raise StoreBusy(
                "Another run is writing the warehouse.",
                where=f"process {holder[1]}" if holder else path.name,
                next_step="wait until it has finished; analysts should open data/analysis.duckdb instead",
            ) from None
        raise _damaged(path) from None
    except duckdb.Error:
        raise _damaged(path) from None


def _damaged(path: Path) -> StoreError:
    return StoreError(
        "The database cannot be opened.",
        where=path.name,
        next_step="move the file away and run `cfc-pipeline ingest`: it is rebuilt from the sealed raw copies",
    )


def value(con: Connection, query: str) -> Any:
    """The one value that a query gives. All rows are fetched: DuckDB 2 keeps a connection busy until they are."""
    ((found,),) = con.execute(query).fetchall()
    return found
