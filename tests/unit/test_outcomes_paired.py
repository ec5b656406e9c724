"""Paired change: who is paired with what, at which level, and what stays empty."""

import polars as pl
import pytest

from cfc_pipeline.errors import BalanceError
from cfc_pipeline.outcomes.paired import paired_change
from schemas.tables import TABLES
from tests import small_warehouse as w

ESTIMATES = ["ci_low", "ci_high", "g_z", "g_z_low", "g_z_high", "t_value", "p_value"]


@pytest.fixture
def con() -> w.Connection:
    con = w.empty()
    w.cohort(con, "a", "2023/24")
    w.cohort(con, "b", "2023/24")
    w.cohort(con, "c", "2024/25")
    return con


def change(con: w.Connection) -> pl.DataFrame:
    return TABLES["paired_change"].validate(paired_change(con)).lazy().collect()


def one(frame: pl.DataFrame, **where: object) -> dict[str, object]:
    return frame.row(by_predicate=pl.all_horizontal(pl.col(k) == v for k, v in where.items()), named=True)


def test_no_scores_no_rows(con: w.Connection) -> None:
    assert change(con).height == 0
    assert w.paired_support(con).height == 0


def test_levels_years_and_pooled(con: w.Connection) -> None:
    w.pairs(con, "a", [1, 2, 3], [2, 3, 5])
    w.pairs(con, "b", [1, 2], [1, 4])
    w.pairs(con, "c", [2, 2, 3], [4, 1, 5])
    found = change(con)
    assert found.select("level", "academic_year", "cohort_id", "n_paired", "n_schools", "n_cohorts").rows() == [
        ("cohort", "2023/24", "a", 3, 3, 1),
        ("cohort", "2023/24", "b", 2, 2, 1),
        ("cohort", "2024/25", "c", 3, 3, 1),
        ("year", "2023/24", None, 5, 5, 2),
        ("year", "2024/25", None, 3, 3, 1),
        ("all", None, None, 8, 8, 3),
        ("pooled", None, None, 8, 8, 3),
    ]
    assert one(found, level="year", academic_year="2023/24")["mean_change"] == pytest.approx(6 / 5)
    assert one(found, level="pooled")["pre_mean"] is None
    assert one(found, level="cohort", cohort_id="a")["tau2"] is None


def test_one_pair_has_means_and_nothing_else(con: w.Connection) -> None:
    w.pairs(con, "a", [2], [3])
    row = one(change(con), level="cohort")
    assert (row["n_paired"], row["pre_mean"], row["post_mean"], row["mean_change"]) == (1, 2.0, 3.0, 1.0)
    assert [row[c] for c in ["pre_sd", "post_sd", "change_sd", "correlation", *ESTIMATES]] == [None] * 11


def test_two_pairs_have_an_interval_but_no_g(con: w.Connection) -> None:
    w.pairs(con, "a", [1, 2], [2, 4])
    row = one(change(con), level="cohort")
    assert row["ci_low"] is not None
    assert [row[c] for c in ("g_z", "g_z_low", "g_z_high")] == [None] * 3


@pytest.mark.parametrize("step", [1.0, 1 / 3, -0.1, 0.0])
def test_everyone_changing_alike_is_not_a_huge_effect(con: w.Connection, step: float) -> None:
    before = [1.0, 4 / 3, 5 / 3, 2.1, 3.7]
    w.pairs(con, "a", before, [x + step for x in before])
    row = one(change(con), level="cohort")
    assert row["mean_change"] == pytest.approx(step, abs=1e-9)
    assert row["change_sd"] == 0.0
    assert [row[c] for c in ESTIMATES] == [None] * 7
    assert row["pre_sd"] > 0


def test_no_variation_before_leaves_the_correlation_empty(con: w.Connection) -> None:
    w.pairs(con, "a", [2, 2, 2], [1, 2, 4])
    row = one(change(con), level="cohort")
    assert (row["pre_sd"], row["correlation"]) == (0.0, None)
    assert row["t_value"] is not None


def test_only_both_time_points_pair(con: w.Connection) -> None:
    people = [w.person(con, i, "a") for i in range(4)]
    rows = [
        (people[0], "pre", 1.0),
        (people[0], "post", 2.0),
        (people[1], "pre", 1.0),
        (people[1], "post", None),  # too few items
        (people[2], "post", 3.0),
        (people[3], "pre", 2.0),
        (people[3], "mid", 5.0),
        (people[3], "follow_up", 4.0),
    ]
    frame = pl.DataFrame(rows, schema=["participant_id", "time_point", "score"], orient="row")
    w.scores(con, frame.with_columns(cohort_id=pl.lit("a")))
    cohort = change(con).filter(pl.col("level") == "cohort")
    assert cohort.select("from_time_point", "to_time_point", "n_paired", "mean_change").rows() == [
        ("pre", "mid", 1, 3.0),
        ("pre", "post", 1, 1.0),
        ("pre", "follow_up", 1, 2.0),
    ]


