"""KoboToolbox's own traps; what every connector must do is in test_apis.py."""

import json
from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest

from cfc_pipeline.errors import ConfigError, SourceError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis import kobo
from cfc_pipeline.sources.apis.answers import Answers
from cfc_pipeline.sources.raw import RECORD, SUBMITTED, RawColumn
from cfc_pipeline.sources.web import Web
from tests.servers import kobo as server
from tests.servers.local import Answer, Fault, Request, Tool, as_json, running
from tests.servers.world import LABELS, people


@pytest.fixture
def tool() -> Iterator[Tool]:
    with running(server, people(4)) as tool:
        yield tool


def connected(tool: Tool) -> Web:
    web = kobo.connect(Fetch(survey=server.SURVEY, server=tool.base), server.SECRET)
    web.sleep = lambda seconds: None
    return web


def questionnaire(tool: Tool) -> dict[str, RawColumn]:
    return {column.key: column for column in kobo.questionnaire(connected(tool), server.SURVEY)}


def fetched(tool: Tool, since: str | None = None) -> Answers:
    form = tuple(questionnaire(tool).values())
    return kobo.responses(connected(tool), server.SURVEY, form, {column.key for column in form}, since)


def asks(monkeypatch: pytest.MonkeyPatch, survey: list[dict[str, Any]], *choices: tuple[str, str, str]) -> None:
    """The form has only these questions; choices are (list, name, label)."""
    lists = [{"list_name": where, "name": name, "label": [label]} for where, name, label in choices]
    monkeypatch.setattr(server, "content", lambda world: {"survey": survey, "choices": lists})


def answered(monkeypatch: pytest.MonkeyPatch, **cells: Any) -> None:
    """Everybody's answers, beside what they had."""
    plain = server.response
    monkeypatch.setattr(server, "response", lambda one: plain(one) | cells)


def test_a_server_must_be_named() -> None:
    with pytest.raises(ConfigError, match="several servers"):
        kobo.connect(Fetch(survey="a"), "secret")


def test_more_than_a_page_of_a_thousand_comes_whole(tool: Tool) -> None:
    tool.world = people(1001)
    assert len(fetched(tool).rows) == 1001
    assert len(tool.data_requests) == 2


def test_only_what_is_wanted_is_asked_for(tool: Tool) -> None:
    form = tuple(questionnaire(tool).values())
    kobo.responses(connected(tool), server.SURVEY, form, {"comment"}, None)
    assert json.loads(tool.data_requests[0].query["fields"]) == ["_id", "_submission_time", "comment"]


