"""From a grid and its headings to a RawTable: tidy texts, unique keys, and the columns that every table has."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources.forms import Form, SystemColumn, Treatment, Words
from cfc_pipeline.sources.grid import Grid, refuse_long_rows, refuse_rounded_ids
from cfc_pipeline.sources.raw import COMPLETE, READER_COLUMNS, RECORD, SUBMITTED, TEST, RawColumn, RawTable

_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_LABELLED = re.compile(r"(?s)^(.*\S)\s*\[([^\[\]]*)\]$")


@dataclass(frozen=True)
class Field:
    """A column of the file, and what the tool means by it."""

    column: RawColumn
    treatment: Treatment | None = None  # None for a question


def tidy(text: str | None) -> str:
    """A heading as people saw it: no markup, and one ordinary space wherever there was any white space."""
    return " ".join(html.unescape(_TAG.sub(" ", text or "")).split())


def split_label(heading: str) -> tuple[str, str]:
    """`Question [Row]` as question and row; a heading without brackets at its end has no row."""
    found = _LABELLED.match(heading)
    return (found[1], found[2]) if found else (heading, "")


def question(key: str, text: str, option: str = "") -> Field:
    return Field(RawColumn(key, text, option))


def system(known: SystemColumn, key: str, text: str, option: str = "") -> Field:
    return Field(RawColumn(key, text, option, system=True, personal=known.personal), known.treatment)


def one_row_fields(grid: Grid, form: Form, *, row: int = 0, labelled: bool = False) -> list[Field]:
    """Fields of a layout with one header row: the tidied heading is the key. `labelled` ones end in `[row label]`."""
    headings = [tidy(cell) for cell in grid.header(row)]
    return unique([_one_row_field(heading, form, labelled) if heading else None for heading in headings])


def _one_row_field(heading: str, form: Form, labelled: bool) -> Field:
    if known := form.find(heading):
        return system(known, heading, heading)
    text, option = split_label(heading) if labelled else (heading, "")
    return question(heading, text, option)


def two_row_fields(grid: Grid, form: Form) -> list[Field]:
    """Fields of a layout with two header rows: the question, blank under its further columns; the option or row label.

    The key is `question | option`, or the question alone.
    """
    fields: list[Field | None] = []
    heading = ""
    for first, second in zip(grid.header(0), grid.header(1), strict=True):
        text, option = tidy(first), tidy(second)
        heading = text or heading
        own = form.find(text) if text and not option else None
        if own:
            fields.append(system(own, text, text))
        elif text or option:
            fields.append(_under(heading, "" if option in form.placeholders else option))
        else:
            fields.append(None)
    return unique(fields)


def _under(heading: str, option: str) -> Field:
    return question(f"{heading} | {option}" if option else heading, heading, option)


def unique(fields: Sequence[Field | None]) -> list[Field]:
    """One field per column, each with a key of its own: the second of a name becomes "name #2", and so on.

    None stands for a column without a heading. It is called by its position; at the end of the table it is no column.
    """
    headed = max((position for position, field in enumerate(fields, start=1) if field), default=0)
    taken = set(READER_COLUMNS)
    result: list[Field] = []
    for position, field in enumerate(fields[:headed], start=1):
        field = field or question(f"column {position}", "")
        key = _free(f"column {position}" if _is_pattern(field.column.key) else field.column.key, taken)
        taken.add(key)
        result.append(replace(field, column=replace(field.column, key=key)))
    return result


def _is_pattern(heading: str) -> bool:
    """Headings that polars would take for several columns; nobody writes them, but somebody will."""
    return heading == "*" or (heading.startswith("^") and heading.endswith("$"))


def _free(key: str, taken: set[str]) -> str:
    number, free = 1, key
    while free in taken:
        number += 1
        free = f"{key} #{number}"
    return free


def key_with(fields: Sequence[Field], treatment: Treatment) -> str | None:
    """Key of the first column that the tool writes for this purpose."""
    return next((field.column.key for field in fields if field.treatment == treatment), None)


def means(column: str, cells: frozenset[str]) -> pl.Expr:
    """Whether a cell is one of these words, compared without case."""
    return pl.col(column).str.to_lowercase().is_in(sorted(cells)).fill_null(False)


def refuse_unknown_words(rows: pl.LazyFrame, named: Sequence[tuple[str, Words]], name: str) -> pl.DataFrame:
    """ExportError when a column that says who finished, or who is a test, holds words that nobody has listed.

    Returns how often each combination of the columns' cells occurs, in `len`.
    """
    keys = [column for column, _ in named]
    counts = rows.select(pl.col(keys).str.to_lowercase()).group_by(keys).len().collect()
    for column, words in named:
        unknown = pl.col(column).is_not_null() & ~pl.col(column).is_in(sorted(words.known))
        if many := counts.filter(unknown)["len"].sum():
            raise ExportError(
                "The tool's own column holds words that this version does not know, so tests and unfinished responses "
                "cannot be told from answers.",
                where=f"{name}, column {column}, {many} row(s)",
                next_step="export again with numeric values, or with the account's language set to English",
            )
    return counts


def raw_table(
    grid: Grid,
    form: Form,
    layout: str,
    header_rows: int,
    fields: Sequence[Field],
    *,
    submitted: pl.Expr | None = None,
    complete: pl.Expr | None = None,
    test: pl.Expr | None = None,
    zone: str | None = None,
    warnings: Sequence[str] = (),
) -> RawTable:
    """Put the columns of raw.py together. `fields` come from `unique`, in the order of the file.

    ExportError when rows have cells beyond the last heading: an unquoted delimiter has moved their answers.
    Without the expressions: the tool's own time; who finished by the words that the form lists, else everybody; nobody
    tested.
    """
    refuse_long_rows(grid, header_rows, len(fields))
    columns = tuple(field.column for field in fields)
    record = key_with(fields, "record_id")
    stamp = key_with(fields, "submitted") or key_with(fields, "changed")
    finished = key_with(fields, "complete") if form.finished.yes else None
    nothing = pl.lit(None, dtype=pl.String)
    if complete is None:
        complete = means(finished, form.finished.yes) if finished else pl.lit(True)
    expressions = {
        # `118.0` is how statistics programs write an id of digits.
        RECORD: pl.col(record).str.replace(r"^(\d+)\.0+$", "${1}") if record else nothing,
        SUBMITTED: submitted if submitted is not None else pl.col(stamp) if stamp else nothing,
        COMPLETE: complete,
        TEST: test if test is not None else pl.lit(False),
    }
    rows = grid.body(header_rows, [column.key for column in columns])
    if record:
        refuse_rounded_ids(rows, record, grid.name)
    rows = rows.with_columns(**expressions).select(*READER_COLUMNS, *(column.key for column in columns))
    return RawTable(form.tool, layout, columns, rows, zone, (*grid.warnings, *warnings))
