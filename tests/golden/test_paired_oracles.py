"""The paired and pooled statistics against published data and other software, through the front door where it fits."""

import numpy as np
import pingouin
import polars as pl
import pytest
from scipy import optimize, special, stats
from statsmodels.stats.meta_analysis import combine_effects

from cfc_pipeline.outcomes.formulas import hedges_correction, noncentrality_interval, pool
from cfc_pipeline.outcomes.paired import paired_change
from tests import small_warehouse as w

# R's data set `sleep` (Cushny & Peebles 1905): hours of extra sleep of ten people under two drugs.
FIRST = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]

# metafor's dat.bcg (Colditz et al. 1994): cases and others among the vaccinated, cases and others among controls.
BCG = np.array(
    [
        (4, 119, 11, 128),
        (6, 300, 29, 274),
        (3, 228, 11, 209),
        (62, 13536, 248, 12619),
        (33, 5036, 47, 5761),
        (180, 1361, 372, 1079),
        (8, 2537, 10, 619),
        (505, 87886, 499, 87892),
        (29, 7470, 45, 7232),
        (17, 1699, 65, 1600),
        (186, 50448, 141, 27197),
        (5, 2493, 3, 2338),
        (27, 16886, 29, 17825),
    ],
    dtype=float,
)


def changes(*cohorts: tuple[list[float], list[float]]) -> pl.DataFrame:
    con = w.empty()
    for number, (before, after) in enumerate(cohorts):
        w.cohort(con, f"c{number:02}", f"20{20 + number % 3}/{21 + number % 3}")
        w.pairs(con, f"c{number:02}", before, after)
    return paired_change(con)


def test_sleep() -> None:
    """Expected: R 4 t.test(paired = TRUE), and effectsize 0.8.3 hedges_g(paired = TRUE) with the exact correction."""
    row = changes((FIRST, SECOND)).row(0, named=True)
    expected = {
        "n_paired": 10,
        "mean_change": 1.58,
        "ci_low": 0.7001142,
        "ci_high": 2.4598858,
        "t_value": 4.0621277,
        "p_value": 0.00283289,
        "g_z": 1.173925,
        "g_z_low": 0.378918,
        "g_z_high": 1.935602,
        "correlation": 0.7951702,
    }
    assert {name: row[name] for name in expected} == pytest.approx(expected, abs=5e-7)
    assert row["mean_change"] / row["change_sd"] == pytest.approx(1.284558, abs=5e-7)  # d_z


def test_hedges_correction() -> None:
    """Exact at 9 degrees of freedom; the usual approximation 1 - 3 / (4 df - 1) gives .91428571."""
    assert hedges_correction(np.array([9.0]))[0] == pytest.approx(0.91387489, abs=5e-9)
    assert np.isnan(hedges_correction(np.array([1.0, 0.0]))).all()
    assert hedges_correction(np.array([1e6]))[0] == pytest.approx(1, abs=1e-6)


def log_risk_ratios() -> tuple[np.ndarray, np.ndarray]:
    sick, well, control_sick, control_well = BCG.T
    treated, controls = sick + well, control_sick + control_well
    return np.log(sick / treated / (control_sick / controls)), 1 / sick - 1 / treated + 1 / control_sick - 1 / controls


def test_pooling_bcg() -> None:
    """τ² and estimate: metafor 3.8.1, rma(method = "DL"). Hartung-Knapp: statsmodels, as metafor's figures at hand are
    for REML."""
    means, variances = log_risk_ratios()
    found = pool(means, variances)
    assert found.tau2 == pytest.approx(0.30876026, abs=5e-9)
    assert found.mean == pytest.approx(-0.71411722, abs=5e-9)
    assert found.i2 == pytest.approx(100 * (152.2330 - 12) / 152.2330, abs=5e-5)
    other = combine_effects(means, variances, method_re="dl", use_t=True)
    assert found.standard_error == pytest.approx(other.sd_eff_w_re_hksj, rel=1e-12)
    assert (found.ci_low, found.ci_high) == pytest.approx(other.conf_int(use_t=True)[3], rel=1e-12)


