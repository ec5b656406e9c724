"""What an ingest run tells people: counts, places and rules, in plain words, without anything from a file."""

from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from cfc_pipeline.errors import PipelineError
from cfc_pipeline.identity.known import Known
from cfc_pipeline.identity.redaction import redact_file_name
from cfc_pipeline.outcomes.key_checks import Doubt
from cfc_pipeline.recipes import forms, heartbeat, twice
from cfc_pipeline.recipes.forms import Plan
from cfc_pipeline.recipes.plurals import several
from cfc_pipeline.recipes.to_do import to_do
from schemas.tables import FATES

_FEW = 3  # files are named, of as many as there may be


@dataclass(frozen=True)
class Refused:
    """A file that was not taken in and stays where it was; or a `known` one, which came in before and cannot be read as
    its entry says now; or a survey that could not be fetched."""

    name: str
    error: PipelineError
    fetching: bool = False
    known: bool = False

    @property
    def in_words(self) -> str:
        if self.fetching:
            return f"{self.name} could not be fetched."
        if self.known:
            return f"{self.name}, which came in before, cannot be read again, so nothing in it counts now."
        return f"{self.name} was not taken in and stays where it is."


@dataclass(frozen=True)
class News:
    """What one survey's fetch brought, in numbers; of a full comparison also what had been missed."""

    survey_id: str
    new: int
    changed: int
    gone: int
    everything: bool  # whether all responses were compared
    in_tool: int | None  # how many responses the tool has, after a full comparison


@dataclass
class IngestReport:
    """Counts of one run. `ledger` has survey_id, file, fate, why, rows; `reasons` counts quarantined rows."""

    run_id: str
    ledger: pl.DataFrame
    reasons: pl.DataFrame
    new_files: list[str] = field(default_factory=list)
    repeats: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)  # files that belong to another survey entry from now on
    notes: list[str] = field(default_factory=list)  # what had to be assumed to read a new file
    left_out: dict[str, int] = field(default_factory=dict)  # new file: columns of it that no survey entry names
    changed: list[str] = field(default_factory=list)  # files that became others while they were taken in
    left: list[str] = field(default_factory=list)  # files that are taken in and could not leave the inbox
    refused: list[Refused] = field(default_factory=list)
    news: list[News] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    stale_corrections: list[int] = field(default_factory=list)
    links: dict[str, int] = field(
        default_factory=dict
    )  # how people's own codes were found again, and how many are unclear
    stale_links: list[int] = field(default_factory=list)
    stale_codes: list[int] = field(default_factory=list)
    unreadable_sheets: list[str] = field(default_factory=list)  # of coders
    doubts: list[Doubt] = field(default_factory=list)  # where answers do not behave as their key says
    in_part: list[str] = field(default_factory=list)  # scores of which a survey entry names some items only
    straight: list[Doubt] = field(default_factory=list)  # forms with one answer to everything
    crowded: list[str] = field(default_factory=list)  # sessions with more forms than people present
    several: dict[str, int] = field(default_factory=dict)  # people in more than one cohort
    twice: dict[str, int] = field(default_factory=dict)  # responses of people who answered twice, or out of order
    stopped: str = ""  # when the run before began, if it was stopped before its end
    taken_back: int = 0
    clock_behind: bool = False  # whether the clock was set back since the last run
    comments_waiting: int = 0
    dry_run: bool = False

    @property
    def totals(self) -> dict[str, int]:
        sums = dict(self.ledger.group_by("fate").agg(pl.col("rows").sum()).iter_rows())
        return {fate: sums.get(fate, 0) for fate in FATES}

    @property
    def superseded(self) -> int:
        return self.twice.get("superseded", 0)

    @property
    def rows_in(self) -> int:
        return int(self.ledger["rows"].sum())


def shown(names: list[str], known: Known) -> list[str]:
    """Files' names as they may be printed: people put names into file names too."""
    # A name in another encoding than this machine's cannot be printed as it is.
    plain = (name.encode("utf-8", "replace").decode() for name in names)
    return [redact_file_name(name, known) for name in plain]


