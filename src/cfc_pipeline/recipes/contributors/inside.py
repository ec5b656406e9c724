"""What stands behind a figure, and how its row is found again in the analysts' copy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from cfc_pipeline.errors import BalanceError
from cfc_pipeline.publish.model import ALL_COHORTS, ALL_YEARS
from cfc_pipeline.publish.written import plain

Connection = duckdb.DuckDBPyConnection
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Inside:
    """`exact` is the figure before rounding and hiding; `steps` are counts from everybody to those counted, which add
    up; `participants` are the pseudonyms of those counted, where the figure is about known people."""

    exact: float | None
    steps: tuple[tuple[str, int], ...]
    participants: tuple[str, ...] = ()
    schools: int | None = None
    note: str = ""

    def in_words(self) -> str:
        lines = ["", "Inside the house only; nothing below is protected."]
        lines += [f"Exact:      {self.exact:.8g}"] if self.exact is not None else []
        lines += [f"  {count:>6,}  {step}" for step, count in self.steps]
        lines += [f"  {self.schools:>6,}  schools of those counted"] if self.schools is not None else []
        return "\n".join(lines + ([self.note] if self.note else []))


def as_many(people: list[tuple[str, str]], expected: int) -> tuple[str, ...]:
    """Those counted; BalanceError when the result says another number."""
    counted = tuple(person for person, step in people if step == "counted")
    if len(counted) != expected:
        raise BalanceError(
            "Those counted are not as many as the result says.",
            where="explain",
            next_step="this is a defect of cfc-pipeline: please report the message",
        )
    return counted


def measure(con: Connection, row: Row) -> tuple[str, str]:
    titles = con.execute("SELECT instrument, subscale, title, subscale_title FROM instrument").fetchall()
    shown = (row["instrument"], row["subscale"])
    return next((i, s) for i, s, title, part in titles if (plain(title or i), plain(part or s)) == shown)


def group_of(con: Connection, year: str, cohort: str | None) -> tuple[str, list[str], dict[str, Any]]:
    """Level, ids of the cohorts, and what picks the row out of a table of results."""
    every = con.execute("SELECT cohort_id, label, academic_year FROM cohort ORDER BY cohort_id").fetchall()
    of_year = [(identity, label) for identity, label, its in every if its == year]
    if cohort not in (None, ALL_COHORTS):
        mine = [identity for identity, label in of_year if plain(label) == cohort]
        return "cohort", mine, {"cohort_id": mine[0]}
    if of_year:
        return "year", [identity for identity, _ in of_year], {"academic_year": year}
    return "all" if year == ALL_YEARS else "pooled", [identity for identity, *_ in every], {}


def the_row(con: Connection, table: str, which: Mapping[str, Any], drop: tuple[str, ...] = ()) -> dict[str, Any]:
    """The row of a table of results, or nothing."""
    keys = [key for key in which if key not in drop]
    query = f"SELECT * FROM {table} WHERE " + " AND ".join(f"{key} IS NOT DISTINCT FROM ?" for key in keys) + " LIMIT 1"
    found = con.execute(query, [which[key] for key in keys])
    names = [name for name, *_ in found.description or ()]
    row = found.fetchone()
    return dict(zip(names, row, strict=True)) if row else {}
