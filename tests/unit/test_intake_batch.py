"""Files in, fates out: every row is accounted for, whatever the files look like."""

import polars as pl
import pytest

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.intake.batch import File, take_in
from cfc_pipeline.intake.corrections import Correction, read_corrections
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.sources.raw import COMPLETE, RECORD, TEST
from tests.rawtables import BRS, ROSTER, answer, person, programme, raw_table


def run(*answer_files, roster=None, survey=None, corrections=(), **settings):
    plan = programme([ROSTER, survey or BRS], **settings)
    people = roster or [person(n) for n in range(1, 13)]
    files = [File("roster.csv", plan.surveys[0], raw_table(people, tool="table"), 1)]
    files += [File(f"{n}.csv", plan.surveys[1], raw_table(rows), n) for n, rows in enumerate(answer_files, start=2)]
    return take_in(plan, load_instruments(), list(corrections), files)


def fates(intake, file=2):
    rows = pl.concat(intake.ledger).filter(pl.col("file") == file)
    return {(fate, why): n for fate, why, n in rows.select("fate", "why", "rows").iter_rows()}


def test_good_rows_are_stored_with_their_cohort():
    intake = run([answer(1), answer(2, q1="Strongly agree")])
    rows = intake.accepted["brs-pre"]
    assert fates(intake) == {("stored", ""): 2}
    assert rows["cohort_id"].to_list() == ["a", "a"]
    assert rows["brs:1"].to_list() == [4, 5]


def test_every_reason_of_a_failing_row_is_kept():
    intake = run([answer(1, q1="Agree", q2="9", when="someday"), answer(99)])
    reasons = pl.concat(intake.quarantine).select("row", "column", "reason").rows()
    assert sorted(reasons) == [
        (2, "Q1", "not a number and not a listed answer"),
        (2, "Q2", "outside 1 to 5"),
        (2, "_submitted", "date cannot be read"),
        (3, "Email", "not on the roster"),
    ]
    assert sum(fates(intake).values()) == 2


def test_test_rows_empty_rows_and_people_without_consent_are_excluded():
    roster = [person(1), person(2, consent="No"), person(3, withdrawn="2024-01-15")]
    rows = [answer(1) | {TEST: True}, answer(1, None, None), answer(2), answer(3), answer(1)]
    assert fates(run(rows, roster=roster)) == {
        ("excluded", "preview or test row"): 1,
        ("excluded", "empty row"): 1,
        ("excluded", "no consent"): 1,
        ("excluded", "withdrawn"): 1,
        ("stored", ""): 1,
    }


def test_an_unreadable_consent_is_not_a_consent():
    intake = run([answer(1)], roster=[person(1, consent="perhaps")])
    assert fates(intake, 1) == {("quarantined", "consent is neither yes nor no"): 1}
    assert intake.accepted["brs-pre"].is_empty()


def test_the_same_rows_in_another_order_and_file_are_unchanged():
    rows = [answer(n) for n in range(1, 9)]
    intake = run(rows, rows[::-1])
    assert fates(intake, 2) == {("stored", ""): 8}
    assert fates(intake, 3) == {("unchanged", ""): 8}


def test_a_corrected_export_replaces_exactly_the_row_that_changed():
    first = [answer(n) | {RECORD: str(n)} for n in range(1, 6)]
    second = [*first[:2], answer(3, q1="1") | {RECORD: "3"}, *first[3:]]
    intake = run(first, second)
    assert fates(intake, 2) == {("stored", ""): 4, ("excluded", "replaced by a later export"): 1}
    assert fates(intake, 3) == {("unchanged", ""): 4, ("stored", ""): 1}
    assert intake.accepted["brs-pre"].filter(record="3")["brs:1"].to_list() == [1]


def test_a_row_that_changes_back_is_still_one_record():
    versions = [[answer(1, q1=q) | {RECORD: "1"}] for q in ("4", "1", "4")]
    intake = run(*versions)
    assert intake.accepted["brs-pre"]["brs:1"].to_list() == [4]
    assert [sum(fates(intake, f).values()) for f in (2, 3, 4)] == [1, 1, 1]


