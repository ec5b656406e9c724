"""The extent of a worksheet, from its bytes."""

import re

import pytest

from cfc_pipeline.sources.addresses import Extent, extent


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"", Extent(0, 0, 0, 0)),
        (b'<row r="7"><c r="A1"><v>1</v></c><c r="AB12" s="1"/></row>', Extent(2, 2, 28, 12)),
        (b'<c r="XFD1048576">', Extent(1, 1, 16384, 1048576)),
        (b'<c r="ZZZ9999999">', Extent(1, 1, 18278, 9999999)),
        (b'<c r=\'A1\'><c><c/><c\tr="B2"><x:c r="C3">', Extent(5, 0, 0, 0)),
        (b'<c r="A"><c r="1"><c r=""><c r="a1"><c r="AAAA1"><c r="A12345678">', Extent(6, 0, 0, 0)),
        (b'<c r="1A1"><c r="A1B"><c r="A1', Extent(3, 0, 0, 0)),
        (b"<col/><cols><cfRule/>c <v>c</v>", Extent(0, 0, 0, 0)),
        (b"c", Extent(0, 0, 0, 0)),
    ],
)
def test_cells_and_where_they_are(text: bytes, found: Extent) -> None:
    assert extent(text) == found


def test_many_cells_as_a_regular_expression_finds_them() -> None:
    letters = ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "GJH"]
    text = b"".join(f'<c r="{a}{n * n}" s="1"><v>c </v></c>'.encode() for n in range(1, 300) for a in letters)
    placed = re.findall(rb'<c r="([A-Z]+)(\d+)"', text)
    assert extent(text) == Extent(len(placed), len(placed), 5000, 299 * 299)
