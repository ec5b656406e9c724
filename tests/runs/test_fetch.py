"""Fetching through its front door: a programme folder, a tool on this machine, sealed copies, the database.

Whatever happens in between, what is kept must be what the tool has: nothing missed, nothing twice, edits and deletions
followed.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from cfc_pipeline.errors import StoreBusy
from cfc_pipeline.identity.keys import load_keys
from cfc_pipeline.identity.vault import list_raw
from cfc_pipeline.programme import Fetch
from cfc_pipeline.recipes.add_survey import draft_fetched
from cfc_pipeline.recipes.doctor import examine
from cfc_pipeline.recipes.fetch import FetchReport, fetch, kept_fetches
from cfc_pipeline.recipes.report import in_json, in_words
from cfc_pipeline.sources.apis.api import APIS
from cfc_pipeline.sources.fetched import state
from cfc_pipeline.sources.raw import RECORD
from tests.servers import SERVERS
from tests.servers.local import FAULTS, SECRET_TOKEN, Tool, running
from tests.servers.world import LABELS, people
from tests.small_folder import PEOPLE, ROSTER, WHEN, ask, describe, drop, person, tables, take_in

DAY = timedelta(days=1)


def entry(name: str, tool: Tool, survey_id: str = "baseline", **fetching: Any) -> dict[str, Any]:
    """A survey entry for the form that every local tool shows."""
    server = SERVERS[name]
    return {
        "id": survey_id,
        "tool": name,
        "kind": "scale",
        "fetch": {"survey": server.SURVEY, "server": server.SERVER.format(base=tool.base)} | fetching,
        "time_point": "pre",
        "person": {"by": server.PERSON[0], "column": server.PERSON[1]},
        "scales": [{"instrument": "brs", "items": server.KEYS, "answers": {v: k for k, v in LABELS.items()}}],
        "comments": {"helped": server.COMMENT_KEY},
    }


@pytest.fixture(params=sorted(SERVERS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tool(name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tool]:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with running(SERVERS[name], people(5)) as tool:
        yield tool


@pytest.fixture
def folder(name: str, tool: Tool, tmp_path: Path) -> Path:
    return describe(tmp_path / "p", ROSTER, entry(name, tool))


def run(folder: Path, day: int = 0, **settings: Any) -> FetchReport:
    environ = {f"CFC_TOKEN_{name.upper()}": SERVERS[name].SECRET for name in SERVERS}
    return fetch(folder, environ, now=WHEN + day * DAY, **settings)


def kept(folder: Path, survey_id: str = "baseline") -> dict[str, tuple[Any, ...]]:
    """Record: what is kept of it."""
    restricted = folder / "data" / "restricted"
    keys = load_keys(restricted, {})
    now = state(kept_fetches(list_raw(restricted, keys), survey_id, keys))
    return {row[0]: row for row in now.select(RECORD, *sorted(c for c in now.columns if c != RECORD)).iter_rows()}


def copies(folder: Path) -> int:
    return len(list((folder / "data" / "restricted" / "raw").glob("*.sealed")))


def undisturbed(name: str, tool: Tool, folder: Path) -> dict[str, tuple[Any, ...]]:
    """What one full fetch into a new programme keeps."""
    new = describe(folder.parent / "undisturbed", ROSTER, entry(name, tool))
    report = run(new)
    assert not report.refused
    return kept(new)


def test_the_first_fetch_keeps_everything(name: str, tool: Tool, folder: Path) -> None:
    (news,) = run(folder).news
    assert (news.new, news.changed, news.gone, news.in_tool) == (5, 0, 0, 5)
    assert set(kept(folder)) == {SERVERS[name].record(number) for number in range(1, 6)}


def test_nothing_new_keeps_nothing(folder: Path) -> None:
    run(folder)
    (news,) = run(folder, 1).news
    assert (news.new, news.changed, news.gone) == (0, 0, 0)
    assert copies(folder) == 1


def test_increments_equal_one_full_fetch(name: str, tool: Tool, folder: Path) -> None:
    """New, edited and deleted responses, over a week of nights and the full comparison at its end."""
    run(folder)
    tool.world.add(6)
    tool.world.edit(2, comment="Changed my mind")
    run(folder, 1)
    tool.world.add(7)
    tool.world.delete(4)
    run(folder, 2)
    tool.world.edit(7, answers={1: 1})
    run(folder, 3)
    assert copies(folder) >= 2
    assert not run(folder, 8).refused
    assert kept(folder) == undisturbed(name, tool, folder)


def test_a_deleted_response_is_noticed_by_the_full_comparison(name: str, tool: Tool, folder: Path) -> None:
    run(folder)
    tool.world.delete(3)
    (news,) = run(folder, 7).news
    assert (news.gone, news.in_tool) == (1, 4)
    assert SERVERS[name].record(3) not in kept(folder)


def test_a_fetch_that_fails_halfway_changes_nothing(name: str, tool: Tool, folder: Path) -> None:
    run(folder)
    before = kept(folder)
    tool.world.add(6)
    tool.faults.extend([FAULTS["500"]] * 50)
    (refused,) = run(folder, 1).refused
    assert refused.name == "survey baseline"
    assert SECRET_TOKEN not in str(refused.error)
    assert kept(folder) == before
    tool.faults.clear()
    run(folder, 2)
    assert kept(folder) == undisturbed(name, tool, folder)


def test_only_columns_of_the_entry_are_kept(name: str, folder: Path) -> None:
    run(folder)
    sealed = next((folder / "data" / "restricted" / "raw").glob("*.sealed"))
    assert b"203.0.113.77" not in sealed.read_bytes()
    (row, *_) = kept(folder).values()
    assert len(row) == 4 + len(SERVERS[name].KEYS) + 2


@pytest.mark.parametrize("name", ["surveymonkey"])
class TestThePipeline:
    """What a run makes of a fetch; the tool does not matter."""

    def test_responses_reach_the_tables(self, tool: Tool, folder: Path) -> None:
        with_roster(folder)
        run(folder)
        report = take_in(folder)
        assert report.totals["quarantined"] == 0
        found = ask(folder, "SELECT count(*), count(DISTINCT response_id), sum(value) FROM item_answer")
        expected = sum(code for one in tool.world.given.values() for code in one.answers.values())
        assert found == [(30, 5, expected)]

    def test_edits_and_deletions_follow_into_the_tables(self, name: str, tool: Tool, folder: Path) -> None:
        with_roster(folder)
        run(folder)
        take_in(folder)
        tool.world.edit(1, answers=dict.fromkeys(range(1, 7), 5))
        tool.world.delete(2)
        run(folder, 7)
        report = take_in(folder)
        why = dict(report.ledger.filter(fate="excluded").select("why", "rows").iter_rows())
        assert why == {"deleted in the survey tool": 1, "replaced by a later export": 1}
        again = describe(folder.parent / "again", ROSTER, entry(name, tool))
        (again / "data" / "restricted" / "secret.key").write_bytes(
            (folder / "data" / "restricted" / "secret.key").read_bytes()
        )
        with_roster(again)
        run(again)
        take_in(again)
        assert tables(folder)["response"] == tables(again)["response"]
        assert tables(folder)["answer_sheet"] == tables(again)["answer_sheet"]

    def test_a_response_that_comes_back_counts_again(self, tool: Tool, folder: Path) -> None:
        with_roster(folder)
        run(folder)
        tool.world.delete(2)
        run(folder, 7)
        tool.world.given[2] = tool.world.deleted.pop(2)
        run(folder, 14)
        take_in(folder)
        assert ask(folder, "SELECT count(*) FROM response WHERE status = 'counted'") == [(5,)]

    def test_a_failing_survey_does_not_stop_the_others(self, name: str, tool: Tool, folder: Path) -> None:
        broken = entry(name, tool, "broken") | {"fetch": {"survey": "0", "server": f"{tool.base}/v3"}}
        describe(folder, ROSTER, broken, entry(name, tool))
        report = run(folder)
        assert [news.survey_id for news in report.news] == ["baseline"]
        assert [refused.name for refused in report.refused] == ["survey broken"]

    def test_a_defect_of_a_connector_does_not_stop_the_others_and_quotes_nothing(
        self, name: str, tool: Tool, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def quotes(*_: object) -> None:
            raise RuntimeError("cell: Xenobia Quillfeather")

        other = entry(name, tool, "broken") | {"tool": "formbricks"}
        describe(folder, ROSTER, other, entry(name, tool))
        monkeypatch.setattr(APIS["formbricks"], "questionnaire", quotes)
        report = run(folder)
        assert [news.survey_id for news in report.news] == ["baseline"]
        (refused,) = report.refused
        assert "Quillfeather" not in str(refused.error)

    def test_a_missing_token_names_its_variable(self, folder: Path) -> None:
        (refused,) = fetch(folder, {}, now=WHEN).refused
        assert "CFC_TOKEN_SURVEYMONKEY" in str(refused.error)

    def test_an_account_has_a_token_of_its_own(self, name: str, tool: Tool, folder: Path) -> None:
        describe(folder, ROSTER, entry(name, tool, account="north-trust"))
        (refused,) = fetch(folder, {}, now=WHEN).refused
        assert "CFC_TOKEN_NORTH_TRUST" in str(refused.error)

    def test_an_entry_that_names_an_unknown_question_is_refused(self, name: str, tool: Tool, folder: Path) -> None:
        describe(folder, ROSTER, entry(name, tool) | {"comments": {"helped": "no such question"}})
        (refused,) = run(folder).refused
        assert "`no such question`" in str(refused.error)

    def test_a_column_that_the_entry_names_later_is_fetched_for_everybody(
        self, name: str, tool: Tool, folder: Path
    ) -> None:
        without = entry(name, tool)
        del without["comments"]
        describe(folder, ROSTER, without)
        run(folder)
        describe(folder, ROSTER, entry(name, tool))
        run(folder, 1)
        assert kept(folder) == undisturbed(name, tool, folder)

    def test_an_audit_tells_the_difference_and_mends_it(self, tool: Tool, folder: Path) -> None:
        with_roster(folder)
        run(folder)
        tool.world.delete(1)
        found = run(folder, 1, everything=True)
        report = take_in(folder)
        report.news = found.news
        assert "the tool has 4 responses; all were compared: 0 new, 0 changed, 1 deleted in the tool" in in_words(
            report
        )
        assert in_json(report)["fetched"][0]["gone"] == 1
        (news,) = run(folder, 1, everything=True).news
        assert (news.new, news.changed, news.gone, news.in_tool) == (0, 0, 0, 4)

    def test_deletions_ask_a_person(self, tool: Tool, folder: Path) -> None:
        with_roster(folder)
        run(folder)
        tool.world.delete(1)
        found = run(folder, 7)
        report = take_in(folder)
        report.news = found.news
        assert "To do: 1 responses were deleted in the survey tools" in in_words(report)

    def test_a_survey_that_was_cleared_is_a_question(self, tool: Tool, folder: Path) -> None:
        run(folder)
        before = kept(folder)
        tool.world.given.clear()
        tool.world.add(9)
        found = run(folder, 7)
        (question,) = found.refused
        assert "5 responses that were fetched before are gone" in str(question.error)
        assert len(kept(folder)) == len(before) + 1
        assert run(folder, 8).refused, "until somebody answers"
        run(folder, 9, everything=True, accept_deletions=True)
        assert len(kept(folder)) == 1

    def test_doctor_asks_each_tool(self, name: str, tool: Tool, folder: Path) -> None:
        environ = {"CFC_TOKEN_SURVEYMONKEY": SECRET_TOKEN}
        run(folder)
        tool.world.add(6)
        told = "\n".join(examine(folder, environ))
        counted = "7 questions; 6 responses there, 5 kept here; its clock is UTC"
        assert f"good: survey baseline in SurveyMonkey: {counted}" in told
        told = "\n".join(examine(folder, {"CFC_TOKEN_SURVEYMONKEY": "wrong"}))
        assert "mend: SurveyMonkey does not accept the token" in told
        assert "mend: The token of SurveyMonkey is missing" in "\n".join(examine(folder, {}))
        describe(folder, ROSTER, entry(name, tool) | {"comments": {"helped": "nothing"}})
        assert "`nothing`" in "\n".join(examine(folder, environ))

    def test_a_survey_is_drafted_from_its_tool(self, name: str, tool: Tool, folder: Path) -> None:
        server = SERVERS[name]
        tool.world.items = {item: f"BRS {item}" for item in tool.world.items}
        where = Fetch(survey=server.SURVEY, server=server.SERVER.format(base=tool.base))
        text = draft_fetched(folder, {"CFC_TOKEN_SURVEYMONKEY": SECRET_TOKEN}, name, where).text
        (drafted,) = yaml.safe_load(text)["surveys"]
        assert drafted["fetch"] == {"survey": server.SURVEY, "server": where.server}
        assert drafted["confirmed"] is False
        assert "person1@school.example" not in text
        assert copies(folder) == 0

    def test_the_token_is_written_nowhere(self, tool: Tool, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """On runs that succeed and on runs that fail: not in the folder, and not in what is printed."""
        environ = {**os.environ, "CFC_TOKEN_SURVEYMONKEY": SECRET_TOKEN}
        command = [sys.executable, "-m", "cfc_pipeline.cli", "-p", str(folder)]
        said = b""
        for words in (["ingest"], ["ingest", "--audit", "--json"], ["doctor"], ["status"]):
            done = subprocess.run([*command, *words], env=environ, capture_output=True, check=False)
            said += done.stdout + done.stderr
        tool.faults.extend([FAULTS["hangs up"]] * 3)
        tool.world.given.clear()
        tool.base = "http://127.0.0.1:9"
        done = subprocess.run([*command, "ingest"], env=environ, capture_output=True, check=False)
        assert b"5 new" in said
        assert SECRET_TOKEN.encode() not in said + done.stdout + done.stderr
        for path in folder.rglob("*"):
            assert not path.is_file() or SECRET_TOKEN.encode() not in path.read_bytes()

    def test_a_dry_run_keeps_nothing(self, folder: Path) -> None:
        assert run(folder, dry_run=True).news[0].new == 5
        assert copies(folder) == 0

    def test_two_fetches_at_once_are_not_possible(self, tool: Tool, folder: Path) -> None:
        caught = []

        def meanwhile() -> None:
            with pytest.raises(StoreBusy) as refusal:
                run(folder)
            caught.append(refusal.value)

        tool.after_data = meanwhile
        assert not run(folder).refused
        assert caught

    def test_a_file_cannot_pass_for_a_fetch(self, folder: Path) -> None:
        with_roster(folder)
        run(folder)
        take_in(folder)
        drop(folder, "fetched from the tool", PEOPLE, [person(9)])
        report = take_in(folder)
        assert not report.refused
        assert report.totals["stored"] + report.totals["unchanged"] == 5 + 5 + 1


def with_roster(folder: Path) -> None:
    drop(folder, "roster.csv", PEOPLE, [person(number) for number in range(1, 6)])