def test_the_same_record_twice_in_one_file_counts_once():
    rows = [answer(1) | {RECORD: "r1"}, answer(1) | {RECORD: "r1"}]
    assert fates(run(rows)) == {("stored", ""): 1, ("excluded", "repeated in the file"): 1}


def test_a_person_whose_row_is_there_twice_without_ids_counts_once():
    intake = run([answer(1), answer(1)])
    assert fates(intake) == {("stored", ""): 2}
    assert sorted(intake.accepted["brs-pre"]["status"]) == ["counted", "superseded"]


def test_people_who_answer_alike_anonymously_all_count_once():
    three = [answer(1), answer(2), answer(1), answer(1)]
    intake = run(
        three[:3],
        three,
        three[::-1],
        survey=BRS | {"person": {"by": "anonymous"}, "cohort": "a", "consent": "not_needed"},
    )
    assert fates(intake, 2) == {("stored", ""): 3}
    assert fates(intake, 3) == {("stored", ""): 1, ("unchanged", ""): 3}
    assert fates(intake, 4) == {("unchanged", ""): 4}
    assert intake.accepted["brs-pre"]["status"].to_list() == ["counted"] * 4


def test_the_latest_complete_response_counts_and_the_others_are_shown():
    rows = [
        answer(1, q1="1", when="01/10/2023 09:00:00"),
        answer(1, q1="2", when="02/10/2023 09:00:00"),
        answer(1, q1="3", when="03/10/2023 09:00:00") | {COMPLETE: False},
    ]
    found = run(rows).accepted["brs-pre"].select("brs:1", "status").rows()
    assert sorted(found) == [(1, "superseded"), (2, "counted"), (3, "superseded")]


@pytest.mark.parametrize(("rule", "counted"), [("first", 1), ("latest", 3), ("latest_complete", 3)])
def test_rules_for_duplicates(rule, counted):
    rows = [answer(1, q1=str(n), when=f"0{n}/10/2023 09:00:00") for n in (1, 2, 3)]
    found = run(rows, policy={"duplicates": rule}).accepted["brs-pre"].filter(status="counted")
    assert found["brs:1"].to_list() == [counted]


def test_a_correction_lets_a_row_in_and_a_stale_one_is_told():
    bad = [answer(1, q1="Agre") | {RECORD: "r1"}, answer(2) | {RECORD: "r2"}]
    fixes = [
        Correction(2, "brs-pre", "r1", "Q1", "Agre", "Strongly agree"),
        Correction(3, "brs-pre", "r2", "Q1", "5", "1"),  # somebody mended it at the source
        Correction(4, "brs-pre", "r9", "Q1", "", "1"),  # no such record
    ]
    intake = run(bad, corrections=fixes)
    assert fates(intake) == {("stored", ""): 2}
    assert intake.used_corrections == {2}


def test_a_file_in_the_wrong_day_order_is_refused_and_the_others_go_on():
    wrong = [answer(n, when=f"10/{n + 12}/2023 10:00:00") for n in range(1, 9)]
    intake = run(wrong, [answer(9)])
    assert [file.number for file, _ in intake.refused] == [2]
    assert fates(intake, 3) == {("stored", ""): 1}


def test_somebody_in_two_cohorts_waits_until_the_entry_says_which():
    roster = [person(1, "a"), person(1, "b")]
    assert fates(run([answer(1)], roster=roster)) == {("quarantined", "cohort cannot be told"): 1}
    assert fates(run([answer(1)], roster=roster, survey=BRS | {"cohort": "b"})) == {("stored", ""): 1}


def test_a_later_roster_has_the_last_word():
    plan = programme([ROSTER, BRS])
    files = [
        File("1", plan.surveys[0], raw_table([person(1)], tool="table"), 1),
        File("2", plan.surveys[0], raw_table([person(1, consent="No")], tool="table"), 2),
        File("3", plan.surveys[1], raw_table([answer(1)]), 3),
    ]
    assert fates(take_in(plan, load_instruments(), [], files), 3) == {("excluded", "no consent"): 1}


def test_time_points_by_the_cohorts_calendar():
    days = {"02/10/2023": "pre", "20/01/2024": "mid", "20/06/2024": "post", "01/10/2024": "follow_up"}
    rows = [answer(n, when=f"{day} 10:00:00") for n, day in enumerate(days, start=1)]
    found = run(rows, survey=BRS | {"time_point": "calendar"}).accepted["brs-pre"]
    assert found["time_point"].to_list() == list(days.values())


