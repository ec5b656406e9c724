"""Effect sizes, ranks, reliable change, reliability, agreement and intervals against published figures and other
software. Where nothing is named, the figure is a definition worked out another way."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from cfc_pipeline.outcomes import agreement, intervals, reliability, reliable
from cfc_pipeline.outcomes.bootstrap import bootstrap_intervals
from cfc_pipeline.outcomes.effect_sizes import standardised
from cfc_pipeline.outcomes.formulas import Pooled, pool
from cfc_pipeline.outcomes.ranks import signed_ranks
from cfc_pipeline.programme import ReliableMethod

# R's data set `sleep` (Cushny & Peebles 1905): hours of extra sleep of ten people under two drugs.
BEFORE = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
AFTER = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])

# R's data set `attitude` (Chatterjee & Price 1977): thirty departments, seven items.
_DEPARTMENTS = (
    "43 51 30 39 61 92 45, 63 64 51 54 63 73 47, 71 70 68 69 76 86 48, 61 63 45 47 54 84 35, 81 78 56 66 71 83 47, "
    "43 55 49 44 54 49 34, 58 67 42 56 66 68 35, 71 75 50 55 70 66 41, 72 82 72 67 71 83 31, 67 61 45 47 62 80 41, "
    "64 53 53 58 58 67 34, 67 60 47 39 59 74 41, 69 62 57 42 55 63 25, 68 83 83 45 59 77 35, 77 77 54 72 79 77 46, "
    "81 90 50 72 60 54 36, 74 85 64 69 79 79 63, 65 60 65 75 55 80 60, 65 70 46 57 75 85 46, 50 58 68 54 64 78 52, "
    "50 40 33 34 43 64 33, 64 61 52 62 66 80 41, 53 66 52 50 63 80 37, 40 37 42 58 50 57 49, 63 54 42 48 66 75 33, "
    "66 77 66 63 88 76 72, 78 75 58 74 80 78 49, 48 57 44 45 51 83 38, 85 85 71 71 77 74 55, 82 82 39 59 64 78 39, "
)
ATTITUDE = np.array(_DEPARTMENTS.replace(",", "").split(), dtype=float).reshape(30, 7)


def moments(before: np.ndarray, after: np.ndarray) -> dict[str, float]:
    change = after - before
    sds = {name: x.std(ddof=1) for name, x in (("pre_sd", before), ("post_sd", after), ("change_sd", change))}
    r = float(np.corrcoef(before, after)[0, 1])
    return {"n_paired": len(change), "mean_change": change.mean(), "correlation": r, **sds}


def test_each_d_of_sleep_is_another_number() -> None:
    """effectsize 0.8.3; g_z is tested with paired_change. d_before by definition, its interval that of d_z by the ratio
    of SDs."""
    found = standardised(pl.DataFrame([moments(BEFORE, AFTER)])).row(0, named=True)
    ratio = (AFTER - BEFORE).std(ddof=1) / BEFORE.std(ddof=1)
    expected = {
        "d_z": 1.284558,
        "d_av": 0.8334963,
        "d_rm": 0.8221766,
        "d_before": 1.58 / BEFORE.std(ddof=1),
        "g_before": 0.91387489 * 1.58 / BEFORE.std(ddof=1),
        "g_before_low": 0.414628 * ratio,
        "g_before_high": 2.118017 * ratio,
    }
    assert found == pytest.approx(expected, abs=1e-6)


def test_the_change_in_sds_before_is_metafors() -> None:
    """R 4.2.2, metafor 3.8.1: escalc(measure = "SMCR"), which has the exact correction; see r/change.R."""
    found = standardised(pl.DataFrame([moments(BEFORE, AFTER)])).row(0, named=True)
    assert found["g_before"] == pytest.approx(0.8071070622, abs=1e-9)


def test_the_change_in_sds_before_is_unbiased_and_its_interval_covers() -> None:
    """Simulated: eleven people, correlation .6, a true change of .5; the SD before is 1, so .5 is the truth."""
    random = np.random.default_rng(3)
    before = random.normal(size=(2000, 11))
    after = 0.5 + 0.6 * before + 0.8 * random.normal(size=(2000, 11))
    found = standardised(pl.DataFrame([moments(x, y) for x, y in zip(before, after, strict=True)]))
    assert found["g_before"].mean() == pytest.approx(0.5, abs=0.03)
    covers = (found["g_before_low"] <= 0.5) & (found["g_before_high"] >= 0.5)
    assert 0.925 < covers.mean() < 0.965


def signed_rank(change: np.ndarray) -> tuple[float, float, float]:
    return tuple(float(found[0]) for found in signed_ranks(change[None, :]))  # type: ignore[return-value]


def test_signed_rank_of_sleep() -> None:
    """One of ten did not change; all others slept longer. scipy's exact p, and pingouin's rank-biserial."""
    assert signed_rank(AFTER - BEFORE) == pytest.approx((9, 1.0, 0.00390625), abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_signed_rank_with_ties_counts_every_pattern_of_signs(seed: int) -> None:
    change = np.random.default_rng(seed).integers(-4, 6, 9).astype(float)
    moved = change[change != 0]
    ranks = stats.rankdata(np.abs(moved))
    sums = np.array([ranks[np.array(up, dtype=bool)].sum() for up in product((0, 1), repeat=len(moved))])
    seen = ranks[moved > 0].sum()
    expected = min(1.0, 2 * min((sums <= seen).mean(), (sums >= seen).mean()))
    _, biserial, p = signed_rank(change)
    assert p == pytest.approx(expected, abs=1e-12)
    assert biserial == pytest.approx(2 * seen / ranks.sum() - 1)


def test_signed_rank_without_ties_is_scipys() -> None:
    change = np.random.default_rng(7).normal(0.4, 1, 40)
    assert signed_rank(change)[2] == pytest.approx(stats.wilcoxon(change, method="exact").pvalue, rel=1e-9)


def test_signed_rank_of_many_is_the_approximation_of_r() -> None:
    """With ties, and R's corrections: as scipy's with correction=True, which is R's to the last digit (facts)."""
    change = np.random.default_rng(8).integers(-9, 13, 120).astype(float)
    other = stats.wilcoxon(change, method="approx", correction=True).pvalue
    assert signed_rank(change)[2] == pytest.approx(other, rel=1e-9)


