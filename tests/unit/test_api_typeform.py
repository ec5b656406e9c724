"""Typeform's own traps; what every connector must do is in test_apis.py."""

from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest

from cfc_pipeline.errors import SourceError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis import typeform
from cfc_pipeline.sources.apis.answers import Answers
from cfc_pipeline.sources.fetched import settled
from cfc_pipeline.sources.raw import NOT_TICKED, RECORD, RawColumn
from cfc_pipeline.sources.web import Web
from tests.servers import typeform as server
from tests.servers.local import Tool, as_json, running
from tests.servers.typeform import field, given
from tests.servers.world import people


@pytest.fixture
def tool() -> Iterator[Tool]:
    with running(server, people(4)) as tool:
        yield tool


def connected(tool: Tool) -> Web:
    web = typeform.connect(Fetch(survey=server.SURVEY, server=tool.base), server.SECRET)
    web.sleep = lambda seconds: None
    return web


def questionnaire(tool: Tool) -> dict[str, RawColumn]:
    return {column.key: column for column in typeform.questionnaire(connected(tool), server.SURVEY)}


def fetched(tool: Tool, since: str | None = None) -> Answers:
    form = tuple(questionnaire(tool).values())
    wanted = {column.key for column in form}
    return settled(typeform.responses(connected(tool), server.SURVEY, form, wanted, since))


def cell(tool: Tool, key: str, number: int = 1) -> str | None:
    found: str | None = fetched(tool).rows.filter(pl.col(RECORD) == server.record(number))[key].item()
    return found


def asks(monkeypatch: pytest.MonkeyPatch, question: dict[str, Any], *answers: dict[str, Any] | None) -> None:
    """The form has only this question, and people gave these answers in turn."""
    plain = server.response

    def response(one: Any, world: Any) -> dict[str, Any]:
        said = answers[one.number - 1] if one.number <= len(answers) else None
        return plain(one, world) | {"answers": [said] if said else None}

    monkeypatch.setattr(server, "form", lambda world: {"fields": [question]})
    monkeypatch.setattr(server, "response", response)


@pytest.mark.parametrize("people_", [20, 21, 29])
def test_pages_are_walked_to_the_end(tool: Tool, monkeypatch: pytest.MonkeyPatch, people_: int) -> None:
    monkeypatch.setattr(typeform, "_PER_PAGE", 10)
    tool.world = people(people_)
    assert fetched(tool).rows.height == people_
    assert "sort" not in tool.data_requests[-1].query


def test_only_the_first_page_of_what_is_new_names_a_time(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server refuses `since` beside `before`."""
    monkeypatch.setattr(typeform, "_PER_PAGE", 10)
    tool.world = people(60)
    first = fetched(tool)
    for number in range(100, 125):
        tool.world.add(number)
    tool.requests.clear()
    again = fetched(tool, first.cursor)
    assert set(again.rows[RECORD]) >= {server.record(number) for number in range(100, 125)}
    assert again.rows.height < 40
    assert not again.everything
    assert len(tool.data_requests) < 7


def test_the_last_second_comes_again_and_counts_once(tool: Tool) -> None:
    first = fetched(tool)
    again = fetched(tool, first.cursor)
    assert server.record(4) in again.rows[RECORD]
    assert again.cursor == first.cursor
    assert again.rows[RECORD].is_unique().all()


def test_a_server_that_ignores_before_is_noticed(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeform, "_PER_PAGE", 2)
    plain = server._page
    monkeypatch.setattr(
        server, "_page", lambda query, world: plain({k: v for k, v in query.items() if k != "before"}, world)
    )
    with pytest.raises(SourceError, match="circle"):
        fetched(tool)


def test_somebody_who_is_deleted_at_the_edge_of_a_page_stops_the_fetch(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for what is before somebody who is gone, the tool answers that nobody is."""
    monkeypatch.setattr(typeform, "_PER_PAGE", 2)

    def delete() -> None:
        if tool.data_requests[-1].query["page_size"] == "2":
            tool.world.given.pop(3, None)

    tool.after_data = delete
    with pytest.raises(SourceError, match="2 of 4 responses"):
        fetched(tool)


def test_one_who_goes_while_one_comes_hides_nobody_on_pages(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeform, "_PER_PAGE", 10)
    tool.world = people(35)

    def swap() -> None:
        if 3 in tool.world.given and tool.data_requests[-1].query["page_size"] == "10":
            tool.world.delete(3)
            tool.world.add(900)

    tool.after_data = swap
    with pytest.raises(SourceError, match="34 of 35 responses"):
        fetched(tool)


def test_unfinished_ones_are_left_out(tool: Tool) -> None:
    tool.world.edit(2, complete=False)
    assert server.record(2) not in fetched(tool).rows[RECORD]
    assert fetched(tool).rows.height == 3


def test_a_form_that_everybody_may_read_does_not_hide_a_wrong_token(tool: Tool) -> None:
    web = typeform.connect(Fetch(survey=server.SURVEY, server=tool.base), "wrong")
    assert web.get_json(f"forms/{server.SURVEY}")["fields"]
    with pytest.raises(SourceError, match="does not accept the token"):
        typeform.questionnaire(web, server.SURVEY)


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (401, "AUTHENTICATION_ERROR", "does not accept the token"),
        (403, "INVALID_AUTHORIZATION", "does not accept the token"),
        (403, "FORBIDDEN", "may not read"),
    ],
)
def test_a_wrong_token_and_a_missing_right_differ(tool: Tool, status: int, code: str, message: str) -> None:
    tool.faults.append(lambda request, right: as_json({"code": code, "description": "Synthetic"}, status))
    with pytest.raises(SourceError, match=message):
        questionnaire(tool)


