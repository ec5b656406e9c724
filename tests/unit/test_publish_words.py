"""Sentences under tables."""

import polars as pl

from cfc_pipeline.measures.instruments import instrument_rows, load_instruments
from cfc_pipeline.publish.words import directions, p_values

ROWS = instrument_rows(load_instruments())


def used(*instruments: str) -> pl.DataFrame:
    return ROWS.filter(pl.col("instrument").is_in(instruments))


def test_an_instrument_with_two_directions_names_the_scores_of_which_less_is_better() -> None:
    said = directions(used("brs", "gad7", "proqol5"))
    assert "(Burnout)" in said
    assert "(Secondary traumatic stress)" in said
    assert "(Compassion satisfaction)" not in said
    assert "scale, 7 items;" in said
    assert "Resilience" not in said


def test_where_more_is_better_throughout_it_says_so() -> None:
    assert "on every measure here a higher score is better" in directions(used("brs", "wemwbs"))


def test_each_family_of_tests_is_listed_with_its_measures() -> None:
    families = {"compassion": ["ceas_self/engagement", "ceas_self/action"], "health": ["brs", "gad7"]}
    _, said = p_values(families, used("brs", "ceas_self"))
    assert "Family compassion: Compassionate Engagement and Action Scales: compassion for self (Engagement);" in said
    assert "(Total)" not in said
    assert said.endswith("Family health: Brief Resilience Scale (Resilience).")


def test_without_families_p_is_said_to_be_uncorrected() -> None:
    (said,) = p_values({}, used("brs"))
    assert "not corrected" in said
