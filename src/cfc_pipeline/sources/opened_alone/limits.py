"""How large a survey can be, and what is told when a file is larger."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

MOST_COLUMNS = 5_000
MOST_CELLS = 60_000_000
TOO_LARGE = 3  # how the process ends when its memory is not enough

Refused = Literal["damaged", "several sheets", "too large", "too wide"]
if TYPE_CHECKING:
    Column = list[str | None] | array[float]
else:  # until Python 3.12, what an array holds is known to type checkers only
    Column = list | array


class Refusal(Exception):  # noqa: N818
    """Why there are no cells; an ExportError outside the process."""

    def __init__(self, why: Refused) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Columns:
    """Texts or numbers of every column, one after the other, and what else was found out, as JSON has it."""

    columns: Iterable[Column]
    about: dict[str, Any]
