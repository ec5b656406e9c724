"""Laws that the paired figures keep, whatever the scores are."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.measures.scoring import score
from cfc_pipeline.outcomes.effects import effect_sizes
from cfc_pipeline.outcomes.paired import paired_change
from tests import small_warehouse as w

SCORE = st.integers(6, 30).map(lambda total: total / 6)
PAIRS = st.lists(st.tuples(SCORE, SCORE), min_size=1, max_size=8)
PROGRAMME = st.lists(PAIRS, min_size=1, max_size=4)
QUICK = settings(max_examples=12, deadline=None, derandomize=True)
FEW = settings(QUICK, max_examples=5)  # each example makes whole warehouses


def filled(cohorts: list[list[tuple[float, float]]], order: int, names: str) -> w.Connection:
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
    return con


def changes(cohorts: list[list[tuple[float, float]]], order: int = 1, names: str = "p-{}-{}") -> pl.DataFrame:
    con = filled(cohorts, order, names)
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


def effects(cohorts: list[list[tuple[float, float]]], order: int = 1, names: str = "p-{}-{}") -> pl.DataFrame:
    con = filled(cohorts, order, names)
    return effect_sizes(con, paired_change(con))


@FEW
@given(PROGRAMME)
def test_effect_sizes_do_not_depend_on_row_order_or_pseudonyms(cohorts: list[list[tuple[float, float]]]) -> None:
    assert effects(cohorts).equals(effects(cohorts, order=-1, names="p-{1}{0}x{1}"))


PURE = ("d_z", "d_av", "d_rm", "d_before", "g_before", "g_before_low", "g_before_high", "rank_biserial", "rank_p")


@FEW
@given(
    st.lists(st.tuples(SCORE, SCORE), min_size=8, max_size=9), st.sampled_from([2.0, 0.5]), st.sampled_from([-1.5, 4])
)
def test_each_d_ignores_units_and_origin(pairs: list[tuple[float, float]], scale: float, shift: float) -> None:
    before = effects([pairs]).row(0, named=True)
    after = effects([[(scale * x + shift, scale * y + shift) for x, y in pairs]]).row(0, named=True)
    for c in PURE:
        assert after[c] == (None if before[c] is None else pytest.approx(before[c], rel=1e-6, abs=1e-7))
    for c in ("boot_low", "boot_high"):
        assert after[c] == (None if before[c] is None else pytest.approx(scale * before[c], rel=1e-6, abs=1e-7))


@FEW
@given(st.lists(st.tuples(SCORE, SCORE), min_size=3, max_size=8))
def test_swapping_before_and_after_mirrors_what_is_symmetric(pairs: list[tuple[float, float]]) -> None:
    """And turns the change in SDs before into one in SDs after, another number."""
    there = effects([pairs]).row(0, named=True)
    back = effects([[(after, before) for before, after in pairs]]).row(0, named=True)
    for c in ("d_z", "d_av", "d_rm", "rank_biserial"):
        assert back[c] == (None if there[c] is None else pytest.approx(-there[c], abs=1e-9))
    assert back["rank_p"] == there["rank_p"]
    assert back["n_changed"] == there["n_changed"]


@FEW
@given(st.lists(st.lists(st.integers(1, 10), min_size=26, max_size=26), min_size=3, max_size=6), st.integers(1, 10))
def test_an_item_that_is_never_scored_changes_nothing(answers: list[list[int]], filler: int) -> None:
    """Items 3, 7 and 11 of the CEAS are fillers."""
    found = []
    for fill in (None, filler):
        con = w.empty()
        w.cohort(con, "c")
        for number, given_ in enumerate(answers):
            person = w.person(con, number, "c")
            for time, items in (("pre", given_[:13]), ("post", given_[13:])):
                values = {i: value for i, value in enumerate(items, start=1) if i not in (3, 7, 11)}
                values |= dict.fromkeys((3, 7, 11), fill) if fill else {}
                w.answers(con, w.response(con, person, "c", time), "ceas_self", values)
        score(con, load_instruments())
        change = paired_change(con)
        found.append((change, effect_sizes(con, change)))
    assert found[0][0].equals(found[1][0])
    assert found[0][1].equals(found[1][1])
