"""The flow of people: every box, at every level."""

import polars as pl
import pytest

from cfc_pipeline.outcomes.flow import SUMS, response_flow
from schemas.tables import TABLES
from tests import small_warehouse as w


@pytest.fixture
def flow() -> pl.DataFrame:
    con = w.empty()
    w.cohort(con, "a", "2023/24")
    w.cohort(con, "b", "2023/24")
    w.cohort(con, "c", "2024/25")
    answered = {
        "both": ("pre", "post"),
        "before": ("pre", "mid"),
        "after": ("post", "follow_up"),
        "halfway": ("mid",),
        "silent": (),
    }
    for name, times in answered.items():
        one = w.person(con, name, "a", "s-1" if name == "both" else None)
        for time_point in times:
            w.response(con, one, "a", time_point)
    w.person(con, "no", "a", "s-1", consented=False)
    w.response(con, w.person(con, "gone", "a", "s-2", withdrawn=True), "a", "pre")
    w.person(con, "never agreed and left", "a", "s-2", consented=False, withdrawn=True)
    own_code = w.person(con, "own code", "b", on_roster=False)
    w.response(con, own_code, "b", "pre")
    w.response(con, own_code, "b", "post", status="superseded")
    w.response(con, own_code, "b", "post", kind="perceived_impact")
    return TABLES["response_flow"].validate(response_flow(con)).lazy().collect()


def test_boxes_of_a_cohort(flow: pl.DataFrame) -> None:
    assert flow.row(0, named=True) == {
        "level": "cohort",
        "cohort_id": "a",
        "academic_year": "2023/24",
        "n_schools": 6,  # two schools, and four people without a known one
        "enrolled": 8,
        "not_consented": 2,
        "consented": 6,
        "withdrawn": 1,
        "remaining": 5,
        "pre": 2,
        "mid": 2,
        "post": 2,
        "follow_up": 1,
        "paired": 1,
        "pre_only": 1,
        "post_only": 1,
        "neither": 2,
    }


def test_only_counted_scale_responses_count(flow: pl.DataFrame) -> None:
    assert flow.row(1, named=True)["cohort_id"] == "b"
    assert flow.select("enrolled", "pre", "post", "pre_only").row(1) == (1, 1, 0, 1)


def test_levels_and_a_cohort_without_people(flow: pl.DataFrame) -> None:
    assert flow.select("level", "academic_year", "cohort_id", "enrolled").rows() == [
        ("cohort", "2023/24", "a", 8),
        ("cohort", "2023/24", "b", 1),
        ("cohort", "2024/25", "c", 0),
        ("year", "2023/24", None, 9),
        ("year", "2024/25", None, 0),
        ("all", None, None, 9),
    ]


def test_boxes_sum(flow: pl.DataFrame) -> None:
    for box, parts in SUMS.items():
        assert flow[box].to_list() == flow.select(pl.sum_horizontal(parts)).to_series().to_list()


def test_somebody_in_two_cohorts_answers_for_each() -> None:
    con = w.empty()
    for cohort_id in ("a", "b"):
        w.cohort(con, cohort_id)
        w.person(con, 1, cohort_id)
    w.response(con, "p-1", "a", "pre")
    assert response_flow(con).select("level", "enrolled", "pre", "neither").rows() == [
        ("cohort", 1, 1, 0),
        ("cohort", 1, 0, 1),
        ("year", 2, 1, 1),
        ("all", 2, 1, 1),
    ]
