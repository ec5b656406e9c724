"""A night publishes only what a reader of the latest release would not find there."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cfc_pipeline.recipes.ingest import ingest
from cfc_pipeline.recipes.publish import Published, publish
from tests.small_folder import ANSWERS, PEOPLE, answer, drop, filled, person, take_in


def night(folder: Path, day: int) -> Published:
    when = datetime(2026, 1, day, 3, tzinfo=UTC)
    ingest(folder, {}, now=when)
    return publish(folder, if_new=True, now=when)


def releases(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "releases").glob("2026-*"))


def test_only_what_is_new_is_published_and_run_always_publishes(tmp_path: Path) -> None:
    folder = filled(tmp_path / "p", people=8)
    assert not night(folder, 5).nothing_new, "there was no release yet"
    nothing = night(folder, 6)
    assert nothing.in_words() == "There is nothing new to publish: release 2026-01-05T030000Z shows the same."
    assert nothing.path == folder / "releases" / "2026-01-05T030000Z"
    drop(folder, "more.csv", ANSWERS, [answer(n) for n in range(9, 18)])
    drop(folder, "roster 2.csv", PEOPLE, [person(n) for n in range(9, 18)])
    assert not night(folder, 7).nothing_new
    assert releases(folder) == ["2026-01-05T030000Z", "2026-01-07T030000Z"]
    publish(folder, now=datetime(2026, 1, 8, tzinfo=UTC))
    assert releases(folder)[-1] == "2026-01-08T000000Z", "whoever presses Run gets a release"
    assert night(folder, 9).path == folder / "releases" / "2026-01-08T000000Z"


def test_a_night_waits_with_what_one_person_answered_and_a_person_is_told(tmp_path: Path) -> None:
    folder = filled(tmp_path / "p", people=8)
    assert night(folder, 5).written
    drop(folder, "one.csv", ANSWERS, [answer(9)])
    drop(folder, "roster 2.csv", PEOPLE, [person(9)])
    waiting = night(folder, 6)
    assert (waiting.waits, waiting.written, releases(folder)) == (True, False, ["2026-01-05T030000Z"])
    assert "differ from those of release 2026-01-05T030000Z by what a few people answered" in waiting.in_words()
    by_hand = publish(folder, now=datetime(2026, 1, 7, tzinfo=UTC))
    assert by_hand.written
    assert "Before you pass it on" in by_hand.in_words()
    drop(folder, "more.csv", ANSWERS, [answer(n) for n in range(10, 18)])
    drop(folder, "roster 3.csv", PEOPLE, [person(n) for n in range(10, 18)])
    assert night(folder, 8).written


@pytest.mark.parametrize("harm", ["gone", "unreadable"])
def test_where_the_latest_release_cannot_be_compared_there_is_a_new_one(tmp_path: Path, harm: str) -> None:
    folder = filled(tmp_path / "p")
    take_in(folder)
    first = publish(folder, now=datetime(2026, 1, 5, tzinfo=UTC)).path
    for path in sorted(first.rglob("*"), reverse=True):
        if harm == "gone" or path.name == "release.json":
            path.rmdir() if path.is_dir() else path.unlink()
    if harm == "gone":
        first.rmdir()
    assert not publish(folder, if_new=True, now=datetime(2026, 1, 6, tzinfo=UTC)).nothing_new


def test_words_count_as_well_as_figures(tmp_path: Path) -> None:
    folder = filled(tmp_path / "p")
    take_in(folder)
    publish(folder, now=datetime(2026, 1, 5, tzinfo=UTC))
    settings = folder / "programme.yaml"
    reason = "Only synthetic people"
    settings.write_text(settings.read_text() + f"policy: {{disclosure: {{off_because: {reason}}}}}\n")
    assert not publish(folder, if_new=True, now=datetime(2026, 1, 6, tzinfo=UTC)).nothing_new
