"""What disclosure control hands to publish/: the only form in which numbers may leave.

Only functions of this room make one. publish/ accepts nothing else, so a number that was not checked cannot be
written by accident.
"""

from dataclasses import dataclass
from enum import StrEnum

import polars as pl

MARK = "[c]"  # confidential: how a hidden cell is written, after the UK Analysis Function's symbols
NOT_APPLICABLE = "[z]"  # nothing to show: no such figure exists for this row


class Reason(StrEnum):
    """Why a cell is hidden, in words that a table's note can use."""

    SMALL_COUNT = "a count of 1 to 4 people"
    FEW_PEOPLE = "fewer than 8 people behind a mean, SD or effect"
    SMALL_BASE = "a percentage of fewer than 10 people"
    FEW_SCHOOLS = "fewer than 3 schools behind the figure"
    ONE_CATEGORY = "everyone in the group chose the same answer"
    GIVES_AWAY = "would give a hidden figure away"


@dataclass(frozen=True)
class Protected:
    """Estimates after disclosure control.

    `values` are the rows of an outcomes table; hidden cells are null. `hidden` has the same height and one String
    column per figure column: null where shown, otherwise a Reason's name. `rule` says which rule was applied, for
    the note under each table; `off_because` is set when the programme switched the rules off.
    """

    values: pl.DataFrame
    hidden: pl.DataFrame
    rule: str
    off_because: str | None = None
