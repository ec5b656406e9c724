"""A fetch that is killed at any instant: the next one gives what an undisturbed one gives."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from cfc_pipeline.identity.keys import load_keys
from cfc_pipeline.identity.vault import list_raw
from cfc_pipeline.recipes.fetch import fetch, kept_fetches
from cfc_pipeline.sources.fetched import state
from cfc_pipeline.sources.raw import RECORD
from tests.runs.test_fetch import entry
from tests.servers import SERVERS
from tests.servers.local import SECRET_TOKEN, running
from tests.servers.world import people
from tests.small_folder import PEOPLE, ROSTER, describe, drop, person, tables, take_in

KILLS = 100
# Everything is imported once; each line on its input forks a process that fetches, and its number is printed.
FORKS = """
import os, pathlib, sys
from datetime import datetime, timezone
from cfc_pipeline.recipes.fetch import fetch
for line in sys.stdin:
    day = int(line)
    child = os.fork()
    if not child:
        now = datetime(2026, 1, 1 + day % 28, tzinfo=timezone.utc)
        token = {"CFC_TOKEN_SURVEYMONKEY": sys.argv[2]}
        report = fetch(pathlib.Path(sys.argv[1]), token, now=now, everything=day % 5 == 0)
        os._exit(1 if report.refused else 0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


def test_a_hundred_kills(tmp_path: Path) -> None:
    chance = random.Random(20260105)
    with running(SERVERS["surveymonkey"], people(120)) as tool:
        folder = describe(tmp_path / "p", ROSTER, entry("surveymonkey", tool))
        drop(folder, "roster.csv", PEOPLE, [person(number) for number in range(1, 400)])
        with subprocess.Popen(
            [sys.executable, "-c", FORKS, str(folder), SECRET_TOKEN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as forks:
            assert forks.stdin
            assert forks.stdout

            def start(day: int) -> int:
                forks.stdin.write(f"{day}\n")
                forks.stdin.flush()
                return int(forks.stdout.readline())

            killed = 0
            longest = 0.3
            for round_ in range(KILLS):
                tool.world.add(200 + round_)
                if round_ % 7 == 0:
                    tool.world.delete(1 + round_)
                tool.world.edit(120 - round_ % 9, comment=f"Edited {round_}")
                began = time.monotonic()
                child = start(round_)
                time.sleep(chance.uniform(0, longest))
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
                ended = int(forks.stdout.readline())
                killed += ended == signal.SIGKILL
                if ended == 0:
                    longest = max(0.05, time.monotonic() - began)
            start(100)
            assert int(forks.stdout.readline()) == 0
            forks.stdin.close()
        assert killed > KILLS / 3
        calm = describe(tmp_path / "calm", ROSTER, entry("surveymonkey", tool))
        key = Path("data/restricted/secret.key")
        (calm / key).write_bytes((folder / key).read_bytes())
        drop(calm, "roster.csv", PEOPLE, [person(number) for number in range(1, 400)])
        assert not fetch(calm, {"CFC_TOKEN_SURVEYMONKEY": SECRET_TOKEN}).refused
    for one in (folder, calm):
        take_in(one)
    assert kept(folder) == kept(calm)
    same = ("response", "answer_sheet", "participant", "comment", "paired_change")
    assert {name: tables(folder)[name] for name in same} == {name: tables(calm)[name] for name in same}


def kept(folder: Path) -> dict[str, tuple[object, ...]]:
    restricted = folder / "data" / "restricted"
    keys = load_keys(restricted, {})
    now = state(kept_fetches(list_raw(restricted, keys), "baseline", keys))
    return {row[0]: row for row in now.select(RECORD, *sorted(c for c in now.columns if c != RECORD)).iter_rows()}
