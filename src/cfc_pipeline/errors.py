"""Every error that a person may see.

A message has three parts: what is wrong, where (file, column, row numbers, rule, how many), and what to do next. It
never holds a value that somebody typed into a survey or a roster: messages reach terminals, logs, Prefect's database
and emails, which are all less private than the data. Errors of other libraries that may quote a value are replaced by
one of these with `raise ... from None`.

Each class has an exit code of its own, so that a scheduler can tell why a run failed without reading a log.
"""

import errno
import os
import traceback
from collections.abc import Iterable
from difflib import get_close_matches


class PipelineError(Exception):
    """Something a person can act on; shown without a traceback."""

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", next_step: str = "") -> None:
        self.what, self.where, self.next_step = what, where, next_step
        super().__init__(str(self))

    def __str__(self) -> str:
        parts = [self.what]
        if self.where:
            parts.append(f"  where: {self.where}")
        if self.next_step:
            parts.append(f"  next:  {self.next_step}")
        return "\n".join(parts)

    def __reduce__(self) -> tuple[object, ...]:
        # Prefect pickles exceptions; the default would lose the keyword arguments.
        return (_rebuild, (type(self), self.what, self.where, self.next_step))


def _rebuild(cls: type[PipelineError], what: str, where: str, next_step: str) -> PipelineError:
    return cls(what, where=where, next_step=next_step)


class ConfigError(PipelineError):
    """programme.yaml, an instrument or a setting cannot be used as it is written."""

    exit_code = 10


class ExportError(PipelineError):
    """A file cannot be read, or is not what its survey entry says."""

    exit_code = 11


class BalanceError(PipelineError):
    """Rows in are not the sum of what became of them. Always a defect of ours, never of the data."""

    exit_code = 12


class PrivacyRefusal(PipelineError):
    """A key is missing, wrong or readable by others, or something personal was about to leave."""

    exit_code = 13


class StoreBusy(PipelineError):
    """Another process is writing the warehouse."""

    exit_code = 14


class StoreError(PipelineError):
    """The warehouse or a raw copy is damaged, or was made by a newer version."""

    exit_code = 15


class DisclosureRefusal(PipelineError):
    """A table may not be published as asked."""

    exit_code = 16


class ReleaseError(PipelineError):
    """A release could not be written, or did not read back as it was written."""

    exit_code = 17


class EmailError(PipelineError):
    """The summary was not sent."""

    exit_code = 18


class SourceError(PipelineError):
    """A survey tool could not be reached, refused, or answered in a way that cannot be trusted."""

    exit_code = 19


class SourceBusy(SourceError):
    """A survey tool could not be reached, or allows no more requests for now. Worth another try."""

    exit_code = 20


class DiskError(PipelineError):
    """The disk is full, or a folder may not be written."""

    exit_code = 21


def kinds(of: type[PipelineError] = PipelineError) -> list[type[PipelineError]]:
    """All classes of the family, in the order of their definition."""
    return [of, *(deeper for kind in of.__subclasses__() if kind.__module__ == __name__ for deeper in kinds(kind))]


def unexpected(error: BaseException) -> PipelineError:
    """An error that nobody foresaw, without its text: other libraries quote cells in theirs. A full disk is told."""
    if why := _on_the_disk(error):
        what, next_step = why
        return DiskError(what, where=_folder(error), next_step=next_step)
    steps = traceback.extract_tb(error.__traceback__)
    places = [f"{step.filename.rsplit('/', 1)[-1]}:{step.lineno}" for step in steps]
    return PipelineError(
        f"A {type(error).__name__} that nobody foresaw stopped this run. Its text is left out: it may quote data.",
        where=" > ".join(places[-6:]),
        next_step="nothing is lost: the next run finishes what was begun; please report these lines",
    )


_FULL = ("The disk is full.", "make room, then run it again: it finishes what was begun, and nothing is lost")
_CLOSED = (
    "A file or folder may not be read or written.",
    "give it back to the account that runs this, and run it again",
)
_DISK = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EROFS: ("The disk is read-only.", "make it writable, then run it again"),
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
}


def _on_the_disk(error: BaseException) -> tuple[str, str] | None:
    """What the system said about a disk, also to a library that puts it into words of its own."""
    if isinstance(error, OSError):
        return _DISK.get(error.errno or 0)
    if not type(error).__module__.startswith(("_duckdb", "duckdb", "polars", "pyarrow")):
        return None
    return next((why for number, why in _DISK.items() if os.strerror(number) in str(error)), None)


def _folder(error: BaseException) -> str:
    """Only the folder of a file: its name may hold a person's."""
    named = error.filename if isinstance(error, OSError) else None
    return os.path.dirname(os.fsdecode(named)) if isinstance(named, str | bytes) else ""


def did_you_mean(written: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the known one that it is like, or nothing."""
    close = get_close_matches(written, list(known), n=1, cutoff=0.7)
    return f"; did you mean `{close[0]}`?" if close else ""
