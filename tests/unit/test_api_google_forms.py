"""Google Forms' own traps; what every connector must do is in test_apis.py."""

import json
from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from cfc_pipeline.errors import ConfigError, SourceError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis import google_forms
from cfc_pipeline.sources.apis.answers import Answers
from cfc_pipeline.sources.fetched import settled
from cfc_pipeline.sources.forms import form as file_form
from cfc_pipeline.sources.raw import RECORD, SUBMITTED, RawColumn
from cfc_pipeline.sources.web import Web, known_shape
from tests.servers import google_forms as server
from tests.servers.google_forms import given, item
from tests.servers.local import SECRET_TOKEN, Answer, Request, Tool, as_json, running
from tests.servers.world import people


@pytest.fixture
def tool() -> Iterator[Tool]:
    with running(server, people(4)) as tool:
        yield tool


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return server.new_key()


def connected(tool: Tool, secret: str = server.SECRET) -> Web:
    web = google_forms.connect(Fetch(survey=server.SURVEY, server=tool.base), secret)
    web.sleep = lambda seconds: None
    return web


def questionnaire(tool: Tool) -> dict[str, RawColumn]:
    return {column.key: column for column in google_forms.questionnaire(connected(tool), server.SURVEY)}


def fetched(tool: Tool, since: str | None = None) -> Answers:
    form = tuple(questionnaire(tool).values())
    wanted = {column.key for column in form}
    return settled(google_forms.responses(connected(tool), server.SURVEY, form, wanted, since))


def cell(tool: Tool, key: str, number: int = 1) -> str | None:
    found: str | None = fetched(tool).rows.filter(pl.col(RECORD) == server.record(number))[key].item()
    return found


def asks(monkeypatch: pytest.MonkeyPatch, question: dict[str, Any], *answers: list[str]) -> None:
    """The form has only this question, `q`, and people gave these answers in turn."""
    plain = server.response

    def response(one: Any, world: Any) -> dict[str, Any]:
        said = answers[one.number - 1] if one.number <= len(answers) else []
        return plain(one, world) | {"answers": {"q": given("q", *said)} if said else {}}

    monkeypatch.setattr(server, "form", lambda world: {"items": [item("Q", questionId="q", **question)]})
    monkeypatch.setattr(server, "response", response)


def replies(monkeypatch: pytest.MonkeyPatch, *pages: dict[str, Any]) -> None:
    """Requests for responses are answered with these, the last again and again."""
    left, plain = list(pages), server.answer

    def answer(request: Request, world: Any, base: str) -> Answer:
        if not server.is_data(request):
            return plain(request, world, base)
        return as_json(left.pop(0) if len(left) > 1 else left[0])

    monkeypatch.setattr(server, "answer", answer)


