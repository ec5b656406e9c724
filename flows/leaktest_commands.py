"""What `cfc-pipeline verify --privacy` types into a terminal, in one process: commands that protect people, well and
badly. Where a command is to break in the middle, what breaks it quotes an answer."""

import io
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

import yaml

from cfc_pipeline.cli import main
from cfc_pipeline.demo.people import invent_people
from cfc_pipeline.demo.planted import UNKNOWN_CELL
from cfc_pipeline.recipes.review import comments

WRONG_KEY = {"CFC_SECRET_KEY": "0f" * 32}
KEPT = {"releases": 1, "backups": 1, "unused_columns": 1, "quarantine": 1, "rosters": 1, "raw_input": 1}
STRANGER = "nobody.at.all@nowhere.example\n"


class YearsLater(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls(2040, 1, 1, tzinfo=UTC)


def commands(folder: Path, seed: int) -> None:
    beside, key = folder.parent, folder / "data" / "restricted" / "secret.key"
    somebody = next(person for person in invent_people(seed) if person.cohort.on_roster).email + "\n"
    late = patch("cfc_pipeline.recipes.retain.datetime", YearsLater)
    for line in (
        "status",
        "doctor",
        "review",
        "review comments",
        "review forms",
        "review links",
        "review due",
        "review twice",
    ):
        _typed(folder, *line.split())
    _typed(folder, "review", "approve", "c-0123456789abcdef0123", goes_well=False)
    _typed(folder, "review", "edit", "c-0123456789abcdef0123", UNKNOWN_CELL, goes_well=False)
    _typed(folder, "review", "accept-link", "l-0123456789abcdef0123", "--note", UNKNOWN_CELL, goes_well=False)
    first = comments(folder, os.environ)["comment_id"][0]
    _typed(folder, "review", "edit", first, UNKNOWN_CELL, "--dry-run")
    _typed(folder, "review", "edit", first, UNKNOWN_CELL, broken="cfc_pipeline.identity.approvals.decide")
    _typed(folder, "review", "edit", first, "The breathing helped.")
    _typed(folder, "export", str(beside / "refused"), goes_well=False)
    _typed(folder, "export", str(beside / "exported"), "--reason", "The leak test of synthetic people.")
    _typed(folder, "about", said=STRANGER, goes_well=False)
    _typed(folder, "about", "--out", str(beside / "about"), said=somebody)
    _typed(folder, "backup", str(beside / "all.backup"))
    _typed(folder, "restore", str(beside / "all.backup"), str(beside / "unopened"), environ=WRONG_KEY, goes_well=False)
    _typed(folder, "restore", str(beside / "all.backup"), str(beside / "restored"), "--key", str(key))
    _keep_for_a_month(folder)
    with late:
        for line in ("status", "review", "ingest", "retain", "rotate-key", "backup"):
            _typed(folder, line, environ=WRONG_KEY, goes_well=False)
        _typed(folder, "retain", "--dry-run")
        _typed(folder, "retain", broken="cfc_pipeline.recipes.shred.replace_raw")
        _typed(folder, "retain")
    _typed(folder, "rotate-key", broken="cfc_pipeline.recipes.rotate.seal_again")
    _typed(folder, "rotate-key")
    _typed(folder, "erase", said=STRANGER, goes_well=False)
    _typed(folder, "erase", said=somebody, broken="cfc_pipeline.recipes.erase._clean_copy")
    _typed(folder, "erase", said=somebody)


def _typed(
    folder: Path,
    *words: str,
    said: str = "",
    environ: dict[str, str] | None = None,
    goes_well: bool = True,
    broken: str | None = None,
) -> None:
    """Ends the process when a command goes well that should not, or badly: then the test says nothing."""
    print(f"-- {words[0]}", flush=True)
    line = ["cfc-pipeline", "-p", str(folder), *words]
    given = (patch.object(sys, "argv", line), patch.object(sys, "stdin", io.StringIO(said)))
    code: Any = 0
    with given[0], given[1], patch.dict(os.environ, environ or {}), _broken(broken):
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
    if (code == 0) is not (goes_well and not broken):
        sys.exit(f"{words[0]} ended with {code}")


def _broken(place: str | None) -> AbstractContextManager[Any]:
    def quotes(*_: object, **__: object) -> None:
        raise ValueError(f"could not convert {UNKNOWN_CELL!r}")

    breaking: Callable[..., None] = quotes
    return patch(place, breaking) if place else nullcontext()


def _keep_for_a_month(folder: Path) -> None:
    path = folder / "programme.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings["policy"] = settings.get("policy", {}) | {"retention": KEPT}
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")


if __name__ == "__main__":
    commands(Path(sys.argv[1]), int(sys.argv[2]))