def test_many_groups_at_once_are_each_as_alone() -> None:
    changes = np.random.default_rng(9).integers(-5, 7, (60, 12)).astype(float)
    together = np.array(signed_ranks(changes))
    assert np.array_equal(together, np.array([signed_rank(row) for row in changes]).T, equal_nan=True)
    ends = np.array(bootstrap_intervals(changes))
    alone = np.array([np.ravel(bootstrap_intervals(row[None, :])) for row in changes]).T
    assert ends == pytest.approx(alone, abs=1e-12)


def test_signed_rank_of_nobody_who_changed() -> None:
    changed, biserial, p = signed_rank(np.array([0.0, 1e-12]))
    assert changed == 0
    assert np.isnan([biserial, p]).all()


def test_jacobson_and_truax() -> None:
    """Their worked example as in the R package clinicalsignificance: cut-offs 55, 45, 50; 32.5 to 47.5 is 3.162278."""
    rule = reliable.Rule(7.5, "worked example", 0.80, "worked example", 1.96)
    assert rule.error_of_difference == pytest.approx(4.743416, abs=5e-7)
    assert 15 / rule.error_of_difference == pytest.approx(3.162278, abs=5e-7)
    assert reliable.cut_offs(40, 7.5, 60, 7.5) == reliable.CutOffs(55, 45, 50)
    assert reliable.cut_offs(60, 7.5, 40, 5).b == 50  # lower is better, and b by the functional SD


def test_the_threshold_of_claus_2020() -> None:
    """R's clinicalsignificance: the error of the difference is 2.1124782 with r = .80, and ±4.1404573 is reliable. The
    data are under GPL-3 and not here; the SD is the one that follows from that error."""
    rule = reliable.Rule(2.1124782 / 0.4**0.5, "claus_2020", 0.80, "given", 1.96)
    assert (rule.error_of_difference, rule.threshold) == pytest.approx((2.1124782, 4.1404573), abs=6e-8)


