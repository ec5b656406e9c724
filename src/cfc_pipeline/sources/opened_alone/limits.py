"""How large a survey can be, and what is told when a file is larger."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

MOST_COLUMNS = 5_000
MOST_CELLS = 60_000_000
TOO_LARGE = 3  # how the process ends when its memory is not enough

Refused = Literal["damaged", "several sheets", "too large", "too wide"]
if TYPE_CHECKING:
    Column = array[float] | array[int]
else:  # until Python 3.12, what an array holds is known to type checkers only
    Column = array


class Refusal(Exception):  # noqa: N818
    """Why there are no cells; an ExportError outside the process."""

    def __init__(self, why: Refused) -> None:
        super().__init__(why)
        self.why = why


class Places(dict[Any, int]):
    """Where each cell's text stands among all texts. A survey has few: each is kept, sent and read once."""

    def __missing__(self, cell: Any) -> int:
        self[cell] = place = len(self)
        return place


@dataclass(frozen=True)
class Columns:
    """Every column, one after the other: doubles, or places in `texts`; and what else was found out, as JSON has it."""

    columns: Iterable[Column]
    texts: Sequence[str | None]
    about: dict[str, Any]
