"""A fetch that is killed at any instant, from any tool: the next one gives what an undisturbed one gives."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from cfc_pipeline.recipes.fetch import fetch
from tests.runs.test_fetch import entry, kept
from tests.servers import SERVERS
from tests.servers.local import Tool, running
from tests.servers.world import people
from tests.small_folder import PEOPLE, ROSTER, describe, drop, person, tables, take_in

KILLS = 10  # of each tool
TOKENS = {f"CFC_TOKEN_{name.upper()}": SERVERS[name].SECRET for name in SERVERS}
# Everything is imported once; each line on its input forks a process that fetches, and its number is printed.
FORKS = """
import os, pathlib, sys, time
from datetime import datetime, timezone
from cfc_pipeline.recipes.fetch import fetch
time.sleep = lambda seconds: None
for line in sys.stdin:
    survey, day = line.split()
    child = os.fork()
    if not child:
        now = datetime(2026, 1, 1 + int(day), tzinfo=timezone.utc)
        report = fetch(pathlib.Path(sys.argv[1]), os.environ, survey_id=survey, now=now, everything=int(day) % 5 == 0)
        os._exit(1 if report.refused else 0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


def programme(folder: Path, tools: dict[str, Tool]) -> Path:
    describe(folder, ROSTER, *(entry(name, tool, name) for name, tool in tools.items()))
    drop(folder, "roster.csv", PEOPLE, [person(number) for number in range(1, 60)])
    return folder


def killed_at_random(forks: subprocess.Popen[str], name: str, tool: Tool, chance: random.Random) -> int:
    """How many fetches were killed before they had ended, of KILLS; at last one goes undisturbed."""
    assert forks.stdin
    assert forks.stdout
    killed, longest = 0, 0.3
    for round_ in range(KILLS + 1):
        if round_ < KILLS:
            tool.world.add(30 + round_)
            tool.world.edit(20 - round_ % 9, comment=f"Edited {round_}")
        if round_ % 4 == 3:
            tool.world.delete(1 + round_)
        began = time.monotonic()
        forks.stdin.write(f"{name} {round_}\n")
        forks.stdin.flush()
        child = int(forks.stdout.readline())
        if round_ < KILLS:
            time.sleep(chance.uniform(0, longest))
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        ended = int(forks.stdout.readline())
        killed += ended == signal.SIGKILL
        if ended == 0:
            longest = max(0.05, time.monotonic() - began)
    assert ended == 0
    return killed


def test_a_hundred_kills(tmp_path: Path) -> None:
    chance = random.Random(20260105)
    with ExitStack() as stack:
        tools = {name: stack.enter_context(running(server, people(20))) for name, server in SERVERS.items()}
        folder = programme(tmp_path / "p", tools)
        line = [sys.executable, "-c", FORKS, str(folder)]
        with subprocess.Popen(
            line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | TOKENS
        ) as forks:
            killed = {name: killed_at_random(forks, name, tool, chance) for name, tool in tools.items()}
            assert forks.stdin
            forks.stdin.close()
        assert sum(killed.values()) > KILLS * len(SERVERS) / 3
        assert min(killed.values()) > 0
        calm = programme(tmp_path / "calm", tools)
        key = Path("data/restricted/secret.key")
        (calm / key).write_bytes((folder / key).read_bytes())
        assert not fetch(calm, TOKENS).refused
    for name in SERVERS:
        assert kept(folder, name) == kept(calm, name)
    for one in (folder, calm):
        take_in(one)
    same = ("response", "answer_sheet", "participant", "comment", "paired_change")
    assert {name: tables(folder)[name] for name in same} == {name: tables(calm)[name] for name in same}
