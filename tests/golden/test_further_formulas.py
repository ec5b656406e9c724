"""Effect sizes, ranks, reliable change, reliability, agreement and intervals against published figures and other
software. Where nothing is named, the figure is a definition worked out another way."""

from itertools import product

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from cfc_pipeline.outcomes import agreement, effect_sizes, intervals, reliability, reliable
from cfc_pipeline.outcomes.formulas import Pooled, pool
from cfc_pipeline.outcomes.ranks import signed_rank

# R's data set `sleep` (Cushny & Peebles 1905): hours of extra sleep of ten people under two drugs.
BEFORE = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
AFTER = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])

# R's data set `attitude` (Chatterjee & Price 1977): thirty departments, seven items.
ATTITUDE = np.array(
    [
        [43, 63, 71, 61, 81, 43, 58, 71, 72, 67, 64, 67, 69, 68, 77, 81, 74, 65, 65, 50]
        + [50, 64, 53, 40, 63, 66, 78, 48, 85, 82],
        [51, 64, 70, 63, 78, 55, 67, 75, 82, 61, 53, 60, 62, 83, 77, 90, 85, 60, 70, 58]
        + [40, 61, 66, 37, 54, 77, 75, 57, 85, 82],
        [30, 51, 68, 45, 56, 49, 42, 50, 72, 45, 53, 47, 57, 83, 54, 50, 64, 65, 46, 68]
        + [33, 52, 52, 42, 42, 66, 58, 44, 71, 39],
        [39, 54, 69, 47, 66, 44, 56, 55, 67, 47, 58, 39, 42, 45, 72, 72, 69, 75, 57, 54]
        + [34, 62, 50, 58, 48, 63, 74, 45, 71, 59],
        [61, 63, 76, 54, 71, 54, 66, 70, 71, 62, 58, 59, 55, 59, 79, 60, 79, 55, 75, 64]
        + [43, 66, 63, 50, 66, 88, 80, 51, 77, 64],
        [92, 73, 86, 84, 83, 49, 68, 66, 83, 80, 67, 74, 63, 77, 77, 54, 79, 80, 85, 78]
        + [64, 80, 80, 57, 75, 76, 78, 83, 74, 78],
        [45, 47, 48, 35, 47, 34, 35, 41, 31, 41, 34, 41, 25, 35, 46, 36, 63, 60, 46, 52]
        + [33, 41, 37, 49, 33, 72, 49, 38, 55, 39],
    ],
    dtype=float,
).T


def test_each_d_of_sleep_is_another_number() -> None:
    """effectsize 0.8.3; the form with the mean variance is pingouin's `cohen`."""
    found = effect_sizes.by_sd_of_change(BEFORE, AFTER)
    assert found.d_z == pytest.approx(1.284558, abs=5e-7)
    assert (found.g_z, found.g_z_low, found.g_z_high) == pytest.approx((1.173925, 0.378918, 1.935602), abs=5e-7)
    assert effect_sizes.by_average_sd(BEFORE, AFTER) == pytest.approx(0.8334963, abs=5e-8)
    assert effect_sizes.by_average_variance(BEFORE, AFTER) == pytest.approx(0.8321811, abs=5e-8)
    assert effect_sizes.for_repeated_measures(BEFORE, AFTER) == pytest.approx(0.8221766, abs=5e-8)
    assert effect_sizes.by_sd_before(BEFORE, AFTER) == pytest.approx(1.58 / BEFORE.std(ddof=1))


