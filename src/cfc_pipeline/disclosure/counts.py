"""Which counts may be shown: never the small ones, and the others as long as nobody can work a small one out.

A hidden small count is safe when everything shown together leaves open both that it is 1 and that it is not small at
all. Figures are added one by one, the dearest to the reader first, and each stays hidden that would break this; so a
total that would give a hidden count away is hidden with it, unless showing the total and hiding more of its parts
comes first in the order.

Risks that are accepted. Somebody who knows this procedure may learn a little from the pattern of what is hidden.
Counts of overlapping groups that no sum ties together (before and halfway; forms and attendance) are not compared:
their difference counts no set of people. Differences between two releases are not looked at here.
"""

from collections.abc import Sequence

import numpy as np

from cfc_pipeline.disclosure.attacker import Attacker, End
from cfc_pipeline.disclosure.sums import Bounds, Flags, Numbers, Places, Sums, at_least, narrowed
from cfc_pipeline.errors import DisclosureRefusal


def choose_shown(
    values: Numbers,
    secret: Flags,
    guarded: Flags,
    order: Sequence[Places],
    sums: Sums,
    smallest: int,
    floors: Numbers | None = None,
) -> Flags:
    """Which cells may be shown.

    `secret` cells never are. Those that are `guarded` as well must stay open: one below `smallest` may be 1 or
    `smallest` for all that anybody can tell, a larger one may be lower by `smallest`. `order` names the cells in
    batches, the dearest first. `floors` says of how many people of each cell other tables tell anyway; one above its
    cell's value, or that would expose a guarded cell whatever is hidden here, is none.
    """
    sums.check(values)
    if not guarded.any():
        return ~secret
    cells = np.flatnonzero(guarded)
    small = values[cells] < smallest
    limits: dict[End, Numbers] = {
        "low": np.where(small, 1.0, values[cells] - smallest),
        "high": np.where(small, float(smallest), values[cells]),
    }
    told = np.zeros(len(values)) if floors is None else np.where(floors > values, 0.0, floors)
    told[cells] = np.where(told[cells] > limits["low"], 0.0, told[cells])
    shown = _grown(values, [batch[~secret[batch]] for batch in order], sums, told, cells, limits)
    return _mended(values, shown, order, sums, told, cells, limits)


def _grown(
    values: Numbers,
    order: Sequence[Places],
    sums: Sums,
    floors: Numbers,
    cells: Places,
    limits: dict[End, Numbers],
) -> Flags:
    """Shows batch after batch; one that cannot be shown whole is tried in halves, down to the single cell."""
    shown = np.zeros(len(values), dtype=bool)
    known = at_least(floors)
    waiting = list(reversed(order))
    while waiting:
        batch = waiting.pop()
        if not len(batch):
            continue
        trial = shown.copy()
        trial[batch] = True
        found = narrowed(known, values, trial, sums)
        if _open(found, cells, limits):
            shown, known = trial, found
        elif len(batch) > 1:
            half = len(batch) // 2
            waiting += [batch[half:], batch[:half]]
    return shown


def _open(found: Bounds, cells: Places, limits: dict[End, Numbers]) -> bool:
    return bool((found.low[cells] <= limits["low"]).all() and (found.high[cells] >= limits["high"]).all())


def _mended(
    values: Numbers,
    shown: Flags,
    order: Sequence[Places],
    sums: Sums,
    floors: Numbers,
    cells: Places,
    limits: dict[End, Numbers],
) -> Flags:
    """Hides what the exact attacker still needs: of the figures that an exposure rests on, the least dear."""
    dearness = np.zeros(len(values))
    dearness[np.concatenate(order)] = -np.arange(sum(map(len, order)))
    shown = shown.copy()
    ends: tuple[End, End] = ("low", "high")
    for end in ends:
        waiting = np.arange(len(cells))
        while True:
            rests_on, waiting = Attacker(values, shown, sums, floors).first_exposed(cells, limits[end], end, waiting)
            if rests_on is None:
                break
            candidates = rests_on[shown[rests_on]]
            if not len(candidates):
                raise DisclosureRefusal(
                    "A hidden count follows from figures that cannot be hidden",
                    where="a results table",
                    next_step="report this as a defect; nothing was published",
                )
            shown[candidates[np.argmin(dearness[candidates])]] = False
    return shown
