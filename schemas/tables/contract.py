"""What a table contract is made of.

A contract is a pandera model. Its docstring is the table's description, each field's `description` says what the
column holds; DDL, comments in the database, the data dictionary and the labels in tables are all generated from it.
"""

from typing import Any

import pandera.polars as pa
import polars as pl


class Table(pa.DataFrameModel):
    """The base of every contract: exactly these columns, in this order, of these types."""

    class Config:
        strict = True
        ordered = True
        coerce = False


def column(
    description: str,
    *,
    label: str = "",
    unit: str = "",
    key: bool = False,
    nullable: bool = False,
    **checks: Any,
) -> Any:
    """A column: what it holds, how a table labels it, its unit, whether it is part of the table's key.

    `checks` are pandera's own: ge, le, isin, str_matches ...
    """
    metadata = {"label": label, "unit": unit, "key": key}
    return pa.Field(description=description, nullable=nullable, metadata=metadata, **checks)


def label(table: type[Table], name: str) -> str:
    """What tables for people call a column; a published column without a label is a defect."""
    text: str = (table.to_schema().columns[name].metadata or {})["label"]
    assert text, f"{name} of {table.__name__} has no label"
    return text


def polars_schema(table: type[Table]) -> dict[str, Any]:
    """Column names and polars types of a table, in the contract's order."""
    return {name: found.dtype.type for name, found in table.to_schema().columns.items()}


DUCKDB_TYPES: dict[Any, str] = {
    pl.String: "VARCHAR",
    pl.Int16: "SMALLINT",
    pl.Int32: "INTEGER",
    pl.Int64: "BIGINT",
    pl.Float64: "DOUBLE",
    pl.Boolean: "BOOLEAN",
    pl.Date: "DATE",
    pl.List(pl.Int16): "SMALLINT[]",
    pl.List(pl.Int64): "BIGINT[]",
    pl.List(pl.Float64): "DOUBLE[]",
    pl.List(pl.String): "VARCHAR[]",
}
