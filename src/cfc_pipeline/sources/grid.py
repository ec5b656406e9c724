"""A file as a grid of text cells, before anybody asks which tool wrote it.

`open_grid` looks at the first bytes: a workbook goes to workbook.py, an SPSS or Stata file to statistics_file.py,
everything else is delimited text and goes to delimited.py. All give a Grid: the first records to recognise a layout by,
and all records as a lazy frame, so that a million rows are neither read twice nor held as Python objects.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources.raw import ROW, Choice

_SHOWN = 10  # row numbers in one message
Kind = Literal["cells", "spss", "stata"]
HEAD = 6  # records shown to the tools' recognisers: three header rows at most, and some data


@dataclass(frozen=True)
class Grid:
    """`cells` has ROW (Int64, from 1) and one String column per position, named "0", "1", ...; cells as written."""

    name: str
    head: list[list[str | None]]  # at most HEAD records, each `width` long, stripped, empty as None
    width: int
    cells: pl.LazyFrame
    warnings: tuple[str, ...] = ()
    kind: Kind = "cells"  # of a statistics file the first two records are names and labels of its variables
    choices: tuple[tuple[Choice, ...], ...] = ()  # of each column, where the file has value labels

    def body(self, header_rows: int, names: Sequence[str]) -> pl.LazyFrame:
        """ROW and the first columns, renamed, of all records after the header; stripped, empty as null."""
        stripped = [pl.col(str(position)).str.strip_chars().alias(name) for position, name in enumerate(names)]
        # A step of its own: within one, polars would strip every cell twice.
        filled = [pl.when(pl.col(name) != "").then(name) for name in names]
        return self.cells.slice(header_rows).select(ROW, *stripped).with_columns(filled)

    def header(self, row: int) -> list[str | None]:
        """One record of the head; all None when the file ends before it."""
        return self.head[row] if row < len(self.head) else [None] * self.width


def refuse_long_rows(grid: Grid, header_rows: int, width: int) -> None:
    """ExportError when a record after the header has something in a column beyond `width`."""
    beyond = [pl.col(str(position)).str.strip_chars() != "" for position in range(width, grid.width)]
    if beyond:
        rows = grid.cells.slice(header_rows).filter(pl.any_horizontal(beyond)).select(ROW).collect()[ROW].to_list()
        if rows:
            raise long_rows(grid.name, rows)


def long_rows(name: str, rows: list[int]) -> ExportError:
    shown = ", ".join(map(str, rows[:_SHOWN])) + (" ..." if len(rows) > _SHOWN else "")
    return ExportError(
        f"{len(rows)} row(s) have more cells than there are headings, so cells cannot be told apart.",
        where=f"{name}, row {shown}",
        next_step="give every column a heading; a delimiter inside an answer must be quoted",
    )


def refuse_rounded_ids(rows: pl.LazyFrame, column: str, name: str) -> None:
    """ExportError for ids such as 1.14E+11: a spreadsheet has rounded them, so different responses now share one."""
    rounded = pl.col(column).str.contains(r"^\d([.,]\d+)?[eE]\+\d+$")
    if found := rows.filter(rounded).select(ROW).collect()[ROW].to_list():
        shown = ", ".join(map(str, found[:_SHOWN])) + (" ..." if len(found) > _SHOWN else "")
        raise ExportError(
            f"A spreadsheet has rounded the ids of {len(found)} response(s), so they cannot be told apart.",
            where=f"{name}, row {shown}",
            next_step="download the file again, and do not open and save it before",
        )


def printable(name: str) -> str:
    """The last part of a file's name for messages, without characters that move the cursor or turn text around."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return "".join("?" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in last) or "the file"


def clean_head(records: Sequence[Sequence[str | None]], width: int) -> list[list[str | None]]:
    """Records as `Grid.head` wants them."""
    stripped = [[(cell or "").strip() or None for cell in record[:width]] for record in records[:HEAD]]
    return [record + [None] * (width - len(record)) for record in stripped]


def open_grid(data: bytes, name: str) -> Grid:
    """The cells of a CSV, TSV, XLSX, SPSS or Stata file. ExportError when it is none of them, or damaged."""
    # Imported here because all of them build a Grid.
    from cfc_pipeline.sources.delimited import open_delimited
    from cfc_pipeline.sources.statistics_file import open_statistics, statistics_kind
    from cfc_pipeline.sources.workbook import is_workbook, open_workbook

    name = printable(name)
    if kind := statistics_kind(data, name):
        return open_statistics(data, name, kind)
    return open_workbook(data, name) if is_workbook(data, name) else open_delimited(data, name)
