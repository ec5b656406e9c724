"""Which of two forms of one person counts: never one that came in after its time, or was only begun, instead of the
true one. Synthetic people."""

import pytest

from cfc_pipeline.intake.batch import File, take_in
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.recipes import side_by_side
from cfc_pipeline.recipes.report import in_json, in_words
from cfc_pipeline.recipes.side_by_side import answered_twice
from tests import small_folder
from tests.rawtables import BRS, ROSTER, answer, person, programme, raw_table

PRE = BRS | {"scales": [{"instrument": "brs", "items": {i: f"Q{i}" for i in range(1, 7)}}]}
POST = PRE | {"id": "brs-post", "time_point": "post"}


def on(day, value, number=1, questions=6):
    given = {f"Q{i}": str(value) if i <= questions else None for i in range(1, 7)}
    return answer(number, when=f"{day} 10:00:00") | given


def counted(pre, post=(), entry=PRE, **policy):
    """First answers of the forms that count, by survey; and how many later ones were passed over, and why."""
    plan = programme([ROSTER, entry, POST], policy=policy)
    files = [File("roster.csv", plan.surveys[0], raw_table([person(1), person(2)], tool="table"), 1)]
    sent = [(n, list(rows)) for n, rows in enumerate((pre, post), start=1) if rows]
    files += [File(f"{n}.csv", plan.surveys[n], raw_table(rows), n + 1) for n, rows in sent]
    intake = take_in(plan, load_instruments(), [], files)
    found = {name: rows.filter(status="counted")["brs:1"].to_list() for name, rows in intake.of_kind("scale").items()}
    return [found.get("brs-pre"), found.get("brs-post")], intake.twice["late"], intake.twice["fuller"]


def test_the_pre_form_sent_out_again_at_post_time_does_not_replace_the_true_pre_answers():
    assert counted([on("03/10/2023", 2), on("20/06/2024", 4)]) == ([[2], None], 1, 0)


@pytest.mark.parametrize("again", ["24/10/2023", "25/10/2023"])
def test_a_form_is_late_from_the_day_of_the_same_persons_next_one(again):
    forms = [on("03/10/2023", 2), on(again, 4)]
    calendar = {"pre_until_days_after_start": 60}
    assert counted(forms, calendar=calendar) == ([[4], None], 0, 0)
    assert counted(forms, [on("24/10/2023", 5)], calendar=calendar) == ([[2], [5]], 1, 0)
    assert counted(forms, [on("24/10/2023", 5, number=2)], calendar=calendar) == ([[4], [5]], 0, 0)


def test_the_programme_decides_whether_the_last_form_counts_whatever_its_day():
    forms = [on("03/10/2023", 2), on("20/06/2024", 4)]
    assert counted(forms, duplicates="latest") == ([[4], None], 0, 0)
    assert counted(forms, entry=PRE | {"time_point": "calendar"}) == ([[2, 4], None], 0, 0)


def test_a_late_form_counts_when_it_is_the_only_one_or_hardly_anything_came_in_time():
    assert counted([on("20/06/2024", 4)]) == ([[4], None], 0, 0)
    assert counted([on("03/10/2023", 2, questions=1), on("30/10/2023", 4)]) == ([[4], None], 0, 0)


def test_without_days_the_last_one_counts():
    forms = [on("03/10/2023", 2) | {"_submitted": None}, on("03/10/2023", 4) | {"_submitted": None}]
    assert counted(forms)[0] == [[4], None]


@pytest.mark.parametrize(("rule", "value"), [("latest_complete", 2), ("latest", 5), ("first", 2)])
def test_a_later_form_that_was_left_half_way_does_not_replace_a_full_one(rule, value):
    """Such as one that was opened again and left on its first page; many tools do not say who finished."""
    forms = [on("03/10/2023", 2), on("05/10/2023", 5, questions=2)]
    assert counted(forms, duplicates=rule) == ([[value], None], 0, rule == "latest_complete")
    assert counted(forms[::-1], duplicates=rule) == ([[value], None], 0, rule == "latest_complete")


