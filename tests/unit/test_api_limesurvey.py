"""LimeSurvey: errors inside good answers, sessions, codes and labels, and what empty means."""

from collections.abc import Iterator
from typing import Any

import pytest

from cfc_pipeline.errors import ConfigError, SourceError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis import limesurvey as api
from cfc_pipeline.sources.apis.answers import Answers
from cfc_pipeline.sources.raw import COMPLETE, NOT_TICKED, SUBMITTED
from cfc_pipeline.sources.web import Web
from tests.servers import limesurvey as server
from tests.servers.local import Answer, Tool, running
from tests.servers.world import people


@pytest.fixture
def tool() -> Iterator[Tool]:
    with running(server, people(4)) as tool:
        yield tool


def connected(tool: Tool) -> Web:
    web = api.connect(Fetch(survey=server.SURVEY, server=tool.base), server.SECRET)
    web.sleep = lambda seconds: None
    return web


def fetched(tool: Tool, *wanted: str) -> Answers:
    web = connected(tool)
    return api.responses(web, server.SURVEY, api.questionnaire(web, server.SURVEY), set(wanted), None)


def called(tool: Tool) -> list[str]:
    return [request.json()["method"] for request in tool.requests]


def test_every_session_is_given_back_also_after_an_error(tool: Tool) -> None:
    fetched(tool, "Helped")
    tool.faults.append(lambda request, right: server.refusal("permission"))
    with pytest.raises(SourceError, match="may not read"):
        fetched(tool, "Helped")
    assert called(tool).count("get_session_key") == called(tool).count("release_session_key") == 4


def test_a_wrong_password_is_tried_once_because_three_lock_the_account(tool: Tool) -> None:
    web = api.connect(Fetch(survey=server.SURVEY, server=tool.base), "reader:wrong")
    with pytest.raises(SourceError, match="does not accept the token"):
        api.questionnaire(web, server.SURVEY)
    assert called(tool) == ["get_session_key"]


def test_a_password_may_hold_colons_and_a_secret_without_one_is_refused() -> None:
    assert api.connect(Fetch(survey="1", server="https://s.example"), "reader:a:b").secret == "reader:a:b"
    with pytest.raises(ConfigError, match="no colon") as caught:
        api.connect(Fetch(survey="1", server="https://s.example"), "planted")
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize("written", ["", "/index.php", "/index.php/admin/remotecontrol/"])
def test_the_address_may_be_written_in_full(written: str) -> None:
    assert (
        api.connect(Fetch(survey="1", server=f"https://s.example/ls{written}"), "a:b").server == "https://s.example/ls"
    )
    with pytest.raises(ConfigError, match="not named"):
        api.connect(Fetch(survey="1"), "a:b")


def test_only_fields_that_are_needed_are_exported_by_their_names_in_the_database(tool: Tool) -> None:
    fetched(tool, "Care[SQ002]", "token")
    asked = next(r.json()["params"] for r in tool.requests if r.json()["method"] == "export_responses")
    assert asked[-1] == ["id", "submitdate", "token", "datestamp", "123456X1X2SQ002"]


def test_a_silent_server_has_its_interface_switched_off(tool: Tool) -> None:
    tool.faults.append(lambda request, right: Answer(200, b""))
    with pytest.raises(SourceError, match="switched off"):
        fetched(tool, "Helped")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (server.status("No Data, survey table does not exist."), "not active"),
        (server.status("Survey forbidden, Personname", error_code="ERR_NO_PERMISSION"), "may not read"),
        (server.status("Survey gone", error_code="ERR_NOT_FOUND"), "no such survey"),
        (server.status("Something about Personname"), "words that this version does not know"),
        (server.result(None, "SQLSTATE Personname"), "error of its own"),
        (server.result("=not base64="), "cannot be read"),
        (Answer(500, b"<html>Personname</html>"), "several times in a row"),
    ],
)
def test_errors_inside_good_answers_are_errors(tool: Tool, answer: Answer, said: str) -> None:
    tool.faults.extend([lambda request, right: answer] * 5)
    with pytest.raises(SourceError, match=said) as caught:
        fetched(tool, "Helped")
    assert "Personname" not in str(caught.value)


