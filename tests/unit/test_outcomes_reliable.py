"""Reliable change: whose rule, which category, and what is said where there is no rule."""

import numpy as np
import polars as pl
import pytest

from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.outcomes import reliable
from cfc_pipeline.outcomes.categories import reliable_change
from cfc_pipeline.outcomes.paired import paired_change
from cfc_pipeline.outcomes.rules import Criterion, NoRule, criteria
from cfc_pipeline.programme import ReliableRule
from schemas.tables import TABLES
from tests import small_warehouse as w

KEYS = load_instruments()
OWN = ReliableRule(
    reliability=0.85, reliability_source="alpha, invented", sd=0.7, sd_source="invented", z=1.96,
    cut_off=3.0, cut_off_source="invented",
)  # fmt: skip


def counted(con: w.Connection) -> pl.DataFrame:
    return reliable_change(con, paired_change(con), KEYS, criteria(KEYS))


def test_published_rules_carry_their_sources() -> None:
    rules = criteria(KEYS)
    for score, points, cut_off in ((("core10", "total"), 6, 11), (("gad7", "total"), 4, 8), (("phq9", "total"), 6, 10)):
        found = rules[score]
        assert isinstance(found, Criterion)
        assert (found.threshold, found.at_least, found.cut_off) == (points, True, cut_off)
        assert KEYS[score[0]].reliable_change[0].source in found.rule
    assert rules["ceas_self", "engagement"] == NoRule("no published reliability")
    assert "6.6 to 8.6" in rules["wemwbs", "total"].rule
    assert isinstance(rules["brs", "total"], NoRule)
    assert "no reliable change" in rules["brs", "total"].rule


def test_a_programmes_own_rule_goes_before_the_keys() -> None:
    rules = criteria(KEYS, {"brs": OWN, "core10/total": OWN})
    found = rules["brs", "total"]
    assert isinstance(found, Criterion)
    assert found.threshold == pytest.approx(1.96 * 0.7 * (2 * 0.15) ** 0.5)
    assert not found.at_least
    assert all(words in found.rule for words in ("the programme's own", "z 1.96", "SD 0.7", "alpha, invented"))
    assert rules["core10", "total"].rule == found.rule


def test_a_rule_that_expects_scores_to_near_the_mean() -> None:
    """20 and 30 both fall by 5. From a mean of 20, 30 was expected to fall by 2 anyway, and only 3 are left of it."""
    given = OWN.model_copy(
        update={"method": "edwards_nunnally", "mean": 20.0, "mean_source": "norm, invented", "reliability": 0.8}
        | {"sd": 5.0, "z": 1.6, "cut_off": None}
    )
    rule = criteria(KEYS, {"core10": given})["core10", "total"]
    assert isinstance(rule, Criterion)
    assert rule.threshold == pytest.approx(1.6 * 5 * 0.2**0.5)
    assert "Edwards and Nunnally" in rule.rule
    assert "the root of 1 - 0.8 " in rule.rule
    assert "from the expected score, 20 + 0.8 (score before - 20) (norm, invented)" in rule.rule
    con = w.empty()
    w.cohort(con, "a", "2023/24")
    w.pairs(con, "a", [20, 30], [15, 25], instrument="core10")
    con.execute("UPDATE scale_score SET instrument = 'core10'")
    rows = reliable_change(con, paired_change(con), KEYS, {("core10", "total"): rule})
    assert rows.select("level", "improved", "unchanged", "from_expected").rows() == [
        ("year", 1, 1, True),
        ("all", 1, 1, True),
    ]


