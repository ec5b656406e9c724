"""What real, busy people do between two runs, told as stories: files that change under way, and that come again
otherwise. Everybody is synthetic."""

import json
from datetime import timedelta

import pytest

from cfc_pipeline.errors import ExportError
from cfc_pipeline.recipes import ingest as recipe
from cfc_pipeline.recipes.fetch import fetch
from cfc_pipeline.recipes.ingest import ingest
from cfc_pipeline.recipes.publish import publish
from cfc_pipeline.recipes.report import in_words
from tests import small_forms
from tests.small_folder import ANSWERS, BRS, PEOPLE, ROSTER, WHEN, answer, ask, describe, drop, filled, person, take_in


def test_a_file_that_is_replaced_while_it_is_taken_in_is_taken_in_next(tmp_path, monkeypatch):
    folder = describe(tmp_path / "p", ROSTER, BRS)
    inbox = folder / "inbox"
    drop(folder, "roster.csv", PEOPLE, [person(n) for n in range(1, 6)])
    drop(folder, "brs.csv", ANSWERS, [answer(1), answer(2)])
    (inbox / "~$roster.xlsx").write_bytes(b"\x06Somebody")  # a spreadsheet has it open
    (inbox / "brs (1).csv.crdownload").write_text(",".join(ANSWERS))
    (inbox / "unpacked").mkdir()
    store = recipe.store_everything

    def meanwhile(*all_):
        drop(folder, "brs.csv", ANSWERS, [answer(n) for n in range(1, 5)])
        return store(*all_)

    monkeypatch.setattr(recipe, "store_everything", meanwhile)
    report = take_in(folder)
    monkeypatch.undo()
    assert [refused.name for refused in report.refused] == ["unpacked"]
    left = ["brs (1).csv.crdownload", "unpacked", "~$roster.xlsx"]
    assert sorted(path.name for path in inbox.iterdir()) == sorted([*left, "brs.csv"])
    assert "To do: brs.csv became another file while it was taken in" in in_words(report)
    with (inbox / "brs.csv").open("a", encoding="utf-8") as file:
        file.write("05/10/2023 10:00:00,person5@sch")  # and now the download was cut short
    report = take_in(folder)
    assert "note: brs.csv: the last row has no line end and fewer cells" in in_words(report)
    assert report.totals == {"stored": 2, "unchanged": 9, "quarantined": 0, "excluded": 1}
    assert ask(folder, "SELECT count(*) FROM response WHERE status = 'counted'") == [(4,)]
    assert sorted(path.name for path in inbox.iterdir()) == sorted(left)


def test_an_entry_that_is_pointed_at_another_survey_of_the_tool_fetches_nothing(tmp_path):
    """Next year's copy numbers its responses from 1 too."""
    entry = small_forms.ENTRY | {"fetch": {"survey": "2025"}}
    folder = describe(tmp_path / "p", ROSTER, entry)
    small_forms.fetched(folder, small_forms.FORM, [small_forms.response(1)], tools_id="2024")
    environ = {"CFC_TOKEN_SURVEYMONKEY": "unused"}
    (refused,) = fetch(folder, environ).refused
    assert "another survey in the tool" in str(refused.error)
    assert "2024" not in str(refused.error)


def test_a_file_under_the_wrong_entry_is_moved_by_naming_it_with_the_right_one(tmp_path):
    after = BRS | {"id": "brs-post", "time_point": "post"}
    folder = describe(tmp_path / "p", ROSTER, BRS, after)
    drop(folder, "roster.csv", PEOPLE, [person(n) for n in range(1, 4)])
    take_in(folder)
    drop(folder, "answers.csv", ANSWERS, [answer(n) for n in range(1, 4)])
    file = (folder / "inbox" / "answers.csv").rename(tmp_path / "answers.csv")
    times = "SELECT time_point, count(*) FROM response GROUP BY ALL"
    take_in(folder, files=[file], survey_id="brs-pre")
    assert ask(folder, times) == [("pre", 3)]
    with pytest.raises(ExportError, match="the file lacks 7 of its columns"):
        take_in(folder, files=[file], survey_id="roster")
    take_in(folder, files=[file], survey_id="brs-post", dry_run=True)
    assert take_in(folder).moved == []
    assert ask(folder, times) == [("pre", 3)]
    report = take_in(folder, files=[file], survey_id="brs-post")
    assert (report.moved, report.repeats) == (["answers.csv"], [])
    assert "moved: answers.csv had come in for another survey entry" in in_words(report)
    assert ask(folder, times) == [("post", 3)]
    again = take_in(folder, files=[file], survey_id="brs-post")
    assert (again.moved, again.repeats, again.totals["stored"]) == ([], ["answers.csv"], 0)


def test_a_new_file_does_not_go_to_another_entry_than_the_one_it_is_said_to_belong_to(tmp_path):
    after = BRS | {"id": "brs-post", "time_point": "post"}
    after["comments"] = {"helped": "What helped most?"}
    folder = describe(tmp_path / "p", ROSTER, BRS, after)
    drop(folder, "roster.csv", PEOPLE, [person(1)])
    drop(folder, "answers.csv", ANSWERS, [answer(1)])
    file = (folder / "inbox" / "answers.csv").rename(tmp_path / "answers.csv")
    (refused,) = take_in(folder, files=[file], survey_id="brs-post").refused
    assert "`brs-post`" in str(refused.error)


def test_after_the_clock_was_set_back_the_last_run_is_still_the_last(tmp_path):
    folder = filled(tmp_path / "p")
    later, earlier = WHEN + timedelta(days=400), WHEN
    assert not ingest(folder, {}, now=later).clock_behind
    first = publish(folder, now=later).path
    report = ingest(folder, {}, now=earlier)
    assert "To do: the clock of this computer is behind that of the last run" in in_words(report)
    assert not ingest(folder, {}, now=earlier).clock_behind
    runs = ask(folder, "SELECT run_id, started_at[:10] FROM pipeline_run ORDER BY run_id")
    assert runs == [
        ("20270209T030000Z", "2027-02-09"),
        ("20270209T030001Z", "2026-01-05"),
        ("20270209T030002Z", "2026-01-05"),
    ]
    second = publish(folder, now=earlier).path
    assert second.name < first.name
    assert (folder / "releases" / "latest").resolve() == second
    assert json.loads((second / "release.json").read_text())["source"]["run"] == "20270209T030002Z"
