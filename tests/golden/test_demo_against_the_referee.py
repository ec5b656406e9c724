"""Every figure of cohort_outcomes and multi_year_outcomes before hiding, against an independent computation.

The referee (tests/independent.py) reads the raw exports and shares no code with the package.
"""

import duckdb
import polars as pl
import pytest

# The package sums over groups in DuckDB, the referee person by person: the last digits may differ.
TOLERANCE = 1e-7


@pytest.fixture(scope="module")
def ours(demo):
    with duckdb.connect(str(demo.folder / "data" / "analysis.duckdb"), read_only=True) as con:
        change, more = con.table("paired_change").pl(), con.table("effect_sizes").pl().drop("n_paired")
    keys = ["level", "cohort_id", "academic_year", "instrument", "subscale", "from_time_point", "to_time_point"]
    rows = change.join(more, on=keys, how="left", nulls_equal=True).rows(named=True)
    return {_key(row): row for row in rows}


def _key(row):
    name = {"cohort": row["cohort_id"], "year": row["academic_year"]}.get(row["level"])
    return (row["level"], name, row["instrument"], row["subscale"], row["from_time_point"], row["to_time_point"])


def test_the_same_groups_are_there(demo, ours):
    assert set(ours) == set(demo.referee)
    assert len(ours) > 300


def test_every_figure_agrees(demo, ours):
    figures = [(key, name, value, ours[key][name]) for key, row in demo.referee.items() for name, value in row.items()]
    empty = [f for f in figures if (f[2] is None) != (f[3] is None)]
    wrong = [f for f in figures if None not in f[2:] and f[3] != pytest.approx(f[2], rel=TOLERANCE, abs=TOLERANCE)]
    assert len(figures) > 3000
    assert empty == []
    assert wrong == []


def test_those_who_left_agree(demo):
    with duckdb.connect(str(demo.folder / "data" / "analysis.duckdb"), read_only=True) as con:
        rows = con.execute("SELECT * FROM attrition").pl().rows(named=True)
    names = {"cohort": "cohort_id", "year": "academic_year"}
    left = {(r["level"], r.get(names.get(r["level"])), r["instrument"], r["subscale"]): r for r in rows}
    assert set(left) == set(demo.leavers)
    figures = [(key, name, value, left[key][name]) for key, row in demo.leavers.items() for name, value in row.items()]
    assert len(figures) > 1000
    assert [f for f in figures if (f[2] is None) != (f[3] is None)] == []
    assert [f for f in figures if f[2] is not None and f[3] != pytest.approx(f[2], rel=TOLERANCE, abs=TOLERANCE)] == []


def test_no_figure_is_infinite_or_not_a_number(ours):
    numbers = pl.DataFrame(list(ours.values()), infer_schema_length=None).select(pl.selectors.float())
    assert numbers.select(pl.all().is_finite().fill_null(True).all()).row(0) == (True,) * numbers.width
