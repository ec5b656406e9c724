"""publish/written.py: one rounding, one cleaning, one order; and a table that breaks its promises is not written."""

from dataclasses import replace

import polars as pl
import pytest

from cfc_pipeline.errors import ReleaseError
from cfc_pipeline.publish.model import Column
from cfc_pipeline.publish.written import as_written, hidden_by_reason, plain, texts
from tests.published import table


def test_figures_are_rounded_to_what_is_written_and_minus_zero_is_zero() -> None:
    columns = (Column("x", "X", "number", decimals=1), Column("p", "p", "p", decimals=3))
    written = as_written(table(columns=columns, rows=[(3.14159, 0.00004), (-0.04, 0.5)]))
    assert written.values["x"].to_list() == [3.1, 0.0]
    assert texts(written, columns[0]) == ["3.1", "0.0"]
    assert texts(written, columns[1]) == ["0.000", "0.500"]


def test_hidden_absent_and_zero_are_three_different_cells() -> None:
    columns = (Column("n", "n", "count"),)
    written = as_written(table(columns=columns, rows=[(0,), ("SMALL_COUNT",), (None,)]))
    assert texts(written, columns[0]) == ["0", "[c]", "[z]"]
    assert hidden_by_reason(written) == {"SMALL_COUNT": 1}


def test_rows_of_a_group_come_together_with_their_hidden_cells() -> None:
    columns = (Column("group", "Year", "text"), Column("n", "n", "count"))
    written = as_written(table(columns=columns, rows=[("b", 1), ("a", "SMALL_COUNT"), ("b", 3)]))
    assert written.values["group"].to_list() == ["b", "b", "a"]
    assert texts(written, columns[1]) == ["1", "3", "[c]"]


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a\x00 b", "a\u2028b", " a\u00a0 b "])
def test_line_breaks_and_control_characters_become_one_space(text: str) -> None:
    assert plain(text) == "a b"


def test_characters_that_change_the_reading_order_are_dropped() -> None:
    assert plain("\u202edetrever\u202c\u200b\ufeff") == "detrever"


def test_a_figure_left_in_a_hidden_cell_stops_the_release() -> None:
    broken = table()
    broken = replace(broken, values=broken.values.with_columns(n=pl.lit(3, pl.Int64)))
    with pytest.raises(ReleaseError, match="column n still holds figures in hidden cells") as caught:
        as_written(broken)
    assert caught.value.exit_code == 17


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_only_finite_numbers_are_written(bad: float) -> None:
    with pytest.raises(ReleaseError, match="not a finite number"):
        as_written(table(columns=(Column("x", "X", "number"),), rows=[(bad,)]))


def test_an_unknown_reason_stops_the_release() -> None:
    with pytest.raises(ReleaseError, match="unknown reason"):
        as_written(table(columns=(Column("n", "n", "count"),), rows=[("BECAUSE",)]))


@pytest.mark.parametrize("name", ["../../x", "con", "Ä", "a/b", "a.b", "", "lpt1", "notes", "x" * 61])
def test_a_name_that_is_not_a_safe_file_name_is_refused_without_being_repeated(name: str) -> None:
    with pytest.raises(ReleaseError, match="not a safe file name") as caught:
        as_written(table(name))
    assert "(unsafe name)" in str(caught.value) or name in {"con", "lpt1", "notes"}


def test_values_and_hidden_must_fit() -> None:
    with pytest.raises(ReleaseError, match="height"):
        as_written(replace(table(), hidden=table().hidden.head(1)))
    with pytest.raises(ReleaseError, match="columns and values differ"):
        as_written(replace(table(), values=table().values.drop("p")))
    with pytest.raises(ReleaseError, match="no column in hidden"):
        as_written(replace(table(), hidden=table().hidden.drop("p")))
    with pytest.raises(ReleaseError, match="row_group"):
        as_written(replace(table(), row_group="n"))


def test_twice_is_once() -> None:
    once = as_written(table())
    twice = as_written(once)
    assert twice.values.equals(once.values)
    assert twice.hidden.equals(once.hidden)
    assert twice.columns == once.columns
