"""Every connector against a local server of its tool: one suite for all, through the functions that fetching uses.

What the pipeline makes of it (keeping, comparing, deleting) is in test_fetch.py.
"""

import gc
from collections.abc import Iterator
from types import ModuleType

import polars as pl
import pytest

from cfc_pipeline.errors import SourceError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis.answers import Answers
from cfc_pipeline.sources.apis.api import APIS
from cfc_pipeline.sources.fetched import settled
from cfc_pipeline.sources.raw import COMPLETE, RECORD, TEST
from cfc_pipeline.sources.web import Web, in_one_go, known_shape
from tests.servers import SERVERS
from tests.servers.local import FAULTS, SECRET_TOKEN, Answer, Tool, running
from tests.servers.world import LABELS, people


@pytest.fixture(params=sorted(SERVERS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tool(name: str) -> Iterator[Tool]:
    with running(SERVERS[name], people(7)) as tool:
        yield tool


def connected(name: str, tool: Tool) -> Web:
    server: ModuleType = SERVERS[name]
    fetch = Fetch(survey=server.SURVEY, server=server.SERVER.format(base=tool.base))
    web = APIS[name].connect(fetch, server.SECRET)
    web.sleep = lambda seconds: None
    return web


def fetched(name: str, tool: Tool, since: str | None = None) -> Answers:
    web, server = connected(name, tool), SERVERS[name]
    wanted = {*server.KEYS.values(), server.COMMENT_KEY, server.PERSON[1]}
    form = APIS[name].questionnaire(web, server.SURVEY)
    return settled(APIS[name].responses(web, server.SURVEY, form, wanted, since))


def said(name: str, rows: pl.DataFrame) -> dict[str, tuple[str | None, ...]]:
    """Record: what the person answered, as labels, and who it was."""
    server = SERVERS[name]
    columns = [*server.KEYS.values(), server.COMMENT_KEY, server.PERSON[1]]
    return {row[0]: row[1:] for row in rows.select(RECORD, *columns).iter_rows()}


def truth(name: str, tool: Tool) -> dict[str, tuple[str | None, ...]]:
    by = SERVERS[name].PERSON[0]
    return {
        SERVERS[name].record(one.number): (
            *(tool.world.labels.get(one.answers.get(item, 0)) for item in SERVERS[name].KEYS),
            one.comment or None,
            one.email if by == "email" else one.code,
        )
        for one in tool.world.given.values()
    }


def test_everything_comes_as_it_was_answered(name: str, tool: Tool) -> None:
    answers = fetched(name, tool)
    assert said(name, answers.rows) == truth(name, tool)
    assert answers.everything
    assert answers.rows[COMPLETE].all()
    assert not answers.rows[TEST].any()


def test_columns_that_nobody_wants_are_not_kept(name: str, tool: Tool) -> None:
    server = SERVERS[name]
    wanted = {*server.KEYS.values(), server.COMMENT_KEY, server.PERSON[1]}
    assert set(fetched(name, tool).rows.columns[4:]) == wanted


def test_the_form_has_wording_order_and_choices(name: str, tool: Tool) -> None:
    server = SERVERS[name]
    form = {c.key: c for c in APIS[name].questionnaire(connected(name, tool), server.SURVEY)}
    items = [form[key] for key in server.KEYS.values()]
    assert [column.option or column.text for column in items] == list(tool.world.items.values())
    assert [key for key in form if key in server.KEYS.values()] == list(server.KEYS.values())
    assert all([choice.label for choice in column.choices] == list(LABELS.values()) for column in items)


def test_an_item_that_was_left_out_is_no_answer(name: str, tool: Tool) -> None:
    tool.world.edit(3, answers={1: 5, 2: 1}, comment="")
    rows = fetched(name, tool).rows.with_columns(
        pl.when(~pl.col(pl.String).str.starts_with("\ue000")).then(pl.col(pl.String)).name.keep()
    )
    assert said(name, rows) == truth(name, tool)


def test_an_empty_survey_has_no_responses(name: str, tool: Tool) -> None:
    tool.world.given.clear()
    answers = fetched(name, tool)
    assert answers.rows.is_empty()
    assert answers.everything
    assert APIS[name].count(connected(name, tool), SERVERS[name].SURVEY) in (0, None)


def test_the_tool_counts_what_it_sends(name: str, tool: Tool) -> None:
    assert APIS[name].count(connected(name, tool), SERVERS[name].SURVEY) in (7, None)


def test_many_responses_come_whole(name: str, tool: Tool) -> None:
    tool.world = people(230)
    assert said(name, fetched(name, tool).rows) == truth(name, tool)


def test_a_second_fetch_brings_at_least_what_is_new(name: str, tool: Tool) -> None:
    first = fetched(name, tool)
    tool.world.add(50)
    if SERVERS[name].SEES_EDITS:
        tool.world.edit(2, comment="Changed my mind")
    second = fetched(name, tool, first.cursor)
    known = said(name, first.rows) | said(name, second.rows)
    assert known == truth(name, tool)


def test_people_who_answer_while_pages_are_walked_lose_nobody(name: str, tool: Tool) -> None:
    tool.world = people(230)
    before = truth(name, tool)
    late = iter(range(900, 1000))
    tool.after_data = lambda: tool.world.add(next(late))
    first = fetched(name, tool)
    assert before.items() <= said(name, first.rows).items()
    tool.after_data = None
    assert said(name, first.rows) | said(name, fetched(name, tool, first.cursor).rows) == truth(name, tool)


@pytest.mark.parametrize("when", [1, 2])
def test_one_who_goes_while_one_comes_hides_nobody(name: str, tool: Tool, when: int) -> None:
    """Every number that the tool tells is as before, but those behind the one who went have moved up."""
    tool.world = people(350)

    def swap() -> None:
        if len(tool.data_requests) == when:
            tool.world.delete(5)
            tool.world.add(900)

    tool.after_data = swap
    try:
        records = set(fetched(name, tool).rows[RECORD])
    except SourceError:
        return  # it noticed
    assert records >= {SERVERS[name].record(number) for number in tool.world.given if number < 900}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_that_passes_loses_and_doubles_nothing(name: str, tool: Tool, fault: str) -> None:
    tool.faults.extend([FAULTS[fault]] * 2)
    answers = fetched(name, tool)
    assert said(name, answers.rows) == truth(name, tool)
    assert not tool.faults


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_that_stays_is_an_error_for_people(name: str, tool: Tool, fault: str) -> None:
    tool.faults.extend([FAULTS[fault]] * 50)
    with pytest.raises(SourceError) as caught:
        fetched(name, tool)
    assert SECRET_TOKEN not in str(caught.value)
    assert "nothing" in caught.value.next_step


@pytest.mark.parametrize("kind", ["token", "permission", "survey"])
def test_a_refusal_says_what_to_do(name: str, tool: Tool, kind: str) -> None:
    tool.faults.extend([lambda request, right: SERVERS[name].refusal(kind)] * 50)
    with pytest.raises(SourceError, match={"token": "token", "permission": "may not read", "survey": "no such"}[kind]):
        fetched(name, tool)


def test_a_wrong_token_is_said_and_not_shown(name: str, tool: Tool) -> None:
    server = SERVERS[name]
    fetch = Fetch(survey=server.SURVEY, server=server.SERVER.format(base=tool.base))
    web = APIS[name].connect(fetch, server.SECRET.replace("planted", "wrong"))
    web.sleep = lambda seconds: None
    with pytest.raises(SourceError, match="does not accept the token") as caught:
        APIS[name].questionnaire(web, server.SURVEY)
    assert "wrong-token" not in str(caught.value)


def test_a_token_that_ends_while_pages_are_walked_gives_nothing_and_the_next_fetch_everything(
    name: str, tool: Tool
) -> None:
    tool.world = people(350)
    tool.faults.extend([lambda request, right: right, *[lambda request, right: SERVERS[name].refusal("token")] * 50])
    try:
        outcome = said(name, fetched(name, tool).rows) == truth(name, tool) and len(tool.faults) == 50  # all at once
    except SourceError as error:
        outcome = "does not accept the token" in str(error)
    assert outcome
    tool.faults.clear()
    assert said(name, fetched(name, tool).rows) == truth(name, tool)


STRANGE = {
    "a login page": lambda request, right: Answer(200, b"<html>Sign in</html>", {"Content-Type": "text/html"}),
    "nothing": lambda request, right: Answer(200, b""),
    "a list of nulls": lambda request, right: Answer(200, b"[null, null]", {"Content-Type": "application/json"}),
    "an empty object": lambda request, right: Answer(200, b"{}", {"Content-Type": "application/json"}),
    "half of its JSON": lambda request, right: Answer(200, right.body[: len(right.body) // 2], dict(right.headers)),
    "deep nesting": lambda request, right: Answer(200, b"[" * 100_000, {"Content-Type": "application/json"}),
    "a redirect to another host": lambda request, right: Answer(
        302, headers={"Location": "http://127.0.0.2:1/elsewhere"}
    ),
    "a redirect to itself": lambda request, right: Answer(302, headers={"Location": request.path}),
}


@pytest.mark.parametrize("answer", sorted(STRANGE))
def test_a_strange_answer_is_refused(name: str, tool: Tool, answer: str) -> None:
    tool.faults.extend([STRANGE[answer]] * 50)
    with pytest.raises(SourceError) as caught:
        guarded(name, tool)
    assert SECRET_TOKEN not in str(caught.value)


def guarded(name: str, tool: Tool) -> Answers:
    """As `recipes.fetch` calls a connector: a shape that it does not know is an error for people."""
    with known_shape("the tool"):
        return fetched(name, tool)


def test_the_token_is_in_headers_or_the_body_only(name: str, tool: Tool) -> None:
    fetched(name, tool)
    for request in tool.requests:
        assert SECRET_TOKEN not in request.path
        assert SECRET_TOKEN not in "".join(request.query.values())


def test_an_answer_that_is_too_large_is_cut_off(name: str, tool: Tool) -> None:
    tool.world = people(60)
    web, server = connected(name, tool), SERVERS[name]
    form = APIS[name].questionnaire(web, server.SURVEY)
    web.most_bytes = 300
    with pytest.raises(SourceError, match="larger"):
        APIS[name].responses(web, server.SURVEY, form, set(server.KEYS.values()), None)


def test_nothing_uninvited_is_in_the_rows(name: str, tool: Tool) -> None:
    """Addresses of networks, secret links and names that servers send along (each server plants some)."""
    text = fetched(name, tool).rows.write_csv()
    for planted in ("203.0.113.77", "planted.example", "Personname", "Mozilla"):
        assert planted not in text


def test_looking_for_what_could_be_freed_is_off_for_a_connector_only() -> None:
    with pytest.raises(SourceError), in_one_go():
        assert not gc.isenabled()
        raise SourceError("An invented error.", where="here", next_step="nothing")
    assert gc.isenabled()
