"""`verify --privacy` as a product: it finds nothing in this version, and it does find what leaks."""

import base64
import os
import signal
import subprocess
import sys
import time
import zipfile

import duckdb
import polars as pl
import pytest

from cfc_pipeline.demo import leaktest
from cfc_pipeline.demo.planted import UNKNOWN_CELL
from cfc_pipeline.errors import PrivacyRefusal
from cfc_pipeline.recipes.search import search, written


def test_nothing_planted_is_found_anywhere(tmp_path):
    line = [sys.executable, "-m", "cfc_pipeline.cli", "verify", "--privacy"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "none was found" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_leak_is_found_and_its_value_is_not_shown(monkeypatch):
    def leaky(name, scratch):
        (scratch / "tmp").mkdir()
        (scratch / "tmp" / "debug.txt").write_text(f"row 7: {UNKNOWN_CELL}")

    monkeypatch.setattr(leaktest, "_run", leaky)
    with pytest.raises(PrivacyRefusal, match="1 places") as refusal:
        leaktest.leak_test(("killed",))
    assert "tmp/debug.txt" in str(refusal.value)
    assert UNKNOWN_CELL not in str(refusal.value)


def test_a_search_that_finds_nothing_is_no_good_news(monkeypatch):
    monkeypatch.setattr(leaktest, "search", lambda folder, values: (1, []))
    with pytest.raises(PrivacyRefusal, match="cannot find"):
        leaktest.leak_test(())


@pytest.mark.parametrize(("ended", "dies"), [(1, ()), (None, ()), (0, ("one",))])
def test_a_run_that_did_not_happen_is_no_good_news(monkeypatch, ended, dies):
    monkeypatch.setattr(leaktest, "_DIES", dies)
    monkeypatch.setattr(leaktest, "_child", lambda line, scratch, name: ended)
    with pytest.raises(PrivacyRefusal, match="could not run"):
        leaktest.leak_test(("one",))


def test_a_process_that_is_killed_or_not_there_is_told_from_one_that_went_well(tmp_path):
    lines = {"good": "pass", "wrong": "import no_such_module", "killed": "import os; os.kill(os.getpid(), 9)"}
    ended = {name: leaktest._child([sys.executable, "-c", code], tmp_path, name) for name, code in lines.items()}
    assert ended == {"good": 0, "wrong": 1, "killed": -9}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_leaves_nothing_behind(tmp_path, how):
    line = [sys.executable, "-m", "cfc_pipeline.cli", "verify", "--privacy"]
    with subprocess.Popen(line, env=os.environ | {"TMPDIR": str(tmp_path)}, stderr=subprocess.DEVNULL) as child:
        while not list(tmp_path.glob("*/printed by *.txt")):
            assert child.poll() is None
            time.sleep(0.1)
        child.send_signal(how)
        assert child.wait(60) != 0
    assert list(tmp_path.iterdir()) == []


NAME = "Xenobia Quïllfeather & Sons"


@pytest.mark.parametrize(
    "content",
    [
        NAME.encode(),
        NAME.upper().encode(),
        NAME.encode("utf-16-le"),
        b"?q=Xenobia%20Qu%C3%AFllfeather%20%26%20Sons&x",
        b"<td>Xenobia Qu\xc3\xafllfeather &amp; Sons</td>",
        rb'{"name": "Xenobia Qu\u00efllfeather & Sons"}',
        *(base64.b64encode(b"x" * n + NAME.encode() + b"yz") for n in range(4)),
    ],
)
def test_it_is_found_however_it_is_written(tmp_path, content):
    (tmp_path / "a.bin").write_bytes(b"before " + content + b" after")
    (tmp_path / "b.bin").write_bytes(b"nothing")
    assert search(tmp_path, [NAME]) == (2, ["a.bin"])


def test_short_words_are_looked_for_as_they_are_only():
    assert set(written(["HL-417"])) == {"HL-417", "hl-417", "H\0L\0-\x004\x001\x007\0", "h\0l\0-\x004\x001\x007\0"}


def test_it_is_found_in_each_file_that_holds_it_and_no_other(tmp_path):
    """Also where no byte on disk shows it, and in the name of a file, which is not said then."""
    (tmp_path / "one.txt").write_text("nothing")
    with zipfile.ZipFile(tmp_path / "two.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sheet.xml", f"<c>{NAME}</c>" * 9)
    said = [f"{n} {NAME}" for n in range(500)]
    pl.DataFrame({"said": said}).write_parquet(tmp_path / "three.parquet", statistics=False)
    cells = {"four": f"n || '{NAME}'", "five": f"['', n || '{NAME}']", "six": "NULL::VARCHAR", "seven": "1"}
    for name, cell in cells.items():
        with duckdb.connect(str(tmp_path / f"{name}.duckdb")) as con:
            con.execute(f"CREATE TABLE t AS SELECT 1 AS a, {cell} AS b FROM range(9000) AS many(n)")
    assert not [path for path in tmp_path.iterdir() if NAME.encode() in path.read_bytes()]
    (tmp_path / "Xenobia_Quïllfeather_&_Sons.txt").write_text("nothing")
    told = ["file 0 of the folder", "five.duckdb", "four.duckdb", "three.parquet", "two.xlsx"]
    assert search(tmp_path, [NAME]) == (8, told)
    assert search(tmp_path, []) == (8, [])


def test_nothing_hides_where_one_piece_of_a_large_file_ends(tmp_path, monkeypatch):
    monkeypatch.setattr("cfc_pipeline.recipes.search._PIECE", 2000)
    for start in (0, 1990, 2000, 3985, 7000):
        (tmp_path / f"{start}.bin").write_bytes(b"." * start + NAME.encode() + b"." * 9000)
    (tmp_path / "none.bin").write_bytes(b"." * 9000)
    assert search(tmp_path, [NAME])[1] == ["0.bin", "1990.bin", "2000.bin", "3985.bin", "7000.bin"]
