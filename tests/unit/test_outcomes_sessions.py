"""Feedback over the sessions: level, trend, and who of those present answered."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cfc_pipeline.disclosure.profile import load_profile
from cfc_pipeline.disclosure.sessions import protect_adherence
from cfc_pipeline.outcomes.formulas import pool
from cfc_pipeline.outcomes.intervals import wilson
from cfc_pipeline.outcomes.sessions import crowded, session_adherence, session_response, session_trend
from cfc_pipeline.warehouse.write import replace_table
from schemas.tables import TABLES
from tests import small_warehouse as w

MEANS = {"a": [3.0, 3.5, 3.25, 4.0], "b": [4.0, 4.25, 4.75, 4.5, 5.0], "c": [2.5, 3.0]}
YEARS = {"a": "2023/24", "b": "2024/25", "c": "2024/25"}


def feedback(means: dict[str, list[float]] = MEANS) -> pl.DataFrame:
    """Rows as of feedback_summary: every session with five forms and an SD of 0.5."""
    rows = [
        ("cohort", cohort, YEARS[cohort], number, "Usefulness", 5, mean, 0.5)
        for cohort, of_cohort in means.items()
        for number, mean in enumerate(of_cohort, start=1)
    ]
    columns = ["level", "cohort_id", "academic_year", "session_number", "question", "n", "mean", "sd"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def trend(rows: pl.DataFrame) -> dict[tuple[str, str | None], dict[str, float]]:
    found = TABLES["session_trend"].validate(session_trend(rows)).lazy().collect()
    return {(row["level"], row["cohort_id"] or row["academic_year"]): row for row in found.rows(named=True)}


def test_a_cohort_is_a_line_through_the_means_of_its_sessions() -> None:
    seen = trend(feedback())["cohort", "b"]
    fit = stats.linregress(range(1, 6), MEANS["b"])
    half = float(stats.t.ppf(0.975, 3)) * fit.stderr
    assert (seen["slope"], seen["slope_low"], seen["slope_high"]) == pytest.approx(
        (fit.slope, fit.slope - half, fit.slope + half)
    )
    level = stats.ttest_1samp(MEANS["b"], 0).confidence_interval()
    assert (seen["mean"], seen["mean_low"], seen["mean_high"]) == pytest.approx((4.5, level.low, level.high))
    assert (seen["n_cohorts"], seen["n_sessions"], seen["sd_forms"]) == (1, 5, 0.5)
    assert seen["sd_sessions"] == pytest.approx(np.std(MEANS["b"], ddof=1))


def test_over_years_cohorts_are_pooled_with_a_spread_that_they_share() -> None:
    found = trend(feedback())
    seen, cohorts = found["all", None], [MEANS["a"], MEANS["b"]]
    of_sessions = sum(np.var(m) * len(m) for m in cohorts) / sum(len(m) - 1 for m in cohorts)
    expected = pool(np.array([np.mean(m) for m in cohorts]), of_sessions / np.array([4.0, 5.0]))
    assert (seen["mean"], seen["mean_low"], seen["sd_cohorts"]) == pytest.approx(
        (expected.mean, expected.ci_low, expected.tau2**0.5)
    )
    fits = [stats.linregress(range(1, len(m) + 1), m) for m in cohorts]
    rest = sum(
        np.sum((m - f.intercept - f.slope * np.arange(1, len(m) + 1)) ** 2) for m, f in zip(cohorts, fits, strict=True)
    )
    lines = pool(np.array([f.slope for f in fits]), rest / (2 + 3) / np.array([5.0, 10.0]))
    assert (seen["slope"], seen["slope_low"], seen["slope_high"]) == pytest.approx(
        (lines.mean, lines.ci_low, lines.ci_high)
    )
    assert (seen["n_cohorts"], seen["n_sessions"]) == (2, 9)  # two sessions are too few for a line
    assert seen["sd_sessions"] == pytest.approx(of_sessions**0.5)


def test_a_year_with_one_cohort_has_no_interval() -> None:
    seen = trend(feedback())["year", "2024/25"]
    assert (seen["mean"], seen["mean_low"], seen["slope_low"], seen["sd_cohorts"]) == (4.5, None, None, None)


def test_sessions_that_are_all_alike_have_no_interval() -> None:
    seen = trend(feedback({"a": [4.0, 4.0, 4.0], "b": [3.0, 3.0, 3.0]}))
    assert {seen[key]["mean_low"] for key in seen} == {seen[key]["slope_low"] for key in seen} == {None}
    assert seen["all", None]["mean"] == 3.5


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    shift=st.floats(-3, 3).map(lambda x: round(x, 2)),
    scale=st.sampled_from([0.5, 2.0, 3.0]),
    seed=st.integers(0, 99),
)
def test_laws_of_shift_and_scale_and_the_order_of_rows(shift: float, scale: float, seed: int) -> None:
    rows = feedback()
    changed = rows.sample(fraction=1, shuffle=True, seed=seed).with_columns(mean=pl.col("mean") * scale + shift)
    before, after = trend(rows), trend(changed)
    for key, row in before.items():
        for name in ("slope", "slope_low", "slope_high", "sd_sessions"):
            assert after[key][name] == pytest.approx(row[name] and row[name] * scale)
        for name in ("mean", "mean_low", "mean_high"):
            assert after[key][name] == pytest.approx(row[name] and row[name] * scale + shift)


@pytest.fixture
def con() -> w.Connection:
    con = w.empty()
    for cohort_id, year in YEARS.items():
        w.cohort(con, cohort_id, year)
        w.person(con, cohort_id, cohort_id, "s-1")
    forms = {("a", 1): 3, ("a", 2): 5, ("b", 1): 2}
    for (cohort_id, session), count in forms.items():
        for i in range(count):
            for question in ("Usefulness", "Facilitation"):  # one form each
                given = {"response_id": f"r-{cohort_id}-{session}-{i}", "cohort_id": cohort_id, "rating": 4}
                w.add(con, "session_feedback", given | {"session_number": session, "question": question})
    for cohort_id, session, present in (("a", 1, 4), ("a", 2, 4), ("b", 2, 9), ("c", 1, None)):
        given = {"session_id": f"{cohort_id}-{session}", "cohort_id": cohort_id, "session_number": session}
        w.add(con, "session", given | {"attendance": present})
    return con


@pytest.fixture
def response(con: w.Connection) -> pl.DataFrame:
    return TABLES["session_response"].validate(session_response(con)).lazy().collect()


def test_forms_of_those_present(response: pl.DataFrame) -> None:
    keys = ("cohort_id", "session_number", "forms", "attendance", "percent")
    assert response.filter(pl.col("session_number").is_not_null()).select(keys).rows() == [
        ("a", 1, 3, 4, 75.0),
        ("a", 2, 5, 4, 125.0),
        ("b", 1, 2, None, None),
        ("b", 2, 0, 9, 0.0),
        ("c", 1, 0, None, None),
    ]
    first = response.row(by_predicate=(pl.col("cohort_id") == "a") & (pl.col("session_number") == 1), named=True)
    assert (first["ci_low"], first["ci_high"]) == pytest.approx([100 * end for end in wilson(3, 4)])


def test_totals_are_over_sessions_of_which_both_counts_are_known(response: pl.DataFrame) -> None:
    totals = response.filter(pl.col("session_number").is_null())
    assert set(totals.select("level", "academic_year", "n_sessions", "forms", "attendance").rows()) == {
        ("all", None, 3, 8, 17),
        ("cohort", "2023/24", 2, 8, 8),
        ("cohort", "2024/25", 1, 0, 9),
        ("year", "2023/24", 2, 8, 8),
        ("year", "2024/25", 1, 0, 9),
    }
    assert totals["ci_low"].null_count() == totals.height


def test_more_forms_than_people_is_said_and_not_clipped(con: w.Connection, response: pl.DataFrame) -> None:
    replace_table(con, "session_response", response)
    assert crowded(con) == [("a", 2)]
    wrong = response.row(by_predicate=(pl.col("cohort_id") == "a") & (pl.col("session_number") == 2), named=True)
    assert (wrong["percent"], wrong["ci_low"]) == (125.0, None)


@pytest.fixture
def followed() -> pl.DataFrame:
    """Three cohorts of one year and two of the next; one of the first has a session without a rating."""
    con = w.empty()
    for i, year in enumerate(["2023/24"] * 3 + ["2024/25"] * 2):
        w.cohort(con, f"c{i}", year)
        for session, rating in ((1, 70 + 5 * i), (2, 80 if i else None), (3, 90)):
            given = {"session_id": f"c{i}-{session}", "cohort_id": f"c{i}", "session_number": session}
            w.add(con, "session", given | {"adherence": rating})
    return TABLES["session_adherence"].validate(session_adherence(con)).lazy().collect()


def test_adherence_counts_every_cohort_alike(followed: pl.DataFrame) -> None:
    first = followed.row(by_predicate=pl.col("cohort_id") == "c0", named=True)
    assert (first["n_sessions"], first["n_rated"], first["adherence"]) == (3, 2, 80)
    year = followed.row(by_predicate=(pl.col("level") == "year") & (pl.col("academic_year") == "2023/24"), named=True)
    assert (year["n_cohorts"], year["n_rated"]) == (3, 8)
    assert year["adherence"] == pytest.approx((80 + (75 + 80 + 90) / 3 + (80 + 80 + 90) / 3) / 3)


def test_no_facilitator_is_judged(followed: pl.DataFrame) -> None:
    """Two cohorts are left over when the first year is taken from all years."""
    profile = load_profile("default")
    seen = protect_adherence(followed, profile).values
    assert set(seen["level"]) == {"year", "all"}
    assert seen.filter(pl.col("adherence").is_not_null()).select("level", "academic_year").rows() == [
        ("year", "2023/24")
    ]
    told = protect_adherence(followed, profile, agreed=True).values
    assert told["adherence"].null_count() == 0
    assert told.height == followed.height == 8
