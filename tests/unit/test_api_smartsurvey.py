"""SmartSurvey's own traps; what every connector must do is in test_apis.py."""

from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest

from cfc_pipeline.errors import ConfigError, SourceError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis import smartsurvey
from cfc_pipeline.sources.apis.answers import Answers
from cfc_pipeline.sources.fetched import settled
from cfc_pipeline.sources.raw import COMPLETE, NOT_TICKED, RECORD, SUBMITTED, RawColumn
from cfc_pipeline.sources.web import Web, known_shape
from tests.servers import smartsurvey as server
from tests.servers.local import Answer, Request, Tool, as_json, running
from tests.servers.world import people

RADIO = [{"id": 61, "type": "radio", "title": "Yes"}, {"id": 62, "type": "radio", "title": "No"}]
BOXES = [{"id": 71, "type": "checkbox", "title": "Talk"}, {"id": 72, "type": "checkbox", "title": "Rest"}]
OTHER = {"id": 79, "type": "other", "title": "Something else"}


@pytest.fixture
def tool() -> Iterator[Tool]:
    with running(server, people(4)) as tool:
        yield tool


def connected(tool: Tool) -> Web:
    web = smartsurvey.connect(Fetch(survey=server.SURVEY, server=f"{tool.base}/v1"), server.SECRET)
    web.sleep = lambda seconds: None
    return web


def questionnaire(tool: Tool) -> dict[str, RawColumn]:
    return {column.key: column for column in smartsurvey.questionnaire(connected(tool), server.SURVEY)}


def fetched(tool: Tool, since: str | None = None) -> Answers:
    form = tuple(questionnaire(tool).values())
    wanted = {column.key for column in form}
    return settled(smartsurvey.responses(connected(tool), server.SURVEY, form, wanted, since))


def cells(
    tool: Tool, monkeypatch: pytest.MonkeyPatch, question: dict[str, Any], *answers: dict[str, Any]
) -> dict[str, str | None]:
    """What is read when the form has only this question and everybody answered so."""
    asked = {"id": 5, "title": "Q", "choices": [], **question}
    plain = server.response

    def response(one: Any, world: Any) -> dict[str, Any]:
        given = [{"id": 5, "type": asked["type"], "answers": list(answers)}]
        return plain(one, world) | {"pages": [{"id": 1, "questions": given}]}

    monkeypatch.setattr(server, "form", lambda world: [{"id": 1, "questions": [asked]}])
    monkeypatch.setattr(server, "response", response)
    return {key: cell for key, cell in fetched(tool).rows.row(0, named=True).items() if key.startswith("5")}


@pytest.mark.parametrize("secret", ["planted", "planted:", ":planted"])
def test_both_parts_of_the_secret_are_needed(secret: str) -> None:
    with pytest.raises(ConfigError, match="two parts") as caught:
        smartsurvey.connect(Fetch(survey="1"), secret)
    assert "planted" not in str(caught.value)
    assert "CFC_TOKEN_SMARTSURVEY" in str(caught.value)


def test_a_choice_is_its_label(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"type": "radio", "choice_id": 62, "choice_title": "Nope, in another language"}
    assert cells(tool, monkeypatch, {"type": "single_choice", "choices": RADIO}, answer) == {"5": "No"}


def test_a_choice_that_the_form_lost_is_told_as_people_saw_it(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"type": "dropdown", "choice_id": 63, "choice_title": "<i>Perhaps</i>"}
    assert cells(tool, monkeypatch, {"type": "single_choice", "choices": RADIO}, answer) == {"5": "Perhaps"}