def test_a_survey_that_was_taken_down_is_no_empty_survey(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_summary", lambda world: {"sid": server.SURVEY})
    with pytest.raises(SourceError, match="not active"):
        fetched(tool, "Helped")


def test_fewer_responses_than_the_tool_counts_are_refused(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_summary", lambda world: {"completed_responses": "5", "incomplete_responses": "1"})
    with pytest.raises(SourceError, match="4 of 6"):
        fetched(tool, "Helped")


def test_a_field_that_does_not_come_is_refused(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "heading", lambda name, world: name)
    with pytest.raises(SourceError, match=r"left out 1 column\(s\)"):
        fetched(tool, "Care[SQ001]")


def test_unfinished_ones_have_the_time_of_the_last_action_and_no_date_is_none(tool: Tool) -> None:
    tool.world.edit(2, complete=False)
    tool.world.given[3] = tool.world.given[3].__class__(
        3, "", tool.world.given[3].submitted.replace(year=1980, month=1, day=1), tool.world.now, {}
    )
    answers = fetched(tool, "Helped")
    assert answers.zone is None
    assert answers.rows[SUBMITTED].to_list()[:3] == [
        "2026-01-05 09:07:00",
        f"{tool.world.given[2].changed:%Y-%m-%d %H:%M:%S}",
        None,
    ]
    assert answers.rows[COMPLETE].to_list() == [True, False, True, True]


def test_boxes_are_unticked_only_where_another_one_was_ticked(tool: Tool) -> None:
    rows = fetched(tool, "Tried[SQ001]", "Tried[SQ002]").rows
    assert rows["Tried[SQ001]"].to_list() == [NOT_TICKED, None, NOT_TICKED, None]
    assert rows["Tried[SQ002]"].to_list() == ["Writing a letter", None, "Writing a letter", None]


def test_a_code_that_the_form_does_not_have_stays_a_code(tool: Tool) -> None:
    tool.world.edit(1, answers={1: 9})
    assert fetched(tool, "Care[SQ001]").rows["Care[SQ001]"][0] == "A9"


def test_labels_change_with_the_form_and_codes_do_not(tool: Tool) -> None:
    before = fetched(tool, "Care[SQ001]").rows
    tool.world.labels[3] = "Neither agree nor disagree"
    after = fetched(tool, "Care[SQ001]").rows
    assert "Neutral" in before["Care[SQ001]"].to_list()
    assert "Neutral" not in after["Care[SQ001]"].to_list()


def choices(kind: str, options: Any = None, other: bool = False, **also: Any) -> list[tuple[str, str, str | None]]:
    field = {"fieldname": "x", "title": "Q", "question": "T", "type": kind, "aid": "", **also}
    return [(one.id, one.label, one.number) for one in api._column(field, options, other).choices]


def option(label: str, value: int, order: int) -> dict[str, Any]:
    return {"answer": label, "assessment_value": value, "order": order, "scale_id": 0}


def test_numbers_are_assessment_values_else_codes_that_are_numbers() -> None:
    assert choices("L", {"A2": option("Yes", 7, 2), "A1": option("No", 0, 1)}) == [
        ("A1", "No", "0"),
        ("A2", "Yes", "7"),
    ]
    assert choices("L", {"1": option("No", 0, 1), "x": option("Yes", 0, 2)}) == [("1", "No", "1"), ("x", "Yes", None)]


def test_codes_from_zero_on_come_as_a_list() -> None:
    assert choices("F", [option("No", 0, 1), option("Yes", 0, 2)]) == [("0", "No", "0"), ("1", "Yes", "1")]


def test_two_scales_of_one_question_share_codes() -> None:
    both = [{"A1": option("Rarely", 1, 1)}, {"A1": option("Gladly", 1, 1)}]
    second = {"scale_id": "1", "scale": "How gladly", "aid": "SQ001", "subquestion": "Row"}
    assert choices("1", both, **second) == [("A1", "Gladly", "1")]
    field = {"fieldname": "x", "title": "Q", "question": "T", "type": "1", **second}
    assert (api._key(field), api._column(field, both, False).option) == ("Q[SQ001][2]", "Row | How gladly")


def test_questions_with_choices_of_their_own() -> None:
    assert choices("Y") == [("Y", "Yes", None), ("N", "No", None)]
    assert choices("5")[-1] == ("5", "5", "5")
    assert choices("L", "No available answer options", other=True) == [("-oth-", "Other", None)]
    assert choices("L", aid="other") == []
    assert choices("P", aid="SQ001comment") == []
