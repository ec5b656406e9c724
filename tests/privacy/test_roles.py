"""Roles: each file is made so that only who needs it can open it, the page for data protection gives every command to
somebody, and `doctor` names whatever is open to more people. All people are synthetic."""

import os
import re
import stat
from pathlib import Path

import pytest

from cfc_pipeline.cli import app
from cfc_pipeline.demo.build import build_demo
from cfc_pipeline.recipes.doctor import examine
from cfc_pipeline.recipes.ingest import ingest
from cfc_pipeline.recipes.publish import publish

PAGE = Path(__file__).parents[2] / "docs" / "data-protection.md"
OWNER_ONLY = ("data/warehouse.duckdb", "corrections.csv", "links.csv")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    before = os.umask(0o002)  # a usual one, which lets groups write
    try:
        folder = build_demo(tmp_path_factory.mktemp("roles") / "demo").folder
        ingest(folder, os.environ)
        publish(folder)
    finally:
        os.umask(before)
    return folder


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_pipelines_account_reaches_what_is_personal(folder):
    inside = [folder / "inbox", folder / "data" / "restricted", *(folder / "data" / "restricted").rglob("*")]
    assert [path.name for path in inside if mode(path) & 0o077] == []
    assert len(inside) > 10
    assert [name for name in OWNER_ONLY if (folder / name).exists() and mode(folder / name) & 0o077] == []


def test_analysts_read_their_copy_by_their_group_and_nobody_writes_it(folder):
    assert mode(folder / "data" / "analysis.duckdb") == 0o640


def test_strangers_write_nothing(folder):
    open_ = [p for p in folder.rglob("*") if not p.is_symlink() and mode(p) & stat.S_IWOTH]
    assert open_ == []


@pytest.mark.parametrize("name", ["inbox", "data/restricted", "data/restricted/raw", "data/warehouse.duckdb"])
@pytest.mark.parametrize("who", [stat.S_IRGRP, stat.S_IROTH])
def test_doctor_names_what_somebody_opened(folder, name, who):
    path = folder / name
    before = mode(path)
    path.chmod(before | who)
    try:
        assert f"mend: others can read {name}; run chmod go-rwx on it" in examine(folder, os.environ)
    finally:
        path.chmod(before)
    assert not any(name in line for line in examine(folder, os.environ))


def test_every_command_belongs_to_a_role_or_needs_none():
    """So that a new command is given to somebody."""
    (row,) = re.findall(r"^\| runs \|.*$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    given = set(re.findall(r"`([\w-]+)`", row))
    needs_nobody = {"init", "demo"}  # they make a folder that is not there yet
    assert {name for name in app if not name.startswith("-")} == given | needs_nobody
