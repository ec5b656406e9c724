"""A short run of the simulation in benchmarks/coverage.py, with bounds as wide as so few draws need."""

import pytest

from benchmarks import coverage, coverage_mixed

TIMES = 2_000  # a coverage of 95 % is then good to about 1.5 points


@pytest.mark.parametrize("n", coverage.GROUPS)
def test_intervals_of_one_group(n: int) -> None:
    assert coverage.mean_change(coverage._normal, n, TIMES) == pytest.approx(0.95, abs=0.02)
    assert coverage.g_z(n, 0.5, TIMES) == pytest.approx(0.95, abs=0.02)
    assert coverage.wrong(n, TIMES) == pytest.approx(0.05, abs=0.02)
    assert coverage.bootstrap(coverage._skewed, n, TIMES) == pytest.approx(0.95, abs=0.02)
    assert coverage.of_share(n, 0.3, TIMES) > 0.92


@pytest.mark.parametrize("share", coverage.SHARES)
@pytest.mark.parametrize("k", coverage.COHORTS)
@pytest.mark.parametrize("judge", [coverage.of_year, coverage.pooled])
def test_intervals_allow_for_cohorts_that_differ(judge: coverage.Judge, k: int, share: float) -> None:
    found = coverage.clustered(judge, k, share, 400)
    assert found > 0.92
    assert found < 0.99 or k == 2 or share == 0  # cohorts that agree by chance are kept apart from proof


def test_what_is_said_of_one_more_cohort_holds() -> None:
    right, given = coverage.one_more(6, 0.1, 400)
    assert right > 0.92
    assert 0.7 < given < 0.9


def test_the_interval_of_one_group_does_not() -> None:
    """Why a year has another one."""
    assert coverage.clustered(coverage.one_group, 6, 0.3, 400) < 0.75


def test_key_checks_are_seldom_wrong_and_catch_a_flipped_item_of_forty_people() -> None:
    false, flipped, already = coverage.key_check_rates(40, 200)
    assert false <= 0.01
    assert flipped >= 0.85
    assert already >= 0.95


def test_the_same_seed_gives_the_same_figures() -> None:
    assert coverage.g_z(8, 0.0, 100) == coverage.g_z(8, 0.0, 100)


def test_level_and_trend_over_sessions_hold_the_truth() -> None:
    """400 sets of four cohorts, so a figure is good to about 2 points."""
    rates = coverage.sessions(4, 400)
    assert all(0.92 <= rate <= 1 for rate in rates)


def test_the_mixed_model_bears_that_people_leave_by_earlier_scores() -> None:
    """Where those with both times alone do not."""
    model, both = coverage_mixed.of_cohort(coverage._random("test", 40), 40, "by earlier scores", TIMES)
    assert model == pytest.approx(0.95, abs=0.02)
    assert both < 0.93
    assert coverage_mixed.of_cohorts(coverage._random("test", 4), 4, 0.1, "by earlier scores", 1_000) > 0.92
