"""Wilcoxon's signed-rank test, exact with ties, for many groups of one size at once.

People who did not change are left out, as Wilcoxon did; equal changes share the mean of their ranks. R's wilcox.test
falls back to a normal approximation when there are ties or zeros, so its p differs then (.0090907 on `sleep`, where
the exact p is .00390625). Here that approximation, with R's corrections for ties and continuity, is for groups of more
than EXACT people who changed.
"""

import numpy as np
from scipy import special

from cfc_pipeline.outcomes.formulas import Floats

EXACT = 50
_CELLS = 4_000_000  # that one step may take up in memory


def signed_ranks(changes: Floats) -> tuple[Floats, Floats, Floats]:
    """Of a row of changes for each group: how many people changed; the rank-biserial correlation (-1 to 1); two-sided
    p. The last two are NaN where nobody changed."""
    changes = np.round(changes, 7)  # scores are whole billionths: thirds subtracted from each other differ by one
    moved = np.count_nonzero(changes, axis=1)
    biserial, p = np.full(len(changes), np.nan), np.full(len(changes), np.nan)
    # Those who did not change come first.
    ordered = np.take_along_axis(changes, np.argsort(np.abs(changes), axis=1, kind="stable"), axis=1)
    for m in np.unique(moved[moved > 0]):
        rows = np.flatnonzero(moved == m)
        for part in np.array_split(rows, max(1, len(rows) * int(m) * int(m + 1) // _CELLS)):
            biserial[part], p[part] = _tested(ordered[part, changes.shape[1] - m :])
    return moved.astype(np.float64), biserial, p


def _tested(changes: Floats) -> tuple[Floats, Floats]:
    """Rank-biserial and p of groups in which everybody changed, smallest changes first."""
    m = changes.shape[1]
    doubled = _doubled_ranks(np.abs(changes))  # whole numbers, with ties too
    total = m * (m + 1)
    up = (doubled * (changes > 0)).sum(axis=1)
    p = _exact(doubled, np.minimum(up, total - up)) if m <= EXACT else _approximate(doubled, up)
    return (2 * up - total) / total, p


def _doubled_ranks(sizes: Floats) -> np.ndarray:
    """Twice the mean rank of each size among those of its row, which are in order."""
    m = sizes.shape[1]
    new = np.ones(sizes.shape, dtype=bool)
    new[:, 1:] = sizes[:, 1:] != sizes[:, :-1]
    place = np.broadcast_to(np.arange(m), sizes.shape)
    first = np.maximum.accumulate(np.where(new, place, 0), axis=1)
    last = np.ones(sizes.shape, dtype=bool)
    last[:, :-1] = new[:, 1:]
    end = np.minimum.accumulate(np.where(last, place, m)[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(first + end + 2)


def _exact(doubled: np.ndarray, smaller: np.ndarray) -> Floats:
    """From the chance of each sum of ranks, if every change were as likely up as down: then the sum of those up is as
    likely as that of those down, of which `smaller` is the smaller one. Groups with the same ties share their ranks."""
    tied = (doubled[:, 1:] == doubled[:, :-1]) @ (1 << np.arange(doubled.shape[1] - 1))
    _, one, pattern = np.unique(tied, return_index=True, return_inverse=True)
    sums = np.arange(int(doubled[0].sum()) + 1)
    chance = np.zeros((len(one), len(sums)))
    chance[:, 0] = 1.0
    for rank in doubled[one].T:
        before = sums - rank[:, None]
        with_it = np.where(before >= 0, np.take_along_axis(chance, np.maximum(before, 0), axis=1), 0.0)
        chance = (chance + with_it) / 2
    return np.asarray(np.minimum(1.0, 2 * chance.cumsum(axis=1)[pattern, smaller]))


def _approximate(doubled: np.ndarray, up: np.ndarray) -> Floats:
    """Normal, with the variance that ties leave and half a rank towards the middle."""
    off = np.abs(up / 2 - doubled.sum(axis=1) / 4)
    z = np.maximum(off - 0.5, 0) / np.sqrt((doubled**2).sum(axis=1) / 16)
    return np.asarray(2 * special.ndtr(-z))
