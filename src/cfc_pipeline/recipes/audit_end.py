"""Where the audit log ends: how many lines it has and the hash of the last, kept apart from it in `data/restricted`.

It is written right after each line, in the same step. A run that is killed between the two leaves the end before the
last line, which is still in the log: no false alarm, and one line that could be cut off unseen until the next is noted.
A log that lacks the end is never refused another line, or a release could not be noted; but the end that it lacks is
remembered for good, whatever follows.

What it cannot show: the account that runs the pipeline, and whoever has its rights, can write both files; releases that
others have copies of are then what is left to compare with. It is not sealed: releases are made without the key.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from cfc_pipeline.errors import StoreError

END = Path("data") / "restricted" / "audit_end.json"


@dataclass(frozen=True)
class End:
    """`lost`: ends from before that the log did not hold when another line was added."""

    lines: int = 0
    last: str = ""
    lost: tuple[tuple[int, str], ...] = ()

    def followed_by(self, lines: int, last: str, before: Sequence[str]) -> "End":
        """The end after one more line; `before` are the hashes of the lines before that."""
        gone = () if self._is_in(self.lines, self.last, before) else ((self.lines, self.last),)
        return End(lines, last, (*self.lost, *gone))

    def missing_from(self, hashes: Sequence[str]) -> int:
        """How many lines the log once had, if it is not the one that had them; else 0."""
        ends = (*self.lost, (self.lines, self.last))
        return max((lines for lines, last in ends if not self._is_in(lines, last, hashes)), default=0)

    @staticmethod
    def _is_in(lines: int, last: str, hashes: Sequence[str]) -> bool:
        return not lines or (lines <= len(hashes) and hashes[lines - 1] == last)


def kept_end(folder: Path) -> End | None:
    """None when there is none, as in programmes of an earlier version."""
    try:
        stored = json.loads((folder / END).read_text(encoding="utf-8"))
        return replace(End(**stored), lost=tuple((lines, last) for lines, last in stored["lost"]))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):
        raise StoreError(
            "What says where the audit log ends was changed.",
            where=END.as_posix(),
            next_step="restore it from a backup, and find out who could write to it",
        ) from None


def keep_end(folder: Path, end: End) -> None:
    """All of it, or none; on disk when this returns. Without `data/restricted` nothing is kept: that folder is missing
    in the middle of an exchange of keys, and one that was made here would be taken for the whole one."""
    path = folder / END
    if not path.parent.exists():
        return
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(end), file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
