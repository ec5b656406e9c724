"""Qualtrics: CSV and TSV with three header rows, and the legacy CSV with two.

The third row holds a small JSON per column whose ImportId, with choiceId where there is one, is the only name that is
unique and that a rewording, a translation or a renaming does not change. Older files write it with single quotes.
"""

import ast
import json
import re
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from cfc_pipeline.sources.columns import (
    Field,
    key_with,
    means,
    question,
    raw_table,
    refuse_unknown_words,
    system,
    tidy,
    unique,
)
from cfc_pipeline.sources.forms import Form, SystemColumn, form
from cfc_pipeline.sources.grid import Grid
from cfc_pipeline.sources.raw import RawTable

_QUESTION = re.compile(r"^(\d+_)?QID\d")


def recognises(grid: Grid) -> bool:
    return _has_import_ids(grid) or _is_legacy(grid)


def _has_import_ids(grid: Grid) -> bool:
    cells = [cell for cell in grid.header(2) if cell]
    return bool(cells) and sum("ImportId" in cell for cell in cells) * 2 > len(cells)


def _is_legacy(grid: Grid) -> bool:
    """Numbered system columns, or the older names, and no JSON row."""
    first = grid.header(0)[:3]
    return first in (
        ["V1", "V2", "V3"],
        ["ResponseID", "ResponseSet", "IPAddress"],
        ["ResponseID", "ResponseSet", "Name"],
    )


def read(grid: Grid) -> RawTable:
    """_submitted is the end of the response, not when it was recorded: those of unfinished ones differ by weeks."""
    known = form("qualtrics")
    headers = 3 if _has_import_ids(grid) else 2
    meta = [_meta(cell) for cell in grid.header(2)] if headers == 3 else [{} for _ in range(grid.width)]
    fields = _fields(grid, meta)
    status, finished = key_with(fields, "status"), key_with(fields, "complete")
    table = raw_table(
        grid,
        known,
        "three header rows" if headers == 3 else "two header rows (legacy)",
        headers,
        fields,
        complete=means(finished, known.finished.yes) if finished else None,
        test=means(status, known.status.no) if status else None,
        zone=_zone(fields, meta),
    )
    warnings = _check(table, known, status, finished, grid.name) + _unreadable(meta)
    return replace(table, warnings=(*table.warnings, *warnings))


def _meta(cell: str | None) -> dict[str, str]:
    """ImportId, choiceId and timeZone of one column; empty when the cell is no such thing."""
    for parse in (json.loads, ast.literal_eval):
        try:
            found = parse(cell or "")
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        if isinstance(found, dict):
            return {str(name): str(value) for name, value in found.items()}
    return {}


def _fields(grid: Grid, meta: Sequence[dict[str, str]]) -> list[Field]:
    cells = zip(grid.header(0), grid.header(1), meta, strict=True)
    return unique([_field(tidy(name), tidy(text), about) if name or about else None for name, text, about in cells])


def _field(name: str, text: str, about: dict[str, str]) -> Field:
    import_id = about.get("ImportId", "")
    choice = about.get("choiceId", "")
    key = f"{import_id}:{choice}" if choice else import_id or name
    known = _system_column(name, import_id)
    field = system(known, key, text) if known else question(key, text)
    return replace(field, column=replace(field.column, tag=name))


def _system_column(name: str, import_id: str) -> SystemColumn | None:
    """What the tool means by a column that it, or the survey's maker, fills without asking."""
    known = form("qualtrics").find(import_id or name)
    if known or not import_id:
        return known
    if _QUESTION.match(import_id):
        # Display order has the question's own ImportId; only the column's name tells.
        order = form("qualtrics").find(name)
        return order if order and order.treatment == "dropped" else None
    # Embedded data has a name of its own and can hold anything that was known about the person.
    return form("qualtrics").find(name) or SystemColumn(name=import_id, treatment="personal")


def _zone(fields: Sequence[Field], meta: Sequence[dict[str, str]]) -> str | None:
    zones = [about.get("timeZone") for field, about in zip(fields, meta, strict=False) if field.treatment]
    zone = next((zone for zone in zones if zone), None)
    return "UTC" if zone == "Z" else zone


def _check(table: RawTable, known: Form, status: str | None, finished: str | None, name: str) -> list[str]:
    """Refuse a Status or Finished that nobody knows; tell about rows that a person has to decide on."""
    named = [(column, words) for column, words in ((status, known.status), (finished, known.finished)) if column]
    if not named:
        return []
    counts = refuse_unknown_words(table.rows, named, name)
    asked = counts.filter(pl.col(status).is_in(sorted(known.status.ask)))["len"].sum() if status else 0
    return [f"{asked} row(s) were imported into Qualtrics, not filled in; they are kept"] if asked else []


def _unreadable(meta: Sequence[dict[str, str]]) -> list[str]:
    lost = [str(position) for position, about in enumerate(meta, start=1) if not about]
    if not lost or len(lost) == len(meta):
        return []
    return [f"column(s) {', '.join(lost)} have no readable ImportId; their names are used instead"]
