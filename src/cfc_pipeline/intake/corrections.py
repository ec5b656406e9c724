"""corrections.csv: fixes to quarantined rows, replayed on every run, with who and why.

A correction names a survey, a record and a column (both as `cfc-pipeline review` lists them), the value to use, and, if
wanted, the value that was there. One that no longer applies is reported, never forgotten.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.intake.cells import resolve
from cfc_pipeline.sources.decided import open_decided
from cfc_pipeline.sources.raw import ROW, SUBMITTED, RawTable

COLUMNS = ("survey", "record", "column", "was", "value", "reason", "by", "on")


@dataclass(frozen=True)
class Correction:
    line: int  # in corrections.csv
    survey: str
    record: str
    column: str
    was: str  # empty: whatever was there
    value: str  # empty: clear the cell


def read_corrections(path: Path) -> list[Correction]:
    """All corrections in the order of the file. A missing file holds none."""
    if not path.exists():
        return []
    with open_decided(path) as file:
        reader = csv.DictReader(file)
        missing = [c for c in COLUMNS[:5] if c not in (reader.fieldnames or [])]
        if missing:
            raise ConfigError(
                "corrections.csv lacks columns.",
                where=", ".join(missing),
                next_step=f"its header is {','.join(COLUMNS)}; save it with commas, not with semicolons or tabs",
            )
        fixes = [
            Correction(reader.line_num, *((row[c] or "").strip() for c in COLUMNS[:5]))
            for row in reader
            if any((v or "").strip() for v in row.values() if isinstance(v, str))
        ]
    incomplete = [str(f.line) for f in fixes if not (f.survey and f.record and f.column)]
    if incomplete:
        raise ConfigError(
            "corrections.csv has rows without a survey, record or column.",
            where=f"lines {', '.join(incomplete)}",
            next_step="fill them in or delete these lines",
        )
    return fixes


def apply_corrections(rows: pl.LazyFrame, raw: RawTable, fixes: list[Correction]) -> tuple[pl.LazyFrame, set[int]]:
    """Rows (with `record` and the raw columns) after the fixes, and the lines of the fixes that were used.

    A fix is not used when its record or column is not in this file, when the cell already holds the value, or when
    it does not hold what `was` says: then somebody mended it at the source, or it is another answer by now.
    """
    used = set()
    for fix in fixes:
        key = SUBMITTED if fix.column == SUBMITTED else resolve(raw, fix.column)
        if key is None:
            continue
        here = (pl.col("record") == fix.record) & (pl.col(key).fill_null("") != fix.value)
        if fix.was:
            here &= pl.col(key).fill_null("") == fix.was
        if spent := (*raw.past, *raw.replaced):
            here &= ~pl.col(ROW).is_in(spent)
        if rows.select(here.any()).collect().item():
            used.add(fix.line)
            rows = rows.with_columns(pl.when(here).then(pl.lit(fix.value or None)).otherwise(pl.col(key)).alias(key))
    return rows, used
