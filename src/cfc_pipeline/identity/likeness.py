"""How alike two codes are, element by element, and how much that says. Personal throughout."""

from collections.abc import Mapping
from itertools import combinations

import polars as pl

SEPARATOR = "|"  # between the elements of a code
LEVELS = ("same", "close", "differs", "missing")

# How the same person's elements compare the second time. All twelve agreed in 40 % of codes (see linking.py), which is
# 7 % of elements that differ; the split into slips of the pen and other answers is an assumption.
AGAIN_SAME, AGAIN_CLOSE, AGAIN_OTHER = 0.93, 0.03, 0.04
# How often two people's elements are the same or close by chance; assumed. `same` is mended by what the cohort's own
# codes show, as if _GUESSED_FROM pairs of people had been seen before.
BY_CHANCE = {
    "letters": (0.07, 0.05),
    "day": (0.033, 0.12),
    "month": (0.085, 0.1),
    "number": (0.2, 0.1),
    "text": (0.02, 0.02),
}
_GUESSED_FROM = 50
_SAME, _CLOSE, _OTHER, _MISSING = range(4)
_LONGEST = 12  # characters of an element in which a slip is looked for


def most_unlike(elements: int) -> int:
    """How many elements of a code may not be the same."""
    return min(2, max(0, elements - 2))


def cell_of(place: int) -> str:
    return f"_{place}"


def with_elements(codes: pl.DataFrame, elements: Mapping[str, str]) -> pl.DataFrame:
    parts = pl.col("code").str.split(SEPARATOR)
    cells = [parts.list.get(i, null_on_oob=True).replace("", None).alias(cell_of(i)) for i in range(len(elements))]
    return codes.with_columns(cells)


def chances(here: pl.DataFrame, known: pl.DataFrame, elements: Mapping[str, str]) -> pl.DataFrame:
    """cohort_id and, for each element, how often two people of the cohort have the same by chance."""
    cells = [cell_of(i) for i in range(len(elements))]
    every = pl.concat([here.select("cohort_id", "code", *cells), known.select("cohort_id", "code", *cells)]).unique()
    seen = []
    for cell, kind in zip(cells, elements.values(), strict=True):
        counts = pl.col(cell).drop_nulls().unique_counts().cast(pl.Float64)
        given = pl.col(cell).count().cast(pl.Float64)
        alike, of = (counts * (counts - 1)).sum() / 2, given * (given - 1) / 2
        seen.append(((alike + BY_CHANCE[kind][0] * _GUESSED_FROM) / (of + _GUESSED_FROM)).alias(f"_u{cell[1:]}"))
    return every.group_by("cohort_id").agg(seen)


def candidates(new: pl.DataFrame, there: pl.DataFrame, elements: int) -> pl.DataFrame:
    """Pairs that agree in all elements but two; the database way, because all pairs of 5,000 people are 25 million."""
    cells = [cell_of(i) for i in range(elements)]
    same = elements - most_unlike(elements)
    if same == elements:
        return pl.DataFrame()
    known = there.select("cohort_id", "person", *cells, known="code")
    blocks = [
        new.select("cohort_id", "code", *cells).join(known, on=["cohort_id", *block], suffix="_known", coalesce=False)
        for block in combinations(cells, same)
    ]
    columns = ["cohort_id", "code", "person", "known", *cells, *(f"{c}_known" for c in cells)]
    return pl.concat(block.select(columns) for block in blocks).unique(["cohort_id", "code", "known"])


def weighed(pairs: pl.DataFrame, chances: pl.DataFrame, elements: Mapping[str, str]) -> pl.DataFrame:
    """Adds the level of each element, and `_weight`: the sum over elements of log(by the same person / by chance)."""
    pairs = pairs.join(chances, on="cohort_id")
    weights = []
    for i, kind in enumerate(elements.values()):
        pairs = _with_level(pairs, i)
        same, close = pl.col(f"_u{i}"), BY_CHANCE[kind][1]
        level = pl.col(f"_level{i}")
        ratio = (
            pl.when(level == _SAME)
            .then(AGAIN_SAME / same)
            .when(level == _CLOSE)
            .then(AGAIN_CLOSE / close)
            .when(level == _OTHER)
            .then(AGAIN_OTHER / (1 - same - close).clip(0.05))
            .otherwise(1.0)
        )
        weights.append(ratio.log())
    named = [
        pl.concat_list(pl.when(pl.col(f"_level{i}") == level).then(pl.lit(name)) for i, name in enumerate(elements))
        .list.drop_nulls()
        .alias(title)
        for level, title in enumerate(LEVELS)
    ]
    return pairs.with_columns(named).with_columns(_weight=pl.sum_horizontal(weights))


def _with_level(pairs: pl.DataFrame, place: int) -> pl.DataFrame:
    """How two elements compare. Close: equal once a character is left out of each, as after a slip or a swap."""
    one, other = pl.col(cell_of(place)), pl.col(f"{cell_of(place)}_known")
    unlike = pairs.select(one, other).filter(one != other).unique()
    slip = (_shortened(one).list.set_intersection(_shortened(other)).list.len() > 0) & (one.str.len_chars() > 1)
    unlike = unlike.with_columns(_slip=slip & (other.str.len_chars() > 1))
    pairs = pairs.join(unlike, on=unlike.columns[:2], how="left", maintain_order="left")
    level = (
        pl.when(one.is_null() | other.is_null())
        .then(_MISSING)
        .when(one == other)
        .then(_SAME)
        .when(pl.col("_slip"))
        .then(_CLOSE)
        .otherwise(_OTHER)
    )
    return pairs.with_columns(level.alias(f"_level{place}")).drop("_slip")


def _shortened(cell: pl.Expr) -> pl.Expr:
    """The cell without one of its characters, in every way, and the cell itself."""
    return pl.concat_list(cell.str.slice(0, i) + cell.str.slice(i + 1) for i in range(_LONGEST))
