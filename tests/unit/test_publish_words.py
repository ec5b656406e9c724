"""Sentences under tables."""

import polars as pl

from cfc_pipeline.measures.instruments import instrument_rows, load_instruments
from cfc_pipeline.publish.words import directions

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
