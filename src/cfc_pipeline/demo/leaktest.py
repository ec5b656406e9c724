"""`verify --privacy`: canaries in every place where a survey tool carries personal data, everything run on a scratch
copy, and every byte that was written anywhere searched for them.

The flows run in processes of their own whose home, temporary folder, working folder and Prefect database all lie in the
scratch folder: one that is killed, one that aborts and may leave a core file, runs that fail in every way that
flows/leaktest.py knows, runs that succeed; then the commands that protect people, well and badly, from
flows/leaktest_commands.py. Not searched is what is personal by design: the inbox, the manager's own corrections.csv,
and what `about` wrote for the person themselves. Nothing here is about real people, and nothing of the user's own
programme is read.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cfc_pipeline.demo.build import build_demo
from cfc_pipeline.demo.planted import TOKEN
from cfc_pipeline.errors import PrivacyRefusal
from cfc_pipeline.recipes.search import search

# Processes, in their order: what each does stands in flows/leaktest.py, and of the last in flows/leaktest_commands.py.
RUNS = ("killed", "aborted", "flows", "commands")
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
    with _scratch_folder() as scratch:
        planted = build_demo(scratch / "programme", _SEED)
        for name in runs:
            _run(name, scratch)
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


@contextlib.contextmanager
def _scratch_folder() -> Iterator[Path]:
    """It goes also when the test is told to stop; only what is killed outright leaves it behind."""
    with _stopping_like_an_error():
        scratch = Path(tempfile.mkdtemp(prefix="cfc-leak-test-"))
        try:
            yield scratch
        finally:
            while scratch.exists():  # what was killed just now may still be writing
                shutil.rmtree(scratch, ignore_errors=True)


@contextlib.contextmanager
def _stopping_like_an_error() -> Iterator[None]:
    def stop(number: int, _: object) -> None:
        sys.exit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {how: signal.signal(how, stop) for how in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for how, handler in before.items():
            signal.signal(how, handler)


def _run(name: str, scratch: Path) -> None:
    programme = str(scratch / "programme")
    line = ["flows.leaktest", name, programme]
    if name == "commands":
        line = ["flows.leaktest_commands", programme, str(_SEED)]
    ended = _child([sys.executable, "-m", *line], scratch, name)
    if (ended != 0) is not (name in _DIES):
        raise PrivacyRefusal(
            "The leak test could not run, so it says nothing.",
            where=f"run `{name}` ended with {ended}",
            next_step="run it again with nothing else on the machine; if it stays, please report it",
        )


def _child(line: list[str], scratch: Path, name: str) -> int | None:
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
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            child.wait(timeout=_PATIENCE)
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
    for folder in ("programme", "restored"):
        shutil.rmtree(scratch / folder / "inbox", ignore_errors=True)
        (scratch / folder / "corrections.csv").unlink(missing_ok=True)
    shutil.rmtree(scratch / "about", ignore_errors=True)
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
