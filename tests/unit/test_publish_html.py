"""publish/html.py: the HTML of a table, read as a browser would."""

import re
import xml.etree.ElementTree as ET
from html import unescape

from cfc_pipeline.publish.html import CSP, document, fragment, grid, notes, shown_columns
from cfc_pipeline.publish.model import Column, PublishedTable
from cfc_pipeline.publish.written import as_written
from tests.published import outcomes, ratings, table


def _page(original: PublishedTable, banner: str = "") -> str:
    written = as_written(original)
    return document(written, fragment(written, grid(written)), banner=banner)


def _grid(html: str) -> ET.Element:
    found = re.search(r"<table.*</table>", html, re.DOTALL)
    assert found
    return ET.fromstring(found[0])


def _body(html: str) -> list[list[str]]:
    return [["".join(cell.itertext()) for cell in row] for row in _grid(html).findall("tbody/tr")]


def test_figures_for_people() -> None:
    assert _body(_page(table())) == [
        ["2023/24"],
        ["Compassion to self", "1,061", "5.2", "1.9 to 8.6", "0.003"],
        ["Resilience", "61", "−0.2", "−0.6 to 0.1", "0.199"],
        ["2024/25"],
        ["Compassion to self", "[c]", "[c]", "[c]", "[c]"],
        ["Resilience", "12", "0.0", "[z]", "<0.001"],
    ]


def test_a_hidden_cell_says_why_to_a_screen_reader_and_under_the_table() -> None:
    html = _page(table())
    assert 'title="hidden: a count of 1 to 4, or a figure that would give one away">[c]</abbr>' in html
    assert any(note.startswith("[c] hidden: a count of 1 to 4") for note in notes(as_written(table())))
    assert not any("[c]" in note for note in notes(as_written(table(rows=[("a", "b", 1, 1.0, 0.0, 2.0, 0.5)]))))


def test_markup_that_a_screen_reader_can_follow() -> None:
    grid = _grid(_page(ratings()))
    ids = [e.get("id") for e in grid.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    assert grid[0].tag == "caption"
    assert "".join(grid[0].itertext()).startswith("Ratings after each session")
    assert all(th.get("scope") for th in grid.iter("th"))
    assert all(set((td.get("headers") or "?").split()) <= set(ids) for td in grid.iter("td"))
    assert '<html lang="en-GB">' in _page(table())


def test_column_groups_stand_above_their_columns() -> None:
    grid = _grid(_page(outcomes()))
    spanners = [th for th in grid.findall("thead/tr/th") if th.get("scope") == "colgroup"]
    assert ["".join(th.itertext()).strip() for th in spanners] == [
        "2023/24",
        "2024/25",
        "2025/26",
        "Pooled, all cohorts",
    ]
    assert [th.get("colspan") for th in spanners] == ["5", "5", "5", "4"]


def test_ends_of_an_interval_become_one_column_only_within_their_group() -> None:
    columns = tuple(
        Column(f"{year}_{end}", end, "number", year, 1, "95 % interval") for year in "ab" for end in ("low", "high")
    )
    assert [s.parts for s in shown_columns(table(columns=columns, rows=[]))] == [columns[:2], columns[2:]]


def test_the_page_may_fetch_and_run_nothing() -> None:
    html = _page(table(), banner="SYNTHETIC")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy
    assert unescape(policy[1]) == CSP
    assert CSP.startswith("default-src 'none'")
    assert "script" not in CSP
    assert not re.search(r"<script|<link|src=|@import|url\(|https?://", html)
    assert '<p class="banner">SYNTHETIC</p>' in html


def test_switched_off_rules_are_said_under_the_table() -> None:
    found = notes(as_written(table(off_because="the partner has agreed in writing")))
    assert "Nothing is hidden in this release, because: the partner has agreed in writing" in found
