"""Analysts' copy -> disclosure control -> a release."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cfc_pipeline import __version__
from cfc_pipeline.disclosure.profile import load_profile
from cfc_pipeline.errors import ReleaseError
from cfc_pipeline.programme import Programme
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.publish.earlier import figures_of_few
from cfc_pipeline.publish.model import PublishedTable
from cfc_pipeline.publish.release import read_release, release_name, write_release
from cfc_pipeline.publish.tables import build_tables
from cfc_pipeline.publish.tidy import csv_bytes
from cfc_pipeline.publish.written import as_written, figures, hidden_by_reason
from cfc_pipeline.recipes import audit
from cfc_pipeline.warehouse.store import Connection, reading, refuse_an_older_copy


@dataclass(frozen=True)
class Published:
    """What a release holds, in counts. `path` is where it would be, when nothing was written; the latest release, when
    that shows the same."""

    path: Path
    dry_run: bool
    tables: int
    shown: int
    hidden: int
    off_because: str | None
    nothing_new: bool = False
    of_few: int = 0  # figures that differ from an earlier release's by the answers of a few people
    compared_with: str = ""  # that release
    waits: bool = False  # nothing was written because of them

    @property
    def written(self) -> bool:
        return not (self.dry_run or self.nothing_new or self.waits)

    def in_words(self) -> str:
        if self.nothing_new:
            return f"There is nothing new to publish: release {self.path.name} shows the same."
        if self.waits:
            return f"Nothing was published yet. {self._beside_earlier()} It waits until more people have answered."
        lines = [
            f"Release {self.path.name}: {self.tables} tables, {self.shown} figures shown, {self.hidden} hidden.",
            "Nothing was written." if self.dry_run else f"Open {self.path / 'index.html'}",
        ]
        if self.off_because:
            lines.insert(1, f"Disclosure control is OFF: {self.off_because}")
        if self.of_few:
            lines.append(f"Before you pass it on: {self._beside_earlier()}")
        return "\n".join(lines)

    def _beside_earlier(self) -> str:
        return (
            f"{self.of_few} figures differ from those of release {self.compared_with} by what a few people answered; "
            "whoever has both can work out what that was."
        )


def publish(folder: Path, *, if_new: bool = False, dry_run: bool = False, now: datetime | None = None) -> Published:
    """Write releases/<when>/ from data/analysis.duckdb, so that an analyst who looks there finds the same numbers.

    It needs no secret. With `dry_run` everything is worked out and nothing is written; with `if_new`, nothing is
    written while the latest release shows the same, or while what changed since any release is what a few people
    answered. Without it a person decides, and is told.
    """
    programme = load_programme(folder)
    with reading(programme.analysis) as con:
        refuse_an_older_copy(con)
        tables = [as_written(table) for table in build_tables(con, programme)]
        source = _source(con)
    when = now or datetime.now(UTC)
    path = programme.releases / release_name(when)
    off_because = programme.policy.disclosure.off_because
    nothing_new = if_new and shows_the_same(programme, tables)
    of_few, compared_with = (0, "") if nothing_new else beside_earlier(programme, tables)
    waits = if_new and of_few > 0
    if nothing_new or waits:
        path = (programme.releases / "latest").resolve()
    elif not dry_run:
        source["audit_log"] = audit.last_hash(programme.folder)
        write_release(programme, tables, when=when, version=__version__, source=source)
        audit.note(programme.folder, "release", when, release=path.name, disclosure_off_because=off_because)
    every = sum(table.values.height * len(figures(table)) for table in tables)
    hidden = sum(sum(hidden_by_reason(table).values()) for table in tables)
    return Published(
        path,
        dry_run,
        len(tables),
        every - hidden,
        hidden,
        off_because,
        nothing_new=nothing_new,
        of_few=of_few,
        compared_with=compared_with,
        waits=waits,
    )


def beside_earlier(programme: Programme, tables: list[PublishedTable]) -> tuple[int, str]:
    """How many figures differ by the answers of a few people from those of an earlier release, and of which: of the
    release with most such figures. One that cannot be read, because an older version wrote it, is left out."""
    profile, found = load_profile(programme.policy.disclosure.profile), (0, "")
    for folder in sorted(programme.releases.glob("*Z")):
        with suppress(ReleaseError):
            found = max(found, (figures_of_few(read_release(folder), tables, profile), folder.name))
    return found if found[0] else (0, "")


def shows_the_same(programme: Programme, tables: list[PublishedTable]) -> bool:
    """Whether a reader of the latest release would find nothing else in `tables`, as they are written.

    Each further release can be compared with those before it, and what one person's answers changed can be read from
    the two. From which run the tables come is no news, nor is what became of the rows that came in, which differs
    between two runs over the same files.
    """
    latest = programme.releases / "latest"
    if not latest.exists():
        return False
    try:
        before = read_release(latest.resolve())
    except ReleaseError:  # of a version that wrote less about a table, or damaged: `verify` says which
        return False
    return _shown(before) == _shown(tables)


def _shown(tables: list[PublishedTable]) -> list[tuple[object, ...]]:
    return [
        (t.name, t.title, t.shows, t.people, t.rule, t.notes, t.off_because, t.breaks, t.columns, csv_bytes(t))
        for t in tables
        if t.name != "data_quality"
    ]


def _source(con: Connection) -> dict[str, str]:
    """Which run made the data that the release is made from."""
    # There is one: the analysts' copy is only written after a run.
    # How many rows it read is not said: `data_quality` may hide that, and this passes no disclosure control.
    (row,) = con.execute("SELECT run_id, version FROM pipeline_run ORDER BY run_id DESC LIMIT 1").fetchall()
    return {"run": row[0], "version": row[1]}
