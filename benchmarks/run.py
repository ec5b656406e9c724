"""`make bench`: how much time and memory cfc-pipeline takes, beside a bare pandas script on the same files.

Builds a large synthetic programme and one of 40 people, runs ours.py and bare_pandas.py on them in processes of their
own, in turn, and prints medians beside the targets. It judges nothing but that both give the same figures.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
MIB = 2**20
SECONDS, MEMORY, SMALL = 3, 1.5, 3  # targets: times the bare script's seconds and memory; seconds for 40 people
BUILD = "import pathlib, sys; from cfc_pipeline.demo.grown import build_large as build; "
BUILD += "build(pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))"


@dataclass(frozen=True)
class Run:
    """One process, from its start to its end."""

    seconds: float
    cpu_seconds: float  # user and system, of all its threads
    peak_mib: float  # most memory that it held at once
    changes: dict[str, float]  # mean change of every measure over all people


def main(words: Sequence[str]) -> int:
    options = _options(words)
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        large, small = Path(place, "large"), Path(place, "small")
        _build(large, options.responses, options.cohorts)
        _build(small, 80, 3)
        run("bare_pandas.py", small / "inbox")  # the first run of each compiles Python's modules, once and for all
        run_ours(small)
        bare, ours, forty = [], [], []
        for _ in range(options.runs):
            bare.append(run("bare_pandas.py", large / "inbox"))
            ours.append(run_ours(large))
            forty.append(run_ours(small))
    same = all(agree(one.changes, bare[0].changes) for one in [*bare, *ours])
    if options.json:
        runs = {"bare pandas": bare, "cfc-pipeline": ours, "40 people": forty}
        print(json.dumps({name: [asdict(one) for one in found] for name, found in runs.items()} | {"same": same}))
    else:
        print(table(options.responses, bare, ours, forty))
        print("Both give the same mean changes." if same else "THE MEAN CHANGES DIFFER.")
    return 0 if same else 1


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--responses", type=int, default=1_000_000, help="scale responses, half of them before")
    parser.add_argument("--cohorts", type=int, default=300)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to build, with 3 GB free; default: the system's own")
    parser.add_argument("--json", action="store_true", help="every run, for machines")
    return parser.parse_args(words)


def _build(folder: Path, responses: int, cohorts: int) -> None:
    """In a process of its own: the memory of a process counts for the children that it starts."""
    subprocess.run([sys.executable, "-c", BUILD, str(folder), str(responses), str(cohorts)], check=True)


def run_ours(programme: Path) -> Run:
    """On a copy, because ingest empties the inbox."""
    with tempfile.TemporaryDirectory(dir=programme.parent) as place:
        copy = shutil.copytree(programme, Path(place, "programme"))
        return run("ours.py", copy)


def run(script: str, folder: Path) -> Run:
    """Run one of the scripts beside this file; its last line is its mean changes as JSON."""
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen([sys.executable, str(HERE / script), str(folder)], stdout=said, env=compiled())
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)  # wait4 took it, Popen need not look for it
        if process.returncode:
            raise SystemExit(f"{script} ended with {process.returncode}")
        said.seek(0)
        changes = json.loads(said.read().splitlines()[-1])
    peak = used.ru_maxrss if sys.platform == "darwin" else used.ru_maxrss * 1024
    return Run(seconds, used.ru_utime + used.ru_stime, peak / MIB, changes)


def compiled() -> dict[str, str]:
    """The environment in which compiled modules are kept, as they are wherever nobody has switched that off: without
    them, most of a small run would be the compiling of other people's packages."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def agree(one: dict[str, float], other: dict[str, float]) -> bool:
    """The same measures, with the same figures but for the last digits of floating point."""
    return one.keys() == other.keys() and all(math.isclose(one[m], other[m], abs_tol=1e-9) for m in one)


def table(responses: int, bare: list[Run], ours: list[Run], forty: list[Run]) -> str:
    def middle(runs: list[Run]) -> tuple[float, float, float]:
        return median(r.seconds for r in runs), median(r.cpu_seconds for r in runs), median(r.peak_mib for r in runs)

    rows = [(f"bare pandas, {responses:,} responses", *middle(bare))]
    rows += [(f"cfc-pipeline, {responses:,} responses", *middle(ours)), ("cfc-pipeline, 40 people", *middle(forty))]
    lines = [f"{'median of ' + str(len(bare)) + ' runs':40}{'seconds':>10}{'CPU s':>10}{'peak MiB':>10}"]
    lines += [f"{name:40}{seconds:10.2f}{cpu:10.2f}{peak:10.0f}" for name, seconds, cpu, peak in rows]
    (_, slow, _, wide), (_, seconds, _, peak), (_, small, _, _) = rows
    lines += [
        "",
        f"time, times the bare script's    {seconds / slow:6.1f}   target: at most {SECONDS}",
        f"memory, times the bare script's  {peak / wide:6.1f}   target: at most {MEMORY}",
        f"40 people, seconds               {small:6.1f}   target: under {SMALL}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
