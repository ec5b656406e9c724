"""The benchmark's two scripts compute the same, and a difference would be seen."""

from pathlib import Path

import pytest

from benchmarks import connectors, formats
from benchmarks.run import Run, agree, run, run_ours, table
from cfc_pipeline.demo.grown import build_large


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench") / "programme"
    build_large(folder, responses=240, cohorts=6)
    return folder


def test_both_scripts_give_the_same_mean_changes_and_leave_the_programme_for_the_next_run(
    programme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH")  # the bare script needs pandas
    ours, bare = run_ours(programme), run("bare_pandas.py", programme / "inbox")
    assert len(ours.changes) == 9
    assert agree(ours.changes, bare.changes)
    assert ours.peak_mib > 50  # a Python process with polars in it: neither KiB nor bytes
    assert len(list((programme / "inbox").iterdir())) == 2


def test_a_difference_is_seen() -> None:
    assert agree({"a": 1.0}, {"a": 1.0 + 1e-12})
    assert not agree({"a": 1.0}, {"a": 1.001})
    assert not agree({"a": 1.0}, {"a": 1.0, "b": 1.0})


def test_a_script_that_fails_ends_the_benchmark(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"bare_pandas\.py ended with 1"):
        run("bare_pandas.py", tmp_path)


def test_ratios_are_of_medians() -> None:
    def runs(*seconds: float) -> list[Run]:
        return [Run(s, s, 100 * s, {}) for s in seconds]

    text = table(1000, runs(1, 2, 9), runs(4, 5, 60), runs(1, 1, 1))
    assert "time, times the bare script's       2.5" in text
    assert "memory, times the bare script's     2.5" in text


def test_connectors_are_timed_over_every_response_and_against_parsing(capsys: pytest.CaptureFixture[str]) -> None:
    assert connectors.main(["--responses", "20", "--runs", "1", "--tools", "odk", "limesurvey"]) == 0
    said = capsys.readouterr().out
    assert "20 responses" in said
    assert [line.split()[0] for line in said.splitlines()[2:4]] == ["odk", "limesurvey"]


def test_a_connectors_own_time_is_what_it_adds_to_taking_the_answers() -> None:
    result = connectors.Result("odk", 3, 1.0, parsing=[0.2, 0.1, 0.3], taking=[0.1], connector=[0.5, 0.4, 0.9])
    assert result.own == pytest.approx(0.4)
    assert result.times == pytest.approx(2.0)


def test_files_of_every_kind_are_read_whole_and_timed_against_parsing(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = ["qualtrics_tsv", "ms_forms_xlsx", "sav", "dta"]
    assert formats.main(["--responses", "30", "--runs", "1", "--formats", *chosen]) == 0
    said = capsys.readouterr().out
    assert "30 responses to 39 items" in said
    assert [line.split()[0] for line in said.splitlines()[2:6]] == chosen
