"""Aliases: somebody with another address, or at another school, is one person. All people are synthetic."""

import pytest

from cfc_pipeline.recipes.erase import erase
from cfc_pipeline.recipes.rotate import rotate_key
from tests.small_folder import ANSWERS, BRS, PEOPLE, ROSTER, WHEN, answer, ask, copied, describe, drop, person, take_in

NOW, BEFORE, FIRST = "new@trust.example", "person1@school.example", "maiden@school.example"
POST = BRS | {"id": "brs-post", "time_point": "post", "files": "post*"}
IDS = "SELECT DISTINCT participant_id FROM participant ORDER BY 1"


def moved(number=1, before=BEFORE, **given):
    return [*person(number, **({"Email": NOW, "Code": "", "School": "Another School"} | given)), before]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    roster = ROSTER | {"fields": ROSTER["fields"] | {"previous_email": "Before"}, "files": "roster*"}
    folder = describe(tmp_path_factory.mktemp("made") / "p", roster, BRS | {"files": "brs*"}, POST)
    drop(folder, "roster1.csv", [*PEOPLE, "Before"], [[*person(n), ""] for n in range(1, 4)])
    drop(folder, "brs.csv", ANSWERS, [answer(n) for n in range(1, 4)])
    take_in(folder)
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return copied(made, tmp_path / "p")


def test_a_changed_address_and_school_are_one_person_with_the_pseudonym_from_before(folder):
    before = ask(folder, IDS)
    drop(folder, "roster2.csv", [*PEOPLE, "Before"], [moved()])
    drop(folder, "post.csv", ANSWERS, [answer(1, Email=NOW), answer(2)])
    assert take_in(folder).totals["quarantined"] == 0
    assert ask(folder, IDS) == before
    assert ask(folder, "SELECT count(*) FROM participant") == [(3,)]
    both = "SELECT count(DISTINCT time_point) FROM response GROUP BY participant_id ORDER BY 1"
    assert ask(folder, both) == [(1,), (2,), (2,)]
    drop(folder, "brs later.csv", ANSWERS, [answer(1, Timestamp="09/10/2023 10:00:00")])
    assert take_in(folder).totals["quarantined"] == 0


def test_a_roster_that_has_the_new_address_only_and_two_changes(folder):
    drop(folder, "roster2.csv", [*PEOPLE, "Before"], [moved(before=f"{BEFORE}, {FIRST}")])
    drop(folder, "brs first.csv", ANSWERS, [answer(1, Email=FIRST, Timestamp="01/10/2023 09:00:00")])
    assert take_in(folder).totals["quarantined"] == 0
    assert ask(folder, "SELECT count(*) FROM participant") == [(3,)]
    assert ask(folder, "SELECT count(DISTINCT participant_id), count(*) FROM response") == [(3, 4)]
    assert ask(folder, "SELECT count(*) FROM response WHERE status = 'counted'") == [(3,)]


def test_a_withdrawal_under_the_new_address_reaches_what_came_under_the_old_one(folder):
    drop(folder, "roster2.csv", [*PEOPLE, "Before"], [moved(Withdrawn="2024-01-01")])
    take_in(folder)
    assert ask(folder, "SELECT count(*) FROM response") == [(2,)]


@pytest.mark.parametrize("who", [NOW, BEFORE])
def test_an_erasure_by_either_address_reaches_both_and_a_new_key_keeps_them_one(folder, who):
    drop(folder, "roster2.csv", [*PEOPLE, "Before"], [moved()])
    drop(folder, "post.csv", ANSWERS, [answer(1, Email=NOW), answer(2)])
    take_in(folder)
    rotate_key(folder, {}, now=WHEN)
    assert ask(folder, "SELECT count(*) FROM participant") == [(3,)]
    done = erase(folder, {}, who, now=WHEN)
    assert done.rows == {"roster": 2, "brs-pre": 1, "brs-post": 1}
    assert ask(folder, "SELECT count(*) FROM participant") == [(2,)]
