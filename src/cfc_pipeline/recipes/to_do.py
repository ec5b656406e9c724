"""The end of the intake report: what is left for a person to do, with the next step."""

from typing import TYPE_CHECKING

from cfc_pipeline.recipes import forms, twice
from cfc_pipeline.recipes.plurals import several

if TYPE_CHECKING:
    from cfc_pipeline.recipes.report import IngestReport


def to_do(report: "IngestReport") -> list[str]:
    lines = []
    for refused in report.refused:
        lines += [f"To do: {refused.in_words}", _indented(str(refused.error))]
    lines += [
        f"To do: {name} became another file while it was taken in. Run ingest again for the new one."
        for name in report.changed
    ]
    lines += [f"To do: {name} is taken in, but could not be removed from the inbox. Delete it." for name in report.left]
    if deleted := sum(news.gone for news in report.news):
        lines.append(
            f"To do: {deleted} responses were deleted in the survey tools and do not count any more. Find out whether "
            "that was meant: somebody may want to be forgotten, or a survey was cleared by mistake."
        )
    if report.totals["quarantined"]:
        lines.append(
            f"To do: {several(report.totals['quarantined'], 'row waits', 'rows wait')} in quarantine. "
            "`cfc-pipeline review` lists them."
        )
        lines += [
            f"  {row['survey_id']}, {row['column']}: {row['rows']} x {row['reason']}"
            for row in report.reasons.iter_rows(named=True)
        ]
    lines += [f"To do: {line}." for line in report.in_part]
    lines += [f"To do: look at {doubt.in_words()}." for doubt in report.doubts]
    lines += _clock(report) + _crowded(report) + twice.to_do(report.twice)
    lines += _at_once(report.several.get("at once", 0)) + _both_ways(report.several.get("both ways", 0))
    lines += forms.to_do(report.plans)
    if report.stale_corrections:
        listed = ", ".join(map(str, report.stale_corrections))
        lines.append(f"To do: corrections.csv lines {listed} no longer apply; delete or mend them.")
    if report.links.get("unclear"):
        lines.append(
            f"To do: {report.links['unclear']} codes that people made themselves may be somebody's who answered "
            "before. `cfc-pipeline review links` shows what speaks for it."
        )
    if report.stale_links:
        listed = ", ".join(map(str, report.stale_links))
        lines.append(f"To do: links.csv lines {listed} apply to nothing any more; delete them.")
    if report.stale_codes:
        listed = ", ".join(map(str, report.stale_codes))
        lines.append(f"To do: codes.csv lines {listed} are about comments that are gone; delete them.")
    if report.unreadable_sheets:
        named = ", ".join(report.unreadable_sheets)
        lines.append(
            f"To do: {named} cannot be read, so comments that are gone may still be in there; delete or mend it."
        )
    if report.comments_waiting:
        lines.append(
            f"To do: {several(report.comments_waiting, 'comment waits', 'comments wait')} for approval. "
            "`cfc-pipeline review comments` shows them."
        )
    return lines or ["Nothing needs doing."]


def _clock(report: "IngestReport") -> list[str]:
    if not report.clock_behind:
        return []
    return [
        "To do: the clock of this computer is behind that of the last run. Set it: days of arrival, the names of "
        "releases, and what `retain` removes go by it."
    ]


def _crowded(report: "IngestReport") -> list[str]:
    if not report.crowded:
        return []
    return [
        f"To do: there are more feedback forms than people present in {', '.join(report.crowded)}. Look whether the "
        "session log or the session that the forms name is wrong."
    ]


def _at_once(people: int) -> list[str]:
    if not people:
        return []
    return [
        f"To do: {people} people are listed in cohorts that meet at the same time, and count in each. If they moved, "
        "send a roster that lists both cohorts and has them in one."
    ]


def _both_ways(people: int) -> list[str]:
    if not people:
        return []
    return [
        f"To do: {people} people are on a roster twice, and agreed in one row only, or withdrew in one. They count as "
        "not agreed, or withdrawn. Ask them, and send a roster that has them once."
    ]


def _indented(text: str) -> str:
    return "\n".join("  " + line for line in text.splitlines())
