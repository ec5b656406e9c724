"""Shared by tests of several kinds: the demo, made once for the whole run, by the command that users type."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from cfc_pipeline.demo.build import build_demo
from cfc_pipeline.demo.planted import Planted
from tests import independent, independent_people


@dataclass(frozen=True)
class DemoRun:
    """One run of `cfc-pipeline demo`: where it is, what it printed, what was planted, what the referee computed."""

    folder: Path
    console: str
    planted: Planted
    referee: dict[independent.Key, independent.Figures]
    leavers: dict[tuple[str, str | None, str, str], independent.Figures]


def command(*words: object, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run cfc-pipeline as a user would, from a folder outside the checkout."""
    line = [sys.executable, "-m", "cfc_pipeline.cli", *map(str, words)]
    return subprocess.run(line, cwd=cwd, capture_output=True, text=True, check=check, timeout=300)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    place = tmp_path_factory.mktemp("demo-run")
    # The same seed gives the same bytes, so a twin with a full inbox tells what was planted.
    twin = build_demo(place / "twin")
    referee = independent.outcomes(twin.folder)
    leavers = independent_people.attrition(twin.folder)
    run = command("demo", place / "demo", cwd=place)
    return DemoRun(place / "demo", run.stdout + run.stderr, twin, referee, leavers)
