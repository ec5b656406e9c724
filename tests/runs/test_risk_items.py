"""Questions about self-harm: left out unless a programme names the instrument, through the front door."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.recipes.doctor import examine
from tests.small_folder import BRS, PEOPLE, ROSTER, ask, describe, drop, person, take_in

HEADING = ["Timestamp", "Email", *(f"P{i}" for i in range(1, 10)), *(f"F{i}" for i in range(1, 23))]
SCALES = [
    {"instrument": "phq9", "items": {i: f"P{i}" for i in range(1, 10)}},
    {"instrument": "fscrs", "items": {i: f"F{i}" for i in range(1, 23)}},
]
SURVEY: dict[str, Any] = {**BRS, "id": "risk-pre", "scales": SCALES, "comments": {}}


def answers(number: int) -> list[str]:
    mood = ["1"] * 8 + ["3"]  # item 9 is the only 3
    return [f"{number:02}/10/2023 10:00:00", f"person{number}@school.example", *mood, *["2"] * 8, "4", *["2"] * 13]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = describe(tmp_path / "programme", ROSTER, SURVEY)
    drop(made, "roster.csv", PEOPLE, [person(n) for n in (1, 2)])
    drop(made, "risk.csv", HEADING, [answers(n) for n in (1, 2)])
    return made


def name(folder: Path, *instruments: str) -> None:
    path = folder / "programme.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(settings | {"policy": {"risk_items": list(instruments)}}), encoding="utf-8")


STATES = "SELECT DISTINCT instrument, subscale, score, items_answered, state FROM scale_score ORDER BY ALL"


def test_answers_are_left_out_and_scores_that_need_them_are_not_made(folder: Path) -> None:
    take_in(folder)
    assert ask(folder, "SELECT count(*), max(value) FROM item_answer WHERE instrument = 'phq9'") == [(16, 1)]
    assert ask(folder, "SELECT * FROM item_answer WHERE item = 9") == []
    assert ask(folder, STATES) == [
        ("fscrs", "hated_self", None, 4, "not_asked"),
        ("fscrs", "inadequate_self", 18.0, 9, "scored"),
        ("fscrs", "reassured_self", 16.0, 8, "scored"),
        ("phq9", "total", None, 8, "not_asked"),
    ]
    notes = [line for line in examine(folder, {}) if line.startswith("note: ")]
    assert len(notes) == 2
    assert "survey risk-pre asks about self-harm (phq9, item 9): the answers are left out" in notes[0]


def test_a_programme_that_names_the_instrument_has_its_answers_and_scores(folder: Path) -> None:
    name(folder, "phq9")
    take_in(folder)
    assert ask(folder, "SELECT DISTINCT instrument, value FROM item_answer WHERE item = 9") == [("phq9", 3)]
    assert ("phq9", "total", 11.0, 9, "scored") in ask(folder, STATES)
    assert ("fscrs", "hated_self", None, 4, "not_asked") in ask(folder, STATES)
    assert any("(phq9, item 9): the answers are stored" in line for line in examine(folder, {}))


def test_answers_go_when_the_name_is_taken_back(folder: Path) -> None:
    name(folder, "phq9", "fscrs")
    take_in(folder)
    name(folder)
    take_in(folder)
    assert ask(folder, "SELECT * FROM item_answer WHERE item = 9") == []


def test_a_name_without_such_questions_is_refused(folder: Path) -> None:
    name(folder, "phq")
    with pytest.raises(ConfigError, match="risk_items: `phq` has no questions about self-harm"):
        take_in(folder)


def test_a_form_that_asks_a_part_has_no_score_for_the_rest(tmp_path: Path) -> None:
    action = {"instrument": "ceas_self", "items": {i: f"A{i}" for i in (9, 10, 11, 12, 13)}}
    made = describe(tmp_path / "programme", ROSTER, {**SURVEY, "scales": [action]})
    drop(made, "roster.csv", PEOPLE, [person(1)])
    heading = ["Timestamp", "Email", *(f"A{i}" for i in range(9, 14))]
    drop(made, "part.csv", heading, [["01/10/2023 10:00:00", "person1@school.example", *["5"] * 5]])
    take_in(made)
    found = ask(made, "SELECT subscale, score, items_expected, state FROM scale_score ORDER BY ALL")
    assert found == [
        ("action", 20.0, 4, "scored"),
        ("engagement", None, 0, "not_asked"),
        ("total", None, 10, "too_few_items"),
    ]
