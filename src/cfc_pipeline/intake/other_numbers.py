"""Files in which answers have other numbers than they should.

A tool may export labels once and numbers the next time, and its numbers may run the other way, or begin at 0. Each file
passes by itself. Two files tell by the responses that are in both; one file tells that it begins at 0 by answers below
the lowest where nobody gave the highest.
"""

from collections.abc import Mapping

import polars as pl

from cfc_pipeline.errors import ExportError

_FEW = 3  # answers that may be otherwise for a reason of their own
_ENOUGH = 20  # answers of which one should be the highest
_MOST = 2_000  # responses that are compared; more would only take longer
_CLEAR = 0.9  # of the answers that were one number before and are one number now
Ranges = Mapping[str, tuple[int, int]]  # item column: lowest and highest number


def refuse_other_numbers(before: list[pl.DataFrame], now: pl.DataFrame, ranges: Ranges) -> None:
    """ExportError when responses that are in `now` and in `before` have other numbers for one instrument throughout.
    Frames of canonical answers of one survey, in the order of their arrival. That people edit their answers is no
    reason, be it all of them."""
    if not before:
        return
    both = _in_both(before, now, ranges)
    for instrument in both.filter(pl.col("was") != pl.col("is"))["instrument"].unique(maintain_order=True):
        pairs = both.filter(instrument=instrument)
        if _are_other_numbers(pairs):
            raise ExportError(
                f"The answers to {instrument} have other numbers in this file than in an earlier one.",
                where=f"{pairs['record'].n_unique()} responses are in both",
                next_step="export it as before: labels, or the same numbers. Or list each label and each number under "
                '`answers:` in the survey entry with what it means, such as `"1": 5` where the numbers run the other '
                "way",
            )


def _in_both(before: list[pl.DataFrame], now: pl.DataFrame, ranges: Ranges) -> pl.DataFrame:
    """record, instrument, was, is: answers within their range in both."""
    here = _known_by(now).head(_MOST)
    there = [_known_by(rows).join(here, on="key", how="semi") for rows in before]
    was = pl.concat(there, how="diagonal_relaxed").unique("key", keep="last")
    items = [item for item in ranges if item in now.columns and item in was.columns]
    both = _long(was, items, "was").join(_long(here, items, "is"), on=["key", "item"])
    limits = pl.DataFrame([(i, *ranges[i]) for i in items], schema=["item", "low", "high"], orient="row")
    both = both.join(limits.cast({"item": pl.String}), on="item")
    return both.filter(pl.col("was").is_between("low", "high"), pl.col("is").is_between("low", "high")).select(
        "was",
        "is",
        record="key",
        instrument=pl.col("item").str.split(":").list.first(),
    )


def _known_by(rows: pl.DataFrame) -> pl.DataFrame:
    """Responses by the tool's id; where it has none, by the minute in which they came, and by whom."""
    minute = pl.col("submitted_at").dt.truncate("1m").cast(pl.String)
    who = pl.concat_str(minute, pl.col("person").fill_null(""), separator="\x1f")
    ours = pl.col("record").str.starts_with("row-")
    rows = rows.filter(~pl.col("test") & ~pl.col("empty"))
    rows = rows.with_columns(key=pl.when(ours).then(who).otherwise("record"))
    return rows.filter(pl.col("key").is_not_null()).unique("key", keep="none", maintain_order=True)


def _long(rows: pl.DataFrame, items: list[str], name: str) -> pl.DataFrame:
    return rows.select("key", *items).unpivot(items, index="key", variable_name="item", value_name=name).drop_nulls()


def _are_other_numbers(pairs: pl.DataFrame) -> bool:
    """Whether what was one number is another one throughout, each another one, in several responses."""
    counts = pairs.group_by("was", "is").len()
    meant = counts.sort("len", "is").unique("was", keep="last")
    moved = meant.filter(pl.col("was") != pl.col("is"))
    clear = meant["len"].sum() >= _CLEAR * pairs.height
    several = pairs.filter(pl.col("was") != pl.col("is"))["record"].n_unique() > 1
    return clear and several and moved.height > 1 and moved["is"].is_unique().all() and moved["len"].sum() > _FEW


def refuse_beginning_at_zero(now: pl.DataFrame, ranges: Ranges) -> None:
    """ExportError when a file's numbers begin one lower than the key's: only some rows would show it, and the others
    would count with each answer one too low."""
    rows = now.filter(~pl.col("test") & ~pl.col("empty"))
    for name, items in _by_instrument(ranges, now).items():
        low, high = ranges[items[0]]
        given = rows.select(items)
        below = given.select(pl.col(items) == low - 1)
        inside = given.select(pl.col(items).is_between(low, high).sum()).sum_horizontal().item()
        highest = given.select((pl.col(items) == high).sum()).sum_horizontal().item()
        cells = below.sum().sum_horizontal().item()
        in_rows = below.select(pl.any_horizontal(pl.all()).sum()).item()
        if cells >= _FEW and in_rows > 1 and not highest and inside + cells >= _ENOUGH:
            raise ExportError(
                f"The numbers of {name} begin at {low - 1} in this file, and at {low} in its key.",
                where=f"{cells} answers are {low - 1}, and nobody gave the highest",
                next_step="export labels, or say under `answers:` in the survey entry what each number means, such as "
                f'`"{low - 1}": {low}`; if {low - 1} stands for no answer, export it again with those cells empty',
            )


def _by_instrument(ranges: Ranges, rows: pl.DataFrame) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in ranges:
        if item in rows.columns:
            found.setdefault(item.split(":")[0], []).append(item)
    return found
