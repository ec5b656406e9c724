"""The flow of people as boxes and arrows, in the manner of CONSORT's diagrams, drawn from the published table alone: a
hidden box carries its mark."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from cfc_pipeline.disclosure.protected import MARK
from cfc_pipeline.publish.charts import ACCENT, FAINT, INK, Chart, described, flow_chart
from cfc_pipeline.publish.model import PublishedTable

WIDTH, HIGH, WIDE, GAP = 600, 44, 138, 16
TRUNK = ("enrolled", "consented", "remaining")
ASIDE = {"enrolled": "not_consented", "consented": "withdrawn"}  # who goes no further
ENDS = ("paired", "pre_only", "post_only", "neither")
NAMES = {
    "paired": "Answered both times",
    "pre_only": "Answered before only",
    "post_only": "Answered after only",
    "neither": "Answered neither time",
}


@dataclass(frozen=True)
class Box:
    """One count at its place: the middle of its upper edge."""

    name: str
    people: int | None  # hidden where None
    x: float
    y: float

    @property
    def count(self) -> str:
        return MARK if self.people is None else f"{self.people:,}"

    def drawn(self, *, strong: bool = False) -> str:
        left, edge, line = self.x - WIDE / 2, ACCENT if strong else FAINT, 2 if strong else 1
        return (
            f'<rect x="{left:g}" y="{self.y:g}" width="{WIDE}" height="{HIGH}" rx="4" fill="none" stroke="{edge}" '
            f'stroke-width="{line}"/>'
            f'<text x="{self.x:g}" y="{self.y + 17:g}" text-anchor="middle" font-size="12">{escape(self.name)}</text>'
            f'<text x="{self.x:g}" y="{self.y + 35:g}" text-anchor="middle" font-size="15" font-weight="bold">'
            f"{self.count}</text>"
        )


def flow_charts(table: PublishedTable) -> list[Chart]:
    """The diagram over everything, then a small bar chart for each other row group: for each year."""
    diagram = flow_diagram(table)
    return [*diagram, *(bars for bars in flow_chart(table) if not any(d.title.endswith(bars.title) for d in diagram))]


def flow_diagram(table: PublishedTable) -> list[Chart]:
    """Everybody in one diagram: the table's last row. Nothing where the table lacks a box."""
    keys = [*TRUNK, *ASIDE.values(), *ENDS]
    if not table.values.height or not set(keys) <= set(table.values.columns):
        return []
    row = table.values.row(-1, named=True)
    labels = {column.key: column.label for column in table.columns} | NAMES
    boxes = {key: Box(labels[key], row[key], *_place(key)) for key in keys}
    text = ". ".join(_sentences(boxes)) + "."
    group = str(row.get(table.row_group) or "")
    svg = described(_svg(boxes), f"Flow of people, {group}", text)
    return [
        Chart("", f"From enrolment to both questionnaires: {group}", svg, text, sum(row[key] is None for key in keys))
    ]


def _place(key: str) -> tuple[float, float]:
    step = HIGH + 30
    if key in TRUNK:
        return WIDTH / 2, 4 + step * TRUNK.index(key)
    if key in ENDS:
        return GAP / 4 + WIDE / 2 + (WIDE + GAP - 3) * ENDS.index(key), 4 + step * len(TRUNK) + 8
    return WIDTH - WIDE / 2 - GAP / 4, 4 + step * list(ASIDE.values()).index(key) + step / 2


def _svg(boxes: dict[str, Box]) -> str:
    height = boxes["paired"].y + HIGH + 4
    drawn = [*_arrows(boxes), *(box.drawn(strong=key == "paired") for key, box in boxes.items())]
    return (
        f'<svg class="diagram" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" '
        f'height="{height:g}" font-family="sans-serif" fill="{INK}">{"".join(drawn)}</svg>'
    )


def _arrows(boxes: dict[str, Box]) -> Iterator[str]:
    trunk = [boxes[key] for key in TRUNK]
    for above, below in pairwise(trunk):
        yield _arrow(f"M{above.x:g} {above.y + HIGH:g}V{below.y - 5:g}", below.x, below.y, "down")
    for key, aside in ASIDE.items():
        box, middle = boxes[aside], boxes[aside].y + HIGH / 2
        yield _arrow(f"M{boxes[key].x:g} {middle:g}H{box.x - WIDE / 2 - 5:g}", box.x - WIDE / 2, middle, "right")
    start, level = trunk[-1], boxes["paired"].y - 19
    for key in ENDS:
        end = boxes[key]
        path = f"M{start.x:g} {start.y + HIGH:g}V{level:g}H{end.x:g}V{end.y - 5:g}"
        yield _arrow(path, end.x, end.y, "down")


def _arrow(path: str, x: float, y: float, to: str) -> str:
    head = (
        f"M{x - 4:g} {y - 7:g}H{x + 4:g}L{x:g} {y:g}Z"
        if to == "down"
        else f"M{x - 7:g} {y - 4:g}V{y + 4:g}L{x:g} {y:g}Z"
    )
    return f'<path d="{path}" fill="none" stroke="{INK}"/><path d="{head}" fill="{INK}"/>'


def _sentences(boxes: dict[str, Box]) -> Iterator[str]:
    """As in "Enrolled 91: consented 85, no consent [c]"."""
    parts = {"enrolled": ("consented", "not_consented"), "consented": ("remaining", "withdrawn"), "remaining": ENDS}
    for whole, of_whole in parts.items():
        listed = ", ".join(f"{boxes[key].name.lower()} {_said(boxes[key])}" for key in of_whole)
        yield f"{boxes[whole].name} {_said(boxes[whole])}: {listed}"


def _said(box: Box) -> str:
    return "hidden" if box.people is None else box.count
