"""A run or a night that was stopped, failed or never came is noticed, by the next one and by doctor."""

import json
from pathlib import Path

import pytest

from cfc_pipeline.programme_folder import init
from cfc_pipeline.recipes.doctor import examine
from cfc_pipeline.recipes.heartbeat import FILE, beating
from cfc_pipeline.recipes.ingest import ingest
from cfc_pipeline.recipes.report import in_words
from cfc_pipeline.recipes.status import status

LONG_AGO = "2026-01-05T03:00:00+00:00"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    init(tmp_path / "p", "Test (synthetic)")
    return tmp_path / "p"


def said(folder: Path) -> list[str]:
    return [line for line in examine(folder, {}) if line.startswith("mend:")]


def test_a_run_that_was_killed_is_told_by_the_next_one_and_once(folder: Path) -> None:
    (folder / FILE).write_text(json.dumps({"run": {"began": LONG_AGO, "ended": "", "well": False}}))
    assert any("a run that began 2026-01-05 03:00 UTC has not ended" in line for line in said(folder))
    assert ingest(folder, {}, dry_run=True).stopped == ""
    report = ingest(folder, {})
    assert "The run that began 2026-01-05 03:00 UTC was stopped before its end. Nothing is lost" in in_words(report)
    assert ingest(folder, {}).stopped == ""
    assert said(folder) == []


def test_a_refusal_is_an_end(folder: Path) -> None:
    with pytest.raises(ValueError), beating(folder, "run"):
        raise ValueError
    assert ingest(folder, {}).stopped == ""


def test_a_night_that_failed_or_did_not_come_is_told_to_the_keeper(folder: Path) -> None:
    assert status(folder, {})["last_night"] == "none"
    with pytest.raises(ValueError), beating(folder, "night"):
        raise ValueError
    assert ["ended with an error" in line for line in said(folder)] == [True]
    assert status(folder, {})["last_night"].endswith("with an error")
    with beating(folder, "night"):
        pass
    assert said(folder) == []
    (folder / FILE).write_text(json.dumps({"night": {"began": LONG_AGO, "ended": LONG_AGO, "well": True}}))
    assert ["no night since 2026-01-05 03:00 UTC" in line for line in said(folder)] == [True]


def test_a_folder_without_a_programme_is_told_by_what_looks_for_it(tmp_path: Path) -> None:
    with beating(tmp_path / "nowhere", "night") as before:
        assert before == ""


def test_a_damaged_file_stops_nothing(folder: Path) -> None:
    (folder / FILE).write_text("{")
    assert ingest(folder, {}).stopped == ""
