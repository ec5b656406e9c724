"""Charts as SVG, drawn from published tables and nothing else, so that a chart cannot show what a table hides. Plain
Vega-Lite specifications; no browser, no network. Every chart has its figures as a text alternative, and says how many
of its figures are hidden: a hidden one is absent, never zero. Where a trend is broken, a chart of changes says so
between the years, in a row of its own."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from math import ceil, floor
from typing import Any

import vl_convert
from markupsafe import Markup

from cfc_pipeline.disclosure.protected import MARK
from cfc_pipeline.publish.figures import (
    SCOPES,
    TREND,
    Change,
    Rating,
    Stage,
    Step,
    changes,
    ratings,
    slopes,
    stages,
    steps,
)
from cfc_pipeline.publish.model import PublishedTable

INK, ACCENT, FAINT = "#22282d", "#1d6278", "#c9d2d6"
BROKEN = "#5b666e"
TINTS = ("#b9cdd5", "#6f9fb0", ACCENT)  # one hue: one cohort, one year, all years
TEXT = {"mark": {"type": "text", "align": "left", "dx": 5, "fontSize": 12, "color": INK}}
CONFIG = {
    "font": "sans-serif",
    "background": None,
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "labelColor": INK,
        "titleColor": INK,
        "grid": False,
        "domainColor": FAINT,
        "tickColor": FAINT,
        "labelLimit": 400,
    },
    "legend": {"labelFontSize": 12, "title": None, "orient": "top", "labelColor": INK},
}


@dataclass(frozen=True)
class Chart:
    """`text` are the chart's figures in words, `hidden` how many of them the table hides."""

    group: str  # heading over several charts, such as an instrument
    title: str
    svg: Markup
    text: str
    hidden: int


def change_charts(table: PublishedTable) -> list[Chart]:
    """One small chart for each measure, in the scale's own points: change and 95 % interval by year, and pooled."""
    by_measure: dict[tuple[str, str], list[Change]] = {}
    for change in changes(table):
        by_measure.setdefault((change.instrument, change.measure), []).append(change)
    axes = {instrument: _axis(instrument, by_measure) for instrument, _ in by_measure}
    return [
        _change_chart(
            instrument,
            rows[0].title,
            rows,
            axes[instrument],
            steps(table, instrument, [r.when for r in rows if not r.pooled]),
        )
        for (instrument, _), rows in by_measure.items()
        if any(r.shown for r in rows)
    ]


def flow_chart(table: PublishedTable) -> list[Chart]:
    """How many people enrolled, agreed, and answered before, after and at both times: one small chart a year."""
    by_group: dict[str, list[Stage]] = {}
    for stage in stages(table):
        by_group.setdefault(stage.group, []).append(stage)
    most = max((s.people for row in by_group.values() for s in row if s.people), default=1)
    return [_flow_chart(group, row, most) for group, row in by_group.items()]


def rating_charts(table: PublishedTable) -> list[Chart]:
    """Mean rating over the sessions, one small chart for each question: every cohort, each year, and all years."""
    by_question: dict[str, list[Rating]] = {}
    for rating in ratings(table):
        by_question.setdefault(rating.question, []).append(rating)
    return [_rating_chart(question, rows) for question, rows in by_question.items()]


def trend_charts(table: PublishedTable) -> list[Chart]:
    """Change of the mean rating from one session to the next, by year and over all: one small chart a question."""
    rows = [change for change in slopes(table) if change.hidden or change.shown]
    by_question: dict[tuple[str, str], list[Change]] = {}
    for change in rows:
        by_question.setdefault((change.instrument, change.measure), []).append(change)
    axis = _axis(TREND, by_question)
    return [
        _change_chart(TREND, question, of_question, axis, [], "points from session to session")
        for (_, question), of_question in by_question.items()
        if any(change.shown for change in of_question)
    ]


