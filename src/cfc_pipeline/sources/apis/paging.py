"""Walking numbered pages so that nobody is lost without a word, whatever happens in the tool meanwhile."""

import math
from collections.abc import Callable, Iterator
from typing import Any

from cfc_pipeline.sources.web import Web

Row = dict[str, Any]


def numbered(web: Web, page: Callable[[int], tuple[list[Row], int]], size: int) -> Iterator[Row]:
    """Rows of pages that count from 1, the newest on the last; `page` gives rows, each with an `id`, and the total.

    They are walked from the last to the first. In the other direction, a deletion moves everybody behind it one place
    up, the next page begins one too late, and somebody who answers at that moment makes the numbers right again. In
    this one whoever moves is read twice, those who come meanwhile are behind, for the next fetch, and one fewer than
    the tool said is an error: somebody was deleted or moved to the end before being read.
    """
    rows, total = page(1)
    last = math.ceil(total / size)
    if last > web.most_pages:
        raise web.strange("its pages never end")
    if last > 1:
        rows, total = page(last)
        total = min(total, last * size)
    ids = {row["id"] for row in rows}
    yield from rows
    for number in range(last - 1, 0, -1):
        rows, _ = page(number)
        ids |= {row["id"] for row in rows}
        yield from rows
    if len(ids) < total:
        raise web.strange(f"it sent {len(ids)} of {total} responses")
