"""Counts as a system of sums, and what each sum says about its hidden members.

Counts of people add up: enrolled = consented + not consented within a row, year = its cohorts down the rows. Interval
propagation asks each sum what it says about one hidden member given what is known of the others, and repeats until
nothing moves. It is fast and never claims more than is true; where sums cross, more can follow than it sees, which is
why attacker.py has the last word.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cfc_pipeline.errors import DisclosureRefusal

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Sums:
    """One entry for each member of each sum; the signed members of one sum add up to 0."""

    number: Places  # which sum, from 0
    cell: Places  # which cell
    sign: Numbers  # -1 for the total, +1 for a part

    @property
    def count(self) -> int:
        return int(self.number.max(initial=-1)) + 1

    def check(self, values: Numbers) -> None:
        """Fails closed: with a sum that does not hold, nothing that follows from it would be true."""
        wrong = np.count_nonzero(np.bincount(self.number, self.sign * values[self.cell]))
        if wrong:
            raise DisclosureRefusal(
                "Counts do not add up, so nobody can say what they give away",
                where=f"{wrong} sums of a results table",
                next_step="nothing was published; this is a defect of the pipeline, not of the data: please report it",
            )


def sums_of(members: pl.DataFrame) -> Sums:
    """From columns `sum` (any key), `cell` (index) and `sign`. A sum without its total or without parts says nothing
    and is left out."""
    whole = members.filter((pl.col("sign") < 0).sum().over("sum") == 1, pl.len().over("sum") > 1)
    numbered = whole.select(pl.col("sum").rank("dense").cast(pl.Int64) - 1, "cell", "sign")
    return Sums(
        numbered["sum"].to_numpy().astype(np.int64),
        numbered["cell"].to_numpy().astype(np.int64),
        numbered["sign"].to_numpy().astype(np.float64),
    )


@dataclass(frozen=True)
class Bounds:
    """Between what every cell must lie."""

    low: Numbers
    high: Numbers


def at_least(floors: Numbers) -> Bounds:
    """What is known before anything is shown: no count is below 0, nor below how many of the same people are counted
    elsewhere."""
    return Bounds(floors, np.full(len(floors), np.inf))


def narrowed(known: Bounds, values: Numbers, shown: Flags, sums: Sums) -> Bounds:
    """The intervals that follow when the `shown` values become known on top of what was `known`."""
    low, high = np.where(shown, values, known.low), np.where(shown, values, known.high)
    while True:
        new_low, new_high = _one_look(low, high, sums)
        if np.array_equal(new_low, low) and np.array_equal(new_high, high):
            return Bounds(low, high)
        low, high = new_low, new_high


def _one_look(low: Numbers, high: Numbers, sums: Sums) -> tuple[Numbers, Numbers]:
    part = sums.sign > 0
    least = np.where(part, low[sums.cell], -high[sums.cell])
    most = np.where(part, high[sums.cell], -low[sums.cell])
    others_least, others_most = _others(least, sums, -np.inf), _others(most, sums, np.inf)
    new_low, new_high = low.copy(), high.copy()
    np.maximum.at(new_low, sums.cell, np.where(part, -others_most, others_least))
    np.minimum.at(new_high, sums.cell, np.where(part, -others_least, others_most))
    return new_low, new_high


def _others(terms: Numbers, sums: Sums, endless: float) -> Numbers:
    """For each member, the sum of the other members. Infinities are counted apart: inf - inf is not a number."""
    infinite = np.isinf(terms)
    finite = np.where(infinite, 0.0, terms)
    rest = np.bincount(sums.number, finite)[sums.number] - finite
    infinite_others = np.bincount(sums.number, infinite)[sums.number] - infinite
    return np.where(infinite_others > 0, endless, rest)


LEVELS_TO_ADD = (("year", "cohort", "academic_year"), ("all", "year", None), ("all", "cohort", None))


def sums_over_levels(cells: pl.DataFrame, by: str) -> pl.DataFrame:
    """Members of the sums year = its cohorts, all = years and all = cohorts, for each value of column `by`.

    `cells` has `cell`, `level`, `academic_year` and `by`. The last of the three follows from the others; it is there
    because interval propagation looks at one sum at a time.
    """
    parts = []
    for total, part, within in LEVELS_TO_ADD:
        sign = pl.when(pl.col("level") == total).then(-1.0).otherwise(1.0)
        where = pl.col(within) if within else pl.lit("")
        key = pl.concat_str(pl.lit(f"{total} of {part}"), where, by, separator="|")
        parts.append(cells.filter(pl.col("level").is_in([total, part])).select(key.alias("sum"), "cell", sign=sign))
    return pl.concat(parts)