def test_self_made_codes_bring_their_own_consent():
    survey = BRS | {
        "person": {"by": "self_made", "column": "Code"},
        "cohort": "a",
        "consent": {"column": "Agree", "yes": ["I agree"]},
    }
    rows = [
        {"Code": " ab12 ", "Agree": "I agree", "Q1": "3", "Q2": "3"},
        {"Code": "CD34", "Agree": "No", "Q1": "3", "Q2": "3"},
        {"Code": None, "Agree": "I agree", "Q1": "3", "Q2": "3"},
    ]
    intake = run(rows, survey=survey)
    assert intake.accepted["brs-pre"]["person"].to_list() == ["self-made:ab12"]
    assert fates(intake)[("excluded", "no consent")] == 1
    assert fates(intake)[("quarantined", "no address or code of a person")] == 1


def test_an_empty_export_has_no_rows_and_no_error():
    empty = raw_table([answer(1)])
    plan = programme([ROSTER, BRS])
    nothing = type(empty)(empty.tool, empty.layout, empty.columns, empty.rows.head(0))
    intake = take_in(plan, load_instruments(), [], [File("x", plan.surveys[1], nothing, 1)])
    assert intake.accepted["brs-pre"].is_empty()


def test_submitted_times_are_kept_in_the_programmes_zone():
    found = run([answer(1, when="30/06/2024 23:30:00")]).accepted["brs-pre"]["submitted_at"][0]
    assert found.isoformat() == "2024-06-30T23:30:00"


def test_the_entrys_zone_wins_over_the_files():
    survey = BRS | {"submitted": {"order": "dmy", "timezone": "America/New_York"}}
    found = run([answer(1, when="31/12/2023 23:00:00")], survey=survey).accepted["brs-pre"]["submitted_at"][0]
    assert found.isoformat() == "2024-01-01T04:00:00"


def test_a_row_that_lost_the_tools_id_waits():
    rows = [answer(1) | {RECORD: "R_1"}, answer(2)]
    assert fates(run(rows)) == {("stored", ""): 1, ("quarantined", "the tool's response id is missing"): 1}


def test_rows_that_lost_the_tools_id_all_wait():
    rows = [answer(1) | {RECORD: "R_1"}, answer(2), answer(3)]
    assert fates(run(rows)) == {("stored", ""): 1, ("quarantined", "the tool's response id is missing"): 2}


def test_names_of_earlier_rosters_are_remembered():
    plan = programme([ROSTER, BRS])
    files = [
        File("1", plan.surveys[0], raw_table([person(1) | {"Name": "Ada Maiden"}], tool="table"), 1),
        File("2", plan.surveys[0], raw_table([person(1) | {"Cohort": "elsewhere"}], tool="table"), 2),
    ]
    named = take_in(plan, load_instruments(), [], files).named["name"].drop_nulls().to_list()
    assert named == ["Ada Maiden", "Synthetic Person1"]


def numbered(*answers, first=1):
    """As Microsoft Forms numbers the responses of each form."""
    return [answer | {RECORD: str(number)} for number, answer in enumerate(answers, start=first)]


@pytest.mark.parametrize("who", ["email", "anonymous"])
def test_a_copy_of_a_form_does_not_put_other_peoples_answers_out_of_count(who):
    survey = BRS if who == "email" else BRS | {"person": {"by": who}, "cohort": "a", "consent": "not_needed"}
    last_year = numbered(*(answer(n, when=f"{n:02}/10/2023 10:00:00") for n in range(1, 5)))
    this_year = numbered(*(answer(n + 4, q1="1", when=f"{n:02}/10/2024 10:00:00") for n in range(1, 5)))
    intake = run(last_year, this_year, survey=survey)
    (refused,) = intake.refused
    assert refused[0].number == 3
    assert "4 of the 4 responses" in str(refused[1])
    assert fates(intake) == {("stored", ""): 4}


def test_a_form_with_one_response_is_told_from_its_copy_by_who_sent_it():
    intake = run(numbered(answer(1)), numbered(answer(2, when="01/10/2024 10:00:00")))
    assert [file.number for file, _ in intake.refused] == [3]


