"""Laws that the paired figures keep, whatever the scores are."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfc_pipeline.outcomes.paired import paired_change
from tests import small_warehouse as w

SCORE = st.integers(6, 30).map(lambda total: total / 6)
PAIRS = st.lists(st.tuples(SCORE, SCORE), min_size=1, max_size=8)
PROGRAMME = st.lists(PAIRS, min_size=1, max_size=4)
QUICK = settings(max_examples=12, deadline=None, derandomize=True)


def changes(cohorts: list[list[tuple[float, float]]], order: int = 1, names: str = "p-{}-{}") -> pl.DataFrame:
    con = w.empty()
    rows, people = [], []
    for number, pairs in enumerate(cohorts):
        w.cohort(con, f"c{number}", f"202{number % 2}/2{number % 2 + 1}")
        for place, (before, after) in enumerate(pairs):
            name = names.format(number, place)
            people.append((name, f"c{number}", f"s-{place}"))
            rows += [(name, f"c{number}", "pre", before), (name, f"c{number}", "post", after)]
    w.people(con, pl.DataFrame(people, schema=["participant_id", "cohort_id", "school_id"], orient="row"))
    frame = pl.DataFrame(rows[::order], schema=["participant_id", "cohort_id", "time_point", "score"], orient="row")
    w.scores(con, frame)
    found = paired_change(con)
    assert w.paired_support(con)["n"].sum() == found.filter(pl.col("level") == "all")["n_paired"].sum()
    return found


@QUICK
@given(PROGRAMME)
def test_row_order_and_pseudonyms_do_not_matter(cohorts: list[list[tuple[float, float]]]) -> None:
    assert changes(cohorts).equals(changes(cohorts, order=-1, names="p-{1}{0}x{1}"))


@QUICK
@given(PROGRAMME)
def test_no_figure_is_infinite_or_nan_and_people_add_up(cohorts: list[list[tuple[float, float]]]) -> None:
    found = changes(cohorts)
    numbers = found.select(pl.col(pl.Float64).drop_nulls().is_finite().all())
    assert all(numbers.row(0))
    people = {level: found.filter(pl.col("level") == level)["n_paired"].sum() for level in ("cohort", "year", "all")}
    assert set(people.values()) == {sum(map(len, cohorts))}
    held = found.filter(pl.col("ci_low").is_not_null() & (pl.col("level") != "pooled"))
    assert (
        held.select((pl.col("ci_low") <= pl.col("mean_change")) & (pl.col("mean_change") <= pl.col("ci_high")))
        .to_series()
        .all()
    )
    graded = held.filter(pl.col("g_z").is_not_null())
    assert graded.select((pl.col("g_z_low") < pl.col("g_z")) & (pl.col("g_z") < pl.col("g_z_high"))).to_series().all()


@QUICK
@given(PAIRS, st.sampled_from([2.0, 3.0, 0.5]), st.sampled_from([-1.5, 0.0, 4.0]))
def test_g_z_ignores_units_and_origin(pairs: list[tuple[float, float]], scale: float, shift: float) -> None:
    before = changes([pairs]).row(0, named=True)
    after = changes([[(scale * x + shift, scale * y + shift) for x, y in pairs]]).row(0, named=True)
    unchanged = ("g_z", "g_z_low", "g_z_high", "t_value", "p_value")
    assert [after[c] is None for c in unchanged] == [before[c] is None for c in unchanged]
    for c in unchanged:
        assert before[c] is None or after[c] == pytest.approx(before[c], rel=1e-6, abs=1e-7)
    scaled = ("mean_change", "change_sd", "ci_low", "ci_high")
    for c in scaled:
        assert after[c] == (None if before[c] is None else pytest.approx(scale * before[c], rel=1e-7, abs=1e-8))


@QUICK
@given(PAIRS)
def test_swapping_before_and_after_turns_every_figure_around(pairs: list[tuple[float, float]]) -> None:
    there = changes([pairs]).row(0, named=True)
    back = changes([[(after, before) for before, after in pairs]]).row(0, named=True)
    mirrored = {
        "mean_change": "mean_change",
        "t_value": "t_value",
        "g_z": "g_z",
        "ci_low": "ci_high",
        "g_z_low": "g_z_high",
    }
    for one, other in mirrored.items():
        assert back[other] == (None if there[one] is None else pytest.approx(-there[one], abs=1e-12))
    assert back["p_value"] == there["p_value"]
