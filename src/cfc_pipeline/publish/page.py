"""The page of a release: one file that opens without a network, runs nothing, prints on A4 and reads well on a phone.
It begins with what a busy reader needs (what changed, how sure, what people say, who answered), then section by section
charts and sentences, with the tables folded below them; what only a statistician asks for comes last. Paper shows what
the screen does: a table that is folded is not printed, because all of them take fifty pages."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from cfc_pipeline.programme import Programme
from cfc_pipeline.publish.attrition_tables import what_if
from cfc_pipeline.publish.charts import Chart, change_charts, rating_charts, trend_charts
from cfc_pipeline.publish.findings import (
    academic_years,
    banners,
    changes_in_short,
    findings,
    hidden_rows,
    hidden_sentence,
    programme_name,
)
from cfc_pipeline.publish.flow_diagram import flow_charts
from cfc_pipeline.publish.html import CSP, environment, fragment, notes
from cfc_pipeline.publish.impact_charts import impact_charts
from cfc_pipeline.publish.model import PublishedTable, ShortTable
from cfc_pipeline.publish.session_tables import response_in_words, trend_in_short

ABOUT = (
    "This page shows what people said in surveys before, during and after the programme. It holds totals and averages "
    "only; figures that could point to a person are hidden."
)
FOOTER = (
    "Made by cfc-pipeline from survey answers that carry no names. Every figure here is read from the tables of this "
    "release, which were read back and compared in every format before it was published."
)


@dataclass(frozen=True)
class Section:
    id: str
    title: str
    intro: str
    tables: tuple[str, ...]
    charts: dict[str, Callable[[PublishedTable], list[Chart]]]  # table: what draws it
    together: Callable[[Mapping[str, PublishedTable]], list[Chart]] | None = None  # draws from several tables
    said: dict[str, Callable[[PublishedTable], list[str]]] = field(default_factory=dict)  # table: in sentences
    short: Mapping[str, Callable[[PublishedTable], ShortTable]] = field(default_factory=dict)  # table: in short
    unfolded: bool = False  # whether its tables are read at once: where they are the point, and short
    technical: bool = False  # for the statistician


SECTIONS = (
    Section(
        "people",
        "Who answered",
        "How many people enrolled, agreed to the evaluation and answered, year by year. [c] is a hidden count.",
        ("response_flow",),
        {"response_flow": flow_charts},
    ),
    Section(
        "changes",
        "What changed",
        "A dot is the mean change from before to after in points of that scale, the line its 95 % interval; a "
        "diamond is the change pooled over cohorts. The grey line is no change, [c] a hidden figure, a dashed line a "
        "break: something changed between these years, see the notes under the table. Scales differ, so each "
        "instrument has its own axis.",
        ("multi_year_outcomes", "later_outcomes", "reliable_change"),
        {"multi_year_outcomes": change_charts},
    ),
    Section(
        "attendance",
        "Change and attendance",
        "What people who came to many sessions changed, beside those who came to fewer. A description: they differ in "
        "other ways, too.",
        ("attendance_change",),
        {},
        technical=True,
    ),
    Section(
        "impact",
        "Perceived impact",
        "Answers to the programme's own questions afterwards: what people believe, not a measured change. Answers that "
        "count as increased are right of the line, with their share at the end and its 95 % interval as a thin line; "
        "the other answers are left of it. [c] is a hidden share.",
        ("impact_shares", "perceived_impact"),
        {},
        impact_charts,
    ),
    Section(
        "sessions",
        "The sessions",
        "Mean rating after each session, from anonymous forms: a thin line for each cohort, thicker ones for each "
        "year and for all years. A gap in a line is a hidden or missing figure. Below, how much the mean rating "
        "changed from one session to the next, with its 95 % interval; the diamond is over all years.",
        ("session_trend", "session_response", "session_adherence", "session_feedback"),
        {"session_feedback": rating_charts, "session_trend": trend_charts},
        said={"session_response": response_in_words},
        short={"session_trend": trend_in_short},
    ),
    Section(
        "comments",
        "In people's words",
        "What people wrote: how many comments are of which theme, and comments that were chosen and approved.",
        ("comment_themes", "approved_comments"),
        {},
        unfolded=True,
    ),
    Section(
        "left",
        "Who did not answer again",
        "The mean change is of those who answered both times. Here are those who answered before only: where they "
        "started, and what the mean change would be if none of them had changed, or all had come to the worst possible "
        "score; nobody knows what it was. Everybody counts alike here: it is not the change pooled over cohorts.",
        ("attrition_change", "attrition"),
        {},
        short={"attrition_change": what_if},
    ),
    Section(
        "cohorts",
        "Cohort by cohort",
        "The change in each cohort. Cohorts are small: a single one says little, and some may not be shown.",
        ("cohort_outcomes", "effect_sizes"),
        {},
        technical=True,
    ),
    Section(
        "model",
        "All time points in one model",
        "The change estimated from everybody with any score, beside the change of those who answered both times.",
        ("mixed_model",),
        {},
        technical=True,
    ),
    Section(
        "measures",
        "The measures",
        "Whether the items of each score go together in these people's answers, so that the score means something.",
        ("reliability",),
        {},
        technical=True,
    ),
    Section(
        "quality",
        "Quality of the data",
        "What became of the rows that came in: nothing is lost, and nothing is counted twice.",
        ("data_quality",),
        {},
        technical=True,
    ),
)


def page(
    programme: Programme,
    tables: list[PublishedTable],
    grids: Mapping[str, Markup],
    *,
    when: datetime,
    version: str,
    **facts: object,
) -> str:
    """`tables` are as_written, `grids` their HTML by name; `facts` are `release_id` and `source`, a dict of what
    the data came from."""
    named = {table.name: table for table in tables}
    common = _common_notes(tables)
    found = findings(tables)
    local = when.astimezone(ZoneInfo(programme.timezone))
    values = {
        "programme": {"name": programme_name(programme)},
        "years": academic_years(programme),
        "published": f"{local.day} {local:%B %Y, %H:%M} ({programme.timezone})",
        "banners": banners(programme, tables),
        "mark": "SYNTHETIC DATA" if programme.synthetic else "NOTHING IS HIDDEN HERE",  # on every printed page
        "about": ABOUT,
        "findings": found,
        "changes": changes_in_short(found),
        "sections": _sections(named, grids, common),
        "hidden": {
            "sentence": hidden_sentence(tables),
            "rows": hidden_rows(tables),
            "rules": common or list(dict.fromkeys(t.rule for t in tables)),
        },
        "tables": tables,
        "version": version,
        "footer": FOOTER,
        "csp": CSP,
    }
    return environment.get_template("index.html.j2").render(values | facts)


def _sections(
    named: dict[str, PublishedTable], grids: Mapping[str, Markup], common: list[str]
) -> list[dict[str, object]]:
    placed = {name for section in SECTIONS for name in section.tables}
    more = tuple(name for name in named if name not in placed)
    rest = Section("more", "More tables", "", more, {}, technical=True)
    wanted = [section for section in (*SECTIONS, rest) if set(section.tables) & set(named)]
    return [_section(section, named, grids, common) for section in sorted(wanted, key=lambda one: one.technical)]


def _section(
    section: Section, named: dict[str, PublishedTable], grids: Mapping[str, Markup], common: list[str]
) -> dict[str, object]:
    charts: list[Chart] = [c for name, draw in section.charts.items() if name in named for c in draw(named[name])]
    charts += section.together(named) if section.together else []
    here = [name for name in section.tables if name in named]
    tables = _said_once([named[name] for name in here], grids, common)
    said = [line for name, say in section.said.items() if name in named for line in say(named[name])]
    short = [brief(named[name]) for name, brief in section.short.items() if name in named]
    texts = {"id": section.id, "title": section.title, "intro": section.intro, "said": said, "short": short}
    folded = "" if section.unfolded else "; ".join(named[name].title for name in here)
    return texts | {"charts": charts, "tables": tables, "folded": folded, "technical": section.technical}


def _said_once(tables: list[PublishedTable], grids: Mapping[str, Markup], common: list[str]) -> list[Markup]:
    """The tables of a section; what one says under it, those below do not say again, but name it."""
    fragments, said = [], dict.fromkeys(common, "")
    for table in tables:
        see = dict.fromkeys(said[note] for note in notes(table) if said.get(note))
        fragments.append(fragment(table, grids[table.name], leave_out=said.keys(), see=list(see)))
        said = dict.fromkeys(notes(table), table.title) | said
    return fragments


def _common_notes(tables: list[PublishedTable]) -> list[str]:
    """What most tables say, and the page therefore says once."""
    if len(tables) < 2:
        return []
    counts = Counter(note for table in tables for note in notes(table))
    return [note for note, count in counts.items() if count > len(tables) / 2]
