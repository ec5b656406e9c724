"""REDCap: batches that must be whole, events and repeats, boxes, missing-data codes, and whose clock it is."""

from collections.abc import Iterator
from typing import Any

import pytest

from cfc_pipeline.errors import ConfigError, SourceError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis import redcap as api
from cfc_pipeline.sources.apis.answers import Answers
from cfc_pipeline.sources.raw import COMPLETE, NOT_TICKED, RECORD, SUBMITTED, TEST
from cfc_pipeline.sources.web import Web
from tests.servers import redcap as server
from tests.servers.local import Answer, Tool, as_json, running
from tests.servers.world import World, people


@pytest.fixture
def tool() -> Iterator[Tool]:
    with running(server, people(4)) as tool:
        yield tool


def connected(tool: Tool, survey: str = server.SURVEY) -> Web:
    web = api.connect(Fetch(survey=survey, server=server.SERVER.format(base=tool.base)), server.SECRET)
    web.sleep = lambda seconds: None
    return web


def fetched(tool: Tool, *wanted: str, since: str | None = None) -> Answers:
    web = connected(tool)
    return api.responses(web, server.SURVEY, api.questionnaire(web, server.SURVEY), set(wanted), since)


def with_rows(monkeypatch: pytest.MonkeyPatch, *rows: dict[str, Any]) -> None:
    blank = dict.fromkeys(["care_1", "helped", f"{server.SURVEY}_complete", f"{server.SURVEY}_timestamp"], "")
    monkeypatch.setattr(server, "records", lambda form, world: [blank | row for row in rows])


def test_records_come_a_hundred_at_a_time_after_their_ids(tool: Tool) -> None:
    tool.world = people(230)
    assert len(fetched(tool, "care_1").rows) == 230
    asked = [request.form() for request in tool.data_requests]
    assert [len(server.listed(form, "records")) for form in asked] == [0, 100, 100, 30]
    assert server.listed(asked[0], "fields") == ["record_id"]
    assert server.listed(asked[1], "fields") == ["record_id", "care_1", "cfc_feedback_complete"]
    assert all(form["exportSurveyFields"] == "true" for form in asked[1:])


def test_a_box_is_asked_for_by_its_field(tool: Tool) -> None:
    fetched(tool, "tried___1", "tried____2")
    assert server.listed(tool.data_requests[1].form(), "fields") == ["record_id", "tried", "cfc_feedback_complete"]


