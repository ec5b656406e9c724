"""Walking numbered pages so that nobody is lost without a word, whatever happens in the tool meanwhile."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from cfc_pipeline.sources.web import Web

Row = dict[str, Any]
_Rows = TypeVar("_Rows")


def numbered(web: Web, page: Callable[[int], tuple[_Rows, Iterable[Any], int]], size: int) -> Iterator[_Rows]:
    """Rows of each page; pages count from 1, the newest rows on the last. `page` gives rows, their ids, and the total.

    They are walked from the last to the first. In the other direction, a deletion moves everybody behind it one place
    up, the next page begins one too late, and somebody who answers at that moment makes the numbers right again. In
    this one whoever moves is read twice, those who come meanwhile are behind, for the next fetch, and one fewer than
    the tool said is an error: somebody was deleted or moved to the end before being read.
    """
    rows, here, total = page(1)
    last = math.ceil(total / size)
    if last > web.most_pages:
        raise web.strange("its pages never end")
    if last > 1:
        rows, here, total = page(last)
        total = min(total, last * size)
    ids = set(here)
    yield rows
    for number in range(last - 1, 0, -1):
        rows, here, _ = page(number)
        ids.update(here)
        yield rows
    if len(ids) < total:
        raise web.strange(f"it sent {len(ids)} of {total} responses")
