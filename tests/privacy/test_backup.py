"""Backups: sealed, without the key, whole or refused; restored, the same programme; no place where the erased stay."""

import os
import shutil
import stat

import pytest

from cfc_pipeline.errors import ConfigError, PrivacyRefusal, StoreError
from cfc_pipeline.identity.keys import VARIABLE, Keys, load_keys
from cfc_pipeline.recipes import audit
from cfc_pipeline.recipes.backup import backup, restore
from cfc_pipeline.recipes.erase import erase
from cfc_pipeline.recipes.ingest import ingest
from cfc_pipeline.recipes.publish import publish
from cfc_pipeline.recipes.rotate import rotate_key
from cfc_pipeline.recipes.verify import verify
from tests.small_folder import WHEN, copied, filled, tables, take_in


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = filled(tmp_path_factory.mktemp("made") / "p", people=12)
    take_in(folder)
    publish(folder, now=WHEN)
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return copied(made, tmp_path / "p")


@pytest.fixture
def safe(folder, tmp_path):
    """Somebody's safe copy of the key."""
    return shutil.copy2(folder / "data" / "restricted" / "secret.key", tmp_path / "safe.key")


def content(folder):
    """Every file with its mode, but for what is made again, locks, and the log with its end, which goes on."""
    left_out = ("data/warehouse.duckdb", "data/analysis.duckdb", "data/backups", audit.FILE_NAME, audit.END.as_posix())
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    files = {name: path for name, path in files.items() if not path.name.endswith(".lock")}
    return {n: (stat.S_IMODE(p.stat().st_mode), p.read_bytes()) for n, p in files.items() if not n.startswith(left_out)}


def test_what_is_restored_is_the_same_programme(folder, safe, tmp_path):
    before, held = tables(folder), content(folder)
    made = backup(folder, {}, tmp_path / "away.backup", now=WHEN)
    again = tmp_path / "again"
    done = restore(tmp_path / "away.backup", again, {}, key=safe, now=WHEN)
    assert done.files == made.files
    assert content(again) == held
    assert (again / "releases" / "latest").resolve().name == (folder / "releases" / "latest").resolve().name
    ingest(again, {}, now=WHEN)
    assert tables(again) == before
    assert len(verify(again, {})) == 3
    assert [e["what"] for e in audit.read(again)][-1] == "restored"


def test_nothing_readable_is_in_it_and_neither_is_the_key(folder):
    (folder / "inbox" / "late.csv").write_text("person12@school.example")
    made = backup(folder, {}, now=WHEN)
    path = folder / "data" / "backups" / "2026-01-05T030000Z.backup"
    assert made.path == str(path)
    data = path.read_bytes()
    secret = load_keys(folder / "data" / "restricted", {}).secret
    for words in (
        b"person1",
        b"@school.example",
        b"Synthetic",
        b"brs-pre",
        b"programme.yaml",
        secret,
        secret.hex().encode(),
    ):
        assert words not in data
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_key_is_needed_and_has_to_be_the_right_one(folder, tmp_path):
    file = tmp_path / "away.backup"
    backup(folder, {}, file, now=WHEN)
    with pytest.raises(ConfigError, match="only be opened with"):
        restore(file, tmp_path / "again", {})
    with pytest.raises(PrivacyRefusal, match="another secret key"):
        restore(file, tmp_path / "again", {VARIABLE: "7" * 64})
    loose = tmp_path / "loose.key"
    loose.write_text("7" * 64)
    loose.chmod(0o644)
    with pytest.raises(PrivacyRefusal, match="read by other users"):
        restore(file, tmp_path / "again", {}, key=loose)
    assert not (tmp_path / "again").exists()


def test_with_the_key_in_the_environment_none_is_written(folder, safe, tmp_path):
    backup(folder, {}, tmp_path / "away.backup", now=WHEN)
    restore(tmp_path / "away.backup", tmp_path / "again", {VARIABLE: safe.read_text().strip()})
    assert not (tmp_path / "again" / "data" / "restricted" / "secret.key").exists()


