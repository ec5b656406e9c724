"""Rosters and session logs: every way that programme.yaml lets their cells be said is understood."""

from pathlib import Path

import duckdb
import pytest

from cfc_pipeline.intake.batch import File, take_in
from cfc_pipeline.programme_folder import init
from cfc_pipeline.recipes.ingest import ingest
from tests import rawtables
from tests.rawtables import person, raw_table

PROGRAMME = """\
name: Test (synthetic)
cohorts:
  - {id: 2025-a, label: Cohort A, academic_year: 2025/26, start: 2025-09-15, end: 2026-07-10}
  - {id: 2025-b, label: Cohort B, academic_year: 2025/26, start: 2025-09-15, end: 2026-07-10}
surveys:
  - id: roster
    tool: table
    kind: roster
    cohort: {column: Group, values: {Apples: 2025-a, Pears: 2025-b}}
    fields: {code: Code, school: School, role: Role, consent: Agreed}
    values: {role: {HT: Headteacher}, consent: {Agrees: "yes", Refuses: "no"}}
  - id: log
    tool: table
    kind: session_log
    cohort: 2025-a
    fields: {session: Session, attendance: Present, practices: Did, adherence: Followed}
    values:
      session: {First: "1", Second: "2", Third: "3"}
      practices: {SB: Soothing breathing}
      adherence: {Fully: "100", Half: "50"}
"""
ROSTER = "Code,School,Role,Group,Agreed\nsyn1,Hill,HT,Apples,Agrees\nsyn2,Dale,HT,Pears,Refuses\n"
LOG = "Session,Present,Did,Followed\nFirst,9,SB,Fully\nSecond,8,SB,Half\n"


def test_what_values_and_columns_mean_is_stored(tmp_path: Path) -> None:
    init(tmp_path / "p")
    (tmp_path / "p" / "programme.yaml").write_text(PROGRAMME)
    (tmp_path / "p" / "inbox" / "roster.csv").write_text(ROSTER)
    (tmp_path / "p" / "inbox" / "log.csv").write_text(LOG)
    assert ingest(tmp_path / "p", {}).totals["stored"] == 4
    with duckdb.connect(str(tmp_path / "p" / "data" / "analysis.duckdb"), read_only=True) as con:
        people = con.execute("SELECT cohort_id, role, consented FROM participant ORDER BY cohort_id").fetchall()
        sessions = con.execute(
            "SELECT session_number, attendance, practices, adherence FROM session ORDER BY session_number"
        ).fetchall()
    assert people == [("2025-a", "Headteacher", True), ("2025-b", None, False)]  # of who refuses nothing is kept
    assert sessions == [(1, 9, "Soothing breathing", 100), (2, 8, "Soothing breathing", 50)]


def test_how_often_people_came_is_kept_of_those_who_agreed(tmp_path: Path) -> None:
    """A later roster that says it counts; a cell that is no number of sessions waits for a person."""
    init(tmp_path / "p")
    told = PROGRAMME.replace("consent: Agreed}", "consent: Agreed, sessions_attended: Came}", 1)
    (tmp_path / "p" / "programme.yaml").write_text(told)
    for number, (came, missed) in enumerate((("", ""), ("7", "3"))):
        (tmp_path / "p" / "inbox" / f"roster{number}.csv").write_text(
            "Code,School,Role,Group,Agreed,Came\n"
            f"syn1,Hill,HT,Apples,Agrees,{came}\nsyn2,Dale,HT,Pears,Refuses,{missed}\nsyn3,Dale,HT,Pears,Agrees,often\n"
        )
        totals = ingest(tmp_path / "p", {}).totals
    assert totals["quarantined"] == 1
    with duckdb.connect(str(tmp_path / "p" / "data" / "analysis.duckdb"), read_only=True) as con:
        people = con.execute("SELECT consented, sessions_attended FROM participant ORDER BY cohort_id").fetchall()
    assert people == [(True, 7), (False, None)]


def test_what_a_session_log_says_again_is_its_last_word(tmp_path: Path) -> None:
    init(tmp_path / "p")
    (tmp_path / "p" / "programme.yaml").write_text(PROGRAMME)
    for number, present in enumerate((9, 5, 9)):
        log = LOG.replace("First,9", f"First,{present}") + f"Third,{number},SB,Fully\n"
        (tmp_path / "p" / "inbox" / f"log{number}.csv").write_text(log)
        ingest(tmp_path / "p", {})
    with duckdb.connect(str(tmp_path / "p" / "data" / "analysis.duckdb"), read_only=True) as con:
        told = con.execute("SELECT attendance FROM session WHERE session_number = 1").fetchall()
    assert told == [(9,)]


@pytest.mark.parametrize(
    ("newest", "left_out"),
    [
        ([1, 2, 3], 1),  # the whole list, without one
        ([1, 2, 3, 4, 5], 0),
        ([5, 6], 0),  # people who joined
        ([4], 0),  # a mended row
    ],
)
def test_people_whom_a_new_roster_leaves_out_count_and_are_told(newest: list[int], left_out: int) -> None:
    plan = rawtables.programme([rawtables.ROSTER])
    sent = [[*range(1, 5)], newest]
    files = [
        File(f"{n}.csv", plan.surveys[0], raw_table([*map(person, people)], tool="table"), n)
        for n, people in enumerate(sent, start=1)
    ]
    intake = take_in(plan, {}, [], files)
    assert intake.not_listed == left_out
    assert intake.roster.height == len({*sent[0], *newest})


def test_who_withdrew_or_moved_is_not_missing() -> None:
    plan = rawtables.programme([rawtables.ROSTER])
    sent = [
        [person(1), person(2), person(3, withdrawn="2024-01-01")],
        [person(1), person(2, cohort="b")],
    ]
    files = [File(f"{n}", plan.surveys[0], raw_table(rows, tool="table"), n) for n, rows in enumerate(sent, start=1)]
    assert take_in(plan, {}, [], files).not_listed == 0