def made_up(seed: int, cohorts: int) -> list[tuple[list[float], list[float]]]:
    """Cohorts of 5 to 16 made-up people, with scores of six items' mean, so with thirds and sixths."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(cohorts):
        n = int(random.integers(5, 17))
        before = random.integers(6, 31, n)
        after = np.clip(before + random.integers(-4, 8, n) + random.integers(-3, 4), 6, 30)
        made.append(((before / 6).tolist(), (after / 6).tolist()))
    return made


@pytest.mark.parametrize("seed", range(5))
def test_each_group_against_scipy_and_pingouin(seed: int) -> None:
    cohorts = made_up(seed, 4)
    found = changes(*cohorts)
    everyone = ([x for c in cohorts for x in c[0]], [x for c in cohorts for x in c[1]])
    rows = [found.row(by_predicate=pl.col("cohort_id") == f"c{i:02}", named=True) for i in range(4)]
    rows.append(found.row(by_predicate=pl.col("level") == "all", named=True))
    for row, (before, after) in zip(rows, [*cohorts, everyone], strict=True):
        t = stats.ttest_rel(after, before)
        low, high = t.confidence_interval()
        expected = {
            "n_paired": len(before),
            "n_schools": len(before),
            "pre_mean": np.mean(before),
            "pre_sd": np.std(before, ddof=1),
            "post_mean": np.mean(after),
            "post_sd": np.std(after, ddof=1),
            "correlation": stats.pearsonr(before, after)[0],
            "mean_change": np.mean(np.subtract(after, before)),
            "change_sd": np.std(np.subtract(after, before), ddof=1),
            "ci_low": low,
            "ci_high": high,
            "t_value": t.statistic,
            "p_value": t.pvalue,
        }
        assert {name: row[name] for name in expected} == pytest.approx(expected, rel=1e-7, abs=1e-8)
        other = pingouin.ttest(after, before, paired=True).iloc[0]
        assert row["t_value"] == pytest.approx(other["T"], abs=1e-7)
        assert row["g_z_low"] < row["g_z"] < row["g_z_high"]


@pytest.mark.parametrize("df", [1, 2, 7, 12, 400])
@pytest.mark.parametrize("t", [0.0, 0.3, 1.9, 8.0, 25.0])
def test_noncentral_interval_against_a_root_finder(t: float, df: int) -> None:
    (low,), (high,) = noncentrality_interval(np.array([t]), np.array([float(df)]))
    for end, probability in ((low, 0.975), (high, 0.025)):
        # The distribution function itself is scipy's; a search that starts much below 0 meets its NaN.
        root = optimize.brentq(lambda nc, p=probability: stats.nct.cdf(t, df, nc) - p, -2.2, 2.6 * t + 3, xtol=1e-13)
        assert end == pytest.approx(root, rel=1e-7, abs=1e-7)
    assert noncentrality_interval(np.array([-t]), np.array([float(df)])) == (pytest.approx(-high), pytest.approx(-low))


def test_the_ends_of_g_z_are_where_t_is_as_rare_as_they_say() -> None:
    """Whatever t and however few people: from two of them to very many, from no change to an absurd one."""
    t, df = (each.ravel() for each in np.meshgrid([0.0, 1e-9, 0.3, 2.0, 9.0, 40.0, 900.0], [1.0, 2, 3, 7, 11, 60, 4e5]))
    low, high = noncentrality_interval(t, df)
    assert special.nctdtr(df, low, t) == pytest.approx(0.975, abs=1e-13)
    assert special.nctdtr(df, high, t) == pytest.approx(0.025, abs=1e-13)


@pytest.mark.parametrize("seed", range(3))
def test_pooled_row_against_statsmodels(seed: int) -> None:
    found = changes(*made_up(seed, 9))
    cohorts = found.filter(pl.col("level") == "cohort")
    row = found.row(by_predicate=pl.col("level") == "pooled", named=True)
    means, n, sd = (cohorts[name].to_numpy() for name in ("mean_change", "n_paired", "change_sd"))
    within = np.sum((n - 1) * sd**2) / np.sum(n - 1)  # one variance for all cohorts
    other = combine_effects(means, within / n, method_re="dl", use_t=True)
    assert row["mean_change"] == pytest.approx(other.mean_effect_re, rel=1e-10)
    error = other.sd_eff_w_re_hksj
    half = stats.t.ppf(0.975, 8) * error
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(
        (other.mean_effect_re - half, other.mean_effect_re + half), rel=1e-10
    )
    assert row["tau2"] == pytest.approx(max(0, other.tau2), rel=1e-10)
    assert row["i2"] == pytest.approx(100 * max(0, other.i2), abs=1e-9)
    assert row["t_value"] == pytest.approx(row["mean_change"] / error, rel=1e-10)
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(abs(row["t_value"]), 8), rel=1e-9)
    assert (row["n_cohorts"], row["n_paired"]) == (9, cohorts["n_paired"].sum())


def test_two_and_three_cohorts_are_wide_on_purpose() -> None:
    three = pool(np.array([1.0, 2.0, 4.0]), np.array([0.5, 0.5, 0.5]))
    assert (three.ci_high - three.mean) / three.standard_error == pytest.approx(4.302653, abs=1e-6)


def test_three_and_more_cohorts_are_never_narrower_than_the_usual_interval() -> None:
    """The interval of statsmodels from the normal distribution, and its p; τ² is 0 by any method."""
    means, variances = np.array([1.0, 1.2, 1.1, 0.9]), np.array([0.2, 0.3, 0.2, 0.4])
    found, other = pool(means, variances), combine_effects(means, variances, method_re="pm")
    low, high = other.conf_int(use_t=False)[1]
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), rel=1e-12)
    assert found.ci_high - found.mean > stats.t.ppf(0.975, 3) * found.standard_error
    by_either = stats.norm.sf(found.mean / other.sd_eff_w_re), stats.t.sf(found.mean / found.standard_error, 3)
    assert found.p_value == pytest.approx(2 * max(by_either), rel=1e-12)


def test_cohorts_that_agree_by_chance_do_not_make_the_interval_narrow() -> None:
    """Squared errors of .5 in two cohorts: fixed-effect error √(1/4). Unmodified, Hartung and Knapp's would be 0."""
    for means in ([1.0, 1.0], [1.0, 1.01]):
        alike = pool(np.array(means), np.array([0.5, 0.5]))
        assert (alike.tau2, alike.i2) == (0.0, 0.0)
        assert alike.standard_error == pytest.approx(0.5)
        assert (alike.ci_high - alike.mean) / 0.5 == pytest.approx(12.7062047)
        assert alike.p_value > 0.2