def _axis(instrument: str, by_measure: dict[tuple[str, str], list[Change]]) -> list[float]:
    """From and to of the axis that the subscales of one instrument share; zero is always on it."""
    rows = [r for (name, _), measure in by_measure.items() if name == instrument for r in measure]
    ends = [0.0, *(end for r in rows if r.shown for end in (r.low, r.high) if end is not None)]
    margin = 0.05 * (max(ends) - min(ends))
    return [min(ends) - margin, max(ends) + margin]


def _change_chart(
    instrument: str,
    measure: str,
    rows: list[Change],
    axis: list[float],
    broken: list[Step],
    title: str = "mean change, points",
) -> Chart:
    data = [
        {"when": r.when, "change": r.change, "low": r.low, "high": r.high, "pooled": r.pooled} for r in rows if r.shown
    ]
    y: dict[str, Any] = {
        "field": "when",
        "type": "nominal",
        "sort": None,
        "title": None,
        "scale": {"domain": _rows(rows, broken)},
    }
    y["axis"] = {"ticks": False, "domain": False, "labelPadding": 8, **_labels(broken)}
    x: dict[str, Any] = {"type": "quantitative", "axis": {"tickCount": 5}, "scale": {"domain": axis, "nice": False}}
    spec: dict[str, Any] = {
        "width": 210,
        "height": {"step": 24},
        "layer": [
            {"data": {"values": [{}]}, "mark": {"type": "rule", "color": FAINT}, "encoding": {"x": {"datum": 0}}},
            {
                "data": {"values": data},
                "mark": {"type": "rule", "strokeWidth": 2, "color": ACCENT},
                "encoding": {
                    "y": y,
                    "x": x | {"field": "low", "title": title},
                    "x2": {"field": "high"},
                },
            },
            {
                "data": {"values": data},
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1, "color": ACCENT},
                "encoding": {"y": y, "x": x | {"field": "change"}, "shape": _shape()},
            },
            TEXT | _marks("when", [r.when for r in rows if r.hidden], x, y),
            {
                "data": {"values": [{"when": _row(one)} for one in broken if one.before != one.after]},
                "mark": {"type": "rule", "strokeDash": [4, 3], "color": BROKEN},
                "encoding": {"y": y, "x": {"value": 0}, "x2": {"value": "width"}},
            },
        ],
    }
    sentences = [r.words() for r in rows if r.shown] + [one.words() for one in broken]
    return chart(instrument, measure, spec, sentences, sum(r.hidden for r in rows))


def _rows(rows: list[Change], broken: list[Step]) -> list[str]:
    """A row for each year and the pooled estimate; for a break one above the year that follows it, or below its own."""
    names: list[str] = []
    for row in rows:
        mine = [one for one in broken if one.after == row.when]
        names += [_row(one) for one in mine if one.before != one.after]
        names.append(row.when)
        names += [_row(one) for one in mine if one.before == one.after]
    return names


def _row(one: Step) -> str:
    return f"{one.before} | {one.after}"


def _labels(broken: list[Step]) -> dict[str, Any]:
    """How the axis calls the rows of breaks: smaller and paler than years."""
    if not broken:
        return {}
    names = json.dumps({_row(one): one.label for one in broken})
    is_break = "indexof(datum.value, ' | ') >= 0"
    return {
        "labelExpr": f"{names}[datum.value] || datum.label",
        "labelFontSize": {"condition": {"test": is_break, "value": 10.5}, "value": 12},
        "labelColor": {"condition": {"test": is_break, "value": BROKEN}, "value": INK},
    }