def test_rows_of_a_matrix_and_questions_of_a_group_are_columns(tool: Tool) -> None:
    form = questionnaire(tool)
    assert form[server.KEYS[1]].text == "How far do you agree?"
    assert form[server.KEYS[1]].option == tool.world.items[1]
    assert (form[server.KEYS[4]].text, form[server.KEYS[4]].option) == (tool.world.items[4], "")
    assert not {"matrix", "group", "welcome"} & set(form)


CHOICES = [{"id": "aa", "label": "Tea"}, {"id": "bb", "label": "Coffee"}]


def test_each_option_of_several_has_a_column(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    question = field(
        "q", "Which?", "multiple_choice", choices=CHOICES, allow_multiple_selection=True, allow_other_choice=True
    )
    now = {"ids": ["bb"], "labels": ["Once called so"], "other": "Water"}
    asks(
        monkeypatch,
        question,
        given("q", "multiple_choice", "choices", now),
        given("q", "multiple_choice", "choices", {"labels": ["Tea"]}),  # as old responses are
        given("q", "multiple_choice", "choices", {"other": "Juice"}),
    )
    rows = {row[RECORD]: row for row in fetched(tool).rows.iter_rows(named=True)}
    cells = [[rows[server.record(n)][key] for key in ("q_aa", "q_bb", "q_other")] for n in (1, 2, 3, 4)]
    assert cells == [
        [NOT_TICKED, "Coffee", "Water"],
        ["Tea", NOT_TICKED, None],
        [NOT_TICKED, NOT_TICKED, "Juice"],
        [None, None, None],
    ]
    assert questionnaire(tool)["q_bb"].option == "Coffee"


def test_a_choice_is_called_as_the_form_calls_it_now(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    asks(
        monkeypatch,
        field("q", "Which?", "dropdown", choices=CHOICES, allow_other_choice=True),
        given("q", "dropdown", "choice", {"id": "aa", "label": "Once called so"}),
        given("q", "dropdown", "choice", {"id": "gone", "label": "Left the form"}),
        given("q", "dropdown", "choice", {"id": "other", "label": "Other", "other": "Water"}),
        given("q", "dropdown", "choice", {"label": "Coffee"}),
    )
    assert [cell(tool, "q", number) for number in (1, 2, 3, 4)] == ["Tea", "Left the form", None, "Coffee"]
    assert cell(tool, "q_other", 3) == "Water"


def test_a_ranking_keeps_its_order(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"ids": ["bb", "aa"], "labels": ["Coffee", "Tea"]}
    asks(monkeypatch, field("q", "Rank", "ranking", choices=CHOICES), given("q", "ranking", "choices", said))
    assert cell(tool, "q") == "Coffee; Tea"


@pytest.mark.parametrize(
    ("kind", "properties", "type_", "value", "text", "numbers"),
    [
        ("rating", {"steps": 3}, "number", 2, "2", ["1", "2", "3"]),
        ("opinion_scale", {"steps": 3}, "number", 0, "0", ["0", "1", "2"]),
        ("opinion_scale", {"steps": 3, "start_at_one": True}, "number", 3.0, "3", ["1", "2", "3"]),
        ("nps", {"steps": 11}, "number", 10, "10", [str(n) for n in range(11)]),
        ("number", {}, "number", 2.5, "2.5", []),
        ("yes_no", {}, "boolean", False, "No", ["1", "0"]),
        ("legal", {}, "boolean", True, "Yes", ["1", "0"]),
        ("date", {}, "date", "2026-03-29", "2026-03-29", []),
    ],
)
def test_other_kinds_of_questions(
    tool: Tool,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    properties: dict[str, Any],
    type_: str,
    value: Any,
    text: str,
    numbers: list[str],
) -> None:
    asks(monkeypatch, field("q", "Q", kind, **properties), given("q", kind, type_, value))
    assert cell(tool, "q") == text
    assert cell(tool, "q", number=2) is None
    assert [choice.number for choice in questionnaire(tool)["q"].choices] == numbers


def test_contact_details_and_hidden_fields_are_personal(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(questionnaire(tool)[key].system and questionnaire(tool)[key].personal for key in ("email", "code"))
    assert cell(tool, "code", number=3) == "C3"
    parts = [field("first", "First name", "short_text"), field("mail", "Email", "email")]
    asks(monkeypatch, field("who", "Who are you?", "contact_info", fields=parts))
    assert all(questionnaire(tool)[key].personal for key in ("first", "mail"))
    asks(monkeypatch, field("q", "Your email", "email"))
    assert questionnaire(tool)["q"].personal


def test_payments_and_films_are_not_stored(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = {"amount": "1", "last4": "1234", "name": "Planted Personname"}
    asks(monkeypatch, field("q", "Pay", "payment"), given("q", "payment", "payment", payment))
    assert "q" not in fetched(tool).rows.columns
    asks(monkeypatch, field("q", "Say", "multi_format"), given("q", "multi_format", "film", {"url": "planted.example"}))
    assert cell(tool, "q") is None
