"""Ratings are whole numbers from 1 to 5: n, mean and SD of a few forms are three equations in five counts."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import duckdb
import pytest

from cfc_pipeline.outcomes import estimates
from cfc_pipeline.publish.tables import build_tables
from cfc_pipeline.publish.written import as_written
from tests.published import programme
from tests.small_programme import INSTRUMENTS, ROLE_GROUPS, Group, small_programme

GROUPS = [Group("2023/24", 16), Group("2023/24", 16), Group("2024/25", 16)]
Counts = tuple[int, ...]  # how many forms gave 1, 2, 3, 4 and 5


def possible(n: int, mean: float, sd: float | None) -> Iterator[Counts]:
    """All ways in which n ratings have the printed mean and SD."""
    for total in range(round(n * (mean - 0.006)), round(n * (mean + 0.006)) + 1):
        for low in product(range(n + 1), repeat=3):
            fives = total - 4 * n + sum((3 - i) * count for i, count in enumerate(low))
            counts = (*low, n - sum(low) - fives, fives)
            squares = sum((i + 1) ** 2 * count for i, count in enumerate(counts))
            found = (max(0.0, squares - total**2 / n) / (n - 1)) ** 0.5
            if min(counts) >= 0 and abs(total / n - mean) < 0.0051 and (sd is None or abs(found - sd) < 0.0051):
                yield counts


def small_counts(n: int, mean: float, sd: float | None) -> list[int]:
    """Ratings of which it is certain that 1 to 4 forms gave them, and how many."""
    given = list(zip(*possible(n, mean, sd), strict=True))
    return [value for value, counts in enumerate(given, 1) if len(set(counts)) == 1 and 1 <= counts[0] <= 4]


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    con = small_programme(GROUPS, seed=3)
    con.execute("UPDATE session_feedback SET rating = CASE rating WHEN 2 THEN 4 ELSE 5 END")  # content, as groups are
    estimates.write(con, INSTRUMENTS, ROLE_GROUPS)
    return con


def test_no_few_forms_with_one_rating_follow_from_what_is_shown(con: duckdb.DuckDBPyConnection) -> None:
    table = next(as_written(t) for t in build_tables(con, programme(Path())) if t.name == "session_feedback")
    assert not [column for column in table.values.columns if column.endswith("_sd")]
    shown = [row for row in table.values.to_dicts() if row["q1_mean"] is not None and 8 <= row["q1_n"] <= 20]
    assert shown
    assert not [row for row in shown if small_counts(row["q1_n"], row["q1_mean"], None)]


def test_with_the_sd_they_would_follow(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute("SELECT n, mean, sd FROM feedback_summary WHERE n BETWEEN 8 AND 20 AND sd > 0").fetchall()
    assert [row for row in rows if small_counts(*row)]
