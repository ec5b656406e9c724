"""`verify --privacy` as a product: it finds nothing in this version, and it does find what leaks."""

import base64
import os
import signal
import subprocess
import sys
import time

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
    run = leaktest._run

    def leaky(name, scratch):
        run(name, scratch)
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


def test_a_run_that_did_not_happen_is_no_good_news(monkeypatch):
    monkeypatch.setattr(leaktest, "_DIES", ())
    with pytest.raises(PrivacyRefusal, match="could not run"):
        leaktest.leak_test(("killed",))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_leaves_nothing_behind(tmp_path, how):
    line = [sys.executable, "-m", "cfc_pipeline.cli", "verify", "--privacy"]
    with subprocess.Popen(line, env=os.environ | {"TMPDIR": str(tmp_path)}, stderr=subprocess.DEVNULL) as child:
        while not list(tmp_path.glob("*/printed by failures.txt")):
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