def test_signed_rank_of_sleep() -> None:
    """One of ten did not change; all others slept longer. scipy's exact p, and pingouin's rank-biserial."""
    found = signed_rank(AFTER - BEFORE)
    assert (found.changed, found.unchanged, found.rank_sum_up, found.rank_biserial) == (9, 1, 45.0, 1.0)
    assert found.p_value == pytest.approx(0.00390625, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_signed_rank_with_ties_counts_every_pattern_of_signs(seed: int) -> None:
    change = np.random.default_rng(seed).integers(-4, 6, 9).astype(float)
    moved = change[change != 0]
    ranks = stats.rankdata(np.abs(moved))
    sums = np.array([ranks[np.array(up, dtype=bool)].sum() for up in product((0, 1), repeat=len(moved))])
    seen = ranks[moved > 0].sum()
    expected = min(1.0, 2 * min((sums <= seen).mean(), (sums >= seen).mean()))
    assert signed_rank(change).p_value == pytest.approx(expected, abs=1e-12)


def test_signed_rank_without_ties_is_scipys() -> None:
    change = np.random.default_rng(7).normal(0.4, 1, 40)
    assert signed_rank(change).p_value == pytest.approx(stats.wilcoxon(change, method="exact").pvalue, rel=1e-9)


def test_signed_rank_of_nobody_who_changed() -> None:
    found = signed_rank(np.array([0.0, 1e-12]))
    assert (found.changed, found.unchanged) == (0, 2)
    assert np.isnan(found.p_value)


def test_jacobson_and_truax() -> None:
    """Their worked example as in the R package clinicalsignificance: cut-offs 55, 45, 50; 32.5 to 47.5 is 3.162278."""
    rule = reliable.Rule(7.5, "worked example", 0.80, "worked example", 1.96)
    assert rule.error_of_difference == pytest.approx(4.743416, abs=5e-7)
    assert 15 / rule.error_of_difference == pytest.approx(3.162278, abs=5e-7)
    assert reliable.cut_offs(40, 7.5, 60, 7.5) == reliable.CutOffs(55, 45, 50)
    assert reliable.cut_offs(60, 7.5, 40, 5).b == 50  # lower is better, and b by the functional SD


@pytest.mark.parametrize("better", [1.0, -1.0])
def test_categories_are_strict_and_mirrored(better: float) -> None:
    rule = reliable.Rule(5, "invented", 0.5, "invented", 1.0)  # threshold 5
    before = better * np.array([40, 40, 40, 50, 60, 60, 52, 60])
    after = better * np.array([60, 49, 45, 60, 40, 52, 47.5, 50])
    found = reliable.categories(before, after, rule, higher_is_better=better > 0, cut_off=better * 50)
    expected = ["recovered", "improved", "unchanged", "improved", "harmed", "deteriorated", "unchanged", "deteriorated"]
    assert found.tolist() == expected
    without = reliable.categories(before, after, rule, higher_is_better=better > 0)
    assert set(without) == {"improved", "unchanged", "deteriorated"}


@pytest.mark.parametrize("wrong", [{"sd": 0.0}, {"reliability": 1.0}, {"sd_source": " "}, {"reliability_source": ""}])
def test_a_rule_without_its_figures_or_sources_is_refused(wrong: dict[str, object]) -> None:
    given = {"sd": 5.0, "sd_source": "a", "reliability": 0.8, "reliability_source": "b", "z": 1.96}
    with pytest.raises(ValueError, match="a rule needs"):
        reliable.Rule(**(given | wrong))


def test_alpha_of_attitude() -> None:
    """psych 2.2.9 alpha(): raw, standardised, and Feldt's interval to its three printed digits."""
    assert reliability.alpha(ATTITUDE) == pytest.approx(0.8431428, abs=5e-8)
    assert reliability.standardised_alpha(ATTITUDE) == pytest.approx(0.8390838, abs=5e-8)
    assert reliability.feldt_interval(ATTITUDE) == pytest.approx((0.739, 0.916), abs=6e-4)
    rest = ATTITUDE[:, 1:].sum(axis=1)
    assert reliability.item_rest(ATTITUDE)[0] == pytest.approx(np.corrcoef(ATTITUDE[:, 0], rest)[0, 1])


def test_a_flipped_item_is_found_among_forty_people() -> None:
    """Simulated answers, six items of loading .7, 200 times."""
    random = np.random.default_rng(1)
    caught = false_alarms = 0
    for _ in range(200):
        items = 0.7 * random.normal(size=(40, 1)) + 0.51**0.5 * random.normal(size=(40, 6))
        false_alarms += int(reliability.against_the_key(items).any())
        items[:, 2] *= -1
        caught += reliability.against_the_key(items).tolist() == [False, False, True, False, False, False]
    assert caught >= 190
    assert false_alarms == 0


def test_krippendorffs_own_example() -> None:
    """Krippendorff 2011, Computing Krippendorff's alpha-reliability: four coders, twelve units, nominal alpha .743."""
    coders = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
    units = [[None if mark == "." else mark for mark in unit] for unit in zip(*coders, strict=True)]
    assert agreement.krippendorff(units) == pytest.approx(0.743, abs=5e-4)


def test_kappa() -> None:
    """Worked by hand: 20 and 15 of 50 agree, .70 against .50 by chance."""
    first = ["y"] * 25 + ["n"] * 25
    second = ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    assert agreement.kappa(first, second) == pytest.approx(0.4)
    assert np.isnan(agreement.kappa(["y"], ["y"]))
    assert np.isnan(agreement.krippendorff([["y", "y"], ["y", None]]))


@pytest.mark.parametrize(("chosen", "base"), [(0, 8), (3, 11), (13, 13), (17, 40)])
def test_wilson_is_statsmodels(chosen: int, base: int) -> None:
    other = proportion_confint(chosen, base, method="wilson")
    assert intervals.wilson(chosen, base) == pytest.approx(other, abs=1e-12)


def test_holm_is_rs_p_adjust() -> None:
    assert intervals.holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])
    p = [0.2, 0.01, 0.9, 0.01, 0.04]
    assert intervals.holm(p) == pytest.approx(list(multipletests(p, method="holm")[1]))


def test_prediction_is_wider_than_the_interval_of_the_mean_and_needs_three_cohorts() -> None:
    means, variances = np.array([1.0, 2.0, 4.0, 2.5]), np.array([0.2, 0.3, 0.2, 0.4])
    pooled = pool(means, variances)
    low, high = intervals.prediction_interval(pooled, 4)
    assert low < pooled.ci_low < pooled.ci_high < high
    known = Pooled(2.0, 3.0, 0, 0, 0, 0, tau2=16.0, i2=0)  # spread 5; t(1) is 12.706
    assert intervals.prediction_interval(known, 3) == pytest.approx((2 - 63.5310237, 2 + 63.5310237), abs=1e-6)
    assert np.isnan(intervals.prediction_interval(known, 2)).all()


def test_the_bootstrap_gives_the_same_interval_whatever_the_order() -> None:
    change = AFTER - BEFORE
    low, high = intervals.bootstrap_interval(change)
    assert intervals.bootstrap_interval(change[::-1]) == (low, high)
    assert change.min() < low < change.mean() < high < change.max()
    # Ten people: near Student's t interval, .70 to 2.46.
    assert (low, high) == pytest.approx((0.70, 2.46), abs=0.4)
    assert np.isnan(intervals.bootstrap_interval(np.ones(5))).all()
