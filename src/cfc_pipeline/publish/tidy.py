"""CSV and Parquet of a table, for people who calculate on. Both are tidy: one header row, one row per row, and cells
that Excel or LibreOffice would run as formulas are made harmless in text columns only, never in true numbers."""

import json
import re
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from cfc_pipeline.publish.model import PublishedTable
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
    hidden cell (null, reason) from one that does not exist (null, null). The schema's metadata carries title, rule,
    source and reasons; each field's, its label and group.
    """
    hidden = [table.hidden[c.key].cast(pl.String).alias(f"{c.key}_hidden") for c in figures(table)]
    arrow = table.values.with_columns(hidden).to_arrow()
    labels = {c.key: {"label": c.label, "group": c.group, "kind": c.kind} for c in table.columns}
    fields = [field.with_metadata(labels.get(field.name, {})) for field in arrow.schema]
    pq.write_table(arrow.cast(pa.schema(fields, metadata=_about(table))), path, compression="zstd")


def _about(table: PublishedTable) -> dict[str, str]:
    about = {name: getattr(table, name) for name in ("title", "shows", "people", "rule", "source")}
    return about | {
        "notes": json.dumps(table.notes, ensure_ascii=False),
        "reasons": json.dumps(dict(table.reasons), ensure_ascii=False),
        "off_because": table.off_because or "",
    }


def _quoted(text: str) -> str:
    return '"' + neutralise(text).replace('"', '""') + '"'
