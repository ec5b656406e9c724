"""A table as every format writes it. Figures are rounded, text is cleaned and rows are put in order here and nowhere
else, so that HTML, CSV, Parquet, XLSX, the charts and the email cannot differ, and none of them carries more digits
than the others (a mean with sixteen digits tells how many people it came from)."""

import re
from collections import Counter
from dataclasses import astuple, replace
from unicodedata import category

import polars as pl

from cfc_pipeline.disclosure.protected import MARK, NOT_APPLICABLE, Reason
from cfc_pipeline.errors import ReleaseError
from cfc_pipeline.publish.model import Break, Column, PublishedTable

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
# Names that Windows keeps for devices, and the workbook's own sheets.
TAKEN = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)), "contents", "notes"}


def as_written(table: PublishedTable) -> PublishedTable:
    """The table, checked, with rounded figures, cleaned text and the rows of each row group together.

    Doing it twice changes nothing. Raises ReleaseError where the table breaks its model's promises, above all where a
    hidden cell still holds its figure.
    """
    _check(table)
    values = table.values.select(_written(c, table.values[c.key]) for c in table.columns).with_row_index("__row")
    values = _in_groups(values, table.row_group)
    keys = [c.key for c in figures(table)]
    return replace(
        table,
        title=plain(table.title),
        shows=plain(table.shows),
        people=plain(table.people),
        rule=plain(table.rule),
        source=plain(table.source),
        off_because=plain(table.off_because) if table.off_because else None,
        notes=tuple(plain(note) for note in table.notes),
        breaks=tuple(Break(*map(plain, astuple(one))) for one in table.breaks),
        reasons={name: plain(words) for name, words in table.reasons.items()},
        columns=tuple(
            replace(c, label=plain(c.label), group=plain(c.group), interval=plain(c.interval)) for c in table.columns
        ),
        values=values.drop("__row"),
        hidden=table.hidden.select(keys)[values["__row"]] if keys else pl.DataFrame(),
    )


def plain(text: str) -> str:
    """One line of visible characters: no control characters, line breaks, or marks that change the reading order."""
    kept = (
        " " if category(c) in {"Cc", "Zs", "Zl", "Zp"} else c for c in text if category(c) not in {"Cf", "Co", "Cn"}
    )
    return " ".join("".join(kept).split())


def figures(table: PublishedTable) -> list[Column]:
    return [c for c in table.columns if c.kind != "text"]


def texts(table: PublishedTable, column: Column) -> list[str]:
    """The cells of one column as CSV and every comparison write them: digits, the mark of a hidden cell, or `[z]`."""
    cells = table.values[column.key].to_list()
    if column.kind == "text":
        return [NOT_APPLICABLE if cell is None else cell for cell in cells]
    return [
        NOT_APPLICABLE if cell is None and reason is None else MARK if cell is None else number(cell, column)
        for cell, reason in zip(cells, table.hidden[column.key].to_list(), strict=True)
    ]


def number(value: float, column: Column) -> str:
    return f"{value:.{0 if column.kind == 'count' else column.decimals}f}"


def hidden_by_reason(table: PublishedTable) -> dict[str, int]:
    """Reason's name: how many cells it hides, in the order of Reason; reasons that hide nothing are left out."""
    counts = Counter(reason for c in figures(table) for reason in table.hidden[c.key].to_list())
    return {reason.name: counts[reason.name] for reason in Reason if reason.name in counts}


def reason_in_words(table: PublishedTable, name: str) -> str:
    return table.reasons.get(name, "to protect the people behind the figure")


def _written(column: Column, cells: pl.Series) -> pl.Expr:
    cell = pl.col(column.key)
    if column.kind == "text":
        cleaned = {text: plain(text) for text in cells.unique() if text is not None}
        return cell.replace_strict(cleaned, default=None, return_dtype=pl.String)
    if column.kind == "count":
        return cell.cast(pl.Int64)
    rounded = cell.cast(pl.Float64).round(column.decimals)
    return pl.when(rounded == 0).then(0.0).otherwise(rounded).alias(column.key)  # never -0.0, which prints as "-0"


def _in_groups(values: pl.DataFrame, group: str) -> pl.DataFrame:
    if not group:
        return values
    return values.sort(pl.col("__row").min().over(group), "__row")


def _check(table: PublishedTable) -> None:
    keys = [c.key for c in table.columns]
    wrong = {
        "its name is not a safe file name": not NAME.fullmatch(table.name) or table.name in TAKEN,
        "columns and values differ": keys != table.values.columns or len(set(keys)) != len(keys),
        "values and hidden differ in height": table.hidden.height != table.values.height and bool(figures(table)),
        "a figure column has no column in hidden": bool({c.key for c in figures(table)} - set(table.hidden.columns)),
        "row_group is not a text column": bool(table.row_group) and table.row_group not in _text_keys(table),
    }
    for what, is_wrong in wrong.items():
        if is_wrong:
            raise _broken(table, what)
    for column in figures(table):
        _check_figures(table, column)


def _check_figures(table: PublishedTable, column: Column) -> None:
    cells, reasons = table.values[column.key], table.hidden[column.key]
    if not (cells.dtype.is_numeric() or cells.dtype == pl.Null) or not cells.cast(pl.Float64).is_finite().all():
        raise _broken(table, f"column {column.key} holds something that is not a finite number")
    if not reasons.count():
        return
    if (cells.is_not_null() & reasons.is_not_null()).any():
        raise _broken(table, f"column {column.key} still holds figures in hidden cells")
    if set(reasons.drop_nulls()) - set(Reason.__members__):
        raise _broken(table, f"column {column.key} has an unknown reason for hiding")


def _text_keys(table: PublishedTable) -> list[str]:
    return [c.key for c in table.columns if c.kind == "text"]


def _broken(table: PublishedTable, what: str) -> ReleaseError:
    return ReleaseError(
        f"A table cannot be published: {what}",
        where=f"table {table.name if NAME.fullmatch(table.name) else '(unsafe name)'}",
        next_step="this is a defect of cfc-pipeline, not of the data; nothing was released",
    )
