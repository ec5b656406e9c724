"""What KoboToolbox and ODK have in common: forms made of an XLSForm, whose answers are the names of choices.

Where several can be chosen, a cell holds their names with spaces between; no name has a space in it then.
"""

from collections.abc import Iterable

import polars as pl

from cfc_pipeline.sources.raw import Choice, RawColumn


def choice(name: str, label: str) -> Choice:
    """A choice's name is its value. It is a number of its own accord only where the form's author made it one."""
    return Choice(name, label or name, name if name.lstrip("-").isdigit() else None)


def labelled(rows: pl.DataFrame, form: Iterable[RawColumn]) -> pl.DataFrame:
    """Labels for names, wherever the question has choices. A name that the form no longer has stays as it is: then a
    person sees an answer that nobody knows, and not no answer."""
    asked = [column for column in form if column.choices and column.key in rows.columns]
    return rows.with_columns(_spoken(column, rows[column.key]) for column in asked)


def _spoken(column: RawColumn, cells: pl.Series) -> pl.Expr:
    cell, labels = pl.col(column.key), {one.id: one.label for one in column.choices}
    if not cells.str.contains(" ", literal=True).any():
        return cell.replace(labels)
    parts = cell.str.split(" ")
    known = parts.list.eval(pl.element().is_in(list(labels))).list.all()
    joined = parts.list.eval(pl.element().replace(labels)).list.join("; ")
    return pl.when(known).then(joined).otherwise(cell.replace(labels)).alias(column.key)