@pytest.mark.parametrize(
    "change",
    [
        {"q1": "1", "q2": "1"},  # everybody edits
        {"when": "03/10/2023 11:00"},  # exported in another zone, and saved by a spreadsheet
        {"q1": "5", "when": "09/10/2023 11:00:00"},  # edited later, which moves the time
    ],
)
def test_the_same_people_are_the_same_responses_whatever_they_change(change):
    intake = run(numbered(*map(answer, range(1, 5))), numbered(*(answer(n, **change) for n in range(1, 5))))
    assert not intake.refused
    assert len(intake.accepted["brs-pre"]) == 4


def test_one_corrected_address_is_no_other_form():
    mended = numbered(answer(9, when="04/10/2023 10:00:00"), *map(answer, range(2, 5)))
    intake = run(numbered(*map(answer, range(1, 5))), mended)
    assert not intake.refused
    assert sorted(intake.accepted["brs-pre"]["person"])[-1] == "person9@school.example"


def after_rosters(*rosters):
    """Fates of one answer of each of two people, after these rosters came one after another; and of the last roster."""
    plan = programme([ROSTER, BRS])
    files = [File("r", plan.surveys[0], raw_table(rows, tool="table"), n) for n, rows in enumerate(rosters, start=1)]
    files.append(File("a", plan.surveys[1], raw_table([answer(1), answer(2)]), 9))
    intake = take_in(plan, load_instruments(), [], files)
    return fates(intake, 9), fates(intake, len(rosters)), intake


@pytest.mark.parametrize(
    "row",
    [
        person(1, consent="withdrew, see email"),
        person(1, consent=""),
        person(1, withdrawn="asked by phone"),
        person(1, cohort="somewhere", consent="No"),
        person(1, consent="?") | {"Email": None},
    ],
    ids=["a word for yes or no", "nothing", "no day", "a no, in an unknown cohort", "by code alone"],
)
def test_who_may_have_taken_an_agreement_back_does_not_count_until_that_is_clear(row):
    both, sorted_otherwise = [person(1), person(2)], [row, person(1), person(2)]
    for rosters in ([both, [row]], [sorted_otherwise]):
        answers, roster, _ = after_rosters(*rosters)
        assert answers.pop(("stored", "")) == 1
        assert answers in ({("excluded", "no consent"): 1}, {("excluded", "withdrawn"): 1})
        assert [fate for fate, _ in roster if fate == "quarantined"] == ["quarantined"]
    answers, _, _ = after_rosters(both, [row], both)
    assert answers == {("stored", ""): 2}


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_a_rosters_rows_does_not_decide_who_agreed(order):
    refused = [person(1), person(1, consent="No"), person(2)]
    left = [person(1), person(1, withdrawn="2024-01-15"), person(2)]
    for rows, why in ((refused, "no consent"), (left, "withdrawn")):
        answers, _, intake = after_rosters(rows[::order])
        assert answers == {("stored", ""): 1, ("excluded", why): 1}
        assert intake.roster.filter("both_ways")["person"].to_list() == ["person1@school.example"]


@pytest.mark.parametrize("order", [1, -1])
def test_days_tell_which_of_two_rows_about_consent_is_the_later_one(order):
    survey = ROSTER | {"fields": ROSTER["fields"] | {"consent_date": "On"}, "submitted": {"order": "ymd"}}
    plan = programme([survey, BRS])
    for last, fate in (("Yes", ("stored", "")), ("No", ("excluded", "no consent"))):
        rows = [person(1, consent="No" if last == "Yes" else "Yes") | {"On": "2023-10-01"}]
        rows = [*rows, person(1, consent=last) | {"On": "2023-10-09"}][::order]
        files = [File("r", plan.surveys[0], raw_table(rows, tool="table"), 1)]
        files += [File("a", plan.surveys[1], raw_table([answer(1)]), 2)]
        assert fates(take_in(plan, load_instruments(), [], files)) == {fate: 1}


def test_an_address_of_two_people_is_nobodys():
    """Their answers would count as one person's, who changed."""
    other = person(1) | {"Code": "C9", "Name": "Dr Bea Other"}
    answers, roster, intake = after_rosters([person(1), other, person(2)])
    assert roster == {("stored", ""): 1, ("quarantined", "another person in this file has the same address"): 2}
    assert answers == {("stored", ""): 1, ("quarantined", "not on the roster"): 1}
    assert set(intake.quarantine[0]["column"]) == {"Email"}


