"""What people decide is in the audit log, and nothing about whom. All people are synthetic."""

import json
import os

import pytest

from cfc_pipeline.cli import app
from cfc_pipeline.recipes import audit
from cfc_pipeline.recipes.review import comments, decide
from tests.small_folder import copied, filled, take_in


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = filled(tmp_path_factory.mktemp("made") / "p")
    take_in(folder)
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return copied(made, tmp_path / "p")


@pytest.mark.parametrize("decision", ["approved", "rejected"])
def test_decisions_about_comments(folder, decision):
    first, second, *_ = comments(folder, {})["comment_id"]
    assert decide(folder, {}, [first, second, first], decision, "A manager") == 2
    (entry,) = audit.read(folder)
    assert (entry["what"], entry["comments"]) == (f"comments {decision}", 2)
    written = (folder / audit.FILE_NAME).read_text()
    assert first not in written
    assert "manager" not in written


def test_a_dry_run_decides_nothing(folder):
    (first, *_) = comments(folder, {})["comment_id"]
    assert decide(folder, {}, [first], "approved", "A manager", dry_run=True) == 1
    assert not (folder / "approvals.csv").exists()
    assert audit.read(folder) == []


def test_the_command_says_what_it_would_do(folder, capsys):
    (first, *_) = comments(folder, {})["comment_id"]
    app.meta(["-p", str(folder), "review", "approve", first, "--dry-run"], result_action="return_value")
    assert "1 would be approved" in capsys.readouterr().out
    assert not (folder / "approvals.csv").exists()


def test_doctor_for_programs(folder, capsys):
    for path in (folder / "inbox",):
        os.chmod(path, 0o700)
    app.meta(["-p", str(folder), "doctor", "--json"], result_action="return_value")
    findings = json.loads(capsys.readouterr().out)
    assert [line for line in findings if not line.startswith("good: ")] == []


@pytest.mark.parametrize(
    ("name", "mode", "words"),
    [
        ("data/analysis.duckdb", 0o644, "everybody can read data/analysis.duckdb"),
        ("programme.yaml", 0o666, "everybody can write programme.yaml"),
        ("releases", 0o777, "everybody can write releases"),
    ],
)
def test_doctor_sees_what_strangers_may(folder, name, mode, words, capsys):
    (folder / name).mkdir(exist_ok=True) if name == "releases" else None
    (folder / name).chmod(mode)
    assert app.meta(["-p", str(folder), "doctor"], result_action="return_value") == 1
    assert words in capsys.readouterr().out
