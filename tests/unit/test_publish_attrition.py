"""What the page says in short of those who answered before only. All figures are invented."""

import pytest

from cfc_pipeline.publish.attrition_tables import what_if
from cfc_pipeline.publish.model import Column, PublishedTable
from tests.published import table

COLUMNS = (
    Column("academic_year", "Year", "text"),
    Column("instrument", "Measure", "text"),
    Column("subscale", "Subscale", "text"),
    Column("n_stayed", "Answered both times", "count"),
    Column("n_left", "Answered before only", "count"),
    *(Column(key, key, "number", decimals=2) for key in ("mean_change", "if_unchanged", "if_worst", "would_need")),
)


def left(*figures: object, year: str = "2025/26") -> PublishedTable:
    return table("attrition_change", COLUMNS, [(year, "A scale", "Total", *figures)], row_group="academic_year")


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ((40, 12, 2.0, 1.5, 0.5, -6.7), "holds even at the worst"),
        ((40, 12, 2.0, 1.5, -0.5, -6.7), "the worst would undo it"),
        ((40, 12, 2.0, 1.5, 0.0, -6.7), "the worst would undo it"),
        ((40, 12, -2.0, -1.5, -0.5, 6.7), "holds even at the worst"),
        ((40, 12, -2.0, -1.5, -3.5, 6.7), "the worst would add to it"),
        ((40, 12, 2.0, 1.5, "FEW_PEOPLE", "FEW_PEOPLE"), ""),
        ((40, 12, 0.0, 0.0, -2.5, 0.0), "the worst would add to it"),
        ((40, 0, 2.0, 2.0, 2.0, None), "nobody answered before only"),
    ],
)
def test_whether_a_change_holds_is_said_in_words(figures: tuple[object, ...], words: str) -> None:
    assert [line.verdict for line in what_if(left(*figures)).lines] == [words]


def test_figures_carry_their_sign_and_hidden_ones_their_mark() -> None:
    (line,) = what_if(left(1040, 12, 2.0, 1.5, "FEW_PEOPLE", "FEW_PEOPLE")).lines
    assert line.figures == ("+2.00", "1,040", "12", "+1.50", "[c]")


def test_a_measure_whose_change_is_hidden_has_no_line() -> None:
    assert (
        what_if(left("SMALL_COUNT", "SMALL_COUNT", "FEW_PEOPLE", "FEW_PEOPLE", "FEW_PEOPLE", "FEW_PEOPLE")).lines == []
    )
