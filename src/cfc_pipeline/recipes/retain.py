"""What has been kept for as long as `policy: retention` allows goes: old releases, old backups in the folder, the
columns of sealed copies that nobody uses (unused.py), what is personal in answers of years that are over, or waits in
quarantine (raw_input.py), and rows of rosters that later ones replaced (replaced.py).

What results need of the copies stays: every run reads all of them again, so without it the results of their years would
go too. Then every byte of the folder is searched for the addresses that went. A release leaves its folder in one step
before it is overwritten, so that a run which is killed leaves no half of one; the next run finishes. The newest release
stays, whatever its age: it is what people are looking at.
"""

import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from cfc_pipeline.identity.keys import load_keys, private_folder
from cfc_pipeline.identity.sealed import overwrite
from cfc_pipeline.programme import Programme
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import audit
from cfc_pipeline.recipes.backup import MANAGED, backup, shred_backups
from cfc_pipeline.recipes.fetch import alone
from cfc_pipeline.recipes.ingest import ingest
from cfc_pipeline.recipes.lines import without_lines
from cfc_pipeline.recipes.raw_input import DueInput, after_months, due_input
from cfc_pipeline.recipes.search import found_in, identifying, still_held
from cfc_pipeline.recipes.shred import shred
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
class DueInFile:
    """What goes from one sealed copy, and why. It is named by its number: a file's name may be somebody's."""

    survey: str
    copy: int
    since: str  # the day it arrived; for all that is personal, its last cohort ended if that is later; for rows of a
    # roster, the last of them was replaced
    months: int
    rows: int | None  # rows in quarantine, or of a roster; None: all that is personal
    replaced: bool = False  # whether they are rows of a roster

    def in_words(self, planned: bool) -> str:
        what = "all that is personal" if self.rows is None else f"{self.rows} rows in quarantine"
        began = "its time began" if self.rows is None else "it arrived"
        if self.replaced:
            what, began = f"{self.rows} rows that later ones replaced, but for whom they are about,", "that was"
        verb = "would go" if planned else "is gone" if self.rows is None else "are gone"
        return f"sealed copy {self.copy} of {self.survey}: {what} {verb}; {began} on {self.since}, {self.months} months"


@dataclass(frozen=True)
class Retained:
    """`columns` is survey: how many unused columns of its copies; `unread` copies fit no survey entry, and stay."""

    gone: list[Due]
    columns: dict[str, int] = field(default_factory=dict)
    unread: int = 0
    copies: list[DueInFile] = field(default_factory=list)
    corrections: int = 0  # lines, of rows that went or hold what they said
    backups: int = 0  # managed ones, which were shredded because what went was in them
    searched: int = 0  # files, for what went
    places: list[str] = field(default_factory=list)  # where some of it still is
    dry_run: bool = False

    def in_words(self) -> str:
        verb = "would go" if self.dry_run else "is gone"
        lines = [f"{d.kind} {d.name} {verb}: made on {d.made_on}, kept for {d.months} months" for d in self.gone]
        lines += [
            f"survey {survey}: {count} columns that nobody uses {'would go' if self.dry_run else 'are gone'} from its "
            "sealed copies"
            for survey, count in sorted(self.columns.items())
        ]
        lines += [one.in_words(self.dry_run) for one in self.copies]
        lines = lines or ["Nothing is past its time."]
        if self.unread:
            lines.append(f"To do: {self.unread} sealed copies fit no survey entry, so they stay whole. Put it back.")
        if self.searched:
            lines.append(f"{self.searched} files were searched for the addresses and names that went.")
        if self.corrections:
            lines.append(
                f"{self.corrections} lines of corrections.csv went too: what is left of their rows is corrected."
            )
        if self.places:
            lines.append(f"To do: some are still in {'; '.join(self.places[:20])}. Take them out there by hand.")
        if self.backups:
            lines.append(f"{self.backups} backups in data/backups/ were shredded, and a new one was made.")
        return "\n".join([*lines, "What results need stays; they are worked out from it on every run."])


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
        answers = due_input(programme, environ, now.date())
        told = Retained(found, _counted(columns), columns.unread, _listed(answers), dry_run=dry_run)
        if dry_run:
            return told
        _shred(programme.folder / _LEAVING)
        if not (found or columns.copies or answers.copies):
            return told
        gone, copies = [asdict(one) for one in found], [asdict(one) for one in told.copies]
        audit.note(programme.folder, "retention", now, gone=gone, unused_columns=told.columns, copies=copies)
        _move_away(programme, found)
        _shred(programme.folder / _LEAVING)
        words = identifying([*(one.file for one in columns.copies), *answers.files()])
        shred(answers, environ)
        take_out(programme, environ, due_columns(programme, environ, now.date()).copies)
    if not (columns.copies or answers.copies):
        return told
    return _finished(programme, environ, told, words, answers.intake.used_corrections, now)


def _finished(
    programme: Programme, environ: Mapping[str, str], told: Retained, words: set[str], applied: set[int], now: datetime
) -> Retained:
    """The quarantine and the ledger as they are now; backups without what went; and a look for it in every byte.

    Corrections that were `applied` before and now meet nothing are in what is left of their rows, or went with them:
    their lines quote what somebody typed, and go too."""
    backups = shred_backups(programme)
    report = ingest(programme.folder, environ, now=now)
    spent = applied & set(report.stale_corrections)
    without_lines(programme.folder / "corrections.csv", spent)
    keys = load_keys(programme.restricted, environ)
    searched, places = found_in(programme, keys, sorted(words - still_held(programme, keys)), shredded=True)
    if backups:
        backup(programme.folder, environ, now=now)
    return replace(told, corrections=len(spent), backups=backups, searched=searched, places=places)


def _listed(found: DueInput) -> list[DueInFile]:
    return [
        DueInFile(
            one.file.survey.id,
            one.copy.number,
            one.since.isoformat(),
            one.months,
            None if one.whole else len(one.rows) + len(one.replaced),
            one.file.survey.kind == "roster",
        )
        for one in found.copies
    ]


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
