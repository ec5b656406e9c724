"""A key that does not fit the data is noticed by ingest and doctor, in words; nothing is changed. Synthetic people."""

import numpy as np
import pytest

from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.outcomes.key_checks import doubts, keyed
from cfc_pipeline.recipes.doctor import examine
from cfc_pipeline.recipes.report import in_json, in_words
from tests.small_folder import ANSWERS, BRS, PEOPLE, ROSTER, ask, describe, drop, person, take_in

REVERSED = (2, 4, 6)  # of the BRS


def people(count, seed=5):
    """Answers as the BRS asks for them: whoever is high on items 1, 3 and 5 is low on the others."""
    random = np.random.default_rng(seed)
    level = random.normal(3, 0.9, (count, 1)) + random.normal(0, 0.7, (count, 6))
    given = np.clip(np.rint(level), 1, 5).astype(int)
    given[:, [item - 1 for item in REVERSED]] = 6 - given[:, [item - 1 for item in REVERSED]]
    return given


@pytest.fixture
def report(request, tmp_path):
    folder = describe(tmp_path / "p", ROSTER, BRS)
    given = request.param(people(40))
    drop(folder, "roster.csv", PEOPLE, [person(n) for n in range(1, 41)])
    rows = [
        ["02/10/2023 10:00:00", f"person{n}@school.example", *map(str, row), "", ""] for n, row in enumerate(given, 1)
    ]
    drop(folder, "brs.csv", ANSWERS, rows)
    found = take_in(folder)
    found.folder = folder
    return found


def as_asked(given):
    return given


def flipped(given):
    given[:, 2] = 6 - given[:, 2]
    return given


def turned_already(given):
    given[:, [item - 1 for item in REVERSED]] = 6 - given[:, [item - 1 for item in REVERSED]]
    return given


def from_zero(given):
    return given - 1


def from_two(given):
    return given + 1


def hurried(given):
    given[:2] = [[4], [3]]
    return given


@pytest.mark.parametrize("report", [hurried], indirect=True)
def test_one_answer_to_items_that_mean_opposite_things_is_told_and_counts(report):
    (doubt,) = report.straight
    assert (doubt.survey_id, doubt.instrument, doubt.forms) == ("brs-pre", "brs", 1)
    assert "Answers that look hurried, and count like others: survey brs-pre, brs:" in in_words(report)
    assert ask(report.folder, "SELECT count(*) FROM scale_score WHERE score IS NOT NULL") == [(40,)]


@pytest.mark.parametrize("report", [as_asked], indirect=True)
def test_nothing_is_said_of_answers_that_fit(report):
    assert report.doubts == []
    assert not any(line.startswith("note:") for line in examine(report.folder, {}))


@pytest.mark.parametrize("report", [flipped], indirect=True)
def test_an_item_that_is_turned_the_wrong_way(report):
    (doubt,) = report.doubts
    assert doubt.what.startswith("item 3 of ")
    assert "To do: look at survey brs-pre, brs: item 3" in in_words(report)
    assert in_json(report)["key_checks"][0]["forms"] == 40
    assert any("note: survey brs-pre, brs: item 3" in line for line in examine(report.folder, {}))
    assert ask(report.folder, "SELECT count(*) FROM scale_score WHERE score IS NOT NULL") == [(40,)]


@pytest.mark.parametrize("report", [turned_already], indirect=True)
def test_items_that_the_tool_turned_around_already(report):
    (doubt,) = report.doubts
    assert "items 2, 4, 6" in doubt.what
    assert "already" in doubt.what


@pytest.mark.parametrize("report", [from_zero], indirect=True)
def test_an_export_that_counts_from_zero_is_not_taken_in(report):
    """Of each row without a 0, every answer would count one too low."""
    assert "The numbers of brs begin at 0 in this file, and at 1 in its key." in in_words(report)
    assert report.totals["stored"] == 40  # the roster


@pytest.mark.parametrize("report", [from_two], indirect=True)
def test_an_export_that_counts_from_two(report):
    assert report.totals["quarantined"] > 0
    assert [doubt.what for doubt in report.doubts if "count from 2" in doubt.what]


def test_few_forms_and_equal_answers_say_nothing():
    key = load_instruments()["brs"]
    (subscale,) = key.subscales.values()
    assert list(doubts(keyed(flipped(people(29)).astype(float), key, subscale), key, subscale)) == []
    assert list(doubts(keyed(np.full((60, 6), 3.0), key, subscale), key, subscale)) == []
    half = np.full((60, 6), 3.0)
    half[:30, 0] = 1.0
    assert list(doubts(keyed(half, key, subscale), key, subscale)) == []