def test_cohorts_that_agree_to_the_last_digit_have_no_interval() -> None:
    alike = pool(np.array([1.0, 1.0, 1.0]), np.array([0.5, 0.5, 0.5]))
    assert alike.mean == 1
    assert np.isnan([alike.ci_low, alike.ci_high, alike.p_value]).all()


CLUSTERS = {
    "a": [2, -1, 4, 0, 3],
    "b": [5, 1, 6, 2, 4, 3, -2, 7],
    "c": [-3, 0, 1],
    "d": [2, 2, 4, 1, 0, 3, 5, -1, 2, 6, 1, 3],
}


@pytest.mark.parametrize(
    ("cohorts", "expected"),
    [("abcd", (2.1428571429, 0.2077459016, 4.0779683841)), ("abc", (2.0, -3.3127766284, 7.3127766284))],
)
def test_the_interval_that_allows_for_cohorts_is_clubsandwichs(cohorts: str, expected: tuple[float, ...]) -> None:
    """R 4.2.2, clubSandwich 0.5.8: CR2 and Satterthwaite; see r/clusters.R."""
    con = w.empty()
    for name in cohorts:
        w.cohort(con, name)
        w.pairs(con, name, [0.0] * len(CLUSTERS[name]), [float(change) for change in CLUSTERS[name]])
    year = paired_change(con).row(by_predicate=pl.col("level") == "year", named=True)
    assert (year["mean_change"], year["cluster_low"], year["cluster_high"]) == pytest.approx(expected, abs=1e-9)


def test_one_cohort_has_its_own_interval_and_two_are_never_narrower_than_independent_people() -> None:
    alike = [[1.0, 2.0, 3.0], [2.1, 2.0, 1.9]]
    con = w.empty()
    for number, (year, after) in enumerate(zip(("2023/24", "2024/25", "2024/25"), [alike[0], *alike], strict=True)):
        w.cohort(con, f"c{number}", year)
        w.pairs(con, f"c{number}", [0.0] * 3, after)
    for year in paired_change(con).filter(pl.col("level") == "year").iter_rows(named=True):
        assert (year["cluster_low"], year["cluster_high"]) == pytest.approx((year["ci_low"], year["ci_high"]))
