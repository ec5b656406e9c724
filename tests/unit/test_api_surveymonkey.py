"""SurveyMonkey's own traps; what every connector must do is in test_apis.py."""

from collections.abc import Iterator
from typing import Any

import pytest

from cfc_pipeline.errors import SourceError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis import surveymonkey
from cfc_pipeline.sources.apis.answers import Answers
from cfc_pipeline.sources.fetched import settled
from cfc_pipeline.sources.raw import COMPLETE, NOT_TICKED, RECORD, TEST
from cfc_pipeline.sources.web import Web, known_shape
from tests.servers import surveymonkey as server
from tests.servers.local import Answer, Tool, running
from tests.servers.world import people

BOXES = {"choices": [{"id": "71", "text": "Talk"}, {"id": "72", "text": "Rest"}], "other": {"id": "79", "text": "Else"}}


@pytest.fixture
def tool() -> Iterator[Tool]:
    with running(server, people(4)) as tool:
        yield tool


def connected(tool: Tool) -> Web:
    web = surveymonkey.connect(Fetch(survey=server.SURVEY, server=f"{tool.base}/v3"), server.SECRET)
    web.sleep = lambda seconds: None
    return web


def fetched(tool: Tool) -> Answers:
    form = surveymonkey.questionnaire(connected(tool), server.SURVEY)
    wanted = {column.key for column in form}
    with known_shape("SurveyMonkey"):
        return settled(surveymonkey.responses(connected(tool), server.SURVEY, form, wanted, None))


def says(monkeypatch: pytest.MonkeyPatch, **parts: Any) -> None:
    """Every response has these parts."""
    plain = server._response
    monkeypatch.setattr(server, "_response", lambda one, world: plain(one, world) | parts)


def cells(
    tool: Tool, monkeypatch: pytest.MonkeyPatch, question: dict[str, Any], *answers: dict[str, Any]
) -> dict[str, str | None]:
    """What is read when the form has only this question and everybody answered so."""
    asked = {"id": "5", "headings": [{"heading": "Q"}], **question}
    monkeypatch.setattr(server, "_details", lambda world: {"pages": [{"id": "1", "questions": [asked]}]})
    says(monkeypatch, pages=[{"id": "1", "questions": [{"id": "5", "answers": list(answers)}]}])
    return {key: cell for key, cell in fetched(tool).rows.row(0, named=True).items() if key.startswith("5")}


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([{"choice_id": "71"}], ("Talk", NOT_TICKED, None)),
        ([{"choice_id": "72"}, {"other_id": "79", "text": "Tea"}], (NOT_TICKED, "Rest", "Tea")),
        ([{"other_id": "79", "text": "Tea"}], (NOT_TICKED, NOT_TICKED, "Tea")),
        ([{"choice_id": "73"}], (NOT_TICKED, NOT_TICKED, None)),  # a choice that the form lost
    ],
)
def test_what_was_not_ticked_is_told_where_the_question_was_answered(
    tool: Tool, monkeypatch: pytest.MonkeyPatch, answers: list[dict[str, str]], said: tuple[str | None, ...]
) -> None:
    question = {"family": "multiple_choice", "answers": BOXES}
    assert tuple(cells(tool, monkeypatch, question, *answers).values()) == said


def test_nothing_is_said_of_boxes_that_nobody_reached(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    question = {"id": "6", "family": "multiple_choice", "headings": [{"heading": "Q"}], "answers": BOXES}
    monkeypatch.setattr(server, "_details", lambda world: {"pages": [{"id": "1", "questions": [question]}]})
    assert fetched(tool).rows["6_71"].to_list() == [None] * 4


def test_a_choice_that_comes_twice_is_a_choice_and_a_text(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    question = {"family": "single_choice", "answers": BOXES}
    said = cells(tool, monkeypatch, question, {"choice_id": "71"}, {"other_id": "79", "text": " Tea "})
    assert said == {"5": "Talk", "5_79": "Tea"}


def test_a_table_of_menus_has_a_cell_for_row_and_column(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = [{"id": "41", "text": "Day", "choices": [{"id": "51", "text": "Monday"}]}]
    question = {"family": "matrix", "answers": {"rows": [{"id": "31", "text": "First"}], "cols": columns}}
    said = cells(tool, monkeypatch, question, {"row_id": "31", "col_id": "41", "choice_id": "51"})
    assert said == {"5_31_41": "Monday"}


def test_a_response_without_a_page_is_one_all_the_same(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    says(monkeypatch, pages=[], response_status="partial", collection_mode="survey_preview")
    rows = fetched(tool).rows
    assert rows[RECORD].to_list() == [server.record(number) for number in range(1, 5)]
    assert not rows[COMPLETE].any()
    assert rows[TEST].all()


@pytest.mark.parametrize(
    "part", [{"id": None}, {"date_modified": None}, {"pages": None}, {"pages": [{}]}, {"pages": [{"questions": [{}]}]}]
)
def test_a_response_that_lacks_a_part_is_refused(
    tool: Tool, monkeypatch: pytest.MonkeyPatch, part: dict[str, Any]
) -> None:
    says(monkeypatch, **part)
    with pytest.raises(SourceError, match="shape"):
        fetched(tool)


@pytest.mark.parametrize("body", [b"[]", b"{}", b"null", b'{"data": {}}', b"<html>", b'{"data": [' * 5000])
def test_another_answer_is_refused(tool: Tool, body: bytes) -> None:
    tool.faults.append(lambda request, right: Answer(200, body))
    with pytest.raises(SourceError, match="shape"):
        fetched(tool)


def test_a_survey_of_several_thousand_comes_whole(tool: Tool) -> None:
    tool.world = people(2150)
    rows = fetched(tool).rows
    assert set(rows[RECORD]) == {server.record(number) for number in range(1, 2151)}
    assert not rows[server.COMMENT_KEY].null_count()
