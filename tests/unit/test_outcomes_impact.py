"""Perceived impact: complete distributions, one voice for each person."""

import polars as pl
import pytest

from cfc_pipeline.errors import BalanceError
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.outcomes.impact import impact_distribution
from cfc_pipeline.outcomes.shares import impact_share
from schemas.tables import TABLES
from tests import small_warehouse as w

KEYS = load_instruments()
FORM = "cfc_perceived_impact"


@pytest.fixture
def con() -> w.Connection:
    con = w.empty()
    w.cohort(con, "a", "2023/24")
    w.cohort(con, "b", "2024/25")
    return con


def answer(con: w.Connection, person: str | None, cohort: str, values: dict[int, int], **given: object) -> None:
    given = {"kind": "perceived_impact", "time_point": "post", **given}
    w.answers(con, w.response(con, person, cohort, str(given.pop("time_point")), **given), FORM, values)


def distribution(con: w.Connection) -> pl.DataFrame:
    return TABLES["impact_distribution"].validate(impact_distribution(con, KEYS)).lazy().collect()


def counts(found: pl.DataFrame, item: int, level: str = "cohort") -> list[int]:
    return found.filter((pl.col("item") == item) & (pl.col("level") == level))["n"].to_list()


def test_every_answer_of_every_item_has_a_row(con: w.Connection) -> None:
    answer(con, w.person(con, 1, "a", "s-1"), "a", {1: 4})
    answer(con, w.person(con, 2, "a", "s-1"), "a", {1: 4, 2: 1})
    answer(con, w.person(con, 3, "a"), "a", {1: 5})
    found = distribution(con)
    cohort = found.filter(pl.col("level") == "cohort")
    assert cohort.height == KEYS[FORM].items * 5
    assert set(found["level"]) == {"cohort", "year", "all"}
    assert set(found["cohort_id"].drop_nulls()) == {"a"}
    first = cohort.filter(pl.col("item") == 1)
    assert first["n"].to_list() == [0, 0, 0, 2, 1]
    assert first["answer"].to_list() == list(KEYS[FORM].answers.values())
    assert first["percent"].to_list() == pytest.approx([0, 0, 0, 200 / 3, 100 / 3])
    assert set(first.select("base", "n_schools").rows()) == {(3, 2)}
    assert set(cohort.filter(pl.col("item") == 3).select("n", "base", "percent").rows()) == {(0, 0, None)}


def test_who_is_left_out(con: w.Connection) -> None:
    answer(con, w.person(con, 1, "a"), "a", {1: 4})
    answer(con, w.person(con, 2, "a", consented=False), "a", {1: 1})
    answer(con, w.person(con, 3, "a", withdrawn=True), "a", {1: 1})
    answer(con, "p-1", "a", {1: 2}, status="superseded")
    assert counts(distribution(con), 1) == [0, 0, 0, 1, 0]


def test_a_person_counts_once_after_the_programme_first(con: w.Connection) -> None:
    answer(con, w.person(con, 1, "a"), "a", {1: 1}, time_point="mid")
    answer(con, "p-1", "a", {1: 4}, time_point="post")
    answer(con, "p-1", "a", {1: 5, 2: 5}, time_point="follow_up")
    answer(con, w.person(con, 2, "a"), "a", {1: 2}, time_point="follow_up")
    found = distribution(con)
    assert counts(found, 1) == [0, 1, 0, 1, 0]
    assert counts(found, 2) == [0, 0, 0, 0, 0]


def test_items_asked_inside_a_scale_survey_count_too(con: w.Connection) -> None:
    answer(con, w.person(con, 1, "a"), "a", {1: 3}, kind="scale")
    assert counts(distribution(con), 1) == [0, 0, 1, 0, 0]


def test_anonymous_forms_count_without_a_school(con: w.Connection) -> None:
    answer(con, None, "a", {1: 3})
    answer(con, None, "a", {1: 3})
    found = distribution(con)
    assert counts(found, 1) == [0, 0, 2, 0, 0]
    assert set(found.filter(pl.col("item") == 1)["n_schools"]) == {0}


def test_years_are_the_sum_of_their_cohorts(con: w.Connection) -> None:
    answer(con, w.person(con, 1, "a", "s-1"), "a", {1: 4})
    answer(con, w.person(con, 1, "b", "s-1"), "b", {1: 5})
    found = distribution(con)
    assert counts(found, 1, "all") == [0, 0, 0, 1, 1]
    assert set(found.filter((pl.col("level") == "all") & (pl.col("item") == 1))["n_schools"]) == {1}


def test_two_counted_forms_at_one_time_point_are_refused(con: w.Connection) -> None:
    answer(con, w.person(con, 1, "a"), "a", {1: 4})
    answer(con, "p-1", "a", {1: 5})
    with pytest.raises(BalanceError, match="instrument cfc_perceived_impact: 1 people"):
        impact_distribution(con, KEYS)


def test_no_answers_no_rows(con: w.Connection) -> None:
    assert distribution(con).height == 0


def shares(con: w.Connection, roles: dict[str, list[str]] | None = None) -> pl.DataFrame:
    found = impact_share(con, distribution(con), KEYS, roles)
    return TABLES["impact_share"].validate(found).lazy().collect().filter(pl.col("item") == 1)


def test_the_share_counts_the_answers_that_the_key_names(con: w.Connection) -> None:
    for number, value in enumerate((5, 4, 4, 3, 1)):
        answer(con, w.person(con, number, "a", f"s-{number}"), "a", {1: value})
    (row,) = shares(con).filter(pl.col("level") == "all").rows(named=True)
    assert (row["n_increased"], row["base"], row["n_schools"], row["percent"]) == (3, 5, 5, 60)
    # statsmodels 0.15.0: proportion_confint(3, 5, method="wilson")
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((23.0724281, 88.2379226))


def test_role_groups_add_up_to_everybody(con: w.Connection) -> None:
    roles = ("Headteacher", "headteacher ", "Bursar", None)
    for number, (role, value) in enumerate(zip(roles, (5, 1, 4, 4), strict=True)):
        answer(con, w.person(con, number, "a"), "a", {1: value})
        con.execute("UPDATE participant SET role = ? WHERE participant_id = ?", [role, f"p-{number}"])
    answer(con, None, "b", {1: 2})
    groups = shares(con, {"Heads": ["Headteacher"], "Nobody": ["Caretaker"]}).filter(pl.col("role_group").is_not_null())
    counted = groups.select("role_group", "n_increased", "base").rows()
    assert counted == [("Heads", 1, 2), ("Other roles, or not known", 2, 3)]
    assert set(groups["level"]) == {"all"}


def test_a_form_whose_key_does_not_say_has_no_share(con: w.Connection) -> None:
    answer(con, w.person(con, 1, "a"), "a", {1: 5})
    silent = {FORM: KEYS[FORM].model_copy(update={"increased": []})}
    found = impact_distribution(con, silent)
    assert found["increased"].null_count() == found.height
    assert impact_share(con, found, silent, {"Heads": ["Headteacher"]}).is_empty()
