"""What a connector gives back, and how it is put together."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from operator import itemgetter
from typing import Any, TypeVar

import polars as pl

from cfc_pipeline.sources.raw import COMPLETE, RECORD, SUBMITTED, TEST, RawColumn

SCHEMA = {RECORD: pl.String, SUBMITTED: pl.String, COMPLETE: pl.Boolean, TEST: pl.Boolean}
_T = TypeVar("_T")
_AT_ONCE = 1000
_PAGES_AT_ONCE = 20
_STAMP = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Answers:
    """`rows` has one row a response: the columns of SCHEMA, then a String column per key. A cell holds the label of the
    choice where the question has choices, labels joined by "; " where it allows several, else what was typed. Where
    there is no answer it is NOT_SHOWN, LEFT_BLANK or NOT_TICKED if the tool tells which, else null."""

    rows: pl.DataFrame
    cursor: str | None  # where the next fetch starts; None where the tool cannot tell what changed
    everything: bool  # whether these are all responses that the tool has now
    zone: str | None = "UTC"  # of SUBMITTED, where the cells do not name theirs
    gone: tuple[str, ...] = ()  # records that the tool says it has deleted, where it tells


def table(
    responses: Iterable[Mapping[str, str | bool | None]], form: Sequence[RawColumn], wanted: Container[str]
) -> pl.DataFrame:
    """Rows as `in_order` gives them, from one mapping a response."""
    names = (*SCHEMA, *(column.key for column in form if column.key in wanted))
    told = in_columns(responses, lambda some: {name: [one.get(name) for one in some] for name in names})
    return in_order(told, form, wanted)


def in_columns(rows: Iterable[_T], cells: Callable[[list[_T]], Mapping[str, Sequence[Any]]]) -> pl.DataFrame:
    """Columns of all rows, from what `cells` makes of some rows at a time: what was read is let go early, because to
    keep all that a tool sent takes memory and time. Whatever is neither text nor nothing is an error: no type is
    guessed."""
    parts = (_frame(cells(some)) for some in chain([[]], _batches(rows)))
    return pl.concat(parts, rechunk=True)


def in_pages(pages: Iterable[pl.DataFrame], cells: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
    """The same from pages that were parsed into columns, of which there is at least one."""
    parts = (cells(pl.concat(some)) for some in _batches(pages, _PAGES_AT_ONCE))
    return pl.concat(parts, how="diagonal", rechunk=True)


def _batches(things: Iterable[_T], size: int = _AT_ONCE) -> Iterator[list[_T]]:
    coming = iter(things)
    while some := list(islice(coming, size)):
        yield some


def _frame(cells: Mapping[str, Sequence[Any]]) -> pl.DataFrame:
    return pl.DataFrame(cells, schema={name: SCHEMA.get(name, pl.String) for name in cells})


def in_order(answered: pl.DataFrame, form: Sequence[RawColumn], wanted: Container[str]) -> pl.DataFrame:
    """Rows as `Answers` wants them, from columns by the same names; what was not answered by anybody may be absent.

    Keys that are not wanted, or not in the form, are left out. White space at both ends goes, and empty is null.
    """
    here, nothing = set(answered.columns), pl.lit(None, pl.String)
    keys = [column.key for column in form if column.key in wanted]
    return answered.select(*SCHEMA, *(_blank_is_null(key) if key in here else nothing.alias(key) for key in keys))


def texts(rows: Iterable[Mapping[str, Any]], field: str) -> list[str | None]:
    """One field of all rows as Python writes it: polars would guess types, and change a number to suit its guess."""
    return [said if said is None else str(said) for said in map(itemgetter(field), rows)]


def _blank_is_null(key: str) -> pl.Expr:
    stripped = pl.col(key).str.strip_chars()
    return pl.when(stripped != "").then(stripped).alias(key)


def earlier(stamp: str | None, minutes: int = 60) -> str | None:
    """A moment (ISO 8601 in UTC, to the second) before another: windows overlap, because clocks and indexes lag."""
    if stamp is None:
        return None
    moment = datetime.fromisoformat(stamp.replace("Z", "+00:00"))
    return (moment - timedelta(minutes=minutes)).strftime(_STAMP)


def latest(stamps: Sequence[str], before: str | None) -> str | None:
    """The new cursor: the latest of these moments and of the last cursor. All in one form, so that text sorts."""
    return max([*stamps, *([before] if before else [])], default=None)
