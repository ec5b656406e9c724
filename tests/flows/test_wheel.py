"""The wheel, installed without the lock into a clean environment, away from the checkout: what a user gets.

Without the lock pip takes the newest versions that pyproject.toml allows, so this also shows that its bounds still give
a set that works; only a flow that starts shows it (an import alone does not reveal a FastAPI that breaks Prefect).
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


def run(*line: object, cwd: Path) -> str:
    # Nothing of this process's environment may help: no path, no settings of Prefect, no programme.
    hidden = ("PYTHONPATH", "PREFECT_", "CFC_", "VIRTUAL_ENV")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    done = subprocess.run([str(w) for w in line], cwd=cwd, env=environ, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder of the commands of an environment that has the wheel and what pip chose for it."""
    place = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", place, CHECKOUT, cwd=place)
    venv.create(place / "env")
    (wheel,) = place.glob("*.whl")
    # Only what is imported is compiled then, and not thousands of modules that are not.
    pip = (sys.executable, "-m", "pip", "--python", place / "env/bin/python", "--disable-pip-version-check")
    run(*pip, "install", "--quiet", "--no-compile", wheel, cwd=place)
    return place / "env" / "bin"


def test_the_demo_runs_its_flows(installed, tmp_path):
    said = run(installed / "cfc-pipeline", "demo", "demo", cwd=tmp_path)
    assert "Flow `publish`" in said
    assert (tmp_path / "demo/releases/latest/index.html").exists()
    assert (tmp_path / "demo/data/analysis.duckdb").exists()


def test_a_new_programme_finds_templates_instruments_and_contracts(installed, tmp_path):
    run(installed / "cfc-pipeline", "init", "new", cwd=tmp_path)
    assert "good: the surveys' instruments" in run(installed / "cfc-pipeline", "-p", "new", "doctor", cwd=tmp_path)
    assert "## paired_change" in run(installed / "cfc-pipeline", "codebook", cwd=tmp_path)
