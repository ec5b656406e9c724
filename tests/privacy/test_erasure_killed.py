"""An erasure that is killed, wherever that is, and run again leaves and certifies what an undisturbed one does. All
people are synthetic."""

import json
import subprocess
import sys

import pytest

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.recipes.backup import backup
from cfc_pipeline.recipes.doctor import examine
from cfc_pipeline.recipes.erase import erase
from cfc_pipeline.recipes.publish import publish
from cfc_pipeline.recipes.review import comments, decide
from cfc_pipeline.recipes.rotate import rotate_key
from cfc_pipeline.recipes.search import search
from tests.small_folder import (
    ANSWERS,
    BRS,
    PEOPLE,
    ROSTER,
    WHEN,
    answer,
    copied,
    describe,
    drop,
    person,
    tables,
    take_in,
)

ADDRESS, OLD, CODE = "x.quill@school.example", "old.quill@school.example", "XQ-7781"
HER = {"Email": ADDRESS, "Code": CODE, "Name": "Xenobia Quillfeather"}
FORMS = [ADDRESS, OLD, CODE, "Quillfeather"]
_MISTYPED = "x.qill@school.example"

# Dies before the given change of a file in the folder, counted from 0; with -1 it prints how many there are.
_SCRIPT = """
import os, pathlib, sys
from datetime import UTC, datetime
from cfc_pipeline.recipes.erase import erase
folder, last, who = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
seen = 0
def watch(event, args):
    global seen
    if event == "open":
        changes = isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_TRUNC)
    else:
        changes = event in ("os.rename", "os.remove", "os.rmdir")
    if changes and str(folder) in str(args[0]):
        if seen == last:
            os._exit(9)
        seen += 1
sys.addaudithook(watch)
erase(folder, {}, who, now=datetime(2026, 1, 5, 3, tzinfo=UTC))
print(seen)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """She has an older address, a mistyped one and a code; others wrote of her; there is a correction, decisions
    about her comments, a release that quotes one, and a backup."""
    folder = describe(tmp_path_factory.mktemp("made") / "p", ROSTER, BRS)
    drop(folder, "roster.csv", PEOPLE, [person(1, **HER), *(person(n) for n in range(2, 6))])
    drop(folder, "roster2.csv", PEOPLE, [person(1, **(HER | {"Email": OLD}))])
    mine = [answer(1, comment="I slept", Email=OLD), answer(9, comment="Mistyped", Email=_MISTYPED)]
    drop(folder, "brs.csv", ANSWERS, [*mine, *(answer(n, comment=f"Xenobia {n}") for n in range(2, 6))])
    take_in(folder)
    from cfc_pipeline.recipes.review import quarantined_rows

    record = quarantined_rows(folder, {})["record"][0]
    with (folder / "corrections.csv").open("a") as file:
        file.write(f"brs-pre,{record},Email,{_MISTYPED},{ADDRESS},typed,office,2026-01-05\n")
    take_in(folder)
    decide(folder, {}, comments(folder, {})["comment_id"].to_list(), "approved", "office")
    take_in(folder)
    publish(folder, now=WHEN)
    backup(folder, {}, now=WHEN)
    return folder


def killed(folder, change, who=ADDRESS):
    words = [sys.executable, "-c", _SCRIPT, str(folder), str(change), who]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def told(folder):
    """What the one certificate says, but for what differs by time and chance."""
    (path,) = (folder / "erasures").glob("*.json")
    content = json.loads(path.read_text())
    return {key: value for key, value in content.items() if key not in ("certificate", "audit_log", "searched")}


def outcome(folder):
    lines = [(folder / name).read_text().splitlines() for name in ("corrections.csv", "approvals.csv")]
    notices = [p.read_text().count("\n") for p in folder.glob("releases/2*/erasure-notice.txt")]
    return told(folder), tables(folder), [len(one) for one in lines], notices, search(folder, FORMS)[1]


@pytest.fixture(scope="module")
def undisturbed(made, tmp_path_factory):
    folder = copied(made, tmp_path_factory.mktemp("whole") / "p")
    changes = int(killed(folder, -1).stdout)
    return changes, outcome(folder)


def test_an_undisturbed_one_says_all_that_it_did(undisturbed):
    _, (certificate, _, lines, notices, left) = undisturbed
    assert certificate["rows"] == {"roster": 2, "brs-pre": 2}
    assert (certificate["mentions"], certificate["corrections"], certificate["approvals"]) == (4, 1, 6)
    assert (certificate["backups"], len(certificate["quoting"]), certificate["forms"]) == (1, 1, 6)
    assert (lines, notices, left) == ([1, 1], [2], [])


@pytest.mark.parametrize("part", [0.1, 0.3, 0.5, 0.65, 0.8, 0.95])
def test_killed_anywhere_the_next_one_does_and_certifies_the_same(made, undisturbed, tmp_path, part):
    changes, expected = undisturbed
    folder = copied(made, tmp_path / "p")
    assert killed(folder, int(changes * part)).returncode == 9
    if (folder / "erasures").exists() and not any("not finished" in line for line in examine(folder, {})):
        assert told(folder) == expected[0]  # all was done but the new backup
        return
    erase(folder, {}, ADDRESS, now=WHEN)
    assert outcome(folder) == expected
    assert not any("not finished" in line for line in examine(folder, {}))


def test_it_is_gone_on_with_by_any_of_their_names_and_nobody_elses(made, undisturbed, tmp_path):
    """Also when a file with another address of theirs came in between; and nothing else is begun meanwhile."""
    changes, expected = undisturbed
    folder = copied(made, tmp_path / "p")
    killed(folder, int(changes * 0.5))
    with pytest.raises(ConfigError, match="Another erasure was begun"):
        erase(folder, {}, "person3@school.example", now=WHEN)
    with pytest.raises(ConfigError, match="erasure was begun"):
        rotate_key(folder, {}, now=WHEN)
    newest = "new.quill@school.example"
    drop(folder, "roster3.csv", PEOPLE, [person(1, **(HER | {"Email": newest}))])
    take_in(folder)
    done = erase(folder, {}, OLD, now=WHEN)
    assert done.rows["brs-pre"] == expected[0]["rows"]["brs-pre"]
    assert search(folder, [*FORMS, newest])[1] == []
