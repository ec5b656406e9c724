"""data/heartbeat.json: when the last run and the last night began and ended, so that one which was stopped in the
middle, or never came, is noticed. It holds times only; a monitor elsewhere may watch how old the file is."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, TypedDict

from cfc_pipeline.programme import Programme

FILE = Path("data") / "heartbeat.json"
What = Literal["run", "night"]


class Beat(TypedDict):
    """Times are ISO 8601 in UTC; `ended` is empty while it goes on, and for ever if it was stopped."""

    began: str
    ended: str
    well: bool


@contextmanager
def beating(folder: Path, what: What) -> Iterator[str]:
    """Note when this begins and ends, and whether well. Gives when the one before began, if that never ended."""
    before = read(folder).get(what)
    beat = Beat(began=_now(), ended="", well=False)
    _note(folder, what, beat)
    try:
        yield before["began"] if before and not before["ended"] else ""
        beat["well"] = True
    finally:
        _note(folder, what, beat | {"ended": _now()})


def read(folder: Path) -> dict[str, Beat]:
    """Nothing when there is no such file yet, or none that says anything."""
    try:
        found: dict[str, Beat] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def in_words(beat: Beat | None) -> str:
    if beat is None:
        return "none"
    if not beat["ended"]:
        return f"began {plain(beat['began'])}, has not ended"
    return f"ended {plain(beat['ended'])}" + ("" if beat["well"] else ", with an error")


def plain(moment: str) -> str:
    """2026-11-27T03:00:00+00:00 as a person reads it."""
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M} UTC"


def missed(programme: Programme) -> list[str]:
    """For the keeper: a night that did not come, or ended with an error; what was stopped in the middle."""
    beats = read(programme.folder)
    found = [
        f"mend: a {what} that began {plain(beat['began'])} has not ended; if none is running, run `cfc-pipeline ingest`"
        for what, beat in beats.items()
        if not beat["ended"]
    ]
    night = beats.get("night")
    if night and night["ended"] and not night["well"]:
        found.append(f"mend: the night of {plain(night['began'])} ended with an error; Prefect's page says which")
    if night and datetime.now(UTC) - datetime.fromisoformat(night["began"]) > _longest_pause(programme):
        found.append(
            f"mend: no night since {plain(night['began'])}, though the schedule is {programme.schedule.nightly}; look "
            "whether `cfc-pipeline serve` is alive"
        )
    return found


def _longest_pause(programme: Programme) -> timedelta:
    """Between two nights, with half a day of grace."""
    _, _, day, month, weekday = programme.schedule.nightly.split(" ")
    if (day, month, weekday) == ("*", "*", "*"):
        return timedelta(hours=36)
    return timedelta(days=7.5) if (day, month) == ("*", "*") else timedelta(days=31.5 if month == "*" else 366)


def _note(folder: Path, what: What, beat: Beat) -> None:
    path = folder / FILE
    building = path.with_suffix(".new")
    with suppress(OSError):  # a full disk, or no programme there: the run itself tells that, and better
        building.write_text(json.dumps(read(folder) | {what: beat}) + "\n", encoding="utf-8")
        os.replace(building, path)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