def _marks(field: str, rows: list[str], x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
    """The mark of a hidden figure in the rows that have one, beside the zero line and without a figure of its own."""
    data = [{field: row, "zero": 0, "mark": MARK} for row in rows]
    return {"data": {"values": data}, "encoding": {"x": x | {"field": "zero"}, "y": y, "text": {"field": "mark"}}}


def _shape() -> dict[str, Any]:
    """The pooled estimate is a diamond, as in a forest plot."""
    return {"condition": {"test": "datum.pooled", "value": "diamond"}, "value": "circle"}


def _flow_chart(group: str, row: list[Stage], most: int) -> Chart:
    data = [{"stage": s.label, "people": s.people or 0, "text": f"{s.people:,}"} for s in row if s.people is not None]
    y: dict[str, Any] = {
        "field": "stage",
        "type": "nominal",
        "sort": None,
        "title": None,
        "scale": {"domain": [s.label for s in row]},
    }
    y["axis"] = {"ticks": False, "domain": False, "labelPadding": 8}
    x: dict[str, Any] = {"field": "people", "type": "quantitative", "axis": None, "scale": {"domain": [0, most * 1.12]}}
    hidden = [s.label for s in row if s.hidden]
    bar = {"mark": {"type": "bar", "color": ACCENT, "height": 14}}
    spec: dict[str, Any] = {
        "width": 200,
        "height": {"step": 22},
        "data": {"values": data},
        "encoding": {"y": y, "x": x},
        "layer": [
            bar,
            TEXT | {"encoding": {"text": {"field": "text"}}},
            TEXT | _marks("stage", hidden, x, y),
        ],
    }
    sentences = [f"{s.label}: {s.people:,}" for s in row if s.people is not None]
    return chart("", group, spec, sentences, sum(s.hidden for s in row))


def _rating_chart(question: str, rows: list[Rating]) -> Chart:
    # A null in the middle breaks the line: nothing may be read off between the neighbours of a hidden point.
    data = [{"line": r.line, "scope": r.scope, "session": r.session, "mean": r.mean} for r in rows]
    last = max(r.session for r in rows)
    scopes = [scope for scope in SCOPES if any(r.scope == scope and r.mean is not None for r in rows)]
    style = {"domain": list(SCOPES), "range": list(TINTS)}
    # The built-in form asks for 1 to 5; a programme's own may go beyond.
    means = [1.0, 5.0, *(r.mean for r in rows if r.mean is not None)]
    spec = {
        "width": 240,
        "height": 130,
        "encoding": {
            "x": {
                "field": "session",
                "type": "quantitative",
                "title": "session",
                "scale": {"domain": [1, last], "nice": False},
                "axis": {"values": list(range(1, last + 1)), "format": "d"},
            },
            "y": {
                "field": "mean",
                "type": "quantitative",
                "title": "mean rating",
                "scale": {"domain": [floor(min(means)), ceil(max(means))]},
                "axis": {"tickMinStep": 1, "tickCount": 5, "grid": True, "gridColor": "#eef1f2", "domain": False},
            },
            "color": {"field": "scope", "type": "nominal", "scale": style, "legend": {"values": scopes}},
            "detail": {"field": "line", "type": "nominal"},
        },
        # One layer for each scope, so that the whole lies on top of its parts.
        "layer": [
            {
                "data": {"values": [point for point in data if point["scope"] == scope]},
                "mark": {"type": "line", "strokeWidth": width, "point": {"size": 8 * width}},
            }
            for scope, width in zip(SCOPES, (1, 2, 3), strict=True)
        ],
    }
    return chart("", question, spec, list(_rating_sentences(rows)), sum(r.hidden for r in rows))


def _rating_sentences(rows: list[Rating]) -> Iterator[str]:
    for line in dict.fromkeys(r.line for r in rows):
        points = [f"session {r.session} {r.written}" for r in rows if r.line == line and r.mean is not None]
        if points:
            yield f"{line}: {', '.join(points)}"


def chart(group: str, title: str, spec: dict[str, Any], sentences: list[str], hidden: int) -> Chart:
    text = "; ".join(sentences) + "." if sentences else "No figure may be shown."
    name = f"{group}, {title}" if group else title
    svg = vl_convert.vegalite_to_svg(spec | {"config": CONFIG}, allowed_base_urls=[])
    return Chart(group, title, described(svg, name, text), text, hidden)


def described(svg: str, name: str, text: str) -> Markup:
    """One image with a name and a description, instead of hundreds of marks read out one by one."""
    opening = f'<svg role="img" aria-label="{escape(f"{name}: {text}")}" '
    svg = svg.replace("<svg ", opening, 1).replace(">", f"><title>{escape(name)}</title><desc>{escape(text)}</desc>", 1)
    return Markup(svg)  # noqa: S704 # text in it was escaped; readback parses the page
