"""Formbricks' own traps; what every connector must do is in test_apis.py."""

from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest

from cfc_pipeline.errors import SourceError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis import formbricks
from cfc_pipeline.sources.apis.answers import Answers
from cfc_pipeline.sources.fetched import settled
from cfc_pipeline.sources.raw import COMPLETE, LEFT_BLANK, NOT_SHOWN, RECORD, SUBMITTED, RawColumn
from cfc_pipeline.sources.web import Web
from tests.servers import formbricks as server
from tests.servers.local import Tool, running
from tests.servers.world import LABELS, people


@pytest.fixture
def tool() -> Iterator[Tool]:
    with running(server, people(4)) as tool:
        yield tool


def connected(tool: Tool) -> Web:
    web = formbricks.connect(Fetch(survey=server.SURVEY, server=tool.base), server.SECRET)
    web.sleep = lambda seconds: None
    return web


def questionnaire(tool: Tool) -> dict[str, RawColumn]:
    return {column.key: column for column in formbricks.questionnaire(connected(tool), server.SURVEY)}


def fetched(tool: Tool, since: str | None = None) -> Answers:
    form = tuple(questionnaire(tool).values())
    wanted = {column.key for column in form}
    return settled(formbricks.responses(connected(tool), server.SURVEY, form, wanted, since))


def cell(tool: Tool, key: str, number: int = 1) -> str | None:
    rows = fetched(tool).rows
    found: str | None = rows.filter(pl.col(RECORD) == server.record(number))[key].item()
    return found


def asks(monkeypatch: pytest.MonkeyPatch, element: dict[str, Any], *answers: Any, language: str | None = None) -> None:
    """The form has only this question, and everybody gave these answers in turn."""
    plain = server.response

    def response(one: Any, world: Any) -> dict[str, Any]:
        data = {element["id"]: answers[one.number - 1]} if one.number <= len(answers) else {}
        return plain(one, world) | {"data": data, "ttc": dict.fromkeys(data, 900), "language": language}

    monkeypatch.setattr(server, "form", lambda world: {"questions": [{"headline": {"default": "Q"}} | element]})
    monkeypatch.setattr(server, "response", response)


def test_answers_in_another_language_become_the_labels_of_the_form(tool: Tool) -> None:
    assert tool.world.given[1].answers[1] == 3
    assert cell(tool, server.KEYS[1], number=1) == LABELS[3]  # said in German
    assert cell(tool, server.KEYS[1], number=2) == LABELS[4]


