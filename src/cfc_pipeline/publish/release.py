"""A release: everything that may be seen, in one folder that appears whole or not at all. It is built in a hidden
folder, read back and compared, flushed to the disk, and only then given its name; `latest` is a link that is replaced
in one step. A release is never changed afterwards."""

import fcntl
import hashlib
import json
import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from pathlib import Path

from cfc_pipeline.errors import ReleaseError
from cfc_pipeline.programme import Programme
from cfc_pipeline.publish.findings import academic_years, banners, hidden_sentence, programme_name
from cfc_pipeline.publish.html import document, fragment, grid
from cfc_pipeline.publish.model import PublishedTable
from cfc_pipeline.publish.page import page
from cfc_pipeline.publish.readback import check_files
from cfc_pipeline.publish.spreadsheet import sheet_name, write_workbook
from cfc_pipeline.publish.tidy import csv_bytes, load_parquet, write_parquet
from cfc_pipeline.publish.written import as_written, figures, hidden_by_reason

BUILDING = ".building-"
WRITERS = ("great-tables", "jinja2", "polars", "pyarrow", "vl-convert-python", "XlsxWriter")


def write_release(
    programme: Programme,
    tables: list[PublishedTable],
    *,
    when: datetime,
    version: str,
    source: Mapping[str, str],
) -> Path:
    """Writes releases/<when>/ and makes it the latest; returns its folder.

    `when` is an aware time, and with `tables` decides every byte; `version` is cfc-pipeline's; `source` says what the
    data came from (run, hash). Raises ReleaseError, and leaves earlier releases as they were, when a table is not safe
    to write, a file does not read back equal, or another release of the same second is there.
    """
    release_id = release_name(when)
    written = [as_written(table) for table in tables]
    _check_names(written)
    programme.releases.mkdir(parents=True, exist_ok=True)
    with _alone(programme.releases):
        _clear_unfinished(programme.releases)
        target = programme.releases / release_id
        if target.exists():
            raise ReleaseError(
                "There is already a release of this second; releases are never changed",
                where=f"releases/{release_id}",
                next_step="run publish again",
            )
        building = programme.releases / f"{BUILDING}{release_id}"
        _fill(building, programme, written, when=when, version=version, source=source)
        check_files(written, building)
        _flush(building)
        building.rename(target)
        _point_latest(programme.releases, release_id)
    return target


def release_name(when: datetime) -> str:
    """As in 2026-11-20T030005Z: sorts by time, and is a safe file name on every system."""
    if when.tzinfo is None:
        raise ValueError("a release needs a time with a zone")
    return f"{when.astimezone(UTC):%Y-%m-%dT%H%M%SZ}"


def read_release(folder: Path) -> list[PublishedTable]:
    """The tables of a release, in its order, from its own files; for the email and for later comparisons."""
    try:
        names = [table["name"] for table in json.loads((folder / "release.json").read_text(encoding="utf-8"))["tables"]]
        return [load_parquet(folder / "tables" / f"{name}.parquet") for name in names]
    except (OSError, ValueError, KeyError, TypeError):
        raise ReleaseError(
            "A release cannot be read",
            where=f"releases/{folder.name}",
            next_step="publish again; a release folder is not meant to be changed by hand",
        ) from None


def _fill(
    folder: Path,
    programme: Programme,
    tables: list[PublishedTable],
    *,
    when: datetime,
    version: str,
    source: Mapping[str, str],
) -> None:
    (folder / "tables").mkdir(parents=True)
    above = banners(programme, tables)
    grids = {table.name: grid(table, f"t{number}") for number, table in enumerate(tables, start=1)}
    for table in tables:
        base = folder / "tables" / table.name
        base.with_suffix(".html").write_text(
            document(table, fragment(table, grids[table.name]), banner=" ".join(above)), encoding="utf-8", newline="\n"
        )
        base.with_suffix(".csv").write_bytes(csv_bytes(table))
        write_parquet(table, base.with_suffix(".parquet"))
    name = programme_name(programme)
    about = [*above, academic_years(programme), f"Release {release_name(when)}", hidden_sentence(tables)]
    write_workbook(tables, folder / "tables.xlsx", title=name, about=about, when=when)
    html = page(
        programme, tables, grids, when=when, version=version, release_id=release_name(when), source=dict(source)
    )
    (folder / "index.html").write_text(html, encoding="utf-8", newline="\n")
    record = _record(folder, programme, tables, when=when, version=version, source=source)
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    (folder / "release.json").write_text(text, encoding="utf-8", newline="\n")


def _record(
    folder: Path,
    programme: Programme,
    tables: list[PublishedTable],
    *,
    when: datetime,
    version: str,
    source: Mapping[str, str],
) -> dict[str, object]:
    """release.json: what was published, from what, with which versions, what was hidden and why."""
    checksums = {p.relative_to(folder).as_posix(): _checksum(p) for p in sorted(folder.rglob("*")) if p.is_file()}
    return {
        "release": release_name(when),
        "programme": programme_name(programme),
        "synthetic": programme.synthetic,
        "source": dict(source),
        "disclosure": {
            "profile": programme.policy.disclosure.profile,
            "off_because": next((t.off_because for t in tables if t.off_because), None),
        },
        "tables": [_table_record(table) for table in tables],
        "files": checksums,
        "versions": {"cfc-pipeline": version, "python": platform.python_version()}
        | {name: version_of(name) for name in WRITERS},
    }


def _table_record(table: PublishedTable) -> dict[str, object]:
    return {
        "name": table.name,
        "title": table.title,
        "rule": table.rule,
        "source": table.source,
        "rows": table.values.height,
        "figures": table.values.height * len(figures(table)),
        "hidden": {
            name: {"cells": cells, "because": table.reasons.get(name, "")}
            for name, cells in hidden_by_reason(table).items()
        },
        "breaks": [asdict(one) for one in table.breaks],
        "columns": [{"key": c.key, "label": c.label, "group": c.group, "kind": c.kind} for c in table.columns],
    }


def _check_names(tables: list[PublishedTable]) -> None:
    for names in ([t.name for t in tables], [sheet_name(t) for t in tables]):
        if len(set(names)) != len(names):
            raise ReleaseError(
                "Two tables of a release have the same name",
                where=f"{len(names) - len(set(names))} of {len(names)} tables",
                next_step="this is a defect of cfc-pipeline; nothing was released",
            )


@contextmanager
def _alone(releases: Path) -> Iterator[None]:
    """One writer at a time, so that clearing unfinished folders cannot clear another run's."""
    with (releases / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ReleaseError(
                "Another run is writing a release", where="releases/", next_step="wait for it, then publish again"
            ) from None
        yield


def _clear_unfinished(releases: Path) -> None:
    """What a run that was killed left behind."""
    for leftover in releases.glob(f"{BUILDING}*"):
        shutil.rmtree(leftover)
    (releases / ".latest").unlink(missing_ok=True)


def _point_latest(releases: Path, release_id: str) -> None:
    link = releases / ".latest"
    link.symlink_to(release_id, target_is_directory=True)
    link.replace(releases / "latest")
    sync(releases)


def _flush(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder, folder.parent):
        sync(path)


def sync(path: Path) -> None:
    """Flushes a file or a folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _checksum(path: Path) -> str:
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
