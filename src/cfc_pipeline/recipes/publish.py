"""Analysts' copy -> disclosure control -> a release."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cfc_pipeline import __version__
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.publish.release import release_name, write_release
from cfc_pipeline.publish.tables import build_tables
from cfc_pipeline.publish.written import as_written, figures, hidden_by_reason
from cfc_pipeline.recipes import audit
from cfc_pipeline.warehouse.store import Connection, reading


@dataclass(frozen=True)
class Published:
    """What a release holds, in counts. `path` is where it would be, when nothing was written."""

    path: Path
    dry_run: bool
    tables: int
    shown: int
    hidden: int
    off_because: str | None

    def in_words(self) -> str:
        lines = [
            f"Release {self.path.name}: {self.tables} tables, {self.shown} figures shown, {self.hidden} hidden.",
            "Nothing was written." if self.dry_run else f"Open {self.path / 'index.html'}",
        ]
        if self.off_because:
            lines.insert(1, f"Disclosure control is OFF: {self.off_because}")
        return "\n".join(lines)


def publish(folder: Path, *, dry_run: bool = False, now: datetime | None = None) -> Published:
    """Write releases/<when>/ from data/analysis.duckdb, so that an analyst who looks there finds the same numbers.

    It needs no secret. With `dry_run` everything is worked out and nothing is written.
    """
    programme = load_programme(folder)
    with reading(programme.analysis) as con:
        tables = [as_written(table) for table in build_tables(con, programme)]
        source = _source(con)
    when = now or datetime.now(UTC)
    path = programme.releases / release_name(when)
    off_because = programme.policy.disclosure.off_because
    if not dry_run:
        source["audit_log"] = audit.last_hash(programme.folder)
        write_release(programme, tables, when=when, version=__version__, source=source)
        audit.note(programme.folder, "release", when, release=path.name, disclosure_off_because=off_because)
    every = sum(table.values.height * len(figures(table)) for table in tables)
    hidden = sum(sum(hidden_by_reason(table).values()) for table in tables)
    return Published(path, dry_run, len(tables), every - hidden, hidden, off_because)


def _source(con: Connection) -> dict[str, str]:
    """Which run made the data that the release is made from."""
    # There is one: the analysts' copy is only written after a run.
    # How many rows it read is not said: `data_quality` may hide that, and this passes no disclosure control.
    (row,) = con.execute("SELECT run_id, version FROM pipeline_run ORDER BY run_id DESC LIMIT 1").fetchall()
    return {"run": row[0], "version": row[1]}