def test_a_text_that_means_two_things_is_read_in_the_language_of_the_answer(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices = [
        {"id": "a", "label": {"default": "Often", "xx": "Seldom"}},
        {"id": "b", "label": {"default": "Seldom", "xx": "Never"}},
    ]
    element = {"id": "q", "type": "multipleChoiceSingle", "choices": choices}
    asks(monkeypatch, element, "Seldom", language="xx")
    assert cell(tool, "q") == "Often"
    asks(monkeypatch, element, "Seldom", language=None)
    assert cell(tool, "q") == "Seldom"
    asks(monkeypatch, element, "Never", language="yy")  # a language that the form no longer has
    assert cell(tool, "q") == "Seldom"


def test_several_answers_and_a_typed_one_share_a_cell(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    choices = [{"id": id_, "label": {"default": id_.title(), "de": f"{id_} de"}} for id_ in ("tea", "coffee", "other")]
    asks(monkeypatch, {"id": "q", "type": "multipleChoiceMulti", "choices": choices}, ["coffee de", "Water"], [])
    assert cell(tool, "q") == "Coffee; Water"
    assert cell(tool, "q", number=2) == LEFT_BLANK
    assert [choice.id for choice in questionnaire(tool)["q"].choices] == ["tea", "coffee", "other"]


def test_numbers_and_other_kinds_of_answers(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    asks(monkeypatch, {"id": "q", "type": "rating", "range": 5, "scale": "star"}, 4)
    assert cell(tool, "q") == "4"
    assert [choice.number for choice in questionnaire(tool)["q"].choices] == ["1", "2", "3", "4", "5"]
    asks(monkeypatch, {"id": "q", "type": "nps"}, 0)
    assert cell(tool, "q") == "0"
    assert len(questionnaire(tool)["q"].choices) == 11
    pictures = [{"id": "pic1", "imageUrl": "https://planted.example/1"}, {"id": "pic2", "imageUrl": ""}]
    asks(monkeypatch, {"id": "q", "type": "pictureSelection", "choices": pictures}, ["pic2"])
    assert cell(tool, "q") == "pic2"
    asks(monkeypatch, {"id": "q", "type": "consent", "label": {"default": "I agree"}}, "accepted")
    assert cell(tool, "q") == "accepted"


def test_contact_details_have_columns_of_their_own_and_are_personal(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks(monkeypatch, {"id": "q", "type": "contactInfo"}, ["Planted", "", "somebody@school.example", "", ""])
    assert cell(tool, "q_email") == "somebody@school.example"
    assert cell(tool, "q_phone") == LEFT_BLANK
    assert all(c.personal for c in questionnaire(tool).values() if c.key.startswith("q_"))
    asks(monkeypatch, {"id": "q", "type": "openText", "inputType": "email"}, "somebody@school.example")
    assert questionnaire(tool)["q"].personal


def test_what_was_passed_over_and_what_was_never_shown_differ(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = server.response
    timed = {1: {"beliefs": 9, "helped": 4, "_total": 13}, 2: {"beliefs": 9, "_total": 9}, 3: {}}

    def response(one: Any, world: Any) -> dict[str, Any]:
        matrix = {world.items[1]: LABELS[5]}  # one row of six
        return plain(one, world) | {"data": {"beliefs": matrix}, "ttc": timed.get(one.number)}

    monkeypatch.setattr(server, "response", response)
    assert cell(tool, server.KEYS[1]) == LABELS[5]
    assert cell(tool, server.KEYS[2]) == LEFT_BLANK
    assert cell(tool, "helped", number=1) == LEFT_BLANK
    assert cell(tool, "helped", number=2) == NOT_SHOWN
    assert cell(tool, "helped", number=3) is None  # no times: the tool does not tell
    assert cell(tool, "helped", number=4) is None


def test_forms_in_blocks_are_read(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = server.form(tool.world)
    blocks = [{"id": "b", "elements": plain["questions"]}]
    monkeypatch.setattr(server, "form", lambda world: {"questions": [], "blocks": blocks, "hiddenFields": None})
    assert set(server.KEYS.values()) < set(questionnaire(tool))


def test_markup_in_headlines_is_not_wording(tool: Tool) -> None:
    assert questionnaire(tool)[server.KEYS[1]].text == "How far do you agree?"


def test_hidden_fields_and_what_is_known_of_a_contact_are_personal(tool: Tool) -> None:
    form = questionnaire(tool)
    for key in ("code", "email", "User ID", "Verified Email", "Formbricks ID (internal)"):
        assert form[key].system
        assert form[key].personal
    assert cell(tool, "code", number=3) == "C3"


def test_somebody_who_edits_while_pages_are_walked_hides_nobody(tool: Tool) -> None:
    tool.world = people(600)
    early = iter(range(1, 600))
    tool.after_data = lambda: tool.world.edit(next(early))
    first = fetched(tool)
    assert first.rows.height == 600
    tool.after_data = None
    again = fetched(tool, first.cursor)
    assert set(again.rows[RECORD]) >= {server.record(1), server.record(2)}


def test_a_response_that_is_deleted_while_pages_are_walked_stops_the_fetch(tool: Tool) -> None:
    tool.world = people(600)
    early = iter(range(1, 600))
    tool.after_data = lambda: tool.world.delete(next(early))
    with pytest.raises(SourceError, match="of 599 responses"):
        fetched(tool)


def test_unfinished_ones_are_marked_and_found_when_they_finish(tool: Tool) -> None:
    tool.world.edit(1, complete=False)
    first = fetched(tool)
    assert not first.rows.filter(pl.col(RECORD) == server.record(1))[COMPLETE].item()
    tool.world.tick()
    tool.world.edit(1, complete=True)
    again = fetched(tool, first.cursor).rows.filter(pl.col(RECORD) == server.record(1))
    assert again[COMPLETE].item()
    assert again[SUBMITTED].item() == "2026-01-05T09:07:00.000Z"  # when it was given, as in the tool's files


def test_only_what_changed_is_asked_for(tool: Tool) -> None:
    tool.world = people(30)
    first = fetched(tool)
    tool.world.edit(2, comment="Changed my mind")
    again = fetched(tool, first.cursor)
    assert server.record(2) in again.rows[RECORD]
    assert again.rows.height < 15
    assert tool.data_requests[-1].query["filterDateField"] == "updatedAt"


def test_a_key_without_the_right_is_not_called_wrong(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(request: Any, world: Any, base: str) -> Any:
        return server.error(401, "unauthorized", request.path)

    monkeypatch.setattr(server, "answer", refuses)
    with pytest.raises(SourceError, match="may not read"):
        questionnaire(tool)