@pytest.mark.parametrize("rule", ["latest_complete", "first"])
def test_an_answer_that_somebody_takes_back_is_taken_back(rule):
    forms = [on("03/10/2023", 2), on("05/10/2023", 5, questions=5)]
    assert counted(forms, duplicates=rule) == ([[5 if rule == "latest_complete" else 2], None], 0, 0)


def test_of_forms_that_are_all_late_a_full_one_counts_too():
    assert counted([on("18/06/2024", 2), on("20/06/2024", 5, questions=2)]) == ([[2], None], 0, 1)


def test_the_first_of_two_full_forms_counts_and_not_a_page_that_was_left_before_them():
    forms = [on("03/10/2023", 5, questions=2), on("05/10/2023", 2), on("06/10/2023", 4)]
    assert counted(forms, duplicates="first")[0] == [[2], None]


def test_both_forms_are_shown_side_by_side(tmp_path):
    folder = small_folder.filled(tmp_path / "p", people=2)
    again = small_folder.answer(2, 4, Timestamp="04/10/2023 10:00:00", Q1="2", Q3="")
    small_folder.drop(folder, "again.csv", small_folder.ANSWERS, [again])
    assert "`cfc-pipeline review twice` shows what differs" in in_words(small_folder.take_in(folder))
    (pair,) = answered_twice(folder)
    assert side_by_side.in_words(pair).splitlines() == [
        f"{pair['participant_id']}, cohort a, pre",
        "  counts: brs-pre 2023-10-04",
        "  other:  brs-pre 2023-10-02",
        "  4 answers are the same; these differ (item: counts/other)",
        "    brs  1: 2/4, 3: blank/4",
    ]
    assert pair["participant_id"].startswith("p-")


def test_a_form_whose_last_items_nobody_answered_in_its_run_is_shown_too(tmp_path):
    folder = small_folder.filled(tmp_path / "p", 1)
    small_folder.take_in(folder)
    later = small_folder.answer(1, Timestamp="04/10/2023 10:00:00", Q6="")
    small_folder.drop(folder, "again.csv", small_folder.ANSWERS, [later])
    small_folder.take_in(folder)
    (pair,) = answered_twice(folder)
    ((differ),) = pair["differ"]
    assert {differ["counts"], differ["other"]} == {4, None}


def test_the_report_says_what_to_find_out(tmp_path):
    post = small_folder.BRS | {"id": "brs-post", "time_point": "post", "files": "post*"}
    folder = small_folder.describe(tmp_path / "p", small_folder.ROSTER, small_folder.BRS | {"files": "pre*"}, post)
    few = {f"Q{i}": "" for i in range(3, 7)}
    sent = [(1, "03/10/2023", {}), (1, "20/06/2024", {}), (2, "03/10/2023", {}), (2, "04/10/2023", few)]
    sent.append((3, "21/06/2024", {}))  # before and after crossed over
    rows = [small_folder.answer(n, Timestamp=f"{day} 10:00:00", **given) for n, day, given in sent]
    small_folder.drop(folder, "roster.csv", small_folder.PEOPLE, [small_folder.person(n) for n in range(1, 4)])
    small_folder.drop(folder, "pre.csv", small_folder.ANSWERS, rows)
    small_folder.drop(
        folder, "post.csv", small_folder.ANSWERS, [small_folder.answer(3, Timestamp="20/06/2024 10:00:00")]
    )
    report = small_folder.take_in(folder)
    assert in_json(report)["answered_twice"] == {"superseded": 2, "late": 1, "fuller": 1, "out of order": 1}
    words = in_words(report)
    assert "\n  later than the one that counts, but not finished, or with many questions left out: 1\n" in words
    assert "\nTo do: 1 responses came in when their time was over" in words
    assert "\nTo do: 1 forms of an earlier time point came in after one of a later time point" in words
