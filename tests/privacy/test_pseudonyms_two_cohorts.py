"""Somebody who moves to another cohort is one person and counts once; somebody who takes part twice counts in each, and
is one person too. All people are synthetic."""

import pytest
import yaml

from cfc_pipeline.recipes.report import in_words
from tests.small_folder import ANSWERS, BRS, PEOPLE, ROSTER, answer, ask, describe, drop, person, take_in

POST = BRS | {"id": "brs-post", "time_point": "post", "files": "post*"}
WHERE = "SELECT cohort_id, count(*) FROM participant GROUP BY ALL ORDER BY 1"
ENROLLED = "SELECT enrolled, paired FROM response_flow WHERE level = '{}'"
LISTED = [1, 2, 3, 4]


def roster(folder, name, **cohorts):
    """People 1 to 4: those who are named are in that cohort, the others in a."""
    rows = [person(n, Cohort=cohorts.get(f"p{n}", "a")) for n in LISTED if cohorts.get(f"p{n}") != ""]
    drop(folder, name, [*PEOPLE, "Sent"], [[*row, name] for row in rows])


@pytest.fixture(params=["roster", "a"])
def folder(request, tmp_path):
    """`cohort` of the questionnaire before is where the roster says, or the cohort that it was sent to."""
    before = BRS | {"files": "brs*", "cohort": request.param}
    folder = describe(tmp_path / "p", ROSTER | {"files": "roster*"}, before, POST)
    roster(folder, "roster1.csv", p4="b")
    drop(folder, "brs.csv", ANSWERS, [answer(n) for n in (1, 2, 3)])
    take_in(folder)
    return folder


def test_who_moved_counts_once_where_they_went_with_all_that_they_sent_in(folder):
    roster(folder, "roster2.csv", p1="b", p4="b")
    drop(folder, "post.csv", ANSWERS, [answer(n, value=2) for n in (1, 2, 3)])
    report = take_in(folder)
    assert ask(folder, WHERE) == [("a", 2), ("b", 2)]
    assert ask(folder, ENROLLED.format("year")) == ask(folder, ENROLLED.format("all")) == [(4, 3)]
    assert report.several == {"moved": 1, "in turn": 0, "at once": 0, "both ways": 0, "not listed": 0}
    assert "People who moved to another cohort: 1. They count there only" in in_words(report)
    roster(folder, "roster3.csv", p4="b")
    take_in(folder)
    assert ask(folder, WHERE) == [("a", 3), ("b", 1)]
    assert ask(folder, ENROLLED.format("year")) == [(4, 3)]


def test_a_roster_of_one_cohort_only_does_not_tell_of_a_move(folder):
    drop(folder, "roster2.csv", PEOPLE, [person(1, Cohort="b"), person(4, Cohort="b")])
    report = take_in(folder)
    assert ask(folder, WHERE) == [("a", 3), ("b", 2)]
    assert report.several == {"moved": 0, "in turn": 0, "at once": 1, "both ways": 0, "not listed": 0}
    assert "To do: 1 people are listed in cohorts that meet at the same time" in in_words(report)


def test_who_takes_part_again_later_is_one_person_who_counts_in_each(folder):
    settings = yaml.safe_load((folder / "programme.yaml").read_text())
    settings["cohorts"][1] |= {"academic_year": "2024/25", "start": "2024-10-01", "end": "2025-06-30"}
    (folder / "programme.yaml").write_text(yaml.safe_dump(settings))
    roster(folder, "roster2.csv", p1="b", p4="b")
    report = take_in(folder)
    assert ask(folder, WHERE) == [("a", 3), ("b", 2)]
    assert ask(folder, "SELECT count(DISTINCT participant_id) FROM participant") == [(4,)]
    assert report.several == {"moved": 0, "in turn": 1, "at once": 0, "both ways": 0, "not listed": 0}
