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
    """The correlation of each item with the sum of the others."""
    rest = items.sum(axis=1, keepdims=True) - items
    x, y = items - items.mean(axis=0), rest - rest.mean(axis=0)
    return np.asarray((x * y).sum(axis=0) / np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0)))


def against_the_key(items: Floats) -> NDArray[np.bool_]:
    """Items that go against the rest: the 95 % interval (Fisher's z) of their item-rest correlation is below 0. Such an
    item may be turned around once too often, or not at all."""
    margin = float(stats.norm.ppf((1 + CONFIDENCE) / 2)) / np.sqrt(len(items) - 3)
    return np.asarray(np.arctanh(item_rest(items)) + margin < 0)
