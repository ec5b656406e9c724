"""publish/charts.py: what is drawn is what the table shows, and the words say the same."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise

import polars as pl
import pytest
import vl_convert

from cfc_pipeline.publish.charts import change_charts, flow_chart, rating_charts
from cfc_pipeline.publish.figures import changes, ratings, stages
from cfc_pipeline.publish.impact_charts import impact_charts
from cfc_pipeline.publish.model import Break, PublishedTable
from cfc_pipeline.publish.written import as_written
from tests import published

SVG = "{http://www.w3.org/2000/svg}"


def _drawn(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """The specifications that reach Vega-Lite from here on."""
    specs: list[dict[str, object]] = []
    draw = vl_convert.vegalite_to_svg

    def keep(spec: dict[str, object], **settings: object) -> str:
        specs.append(spec)
        return str(draw(spec, **settings))

    monkeypatch.setattr(vl_convert, "vegalite_to_svg", keep)
    return specs


def test_the_dots_are_the_tables_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    specs = _drawn(monkeypatch)
    table = as_written(published.outcomes())
    charts = change_charts(table)
    assert [(c.group, c.title) for c in charts][:2] == [
        ("CEAS: compassion to self", "Engagement"),
        ("CEAS: compassion to self", "Actions"),
    ]
    dots = specs[1]["layer"][1]["data"]["values"]  # type: ignore[index]
    assert [(d["when"], d["change"], d["low"], d["high"]) for d in dots] == [
        ("2023/24", 2.9, 1.3, 4.5),
        ("2024/25", 1.9, 0.2, 3.6),
        ("Pooled, all cohorts", 2.4, 1.3, 3.5),
    ]
    assert charts[1].hidden == 1
    assert charts[0].hidden == 0


def test_the_text_alternative_has_the_same_figures() -> None:
    chart = change_charts(as_written(published.outcomes()))[0]
    words = "2023/24: mean change +3.10 points (95 % interval 0.90 to 5.30); 31 people;"
    assert chart.text.startswith(words)
    assert "72 people in 9 cohorts" in chart.text
    svg = ET.fromstring(chart.svg)
    assert svg.get("role") == "img"
    assert (svg.findtext(f"{SVG}desc"), svg.findtext(f"{SVG}title")) == (
        chart.text,
        "CEAS: compassion to self, Engagement",
    )
    assert words in (svg.get("aria-label") or "")


def test_a_measure_without_any_figure_has_no_chart() -> None:
    table = published.outcomes()
    hidden = {c.key: ["FEW_PEOPLE"] * table.values.height for c in table.columns if c.kind != "text"}
    blank = {key: [None] * table.values.height for key in hidden}
    values = table.values.with_columns(**{key: table.values[key].clear(table.values.height) for key in blank})
    nothing = replace(table, values=values, hidden=table.hidden.clear().vstack(type(table.hidden)(hidden)))
    assert change_charts(as_written(nothing)) == []


def test_subscales_of_one_instrument_share_an_axis_with_zero_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    specs = _drawn(monkeypatch)
    change_charts(as_written(published.outcomes()))
    axes = [spec["layer"][1]["encoding"]["x"]["scale"]["domain"] for spec in specs]  # type: ignore[index]
    assert axes[0] == axes[1] != axes[2]
    assert all(low < 0 < high for low, high in axes)


BROKEN = published.outcomes().values["instrument"][0]
BREAKS = (
    Break(BROKEN, "2024/25", "2025/26", "form and tool"),
    Break(BROKEN, "2023/24", "2023/24", "form"),
    Break(BROKEN, "2025/26", "2026/27", "tool"),  # a year that is not in the table
)


def test_a_break_has_a_row_of_its_own_between_its_years(monkeypatch: pytest.MonkeyPatch) -> None:
    specs = _drawn(monkeypatch)
    charts = change_charts(as_written(replace(published.outcomes(), breaks=BREAKS)))
    axis = specs[0]["layer"][1]["encoding"]["y"]["scale"]["domain"]  # type: ignore[index]
    within, between = "2023/24 | 2023/24", "2024/25 | 2025/26"
    assert axis == ["2023/24", within, "2024/25", between, "2025/26", "Pooled, all cohorts"]
    assert [row["when"] for row in specs[0]["layer"][-1]["data"]["values"]] == [between]  # type: ignore[index]
    assert charts[0].svg.count("stroke-dasharray") == 1
    assert re.findall(r">([^<>|]* changed[^<>]*)</text>", charts[0].svg) == [
        "form changed within 2023/24",
        "form and tool changed",
    ]
    assert charts[0].text.endswith(
        "form changed within 2023/24, see the notes under the table; "
        "form and tool changed between 2024/25 and 2025/26, see the notes under the table."
    )


def test_another_instrument_has_no_mark() -> None:
    marked = change_charts(as_written(replace(published.outcomes(), breaks=BREAKS)))
    plain = change_charts(as_written(published.outcomes()))
    assert [a.svg == b.svg for a, b in zip(marked, plain, strict=True)] == [a.group != BROKEN for a in marked]


def test_the_flow_is_the_total_of_each_year_and_a_hidden_count_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    specs = _drawn(monkeypatch)
    charts = flow_chart(as_written(published.flow()))
    assert [c.title for c in charts] == ["2023/24", "2024/25", "2025/26", "All years"]
    assert charts[0].text == "Enrolled: 36; Consented: 35; Before: 34; After: 31; Paired: 31."
    bars = specs[2]["data"]["values"]  # type: ignore[index]
    assert [(b["stage"], b["people"]) for b in bars] == [
        ("Enrolled", 15),
        ("Consented", 14),
        ("After", 12),
        ("Paired", 12),
    ]
    assert [c.hidden for c in charts] == [0, 0, 1, 0]
    assert [charts[i].svg.count(">[c]<") for i in range(4)] == [0, 0, 1, 0]
    assert len({str(spec["encoding"]["x"]) for spec in specs}) == 1  # type: ignore[index]


def test_a_line_of_ratings_breaks_at_a_hidden_one(monkeypatch: pytest.MonkeyPatch) -> None:
    specs = _drawn(monkeypatch)
    charts = rating_charts(as_written(published.ratings()))
    assert [(c.title, c.hidden) for c in charts] == [("Usefulness", 0), ("Safety in the group", 6)]
    cohorts, years, whole = [layer["data"]["values"] for layer in specs[1]["layer"]]  # type: ignore[attr-defined]
    points = [(p["session"], p["mean"]) for p in years if p["line"] == "2023/24"]
    assert points == [(1, 3.9), (2, 3.9), (3, None), (4, 3.9), (5, 3.9), (6, 3.9)]
    assert {p["line"] for p in cohorts} == {f"{year} Cohort A" for year in published.YEARS}
    assert whole == []
    assert "2023/24 Cohort A: session 1 3.90, session 2 3.90, session 4 3.90" in charts[1].text
    lines = re.findall(r'<path[^>]*role="graphics-symbol"[^>]*aria-roledescription="line mark"[^>]*>', charts[1].svg)
    assert len(lines) == 6
    assert any(line.count("M") == 2 for line in lines)


def test_a_table_of_another_shape_gives_no_figures() -> None:
    other: PublishedTable = as_written(published.table())
    assert list(ratings(other)) == []
    assert list(changes(other)) == []
    assert [s for s in stages(other) if s.people is not None] == []
    assert rating_charts(other) == []


def test_nothing_is_fetched() -> None:
    with pytest.raises(ValueError, match="not allowed"):
        vl_convert.vegalite_to_svg(
            {"data": {"url": "https://example.org/x.csv"}, "mark": "point"}, allowed_base_urls=[]
        )


def test_ratings_beyond_five_stay_inside_the_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    specs = _drawn(monkeypatch)
    table = as_written(published.ratings())
    highest = table.values["usefulness_mean"].max()
    rating_charts(table)
    rating_charts(replace(table, values=table.values.with_columns(pl.col("usefulness_mean") * 2)))
    domains = [spec["encoding"]["y"]["scale"]["domain"] for spec in specs[::2]]  # type: ignore[index]
    assert domains[0] == [1, 5]
    assert domains[1][1] >= 2 * highest > 5


def _impact(shown: bool = True) -> dict[str, PublishedTable]:
    """One item in two years: the first with every answer, the second with its share only, or nothing."""
    years = ("2023/24", "All years")
    keys = ("question", "answer", "counts", "y2023_24_n", "y2023_24_percent", "all_n", "all_percent")
    groups = ("", "", "", years[0], years[0], years[1], years[1])
    kinds = ("text", "text", "text", "count", "percent", "count", "percent")
    columns = tuple(
        published.Column(key, key.title(), kind, group)  # type: ignore[arg-type]
        for key, group, kind in zip(keys, groups, kinds, strict=True)
    )
    hidden = ("SMALL_COUNT", "SMALL_COUNT")
    rows = [
        ("Resilience", "Less", "no", 5, 10.0, *hidden),
        ("Resilience", "Same", "no", 10, 20.0, *hidden),
        ("Resilience", "More", "yes", 35, 70.0, 60, 60.0),
        ("Resilience", "Answered the item", None, 50, None, 100, None),
    ]
    answers = published.table("perceived_impact", columns, rows, row_group="question")
    share = (60, 100, 60.0, 50.0, 69.0) if shown else ("SMALL_COUNT",) * 5
    figures = ("n_increased", "base", "percent", "ci_low", "ci_high")
    columns = (
        published.Column("question", "Item", "text"),
        published.Column("who", "People of", "text"),
        *(published.Column(key, key, "count" if i < 2 else "percent") for i, key in enumerate(figures)),
    )
    rows = [("Resilience", years[0], 35, 50, 70.0, 56.0, 81.0), ("Resilience", years[1], *share)]
    shares = published.table("impact_shares", columns, rows, row_group="question")
    return {table.name: as_written(table) for table in (answers, shares)}


def test_answers_that_count_are_right_of_the_line_and_their_share_ends_there(monkeypatch: pytest.MonkeyPatch) -> None:
    specs = _drawn(monkeypatch)
    key, item = impact_charts(_impact())
    assert (key.title, item.title, item.hidden) == ("The colours", "Resilience", 2)
    pieces = specs[1]["layer"][0]["data"]["values"]  # type: ignore[index]
    first = {p["answer"]: (p["from"], p["to"]) for p in pieces if p["year"] == "2023/24"}
    assert first == {"More": (0, 70), "Same": (0, -20), "Less": (-20, -30)}
    last = [(p["from"], p["to"]) for p in pieces if p["year"] == "All years"]
    assert last == [(0, 60), (0, -40)]  # the two halves, because single answers are hidden
    assert "All years: increased 60 % (95 % interval 50 to 69 %), More 60 %" in item.text


def test_a_year_without_any_figure_has_the_mark_and_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    specs = _drawn(monkeypatch)
    _, item = impact_charts(_impact(shown=False))
    pieces = specs[1]["layer"][0]["data"]["values"]  # type: ignore[index]
    assert {p["year"] for p in pieces} == {"2023/24"}
    assert "[c]" in item.svg
    assert item.hidden == 3


def test_every_colour_of_a_chart_differs_in_lightness(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read without colour, as a printer or some eyes do."""
    specs = _drawn(monkeypatch)
    impact_charts(_impact())
    colours = specs[0]["encoding"]["color"]["scale"]["range"]  # type: ignore[index]
    light = sorted(sum(w * int(c[i : i + 2], 16) for w, i in ((0.299, 1), (0.587, 3), (0.114, 5))) for c in colours)
    assert min(b - a for a, b in pairwise(light)) > 5
