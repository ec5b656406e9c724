"""Opens a file that could be made to do harm in a process of its own, which holds nothing but that file.

Workbooks and statistics files are read by libraries that trust what a file says of itself: a few kilobytes can claim
thousands of millions of cells. The process (opened_alone/) has little memory and time, no secrets in its environment,
and writes no file; when it is stopped or dies, the file is refused and everything else goes on. It answers with texts
and numbers or with one word about why there are none, so that no text of a library about a cell ever reaches a message.

It is started by its own interpreter anew, never forked: polars' threads do not survive a fork. It loads one library
and no polars, because most files are small and its start would take longer than they do.
"""

import json
import os
import signal
import subprocess
import sys
from array import array
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any, Literal

import numpy as np
import polars as pl

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources.opened_alone.limits import MOST_COLUMNS, TOO_LARGE, Column, Columns

MEMORY = 4 << 30  # bytes of address space
SECONDS = 120  # of computing; a workbook of a million rows takes 20
PATIENCE = 3 * SECONDS  # of waiting, on a machine that is busy

# How a process ends that was not given more memory or time.
_STOPPED = (-signal.SIGKILL, -signal.SIGXCPU, -signal.SIGABRT, TOO_LARGE)

Job = Literal["statistics", "workbook"]


@dataclass(frozen=True)
class Cells:
    """What a child answers: columns "0", "1", ... of texts or numbers, and what else it found out, as JSON has it."""

    frame: pl.DataFrame
    about: dict[str, Any]


def as_cells(found: Columns) -> Cells:
    """ValueError when a text is no Unicode."""
    texts = pl.Series(found.texts, dtype=pl.String)
    columns = [_series(column, texts).alias(str(position)) for position, column in enumerate(found.columns)]
    return Cells(pl.DataFrame(columns), found.about)


def _series(column: Column, texts: pl.Series) -> pl.Series:
    values = pl.Series(np.frombuffer(column, dtype=column.typecode))
    return values if column.typecode == "d" else texts.gather(values)


def refusal(why: str, name: str, kind: str) -> ExportError:
    texts = {
        "several sheets": (
            f"The {kind} has several sheets with the same headings, of which only one could be read.",
            "put all rows on one sheet, or save each sheet as a file of its own; delete copies, hidden ones too",
        ),
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
        "PYTHONPATH": os.pathsep.join(filter(None, [*sys.path, str(Path(__file__).parent)])),
        "PYTHONSAFEPATH": "1",  # the current folder may be the inbox
        "OPENBLAS_NUM_THREADS": "1",
    }
    child = subprocess.Popen(
        # Without site: every folder is named already, and what starts with it takes time.
        [sys.executable, "-S", "-m", "opened_alone", job, str(MEMORY), str(SECONDS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    with child:
        answer = _answer(child, data)
    if child.returncode:
        raise refusal("too large" if child.returncode in _STOPPED else "damaged", name, kind)
    parts = _parts(memoryview(answer))
    try:
        about = json.loads(bytes(next(parts)))
        if why := about.get("refused"):
            raise refusal(why, name, kind)
        texts = json.loads(bytes(next(parts)))
        return as_cells(Columns(map(_column, parts), texts, about))
    except (ValueError, pl.exceptions.PolarsError):  # a reader that a file has broken may answer anything
        raise refusal("damaged", name, kind) from None


def _answer(child: subprocess.Popen[bytes], data: bytes) -> bytes:
    """It reads the whole file before it says anything, so neither waits for the other."""
    assert child.stdin is not None, "a pipe"
    assert child.stdout is not None, "a pipe"
    late = Timer(PATIENCE, child.kill)
    late.start()
    try:
        with suppress(BrokenPipeError), child.stdin:
            child.stdin.write(data)
        return child.stdout.read()
    finally:
        late.cancel()


def _parts(answer: memoryview) -> Iterator[memoryview]:
    at = 0
    while at < len(answer):
        size = int.from_bytes(answer[at : at + 8], "little")
        yield answer[at + 8 : at + 8 + size]
        at += 8 + size


def _column(part: memoryview) -> Column:
    return array(chr(part[0]), bytes(part[1:]))
