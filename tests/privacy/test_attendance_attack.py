"""An attacker who knows who came often, and the change of every cohort, takes one from the other."""

from itertools import combinations, product

import numpy as np
import polars as pl
import pytest

from cfc_pipeline.disclosure.attendance import left_over_reasons, protect_attendance
from cfc_pipeline.disclosure.paired import protect_paired
from cfc_pipeline.disclosure.profile import load_profile
from cfc_pipeline.disclosure.protected import Protected
from cfc_pipeline.outcomes.attendance import attendance_change
from cfc_pipeline.outcomes.paired import paired_change
from tests import small_warehouse as w

PROFILE = load_profile("default")
FEWEST = PROFILE.people_behind_estimate
Cohort = tuple[int, int, int]  # people who came often, who came less often, and of whom it is not known


def programme(*cohorts: Cohort) -> w.Connection:
    """Cohorts of one year, each with ten sessions."""
    con, random = w.empty(), np.random.default_rng(sum(map(sum, cohorts)))
    for number, sizes in enumerate(cohorts):
        name = f"c{number}"
        w.cohort(con, name)
        n = sum(sizes)
        w.pairs(con, name, before=random.integers(10, 30, n).tolist(), after=random.integers(10, 30, n).tolist())
        for session in range(1, 11):
            w.add(con, "session", {"session_id": f"{name}-{session}", "cohort_id": name, "session_number": session})
        often, less, _ = sizes
        for came, people in ((9, range(often)), (3, range(often, often + less))):
            names = [f"p-{name}-{i}" for i in people]
            con.execute("UPDATE participant SET sessions_attended = ? WHERE participant_id = ANY(?)", [came, names])
    return con


def published(con: w.Connection, off: str | None = None) -> Protected:
    change, (rows, support) = paired_change(con), attendance_change(con, 75)
    composites = pl.DataFrame(schema=dict.fromkeys(("instrument", "subscale", "part"), pl.String))
    paired = protect_paired(change, w.paired_support(con), composites, PROFILE)
    return protect_attendance(rows, support, paired, composites, PROFILE, off)


def fewest_told_of(cohorts: tuple[Cohort, ...]) -> int:
    """The fewest people that any sum is about which needs the table of attendance: by trying which groups of each
    cohort may be left. Groups are unknowns; the sums of each cohort and both sums over cohorts are known."""
    groups = [(c, g) for c, sizes in enumerate(cohorts) for g in range(3) if sizes[g]]
    known = np.array([[float(c == number) for c, _ in groups] for number in range(len(cohorts))])
    told = np.array([[float(g == which) for _, g in groups] for which in (0, 1)])
    sizes = [cohorts[c][g] for c, g in groups]
    every = range(len(groups))
    subsets = (some for size in range(len(groups) + 1) for some in combinations(every, size))
    for some in sorted(subsets, key=lambda some: sum(sizes[i] for i in some)):
        rest = [i for i in every if i not in some]
        both = np.linalg.matrix_rank(np.vstack([known, told])) - np.linalg.matrix_rank(known)
        outside = np.vstack([known, told])[:, rest]
        if np.linalg.matrix_rank(outside) < np.linalg.matrix_rank(known[:, rest]) + both:
            return sum(sizes[i] for i in some)
    return 0


def test_without_the_rule_one_who_came_less_often_is_solved_for() -> None:
    con = programme((9, 1, 0), (8, 4, 0))
    found = published(con, off="to show the attack").values.row(0, named=True)
    changes = con.sql("""
        SELECT cohort_id, participant_id, sum(CASE time_point WHEN 'post' THEN score ELSE -score END) AS change
        FROM scale_score GROUP BY ALL
    """).pl()
    of_cohort = dict(changes.group_by("cohort_id").agg(pl.col("change").sum()).rows())
    # The attacker is one of the four of the other cohort who came less often, and has asked the three.
    asked = changes.filter(pl.col("participant_id").is_in([f"p-c1-{i}" for i in range(8, 12)]))["change"].sum()
    solved = found["n_less"] * found["less_mean"] - asked
    assert solved == pytest.approx(changes.filter(participant_id="p-c0-9")["change"].item())
    often = found["n_often"] * found["often_mean"]
    assert often + found["n_less"] * found["less_mean"] == pytest.approx(sum(of_cohort.values()))


@pytest.mark.parametrize(
    ("cohorts", "shown"),
    [
        (((9, 3, 0), (8, 4, 0)), False),  # less the cohorts, often tells of the 7
        (((9, 4, 0), (8, 4, 0)), True),
        (((9, 4, 0), (8, 4, 1)), False),  # both groups less everybody: one person
        (((11, 1, 0), (1, 11, 0)), False),  # two people, although eleven and more are in each group
    ],
)
def test_shown_only_where_enough_people_are_left_over(cohorts: tuple[Cohort, ...], shown: bool) -> None:
    seen = published(programme(*cohorts)).values
    assert [value is not None for value in seen["difference"]] in ([[True]] if shown else ([False], []))
    assert fewest_told_of(cohorts) >= FEWEST or not shown


NAMES = ("often", "less", "unknown")


def test_no_sum_of_what_is_shown_is_about_fewer() -> None:
    """Two cohorts of all small sizes, by the rule alone."""
    sizes = list(product((0, 3, 5, 9), (0, 4, 9), (0, 9)))
    tried = 0
    for cohorts in combinations([size for size in sizes if sum(size) >= FEWEST], 2):
        con_sizes = [(f"c{i}", came, n) for i, size in enumerate(cohorts) for came, n in zip(NAMES, size, strict=True)]
        if shows(con_sizes):
            tried += 1
            assert fewest_told_of(cohorts) >= FEWEST, cohorts
    assert tried > 20


def shows(sizes: list[tuple[str, str, int]]) -> bool:
    """Whether the rule lets these be shown, everybody in a school of their own."""
    rows = [("brs", "total", cohort, f"{cohort}-{came}-{i}", came, 1) for cohort, came, n in sizes for i in range(n)]
    columns = ["instrument", "subscale", "cohort_id", "school_id", "came", "n"]
    return left_over_reasons(pl.DataFrame(rows, schema=columns, orient="row"), PROFILE)["reason"].item() is None
