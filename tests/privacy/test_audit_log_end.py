"""Where the audit log ends is kept apart from it: a tail that is cut off is noticed, also when other lines follow;
a run that is killed at any instant, an older programme and a restored one raise no alarm."""

import stat
import subprocess
import sys

import pytest

from cfc_pipeline.errors import StoreError
from cfc_pipeline.recipes import audit
from cfc_pipeline.recipes.backup import backup, restore
from cfc_pipeline.recipes.rotate import rotate_key
from cfc_pipeline.recipes.verify import verify
from tests.small_folder import WHEN, copied, filled, take_in

END = audit.END.as_posix()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Three lines, and nothing was published or erased."""
    folder = filled(tmp_path_factory.mktemp("made") / "p", people=2)
    take_in(folder)
    for n in (1, 2, 3):
        audit.note(folder, "export", WHEN, people=n)
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return copied(made, tmp_path / "p")


def cut(folder, lines):
    path = folder / audit.FILE_NAME
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:lines]))


@pytest.mark.parametrize("left", [0, 1, 2])
def test_a_tail_that_nothing_was_made_after_cannot_be_cut_off(folder, left):
    cut(folder, left)
    with pytest.raises(StoreError, match="cut off") as refusal:
        verify(folder, {})
    assert "it had 3 lines" in str(refusal.value)


def test_lines_that_follow_do_not_cover_a_cut(folder):
    """They stay noticed until the very lines that were cut off are back."""
    whole = (folder / audit.FILE_NAME).read_bytes()
    cut(folder, 1)
    for n in range(4):
        audit.note(folder, "backup", WHEN, files=n)
        with pytest.raises(StoreError, match="it had 3 lines"):
            audit.check(folder)
    (folder / audit.FILE_NAME).write_bytes(whole)
    with pytest.raises(StoreError, match="it had 5 lines"):  # and those that came after the cut are missing now
        audit.check(folder)


def test_a_programme_that_goes_on_after_a_loss_says_so_for_good(folder):
    """The lines cannot be had again: whoever is content with that removes the file, and the next line tells."""
    cut(folder, 1)
    audit.note(folder, "backup", WHEN, files=1)
    (folder / END).unlink()
    with pytest.raises(StoreError, match="is gone"):
        verify(folder, {})
    audit.note(folder, "backup", WHEN, files=2)
    assert audit.read(folder)[-1]["end_kept_from"] == 3
    assert any("before line 3" in line for line in verify(folder, {}))


def test_a_programme_of_an_earlier_version_raises_no_alarm(folder):
    """Its lines do not say that their end is kept."""
    (folder / audit.FILE_NAME).unlink()
    (folder / END).unlink()
    restricted, aside = folder / "data" / "restricted", folder / "data" / "aside"
    restricted.rename(aside)  # a folder that is not there is not made: `rotate-key` would take it for a whole one
    audit.note(folder, "export", WHEN, people=1)
    assert not restricted.exists()
    aside.rename(restricted)
    assert any("nothing says where it ends" in line for line in verify(folder, {}))
    audit.note(folder, "export", WHEN, people=2)
    cut(folder, 1)
    with pytest.raises(StoreError, match="cut off"):
        verify(folder, {})


def test_killed_between_the_line_and_its_end(folder):
    before = (folder / END).read_bytes()
    audit.note(folder, "export", WHEN, people=4)
    (folder / END).write_bytes(before)
    assert audit.check(folder)[0] == 4
    audit.note(folder, "export", WHEN, people=5)
    assert audit.check(folder)[0] == 5


_KILLS = """
import os, signal, sys, time
from datetime import UTC, datetime
from pathlib import Path
from cfc_pipeline.recipes import audit
folder = Path(sys.argv[1])
log = folder / audit.FILE_NAME
for number in range(60):
    before = log.stat().st_size
    child = os.fork()
    if not child:
        while True:
            audit.note(folder, "test", datetime.now(UTC))
    while number % 2 and log.stat().st_size == before:  # every other one is to come to a first line on any machine
        pass
    time.sleep(0.002 + 0.0007 * number)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    audit.check(folder)
print(audit.check(folder)[0])
"""


def test_killed_at_any_instant_it_raises_no_alarm(folder):
    """No false one, and none is lost: cutting off two lines is noticed after every kill too."""
    done = subprocess.run([sys.executable, "-c", _KILLS, str(folder)], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 30
    cut(folder, int(done.stdout) - 2)
    with pytest.raises(StoreError, match="cut off"):
        audit.check(folder)


def test_a_new_key_and_a_restored_backup_keep_the_end(folder, tmp_path):
    rotate_key(folder, {}, now=WHEN)
    backup(folder, {}, tmp_path / "away.backup", now=WHEN)
    again = tmp_path / "again"
    restore(tmp_path / "away.backup", again, {}, key=folder / "data" / "restricted" / "secret.key", now=WHEN)
    for one in (folder, again):
        assert all(line.startswith("good:") for line in verify(one, {}))
        cut(one, len(audit.read(one)) - 1)
        with pytest.raises(StoreError, match="cut off"):
            verify(one, {})


def test_only_the_pipelines_account_reaches_it(folder):
    assert stat.S_IMODE((folder / END).stat().st_mode) == 0o600
