"""From contracts to DuckDB: tables, comments on every table and column, and the data dictionary.

Nothing here relies on primary keys, sequences or indexes, so that the same statements run on DuckLake, should a
national programme one day need several machines.
"""

from functools import cache
from inspect import cleandoc

import duckdb
import polars as pl

from schemas.tables import DUCKDB_TYPES, TABLES, Table

# What stores nothing itself: views of tables in the same database, whatever that is called.
VIEWS = {
    # Nothing, until there are scoring keys (measures/scoring.py).
    "score_sheet": """
        SELECT '' AS response_id, '' AS instrument, ['']::VARCHAR[] AS subscales, [0]::DOUBLE[] AS scores,
               [0]::BIGINT[] AS answered, [0]::BIGINT[] AS expected
        WHERE false
    """,
    # No consent, no score: who did not agree, or withdrew, has none even if an answer of theirs were stored.
    "scale_score": """
        SELECT response_id, participant_id, cohort_id, time_point, instrument, subscale, score,
               items_answered, items_expected,
               CASE WHEN items_expected = 0 THEN 'not_asked' WHEN score IS NULL THEN 'too_few_items'
                    WHEN items_answered < items_expected THEN 'prorated' ELSE 'scored' END AS state
        FROM (
            SELECT response_id, participant_id, cohort_id, time_point, instrument, unnest(subscales) AS subscale,
                   unnest(scores) AS score, unnest(answered) AS items_answered, unnest(expected) AS items_expected
            FROM score_sheet JOIN response USING (response_id)
                 SEMI JOIN (FROM participant WHERE consented AND NOT withdrawn) USING (participant_id, cohort_id)
            WHERE kind = 'scale' AND status = 'counted'
        )
    """,
    "item_answer": """
        SELECT response_id, instrument, item, value FROM (
            SELECT response_id, instrument,
                   generate_subscripts(answers, 1)::BIGINT AS item, unnest(answers)::BIGINT AS value
            FROM answer_sheet
        ) WHERE value IS NOT NULL
    """,
}


@cache
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
    """An empty table by its contract, with its comments. `name` and columns are ours, never a file's."""
    rows = columns(TABLES[name]).rows(named=True)
    body = ", ".join(f"{r['column_name']} {r['type']}{'' if r['nullable'] else ' NOT NULL'}" for r in rows)
    con.execute(f"CREATE TABLE {schema}.{name} ({body})")
    _comment(con, "TABLE", name, schema)


def create_view(con: duckdb.DuckDBPyConnection, name: str, query: str, schema: str = "main") -> None:
    """A view with its comments, in place of what it was before."""
    con.execute(f"CREATE OR REPLACE VIEW {schema}.{name} AS {query}")
    _comment(con, "VIEW", name, schema)


def view_query(con: duckdb.DuckDBPyConnection, name: str) -> str:
    """What a view of ours was made with."""
    ((made,),) = con.execute(
        "SELECT sql FROM duckdb_views() WHERE NOT internal AND view_name = ? AND database_name = current_database()",
        [name],
    ).fetchall()
    return str(made).split(" AS ", 1)[1].rstrip().removesuffix(";")


def _comment(con: duckdb.DuckDBPyConnection, kind: str, name: str, schema: str) -> None:
    contract = TABLES[name]
    comments = [f"COMMENT ON {kind} {schema}.{name} IS {_text(description(contract))}"]
    for row in columns(contract).rows(named=True):
        unit = f" Unit: {row['unit']}." if row["unit"] else ""
        comments.append(f"COMMENT ON COLUMN {schema}.{name}.{row['column_name']} IS {_text(row['description'] + unit)}")
    con.execute("; ".join(comments))


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
