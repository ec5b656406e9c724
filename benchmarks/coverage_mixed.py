"""How often the mixed model's interval holds the true change when people leave; run by coverage.py.

People have a level of their own (variance 1) and scores before, halfway and after (variance 1 around it); the true
change to after is 0.4. One in ten has no score before, one in five none halfway. Three in ten have none after: as
chance has it, or mostly those with a low score before (or, without one, halfway), or mostly those whose score after is
low.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from cfc_pipeline.outcomes.formulas import pool, t_quantile
from cfc_pipeline.outcomes.random_intercept import Patterns, fit

Floats = NDArray[np.float64]
LEAVING = ("at random", "by earlier scores", "by the score after")
TRUTH = 0.4
_THERE = np.array([[float(bool(code & bit)) for bit in (1, 2, 4)] for code in range(1, 8)])


def of_cohort(random: np.random.Generator, n: int, leaving: str, times: int) -> tuple[float, float]:
    """How often the model's interval of one cohort of n people holds the truth, and that of those with both."""
    scores = _scores(random, (times, n), leaving)
    change, error = _model(scores)
    mean, sd, both = _paired(scores)
    with np.errstate(invalid="ignore"):
        reach = t_quantile(both - 1)
        known = (both >= 2) & np.isfinite(error)
        model, paired = np.abs(change - TRUTH) <= reach * error, np.abs(mean - TRUTH) <= reach * sd / np.sqrt(both)
    return float(model[known].mean()), float(paired[known].mean())


def of_cohorts(random: np.random.Generator, k: int, share: float, leaving: str, times: int) -> float:
    """The same of k cohorts of 8 to 14 people; `share` of the variance of changes is between cohorts."""
    sizes = random.integers(8, 15, (times, k))
    spread = np.sqrt(share / (1 - share) * 2)  # the variance of a change within cohorts is 2
    scores = _scores(random, (times, k, 14), leaving, random.normal(0, spread, (times, k, 1)))
    scores[np.arange(14) >= sizes[:, :, None]] = np.nan
    change, error = _model(scores.reshape(times, k * 14, 3))
    mean, sd, both = _paired(scores)
    enough = np.flatnonzero((both > 1).all(axis=1))
    held = [abs(change[i] - TRUTH) <= _reach(mean[i], sd[i], both[i]) * error[i] for i in enough]
    return float(np.mean(held))


def _scores(random: np.random.Generator, shape: tuple[int, ...], leaving: str, more: Floats | float = 0.0) -> Floats:
    """People x time points; NaN where somebody did not answer. `more` is added to the change to after."""
    level, rest = random.normal(0, 1, shape), random.normal(0, 1, (*shape, 3))
    scores = level[..., None] + rest + np.array([0, TRUTH / 2, TRUTH])
    scores[..., 2] += more
    scores[..., 0][random.random(shape) < 0.1] = np.nan
    scores[..., 1][random.random(shape) < 0.2] = np.nan
    earlier = np.where(np.isnan(scores[..., 0]), scores[..., 1], scores[..., 0])
    by: Callable[[], Floats] = {
        "at random": lambda: np.zeros(shape),
        "by earlier scores": lambda: np.nan_to_num(earlier),
        "by the score after": lambda: scores[..., 2] - TRUTH,
    }[leaving]
    scores[..., 2][random.random(shape) < 0.3 * 2 / (1 + np.exp(1.5 * by()))] = np.nan
    return scores


def _model(scores: Floats) -> tuple[Floats, Floats]:
    """Change to after and its standard error; groups x people x time points."""
    there, filled = ~np.isnan(scores), np.nan_to_num(scores)
    code = there @ np.array([1, 2, 4])
    of = (code[:, None, :] == np.arange(1, 8)[None, :, None]).astype(np.float64)
    sums = of @ filled
    squares, totals = ((of @ part[:, :, None])[:, :, 0] for part in ((filled**2).sum(2), filled.sum(2) ** 2))
    found = fit(Patterns(_THERE, of.sum(axis=2), sums, squares, totals))
    return found.changes[:, 2], found.errors[:, 2]


def _paired(scores: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean and SD of the change of those with both, and how many they are; over the last but one axis."""
    changes = scores[..., 2] - scores[..., 0]
    n = np.isfinite(changes).sum(axis=-1)
    mean = np.nansum(changes, axis=-1) / np.maximum(n, 1)
    squares = np.nansum((changes - mean[..., None]) ** 2, axis=-1)
    return mean, np.sqrt(squares / np.maximum(n - 1, 1)), n.astype(np.float64)


def _reach(mean: Floats, sd: Floats, n: Floats) -> float:
    """As mixed.py's reach_of_pooled, for cohorts as arrays."""
    within = float(np.sum((n - 1) * sd**2) / np.sum(n - 1))
    found = pool(mean, within / n)
    return float((found.ci_high - found.ci_low) / 2 / np.sqrt(within / n.sum()))


def rows(groups: tuple[int, ...], times: int, random: Callable[..., np.random.Generator]) -> Iterator[tuple[str, ...]]:
    for n in groups:
        found = [of_cohort(random("mixed", n, leaving), n, leaving, times) for leaving in LEAVING]
        yield (str(n), *(f"{100 * share:.1f}" for pair in found for share in pair))
