"""An attacker who puts all tables of a release into one system of whole numbers and solves it (tests/joint.py)."""

from pathlib import Path

import numpy as np
import pytest

from cfc_pipeline.disclosure.profile import load_profile
from cfc_pipeline.outcomes import estimates
from cfc_pipeline.programme import Disclosure, Policy, Programme
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.publish import tables
from cfc_pipeline.publish.release import read_release
from cfc_pipeline.publish.written import as_written
from cfc_pipeline.warehouse.store import Connection, reading
from tests.joint import System
from tests.joint_release import Release, secrets
from tests.published import programme
from tests.small_programme import INSTRUMENTS, ROLE_GROUPS, Group, small_programme

SMALLEST = load_profile("default").smallest_count
OFF = Policy(disclosure=Disclosure(off_because="to know what is hidden"))
YEARS = ("2023/24", "2024/25", "2025/26")


def random_programme(seed: int) -> Connection:
    """Cohorts of 4 to 16 people; some have people of two schools only; refusals, withdrawals, forms and items that are
    missing. Every third programme has no follow-up but asks halfway; every fifth has one cohort a year."""
    random = np.random.default_rng(seed)
    cohorts = 3 if seed % 5 == 0 else int(random.integers(2, 6))
    groups = [
        Group(
            YEARS[number] if seed % 5 == 0 else str(random.choice(YEARS)),
            int(random.integers(4, 17)),
            schools=int(random.choice([2, 6, 9, 9])),
            missing=float(random.choice([0, 0.05, 0.1, 0.2, 0.3])),
        )
        for number in range(cohorts)
    ]
    con = small_programme(groups, seed)
    if seed % 3 == 0:
        for table in ("response", "scale_score"):
            con.execute(f"UPDATE {table} SET time_point = 'mid' WHERE time_point = 'follow_up'")
    con.execute(f"UPDATE scale_score SET score = NULL WHERE hash(response_id || subscale || '{seed}') % 15 = 0")
    estimates.write(con, INSTRUMENTS, ROLE_GROUPS)
    return con


def released(con: Connection, of: Programme) -> Release:
    return Release([as_written(table) for table in tables.build_tables(con, of)])


def truth(con: Connection, of: Programme) -> Release:
    return released(con, of.model_copy(update={"policy": OFF}))


def exposed(seen: Release, true: Release) -> list[tuple[object, str]]:
    wanted = secrets(seen, true, SMALLEST)
    assert len(wanted) > 10  # there is something to find
    return list(seen.system().exposed(wanted, SMALLEST))


@pytest.mark.parametrize("seed", [5, 10, 13])
def test_no_small_count_follows_from_all_tables_together(seed: int) -> None:
    con, of = random_programme(seed), programme(Path())
    assert exposed(released(con, of), truth(con, of)) == []


def test_nor_in_the_demo(demo) -> None:
    of = load_programme(demo.folder)
    with reading(of.analysis) as con:
        true = truth(con, of)
    assert exposed(Release(read_release((of.releases / "latest").resolve())), true) == []


def test_without_what_other_tables_count_the_solver_finds_people(monkeypatch: pytest.MonkeyPatch) -> None:
    con, of = random_programme(18), programme(Path())
    true = truth(con, of)
    assert exposed(released(con, of), true) == []
    monkeypatch.setattr(tables, "counted_elsewhere", lambda *_: None)
    found = dict(exposed(released(con, of), true))
    exact = [name for name, told in found.items() if told == "at most 1"]
    assert ("flow", "paired", "2024/25", "Cohort 0") in exact  # one person, who answered both times


def test_the_solver_knows_its_arithmetic() -> None:
    """Of 12 people 11 are in one group: the others are at most one. Beside a floor of 2 there is no such world."""
    system = System()
    system.equal({"in": 1, "out": 1}, 12)
    system.equal({"some": 1}, 11)
    system.at_most({"some": 1}, {"in": 1})
    assert list(system.exposed({"out": ({"out": 1}, 1)}, SMALLEST)) == [("out", "at most 1")]
    system.between({"out": 1}, 2, np.inf)
    with pytest.raises(AssertionError, match="no such people"):
        list(system.exposed({"out": ({"out": 1}, 1)}, SMALLEST))
