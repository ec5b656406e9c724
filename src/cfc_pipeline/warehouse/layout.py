"""From contracts to DuckDB: tables, comments on every table and column, and the data dictionary.

Nothing here relies on primary keys, sequences or indexes, so that the same statements run on DuckLake, should a
national programme one day need several machines.
"""

from inspect import cleandoc

import duckdb
import polars as pl

from schemas.tables import DUCKDB_TYPES, TABLES, Table

# Tables that store nothing themselves. Their sources are in the same database, whatever that is called.
VIEWS = {
    "item_answer": """
        SELECT response_id, instrument, item, value FROM (
            SELECT response_id, instrument,
                   generate_subscripts(answers, 1)::BIGINT AS item, unnest(answers)::BIGINT AS value
            FROM answer_sheet
        ) WHERE value IS NOT NULL
    """
}


def columns(contract: type[Table]) -> pl.DataFrame:
    """column_name, position, type, nullable, is_key, unit, description of one table."""
    found = contract.to_schema().columns
    return pl.DataFrame(
        [
            {
                "column_name": name,
                "position": place,
                "type": DUCKDB_TYPES[column.dtype.type],
                "nullable": column.nullable,
                "is_key": bool((column.metadata or {}).get("key")),
                "unit": (column.metadata or {}).get("unit", ""),
                "description": column.description,
            }
            for place, (name, column) in enumerate(found.items(), start=1)
        ]
    )


def key_columns(contract: type[Table]) -> list[str]:
    return columns(contract).filter("is_key")["column_name"].to_list()


def dictionary() -> pl.DataFrame:
    """Every column of every table, as the `data_dictionary` contract defines it."""
    every = [columns(contract).select(pl.lit(name).alias("table_name"), pl.all()) for name, contract in TABLES.items()]
    return pl.concat(every).cast({"position": pl.Int64})


def description(contract: type[Table]) -> str:
    return " ".join(cleandoc(contract.__doc__ or "").split())


def create_table(con: duckdb.DuckDBPyConnection, name: str, schema: str = "main") -> None:
    """An empty table by its contract, or a view, with its comments. `name` and columns are ours, never a file's."""
    contract = TABLES[name]
    rows = columns(contract).rows(named=True)
    kind = "VIEW" if name in VIEWS else "TABLE"
    if name in VIEWS:
        con.execute(f"CREATE VIEW {schema}.{name} AS {VIEWS[name]}")
    else:
        body = ", ".join(f"{r['column_name']} {r['type']}{'' if r['nullable'] else ' NOT NULL'}" for r in rows)
        con.execute(f"CREATE TABLE {schema}.{name} ({body})")
    con.execute(f"COMMENT ON {kind} {schema}.{name} IS {_text(description(contract))}")
    for row in rows:
        unit = f" Unit: {row['unit']}." if row["unit"] else ""
        con.execute(f"COMMENT ON COLUMN {schema}.{name}.{row['column_name']} IS {_text(row['description'] + unit)}")


def codebook() -> str:
    """Every table and column in words, as Markdown."""
    pages = []
    for name, contract in TABLES.items():
        lines = [
            f"## {name}",
            "",
            description(contract),
            "",
            "| column | type | | what it holds |",
            "| --- | --- | --- | --- |",
        ]
        for row in columns(contract).rows(named=True):
            marks = ", ".join(m for m, on in (("key", row["is_key"]), ("may be empty", row["nullable"])) if on)
            unit = f" ({row['unit']})" if row["unit"] else ""
            lines.append(f"| `{row['column_name']}` | {row['type']} | {marks} | {row['description']}{unit} |")
        pages.append("\n".join(lines))
    return "\n\n".join(pages) + "\n"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
