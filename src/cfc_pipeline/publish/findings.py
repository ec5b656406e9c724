"""The main findings in plain words, for the page and the email: who answered, what changed, how sure that is, what is
hidden. Every figure comes from a published table. The words never say that the programme caused a change."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from cfc_pipeline.disclosure.protected import MARK, NOT_APPLICABLE
from cfc_pipeline.programme import Programme
from cfc_pipeline.publish.figures import Change, Stage, changes, digits, signed, stages
from cfc_pipeline.publish.impact_tables import impact_in_words
from cfc_pipeline.publish.layout import counted
from cfc_pipeline.publish.model import Line, PublishedTable, ShortTable
from cfc_pipeline.publish.session_tables import ratings_in_words, response_in_words
from cfc_pipeline.publish.words import DIRECTION
from cfc_pipeline.publish.written import figures, hidden_by_reason, plain, reason_in_words

SYNTHETIC = "SYNTHETIC DATA. The people and figures here are invented, to show what the software does."
CAUTION = (
    "There is no comparison group: changes may have many reasons, and are not by themselves an effect of the "
    "programme. Among many measures, one or two can look clear by chance: look for a pattern, not for a single line. A "
    "total is the sum of lines beside it, not one more finding."
)
CLEAR = ("higher after than before", "lower after than before")


@dataclass(frozen=True)
class Finding:
    """What one measure shows; the cells for the page's table, and one sentence with the same figures for the email."""

    instrument: str
    measure: str
    change: str
    interval: str
    people: str
    cohorts: str
    verdict: str
    sentence: str  # without the instrument


@dataclass(frozen=True)
class Findings:
    people: list[str]
    how: str
    direction: str  # whether more is better
    changes: list[Finding]
    caution: str
    pooled: bool
    said: list[str]  # what people said themselves: of what has changed for them, and of the sessions


def findings(tables: list[PublishedTable]) -> Findings:
    """From the tables of people, change, perceived impact and sessions that are there; tables are as_written."""
    named = {table.name: table for table in tables}
    flow = list(stages(named["response_flow"])) if "response_flow" in named else []
    all_changes = list(changes(named["multi_year_outcomes"])) if "multi_year_outcomes" in named else []
    overall = _overall(all_changes)
    return Findings(
        people=_people(flow),
        how=_how(overall),
        direction=_direction(named.get("multi_year_outcomes")),
        changes=[_finding(change) for change in overall],
        caution=CAUTION,
        pooled=any(change.pooled for change in overall),
        said=[
            *(impact_in_words(named["impact_shares"]) if "impact_shares" in named else []),
            *(ratings_in_words(named["session_trend"]) if "session_trend" in named else []),
            *(response_in_words(named["session_response"]) if "session_response" in named else []),
        ],
    )


def changes_in_short(found: Findings) -> ShortTable:
    cohorts = ("Cohorts",) if found.pooled else ()
    lines = [
        Line(
            one.instrument,
            one.measure,
            (one.change, one.interval, one.people, *((one.cohorts,) if found.pooled else ())),
            one.verdict,
        )
        for one in found.changes
    ]
    return ShortTable("What changed", ("Mean change", "95 % interval", "People", *cohorts), lines)


def banners(programme: Programme, tables: list[PublishedTable]) -> list[str]:
    """What must stand above everything else on the page, in each table's own page, in the workbook and in the email."""
    off = {table.off_because for table in tables if table.off_because}
    lines = [SYNTHETIC] if programme.synthetic else []
    return lines + [f"Nothing is hidden in this release. The reason given: {reason}" for reason in sorted(off)]


def academic_years(programme: Programme) -> str:
    years = sorted({cohort.academic_year for cohort in programme.cohorts})
    count = f"{len(programme.cohorts)} cohort{'s' if len(programme.cohorts) > 1 else ''}"
    return f"Academic year {years[0]}, {count}" if len(years) == 1 else f"{years[0]} to {years[-1]}, {count}"


def hidden_sentence(tables: list[PublishedTable]) -> str:
    hidden = sum(sum(hidden_by_reason(table).values()) for table in tables)
    total = sum(table.values.height * len(figures(table)) for table in tables)
    if not hidden:
        return f"None of the {total:,} figures in these tables is hidden."
    return (
        f"Of {total:,} figures in these tables, {hidden:,} {'is' if hidden == 1 else 'are'} hidden, because few "
        "people, or people of few schools, are behind them, or because they would tell another hidden figure or what "
        "single people answered. A hidden figure is marked [c]; it is not zero."
    )


