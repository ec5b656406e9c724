"""Reliability per wave: whose forms count, what is turned around, and what has no figure."""

import numpy as np
import polars as pl
import pytest

from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.outcomes.paired import paired_change
from cfc_pipeline.outcomes.waves import reliability_per_wave
from schemas.tables import TABLES
from tests import small_warehouse as w

KEYS = load_instruments()
REVERSED = (2, 4, 6)  # of the BRS


def brs(people: int, seed: int = 3) -> np.ndarray:
    random = np.random.default_rng(seed)
    level = random.normal(3, 0.9, (people, 1)) + random.normal(0, 0.8, (people, 6))
    return np.clip(np.rint(level), 1, 5).astype(int)


def as_asked(items: np.ndarray) -> np.ndarray:
    given = items.copy()
    given[:, [i - 1 for i in REVERSED]] = 6 - given[:, [i - 1 for i in REVERSED]]
    return given


def fill(con: w.Connection, cohort: str, items: np.ndarray, time_point: str = "pre", instrument: str = "brs") -> None:
    for number, row in enumerate(items):
        name = f"{cohort}-{number}"
        if not con.execute("SELECT 1 FROM participant WHERE participant_id = ?", [f"p-{name}"]).fetchall():
            w.person(con, name, cohort, f"s-{number % 5}")
        form = w.response(con, f"p-{name}", cohort, time_point)
        w.answers(con, form, instrument, {i: int(v) for i, v in enumerate(row, 1) if v})


@pytest.fixture
def con() -> w.Connection:
    con = w.empty()
    w.cohort(con, "a", "2023/24")
    w.cohort(con, "b", "2024/25")
    return con


def found(con: w.Connection) -> pl.DataFrame:
    paired_change(con)
    rows = reliability_per_wave(con, KEYS)
    return TABLES["reliability"].validate(rows).lazy().collect()


def test_years_and_all_years_and_time_points_are_apart(con: w.Connection) -> None:
    first, second = brs(40), brs(35, seed=4)
    fill(con, "a", as_asked(first))
    fill(con, "b", as_asked(second))
    fill(con, "a", as_asked(first[:12]), "post")
    rows = found(con)
    assert rows.select("level", "academic_year", "time_point", "n", "n_schools").rows() == [
        ("year", "2023/24", "pre", 40, 5),
        ("year", "2023/24", "post", 12, 5),
        ("year", "2024/25", "pre", 35, 5),
        ("all", None, "pre", 75, 5),
        ("all", None, "post", 12, 5),
    ]
    everybody = np.vstack([first, second])
    row = rows.filter(level="all", time_point="pre").row(0, named=True)
    variance = everybody.var(axis=0, ddof=1)
    assert row["alpha"] == pytest.approx(6 / 5 * (1 - variance.sum() / everybody.sum(axis=1).var(ddof=1)))
    assert row["alpha_low"] < row["alpha"] < row["alpha_high"]
    rest = [np.corrcoef(everybody[:, i], np.delete(everybody, i, 1).sum(axis=1))[0, 1] for i in range(6)]
    assert (row["item_rest_mean"], row["item_rest_lowest"]) == pytest.approx((np.mean(rest), min(rest)))
    assert row["lowest_item"] == int(np.argmin(rest)) + 1
    assert 0 < row["omega"] < 1


def test_only_complete_forms_of_people_who_agreed_and_stayed(con: w.Connection) -> None:
    items = as_asked(brs(20))
    items[0, 3] = 0  # left blank, which the key would tolerate
    fill(con, "a", items)
    con.execute("UPDATE participant SET withdrawn = true WHERE participant_id = 'p-a-1'")
    con.execute("UPDATE participant SET consented = false WHERE participant_id = 'p-a-2'")
    con.execute("UPDATE response SET status = 'superseded' WHERE participant_id = 'p-a-3'")
    assert found(con)["n"].to_list() == [16, 16]


def test_items_of_subscales_are_numbered_as_in_the_form_and_fillers_are_left_out(con: w.Connection) -> None:
    random = np.random.default_rng(8)
    items = np.clip(np.rint(random.normal(5, 1.5, (50, 1)) + random.normal(0, 1, (50, 13))), 1, 10).astype(int)
    items[:, 11] = random.integers(1, 11, 50)  # item 12, of action, goes its own way
    items[:, 10] = 0  # a filler, blank
    fill(con, "a", items, instrument="ceas_self")
    rows = found(con).filter(level="all")
    assert dict(rows.select("subscale", "n_items").rows()) == {"engagement": 6, "action": 4, "total": 10}
    assert rows.filter(subscale="action")["lowest_item"].item() == 12
    assert rows.filter(subscale="total")["lowest_item"].item() == 12


def test_what_has_no_figure_is_empty(con: w.Connection) -> None:
    fill(con, "a", np.full((10, 6), 3))
    (row,) = found(con).filter(level="all").rows(named=True)
    figures = ("alpha", "alpha_low", "alpha_high", "omega", "item_rest_mean", "item_rest_lowest", "lowest_item")
    assert [row[name] for name in figures] == [None] * 7
    fill(con, "b", np.full((1, 6), 3))
    assert found(con).filter(level="year", academic_year="2024/25")["alpha"].item() is None


def test_nothing_answered_and_scores_of_one_item(con: w.Connection) -> None:
    assert found(con).is_empty()
    fill(con, "a", np.full((10, 1), 17), instrument="mbi_es_depersonalisation")
    assert found(con).is_empty()


def test_the_order_of_rows_does_not_matter(con: w.Connection) -> None:
    items = as_asked(brs(40))
    fill(con, "a", items)
    other = w.empty()
    w.cohort(other, "a", "2023/24")
    fill(other, "a", items[::-1])
    assert found(con).drop("n_schools").equals(found(other).drop("n_schools"))
