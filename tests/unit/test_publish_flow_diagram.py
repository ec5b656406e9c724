"""The flow of people as a diagram: every box is the table's figure or its mark, and the words say the same."""

import re
import xml.etree.ElementTree as ET

from cfc_pipeline.disclosure.protected import MARK
from cfc_pipeline.publish.flow_diagram import flow_charts, flow_diagram
from cfc_pipeline.publish.model import Column
from cfc_pipeline.publish.written import as_written
from tests import published

SVG = "{http://www.w3.org/2000/svg}"
BOXES = {
    "enrolled": 91,
    "not_consented": 6,
    "consented": 85,
    "withdrawn": "SMALL_COUNT",
    "remaining": "SMALL_COUNT",
    "paired": 72,
    "pre_only": 6,
    "post_only": "SMALL_COUNT",
    "neither": 0,
}


def flow(**changes: object):
    columns = (
        Column("academic_year", "Year", "text"),
        Column("cohort", "Cohort", "text"),
        *(Column(key, key.replace("_", " ").capitalize(), "count") for key in BOXES),
    )
    year = ("2024/25", "All cohorts", *(1_234 for _ in BOXES))
    rows = [year, ("All <years>", "All cohorts", *(BOXES | changes).values())]
    return as_written(published.table("response_flow", columns, rows, row_group="academic_year"))


def test_every_box_is_the_figure_of_the_last_row_or_its_mark() -> None:
    (diagram,) = flow_diagram(flow())
    texts = [element.text for element in ET.fromstring(diagram.svg).iter(f"{SVG}text")]
    counts = dict(zip(texts[::2], texts[1::2], strict=True))
    assert counts == {
        "Enrolled": "91",
        "Consented": "85",
        "Remaining": MARK,
        "Not consented": "6",
        "Withdrawn": MARK,
        "Answered both times": "72",
        "Answered before only": "6",
        "Answered after only": MARK,
        "Answered neither time": "0",
    }
    assert diagram.hidden == 3


def test_its_words_have_the_same_figures_and_nothing_more() -> None:
    (diagram,) = flow_diagram(flow())
    assert diagram.text == (
        "Enrolled 91: consented 85, not consented 6. Consented 85: remaining hidden, withdrawn hidden. "
        "Remaining hidden: answered both times 72, answered before only 6, answered after only hidden, "
        "answered neither time 0."
    )
    assert ET.fromstring(diagram.svg).findtext(f"{SVG}desc") == diagram.text


def test_boxes_do_not_overlap_and_stay_within_the_picture() -> None:
    (diagram,) = flow_diagram(flow())
    svg = ET.fromstring(diagram.svg)
    width, height = (float(svg.get(side, "")) for side in ("width", "height"))
    boxes = [[float(box.get(key, "")) for key in ("x", "y", "width", "height")] for box in svg.iter(f"{SVG}rect")]
    assert len(boxes) == len(BOXES)
    for i, (x, y, wide, high) in enumerate(boxes):
        assert 0 <= x <= x + wide <= width
        assert 0 <= y <= y + high <= height
        for other_x, other_y, *_ in boxes[:i]:
            assert abs(x - other_x) >= wide or abs(y - other_y) >= high


def test_years_follow_as_bars_and_a_table_without_the_boxes_has_no_diagram() -> None:
    assert [bool(re.search("diagram", chart.svg)) for chart in flow_charts(flow())] == [True, False]
    assert flow_diagram(as_written(published.flow())) == []
