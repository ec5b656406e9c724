"""Who left: where they started, and what they could have changed."""

from typing import Any

import polars as pl
import pytest
from scipy import stats

from cfc_pipeline.measures.instruments import instrument_rows, load_instruments
from cfc_pipeline.outcomes.attrition import ATTRITION_SUPPORT, attrition
from cfc_pipeline.outcomes.paired import paired_change
from cfc_pipeline.warehouse.write import replace_table
from schemas.tables import TABLES
from tests import small_warehouse as w

# R's `sleep`, as if the second drug's people had not answered after: t.test(extra ~ group) gives the interval
# -3.3654832 to 0.2054832 of the first less the second, 17.776 degrees of freedom (R documentation).
FIRST = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
SECOND = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)


def leave(con: w.Connection, cohort_id: str, *before: float, **given: str) -> None:
    names = [f"p-{cohort_id}-left-{i}" for i in range(len(before))]
    schools = [f"s-{cohort_id}-{i % 2}" for i in range(len(before))]
    w.people(con, pl.DataFrame({"participant_id": names, "cohort_id": cohort_id, "school_id": schools}))
    rows = {"participant_id": names, "cohort_id": cohort_id, "time_point": "pre", "score": before}
    w.scores(con, pl.DataFrame(rows, schema_overrides={"score": pl.Float64}).with_columns(**_literals(given)))


def _literals(given: dict[str, str]) -> dict[str, pl.Expr]:
    return {name: pl.lit(value) for name, value in given.items()}


@pytest.fixture
def con() -> w.Connection:
    con = w.empty()
    replace_table(con, "instrument", instrument_rows(load_instruments()))
    for cohort_id, year in (("a", "2023/24"), ("b", "2024/25")):
        w.cohort(con, cohort_id, year)
    return con


def found(con: w.Connection) -> pl.DataFrame:
    return TABLES["attrition"].validate(attrition(con, paired_change(con))).lazy().collect()


def row(rows: pl.DataFrame, level: str, **which: str) -> dict[str, Any]:
    (found,) = rows.filter(pl.col("level") == level, **which).rows(named=True)
    return found


def test_those_who_left_beside_those_who_stayed(con: w.Connection) -> None:
    w.pairs(con, "a", before=[3, 4, 5], after=[4, 4, 5])
    leave(con, "a", 1, 2)
    seen = row(found(con), "cohort", cohort_id="a")
    assert (seen["n_stayed"], seen["n_left"], seen["left_schools"]) == (3, 2, 2)
    means_and_sds = [seen[key] for key in ("stayed_mean", "stayed_sd", "left_mean", "left_sd")]
    assert means_and_sds == pytest.approx([4, 1, 1.5, 0.5**0.5])
    assert seen["difference"] == -2.5
    # pooled SD = √((2·1 + 1·0.5)/3), J(3) = 0.72360 (exact gamma)
    assert seen["g"] == pytest.approx(-2.5 / (2.5 / 3) ** 0.5 * 0.7236012545582676)
    # 3 people gained a third on average: a gain of 1 in all, over 5 people; the worst score of the BRS is 1.
    assert seen["if_unchanged"] == pytest.approx(0.2)
    assert seen["if_worst"] == pytest.approx((1 + 0 - 1) / 5)
    assert seen["would_need"] == pytest.approx(-0.5)


def test_welch_is_that_of_r(con: w.Connection) -> None:
    w.pairs(con, "a", before=SECOND, after=[x + 1 for x in FIRST])
    leave(con, "a", *FIRST)
    seen = row(found(con), "cohort", cohort_id="a")
    assert (round(seen["ci_low"], 7), round(seen["ci_high"], 7)) == (-3.3654832, 0.2054832)
    also = stats.ttest_ind(FIRST, SECOND, equal_var=False).confidence_interval()
    assert (seen["ci_low"], seen["ci_high"]) == pytest.approx((also.low, also.high))


def test_over_years_people_are_added_up_and_the_change_is_the_pooled_one(con: w.Connection) -> None:
    w.pairs(con, "a", before=[3, 4, 5], after=[4, 4, 6])
    w.pairs(con, "b", before=[2, 2, 3], after=[2, 3, 5])
    leave(con, "a", 1)
    leave(con, "b", 2)
    rows = found(con)
    every, change = row(rows, "all"), paired_change(con)
    assert (every["n_stayed"], every["n_left"], every["left_schools"]) == (6, 2, 2)
    assert every["mean_change"] == change.filter(pl.col("level") == "pooled")["mean_change"].item()
    assert every["if_unchanged"] == pytest.approx(6 * every["mean_change"] / 8)
    of_year = row(rows, "year", academic_year="2023/24")
    assert of_year["mean_change"] == change.filter(pl.col("level") == "year")["mean_change"][0]


def test_where_less_is_better_the_worst_is_the_highest_score(con: w.Connection) -> None:
    less = {"instrument": "gad7", "subscale": "total"}
    names = ["p-a-0", "p-a-1"]
    w.people(con, pl.DataFrame({"participant_id": names, "cohort_id": "a", "school_id": ["s-1", "s-2"]}))
    for time_point, scores in (("pre", [9.0, 8.0]), ("post", [5.0, 6.0])):
        rows = {"participant_id": names, "cohort_id": "a", "time_point": time_point, "score": scores}
        w.scores(con, pl.DataFrame(rows).with_columns(**_literals(less)))
    leave(con, "a", 11, **less)
    seen = row(found(con), "cohort", cohort_id="a")
    assert seen["if_worst"] == pytest.approx((-4 - 2 + (21 - 11)) / 3)


def test_a_score_missing_after_counts_as_left_and_a_cohort_without_answers_after_has_nobody_who_left(
    con: w.Connection,
) -> None:
    w.pairs(con, "a", before=[3, 4], after=[4, 5])
    names = ["p-a-skipped"]
    w.people(con, pl.DataFrame({"participant_id": names, "cohort_id": "a", "school_id": ["s-1"]}))
    for time_point, score in (("pre", 2.0), ("post", None)):
        rows = {"participant_id": names, "cohort_id": "a", "time_point": time_point, "score": [score]}
        w.scores(con, pl.DataFrame(rows, schema_overrides={"score": pl.Float64}))
    leave(con, "b", 1, 2, 3)
    rows = found(con)
    assert rows.select("level", "n_left").rows() == [("cohort", 1), ("year", 1), ("all", 1)]
    support = TABLES["attrition_support"].validate(con.sql(ATTRITION_SUPPORT).pl()).lazy().collect()
    assert support.select("cohort_id", "school_id", "n").rows() == [("a", "s-1", 1)]


def test_nobody_left(con: w.Connection) -> None:
    w.pairs(con, "a", before=[3, 4], after=[4, 6])
    seen = row(found(con), "cohort", cohort_id="a")
    assert (seen["n_left"], seen["left_mean"], seen["difference"], seen["would_need"]) == (0, None, None, None)
    assert seen["if_unchanged"] == seen["if_worst"] == seen["mean_change"] == 1.5


def test_nobody_answered_after(con: w.Connection) -> None:
    leave(con, "a", 1, 2)
    assert found(con).is_empty()
    assert con.sql(ATTRITION_SUPPORT).pl().is_empty()
