"""Scoring: whose answers count, and what is refused."""

import pytest

from cfc_pipeline.errors import ConfigError, StoreError
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.measures.scoring import score
from schemas.tables import TABLES
from tests import small_warehouse as w

KEYS = load_instruments()
BRS = dict.fromkeys(range(1, 7), 4)


@pytest.fixture
def con() -> w.Connection:
    con = w.empty()
    w.cohort(con, "a")
    return con


def scored(con: w.Connection) -> list[tuple[object, ...]]:
    score(con, KEYS)
    TABLES["scale_score"].validate(con.sql("FROM scale_score").pl())
    return con.sql("""
        SELECT response_id, instrument, subscale, score, state FROM scale_score
        ORDER BY instrument, response_id, list_position(['engagement', 'action'], subscale)
    """).fetchall()


def test_several_instruments_in_one_form_and_over_two_forms(con: w.Connection) -> None:
    one = w.person(con, 1, "a")
    first, second = w.response(con, one, "a", "pre"), w.response(con, one, "a", "post")
    w.answers(con, second, "brs", BRS)
    w.answers(con, first, "brs", BRS)
    w.answers(con, first, "ceas_self", dict.fromkeys(range(1, 14), 2))
    assert scored(con) == [
        (first, "brs", "total", 3.0, "scored"),
        (second, "brs", "total", 3.0, "scored"),
        (first, "ceas_self", "engagement", 12.0, "scored"),
        (first, "ceas_self", "action", 8.0, "scored"),
        (first, "ceas_self", "total", 20.0, "scored"),
    ]


def test_a_subscale_left_wholly_blank_has_a_row_without_a_score(con: w.Connection) -> None:
    form = w.response(con, w.person(con, 1, "a"), "a", "pre")
    w.answers(con, form, "ceas_self", {9: 1, 10: 1, 12: 1, 13: 1})
    assert ("r-000000", "ceas_self", "engagement", None, "too_few_items") in scored(con)


@pytest.mark.parametrize(
    ("person", "response"),
    [
        ({"consented": False}, {}),
        ({"withdrawn": True}, {}),
        ({}, {"status": "superseded"}),
        ({}, {"kind": "perceived_impact"}),
        ({}, {"participant_id": None}),
    ],
)
def test_who_is_not_scored(con: w.Connection, person: dict[str, bool], response: dict[str, object]) -> None:
    form = w.response(con, w.person(con, 1, "a", **person), "a", "pre", **response)
    w.answers(con, form, "brs", BRS)
    assert scored(con) == []


def test_scoring_again_after_a_correction_leaves_nothing_old(con: w.Connection) -> None:
    form = w.response(con, w.person(con, 1, "a"), "a", "pre")
    w.answers(con, form, "brs", BRS)
    assert scored(con) == scored(con)
    con.execute("UPDATE answer_sheet SET answers = [5, 4, 4, 4, 4, 4]")
    assert scored(con) == [(form, "brs", "total", pytest.approx(19 / 6), "scored")]


@pytest.mark.parametrize("answers", [[4, 4, 4, 4, 4, 6], [4, 4, 4, 4, 4, 0], [4, 4, 4, 4, 4, 4, 4]])
def test_an_answer_that_the_key_does_not_allow_is_refused(con: w.Connection, answers: list[int]) -> None:
    form = w.response(con, w.person(con, 1, "a"), "a", "pre")
    w.answers(con, form, "brs", BRS)
    con.execute("UPDATE answer_sheet SET answers = ?", [answers])
    with pytest.raises(StoreError, match="instrument brs"):
        score(con, KEYS)


def test_answers_without_a_key_are_refused(con: w.Connection) -> None:
    w.answers(con, w.response(con, w.person(con, 1, "a"), "a", "pre"), "gone", {1: 1})
    with pytest.raises(ConfigError, match="instrument gone: 1 answers"):
        score(con, KEYS)


def test_many_scores_survive_being_replaced_in_one_transaction() -> None:
    """DuckDB 1.5.6 and 2.0.0: BEGIN; DELETE; INSERT of no rows, sorted; INSERT of 130,000 rows or more: those are gone.
    That is a run in which nobody answered the instrument that comes first."""
    con = w.empty()
    con.execute("SET threads = 2")
    w.cohort(con, "a")
    w.person(con, 1, "a")
    con.execute("""
        INSERT INTO response BY NAME
        SELECT 'r-' || range AS response_id, 's' AS survey_id, 'scale' AS kind, 'a' AS cohort_id,
               'p-1' AS participant_id, 'pre' AS time_point, true AS complete, 'counted' AS status, 'h' AS content_hash
        FROM range(150000)
    """)
    con.execute("INSERT INTO answer_sheet SELECT 'r-' || range, 'wemwbs', list_resize([3], 14, 3) FROM range(150000)")
    score(con, KEYS)
    con.execute("BEGIN")
    score(con, KEYS)
    con.execute("COMMIT")
    assert con.sql("SELECT count(*), sum(score) FROM scale_score").fetchall() == [(150000, 42.0 * 150000)]
