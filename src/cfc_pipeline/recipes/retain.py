"""What has been kept for as long as `policy: retention` allows goes: old releases, old backups in the folder, and the
columns of sealed copies that nobody uses (unused.py).

The copies themselves stay: every run reads all of them again, so without them the results of their years would go
too. A release leaves its folder in one step before it is overwritten, so that a run which is killed leaves no half of
one; the next run finishes. The newest release stays, whatever its age: it is what people are looking at.
"""

import shutil
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from cfc_pipeline.identity.keys import private_folder
from cfc_pipeline.identity.sealed import overwrite
from cfc_pipeline.programme import Programme
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import audit
from cfc_pipeline.recipes.backup import MANAGED
from cfc_pipeline.recipes.fetch import alone
from cfc_pipeline.recipes.unused import Found, take_out, unused_columns
from cfc_pipeline.warehouse.store import writing

_LEAVING = Path("data") / ".leaving"


@dataclass(frozen=True)
class Due:
    """One thing whose time is over."""

    kind: str  # release or backup
    name: str
    made_on: str
    months: int  # for which it may be kept


@dataclass(frozen=True)
class Retained:
    """`columns` is survey: how many unused columns of its copies; `unread` copies fit no survey entry, and stay."""

    gone: list[Due]
    columns: dict[str, int] = field(default_factory=dict)
    unread: int = 0
    dry_run: bool = False

    def in_words(self) -> str:
        verb = "would go" if self.dry_run else "is gone"
        lines = [f"{d.kind} {d.name} {verb}: made on {d.made_on}, kept for {d.months} months" for d in self.gone]
        lines += [
            f"survey {survey}: {count} columns that nobody uses {'would go' if self.dry_run else 'are gone'} from its "
            "sealed copies"
            for survey, count in sorted(self.columns.items())
        ]
        lines = lines or ["Nothing is past its time."]
        if self.unread:
            lines.append(f"To do: {self.unread} sealed copies fit no survey entry, so they stay whole. Put it back.")
        return "\n".join([*lines, "Sealed copies stay; results are worked out from them on every run."])


def due(programme: Programme, today: date) -> list[Due]:
    """What is past its time. The day when something was made is in its name; what has none stays."""
    policy = programme.policy.retention
    latest = (programme.releases / "latest").resolve().name
    releases = {p.parent.name for p in programme.releases.glob("*/release.json")} - {"latest", latest}
    backups = {p.name for p in (programme.folder / MANAGED).glob("*.backup")}
    kinds = (("release", releases, policy.releases), ("backup", backups, policy.backups))
    return [
        Due(kind, name, made.isoformat(), months)
        for kind, names, months in kinds
        for name in sorted(names)
        if months and (made := _day_of(name)) and after_months(made, months) <= today
    ]


def after_months(day: date, months: int) -> date:
    """The same day of a later month, or its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def due_columns(programme: Programme, environ: Mapping[str, str], today: date) -> Found:
    """Columns of sealed copies that have been kept for their time."""
    months = programme.policy.retention.unused_columns
    return unused_columns(programme, environ, after_months(today, -months)) if months else Found([], 0)


def retain(folder: Path, environ: Mapping[str, str], *, dry_run: bool = False, now: datetime | None = None) -> Retained:
    """Overwrite and remove what is past its time; the audit log says what and why before anything goes."""
    now = now or datetime.now(UTC)
    programme = load_programme(folder)
    # Both locks: a run that began before must not read half of a copy.
    with alone(programme), writing(programme.warehouse, dry_run=True):
        found, columns = due(programme, now.date()), due_columns(programme, environ, now.date())
        told = Retained(found, _counted(columns), columns.unread, dry_run)
        if dry_run:
            return told
        _shred(programme.folder / _LEAVING)
        if found or columns.copies:
            gone = [asdict(one) for one in found]
            audit.note(programme.folder, "retention", now, gone=gone, unused_columns=told.columns)
            _move_away(programme, found)
            _shred(programme.folder / _LEAVING)
            take_out(programme, environ, columns.copies)
    return told


def _counted(found: Found) -> dict[str, int]:
    """Survey: how many columns, over all its copies."""
    counts: dict[str, int] = {}
    for one in found.copies:
        counts[one.file.survey.id] = counts.get(one.file.survey.id, 0) + len(one.columns)
    return counts


def _move_away(programme: Programme, found: list[Due]) -> None:
    leaving = private_folder(programme.folder / _LEAVING)
    places = {"release": programme.releases, "backup": programme.folder / MANAGED}
    for one in found:
        (places[one.kind] / one.name).rename(leaving / one.name)


def _shred(folder: Path) -> None:
    if not folder.exists():
        return
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(0o600)
            with path.open("r+b") as file:
                overwrite(file)
    shutil.rmtree(folder)


def _day_of(name: str) -> date | None:
    try:
        return date.fromisoformat(name[:10])
    except ValueError:
        return None
