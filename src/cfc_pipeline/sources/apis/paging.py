"""Walking numbered pages so that nobody is lost without a word, whatever happens in the tool meanwhile."""

import math
from collections.abc import Callable
from typing import Any

from cfc_pipeline.sources.web import Web

Row = dict[str, Any]


def numbered(web: Web, page: Callable[[int], tuple[list[Row], int]], size: int) -> list[Row]:
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
        for number in range(last - 1, 0, -1):
            rows += page(number)[0]
    if (came := len({row["id"] for row in rows})) < total:
        raise web.strange(f"it sent {came} of {total} responses")
    return rows