def test_subscales_and_instruments_are_kept_apart(con: w.Connection) -> None:
    w.person(con, 1, "a")
    rows = [("ceas_self", s, t, v) for s in ("action", "total") for t, v in (("pre", 4.0), ("post", 6.0))]
    rows += [("brs", "total", "pre", 1.0), ("wemwbs", "total", "post", 50.0)]
    frame = pl.DataFrame(rows, schema=["instrument", "subscale", "time_point", "score"], orient="row")
    w.scores(con, frame.with_columns(participant_id=pl.lit("p-1"), cohort_id=pl.lit("a")))
    cohort = change(con).filter(pl.col("level") == "cohort")
    assert cohort.select("instrument", "subscale", "mean_change").rows() == [
        ("ceas_self", "action", 2.0),
        ("ceas_self", "total", 2.0),
    ]


def test_somebody_in_two_cohorts_is_paired_in_each(con: w.Connection) -> None:
    for cohort_id, values in (("a", (1.0, 2.0)), ("c", (3.0, 5.0))):
        w.person(con, 1, cohort_id, "s-1")
        frame = pl.DataFrame({"time_point": ["pre", "post"], "score": values, "participant_id": ["p-1"] * 2})
        responses = pl.format("r-{}-{}", pl.lit(cohort_id), "time_point")
        w.scores(con, frame.with_columns(cohort_id=pl.lit(cohort_id), response_id=responses))
    found = change(con)
    assert [one(found, cohort_id=c)["mean_change"] for c in ("a", "c")] == [1.0, 2.0]
    everyone = one(found, level="all")
    assert (everyone["n_paired"], everyone["n_schools"], everyone["n_cohorts"]) == (2, 1, 2)


def test_pooling_leaves_out_cohorts_too_small_or_too_uniform(con: w.Connection) -> None:
    w.pairs(con, "a", [1, 2, 3], [2, 3, 5])
    w.pairs(con, "b", [1], [3])
    assert "pooled" not in change(con)["level"].to_list()
    w.pairs(con, "c", [1, 2, 3], [2, 3, 4])  # all change by 1
    assert "pooled" not in change(con)["level"].to_list()
    w.cohort(con, "d", "2024/25")
    w.pairs(con, "d", [1, 2, 3], [1, 3, 4])
    pooled = one(change(con), level="pooled")
    assert (pooled["n_cohorts"], pooled["n_paired"], pooled["n_schools"]) == (2, 6, 6)


def test_cohorts_that_agree_exactly_have_the_usual_pooled_interval(con: w.Connection) -> None:
    for cohort_id in ("a", "c"):
        w.pairs(con, cohort_id, [1, 2, 3], [2, 3, 5])
    pooled = one(change(con), level="pooled")
    assert (pooled["tau2"], pooled["i2"]) == (0.0, 0.0)
    # Changes 1, 1 and 2: mean 4/3, squared error 1/9 in each, so 1/18 pooled; t(1) at 97.5 % is 12.706.
    half = 12.7062047 / 18**0.5
    assert (pooled["ci_low"], pooled["ci_high"]) == pytest.approx((4 / 3 - half, 4 / 3 + half), rel=1e-7)


def test_two_scores_at_one_time_point_are_refused(con: w.Connection) -> None:
    w.pairs(con, "a", [1, 2], [2, 3])
    again = {"participant_id": ["p-a-0"], "cohort_id": ["a"], "time_point": ["pre"], "score": [None]}
    w.scores(
        con, pl.DataFrame(again, schema_overrides={"score": pl.Float64}).with_columns(response_id=pl.lit("r-again"))
    )
    with pytest.raises(BalanceError, match="instrument brs"):
        paired_change(con)


def test_support_counts_people_by_school(con: w.Connection) -> None:
    schools = ["s-1", "s-1", "s-2", None, None]
    people = [w.person(con, i, "a", school) for i, school in enumerate(schools)]
    rows = {"participant_id": people * 2, "time_point": ["pre"] * 5 + ["post"] * 5, "score": [1.0] * 5 + [2.0] * 5}
    w.scores(con, pl.DataFrame(rows).with_columns(cohort_id=pl.lit("a")))
    support = w.paired_support(con)
    assert support.select("cohort_id", "academic_year", "school_id", "n").rows() == [
        ("a", "2023/24", "p-3", 1),
        ("a", "2023/24", "p-4", 1),
        ("a", "2023/24", "s-1", 2),
        ("a", "2023/24", "s-2", 1),
    ]
    found = one(change(con), level="cohort")
    assert (found["n_paired"], found["n_schools"]) == (support["n"].sum(), support.height)
