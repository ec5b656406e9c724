"""A disk that is full, at any step: what was there stays, the message says so, and the next run is whole. Synthetic
people."""

import errno
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from cfc_pipeline.errors import DiskError, PipelineError, unexpected
from cfc_pipeline.recipes.backup import backup
from cfc_pipeline.recipes.erase import erase
from cfc_pipeline.recipes.publish import publish
from cfc_pipeline.recipes.rotate import rotate_key
from tests.small_folder import ANSWERS, WHEN, answer, ask, drop, filled, take_in

COUNTED = "SELECT count(*), avg(value) FROM item_answer JOIN response USING (response_id) WHERE status = 'counted'"


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file grows beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def stopped(run: Callable[[], object], size: int) -> PipelineError:
    with room_for(size), pytest.raises((OSError, duckdb.Error)) as caught:
        run()
    return unexpected(caught.value)


def test_a_full_disk_leaves_everything_as_it_was_and_the_next_run_is_whole(tmp_path: Path) -> None:
    folder = filled(tmp_path / "p", 3)
    take_in(folder)
    before = ask(folder, COUNTED)
    drop(folder, "later.csv", ANSWERS, [answer(n, 2, Timestamp="20/10/2023 10:00:00") for n in range(1, 4)])
    for size in (300, 400_000):  # the sealed copy, the warehouse
        error = stopped(lambda: take_in(folder), size)
        assert isinstance(error, DiskError)
        assert str(error).startswith("The disk is full.")
        assert ask(folder, COUNTED) == before
        assert [path.name for path in (folder / "inbox").iterdir()] == ["later.csv"]
    take_in(folder)
    assert ask(folder, COUNTED) == [(18, 2.0)]
    publish(folder, now=WHEN)
    for run in (lambda: publish(folder), lambda: backup(folder, {})):
        assert isinstance(stopped(run, 3_000), DiskError)
    releases = folder / "releases"
    assert [path.name for path in releases.glob("2*")] == [(releases / "latest").resolve().name]
    assert list((folder / "data" / "backups").glob("*.backup")) == []


def test_an_erasure_and_a_new_key_are_finished_when_there_is_room_again(tmp_path: Path) -> None:
    folder = filled(tmp_path / "p", 3)
    take_in(folder)
    for run in (lambda: rotate_key(folder, {}), lambda: erase(folder, {}, "person1@school.example")):
        for size in (300, 400_000):  # a sealed copy, a database
            assert str(stopped(run, size)).startswith("The disk is full.")
    certificate = erase(folder, {}, "person1@school.example")
    assert sum(certificate.rows.values()) == 2
    assert ask(folder, COUNTED) == [(12, 4.0)]
    assert take_in(folder).totals["stored"] == 0


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_folder_that_may_not_be_written_is_named_without_the_file(number: int) -> None:
    error = unexpected(OSError(number, os.strerror(number), "/programme/inbox/Synthetic Person.csv"))
    assert (error.exit_code, error.where) == (21, "/programme/inbox")
    assert error.what in ("A file or folder may not be read or written.", "The disk is read-only.")
