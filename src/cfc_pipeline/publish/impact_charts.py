"""Perceived impact as bars, one small chart for each item, from the tables `perceived_impact` and `impact_shares`.

Answers that count as increased go to the right of the line, the others to the left, so that the years can be compared
along one edge. Where a row hides any answer, the bar shows the two halves only, if the share may be shown; otherwise
there is the mark of a hidden figure. Colours differ in lightness as well as hue, and every part carries its figure, so
that the chart can be read in print and by people who see colours differently.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cfc_pipeline.disclosure.protected import MARK
from cfc_pipeline.publish.charts import INK, Chart, chart
from cfc_pipeline.publish.figures import digits, rows_of
from cfc_pipeline.publish.model import PublishedTable

INCREASED, OTHERS = ("#8cc3c9", "#1d6278"), ("#e3e3e3", "#8a4b08")  # from the line outwards
TOGETHER = {True: "#c9e3e6", False: "#f4f4f4"}  # where the answers of one side are not told apart
TOGETHER_WORDS = {True: "increased, answers hidden", False: "other answers, hidden"}
ROOM_FOR_A_FIGURE = 8  # per cent
SHARES = "impact_shares"


@dataclass(frozen=True)
class Part:
    """One answer in one year; `percent` is None where it is hidden or nobody was asked."""

    answer: str
    increased: bool
    percent: float | None
    hidden: bool


@dataclass(frozen=True)
class Bar:
    """What people of one year said about one item. `share` and its interval are None where hidden or absent."""

    year: str
    parts: tuple[Part, ...]
    share: float | None
    low: float | None
    high: float | None
    written: str  # the share as printed
    hidden: int  # figures of this row that are hidden

    @property
    def whole(self) -> bool:
        return all(part.percent is not None for part in self.parts)


def impact_charts(tables: Mapping[str, PublishedTable]) -> list[Chart]:
    """A key to the colours, and a chart for each item whose form says which answers count as increased."""
    if SHARES not in tables:
        return []
    bars = dict(bars_by_item(tables["perceived_impact"], tables[SHARES]))
    drawn = {item: rows for item, rows in bars.items() if any(_pieces(row) for row in rows)}
    axis = _axis(drawn.values())
    scales = dict.fromkeys(tuple((p.answer, p.increased) for p in rows[0].parts) for rows in drawn.values())
    keys = [_key(answers) for answers in scales]
    return [*keys, *(_item_chart(item, rows, axis) for item, rows in drawn.items())]


def bars_by_item(answers: PublishedTable, shares: PublishedTable) -> Iterator[tuple[str, list[Bar]]]:
    """The years of the table of all answers, those of the newest last, then all years."""
    years = {c.group: c.key.removesuffix("_percent") for c in answers.columns if c.key.endswith("_percent")}
    rows = list(rows_of(answers))
    told = {(row["question"], row["who"]): (row, why) for row, why in rows_of(shares)}
    for item in dict.fromkeys(row["question"] for row, _ in rows if row["counts"] is not None):
        mine = [(row, why) for row, why in rows if row["question"] == item and row["counts"] is not None]
        yield item, [_bar(year, key, mine, told.get((item, year)), shares) for year, key in years.items()]


def _bar(
    year: str,
    key: str,
    rows: Sequence[tuple[dict[str, Any], dict[str, Any]]],
    share: tuple[dict[str, Any], dict[str, Any]] | None,
    shares: PublishedTable,
) -> Bar:
    figure = f"{key}_percent"
    parts = tuple(
        Part(row["answer"], row["counts"] == "yes", row[figure], why[figure] is not None) for row, why in rows
    )
    row, why = share or ({}, {})
    column = next(c for c in shares.columns if c.key == "percent")
    percent = row.get("percent")
    hidden = sum(part.hidden for part in parts) + (why.get("percent") is not None)
    written = "" if percent is None else f"{digits(percent, column)} %"
    return Bar(year, parts, percent, row.get("ci_low"), row.get("ci_high"), written, hidden)


def _pieces(bar: Bar) -> list[dict[str, Any]]:
    """What is drawn of a bar: from and to in per cent, outwards from the line at 0."""
    if bar.whole:
        sides = [[p for p in bar.parts if p.increased is side] for side in (True, False)]
        return [piece for side in sides for piece in _stacked(bar, side)]
    if bar.share is None:
        return []
    return [
        {"year": bar.year, "answer": TOGETHER_WORDS[side], "from": 0, "to": to, "text": f"{abs(to):.0f}"}
        for side, to in ((True, bar.share), (False, bar.share - 100))
    ]


def _stacked(bar: Bar, parts: Sequence[Part]) -> Iterator[dict[str, Any]]:
    """The answer that is nearest to the other side stands at the line."""
    at = 0.0
    for part in parts if parts and parts[0].increased else reversed(parts):
        to = at + (part.percent or 0.0) * (1 if part.increased else -1)
        yield {"year": bar.year, "answer": part.answer, "from": at, "to": to, "text": f"{part.percent:.0f}"}
        at = to


def _axis(items: Any) -> list[float]:
    pieces = [piece for rows in items for row in rows for piece in _pieces(row)]
    return [min((p["to"] for p in pieces), default=0) - 4, max((p["to"] for p in pieces), default=100) + 22]


def _colours(answers: Sequence[tuple[str, bool]]) -> dict[str, str]:
    """Each answer's colour: in steps from the line outwards, light to dark."""
    right = [answer for answer, increased in answers if increased]
    left = [answer for answer, increased in answers if not increased][::-1]
    colours = {TOGETHER_WORDS[side]: colour for side, colour in TOGETHER.items()}
    for side, ends in ((right, INCREASED), (left, OTHERS)):
        for place, answer in enumerate(side):
            colours[answer] = _between(*ends, place / max(1, len(side) - 1))
    return colours


