"""The part of a draft that says what a questionnaire's columns mean: who, when, which session, which item."""

import re
from typing import get_args

from cfc_pipeline.intake import guess
from cfc_pipeline.intake.cells import tidy
from cfc_pipeline.intake.finding import Finding
from cfc_pipeline.intake.marked import Lines, check, heading, headings, quoted, todo, under
from cfc_pipeline.programme import TimePoint
from cfc_pipeline.sources.raw import RawColumn
from schemas.instruments import Instrument


def questionnaire(found: Finding) -> Lines:
    person = found.people[0] if found.people else None
    return [
        *([] if found.kind == "session_feedback" else [_time_point(found)]),
        *([] if found.kind in ("scale", "perceived_impact") else [_session(found)]),
        cohort(found),
        *_person(found),
        _consent(found, person[0] if person else ""),
        *under("submitted:", [*_when(found), order(found), *_zone(found)]),
        *under("scales:", _scales(found)),
        *under("comments:", _comments(found.comments)),
    ]


def _or_column(columns: list[RawColumn], meaning: str) -> str:
    seems = f", perhaps {headings(columns)}" if columns else ""
    return f'a column{seems}, as {{column: "heading", values: {{"cell": {meaning}}}}}'


def _time_point(found: Finding) -> str:
    or_column = _or_column(found.hints.get("time_point", []), "pre")
    return todo("time_point:", f"{', '.join(get_args(TimePoint))}; calendar, by the day of sending in; or {or_column}")


def _session(found: Finding) -> str:
    columns = found.hints.get("session", [])
    if len(columns) == 1:
        return check(f"session: {{column: {quoted(columns[0].key)}}}", "by its heading")
    return todo("session:", "its number; or " + _or_column(columns, "1"))


def cohort(found: Finding) -> str:
    own = "" if found.kind == "session_log" else "roster, for each person's own; "
    ids = ", ".join(known.id for known in found.programme.cohorts)
    return todo("cohort:", f"{own}{ids}; or {_or_column(found.hints.get('cohort', []), 'cohort-id')}")


def _person(found: Finding) -> Lines:
    if not found.people:
        if found.kind == "session_feedback":
            return [check("person: {by: anonymous}", "no heading asks for an address or a code")]
        return [todo("person:", '{by: email, column: "heading"}, or by: code, self_made; or {by: anonymous}')]
    (by, column), *more = found.people
    why = {
        "email": "the heading says so",
        "code": "`code` is one that the programme gave out, `self_made` one that people made up",
        "self_made": "`self_made` is a code that people made up, `code` one that the programme gave out",
    }
    also = f"; also possible: {headings(c for _, c in more)}" if more else ""
    lines = [check(f"by: {by}", why[by]), check(f"column: {quoted(column.key)}", f"by its heading{also}")]
    return under("person:", lines)


def _consent(found: Finding, by: str) -> str:
    if by in ("email", "code"):
        return check("consent: roster", "the roster says who agreed")
    seems = f", perhaps {headings(found.hints['consent'])}" if "consent" in found.hints else ""
    return todo("consent:", f'not_needed; or a column{seems}, as {{column: "heading", yes: ["cell"]}}')


def _when(found: Finding) -> Lines:
    """Only for tools that have no column of their own for it."""
    if found.raw.tool != "table":
        return []
    columns = found.hints.get("submitted", [])
    if len(columns) == 1:
        return [check(f"column: {quoted(columns[0].key)}", "by its heading")]
    return [todo("column:", f"the column that says when a form was sent in, {headings(columns)}".rstrip(", "))]


def order(found: Finding) -> str:
    proved, why = guess.day_order(found.dates)
    return check(f"order: {proved}", why) if proved else todo("order:", f"ymd, dmy or mdy; {why}")


def _zone(found: Finding) -> Lines:
    clock = found.programme.timezone
    return [] if found.raw.zone else [todo("timezone:", f"only if the tool's clock is not the programme's, {clock}")]


def _scales(found: Finding) -> Lines:
    lines = [line for key in found.blocks.whole for line in _scale(found, found.instruments[key])]
    columns = '#   items: # TODO: {1: "heading", 2: "heading"}'
    for key, doubt in found.blocks.doubts.items():
        lines += [todo(f"- instrument: {key}", f"left out, because its items do not add up; {doubt}"), columns]
    known = f"no instrument was found by the names of columns; known are {', '.join(found.instruments)}"
    return lines or [todo("- instrument:", known), columns]


def _scale(found: Finding, key: Instrument) -> Lines:
    block = found.blocks.whole[key.id]
    items = [check(f"{item}: {quoted(column.key)}", _named(found, column)) for item, column in block.items()]
    answers = _answers(guess.labels(found.rows, block.values(), key), key)
    first = check(f"- instrument: {key.id}", f"by the names of {key.items} columns")
    return [first, *(f"  {line}" for line in [*under("items:", items), *under("answers:", answers)])]


def _named(found: Finding, column: RawColumn) -> str:
    same = sum((c.text, c.option) == (column.text, column.option) for c in found.raw.columns)
    return f"named {heading(column)}" + (f"; {same} columns have this heading" if same > 1 else "")


def _answers(seen: guess.Labels, key: Instrument) -> Lines:
    """Label: number. An entry's labels replace the form's own, so with any of them all are listed."""
    if not seen.shown and not seen.hidden:
        return []
    own = [check(f"{quoted(label)}: {number}", "the form's own label") for label, number in key.labels.items()]
    known = {tidy(label) for label in key.labels}
    number = f"a number from {key.lowest} to {key.highest}; or in `blank: [...]` instead, if it is no answer"
    new = [todo(f"{quoted(label)}:", number) for label in seen.shown if tidy(label) not in known]
    more = f"{number}; {seen.hidden} answers are not shown here: {seen.reason}"
    return [*own, *new, *([todo('"label":', more)] if seen.hidden else [])]


def _comments(columns: list[RawColumn]) -> Lines:
    lines: dict[str, str] = {}
    for column in columns:
        name = _short_name(column)
        name = name if name not in lines else f"{name}-{len(lines) + 1}"
        lines[name] = check(f"{name}: {quoted(column.key)}", "long texts that differ")
    return list(lines.values())


def _short_name(column: RawColumn) -> str:
    words = re.findall(r"[a-z0-9]+", column.text.casefold())[:4]
    return "-".join(words)[:30].strip("-") or "comment"
