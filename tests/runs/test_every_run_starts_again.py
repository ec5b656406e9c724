"""The databases hold what the sealed files and programme.yaml say now, however they came to be: nothing lost, nothing
counted twice, and the same as if all of it had been taken in at once."""

import shutil

import pytest

from cfc_pipeline.errors import StoreError
from cfc_pipeline.recipes.report import in_words
from tests.small_folder import (
    ANSWERS,
    BRS,
    PEOPLE,
    ROSTER,
    answer,
    ask,
    describe,
    drop,
    filled,
    person,
    tables,
    take_in,
)


def rebuilt(folder):
    """The tables of the same programme after its databases were thrown away."""
    again = folder.with_name("again")
    shutil.copytree(folder, again)
    (again / "data" / "warehouse.duckdb").unlink()
    take_in(again)
    return tables(again)


def counted(folder):
    return ask(folder, "SELECT survey_id, count(*) FROM response WHERE status = 'counted' GROUP BY ALL")


ANONYMOUS = {key: value for key, value in BRS.items() if key != "time_point"} | {
    "id": "feedback",
    "kind": "session_feedback",
    "person": {"by": "anonymous"},
    "cohort": "a",
    "session": 1,
    "consent": "not_needed",
    "scales": [{"instrument": "cfc_session_feedback", "items": {i: f"Q{i}" for i in range(1, 4)}}],
}


@pytest.mark.parametrize("survey", [BRS, ANONYMOUS], ids=["named", "anonymous"])
def test_a_changed_entry_counts_nobody_twice(tmp_path, survey):
    folder = filled(tmp_path / "p")
    describe(folder, ROSTER, survey)
    take_in(folder)
    changed = survey | {"comments": {"helped": "What helped?", "else": "What else?"}}
    describe(folder, ROSTER, changed)
    report = take_in(folder)
    assert counted(folder) == [(changed["id"], 5)]
    assert report.taken_back == 5
    assert tables(folder) == rebuilt(folder)


def test_a_file_never_goes_over_to_an_entry_that_looks_the_same(tmp_path):
    """Answers from before would count as answers from after."""
    folder = filled(tmp_path / "p")
    before, after = BRS | {"files": "brs*"}, BRS | {"id": "brs-post", "time_point": "post", "files": "post*"}
    describe(folder, ROSTER, before, after)
    take_in(folder)
    asks_more = before | {"comments": {"helped": "What helped?", "else": "Only asked since"}}
    for entries in ([asks_more, after], [after], [before | {"id": "renamed"}], [before | {"confirmed": False}, after]):
        describe(folder, ROSTER, *entries)
        report = take_in(folder)
        assert [refused.known for refused in report.refused] == [True]
        assert "came in before" in in_words(report)
        assert counted(folder) == []
    describe(folder, ROSTER, before, after)
    take_in(folder)
    assert counted(folder) == [("brs-pre", 5)]


def test_a_person_whose_address_came_later_is_one_person(tmp_path):
    folder = filled(tmp_path / "p")
    drop(folder, "roster.csv", PEOPLE, [person(1, Email=""), person(2)])
    take_in(folder)
    drop(folder, "roster2.csv", PEOPLE, [person(1), person(2)])
    take_in(folder)
    assert ask(folder, "SELECT enrolled, pre FROM response_flow WHERE cohort_id = 'a'") == [(2, 2)]


def test_a_withdrawal_by_code_alone_reaches_the_person_with_the_address(tmp_path):
    folder = filled(tmp_path / "p")
    take_in(folder)
    drop(folder, "roster2.csv", PEOPLE, [person(1, Email="", Withdrawn="2024-01-01")])
    assert take_in(folder).taken_back == 1
    assert ask(folder, "SELECT count(*) FROM participant") == [(5,)]


def test_answers_of_a_file_that_does_not_fit_any_more_leave(tmp_path):
    """Somebody in it may have withdrawn since: what cannot be checked again is not shown."""
    folder = filled(tmp_path / "p")
    take_in(folder)
    describe(folder, ROSTER, BRS | {"comments": {"helped": "No such question"}})
    drop(folder, "roster2.csv", PEOPLE, [person(1, Withdrawn="2024-01-01")])
    report = take_in(folder)
    assert len(report.refused) == 1
    assert counted(folder) == []
    describe(folder, ROSTER, BRS)
    take_in(folder)
    assert counted(folder) == [("brs-pre", 4)]


def test_a_sealed_file_that_went_missing_is_noticed(tmp_path):
    folder = filled(tmp_path / "p")
    take_in(folder)
    before = tables(folder)
    next((folder / "data" / "restricted" / "raw").glob("000001-*.sealed")).unlink()
    with pytest.raises(StoreError, match="missing"):
        take_in(folder)
    assert tables(folder) == before


def test_files_in_any_order_give_the_same(tmp_path):
    one, other = filled(tmp_path / "one"), filled(tmp_path / "other")
    shutil.copy(one / "data/restricted/secret.key", other / "data/restricted/secret.key")
    take_in(one)
    answers_first = other / "inbox" / "brs.csv"
    report = take_in(other, files=[answers_first])
    assert report.totals["quarantined"] == 5
    take_in(other)
    assert tables(one) == tables(other)


def test_an_answer_that_was_emptied_at_the_source_is_gone(tmp_path):
    survey = BRS | {"tool": "limesurvey", "submitted": {"order": "ymd"}}
    survey |= {"person": {"by": "email", "column": "mail"}, "comments": {}}
    survey["scales"] = [{"instrument": "brs", "items": {i: f"Q{i}" for i in range(1, 7)}}]
    folder = describe(tmp_path / "p", ROSTER, survey)
    heading = ["id", "submitdate", "lastpage", "startlanguage", "seed", "mail", *(f"Q{i}" for i in range(1, 7))]
    tail = ["2023-10-03 10:00:00", "1", "en", "7", "person1@school.example"]
    drop(folder, "roster.csv", PEOPLE, [person(1)])
    drop(folder, "lime1.csv", heading, [["1", *tail, *"444444"]])
    take_in(folder)
    assert counted(folder) == [("brs-pre", 1)]
    drop(folder, "lime2.csv", heading, [["1", *tail, *[""] * 6]])
    take_in(folder)
    assert counted(folder) == []


def test_a_corrected_row_and_a_row_left_out_later(tmp_path):
    folder = filled(tmp_path / "p")
    take_in(folder)
    drop(folder, "brs2.csv", ANSWERS, [answer(n, comment=f"Breathing {n}") for n in (4, 2, 3)])
    report = take_in(folder)
    assert report.totals == {"stored": 0, "unchanged": 13, "quarantined": 0, "excluded": 0}
    assert counted(folder) == [("brs-pre", 5)]


def test_an_export_under_the_name_of_an_earlier_one_is_taken_in(tmp_path):
    folder = filled(tmp_path / "p")
    take_in(folder)
    drop(folder, "brs.csv", ANSWERS, [answer(n, value=2) for n in range(1, 4)])
    assert take_in(folder).totals["stored"] == 3
    assert tables(folder) == rebuilt(folder)
