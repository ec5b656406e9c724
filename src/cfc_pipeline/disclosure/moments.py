"""What the mean and SD of changes say about how many people changed by how much.

Whoever knows that ten changes have mean 6 and SD 1 knows that nobody fell by 4. That follows from other tables alone,
and is no reason here; but counts that are shown narrow it down, and then a hidden count may follow from both together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Self

import numpy as np

from cfc_pipeline.outcomes.formulas import t_quantile

_PRINTED = 0.005  # half of the last digit
_MOST = 60  # hidden people up to which every way of dividing them is tried; the mean and SD of more tell nothing

Ends = tuple[float, float]


@dataclass(frozen=True)
class Changes:
    """Of n people: the sum of their changes and of the squares, between what is possible by the printed digits; from
    which change on one is reliable, and how large one can be. Turned around so that more is better."""

    n: int
    total: Ends
    squares: Ends
    threshold: float
    largest: float

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From `n_paired`, `mean_change`, `ci_low`, `ci_high`, `threshold`, `lowest`, `highest` and `better`. The
        SD that follows from the interval is printed among the standardised changes, with as many digits as the mean."""
        n, mean = row["n_paired"], row["mean_change"] * (1 if row["better"] else -1)
        sd = (row["ci_high"] - row["ci_low"]) / 2 * n**0.5 / float(t_quantile(np.array([n - 1.0]))[0])
        sds = max(0.0, sd - _PRINTED), sd + _PRINTED
        means = mean - _PRINTED, mean + _PRINTED
        far = max(abs(end) for end in means)
        near = 0.0 if means[0] <= 0 <= means[1] else min(abs(end) for end in means)
        squares = (n - 1) * sds[0] ** 2 + n * near**2, (n - 1) * sds[1] ** 2 + n * far**2
        total = n * means[0], n * means[1]
        return cls(n, total, squares, row["threshold"], row["highest"] - row["lowest"])


def leaves_open(changes: Changes, counts: Mapping[str, int], shown: set[str], smallest: int) -> bool:
    """Whether every hidden count below `smallest` may be 1, and may be `smallest`, for all that is known.

    If it could not even without the shown counts, they are not what tells.
    """
    small = [box for box, count in counts.items() if box not in shown and 1 <= count < smallest]
    return all(
        _possible(changes, counts, shown, box, value) or not _possible(changes, counts, set(), box, value)
        for box in small
        for value in (1, smallest)
    )


def _possible(changes: Changes, counts: Mapping[str, int], shown: set[str], box: str, value: int) -> bool:
    free = [name for name in counts if name not in shown and name != box]
    rest = changes.n - value - sum(counts[name] for name in shown)
    if rest < 0 or (rest and not free):
        return False
    if rest > _MOST:
        return True
    known = {name: counts[name] for name in shown} | {box: value}
    return any(_fits(changes, known | dict(zip(free, way, strict=True))) for way in _divided(rest, len(free)))


def _divided(people: int, boxes: int) -> Iterator[tuple[int, ...]]:
    if boxes == 0:
        yield ()
        return
    for first in product(range(people + 1), repeat=boxes - 1):
        if sum(first) <= people:
            yield (*first, people - sum(first))


def _fits(changes: Changes, counts: Mapping[str, int]) -> bool:
    """Whether changes of such sizes can have this sum and these squares."""
    up = counts.get("improved", 0) + counts.get("recovered", 0)
    same, down = counts.get("unchanged", 0), counts.get("deteriorated", 0)
    t, most = changes.threshold, changes.largest
    boxes = [(up, t, most), (same, -t, t), (down, -most, -t)]
    least = _least_squares(boxes, changes.total)
    return (
        least is not None and least <= changes.squares[1] and _most_squares(boxes, changes.total) >= changes.squares[0]
    )


def _least_squares(boxes: list[tuple[int, float, float]], total: Ends) -> float | None:
    """Everybody as near to one value as their box allows; that value is found by halving."""
    if sum(c * low for c, low, _ in boxes) > total[1] or sum(c * high for c, _, high in boxes) < total[0]:
        return None
    low, high = min(low for _, low, _ in boxes), max(high for *_, high in boxes)
    unbound = sum(c * min(max(0.0, a), b) for c, a, b in boxes)
    wanted = min(max(unbound, total[0]), total[1])
    for _ in range(60):
        middle = (low + high) / 2
        if sum(c * min(max(middle, a), b) for c, a, b in boxes) < wanted:
            low = middle
        else:
            high = middle
    return sum(c * min(max(high, a), b) ** 2 for c, a, b in boxes)


def _most_squares(boxes: list[tuple[int, float, float]], total: Ends) -> float:
    """At most: everybody at one end of their box, but for a part of one person. Every square is at most
    (low + high) · change - low · high, so those with the steepest of these lines go to their upper end first."""
    best = 0.0
    for wanted in total:
        spare = wanted - sum(c * low for c, low, _ in boxes)
        squares = sum(c * low**2 for c, low, _ in boxes)
        for c, low, high in sorted(boxes, key=lambda box: -(box[1] + box[2])):
            moved = min(max(spare, 0.0), c * (high - low))
            squares, spare = squares + moved * (low + high), spare - moved
        best = max(best, squares)
    return best
