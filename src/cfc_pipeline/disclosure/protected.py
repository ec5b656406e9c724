"""What disclosure control hands to publish/: the only form in which numbers may leave.

Only functions of this room make one. publish/ accepts nothing else, so a number that was not checked cannot be
written by accident.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

MARK = "[c]"  # confidential: how a hidden cell is written, after the UK Analysis Function's symbols
NOT_APPLICABLE = "[z]"  # nothing to show: no such figure exists for this row


class Reason(StrEnum):
    """Why a cell is hidden. `reason_texts` in profile.py words each one with the numbers of the profile.

    A small count and a count that would give one away share a reason, and so does a unanimous answer: told apart, the
    mark itself would say that the true count is small, or that everyone said the same (Hundepool et al. 2012,
    doi 10.1002/9781118348239, advise against telling primary from secondary suppression [K]).
    """

    SMALL_COUNT = "small_count"
    FEW_PEOPLE = "few_people"
    SMALL_BASE = "small_base"
    FEW_SCHOOLS = "few_schools"
    FEW_FORMS = "few_forms"
    GIVES_AWAY = "gives_away"


@dataclass(frozen=True)
class Protected:
    """Estimates after disclosure control.

    `values` are the rows of an outcomes table; hidden cells are null. `hidden` has the same height and one String
    column per figure column: null where shown, otherwise a Reason's name. `rule` says which rule was applied, for
    the note under each table; `reasons` words each Reason's name with the profile's numbers; `off_because` is set
    when the programme switched the rules off.
    """

    values: pl.DataFrame
    hidden: pl.DataFrame
    rule: str
    reasons: Mapping[str, str]
    off_because: str | None = None