def test_years_all_years_and_scores_without_a_rule() -> None:
    con = w.empty()
    w.cohort(con, "a", "2023/24")
    w.cohort(con, "b", "2024/25")
    w.pairs(con, "a", [15, 12, 11, 5, 9, 20], [9, 6, 11, 12, 8, 14], instrument="core10")
    w.pairs(con, "b", [10, 4], [3, 10], instrument="core10")
    con.execute("UPDATE scale_score SET instrument = 'core10'")
    rows = TABLES["reliable_change"].validate(counted(con)).lazy().collect()
    boxes = ("n_paired", "recovered", "improved", "unchanged", "deteriorated", "harmed")
    assert rows.select("level", "academic_year", *boxes).rows() == [
        # 15 to 9 and 12 to 6 cross 11 by 6 points; 20 to 14 does not cross; 5 to 12 is harm.
        ("year", "2023/24", 6, 2, 1, 2, 1, 1),
        # 10 to 3 was no case; 4 to 10 is worse by 6, and no case either.
        ("year", "2024/25", 2, 0, 1, 0, 1, 0),
        ("all", None, 8, 2, 2, 2, 2, 1),
    ]
    con.execute("UPDATE scale_score SET instrument = 'ceas_self', subscale = 'action'")
    rows = counted(con)
    assert rows["rule"].unique().to_list() == ["no published reliability"]
    assert rows.select(pl.col(boxes[1:]).null_count()).row(0) == (3,) * 5


def test_on_the_threshold_and_on_the_cut_off() -> None:
    before, after = np.array([16.0, 16.0, 11.0, 10.0]), np.array([10.0, 11.0, 5.0, 16.0])
    as_published = reliable.categories(before, after, 6, higher_is_better=False, cut_off=11, at_least=True)
    assert as_published.tolist() == ["recovered", "unchanged", "recovered", "harmed"]
    strict = reliable.categories(before, after, 6, higher_is_better=False, cut_off=11)
    assert strict.tolist() == ["unchanged"] * 4
    thirds = reliable.categories(np.array([1.0]), np.array([1 + 0.1 + 0.2]), 0.3, higher_is_better=True, at_least=True)
    assert thirds.tolist() == ["improved"]


def test_the_published_counts_of_a_trial() -> None:
    """The R package clinicalsignificance (tests/testthat/_snaps) prints for 40 of 43 people, SD before and reliability
    .80: S_diff 2.1124782, threshold 4.1404573, cut-off c 19.886998 against a functional mean and SD of 8; 26 recovered,
    3 improved, 10 unchanged, 1 deteriorated. Its data are GPL and not here: these are other people with the same
    number, sum and sum of squares before, and as many changes of each kind."""
    before = trial_before()
    assert (len(before), before.sum(), (before**2).sum()) == (40, 994, 25136)
    rule = reliable.Rule(float(before.std(ddof=1)), "these people", 0.80, "as published", 1.96)
    assert rule.error_of_difference == pytest.approx(2.1124782, abs=5e-8)
    assert rule.threshold == pytest.approx(4.1404573, abs=5e-8)
    cut = reliable.cut_offs(before.mean(), before.std(ddof=1), 8, 8).c
    assert cut == pytest.approx(19.886998, abs=5e-7)
    order = np.argsort(before, kind="stable")
    change = np.empty(40)
    change[order] = [*[-14.0] * 0, *[-4.0] * 10, 5.0, *[-15.0] * 26, *[-5.0] * 3]
    found = reliable.categories(before, before + change, rule.threshold, higher_is_better=False, cut_off=cut).tolist()
    kinds = ("recovered", "improved", "unchanged", "deteriorated", "harmed")
    assert {kind: found.count(kind) for kind in kinds} == dict(zip(kinds, (26, 3, 10, 1, 0), strict=True))


def trial_before() -> np.ndarray:
    """Whole scores with the published moments, found by moving pairs apart from an even start."""
    scores = np.array([24] * 6 + [25] * 34)
    place = 0
    while (scores**2).sum() < 25136:
        gap = 25136 - (scores**2).sum()
        low, high = place, 39 - place
        step = 2 * (scores[high] - scores[low] + 1)  # one point less below and one more above adds as much
        if step > gap:
            place += 1
            continue
        scores[low], scores[high] = scores[low] - 1, scores[high] + 1
        if scores[high] - scores[low] > 13:
            place += 1
    return scores.astype(float)
