"""`verify --privacy`: canaries in every place where a survey tool carries personal data, everything run on a scratch
copy, and every byte that was written anywhere searched for them.

The flows run in processes of their own whose home, temporary folder, working folder and Prefect database all lie in the
scratch folder: runs that succeed, runs that fail in every way that flows/leaktest.py knows, one that is killed, one
that aborts and may leave a core file. Not searched is what is personal by design: the inbox, and the manager's own
corrections.csv. Nothing here is about real people, and nothing of the user's own programme is read.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cfc_pipeline.demo.build import build_demo
from cfc_pipeline.demo.people import invent_people
from cfc_pipeline.demo.planted import TOKEN
from cfc_pipeline.errors import PrivacyRefusal
from cfc_pipeline.recipes.search import search

# Processes, in their order: what each does stands in flows/leaktest.py.
RUNS = ("failures", "killed", "aborted", "good", "again")
_DIES = ("killed", "aborted")
_SEED = 2026
_PATIENCE = 600  # seconds for one process; a minute is usual


@dataclass(frozen=True)
class Searched:
    planted: int
    files: int
    found: list[str]  # places

    def in_words(self) -> list[str]:
        return [
            f"good: {self.planted} planted values were looked for in {self.files} files, in eight ways of writing them",
            "good: databases, releases, emails, printed lines, logs, Prefect's home, temporary folders: all searched",
            "good: none was found, and the search finds one that was put there on purpose",
        ]


def leak_test(runs: tuple[str, ...] = RUNS) -> Searched:
    """PrivacyRefusal, with the places and never a value, when a planted value is somewhere."""
    with tempfile.TemporaryDirectory(prefix="cfc-leak-test-") as place:
        scratch = Path(place)
        planted = build_demo(scratch / "programme", _SEED)
        for name in runs:
            _run(name, scratch)
        _erase_somebody(scratch)
        values = [*planted.values, TOKEN]
        files, found = _look(scratch, values)
        _prove_that_it_finds(scratch, values)
    if found:
        raise PrivacyRefusal(
            f"Planted personal values were found in {len(found)} places.",
            where="; ".join(found[:20]),
            next_step="do not run this version on real data; please report these places",
        )
    return Searched(len(values), files, found)


def _run(name: str, scratch: Path) -> None:
    ended = _child([sys.executable, "-m", "flows.leaktest", name, str(scratch / "programme")], scratch, name)
    if (ended != 0) is not (name in _DIES):
        raise PrivacyRefusal(
            "The leak test could not run, so it says nothing.",
            where=f"run `{name}` ended with {ended}",
            next_step="run it again with nothing else on the machine; if it stays, please report it",
        )


def _erase_somebody(scratch: Path) -> None:
    somebody = next(person for person in invent_people(_SEED) if person.cohort.on_roster)
    line = [sys.executable, "-m", "cfc_pipeline.cli", "-p", str(scratch / "programme"), "erase"]
    # Whether everything of theirs is gone is not what is asked here: only what was printed and written on the way.
    _child(line, scratch, "erase", said=f"{somebody.email}\n")


def _child(line: list[str], scratch: Path, name: str, said: str = "") -> int | None:
    """How it ended; None when it never did.

    What is printed goes to a file, not a pipe: a flow that is killed leaves Prefect's own server behind, which holds a
    pipe open for ever. So whatever is left of the session is killed in the end.
    """
    places = {place: scratch / place for place in ("home", "tmp", "work", "prefect")}
    for folder in places.values():
        folder.mkdir(exist_ok=True)
    kept = {setting: os.environ[setting] for setting in ("PATH", "LANG") if setting in os.environ}
    environment = kept | {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "HOME": str(places["home"]),
        "TMPDIR": str(places["tmp"]),
        "PREFECT_HOME": str(places["prefect"]),
        "CFC_TOKEN_SURVEYMONKEY": TOKEN,
    }
    with (scratch / f"printed by {name}.txt").open("wb") as printed:
        child = subprocess.Popen(
            line,
            cwd=places["work"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            child.communicate(said.encode(), timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            return None
        finally:
            _kill_what_is_left(child.pid)
    return child.returncode


def _kill_what_is_left(session: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(session, signal.SIGKILL)


def _look(scratch: Path, values: list[str]) -> tuple[int, list[str]]:
    shutil.rmtree(scratch / "programme" / "inbox")
    (scratch / "programme" / "corrections.csv").unlink()
    return search(scratch, values)


def _prove_that_it_finds(scratch: Path, values: list[str]) -> None:
    """A search that cannot find anything proves nothing."""
    control = scratch / "control"
    control.mkdir()
    (control / "some.log").write_text(f"INFO {secrets.choice(values)} was here", encoding="utf-8")
    if search(control, values)[1] != ["some.log"]:
        raise PrivacyRefusal(
            "The leak test cannot find what was put there on purpose, so it says nothing.",
            where="the search",
            next_step="please report this",
        )