def _between(one: str, other: str, share: float) -> str:
    pairs = zip(*([int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (one, other)), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _item_chart(item: str, rows: Sequence[Bar], axis: list[float]) -> Chart:
    colours = _colours([(p.answer, p.increased) for p in rows[0].parts])
    pieces = [piece for row in rows for piece in _pieces(row)]
    shown = [
        {"year": r.year, "share": r.share, "low": r.low, "high": r.high, "text": r.written} for r in rows if r.written
    ]
    hidden = [{"year": r.year, "zero": 0, "mark": MARK} for r in rows if not _pieces(r) and r.hidden]
    y: dict[str, Any] = {"field": "year", "type": "nominal", "sort": None, "title": None}
    y |= {"scale": {"domain": [r.year for r in rows]}, "axis": {"ticks": False, "domain": False, "labelPadding": 8}}
    x: dict[str, Any] = {
        "type": "quantitative",
        "scale": {"domain": axis, "nice": False},
        "axis": {"values": [-50, 0, 50, 100], "labelExpr": "abs(datum.value) + ' %'"},
        "title": None,
    }
    colour: dict[str, Any] = {"field": "answer", "type": "nominal", "legend": None}
    colour["scale"] = {"domain": list(colours), "range": list(colours.values())}
    inside = [p | {"middle": (p["from"] + p["to"]) / 2, "ink": _ink(colours[p["answer"]])} for p in pieces]
    spec: dict[str, Any] = {
        "width": 250,
        "height": {"step": 26},
        "layer": [
            _layer({"type": "bar", "height": 17, "stroke": INK, "strokeWidth": 0.4}, pieces, y, x | {"field": "from"})
            | {"encoding": {"y": y, "x": x | {"field": "from"}, "x2": {"field": "to"}, "color": colour}},
            {"data": {"values": [{}]}, "mark": {"type": "rule", "color": INK}, "encoding": {"x": x | {"datum": 0}}},
            _layer(
                {"type": "rule", "strokeWidth": 1.5, "color": INK, "yOffset": 11},
                shown,
                y,
                x | {"field": "low"},
                high="high",
            ),
            *(
                _text(
                    [p for p in inside if p["ink"] == ink and abs(p["to"] - p["from"]) >= ROOM_FOR_A_FIGURE],
                    y,
                    x | {"field": "middle"},
                    "text",
                    {"color": ink, "fontSize": 10},
                )
                for ink in ("#ffffff", INK)
            ),
            _text(shown, y, x | {"datum": axis[1]}, "text", {"align": "right", "fontWeight": "bold", "color": INK}),
            _text(hidden, y, x | {"field": "zero"}, "mark", {"align": "left", "dx": 5, "fontSize": 12, "color": INK}),
        ],
    }
    return chart("", item, spec, [words for row in rows if (words := _words(row))], sum(row.hidden for row in rows))


def _layer(mark: dict[str, Any], data: list[dict[str, Any]], y: Any, x: Any, high: str = "") -> dict[str, Any]:
    encoding = {"y": y, "x": x} | ({"x2": {"field": high}} if high else {})
    return {"data": {"values": data}, "mark": mark, "encoding": encoding}


def _text(data: list[dict[str, Any]], y: Any, x: Any, field: str, look: dict[str, Any]) -> dict[str, Any]:
    found = _layer({"type": "text", "fontSize": 11} | look, data, y, x)
    return found | {"encoding": found["encoding"] | {"text": {"field": field}}}


def _ink(colour: str) -> str:
    """White on dark parts: by the usual weights of red, green and blue for how light a colour looks."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#ffffff" if 0.299 * red + 0.587 * green + 0.114 * blue < 140 else INK


def _words(bar: Bar) -> str:
    told = [f"increased {bar.written} (95 % interval {bar.low:.0f} to {bar.high:.0f} %)"] if bar.written else []
    told += [f"{p.answer} {p.percent:.0f} %" for p in bar.parts if p.percent is not None]
    return f"{bar.year}: {', '.join(told)}" if told else ""


def _key(answers: Sequence[tuple[str, bool]]) -> Chart:
    """What the colours mean, from the left end of a bar to its right end."""
    colours = _colours(answers)
    left = [answer for answer, increased in answers if not increased]
    right = [answer for answer, increased in answers if increased]
    order = [*left, *right, *TOGETHER_WORDS.values()]
    data = [{"answer": answer, "side": 0} for answer in order]
    y: dict[str, Any] = {"field": "answer", "type": "nominal", "sort": None, "title": None}
    y["axis"] = {"ticks": False, "domain": False, "labelPadding": 8, "orient": "right"}
    spec: dict[str, Any] = {
        "width": 16,
        "height": {"step": 18},
        "data": {"values": data},
        "mark": {"type": "square", "size": 150, "opacity": 1, "stroke": INK, "strokeWidth": 0.4},
        "encoding": {
            "y": y,
            "color": {
                "field": "answer",
                "type": "nominal",
                "legend": None,
                "scale": {"domain": list(colours), "range": list(colours.values())},
            },
        },
    }
    words = f"left of the line {', '.join(left)}; right of it {', '.join(right)}"
    return chart("", "The colours", spec, [words], 0)
