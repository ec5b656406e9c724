"""Fetching in a real flow: trouble with a tool is tried again; Prefect learns neither the token nor who answered."""

import pytest

from tests.flows.test_flows import known_to_prefect
from tests.runs.test_fetch import entry
from tests.servers import SERVERS
from tests.servers.local import FAULTS, SECRET_TOKEN, running
from tests.servers.world import people
from tests.small_folder import PEOPLE, ROSTER, describe, drop, person

pytestmark = pytest.mark.usefixtures("prefect_home")


@pytest.fixture
def tool():
    with running(SERVERS["surveymonkey"], people(5)) as tool:
        yield tool


@pytest.fixture
def folder(tool, tmp_path, monkeypatch):
    monkeypatch.setenv("CFC_TOKEN_SURVEYMONKEY", SECRET_TOKEN)
    monkeypatch.setattr("cfc_pipeline.sources.web._TRIES", 1)
    folder = describe(tmp_path / "p", ROSTER, entry("surveymonkey", tool))
    drop(folder, "roster.csv", PEOPLE, [person(number) for number in range(1, 6)])
    return folder


def test_the_flow_fetches_and_tries_again(tool, folder, monkeypatch):
    from flows import ingest as flow

    monkeypatch.setattr(flow, "fetch", flow.fetch.with_options(retry_delay_seconds=0.01))
    tool.faults.append(FAULTS["503"])
    report = flow.ingest(folder)
    assert [(news.survey_id, news.new) for news in report.news] == [("baseline", 5)]
    assert report.refused == []
    assert known_to_prefect("fetched") + known_to_prefect("all were compared") >= 1


def test_a_tool_that_stays_away_does_not_stop_the_flow(tool, folder, monkeypatch):
    from flows import ingest as flow

    monkeypatch.setattr(flow, "fetch", flow.fetch.with_options(retry_delay_seconds=0.01))
    tool.faults.extend([FAULTS["503"]] * 100)
    report = flow.ingest(folder)
    assert [refused.name for refused in report.refused] == ["survey baseline"]
    assert report.totals["stored"] == 5, "the roster"


def test_prefect_learns_no_token_and_no_address(folder):
    from flows.ingest import ingest

    ingest(folder, audit=True)
    assert known_to_prefect(SECRET_TOKEN, "person1@school.example", "It helped 1 times") == 0
