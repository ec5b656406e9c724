"""ODK Central's own traps; what every connector must do is in test_apis.py."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cfc_pipeline.errors import ConfigError, SourceError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis import odk
from cfc_pipeline.sources.apis.answers import Answers
from cfc_pipeline.sources.apis.xform import wordings
from cfc_pipeline.sources.fetched import news
from cfc_pipeline.sources.raw import RECORD, SUBMITTED, RawColumn
from cfc_pipeline.sources.web import Web, known_shape
from tests.servers import odk as server
from tests.servers.local import Answer, Request, Tool, as_json, running
from tests.servers.world import people


@pytest.fixture
def tool() -> Iterator[Tool]:
    with running(server, people(4)) as tool:
        yield tool


def connected(tool: Tool) -> Web:
    web = odk.connect(Fetch(survey=server.SURVEY, server=tool.base), server.SECRET)
    web.sleep = lambda seconds: None
    return web


def questionnaire(tool: Tool) -> dict[str, RawColumn]:
    return {column.key: column for column in odk.questionnaire(connected(tool), server.SURVEY)}


def fetched(tool: Tool, since: str | None = None) -> Answers:
    form = tuple(questionnaire(tool).values())
    return odk.responses(connected(tool), server.SURVEY, form, {column.key for column in form}, since)


def filters(tool: Tool) -> list[str]:
    return [asked for request in tool.data_requests if (asked := request.query.get("$filter"))]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"secret": "planted"}, "two parts"),
        ({"secret": "planted:"}, "two parts"),
        ({"server": None}, "its own address"),
        ({"survey": "feedback"}, "project's number"),
        ({"survey": "feedback/3"}, "project's number"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_asked(change: dict[str, str | None], what: str) -> None:
    given = {"survey": "3/feedback", "server": "https://odk.example.org", "secret": "a@b.example:c"} | change
    with pytest.raises(ConfigError, match=what) as caught:
        odk.connect(Fetch(survey=str(given["survey"]), server=given["server"]), str(given["secret"]))
    assert "planted" not in str(caught.value)


def test_more_than_a_page_comes_whole_while_people_answer(tool: Tool) -> None:
    """A page by number would begin with somebody who was on the page before."""
    tool.world = people(2500)
    late = iter(range(9000, 9100))
    tool.after_data = lambda: tool.world.add(next(late))
    records = fetched(tool).rows[RECORD].to_list()
    assert len(records) == len(set(records)) == 2500


def test_only_what_is_wanted_is_asked_for(tool: Tool) -> None:
    form = tuple(questionnaire(tool).values())
    odk.responses(connected(tool), server.SURVEY, form, {"comment", "scale-q2"}, None)
    assert tool.data_requests[0].query["$select"] == "__id,__system,scale/q2,comment"


def test_what_the_device_adds_is_no_question(tool: Tool) -> None:
    form = questionnaire(tool)
    assert {key for key, column in form.items() if column.personal} == {"deviceid"}
    assert not {"start", "meta-instanceID", "about", "scale"} & set(form)


def test_an_edit_comes_with_the_next_fetch_and_keeps_its_record(tool: Tool) -> None:
    first = fetched(tool)
    tool.world.now = tool.world.now.replace(day=20)
    tool.world.edit(2, comment="Changed my mind")
    second = fetched(tool, first.cursor)
    new, gone = news(second, first.rows)
    assert new.select(RECORD, "comment").rows() == [(server.record(2), "Changed my mind")]
    assert new[SUBMITTED].item() == "2026-01-05T09:14:00.123Z"
    assert not gone
    assert second.cursor == "2026-01-20T09:35:00Z"


def test_a_deletion_comes_with_the_next_fetch(tool: Tool) -> None:
    first = fetched(tool)
    tool.world.delete(3)
    second = fetched(tool, first.cursor)
    assert server.record(3) not in second.rows[RECORD]
    assert news(second, first.rows)[1] == (server.record(3),)


def test_one_that_was_never_fetched_and_is_deleted_is_nothing(tool: Tool) -> None:
    first = fetched(tool)
    tool.world.add(9)
    tool.world.delete(9)
    new, gone = news(fetched(tool, first.cursor), first.rows)
    assert (len(new), gone) == (0, ())


def test_an_older_server_is_not_asked_for_deletions(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "KNOWS_DELETIONS", False)
    first = fetched(tool)
    tool.world.delete(3)
    second = fetched(tool, first.cursor)
    assert "deletedAt" not in filters(tool)[0]
    assert news(second, first.rows)[1] == ()
    assert news(fetched(tool), first.rows)[1] == (server.record(3),)


def test_a_fetch_of_news_asks_for_an_hour_more(tool: Tool) -> None:
    fetched(tool, "2026-01-05T09:28:00Z")
    stamp = "ge 2026-01-05T08:28:00Z"
    asked = [f"__system/{name} {stamp}" for name in ("submissionDate", "updatedAt", "deletedAt")]
    assert filters(tool) == [" or ".join(asked)]


def test_everything_is_asked_for_without_a_filter(tool: Tool) -> None:
    """Any word of `deletedAt` would bring the deleted ones back."""
    tool.world.delete(3)
    assert len(fetched(tool).rows) == 3
    assert filters(tool) == []


def rows_with(monkeypatch: pytest.MonkeyPatch, tool: Tool, fields: dict[str, str], **cells: Any) -> Answers:
    """What is read when the form has these fields and everybody answered so."""
    plain = server.submission
    listed = [{"path": path, "name": path.rpartition("/")[2], "type": kind} for path, kind in fields.items()]
    monkeypatch.setattr(server, "fields", lambda world: listed)
    monkeypatch.setattr(server, "submission", lambda *these: plain(*these) | cells)
    return fetched(tool)


def test_numbers_and_groups_without_answers_are_read(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_selected", lambda row, select: row)
    kinds = {"/age": "int", "/share": "decimal", "/group": "structure", "/group/q": "string"}
    rows = rows_with(monkeypatch, tool, kinds, age=7, share=2.5, group=None).rows
    assert rows.row(0)[4:] == ("7", "2.5", None)


def test_repeats_and_files_are_left_out(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {"/pupils": "repeat", "/pupils/name": "string", "/after": "string"}
    rows = rows_with(monkeypatch, tool, kinds, after="x", pupils=[{"name": "Planted"}]).rows
    assert rows.columns[4:] == ["after"]


def test_an_encrypted_submission_is_not_taken_for_an_empty_one(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = server.submission

    def encrypted(*these: Any) -> dict[str, Any]:
        row = plain(*these)
        return row | {"__system": row["__system"] | {"status": "notDecrypted"}}

    monkeypatch.setattr(server, "submission", encrypted)
    with pytest.raises(SourceError, match="encrypted"):
        fetched(tool)


def test_a_page_that_is_cut_is_refused(tool: Tool) -> None:
    def cut(request: Request, right: Answer) -> Answer:
        content = json.loads(right.body)
        return as_json(content | {"value": content["value"][1:]})

    tool.faults.append(cut)
    with pytest.raises(SourceError, match="sent 3 of 4"):
        fetched(tool)


def test_a_token_that_leads_back_is_refused(tool: Tool) -> None:
    tool.world = people(1001)
    first: list[Answer] = []
    tool.faults.extend(
        [lambda request, right: first.append(right) or right, *[lambda request, right: first[0]] * 3]  # type: ignore[func-returns-value]
    )
    with pytest.raises(SourceError, match="circle"):
        fetched(tool)


def form_with(body: str, model: str = "") -> bytes:
    return f"""<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml">
    <h:head><model><instance><data/></instance>{model}</model></h:head><h:body>{body}</h:body></h:html>""".encode()


def test_choices_may_be_written_at_the_question() -> None:
    item = "<item><label>Very <b>much</b></label><value>5</value></item><item><label>No</label><value>no</value></item>"
    found = wordings(form_with(f'<select1 ref="/data/q"><label>How &lt;b&gt;far&lt;/b&gt;</label>{item}</select1>'))
    assert found["/q"].text == "How far"
    assert [(one.id, one.label, one.number) for one in found["/q"].choices] == [
        ("5", "Very much", "5"),
        ("no", "No", None),
    ]


def test_choices_may_be_in_a_list_with_their_labels_and_in_any_order() -> None:
    listed = '<instance id="l"><root><item><name>a</name><label>A</label></item></root></instance>'
    itemset = (
        "<itemset nodeset=\"randomize(instance('l')/root/item[kind = 'x'])\"><value ref='name'/><label ref='label'/>"
    )
    found = wordings(form_with(f'<select ref="/data/g/q"><label>Q</label>{itemset}</itemset></select>', listed))
    assert [(one.id, one.label) for one in found["/g/q"].choices] == [("a", "A")]


def test_choices_in_a_file_beside_the_form_are_unknown() -> None:
    listed = '<instance id="schools" src="jr://file-csv/schools.csv"/>'
    itemset = "<itemset nodeset=\"instance('schools')/root/item\"><value ref='name'/><label ref='label'/></itemset>"
    assert (
        wordings(form_with(f'<select1 ref="/data/q"><label>Q</label>{itemset}</select1>', listed))["/q"].choices == ()
    )


def test_pictures_and_short_forms_of_a_text_are_not_the_text() -> None:
    values = '<value form="image">jr://images/a.png</value><value form="short">S</value><value>Long</value>'
    model = f'<itext><translation lang="en"><text id="t"><value/>{values}</text></translation></itext>'
    model = model.replace("<value/>", "")
    assert (
        wordings(form_with('<input ref="/data/q"><label ref="jr:itext(\'t\')"/></input>', model))["/q"].text == "Long"
    )


@pytest.mark.parametrize("xml", [b"", b"<html>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"<a>&undefined;</a>"])
def test_what_is_no_form_is_refused(tool: Tool, monkeypatch: pytest.MonkeyPatch, xml: bytes) -> None:
    monkeypatch.setattr(server, "xml", lambda world: xml.decode())
    with pytest.raises(SourceError, match="shape"), known_shape("ODK Central"):
        questionnaire(tool)


def test_a_name_that_the_feed_writes_otherwise_finds_its_wording(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "fields", lambda world: [{"path": "/_1_q_a", "name": "_1_q_a", "type": "string"}])
    asked = form_with('<input ref="/data/1-q.a"><label>Odd</label></input>')
    monkeypatch.setattr(server, "xml", lambda world: asked.decode())
    assert questionnaire(tool)["_1_q_a"].text == "Odd"


def test_a_page_begins_behind_one_that_was_deleted_since(tool: Tool) -> None:
    tool.world = people(1500)
    tool.after_data = lambda: tool.world.delete(501) if 501 in tool.world.given else None
    assert len(fetched(tool).rows) == 1500