@pytest.mark.parametrize("method", ["gulliksen_lord_novick", "edwards_nunnally", "nunnally_kotsch"])
def test_methods_that_expect_scores_to_near_the_mean(method: ReliableMethod) -> None:
    """As the R package clinicalsignificance has them: r/reliable.R and its output. Synthetic scores."""
    before = np.array([8, 11, 14, 17, 20, 23, 26, 29, 32, 35, 38, 40.0])
    after = np.array([17, 12, 20, 17, 13, 29, 33, 25, 27, 43, 24, 39.0])
    rule = reliable.Rule(7.5, "made up", 0.8, "made up", 1.96, method, 22)
    index = (after - rule.expected(before)) / rule.error_of_difference
    said = (Path(__file__).parent / "r" / "reliable.txt").read_text(encoding="utf-8")
    of_method = said.split(f"{method} \n")[1].splitlines()
    assert index == pytest.approx([float(one) for one in of_method[0].split()[1:]], abs=1e-9)
    found = reliable.categories(
        before, after, rule.threshold, higher_is_better=True, expected=rule.expected(before)
    ).tolist()
    improved, deteriorated = ([int(one) for one in part.split()[1:]] for part in of_method[1].split(";"))
    assert [place for place, box in enumerate(found, 1) if box == "improved"] == improved
    assert [place for place, box in enumerate(found, 1) if box == "deteriorated"] == deteriorated


@pytest.mark.parametrize(
    ("method", "everybody", "low"),
    [
        ("jacobson_truax", (2.5, 2.5), (8.1, 0.3)),
        ("gulliksen_lord_novick", (2.5, 2.5), (2.5, 2.5)),
        ("nunnally_kotsch", (3.1, 3.1), (3.1, 3.1)),
        ("edwards_nunnally", (7.2, 7.2), (7.2, 7.2)),
    ],
)
def test_how_many_seem_to_have_changed_in_whom_nothing_did(
    method: ReliableMethod, everybody: tuple[float, float], low: tuple[float, float]
) -> None:
    """The table of docs/statistics.md, by drawing true scores and errors: reliability 0.8, z 1.96."""
    draw = np.random.default_rng(20261127)
    true = draw.normal(50, 10 * 0.8**0.5, 400_000)
    before, after = (true + draw.normal(0, 10 * 0.2**0.5, len(true)) for _ in range(2))
    rule = reliable.Rule(10, "made up", 0.8, "made up", 1.96, method, None if method == "jacobson_truax" else 50)
    expected = rule.expected(before)
    found = reliable.categories(before, after, rule.threshold, higher_is_better=True, expected=expected)
    near_two_below = np.abs(before - 30) < 1
    for people, (improved, worse) in ((np.full(len(before), True), everybody), (near_two_below, low)):
        shares = [100 * float((found[people] == box).mean()) for box in ("improved", "deteriorated")]
        assert shares == pytest.approx([improved, worse], abs=0.5)


@pytest.mark.parametrize(("method", "mean"), [("jacobson_truax", 22), ("edwards_nunnally", None)])
def test_a_mean_where_the_method_has_a_use_for_it(method: ReliableMethod, mean: float | None) -> None:
    with pytest.raises(ValueError, match="a mean is needed by every method but"):
        reliable.Rule(7.5, "made up", 0.8, "made up", 1.96, method, mean)


def test_core_10() -> None:
    """Barkham 2013, doi 10.1080/14733145.2012.729069: cut-off 11 and reliable change 6 (at 90 %), after rounding up."""
    rule = reliable.Rule(7.7, "primary care", 0.90, "alpha", 1.645)
    assert rule.threshold == pytest.approx(5.66, abs=5e-3)
    assert reliable.cut_offs(19.7, 7.7, 4.7, 4.8).c == pytest.approx(10.46, abs=5e-3)


@pytest.mark.parametrize("better", [1.0, -1.0])
def test_categories_are_strict_and_mirrored(better: float) -> None:
    rule = reliable.Rule(5, "invented", 0.5, "invented", 1.0)  # threshold 5
    before = better * np.array([40, 40, 40, 50, 60, 60, 52, 60])
    after = better * np.array([60, 49, 45, 60, 40, 52, 47.5, 50])
    found = reliable.categories(before, after, rule.threshold, higher_is_better=better > 0, cut_off=better * 50)
    expected = ["recovered", "improved", "unchanged", "improved", "harmed", "deteriorated", "unchanged", "deteriorated"]
    assert found.tolist() == expected
    without = reliable.categories(before, after, rule.threshold, higher_is_better=better > 0)
    assert set(without) == {"improved", "unchanged", "deteriorated"}


@pytest.mark.parametrize("wrong", [{"sd": 0.0}, {"reliability": 1.0}, {"sd_source": " "}, {"reliability_source": ""}])
def test_a_rule_without_its_figures_or_sources_is_refused(wrong: dict[str, object]) -> None:
    given = {"sd": 5.0, "sd_source": "a", "reliability": 0.8, "reliability_source": "b", "z": 1.96}
    with pytest.raises(ValueError, match="a rule needs"):
        reliable.Rule(**(given | wrong))


