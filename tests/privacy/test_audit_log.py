"""The audit log: every line follows from the one before it, whatever somebody does to the file; and it names nobody."""

import hashlib
import json
from itertools import pairwise

import pytest

from cfc_pipeline.errors import StoreError
from cfc_pipeline.recipes import audit
from cfc_pipeline.recipes.erase import erase
from cfc_pipeline.recipes.publish import publish
from cfc_pipeline.recipes.verify import verify
from tests.small_folder import WHEN, copied, filled, take_in


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two releases, an erasure, and two lines after it."""
    folder = filled(tmp_path_factory.mktemp("made") / "p", people=3)
    take_in(folder)
    publish(folder, now=WHEN)
    publish(folder, now=WHEN.replace(hour=5))
    erase(folder, {}, "person2@school.example", now=WHEN)
    for n in (1, 2):
        audit.note(folder, "export", WHEN, people=n)
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return copied(made, tmp_path / "p")


def lines(folder):
    return (folder / audit.FILE_NAME).read_bytes().splitlines(keepends=True)


def test_each_line_holds_the_hash_of_the_one_before_worked_out_by_hand(folder):
    entries = [json.loads(line) for line in lines(folder)]
    assert [e["n"] for e in entries] == list(range(1, len(entries) + 1))
    for before, entry in pairwise(entries):
        said = json.dumps({k: v for k, v in before.items() if k != "hash"}, sort_keys=True, ensure_ascii=False)
        assert entry["before"] == before["hash"] == hashlib.sha256(said.encode()).hexdigest()
    assert all(line.startswith("good:") for line in verify(folder, {}))


def test_a_new_line_changes_no_byte_of_those_before(folder):
    before = (folder / audit.FILE_NAME).read_bytes()
    audit.note(folder, "export", WHEN, people=9)
    assert (folder / audit.FILE_NAME).read_bytes().startswith(before)


def test_it_names_nobody(folder):
    told = b"".join(lines(folder)).decode()
    assert [word for word in ("person", "@", "School", "C2", "p-", "s-", "r-") if word in told] == []


TAMPERED = {
    "a fact is changed": lambda found: [found[0].replace(b"2026-01-05", b"2026-01-06"), *found[1:]],
    "the last fact is changed": lambda found: [*found[:-1], found[-1].replace(b'"people": 2', b'"people": 1')],
    "a line is cut out": lambda found: [found[0], *found[2:]],
    "the beginning is cut off": lambda found: found[1:],
    "two lines change places": lambda found: [found[1], found[0], *found[2:]],
    "a line is there twice": lambda found: [found[0], *found],
    "a line is put in": lambda found: [found[0], found[0].replace(b'"n": 1', b'"n": 2'), *found[1:]],
    "a line is no line": lambda found: [found[0], b"nothing\n", *found[2:]],
    "the tail is cut off before an erasure": lambda found: found[:2],
    "the tail is cut off before a release": lambda found: found[:1],
    "the tail is cut off after the last release and erasure": lambda found: found[:-2],
    "the last line is cut off": lambda found: found[:-1],
    "the last line is cut in half": lambda found: [*found[:-1], found[-1][:30]],
    "the last line is written anew, with its hash": lambda found: [*found[:-1], another(found[-1])],
    "everything is gone": lambda found: [],
}


def another(line):
    entry = json.loads(line) | {"people": 1}
    said = json.dumps({k: v for k, v in entry.items() if k != "hash"}, sort_keys=True, ensure_ascii=False)
    return json.dumps(entry | {"hash": hashlib.sha256(said.encode()).hexdigest()}).encode() + b"\n"


@pytest.mark.parametrize("how", TAMPERED)
def test_verify_notices_what_somebody_did_to_it(folder, how):
    changed = TAMPERED[how](lines(folder))
    assert changed != lines(folder)
    (folder / audit.FILE_NAME).write_bytes(b"".join(changed))
    with pytest.raises(StoreError, match="The audit log was"):
        verify(folder, {})


def test_half_a_line_of_a_run_that_was_killed_is_written_over(folder):
    whole = lines(folder)
    (folder / audit.FILE_NAME).write_bytes(b"".join(whole) + whole[-1][:30])
    audit.note(folder, "export", WHEN, people=9)
    assert len(audit.read(folder)) == len(whole) + 1
