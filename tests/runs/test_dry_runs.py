"""publish and email with --dry-run: everything is worked out and told, nothing is written or sent."""

import json
from pathlib import Path

import pytest

from cfc_pipeline import cli
from cfc_pipeline.programme_folder import init

PROGRAMME = """\
name: Test (synthetic)
synthetic: true
cohorts: [{id: 2025-a, label: Cohort A, academic_year: 2025/26, start: 2025-09-15, end: 2026-07-10}]
surveys:
  - {id: roster, tool: table, kind: roster, fields: {code: Code, school: School, cohort: Group, consent: Agreed}}
email: {sender: "Team <team@example.org>", to: [head@example.org], smtp: {host: 127.0.0.1, port: 1, security: none}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    init(tmp_path / "p")
    (tmp_path / "p" / "programme.yaml").write_text(PROGRAMME)
    people = "".join(f"syn{i},School {i},2025-a,yes\n" for i in range(9))
    (tmp_path / "p" / "inbox" / "roster.csv").write_text(f"Code,School,Group,Agreed\n{people}")
    return tmp_path / "p"


def said(folder: Path, *words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("sys.argv", ["cfc-pipeline", "-p", str(folder), *words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert not end.value.code
    return capsys.readouterr().out


def test_publish_tells_what_a_release_would_hold(folder, capsys, monkeypatch) -> None:
    def told(*words: str) -> str:
        return said(folder, *words, capsys=capsys, monkeypatch=monkeypatch)

    told("ingest")
    would = json.loads(told("publish", "--dry-run", "--json"))
    assert "Nothing was written." in told("publish", "--dry-run")
    assert list((folder / "releases").iterdir()) == []
    done = json.loads(told("publish", "--json"))
    assert (folder / "releases" / "latest" / "index.html").is_file()
    assert (would["dry_run"], done["dry_run"]) == (True, False)
    assert [would[fact] for fact in ("tables", "shown", "hidden")] == [
        done[fact] for fact in ("tables", "shown", "hidden")
    ]


def test_email_tells_who_would_get_it_without_a_mail_server(folder, capsys, monkeypatch) -> None:
    def told(*words: str) -> str:
        return said(folder, *words, capsys=capsys, monkeypatch=monkeypatch)

    told("ingest")
    told("publish")
    assert "would be sent to 1 recipient. Nothing was sent." in told("email", "--dry-run")
    assert not (folder / "data" / "restricted" / "sent").exists()
