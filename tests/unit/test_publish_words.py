"""Sentences under tables."""

import polars as pl

from cfc_pipeline.measures.instruments import instrument_rows, load_instruments
from cfc_pipeline.publish import trend_breaks
from cfc_pipeline.publish.words import advised, directions, p_values
from schemas.tables.contract import polars_schema
from schemas.tables.forms import TrendBreak

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


def test_how_many_people_the_owners_advise_is_said_where_they_do():
    advice = "its owners advise at least 30 people with answers at both times; see n."
    titles = used("swemwbs", "wemwbs", "brs").filter(pl.col("instrument") != "brs")["title"].unique(maintain_order=True)
    assert advised(used("swemwbs", "wemwbs", "brs")) == (f"{'; '.join(titles)}: {advice}",)
    assert advised(used("brs")) == ()


def recruited(*instruments: str) -> pl.DataFrame:
    row = ("recruitment", None, None, "2023/24", "2024/25", "declared", "An invented sentence.")
    rows = [(instrument, *row) for instrument in instruments]
    return pl.DataFrame(rows, schema=polars_schema(TrendBreak), orient="row")


def test_what_breaks_several_trends_alike_is_said_once() -> None:
    said = "how people came to take part changed between 2023/24 and 2024/25"
    (every,) = trend_breaks.notes(recruited("brs", "ceas_self"), used("brs", "ceas_self"))
    assert every.startswith(f"Every measure here: {said}")
    (some,) = trend_breaks.notes(recruited("brs", "ceas_self", "gad7"), used("brs", "ceas_self", "wemwbs"))
    assert f"Brief Resilience Scale; Compassionate Engagement and Action Scales: compassion for self: {said}" in some
    assert trend_breaks.notes(recruited("gad7"), used("brs")) == ()