def test_alpha_of_attitude() -> None:
    """psych 2.2.9 alpha(): raw, and Feldt's interval to its three printed digits."""
    assert reliability.alpha(ATTITUDE) == pytest.approx(0.8431428, abs=5e-8)
    assert reliability.feldt_interval(ATTITUDE) == pytest.approx((0.739, 0.916), abs=6e-4)
    rest = ATTITUDE[:, 1:].sum(axis=1)
    assert reliability.item_rest(ATTITUDE)[0] == pytest.approx(np.corrcoef(ATTITUDE[:, 0], rest)[0, 1])


def test_omega_of_attitude() -> None:
    """One factor by least squares: r/attitude.R, where R's own optimiser and psych 2.2.9 (which stops earlier) minimise
    the same. psych prints .85068 for standardised items."""
    covariance = np.cov(ATTITUDE, rowvar=False)
    assert reliability.omegas(covariance) == pytest.approx(0.8602623, abs=1e-6)
    assert reliability.omegas(np.corrcoef(ATTITUDE, rowvar=False)) == pytest.approx(0.85068236, abs=1e-7)
    assert reliability.omegas(1000 * covariance) == pytest.approx(float(reliability.omegas(covariance)), abs=1e-12)
    rests = [0.6712620572, 0.7421097102, 0.5607111115, 0.7144454981, 0.7862755938, 0.2650343392, 0.4608105495]
    assert reliability.item_rests(covariance) == pytest.approx(rests, abs=1e-9)


def test_omega_of_items_that_one_factor_made() -> None:
    """Loadings and unique variances known: the definition itself. Many at once are as one by one."""
    loadings = np.array([[0.9, 0.5, 1.3, 0.7], [0.6, 0.6, 0.6, 0.6]])
    unique = np.array([[0.4, 0.9, 0.5, 1.1], [0.64, 0.64, 0.64, 0.64]])
    covariance = loadings[:, :, None] * loadings[:, None, :] + np.array([np.diag(part) for part in unique])
    common = loadings.sum(axis=1) ** 2
    assert reliability.omegas(covariance) == pytest.approx(common / (common + unique.sum(axis=1)), abs=1e-8)
    assert reliability.omegas(covariance)[1] == pytest.approx(reliability.alphas(covariance)[1])  # all loadings equal


def test_no_omega_without_a_proper_factor() -> None:
    pair = np.array([[1.0, 0.5], [0.5, 1.0]])
    constant = np.diag([1.0, 1.0, 0.0])
    # The first item would have to share more than all of its variance: .9 · .9 / .5 is above 1.
    heywood = np.array([[1.0, 0.9, 0.9], [0.9, 1.0, 0.5], [0.9, 0.5, 1.0]])
    assert all(np.isnan(reliability.omegas(given)) for given in (pair, constant, heywood))


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
    known = Pooled(2.0, 3.0, 2.9, 0, 0, 0, 0, tau2=16.0, i2=0)  # spread 5; t(1) is 12.706
    assert intervals.prediction_interval(known, 3) == pytest.approx((2 - 63.5310237, 2 + 63.5310237), abs=1e-6)
    assert np.isnan(intervals.prediction_interval(known, 2)).all()
    usual_is_larger = replace(known, standard_error=1.0, usual_error=3.0)
    assert intervals.prediction_interval(usual_is_larger, 3) == intervals.prediction_interval(known, 3)


def test_cohorts_that_seem_alike_predict_nothing_of_another() -> None:
    alike = pool(np.array([1.0, 1.1, 1.2, 1.1]), np.array([0.2, 0.3, 0.2, 0.4]))
    assert alike.tau2 == 0
    assert np.isnan(intervals.prediction_interval(alike, 4)).all()


def test_the_bootstrap_gives_the_same_interval_whatever_the_order() -> None:
    change = (AFTER - BEFORE)[None, :]
    (low,), (high,) = bootstrap_intervals(change)
    assert bootstrap_intervals(change[:, ::-1]) == (low, high)
    assert low < change.mean() < high
    # Student's t interval is .70 to 2.46; one person slept 4.6 hours longer, so the upper end is further off.
    assert (low, high) == pytest.approx((0.83, 3.2), abs=0.15)
    assert np.isnan(bootstrap_intervals(np.ones((1, 9)))).all()
    assert np.isnan(bootstrap_intervals(change[:, :7])).all()
