"""What was kept long enough goes, is named, and nothing else does. All people are synthetic."""

from datetime import UTC, date, datetime

import pytest
import yaml

from cfc_pipeline.recipes import audit
from cfc_pipeline.recipes.backup import backup
from cfc_pipeline.recipes.doctor import examine
from cfc_pipeline.recipes.publish import publish
from cfc_pipeline.recipes.raw_input import after_months
from cfc_pipeline.recipes.retain import retain
from cfc_pipeline.recipes.verify import verify
from tests.small_folder import WHEN, copied, filled, tables, take_in

LATER = datetime(2026, 7, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = filled(tmp_path_factory.mktemp("made") / "p")
    path = folder / "programme.yaml"
    settings = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(settings | {"policy": {"retention": {"releases": 6, "backups": 3}}}))
    take_in(folder)
    publish(folder, now=WHEN)
    publish(folder, now=WHEN.replace(hour=4))
    backup(folder, {}, now=WHEN)
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return copied(made, tmp_path / "p")


def files(folder):
    kept = (p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
    return sorted(str(p.relative_to(folder)) for p in kept)


def test_a_dry_run_lists_what_goes_and_why_and_changes_nothing(folder):
    before = files(folder), (folder / audit.FILE_NAME).read_bytes()
    said = retain(folder, {}, dry_run=True, now=LATER)
    assert [(d.kind, d.months) for d in said.gone] == [("release", 6), ("backup", 3)]
    assert "would go: made on 2026-01-05, kept for 6 months" in said.in_words()
    assert (files(folder), (folder / audit.FILE_NAME).read_bytes()) == before


def test_it_goes_is_noted_and_the_newest_release_and_the_data_stay(folder):
    before, released = tables(folder), (folder / "releases" / "latest").resolve()
    done = retain(folder, {}, now=LATER)
    assert [p.name for p in (folder / "releases").iterdir() if p.is_dir() and not p.is_symlink()] == [released.name]
    assert not list((folder / "data" / "backups").iterdir())
    assert [g["name"] for g in audit.read(folder)[-1]["gone"]] == [d.name for d in done.gone]
    assert all(line.startswith("good:") for line in verify(folder, {}))
    take_in(folder)
    assert tables(folder) == before


def test_doing_it_again_does_nothing(folder):
    retain(folder, {}, now=LATER)
    before = files(folder), len(audit.read(folder))
    assert retain(folder, {}, now=LATER).in_words().startswith("Nothing is past its time.")
    assert (files(folder), len(audit.read(folder))) == before


def test_what_a_killed_run_left_is_removed_by_the_next(folder):
    left = folder / "data" / ".leaving" / "2020-01-01T000000Z"
    left.mkdir(parents=True)
    (left / "page.html").write_text("half of a release")
    retain(folder, {}, now=WHEN)
    assert not left.parent.exists()


def test_before_its_time_and_without_a_setting_nothing_goes(folder):
    assert retain(folder, {}, now=datetime(2026, 4, 4, tzinfo=UTC)).gone == []
    settings = yaml.safe_load((folder / "programme.yaml").read_text())
    (folder / "programme.yaml").write_text(yaml.safe_dump({k: v for k, v in settings.items() if k != "policy"}))
    assert retain(folder, {}, now=datetime(2099, 1, 1, tzinfo=UTC)).gone == []


def test_doctor_says_when_it_is_due(folder):
    old, new = folder / "releases" / "2020-01-01T000000Z", (folder / "releases" / "latest").resolve()
    before = next(p for p in (folder / "releases").iterdir() if p.is_dir() and not p.is_symlink() and p != new)
    before.rename(old)
    assert any("past their time; run `cfc-pipeline retain`" in line for line in examine(folder, {}))


def test_months_end_where_they_end():
    assert after_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert after_months(date(2026, 12, 5), 12) == date(2027, 12, 5)
