"""Shared by tests of several kinds: the demo, made once for the whole run, by the command that users type."""

import fcntl
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    return subprocess.run(line, cwd=cwd, capture_output=True, text=True, check=check, timeout=600)


@pytest.fixture(scope="session", autouse=True)
def processes_as_installed() -> Iterator[None]:
    """What a test starts has what an installation has, and no more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent / "installed"))
        yield


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    """Nobody writes into it. With several workers, the first that needs it makes it, and others wait."""
    place = tmp_path_factory.getbasetemp()
    place = place.parent if "PYTEST_XDIST_WORKER" in os.environ else place
    made = place / "demo-run.pickle"
    with (place / "demo-run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            made.write_bytes(pickle.dumps(_demo(place / "demo-run")))
    return DemoRun(place / "demo-run" / "demo", *pickle.loads(made.read_bytes()))


def _demo(place: Path) -> tuple[Any, ...]:
    """All but the folder. No DemoRun: which module pytest takes this file for differs from worker to worker."""
    shutil.rmtree(place, ignore_errors=True)  # what another worker could not finish
    place.mkdir()
    # The same seed gives the same bytes, so a twin with a full inbox tells what was planted.
    twin = build_demo(place / "twin")
    referee = independent.outcomes(twin.folder)
    leavers = independent_people.attrition(twin.folder)
    run = command("demo", place / "demo", cwd=place)
    return run.stdout + run.stderr, twin, referee, leavers