def test_the_text_beside_a_choice_has_its_own_column(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    question = {"type": "single_choice", "choices": [*RADIO, OTHER]}
    answer = {"type": "other", "choice_id": 79, "choice_title": "Something else", "value": "Tea"}
    assert cells(tool, monkeypatch, question, answer) == {"5": None, "5_79": "Tea"}


def test_an_empty_text_is_no_answer_and_not_its_heading(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    question = {"type": "single_choice", "choices": [*RADIO, OTHER]}
    answer = {"type": "other", "choice_id": 79, "choice_title": "Something else", "value": ""}
    assert cells(tool, monkeypatch, question, answer)["5_79"] is None


def test_boxes_that_were_left_empty_are_told_from_a_question_that_was(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = {"type": "multiple_choice", "choices": BOXES}
    ticked = {"type": "checkbox", "choice_id": 71, "choice_title": "Talk"}
    assert cells(tool, monkeypatch, question, ticked) == {"5_71": "Talk", "5_72": NOT_TICKED}
    assert cells(tool, monkeypatch, question) == {"5_71": None, "5_72": None}


def test_several_columns_of_a_row_are_joined(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    table = [{"id": 1, "type": "matrix_row", "title": "Row"}]
    table += [{"id": number, "type": "matrix_col", "title": f"Column {number}"} for number in (8, 9)]
    answers = [{"type": "matrix_row", "row_id": 1, "column_id": number} for number in (8, 9)]
    found = cells(tool, monkeypatch, {"type": "matrix", "choices": table}, *answers)
    assert found == {"5_1": "Column 8; Column 9"}


def test_a_table_of_lists_does_not_pass_its_columns_off_as_answers(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    table = [{"id": 1, "type": "matrix_row", "title": "Row"}, {"id": 8, "type": "matrix_col", "title": "Column 8"}]
    answer = {"type": "matrix_row", "row_id": 1, "column_id": 8, "dropdown_id": 3, "dropdown_title": "Often"}
    assert cells(tool, monkeypatch, {"type": "matrix", "choices": table}, answer) == {"5_1": None}


def test_parts_that_do_not_apply_may_be_null(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a later version of the interface sends them."""
    nulls = {"row_id": None, "column_id": None, "dropdown_id": None, "value": None}
    answer = nulls | {"type": "radio", "choice_id": 61, "choice_title": "Yes"}
    assert cells(tool, monkeypatch, {"type": "single_choice", "choices": RADIO}, answer) == {"5": "Yes"}


def test_several_texts_of_one_question_are_kept_apart(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = [{"id": number, "type": "text", "title": f"Box {number}"} for number in (66, 67)]
    answers = [{"type": "text", "choice_id": number, "value": f"text {number}"} for number in (66, 67)]
    found = cells(tool, monkeypatch, {"type": "open_ended", "choices": boxes}, *answers)
    assert found == {"5_66": "text 66", "5_67": "text 67"}


def test_the_score_of_a_choice_is_its_number(tool: Tool) -> None:
    choices = questionnaire(tool)[server.KEYS[1]].choices
    assert [choice.number for choice in choices] == ["1", "2", "3", "4", "5"]


def test_unfinished_responses_come_and_say_so(tool: Tool) -> None:
    tool.world.edit(2, complete=False)
    rows = fetched(tool).rows
    assert rows.filter(~pl.col(COMPLETE))[RECORD].to_list() == [server.record(2)]


def test_times_are_utc_and_say_so(tool: Tool) -> None:
    assert fetched(tool).rows[SUBMITTED].sort().to_list()[0] == "2026-01-05T09:07:00Z"


def test_a_fetch_of_news_asks_in_seconds_for_an_hour_more(tool: Tool) -> None:
    tool.requests.clear()
    fetched(tool, "2026-01-05T09:28:00Z")
    assert {request.query["since"] for request in tool.data_requests} == {"1767601680"}  # 08:28 UTC


def test_neither_part_of_the_secret_is_in_an_address(tool: Tool) -> None:
    fetched(tool)
    assert not any("planted" in str((request.path, request.query)) for request in tool.requests)


def after_each(tool: Tool, *events: Any) -> None:
    """What happens after each answer in turn; the first answer only tells how many there are."""
    left = iter(events)
    tool.after_data = lambda: next(left, lambda: None)()


def test_what_was_read_already_may_go_and_come_while_pages_are_walked(tool: Tool) -> None:
    tool.world = people(350)
    before = {server.record(number) for number in tool.world.given}
    world = tool.world
    after_each(tool, lambda: None, lambda: world.delete(320), lambda: world.add(900), lambda: world.delete(205))
    assert set(fetched(tool).rows[RECORD]) == before


@pytest.mark.parametrize("number", [5, 120])
def test_nobody_is_left_out_without_a_word_when_one_goes_and_one_comes(tool: Tool, number: int) -> None:
    """From the first page to the last, the two would cancel out in every count."""
    tool.world = people(350)
    world = tool.world
    after_each(tool, lambda: None, lambda: (world.delete(number), world.add(900)))
    with pytest.raises(SourceError, match="sent 349 of 350"):
        fetched(tool)


def test_a_page_more_since_it_was_counted_is_for_the_next_fetch(tool: Tool) -> None:
    tool.world = people(200)
    after_each(tool, lambda: tool.world.add(900))
    assert len(fetched(tool).rows) == 200


def test_a_page_that_is_cut_is_refused(tool: Tool) -> None:
    def cut(request: Request, right: Answer) -> Answer:
        return Answer(200, b"[]", right.headers)

    tool.faults.append(cut)
    with pytest.raises(SourceError, match="sent 0 of 4"):
        fetched(tool)


def test_more_pages_than_anybody_has_are_not_walked(tool: Tool) -> None:
    tool.faults.append(lambda request, right: as_json([], **{"X-SS-Pagination-Total": "9" * 12}))
    with pytest.raises(SourceError, match="never end"):
        fetched(tool)


def test_a_body_without_a_total_is_refused(tool: Tool) -> None:
    tool.faults.append(lambda request, right: as_json([]))
    with pytest.raises(SourceError, match="shape"), known_shape("SmartSurvey"):
        fetched(tool)


def test_an_answer_without_words_adds_none_to_another(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [{"type": "rank", "choice_id": number, "value": said} for number, said in ((81, "First"), (82, None))]
    assert cells(tool, monkeypatch, {"type": "ranking"}, *answers) == {"5": "First"}


@pytest.mark.parametrize(
    "part", [{"id": None}, {"status": None}, {"pages": None}, {"pages": [{}]}, {"pages": [{"questions": [{"id": 5}]}]}]
)
def test_a_response_that_lacks_a_part_is_refused(
    tool: Tool, monkeypatch: pytest.MonkeyPatch, part: dict[str, Any]
) -> None:
    plain = server.response
    monkeypatch.setattr(server, "response", lambda one, world: plain(one, world) | part)
    with pytest.raises(SourceError, match="shape"), known_shape("SmartSurvey"):
        fetched(tool)