@pytest.mark.parametrize("name", ["Mrs. S. Person1", "Person1, Synthetic", "Sýnthetic  PERSON1", None])
def test_one_name_written_in_two_ways_is_one_person(name):
    answers, _, _ = after_rosters([person(1), person(1, "b") | {"Name": name}, person(2)])
    assert ("quarantined", "not on the roster") not in answers


ANONYMOUS = BRS | {"person": {"by": "anonymous"}, "cohort": "a", "consent": "not_needed"}


@pytest.mark.parametrize("rewritten", ["03/10/2023 10:0{}", "2023-10-03 10:0{}:37", "03/10/23 10:0{} AM"])
def test_an_anonymous_export_that_a_spreadsheet_saved_again_counts_nobody_twice(rewritten):
    def sheet(when, numbers):
        return [answer(n % 2, when=when.format(n), q2="2") for n in numbers]  # some say the same

    first = sheet("03/10/2023 10:0{}:37", [1, 2, 3])
    first += first[:1]
    again = sheet(rewritten, [4, 3, 1, 1, 2])
    intake = run(first, again, first, survey=ANONYMOUS)
    assert fates(intake, 3) == {("stored", ""): 1, ("unchanged", ""): 4}
    assert fates(intake, 4) == {("unchanged", ""): 4}
    assert len(intake.accepted["brs-pre"]) == 5


def test_people_who_say_the_same_in_the_same_minute_are_not_taken_for_one():
    one, other = (answer(1, when=f"03/10/2023 10:00:{second}") for second in (10, 50))
    assert len(run([one, other], [other, one], survey=ANONYMOUS).accepted["brs-pre"]) == 2
    assert len(run([one], [one, other], survey=ANONYMOUS).accepted["brs-pre"]) == 2


def test_the_file_of_another_cohort_is_told_from_people_whom_nobody_knows():
    reasons = run([answer(1), answer(99)], survey=BRS | {"cohort": "b"}).quarantine[-1]
    assert reasons.select("row", "reason").rows() == [
        (2, "on the roster, but not in this cohort"),
        (3, "not on the roster"),
    ]


def test_marks_that_nobody_sees_make_nobody_another_person():
    """They come along when an address is copied out of an email or a document."""
    unseen = ("\ufeff{}", "{}\u200e", "\u202a{}\u202c", "per\u00adson{}", "{}\u2060")
    rows = [answer(n) | {"Email": mark.format(f"person{n}@school.example")} for n, mark in enumerate(unseen, start=1)]
    rows[3] |= {"Email": "per\u00adson4@school.example"}
    roster = [person(n) for n in range(1, 6)] + [person(1) | {"Email": "person1@school.example\u200e"}]
    intake = run(rows, roster=roster)
    assert fates(intake) == {("stored", ""): 5}
    assert len(intake.roster) == 5


def test_a_code_that_one_list_gives_to_two_people_is_nobodys():
    survey = BRS | {"person": {"by": "code", "column": "Code"}}
    roster = [person(1), person(2) | {"Code": "C1"}, person(3)]
    rows = [answer(1) | {"Code": "C1"}, answer(3) | {"Code": "C3"}]
    assert fates(run(rows, roster=roster, survey=survey)) == {
        ("stored", ""): 1,
        ("quarantined", "not on the roster"): 1,
    }


def test_corrections_that_a_spreadsheet_saved_are_read(tmp_path):
    file = tmp_path / "corrections.csv"
    text = "survey,record,column,was,value,reason,by,on\nbrs-pre,r1,Q1,D\u00e9j\u00e0,4,caf\u00e9 \u2013 slip,,\n"
    for encoding in ("utf-8", "utf-8-sig", "cp1252"):
        file.write_text(text, encoding=encoding)
        assert read_corrections(file) == [Correction(2, "brs-pre", "r1", "Q1", "D\u00e9j\u00e0", "4")]
    file.write_text(text.replace(",", ";"), encoding="cp1252")
    with pytest.raises(ConfigError, match="not with semicolons"):
        read_corrections(file)