def in_words(report: IngestReport) -> str:
    """The report as a manager reads it: what happened, then what needs doing, the next step first."""
    sums = report.totals
    was, verb = ("would be", "would be") if report.dry_run else ("was", "were")
    lines = [
        f"{report.rows_in} rows in = {sums['stored']} stored + {sums['unchanged']} unchanged + "
        f"{sums['quarantined']} quarantined + {sums['excluded']} excluded",
        f"{several(len(report.new_files), f'new file {was}', f'new files {verb}')} taken in; "
        f"{len(report.repeats)} had come in before, byte for byte, and changed nothing",
    ]
    if report.stopped:
        began = heartbeat.plain(report.stopped)
        lines.append(f"The run that began {began} was stopped before its end. Nothing is lost: this one did its work.")
    lines += [f"  again: {name}" for name in report.repeats]
    lines += [
        f"  moved: {name} had come in for another survey entry, where nothing of it counts any more"
        for name in report.moved
    ]
    lines += [f"  note: {note}" for note in report.notes]
    lines += _left_out(report.left_out) + [_fetched(news) for news in report.news]
    lines += forms.news(report.plans)
    lines += twice.in_words(report.twice)
    if report.taken_back:
        lines.append(
            f"{report.taken_back} responses {verb} taken back: consent, withdrawal, a check or a changed entry"
        )
    lines += [f"Answers that look hurried, and count like others: {doubt.in_words()}" for doubt in report.straight]
    lines += _linked(report.links) + _several(report.several)
    return "\n".join(lines + _excluded(report) + to_do(report))


def in_json(report: IngestReport) -> dict[str, Any]:
    """The same for machines."""
    return {
        "run": report.run_id,
        "dry_run": report.dry_run,
        "rows_in": report.rows_in,
        **report.totals,
        "files": report.ledger.rows(named=True),
        "reasons": report.reasons.rows(named=True),
        "new_files": report.new_files,
        "repeats": report.repeats,
        "moved": report.moved,
        "notes": report.notes,
        "left_out_columns": report.left_out,
        "changed": report.changed,
        "left": report.left,
        "fetched": [asdict(news) for news in report.news],
        "refused": [{"file": r.name, "what": r.error.what, "where": r.error.where} for r in report.refused],
        "forms": forms.in_json(report.plans),
        "stale_corrections": report.stale_corrections,
        "links": report.links,
        "several_cohorts": report.several,
        "stale_links": report.stale_links,
        "stale_codes": report.stale_codes,
        "unreadable_sheets": report.unreadable_sheets,
        "key_checks": [asdict(doubt) for doubt in report.doubts],
        "asked_in_part": report.in_part,
        "straight_lines": [asdict(doubt) for doubt in report.straight],
        "more_forms_than_people": report.crowded,
        "stopped": report.stopped,
        "superseded": report.superseded,
        "answered_twice": report.twice,
        "taken_back": report.taken_back,
        "clock_behind": report.clock_behind,
        "comments_waiting": report.comments_waiting,
    }


def _left_out(columns: dict[str, int]) -> list[str]:
    """How many, not which: a heading may say who somebody is."""
    most = sorted(columns.items(), key=lambda one: -one[1])
    listed = ", ".join(f"{count} in {name}" for name, count in most[:_FEW])
    more = f" and others in {len(most) - _FEW} more files" if len(most) > _FEW else ""
    return [f"Columns that no survey entry names were left out: {listed}{more}"] if columns else []


def _fetched(news: News) -> str:
    brought = f"{news.new} new, {news.changed} changed, {news.gone} deleted in the tool"
    if news.in_tool is None:
        return f"survey {news.survey_id}: fetched {brought}"
    found = f"the tool has {news.in_tool} responses; all were compared"
    return f"survey {news.survey_id}: {found}: {brought if news.new + news.changed + news.gone else 'no difference'}"


def _linked(links: dict[str, int]) -> list[str]:
    if not sum(links.values()):
        return []
    return [
        f"People's own codes: {links['exact']} found again, {links['tolerant']} with a slip, {links['accepted']} by "
        f"your decision, {links['unclear']} unclear"
    ]


def _several(people: dict[str, int]) -> list[str]:
    lines = []
    if moved := people.get("moved"):
        lines.append(f"People who moved to another cohort: {moved}. They count there only, with all that they sent in.")
    if not_listed := people.get("not listed"):
        lines.append(
            f"People whom the newest roster of their cohort does not list any more: {not_listed}. They still count; "
            "somebody who withdrew needs a row that says so."
        )
    if in_turn := people.get("in turn"):
        lines.append(f"People who take part in cohorts one after another: {in_turn}. They count in each.")
    return lines


def _excluded(report: IngestReport) -> list[str]:
    left_out = report.ledger.filter(pl.col("fate") == "excluded").group_by("why").agg(pl.col("rows").sum()).sort("why")
    return [f"  excluded: {rows} x {why}" for why, rows in left_out.iter_rows()]