def test_names_become_labels_and_several_are_split_at_spaces(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    question = {"type": "select_multiple", "name": "helped", "label": ["What?"], "select_from_list_name": "l"}
    asks(monkeypatch, [question], ("l", "3", "The group; really"), ("l", "4", "Time"), ("other", "4", "Wrong list"))
    answered(monkeypatch, helped="3 4")
    assert fetched(tool).rows["helped"].unique().to_list() == ["The group; really; Time"]


def test_a_name_that_the_form_lost_stays_as_it_is(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    question = {"type": "select_one", "name": "mood", "label": "How?", "select_from_list_name": "l"}
    asks(monkeypatch, [question], ("l", "good", "Good"))
    answered(monkeypatch, mood="good awful")
    assert fetched(tool).rows["mood"].unique().to_list() == ["good awful"]


def test_a_name_is_a_number_only_if_it_is_written_as_one(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    question = {"type": "select_one", "name": "q", "label": ["Q"], "select_from_list_name": "l"}
    asks(monkeypatch, [question], ("l", "-1", "Less"), ("l", "same", "Same"))
    assert [choice.number for choice in questionnaire(tool)["q"].choices] == ["-1", None]


def test_a_question_without_a_label_is_called_by_its_name(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    asks(monkeypatch, [{"type": "text", "$autoname": "Why", "label": [None]}, {"type": "calculate", "name": "cohort"}])
    assert {key: column.text for key, column in questionnaire(tool).items()} == {"Why": "Why", "cohort": "cohort"}


def test_groups_are_in_the_key_also_where_the_form_names_no_path(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = {"type": "text", "name": "q", "label": ["Q"]}
    groups = [{"type": "begin_group", "name": "a"}, {"type": "begin_group", "name": "b"}]
    asks(monkeypatch, [*groups, inner, {"type": "end_group"}, {"type": "end_group"}, {"type": "text", "name": "last"}])
    assert list(questionnaire(tool)) == ["a/b/q", "last"]


def test_rows_of_a_rating_table_offer_its_choices(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    start = {"type": "begin_score", "name": "t", "label": ["Rate"], "kobo--score-choices": "l"}
    asks(
        monkeypatch,
        [start, {"type": "score__row", "name": "r", "label": ["This"]}, {"type": "end_score"}],
        ("l", "1", "Poor"),
    )
    answered(monkeypatch, **{"t/r": "1"})
    row = questionnaire(tool)["t/r"]
    assert (row.text, row.option, [choice.label for choice in row.choices]) == ("Rate", "This", ["Poor"])
    assert fetched(tool).rows["t/r"].unique().to_list() == ["Poor"]


def test_repeat_groups_are_left_out(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    repeat = [{"type": "begin_repeat", "name": "pupils"}, {"type": "text", "name": "who"}, {"type": "end_repeat"}]
    asks(monkeypatch, [*repeat, {"type": "text", "name": "after"}])
    answered(monkeypatch, pupils=[{"pupils/who": "Planted"}])
    assert list(questionnaire(tool)) == ["after"]
    assert fetched(tool).rows.columns[4:] == ["after"]


def test_what_the_device_knows_of_a_person_is_personal(tool: Tool) -> None:
    form = questionnaire(tool)
    assert {key for key, column in form.items() if column.personal} == {"email", "username"}
    assert "start" not in form


def test_an_edit_keeps_its_record_and_is_found_by_the_comparison(tool: Tool) -> None:
    first = fetched(tool)
    tool.world.add(9)
    tool.world.edit(2, comment="Changed my mind")
    again = fetched(tool)
    assert sorted(again.rows[RECORD]) == sorted([*first.rows[RECORD], server.record(9)])
    edited = again.rows.filter(pl.col(RECORD) == server.record(2))
    assert edited["comment"].to_list() == ["Changed my mind"]
    assert edited[SUBMITTED].item() == first.rows.filter(pl.col(RECORD) == server.record(2))[SUBMITTED].item()


def test_times_are_utc_and_say_so(tool: Tool) -> None:
    assert fetched(tool).rows[SUBMITTED].to_list()[0] == "2026-01-05T09:07:00Z"


def test_a_fetch_of_news_asks_for_an_hour_more(tool: Tool) -> None:
    first = fetched(tool)
    tool.requests.clear()
    fetched(tool, first.cursor)
    asked = json.loads(tool.data_requests[0].query["query"])
    assert first.cursor == "2026-01-05T09:28:00Z"
    assert asked["_submission_time"] == {"$gte": "2026-01-05T08:28:00"}


def test_a_deletion_while_pages_are_walked_hides_nobody(tool: Tool) -> None:
    """By position, everybody behind would move up, and the first of the next page with them."""
    tool.world = people(2500)
    deleted = iter((5, 1400))
    tool.after_data = lambda: tool.world.delete(number) if (number := next(deleted, None)) else None
    records = set(fetched(tool).rows[RECORD])
    assert records >= {server.record(number) for number in tool.world.given}


def page(change: Any) -> Fault:
    def fault(request: Request, right: Answer) -> Answer:
        content = json.loads(right.body)
        return as_json(content | change(content))

    return fault


@pytest.mark.parametrize(
    "change",
    [
        lambda content: {"results": content["results"][:-1]},
        lambda content: {"results": []},
        lambda content: {"results": content["results"][::-1]},
        lambda content: {"results": [*content["results"], content["results"][-1]]},
        lambda content: {"count": 5},
    ],
    ids=["cut", "empty", "in another order", "twice", "more was promised"],
)
def test_a_page_that_is_not_as_it_was_asked_for_is_refused(tool: Tool, change: Any) -> None:
    tool.faults.append(page(change))
    with pytest.raises(SourceError, match="cannot be used"):
        fetched(tool)


def test_a_server_that_sends_the_first_page_for_every_page_is_refused(tool: Tool) -> None:
    """As one would that does not know `query`."""
    first: list[Answer] = []
    tool.world = people(1500)
    tool.faults.extend([lambda request, right: first.append(right) or right, lambda request, right: first[0]])
    with pytest.raises(SourceError, match="repeat"):
        fetched(tool)


def test_columns_of_choices_hold_labels_only(tool: Tool) -> None:
    assert set(fetched(tool).rows[server.KEYS[1]]) <= set(LABELS.values())
