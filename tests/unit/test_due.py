"""`review due`: who is still to answer, for the manager; nobody's name unless it is asked for."""

import json
from pathlib import Path

import pytest

from cfc_pipeline import cli
from cfc_pipeline.recipes.due import counted, named
from tests.small_folder import ANSWERS, BRS, PEOPLE, ROSTER, answer, describe, drop, person, take_in

POST = BRS | {"id": "brs-post", "time_point": "post", "files": "post*"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of cohort a five agreed; four answered before and one after. Of cohort b nobody answered."""
    made = describe(tmp_path / "p", ROSTER, BRS | {"files": "pre*"}, POST)
    refused, gone = person(6, Consent="No"), person(7, Withdrawn="2023-11-01")
    drop(made, "roster.csv", PEOPLE, [*(person(n) for n in range(1, 6)), refused, gone, person(8, Cohort="b")])
    drop(made, "pre.csv", ANSWERS, [answer(n) for n in range(1, 5)])
    drop(made, "post.csv", ANSWERS, [answer(2)])
    take_in(made)
    return made


def test_who_agreed_and_has_not_answered_is_due_once_somebody_of_the_cohort_has(folder: Path) -> None:
    assert counted(folder, {}).rows() == [("a", "scale", "pre", 5, 4, 1), ("a", "scale", "post", 5, 1, 4)]
    people = [(row["time_point"], row["email"]) for row in named(folder, {}).rows(named=True)]
    assert people == [("pre", "person5@school.example"), *(("post", f"person{n}@school.example") for n in (1, 3, 4, 5))]


def test_names_are_shown_only_when_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(*words: str) -> str:
        monkeypatch.setattr("sys.argv", ["cfc-pipeline", "-p", str(folder), "review", "due", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert not end.value.code
        return capsys.readouterr().out

    assert [row["due"] for row in json.loads(said("--json"))] == [1, 4]
    assert "person5" not in said()
    assert [row["name"] for row in json.loads(said("--show", "--json"))[:1]] == ["Synthetic Person5"]


def test_no_list_of_people_is_kept_for_analysts(folder: Path) -> None:
    counted(folder, {})
    assert b"person5" not in (folder / "data" / "analysis.duckdb").read_bytes()
