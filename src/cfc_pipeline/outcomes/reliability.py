"""How well the items of a scale hang together. `items` has a row for each person and a column for each item, complete
and turned around as the key says; `covariance` is that of such items, or many of them at once along its first axes, and
may be multiplied by any factor.

With 8 to 16 people these figures say next to nothing; alpha of fewer than about 30 should not be shown.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from cfc_pipeline.outcomes.formulas import CONFIDENCE, Floats

_MOST_SWEEPS = 1_000  # of the factor's least squares; ordinary scales need some dozens
_SETTLED = 1e-10  # a loading that moves less from one sweep to the next


def scatter(people: Floats, sums: Floats, products: Floats) -> Floats:
    """The covariance times n (n - 1), from the number of people, each item's sum and the sums of products. Exact for
    whole numbers: an item that is the same for everybody has 0, not a rounding error."""
    return np.asarray(people[..., None, None] * products - sums[..., :, None] * sums[..., None, :])


def _scatter(items: Floats) -> Floats:
    return scatter(np.array(len(items)), items.sum(axis=0), items.T @ items)


def alpha(items: Floats) -> float:
    """Cronbach's alpha, from the variances as they are."""
    return float(alphas(_scatter(items)))


def alphas(covariance: Floats) -> Floats:
    """Cronbach's alpha; NaN where everybody has the same sum."""
    k, total = covariance.shape[-1], covariance.sum(axis=(-2, -1))
    own = np.trace(covariance, axis1=-2, axis2=-1)
    return np.asarray(k / (k - 1) * (1 - own / np.where(total > 0, total, np.nan)))


def feldt_interval(items: Floats) -> tuple[float, float]:
    """Feldt's 95 % interval of alpha, from the F distribution."""
    low, high = feldt(np.array(alpha(items)), np.array(items.shape[0]), items.shape[1])
    return float(low), float(high)


def feldt(alpha_: Floats, people: NDArray[np.int64], k: int) -> tuple[Floats, Floats]:
    """The same from alpha, the number of people and of items."""
    df, tail = (people - 1, (people - 1) * (k - 1)), (1 - CONFIDENCE) / 2
    low, high = (1 - (1 - alpha_) * special.fdtri(*df, end) for end in (1 - tail, tail))
    return np.asarray(low), np.asarray(high)


def omegas(covariance: Floats) -> Floats:
    """McDonald's omega of the plain sum of the items, for one factor: (sum of loadings)² / ((sum of loadings)² + sum of
    unique variances).

    The loadings are the least squares ones of the correlations (minres), brought back to the items' own SDs. Another
    estimator gives another omega: by maximum likelihood R's `attitude` has .856 instead of .860. NaN for fewer than
    three items, an item that is the same for everybody, and where the best loadings leave an item less than no variance
    of its own.
    """
    sd = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    usable = (sd > 0).all(axis=-1) & (covariance.shape[-1] >= 3)
    found = np.full(usable.shape, np.nan)
    sd = sd[usable]
    loadings = _one_factor(covariance[usable] / (sd[..., :, None] * sd[..., None, :]))
    loadings = np.where((loadings**2 <= 1).all(axis=-1, keepdims=True), loadings, np.nan)
    common = (loadings * sd).sum(axis=-1) ** 2
    whole = common + ((1 - loadings**2) * sd**2).sum(axis=-1)
    found[usable] = common / np.where(whole > 0, whole, np.nan)
    return found


def _one_factor(correlations: Floats) -> Floats:
    """One item after the other gets the loading that fits its correlations best, until none moves any more; Harman &
    Jones 1966, doi 10.1007/BF02289468 [K]. NaN where they do not settle."""
    between = correlations * (1 - np.eye(correlations.shape[-1]))
    values, vectors = np.linalg.eigh(correlations)
    loadings = vectors[..., -1] * np.sqrt(values[..., -1:])
    moved = np.full(loadings.shape, np.inf)
    for _ in range(_MOST_SWEEPS):
        if not (moved > _SETTLED).any():
            break
        before = loadings.copy()
        for i in range(loadings.shape[-1]):
            others = (loadings**2).sum(axis=-1) - loadings[..., i] ** 2
            loadings[..., i] = (between[..., i, :] * loadings).sum(axis=-1) / others
        moved = np.abs(loadings - before)
    return np.asarray(np.where((moved <= _SETTLED).all(axis=-1, keepdims=True), loadings, np.nan))


def item_rests(covariance: Floats) -> Floats:
    """The correlation of each item with the sum of the others; NaN where either is the same for everybody."""
    own, with_all = np.diagonal(covariance, axis1=-2, axis2=-1), covariance.sum(axis=-1)
    of_rest = covariance.sum(axis=(-2, -1))[..., None] - 2 * with_all + own
    spread = np.sqrt(np.maximum(own * of_rest, 0))
    return np.asarray((with_all - own) / np.where(spread > 0, spread, np.nan))


def item_rest(items: Floats) -> Floats:
    """The same of one set of items."""
    return item_rests(_scatter(items))


def _correlations(first: Floats, second: Floats) -> Floats:
    """Column by column."""
    x, y = first - first.mean(axis=0), second - second.mean(axis=0)
    spread = np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0))
    together = np.where(spread > 0, (x * y).sum(axis=0), np.nan)
    return np.asarray(together / np.where(spread > 0, spread, 1))


def against_the_key(items: Floats) -> NDArray[np.bool_]:
    """Items that go against the rest: the 95 % interval (Fisher's z) of their item-rest correlation is below 0. Such an
    item may be turned around once too often, or not at all."""
    return _below_zero(item_rest(items), len(items))


def against(first: Floats, second: Floats) -> bool:
    """The same of two scores of the same people."""
    return bool(_below_zero(_correlations(first[:, None], second[:, None]), len(first))[0])


def _below_zero(correlations: Floats, people: int) -> NDArray[np.bool_]:
    margin = float(special.ndtri((1 + CONFIDENCE) / 2)) / np.sqrt(people - 3)
    # A correlation of -1 has no Fisher's z; anything so close to it is below 0.
    return np.asarray(np.arctanh(np.clip(np.nan_to_num(correlations), -1 + 1e-12, 1 - 1e-12)) + margin < 0)
