"""Somebody who kept an earlier release, and takes its figures away from those of the next one."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from cfc_pipeline.disclosure.profile import load_profile
from cfc_pipeline.outcomes import estimates
from cfc_pipeline.publish.earlier import figures_of_few
from cfc_pipeline.publish.model import PublishedTable
from cfc_pipeline.publish.tables import build_tables
from cfc_pipeline.publish.written import as_written
from cfc_pipeline.warehouse.store import Connection
from tests.published import programme
from tests.small_programme import INSTRUMENTS, ROLE_GROUPS, Group, small_programme

PROFILE = load_profile("default")
CHANGE = """
    SELECT sum(CASE time_point WHEN 'post' THEN score ELSE -score END) FROM scale_score
    WHERE participant_id = 'p-0-0' AND instrument = 'brs' AND time_point IN ('pre', 'post')
"""


def released(con: Connection) -> list[PublishedTable]:
    return [as_written(table) for table in build_tables(con, programme(Path()))]


def outcomes(tables: list[PublishedTable]) -> PublishedTable:
    return next(table for table in tables if table.name == "cohort_outcomes")


def total_change(tables: list[PublishedTable]) -> float:
    row = outcomes(tables).values.row(0, named=True)
    assert row["subscale"] == "resilience"
    return row["n_paired"] * row["mean_change"]


def test_one_who_withdraws_between_two_releases_is_solved_for_and_that_is_said() -> None:
    con = small_programme([Group("2023/24", 14, missing=0.0)], seed=3)
    before = released(con)
    assert figures_of_few(before, before, PROFILE) == 0
    theirs = con.sql(CHANGE).fetchone()[0]
    con.execute("DELETE FROM scale_score WHERE participant_id = 'p-0-0'")
    con.execute("DELETE FROM response WHERE participant_id = 'p-0-0'")
    con.execute("UPDATE participant SET withdrawn = true WHERE participant_id = 'p-0-0'")
    estimates.write(con, INSTRUMENTS, ROLE_GROUPS)
    after = released(con)
    # Means are printed with two digits, of 14 and of 13 people.
    assert total_change(before) - total_change(after) == pytest.approx(theirs, abs=0.14)
    assert figures_of_few(before, after, PROFILE) > 20


@pytest.fixture(scope="module")
def table() -> PublishedTable:
    return outcomes(released(small_programme([Group("2023/24", 14, missing=0.0)], seed=3)))


@pytest.mark.parametrize(
    ("more", "mean", "told"),
    [
        (0, 0.0, 0),
        (0, 0.5, 1),  # somebody for somebody else
        (7, 0.5, 1),
        (8, 0.5, 0),
        (3, 0.0, 1),  # a few more people, who changed nothing
    ],
)
def test_a_change_by_few_people_is_told_from_one_by_many(
    table: PublishedTable, more: int, mean: float, told: int
) -> None:
    first = pl.int_range(pl.len()) == 0
    values = table.values.with_columns(
        pl.when(first).then(pl.col(name) + by).otherwise(name).alias(name)
        for name, by in (("n_paired", more), ("mean_change", mean))
    )
    assert figures_of_few([table], [replace(table, values=values)], PROFILE) == told
    assert figures_of_few([replace(table, off_because="for the team")], [replace(table, values=values)], PROFILE) == 0
