"""`init` makes a folder that works at once, and its examples are good ones."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from cfc_pipeline.errors import ConfigError, PrivacyRefusal
from cfc_pipeline.identity.keys import load_keys
from cfc_pipeline.identity.vault import seal
from cfc_pipeline.intake.corrections import COLUMNS, read_corrections
from cfc_pipeline.programme import Model
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.programme_folder import init
from schemas.fields import ROSTER, SESSION_LOG


def test_it_works_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "our programme"
    made = init(folder)
    programme = load_programme(folder)
    assert (programme.name, len(programme.cohorts), programme.surveys) == ("our programme", 2, [])
    assert load_keys(programme.restricted, {}).key_id
    assert programme.inbox.is_dir()
    assert read_corrections(folder / "corrections.csv") == []
    assert all(path.exists() for path in made)


def test_its_corrections_have_the_columns_that_intake_reads(tmp_path: Path) -> None:
    init(tmp_path)
    assert (tmp_path / "corrections.csv").read_text() == ",".join(COLUMNS) + "\n"


@pytest.mark.parametrize("name", ['The "big" one: 2025', "Ysgol Llŷn & co", "a\nb", "#1", "no", "- x", "{x}", "\\d"])
def test_any_name_will_do(tmp_path: Path, name: str) -> None:
    init(tmp_path / "p", name)
    assert load_programme(tmp_path / "p").name == " ".join(name.split())


def uncommented(folder: Path) -> str:
    """Every example switched on, as an editor does it: `# ` deleted; `##` explains and stays."""
    text = (folder / "programme.yaml").read_text()
    return re.sub(r"(?m)^# (?!yaml-language-server)", "", text)


def test_every_example_is_good(tmp_path: Path) -> None:
    init(tmp_path)
    (tmp_path / "programme.yaml").write_text(uncommented(tmp_path))
    programme = load_programme(tmp_path)
    assert {s.kind for s in programme.surveys} == {
        "roster",
        "scale",
        "perceived_impact",
        "session_feedback",
        "session_log",
    }
    assert programme.email


def test_every_setting_is_taught(tmp_path: Path) -> None:
    init(tmp_path)
    text = (tmp_path / "programme.yaml").read_text()
    settings = {name for model in Model.__subclasses__() for name in model.model_fields} - {"folder"}
    assert {name for name in settings | set(ROSTER) | set(SESSION_LOG) if not re.search(rf"\b{name}\b", text)} == set()


def test_the_schema_lies_where_the_first_line_says(tmp_path: Path) -> None:
    init(tmp_path)
    first = (tmp_path / "programme.yaml").read_text().splitlines()[0]
    assert (tmp_path / first.removeprefix("# yaml-language-server: $schema=")).is_file()


def test_personal_places_are_for_the_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        init(tmp_path / "p")
    finally:
        os.umask(before)
    modes = {p: (tmp_path / "p" / p).stat().st_mode & 0o777 for p in ("inbox", "data/restricted", "corrections.csv")}
    assert modes == {"inbox": 0o700, "data/restricted": 0o700, "corrections.csv": 0o600}
    assert (tmp_path / "p" / "data" / "restricted" / "secret.key").stat().st_mode & 0o777 == 0o600


def test_nothing_is_overwritten_and_what_is_missing_comes_back(tmp_path: Path) -> None:
    init(tmp_path)
    (tmp_path / "programme.yaml").write_text("name: mine\n")
    (tmp_path / "README.txt").unlink()
    key = (tmp_path / "data" / "restricted" / "secret.key").read_bytes()
    assert init(tmp_path) == [tmp_path / "README.txt"]
    assert (tmp_path / "programme.yaml").read_text() == "name: mine\n"
    assert (tmp_path / "data" / "restricted" / "secret.key").read_bytes() == key


def test_a_lost_key_is_not_replaced_where_there_is_data(tmp_path: Path) -> None:
    from datetime import date

    init(tmp_path)
    restricted = tmp_path / "data" / "restricted"
    seal(restricted, load_keys(restricted, {}), b"x", name="x", received_on=date(2025, 9, 1), survey_id=None)
    (restricted / "secret.key").unlink()
    assert init(tmp_path) == []
    with pytest.raises(PrivacyRefusal, match="missing"):
        load_keys(restricted, {})


def test_a_folder_with_other_things_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("x")
    with pytest.raises(ConfigError, match="not an empty folder"):
        init(tmp_path)
    assert os.listdir(tmp_path) == ["thesis.docx"]


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    with pytest.raises(ConfigError):
        init(tmp_path / "x")


def test_hidden_files_are_no_other_things(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    init(tmp_path)
    load_programme(tmp_path)


def test_git_takes_in_nothing_personal(tmp_path: Path) -> None:
    init(tmp_path)
    for path in ("inbox/jane.csv", "data/warehouse.duckdb", "data/restricted/raw/1.sealed", "jane.xlsx"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    status = ["git", "-C", str(tmp_path), "status", "--porcelain", "--untracked-files=all"]
    seen = subprocess.run(status, check=True, capture_output=True, text=True).stdout.split()[1::2]
    assert sorted(seen) == [".gitignore", "README.txt", "programme.schema.json", "programme.yaml"]