def hidden_rows(tables: list[PublishedTable]) -> list[Mapping[str, str]]:
    return [
        {"table": table.title, "reason": reason_in_words(table, name), "count": f"{count:,}"}
        for table in tables
        for name, count in hidden_by_reason(table).items()
    ]


def programme_name(programme: Programme) -> str:
    return plain(programme.name)


def _overall(all_changes: list[Change]) -> list[Change]:
    """One line a measure: the pooled change, or, where nothing is pooled (a single cohort), the latest year's."""
    measures = dict.fromkeys((c.instrument, c.measure) for c in all_changes)
    per_measure = [[c for c in all_changes if (c.instrument, c.measure) == measure] for measure in measures]
    any_pooled = any(c.pooled for c in all_changes)
    return [next((c for c in rows if c.pooled), rows[-1]) if any_pooled else rows[-1] for rows in per_measure]


def _finding(change: Change) -> Finding:
    figures, interval, verdict = _cell(change, None), _cell(change, None), _no_figure(change)
    sentence = f"{change.title}: {verdict}."
    if change.low is not None and change.high is not None and change.change is not None:
        figures = signed(change.change, change.column)
        interval = f"{digits(change.low, change.column)} to {digits(change.high, change.column)}"
        verdict = _verdict(change.low, change.high)
        sentence = f"{change.title}: {change.words(named=False)}. {verdict[0].upper()}{verdict[1:]}."
    people, cohorts = (_cell(change, count) for count in (change.people, change.cohorts))
    return Finding(change.instrument, change.title, figures, interval, people, cohorts, verdict, sentence)


def _no_figure(change: Change) -> str:
    if change.hidden:
        return "hidden"
    return "not pooled: fewer than two cohorts to pool" if change.pooled else "no figure"


def _cell(change: Change, count: int | None) -> str:
    return f"{count:,}" if count is not None else MARK if change.hidden else NOT_APPLICABLE


def _verdict(low: float, high: float) -> str:
    """Never a word about the cause, nor about better or worse: that depends on the scale."""
    if low > 0:
        return CLEAR[0]
    if high < 0:
        return CLEAR[1]
    return "not clear: could be a rise or a fall"


def _how(overall: list[Change]) -> str:
    if not overall:
        return ""
    if any(change.pooled for change in overall):
        return (
            f"{_tally(overall)}Mean change from before to after, pooled over the cohorts of all years, in points of "
            "each score; beside its name, the lowest and the highest possible. Small cohorts may be left out, so fewer "
            "people may be behind a line than answered both times."
        )
    return f"{_tally(overall)}Mean change from before to after in {overall[0].when}, in points of each score."


def _tally(overall: list[Change]) -> str:
    """The result in one sentence: of how many scores the change is clear."""
    ends = [(c.low, c.high) for c in overall if c.low is not None and c.high is not None]
    verdicts = Counter(_verdict(*pair) for pair in ends)
    parts = [
        f"{verdicts[words]} {'was' if verdicts[words] == 1 else 'were'} {words}" for words in CLEAR if verdicts[words]
    ]
    unclear = len(ends) - sum(verdicts[words] for words in CLEAR)
    parts += [f"{unclear} {'is' if unclear == 1 else 'are'} not clear"] if unclear else []
    return f"Of {counted(len(ends), 'score')}, {' and '.join(parts)}. " if len(ends) > 1 else ""


def _direction(table: PublishedTable | None) -> str:
    """The table's own note."""
    return next((note for note in table.notes if note.startswith(DIRECTION)), "") if table else ""


def _people(flow: list[Stage]) -> list[str]:
    """One sentence for all years together, or for each group of the table where there is no such group."""
    groups = list(dict.fromkeys(stage.group for stage in flow))
    whole = [group for group in groups if group.lower().startswith("all")] or groups
    return [_group_sentence(group, [s for s in flow if s.group == group]) for group in whole]


def _group_sentence(group: str, row: list[Stage]) -> str:
    counts = {stage.key: stage.people for stage in row}
    if counts.get("enrolled") == 0:
        return f"{group}: nobody is enrolled yet."
    known = {stage.key: f"{stage.people:,}" for stage in row if stage.people is not None}
    words = {
        "enrolled": "{} people enrolled",
        "consented": "{} agreed to the evaluation",
        "pre": "{} answered before",
        "post": "{} answered after",
        "paired": "{} answered both times; changes can be seen for these only"
        if counts.get("paired") != 0
        else "nobody answered both times yet, so there is no change to show",
    }
    parts = [words[key].format(known[key]) for key in words if key in known]
    hidden = " (some counts are hidden)" if any(stage.hidden for stage in row) else ""
    return f"{group}: {', '.join(parts) or 'no count may be shown'}{hidden}."
