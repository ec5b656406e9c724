"""Whatever happens while pages are walked: an error, or nobody is lost and nothing is doubled.

Pages come shuffled, repeated, cut, empty or not at all, and people answer, edit and delete meanwhile. What a fetch
brings, with what the next quiet one adds, is what the tool has; a fetch that cannot be sure of it is an error.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from cfc_pipeline.errors import SourceError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis.answers import Answers
from cfc_pipeline.sources.apis.api import APIS
from cfc_pipeline.sources.fetched import settled
from cfc_pipeline.sources.raw import COMPLETE, RECORD
from cfc_pipeline.sources.web import known_shape
from tests.servers import SERVERS
from tests.servers.local import FAULTS, Answer, Fault, Request, Tool, running
from tests.servers.world import World, people

PAGE = 3  # responses on a page, so that a small survey has several
LISTS = ("data", "results", "value")  # where tools keep the rows of a page; a bare list is one itself

Change = Callable[[list[Any]], list[Any]]


def rows_changed(change: Change) -> Fault:
    """The right answer with other rows, where it has a list of rows; all that it says about itself stays."""

    def fault(request: Request, right: Answer) -> Answer:
        try:
            content = json.loads(right.body)
        except ValueError:
            return right
        key = next((key for key in LISTS if isinstance(content, dict) and isinstance(content.get(key), list)), None)
        if key:
            content |= {key: change(content[key])}
        elif isinstance(content, list):
            content = change(content)
        return Answer(right.status, json.dumps(content).encode(), right.headers)

    return fault


def repeated(tool: Tool) -> Fault:
    """The page before once more."""

    def fault(request: Request, right: Answer) -> Answer:
        return (
            tool.module.answer(tool.data_requests[-2], tool.world, tool.base) if len(tool.data_requests) > 1 else right
        )

    return fault


BAD_PAGES = {
    "shuffled": rows_changed(lambda rows: rows[::-1]),
    "without its first": rows_changed(lambda rows: rows[1:]),
    "without its last": rows_changed(lambda rows: rows[:-1]),
    "with one row twice": rows_changed(lambda rows: [*rows, *rows[:1]]),
    "empty": rows_changed(lambda rows: []),
}
MEANWHILE = ("nothing", "add", "edit", "delete", "delete and add")

# What happens with one answer after the other: to the page, and then in the tool.
steps = st.lists(
    st.tuples(
        st.sampled_from(["right", "right", "right", "repeated", *BAD_PAGES, *FAULTS]),
        st.sampled_from(MEANWHILE),
        st.integers(0, 20),
    ),
    max_size=9,
)


def happen(world: World, what: str, chosen: int, edited: set[str], module: Any) -> None:
    there = sorted(world.given)
    one = there[chosen % len(there)] if there else None
    if what == "edit" and one:
        world.edit(one, comment=f"Changed {chosen}")
        edited.add(module.record(one))
    if what.startswith("delete") and one:
        world.delete(one)
    if what.endswith("add"):
        world.add(max([100, *world.given, *world.deleted]) + 1)


@contextmanager
def small_pages(name: str) -> Iterator[None]:
    module = APIS[name]
    with patch.multiple(module, **{"_PER_PAGE": PAGE} if hasattr(module, "_PER_PAGE") else {"NEEDS": module.NEEDS}):
        yield


def fetched(name: str, tool: Tool, since: str | None = None) -> Answers:
    server = SERVERS[name]
    web = APIS[name].connect(Fetch(survey=server.SURVEY, server=server.SERVER.format(base=tool.base)), server.SECRET)
    web.sleep = lambda seconds: None
    with known_shape(name):
        form = APIS[name].questionnaire(web, server.SURVEY)
        return settled(APIS[name].responses(web, server.SURVEY, form, {server.KEYS[1], server.COMMENT_KEY}, since))


def said(name: str, answers: Answers) -> dict[str, tuple[str | None, str | None]]:
    server = SERVERS[name]
    rows = answers.rows.select(RECORD, server.KEYS[1], server.COMMENT_KEY).rows()
    assert len({row[0] for row in rows}) == len(rows)
    return {record: (item, comment) for record, item, comment in rows}


def truth(name: str, world: World) -> dict[str, tuple[str | None, str | None]]:
    record = SERVERS[name].record
    return {record(one.number): (world.labels[one.answers[1]], one.comment) for one in world.given.values()}


@pytest.mark.parametrize("name", sorted(SERVERS))
@settings(derandomize=True, max_examples=60, deadline=None)
@given(count=st.integers(0, 10) | st.integers(18, 24), steps=steps)
def test_an_error_or_exactly_what_the_tool_has(name: str, count: int, steps: list[tuple[str, str, int]]) -> None:
    server = SERVERS[name]
    edited: set[str] = set()
    with running(server, people(count)) as tool, small_pages(name):
        coming = iter(steps)

        def fault(request: Request, right: Answer) -> Answer:
            page, meanwhile, chosen = next(coming, ("right", "nothing", 0))
            answer = {"right": lambda request, right: right, "repeated": repeated(tool), **BAD_PAGES, **FAULTS}[page]
            bad = answer(request, right)
            happen(tool.world, meanwhile, chosen, edited, server)
            return bad

        tool.faults.extend([fault] * 200)
        try:
            first = fetched(name, tool)
        except SourceError:
            event("refused")
            return
        event("fetched")
        tool.faults.clear()
        known = said(name, first) | said(name, fetched(name, tool, first.cursor))
    there, deleted = truth(name, tool.world), {server.record(number) for number in tool.world.deleted}
    assert set(there) <= set(known) <= set(there) | deleted
    late = set() if server.SEES_EDITS else edited
    assert {record: known[record] for record in there if record not in late} == {
        record: told for record, told in there.items() if record not in late
    }
    assert first.rows[COMPLETE].all()