def test_every_change_and_cut_is_refused_and_leaves_no_folder(folder, safe, tmp_path):
    file, again = tmp_path / "away.backup", tmp_path / "again"
    backup(folder, {}, file, now=WHEN)
    whole = file.read_bytes()
    for damaged in (
        *(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(25, len(whole), len(whole) // 40)),
        *(whole[: len(whole) * n // 9] for n in range(1, 9)),
        whole[:-1],
        whole + b"x",
    ):
        file.write_bytes(damaged)
        with pytest.raises((StoreError, PrivacyRefusal)):
            restore(file, again, {}, key=safe)
        assert not again.exists()


def test_two_backups_cannot_be_mixed(folder, safe, tmp_path):
    """Boxes of the same place and key, of another day."""
    first, second = tmp_path / "first.backup", tmp_path / "second.backup"
    backup(folder, {}, first, now=WHEN)
    (folder / "approvals.csv").write_text("comment,decision,by,at\n")
    backup(folder, {}, second, now=WHEN)
    one, other = first.read_bytes(), second.read_bytes()
    size = int.from_bytes(one[22:30], "big")
    other_size = int.from_bytes(other[22:30], "big")
    mixed = one[: 22 + 8 + 12 + size] + other[22 + 8 + 12 + other_size :]
    first.write_bytes(mixed)
    with pytest.raises(StoreError):
        restore(first, tmp_path / "again", {}, key=safe)


def test_it_goes_into_a_new_or_empty_folder_only(folder, safe, tmp_path):
    file = tmp_path / "away.backup"
    backup(folder, {}, file, now=WHEN)
    with pytest.raises(ConfigError, match="new or empty"):
        restore(file, folder, {}, key=safe)
    (tmp_path / "empty").mkdir()
    assert restore(file, tmp_path / "empty", {}, key=safe).files


@pytest.mark.parametrize("name", ["p/here.backup", "p/data/backups/own.backup", "not/there.backup", "safe.key"])
def test_it_is_written_to_a_new_file_outside(folder, safe, tmp_path, name):
    with pytest.raises(ConfigError, match="file for the backup"):
        backup(folder, {}, tmp_path / name)


def test_dry_runs_write_nothing(folder, safe, tmp_path):
    file = tmp_path / "away.backup"
    before = content(folder), audit.read(folder)
    assert "would hold" in backup(folder, {}, file, dry_run=True).in_words()
    assert not file.exists()
    backup(folder, {}, file, now=WHEN)
    assert "whole" in restore(file, tmp_path / "again", {}, key=safe, dry_run=True).in_words()
    assert not (tmp_path / "again").exists()
    assert not list(tmp_path.glob(".again*"))
    assert content(folder) == before[0]
    assert len(audit.read(folder)) == len(before[1]) + 1


def test_a_killed_restore_is_begun_again(folder, safe, tmp_path):
    backup(folder, {}, tmp_path / "away.backup", now=WHEN)
    left = tmp_path / ".again.restoring"
    left.mkdir()
    (left / "half").write_text("x")
    restore(tmp_path / "away.backup", tmp_path / "again", {}, key=safe)
    assert not (tmp_path / "again" / "half").exists()
    assert not left.exists()


def test_an_erasure_shreds_managed_backups_and_makes_a_new_one(folder, safe, tmp_path):
    made = backup(folder, {}, now=WHEN)
    with open(made.path, "rb") as held:  # what was on the disk, also after the name is gone
        done = erase(folder, {}, "person3@school.example", now=WHEN)
        assert set(held.read()) == {0}
    assert done.backups == 1
    (newest,) = (folder / "data" / "backups").iterdir()
    restore(newest, tmp_path / "again", {}, key=safe)
    ingest(tmp_path / "again", os.environ, now=WHEN)
    assert tables(tmp_path / "again")["participant"] == tables(folder)["participant"]
    assert len(tables(folder)["participant"]) == 11


def test_an_exchange_of_the_key_shreds_what_the_old_one_opens(folder):
    backup(folder, {}, now=WHEN)
    rotate_key(folder, {}, now=WHEN)
    (newest,) = (folder / "data" / "backups").iterdir()
    keys = load_keys(folder / "data" / "restricted", {})
    assert isinstance(keys, Keys)
    assert restore(newest, folder.parent / "again", {VARIABLE: keys.secret.hex()}, dry_run=True).files


def test_a_key_that_does_not_open_what_is_inside_makes_no_backup(folder):
    with pytest.raises(PrivacyRefusal, match="another secret key"):
        backup(folder, {VARIABLE: "0f" * 32}, now=WHEN)
    assert not list((folder / "data").glob("backups/*"))
