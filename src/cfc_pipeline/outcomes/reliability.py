"""How well the items of a scale hang together. `items` has a row for each person and a column for each item, complete
and turned around as the key says.

With 8 to 16 people these figures say next to nothing; alpha of fewer than about 30 should not be shown.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cfc_pipeline.outcomes.formulas import CONFIDENCE, Floats


def alpha(items: Floats) -> float:
    """Cronbach's alpha, from the variances as they are."""
    k = items.shape[1]
    return float(k / (k - 1) * (1 - items.var(axis=0, ddof=1).sum() / items.sum(axis=1).var(ddof=1)))


def standardised_alpha(items: Floats) -> float:
    """Alpha of items brought to one variance."""
    k = items.shape[1]
    mean = (np.corrcoef(items, rowvar=False).sum() - k) / (k * (k - 1))
    return float(k * mean / (1 + (k - 1) * mean))


def feldt_interval(items: Floats) -> tuple[float, float]:
    """Feldt's 95 % interval of alpha, from the F distribution."""
    people, k = items.shape
    df = (people - 1, (people - 1) * (k - 1))
    tail, rest = (1 - CONFIDENCE) / 2, 1 - alpha(items)
    return 1 - rest * float(stats.f.ppf(1 - tail, *df)), 1 - rest * float(stats.f.ppf(tail, *df))


def item_rest(items: Floats) -> Floats:
    """The correlation of each item with the sum of the others; NaN where either is the same for everybody."""
    rest = items.sum(axis=1, keepdims=True) - items
    return _correlations(items, rest)


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
    margin = float(stats.norm.ppf((1 + CONFIDENCE) / 2)) / np.sqrt(people - 3)
    # A correlation of -1 has no Fisher's z; anything so close to it is below 0.
    return np.asarray(np.arctanh(np.clip(np.nan_to_num(correlations), -1 + 1e-12, 1 - 1e-12)) + margin < 0)
