"""What every survey tool's reader gives back, so that nothing after it needs to know the tool."""

from dataclasses import dataclass

import polars as pl

# Columns that a reader adds beside the survey's own, in this order.
ROW = "_row"  # Int64: number of the row as a spreadsheet shows it, headers counted
RECORD = "_record"  # String: the tool's own id of the response, null where the tool has none
SUBMITTED = "_submitted"  # String: when it was sent in, as the file writes it (spreadsheet dates as ISO 8601)
COMPLETE = "_complete"  # Boolean: whether the form was finished
TEST = "_test"  # Boolean: whether it is a preview or a test
READER_COLUMNS = (ROW, RECORD, SUBMITTED, COMPLETE, TEST)


@dataclass(frozen=True)
class RawColumn:
    """One column of a file that a survey entry may refer to."""

    key: str  # what programme.yaml calls it: the tool's stable id where there is one, else its text; unique
    text: str  # the question as people saw it, white space and markup tidied
    option: str = ""  # option or row label under the question, where the layout has one
    system: bool = False  # written by the tool, not asked; stored only if a survey entry names it for a purpose
    personal: bool = False  # schemas/forms/ says that it holds personal data
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

    def column(self, key: str) -> RawColumn | None:
        return next((c for c in self.columns if c.key == key), None)
