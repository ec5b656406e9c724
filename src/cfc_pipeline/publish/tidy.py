"""CSV and Parquet of a table, for people who calculate on. Both are tidy: one header row, one row per row, and cells
that Excel or LibreOffice would run as formulas are made harmless in text columns only, never in true numbers."""

import json
import re
from dataclasses import asdict
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from cfc_pipeline.publish.model import Break, Column, PublishedTable
from cfc_pipeline.publish.written import figures, texts

# What starts a formula: = + - @ and their full-width forms (OWASP, CSV Injection; tab, CR and LF never get this far,
# written.py turns them into spaces). A spreadsheet that splits at another separator than ours sees a new cell after
# each one, so the danger is looked for there as well. The apostrophes make the change reversible.
_FORMULA = re.compile(r"""((?:^|[,;|])["\s]*)('*[=+\-@＝＋－＠﹢﹣﹦﹫])""")
_NEUTRALISED = re.compile(r"""((?:^|[,;|])["\s]*)'('*[=+\-@＝＋－＠﹢﹣﹦﹫])""")


def csv_bytes(table: PublishedTable) -> bytes:
    """UTF-8, comma, CRLF (RFC 4180). Text and marks are quoted, numbers are bare and in the written precision."""
    header = [_quoted(c.key) for c in table.columns]
    cells = [
        [_quoted(text) if c.kind == "text" or text.startswith("[") else text for text in texts(table, c)]
        for c in table.columns
    ]
    return "".join(",".join(row) + "\r\n" for row in [header, *zip(*cells, strict=True)]).encode()


def neutralise(text: str) -> str:
    """Puts an apostrophe before whatever a spreadsheet would take for the start of a formula."""
    return _FORMULA.sub(r"\1'\2", text)


def restore(text: str) -> str:
    """The text before `neutralise`."""
    return _NEUTRALISED.sub(r"\1\2", text)


def write_parquet(table: PublishedTable, path: Path) -> None:
    """Typed columns; for each figure a String column `<key>_hidden` with the reason's name where it is hidden.

    Two columns instead of a text mark, because a figure column must stay a number and a null alone could not tell a
    hidden cell (null, reason) from one that does not exist (null, null). The metadata carries everything else that the
    table says, so that `load_parquet` gives the same table back.
    """
    hidden = [table.hidden[c.key].cast(pl.String).alias(f"{c.key}_hidden") for c in figures(table)]
    arrow = table.values.with_columns(hidden).to_arrow()
    about = {name: json.dumps(value, ensure_ascii=False) for name, value in _about(table).items()}
    columns = {c.key: {"column": json.dumps(asdict(c), ensure_ascii=False)} for c in table.columns}
    fields = [field.with_metadata(columns.get(field.name, {})) for field in arrow.schema]
    pq.write_table(arrow.cast(pa.schema(fields, metadata=about)), path, compression="zstd")


def load_parquet(path: Path) -> PublishedTable:
    """A published table from its Parquet file, as it was written."""
    # Not read_table, which first loads what reads data sets of many files.
    with pq.ParquetFile(path) as file:
        arrow = file.read()
    about = {
        name.decode(): json.loads(value) for name, value in arrow.schema.metadata.items() if name != b"ARROW:schema"
    }
    fields = [field.metadata[b"column"] for field in arrow.schema if field.metadata and b"column" in field.metadata]
    columns = tuple(Column(**json.loads(column)) for column in fields)
    frame = pl.DataFrame(pl.from_arrow(arrow))
    return PublishedTable(
        **(about | {"notes": tuple(about["notes"]), "breaks": tuple(Break(**one) for one in about.get("breaks", ()))}),
        columns=columns,
        values=frame.select(c.key for c in columns),
        hidden=frame.select(pl.col(f"{c.key}_hidden").alias(c.key) for c in columns if c.kind != "text"),
    )


def _about(table: PublishedTable) -> dict[str, object]:
    names = ("name", "title", "shows", "people", "rule", "source", "row_group", "notes", "off_because")
    breaks = [asdict(one) for one in table.breaks]
    return {name: getattr(table, name) for name in names} | {"breaks": breaks, "reasons": dict(table.reasons)}


def _quoted(text: str) -> str:
    return '"' + neutralise(text).replace('"', '""') + '"'
