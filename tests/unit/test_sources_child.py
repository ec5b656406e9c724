"""Files that are opened in a process of their own: what stops it, what it is told, what it must not be told."""

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources import child, read_export
from tests.statistics_files import dta, sav, zsav_bomb

GIB = 1 << 30
ROWS = pl.DataFrame({"q": [1.0, 2.0]})


def refusal(data: bytes) -> str:
    with pytest.raises(ExportError) as caught:
        read_export(data, "export.sav")
    return str(caught.value)


def test_a_bomb_is_stopped_by_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zsav_bomb(blocks=100)  # 400 million cells
    assert len(bomb) < 1 << 20
    monkeypatch.setattr(child, "MEMORY", 9 * GIB // 8)
    assert "unpacks to more than a survey can hold" in refusal(bomb)


def test_a_bomb_is_stopped_by_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "SECONDS", 1)
    assert "unpacks to more than a survey can hold" in refusal(zsav_bomb(blocks=100))


def test_a_reader_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "PATIENCE", 0.01)
    assert "unpacks to more than a survey can hold" in refusal(sav(ROWS))


def test_a_reader_that_dies_of_a_file_takes_nothing_with_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dies = tmp_path / "python"
    dies.write_text("#!/bin/sh\nkill -SEGV $$\n")
    dies.chmod(0o700)
    monkeypatch.setattr(child.sys, "executable", str(dies))
    assert "damaged or cut short" in refusal(sav(ROWS))
    assert "damaged or cut short" in refusal(sav(ROWS) + bytes(1 << 20))  # more than a pipe holds: it is not all taken


def test_the_process_is_told_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spy = tmp_path / "python"
    spy.write_text(f"#!/bin/sh\nenv > '{tmp_path}/env'\nexit 1\n")
    spy.chmod(0o700)
    monkeypatch.setattr(child.sys, "executable", str(spy))
    monkeypatch.setenv("CFC_PSEUDONYM_KEY", "planted secret")
    refusal(sav(ROWS))
    assert "planted secret" not in (tmp_path / "env").read_text()


def test_a_run_starts_without_libraries_that_it_may_never_need() -> None:
    heavy = "{'scipy.stats', 'scipy.optimize', 'statsmodels', 'pyreadstat', 'openpyxl'}"
    script = f"import sys; from cfc_pipeline.recipes import ingest, publish; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True, env={"PYTHONPATH": ":".join(sys.path)})


def test_the_pipeline_itself_never_loads_the_library_or_pandas(tmp_path: Path) -> None:
    (tmp_path / "a.sav").write_bytes(sav(ROWS))
    (tmp_path / "b.dta").write_bytes(dta(ROWS))
    script = (
        "import sys; from pathlib import Path; from cfc_pipeline.sources import read_export\n"
        "for path in map(Path, sys.argv[1:]): assert read_export(path.read_bytes(), 'x').rows.collect().height == 2\n"
        "assert not {'pandas', 'pyreadstat'} & set(sys.modules)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "a.sav"), str(tmp_path / "b.dta")]
    subprocess.run(command, check=True, env={"PYTHONPATH": ":".join(sys.path)})