def test_options_with_commas_stay_whole(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = ["Hispanic, Latino, or Spanish origin", "White"]
    options = [*({"value": f" {label} "} for label in labels), {"isOther": True}]
    asks(
        monkeypatch,
        {"choiceQuestion": {"type": "CHECKBOX", "options": options}},
        [f" {labels[0]}", "White"],
        ["White", "Typed"],
    )
    assert cell(tool, "q") == "Hispanic, Latino, or Spanish origin; White"
    assert cell(tool, "q", number=2) == "White; Typed"
    assert cell(tool, "q", number=3) is None
    assert [choice.label for choice in questionnaire(tool)["q"].choices] == labels


@pytest.mark.parametrize(
    ("question", "numbers"),
    [
        ({"scaleQuestion": {"low": 1, "high": 4, "lowLabel": "Never"}}, ["1", "2", "3", "4"]),
        ({"scaleQuestion": {"high": 2}}, ["0", "1", "2"]),  # a zero may be left out, as an empty list is
        ({"ratingQuestion": {"ratingScaleLevel": 3, "iconType": "STAR"}}, ["1", "2", "3"]),
    ],
)
def test_scales_have_their_numbers(
    tool: Tool, monkeypatch: pytest.MonkeyPatch, question: dict[str, Any], numbers: list[str]
) -> None:
    asks(monkeypatch, question, ["2"])
    assert [choice.number for choice in questionnaire(tool)["q"].choices] == numbers
    assert cell(tool, "q") == "2"


def test_uploaded_files_are_not_asked_for(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    asks(monkeypatch, {"fileUploadQuestion": {"folderId": "planted"}})
    assert list(questionnaire(tool)) == ["Email Address"]


def test_rows_of_a_grid_stand_under_their_question(tool: Tool) -> None:
    column = questionnaire(tool)[server.KEYS[1]]
    assert (column.text, column.option) == ("How far do you agree?", tool.world.items[1])


def test_the_address_has_the_key_that_files_know(tool: Tool) -> None:
    column = questionnaire(tool)["Email Address"]
    known = file_form("google_forms").find(column.key)
    assert known is not None
    assert known.treatment == "person_email"
    assert column.system
    assert column.personal


def test_an_edit_keeps_the_time_of_the_submission_and_needs_the_full_comparison(tool: Tool) -> None:
    tool.world = people(30)
    first = fetched(tool)
    tool.world.edit(2, comment="Changed my mind")
    changes = fetched(tool, first.cursor)
    assert not changes.everything
    assert server.record(2) not in changes.rows[RECORD].to_list()
    row = fetched(tool).rows.filter(pl.col(RECORD) == server.record(2))
    assert row[server.COMMENT_KEY].item() == "Changed my mind"
    assert row[SUBMITTED].item() == "2026-01-05T09:14:00Z"


def test_all_pages_are_walked_with_the_filter_of_the_first(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google_forms, "_PER_PAGE", 3)
    tool.world = people(8)
    first = fetched(tool)
    assert first.rows.height == 8
    again = fetched(tool, first.cursor)
    assert again.rows.height == 8
    assert tool.data_requests[-1].query["filter"] == "timestamp >= 2026-01-05T08:56:00Z"
    assert "pageToken" in tool.data_requests[-1].query


def test_pages_that_come_round_again_end_with_an_error(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    page = {"responses": [server.response(tool.world.given[1], tool.world)], "nextPageToken": "again"}
    replies(monkeypatch, page)
    with pytest.raises(SourceError, match="circle"):
        fetched(tool)


def test_an_answer_without_responses_deletes_nobody(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Google leaves empty lists out: nothing new is nothing new, but that all are gone is not believed."""
    replies(monkeypatch, {})
    changes = fetched(tool, "2026-01-05T10:00:00Z")
    assert (changes.rows.height, changes.everything, changes.cursor) == (0, False, "2026-01-05T10:00:00Z")
    with pytest.raises(SourceError, match="does not say that there are none"):
        fetched(tool)


@pytest.mark.parametrize("since", [None, "2026-01-05T10:00:00Z"])
def test_a_promised_page_that_is_missing_is_an_error(
    tool: Tool, monkeypatch: pytest.MonkeyPatch, since: str | None
) -> None:
    page = {"responses": [server.response(tool.world.given[1], tool.world)], "nextPageToken": "next"}
    replies(monkeypatch, page, {})
    with pytest.raises(SourceError, match="does not say that there are none"):
        fetched(tool, since)


def test_an_empty_page_with_more_behind_it_goes_on(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    page = {"responses": [server.response(tool.world.given[1], tool.world)]}
    replies(monkeypatch, {"nextPageToken": "next"}, page)
    assert fetched(tool).rows[RECORD].to_list() == [server.record(1)]


def test_a_time_of_another_zone_is_not_read_as_utc(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    one = server.response(tool.world.given[1], tool.world) | {"createTime": "2026-06-05T10:00:00+01:00"}
    replies(monkeypatch, {"responses": [one]})
    with pytest.raises(SourceError, match="a shape"), known_shape("the tool"):
        fetched(tool)


@pytest.mark.parametrize(("status", "message"), [("RESOURCE_EXHAUSTED", "no more requests"), ("NEW", "refuses")])
def test_an_error_in_an_answer_that_looks_good_is_an_error(
    tool: Tool, monkeypatch: pytest.MonkeyPatch, status: str, message: str
) -> None:
    replies(monkeypatch, {"error": {"code": 429, "message": "Synthetic", "status": status}})
    with pytest.raises(SourceError, match=message):
        fetched(tool)


def test_responses_that_may_not_be_read_are_noticed_by_the_count(tool: Tool) -> None:
    tool.faults.append(lambda request, right: server.refusal("permission"))
    with pytest.raises(SourceError, match="may not read"):
        google_forms.count(connected(tool), server.SURVEY)


def test_a_service_account_gets_a_token_for_its_key(tool: Tool, key: RSAPrivateKey) -> None:
    account = server.service_account(key, f"{tool.base}/token")
    google_forms.questionnaire(connected(tool, json.dumps(account)), server.SURVEY)
    exchange, asked = tool.requests
    claims = server.claims(exchange, key)
    assert exchange.form()["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert (claims["alg"], claims["kid"], claims["iss"]) == ("RS256", "synthetic-key", "reader@synthetic.example")
    assert claims["aud"] == f"{tool.base}/token"
    assert claims["exp"] - claims["iat"] == 3600
    assert all(scope.endswith(".readonly") for scope in claims["scope"].split())
    assert asked.headers["authorization"] == f"Bearer {SECRET_TOKEN}"
    assert "PRIVATE KEY" not in exchange.body.decode()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (as_json({"error": "invalid_grant", "error_description": "Synthetic"}, 400), "does not accept the token"),
        (as_json({}), "no access token"),
        (as_json({"access_token": "a\r\nb"}), "no access token"),
        (Answer(200, b"<html>"), "not JSON"),
    ],
)
def test_an_exchange_that_fails_is_said(
    tool: Tool, key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch, answer: Answer, message: str
) -> None:
    monkeypatch.setattr(server, "answer", lambda request, world, base: answer)
    with pytest.raises(SourceError, match=message) as caught:
        connected(tool, json.dumps(server.service_account(key, f"{tool.base}/token")))
    assert "reader@" not in str(caught.value)


@pytest.mark.parametrize("change", [{"private_key": "planted"}, {"private_key": None}, {"token_uri": 3}])
def test_a_broken_key_is_not_shown(tool: Tool, key: RSAPrivateKey, change: dict[str, Any]) -> None:
    account = server.service_account(key, f"{tool.base}/token") | change
    for secret in (json.dumps(account), json.dumps(account)[:-9], "{}"):
        with pytest.raises(ConfigError, match="is none") as caught:
            connected(tool, secret)
        assert "planted" not in str(caught.value)
    assert not tool.requests


def test_the_key_is_only_used_over_a_safe_line(tool: Tool, key: RSAPrivateKey) -> None:
    with pytest.raises(ConfigError, match="https"):
        connected(tool, json.dumps(server.service_account(key, "http://oauth2.googleapis.example/token")))