def test_a_batch_that_lost_a_record_is_refused(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    records = server.records

    def short(form: dict[str, str], world: World) -> list[dict[str, Any]]:
        return records(form, world)[: 3 if server.listed(form, "records") else None]

    monkeypatch.setattr(server, "records", short)
    with pytest.raises(SourceError, match="left out 1 of 4 records"):
        fetched(tool, "care_1")


def test_a_user_who_may_not_export_a_column_is_told(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    row = server.row
    monkeypatch.setattr(server, "row", lambda one, form, fields: row(one, form, [f for f in fields if f != "phone"]))
    with pytest.raises(SourceError, match=r"left out 1 column\(s\)"):
        fetched(tool, "phone")


def test_hashed_ids_are_refused(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    row = server.row
    monkeypatch.setattr(server, "row", lambda *how: row(*how) | {"record_id": f"hash{len(tool.requests)}"})
    with pytest.raises(SourceError, match="hides their ids"):
        fetched(tool, "care_1")


def test_the_dictionary_says_what_is_personal_and_what_codes_mean(tool: Tool) -> None:
    form = {column.key: column for column in api.questionnaire(connected(tool), server.SURVEY)}
    assert [key for key, column in form.items() if column.personal] == [
        "phone",
        "record_id",
        "redcap_survey_identifier",
    ]
    assert [(one.id, one.label) for one in form["again"].choices] == [("1", "Yes"), ("0", "No")]
    assert [one.number for one in form["care_1"].choices] == ["1", "2", "3", "4", "5"]
    assert form["tried____2"].choices[0].id == "-2"
    assert "welcome" not in form
    assert form["total"].choices == ()


def test_boxes_that_nobody_saw_are_not_unticked(tool: Tool) -> None:
    tool.world.edit(2, complete=False)
    rows = fetched(tool, "helped", "tried___1", "tried____2").rows
    assert rows["tried___1"].to_list() == [NOT_TICKED, None, NOT_TICKED, NOT_TICKED]
    assert rows["tried____2"].to_list() == ["Writing a letter", None, "Writing a letter", NOT_TICKED]


def test_codes_for_missing_data_are_no_answers(tool: Tool) -> None:
    tool.world.edit(1, answers={1: -777}, comment="NA")
    rows = fetched(tool, "care_1", "helped").rows
    assert rows.select("care_1", "helped").row(0) == (None, None)


def test_one_row_an_event_and_a_repeat_and_none_where_the_form_is_blank(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def row(event: str, instrument: str, instance: int | str, answer: str, **also: str) -> dict[str, Any]:
        place = dict(zip(api._PLACES, (event, instrument, instance), strict=True))
        return {"record_id": "1", "care_1": answer, **place, **also}

    with_rows(
        monkeypatch,
        row("before_arm_1", "", "", "4"),
        row("between_arm_1", "", "", ""),  # the form does not belong to this event
        row("after_arm_1", "", "", "", cfc_feedback_complete="2"),  # sent in without an answer
        row("after_arm_1", server.SURVEY, 1, "2"),
        row("after_arm_1", server.SURVEY, 2, "3"),
        row("after_arm_1", "diary", 1, "5"),  # another instrument's repeat
    )
    rows = fetched(tool, "care_1", "redcap_event_name").rows
    assert rows[RECORD].to_list() == [
        "1|before_arm_1||",
        "1|after_arm_1||",
        "1|after_arm_1|cfc_feedback|1",
        "1|after_arm_1|cfc_feedback|2",
    ]
    assert rows["care_1"].to_list() == ["Agree", None, "Disagree", "Neutral"]
    assert rows["redcap_event_name"][0] == "before_arm_1"


def test_times_are_the_servers_and_not_completed_is_no_time(tool: Tool) -> None:
    tool.world.edit(4, complete=False)
    answers = fetched(tool, "helped")
    assert answers.zone is None
    assert answers.rows[SUBMITTED].to_list()[2:] == ["2026-01-05 09:21:00", None]
    assert answers.rows[COMPLETE].to_list() == [True, True, True, False]
    assert answers.cursor == "2026-01-05 09:21:00"


def test_the_date_range_begins_a_day_and_an_hour_earlier(tool: Tool) -> None:
    fetched(tool, "helped", since="2026-01-05 09:21:00")
    assert tool.data_requests[0].form()["dateRangeBegin"] == "2026-01-04 08:21:00"


def test_a_form_that_is_no_survey_has_no_cursor(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    with_rows(monkeypatch, {"record_id": "1", "care_1": "4", f"{server.SURVEY}_complete": "2"})
    answers = fetched(tool, "care_1")
    assert (answers.cursor, answers.everything) == (None, True)
    assert answers.rows.select(RECORD, SUBMITTED, COMPLETE).rows() == [("1", None, True)]


def test_a_project_in_development_holds_tests(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(server.PROJECT, "in_production", 0)
    assert fetched(tool, "helped").rows[TEST].all()


def test_an_instrument_that_does_not_exist_is_said(tool: Tool) -> None:
    with pytest.raises(SourceError, match="no such survey"):
        api.questionnaire(connected(tool, "other_form"), "other_form")


def test_the_address_is_needed() -> None:
    with pytest.raises(ConfigError, match="not named"):
        api.connect(Fetch(survey="x"), "t")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (as_json({"error": "REDCap ran out of server memory. Personname"}), "several times in a row"),
        (as_json({"error": "REDCap ran out of server memory."}, 400), "several times in a row"),
        (as_json({"error": "You cannot export arms for classic projects"}, 400), "refuses the request"),
        (as_json({"error": "Something about Personname"}), "refuses the request"),
        (Answer(404, b"<html>Not found</html>"), "refuses the request"),
    ],
)
def test_errors_in_bodies_are_errors_whatever_the_status(tool: Tool, answer: Answer, said: str) -> None:
    tool.faults.extend([lambda request, right: answer] * 5)
    with pytest.raises(SourceError, match=said) as caught:
        fetched(tool, "helped")
    assert "Personname" not in str(caught.value)
