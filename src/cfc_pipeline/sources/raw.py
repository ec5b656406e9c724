"""What every survey tool's reader gives back, so that nothing after it needs to know the tool."""

from dataclasses import dataclass
from typing import Any

import polars as pl

# Columns that a reader adds beside the survey's own, in this order.
ROW = "_row"  # Int64: number of the row as a spreadsheet shows it, headers counted
RECORD = "_record"  # String: the tool's own id of the response, null where the tool has none
SUBMITTED = "_submitted"  # String: when it was sent in, as the file writes it (spreadsheet dates as ISO 8601)
COMPLETE = "_complete"  # Boolean: whether the form was finished
TEST = "_test"  # Boolean: whether it is a preview or a test
READER_COLUMNS = (ROW, RECORD, SUBMITTED, COMPLETE, TEST)

# Why a cell of an API's answer holds nothing, where the tool tells. They never come from a file, and never reach a cell
# of RawTable.rows: fetched.py takes them apart. The first character is of Unicode's private area, so nobody types it.
NOT_SHOWN = "\ue000not shown"
LEFT_BLANK = "\ue000left blank"
NOT_TICKED = "\ue000not ticked"
UNANSWERED = (NOT_SHOWN, LEFT_BLANK, NOT_TICKED)


@dataclass(frozen=True)
class Choice:
    """One answer that a question offers."""

    id: str  # the tool's own id or code
    label: str  # as people saw it, tidied
    number: str | None = None  # the value that the tool gives it, where it gives one, as written


@dataclass(frozen=True)
class RawColumn:
    """One column of a file that a survey entry may refer to."""

    key: str  # what programme.yaml calls it: the tool's stable id where there is one, else its text; unique
    text: str  # the question as people saw it, white space and markup tidied
    option: str = ""  # option or row label under the question, where the layout has one
    system: bool = False  # written by the tool, not asked; stored only if a survey entry names it for a purpose
    personal: bool = False  # schemas/forms/ says that it holds personal data
    choices: tuple[Choice, ...] = ()  # what it offers, where the file or the tool says; cells then hold labels
    tag: str = ""  # Qualtrics' export tag, such as "BRS_1": not unique and not stable, but what people called it


@dataclass(frozen=True)
class RawTable:
    """One file, as strings. `rows` has READER_COLUMNS and then one String column per RawColumn, named by its key;
    empty cells are null; white space at both ends of a cell is removed. Rows keep the order of the file."""

    tool: str
    layout: str  # which of the tool's layouts, such as "three header rows"
    columns: tuple[RawColumn, ...]
    rows: pl.LazyFrame
    zone: str | None = None  # time zone of SUBMITTED, when the file or the tool says
    warnings: tuple[str, ...] = ()  # for people, without values from the file
    form: tuple[RawColumn, ...] = ()  # every question of the form in its order, where more is known than `columns`
    gone: frozenset[str] = frozenset()  # ids of responses that were there before and are not in the tool any more
    erased: int = 0  # rows of people who were erased; they are not in `rows`
    shredded: bool = False  # people are pseudonyms, times days, comments redacted: see recipes/raw_input.py
    past: tuple[int, ...] = ()  # numbers of rows that were kept for their time; nothing of them is left but the record
    replaced: tuple[int, ...] = ()  # numbers of rows of a roster of which only who they are about is left
    unanswered: pl.DataFrame | None = None  # ROW, key, reason (of UNANSWERED): why cells are null, where the tool says

    def column(self, key: str) -> RawColumn | None:
        return next((c for c in self.columns if c.key == key), None)


def column_from(stored: dict[str, Any]) -> RawColumn:
    """The column that `dataclasses.asdict` made this of."""
    return RawColumn(**stored | {"choices": tuple(Choice(**one) for one in stored["choices"])})
