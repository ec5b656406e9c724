"""Reads a file from stdin and writes its columns to stdout: `python -m opened_alone JOB MEMORY SECONDS`.

The answer is a list of parts, each behind its length in eight bytes: JSON about the file, all texts as JSON, then every
column, of which the first byte says what it is: d for numbers, as doubles, I for places in the list of texts.
"""

import json
import os
import resource
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

from .limits import TOO_LARGE, Columns, Refusal


def main(job: str, memory: int, seconds: int) -> None:
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a library that prints must not write into the answer
    read = _reader(job)
    _limit(memory, seconds)
    try:
        found = read(sys.stdin.buffer.read())
    except Refusal as error:
        found = Columns((), (), {"refused": error.why})
    _write(out, json.dumps(found.about).encode())
    # A lone half of a surrogate pair has no UTF-8; escaped, it gets through and is refused where it is read.
    _write(out, json.dumps(found.texts).encode())
    for column in found.columns:
        _write(out, column.typecode.encode() + column.tobytes())
    out.close()


def _reader(job: str) -> Callable[[bytes], Columns]:
    """Only the library that is needed is loaded."""
    if job == "workbook":
        from .workbook_cells import read_workbook

        return read_workbook
    from .statistics_values import read_statistics

    return read_statistics


def _write(out: BinaryIO, part: bytes) -> None:
    out.write(len(part).to_bytes(8, "little") + part)


def _limit(memory: int, seconds: int) -> None:
    limits = {resource.RLIMIT_AS: memory, resource.RLIMIT_CPU: seconds, resource.RLIMIT_FSIZE: 0}
    limits[resource.RLIMIT_CORE] = 0  # a core file would hold people's answers
    for limit, most in limits.items():
        with suppress(ValueError, OSError):  # not every system has each of them
            resource.setrlimit(limit, (most, most))


if __name__ == "__main__":
    try:
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    except MemoryError:
        sys.exit(TOO_LARGE)
    os._exit(0)  # taking a million objects apart one by one would help nobody
