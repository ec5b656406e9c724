"""A form that changes in the survey tool itself, with every connector: noticed, held back, and scored by labels."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cfc_pipeline.recipes import forms
from tests.runs.test_fetch import entry, run
from tests.servers import SERVERS
from tests.servers.local import Tool, running
from tests.servers.world import World, people
from tests.small_folder import PEOPLE, ROSTER, ask, describe, drop, person, take_in

ANSWERS = "SELECT response_id, item, value FROM item_answer ORDER BY ALL"


@pytest.fixture(params=sorted(SERVERS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tool(name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tool]:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with running(SERVERS[name], people(3)) as tool:
        yield tool


def test_a_question_is_reworded_and_the_choices_get_other_numbers(name: str, tool: Tool, tmp_path: Path) -> None:
    folder = describe(tmp_path / "p", ROSTER, entry(name, tool))
    drop(folder, "roster.csv", PEOPLE, [person(n) for n in range(1, 10)])
    run(folder)
    tool.world.items[3] = "An invented item that says something else"
    renumber(tool.world)
    tool.world.add(4, answers=dict.fromkeys(tool.world.items, 5))  # "Agree", which was 4 before
    run(folder, 7)
    (plan,) = take_in(folder).plans
    assert "reworded" in {one.kind for one in plan.differences}
    assert plan.waits == ["brs"]
    before = ask(folder, ANSWERS)
    assert len(before) == 3 * 6
    forms.accept(folder, {}, plan.survey, plan.version, "break", "A manager")
    take_in(folder)
    after = ask(folder, ANSWERS)
    assert set(before) < set(after)
    assert {value for _, _, value in set(after) - set(before)} == {4}


def renumber(world: World) -> None:
    """Every label keeps its place and gets the next number; the last one gets the first."""
    world.labels = {code % 5 + 1: label for code, label in world.labels.items()}
    for number, one in world.given.items():
        world.given[number] = replace(one, answers={item: code % 5 + 1 for item, code in one.answers.items()})
