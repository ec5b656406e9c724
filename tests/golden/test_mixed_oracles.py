"""The mixed model over all time points against R's lme4 and nlme, through the warehouse and as plain sums."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cfc_pipeline.outcomes.mixed import mixed_model
from cfc_pipeline.outcomes.paired import paired_change
from cfc_pipeline.outcomes.random_intercept import Fit, Patterns, fit
from schemas.tables import TABLES, TIME_POINTS
from tests import small_warehouse as w

R = Path(__file__).parent / "r"
Numbers = np.ndarray


def printed(file: str, *words: str) -> Numbers:
    """The numbers of the line that begins with these words; NA is missing."""
    (line,) = [line for line in (R / file).read_text().splitlines() if line.split()[: len(words)] == list(words)]
    return np.array([np.nan if word == "NA" else float(word) for word in line.split()[len(words) :]])


def people(scores: Numbers) -> Patterns:
    """Everybody as a pattern of their own; rows are people, columns time points."""
    there, filled = (~np.isnan(scores)).astype(float), np.nan_to_num(scores)
    squares, totals = (filled**2).sum(axis=1), filled.sum(axis=1) ** 2
    return Patterns(there, np.ones((1, len(scores))), filled[None], squares[None], totals[None])


def figures(found: Fit) -> Numbers:
    variances = [found.rest_variance[0], found.person_variance[0]]
    return np.array([*variances, *found.changes[0, 1:], *found.errors[0, 1:]])


def test_the_data_of_lme4s_own_example() -> None:
    """Balanced, and with every third and seventh row left out; lme4 stops early, in the seventh digit."""
    scores = printed("change.txt", "data").reshape(18, 10)
    lines = (R / "change.txt").read_text().splitlines()
    whole_errors, part_errors = (
        [float(word) for word in line.split()[1:]] for line in lines if line.startswith("errors")
    )
    assert figures(fit(people(scores))) == pytest.approx([*printed("change.txt", "whole"), *whole_errors], rel=1e-7)
    row = np.arange(1, 181).reshape(18, 10)
    part = np.where((row % 3 != 0) & (row % 7 != 0), scores, np.nan)
    assert figures(fit(people(part))) == pytest.approx([*printed("change.txt", "part")[1:], *part_errors], rel=1e-6)


@pytest.mark.parametrize("name", ["wide", "shuffled"])
def test_people_who_miss_some_time_points(name: str) -> None:
    """In `shuffled` the variance between people is 0, at the end of what it can be. R finds the peak of the likelihood
    to half of the digits that a number has, which shows in the variances."""
    scores = printed("mixed.txt", name, "scores").reshape(14, 4)
    assert figures(fit(people(scores))) == pytest.approx(printed("mixed.txt", name, "lme4"), rel=2e-8, abs=1.1e-8)
    assert figures(fit(people(scores))) == pytest.approx(printed("mixed.txt", name, "nlme"), rel=1e-5, abs=1e-7)


def test_the_same_through_the_warehouse() -> None:
    scores, con = printed("mixed.txt", "wide", "scores").reshape(14, 4), w.empty()
    w.cohort(con, "a")
    ids = [f"p-{number}" for number in range(14)]
    w.people(con, pl.DataFrame({"participant_id": ids, "cohort_id": "a", "school_id": ids}))
    rows = [
        {"participant_id": ids[i], "cohort_id": "a", "time_point": TIME_POINTS[j], "score": float(scores[i, j])}
        for i, j in zip(*np.nonzero(~np.isnan(scores)), strict=True)
    ]
    w.scores(con, pl.DataFrame(rows))
    found = mixed_model(con, paired_change(con)).filter(level="year")
    TABLES["mixed_model"].validate(found)
    expected = printed("mixed.txt", "wide", "lme4")
    assert found["change"].to_list() == pytest.approx(expected[2:5], abs=1.1e-8)
    assert found["standard_error"].to_list() == pytest.approx(expected[5:], abs=1.1e-8)
    assert [found[name][0] for name in ("rest_sd", "person_sd")] == pytest.approx(np.sqrt(expected[:2]), abs=1e-7)
    # Of 14 people, who has no score before, and one at that time.
    assert found.select("n_people", "n_responses", "n_late").rows() == [(14, 37, 1), (14, 37, 3), (14, 37, 2)]


def test_one_person_or_nobody_who_answered_twice_has_no_change() -> None:
    """As many scores as time points, or no score beside another: nothing is known of the rest, and nothing divides."""
    for scores in ([[1.0, 2.0, 4.0]], [[1.0, np.nan, np.nan], [np.nan, 2.0, 3.0]], [[1.0, np.nan], [np.nan, 2.0]]):
        assert np.isnan(figures(fit(people(np.array(scores))))).all()
