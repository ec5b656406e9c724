"""Opens a file that could be made to do harm in a process of its own, which holds nothing but that file.

Workbooks and statistics files are read by libraries that trust what a file says of itself: a few kilobytes can claim
thousands of millions of cells. The process has little memory and time, no secrets in its environment, and writes no
file; when it is stopped or dies, the file is refused and everything else goes on. It answers with cells as text or with
one word about why there are none, so that no text of a library about a cell ever reaches a message.

A process costs about a third of a second. It is started by its own interpreter anew, never forked: polars' threads do
not survive a fork.
"""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

import polars as pl

from cfc_pipeline.errors import ExportError

MEMORY = 4 << 30  # bytes of address space; the interpreter and polars alone map nearly one GiB of it
SECONDS = 120  # of computing; a workbook of a million rows takes 20
PATIENCE = 3 * SECONDS  # of waiting, on a machine that is busy
MOST_COLUMNS = 5_000
MOST_CELLS = 60_000_000

# How a process ends that was not given more memory or time.
_STOPPED = (-signal.SIGKILL, -signal.SIGXCPU, -signal.SIGABRT)

Refused = Literal["damaged", "too large", "too wide"]
Job = Literal["statistics", "workbook"]


class Refusal(Exception):  # noqa: N818
    """Why there are no cells; raised in the child, an ExportError outside it."""

    def __init__(self, why: Refused) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Cells:
    """What a child answers: String columns "0", "1", ..., and what else it found out, as JSON has it."""

    frame: pl.DataFrame
    about: dict[str, Any]


def refusal(why: str, name: str, kind: str) -> ExportError:
    texts = {
        "damaged": (f"The {kind} is damaged or cut short.", "download it again"),
        "too large": (
            f"The {kind} unpacks to more than a survey can hold.",
            "copy the rows into a new workbook, or download the file as CSV",
        ),
        "too wide": (
            f"The {kind} has more than {MOST_COLUMNS:,} columns.",
            "no survey has so many questions: delete the columns that are not needed, or download the file again",
        ),
    }
    what, next_step = texts[why]
    return ExportError(what, where=name, next_step=next_step)


def in_child(job: Job, data: bytes, name: str, kind: str) -> Cells:
    """ExportError when the file cannot be read within the limits. `kind` is what people call such a file."""
    # A copy of the environment would hand the tokens and keys in it to whatever breaks the reader.
    environment = {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PYTHONSAFEPATH": "1",  # the current folder may be the inbox
        "POLARS_MAX_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    child = subprocess.Popen(
        [sys.executable, "-c", f"from cfc_pipeline.sources.child import main; main({job!r}, {MEMORY}, {SECONDS})"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    with child:
        try:
            answer, _ = child.communicate(data, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            raise refusal("too large", name, kind) from None
    if child.returncode:
        raise refusal("too large" if child.returncode in _STOPPED else "damaged", name, kind)
    size = int.from_bytes(answer[:8], "little")
    about = json.loads(answer[8 : 8 + size])
    if why := about.get("refused"):
        raise refusal(why, name, kind)
    return Cells(pl.read_ipc(BytesIO(memoryview(answer)[8 + size :])), about)


def main(job: Job, memory: int, seconds: int) -> None:
    """What the child runs."""
    # Imported here because the readers raise Refusal, and because the parent needs none of them.
    from cfc_pipeline.sources.statistics_cells import read_statistics
    from cfc_pipeline.sources.workbook import read_workbook

    jobs: dict[Job, Callable[[bytes], Cells]] = {"statistics": read_statistics, "workbook": read_workbook}
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a library that prints must not write into the answer
    _limit(memory, seconds)
    try:
        cells = jobs[job](sys.stdin.buffer.read())
    except Refusal as error:
        cells = Cells(pl.DataFrame(), {"refused": error.why})
    except MemoryError:
        cells = Cells(pl.DataFrame(), {"refused": "too large"})
    about = json.dumps(cells.about).encode()
    out.write(len(about).to_bytes(8, "little") + about)
    cells.frame.write_ipc(out)
    out.close()


def _limit(memory: int, seconds: int) -> None:
    limits = {resource.RLIMIT_AS: memory, resource.RLIMIT_CPU: seconds, resource.RLIMIT_FSIZE: 0}
    limits[resource.RLIMIT_CORE] = 0  # a core file would hold people's answers
    for limit, most in limits.items():
        with suppress(ValueError, OSError):  # not every system has each of them
            resource.setrlimit(limit, (most, most))
