"""The referee itself: its statistics reproduce published figures before it judges anybody else's."""

import math

import pytest

from tests.independent_figures import noncentral_t, paired, pooled, score

# R's `sleep` data (Student 1908): extra hours of sleep under two drugs; figures from R's t.test and effectsize.
SLEEP = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0], [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def test_sleep() -> None:
    figures = paired(*SLEEP)
    expected = {
        "mean_change": 1.58,
        "ci_low": 0.7001142,
        "ci_high": 2.4598858,
        "t_value": 4.0621277,
        "p_value": 0.00283289,
        "correlation": 0.7951702,
        "g_z": 1.173925,
        "g_z_low": 0.378918,
        "g_z_high": 1.935602,
    }
    assert {name: figures[name] for name in expected} == pytest.approx(expected, rel=1e-6)


def test_one_pair_has_a_change_and_nothing_else() -> None:
    figures = paired([1.0], [3.0])
    assert figures["mean_change"] == 2
    assert figures["ci_low"] is None


def test_noncentral_t_is_t_at_zero_and_symmetric() -> None:
    assert noncentral_t(0.0, 7, 0.0) == pytest.approx(0.5, abs=1e-14)
    assert noncentral_t(1.3, 9, 2.0) == pytest.approx(1 - noncentral_t(-1.3, 9, -2.0), abs=1e-13)
    assert noncentral_t(2.2621571627982, 9, 0.0) == pytest.approx(0.975, abs=1e-12)


def test_pooled_of_equal_groups_is_their_mean() -> None:
    figures = pooled([[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]])
    assert figures["mean_change"] == pytest.approx(3.5)
    assert figures["tau2"] == 0
    assert pooled([[1.0, 2.0], [5.0]]) == {}


def test_pooled_by_hand() -> None:
    """Means 0 and 10 with squared errors of 1: Q 50, C 1, tau2 49, mean 5, Hartung-Knapp error 5, so t is 1."""
    third = math.sqrt(3)
    figures = pooled([[-third, 0, third], [10 - third, 10, 10 + third]])
    expected = {"mean_change": 5, "tau2": 49, "i2": 98, "t_value": 1, "p_value": 0.5, "ci_high": 5 + 5 * 12.7062047}
    assert {name: figures[name] for name in expected} == pytest.approx(expected, rel=1e-8)


def test_scores() -> None:
    def all_of(instrument: str, value: int, items: int) -> dict[tuple[str, int], int]:
        return {(instrument, item): value for item in range(1, items + 1)}

    assert score(all_of("ceas_self", 10, 13), "ceas_self") == {
        ("ceas_self", "engagement"): 60,
        ("ceas_self", "action"): 40,
        ("ceas_self", "total"): 100,
    }
    assert score(all_of("brs", 5, 6), "brs") == {("brs", "total"): 3}
    assert score(all_of("swemwbs", 3, 7), "swemwbs") == {("swemwbs", "total"): 19.25}
    assert score(all_of("swemwbs", 3, 6), "swemwbs") == {("swemwbs", "total"): None}
