"""The linear mixed model score ~ time point + (1 | person) by restricted maximum likelihood (REML), for many groups of
people at once.

A person's scores are the mean of each time point, plus what this person is higher by at all of them, plus the rest. All
follows from λ, the variance between people divided by the rest; so the likelihood has one dimension, and its peak is
where its slope is 0. Laird & Ware 1982, doi 10.2307/2529876 [K]; Harville 1977, doi 10.1080/01621459.1977.10480998 [K].
tests/golden/test_mixed_oracles.py has the same figures by R's lme4 and nlme.
"""

from dataclasses import dataclass

import numpy as np

from cfc_pipeline.outcomes.formulas import Floats

# λ is looked for as a share of all variance, λ / (1 + λ): first among these, then by halving between two.
_SHARES = np.concatenate([[0.0], np.linspace(0.005, 0.995, 199), [0.999, 0.9999, 0.99999]])
_HALVINGS = 50
_NOTHING = 1e-12  # of the sum of squares: the rest is rounding, everybody changed alike


@dataclass(frozen=True)
class Patterns:
    """Sums over the people of each group (first axis) who answered at the same times (second axis, a row of `there`).

    `n` people; `sums` of their scores by time point; `squares` of single scores; `totals` of the squares of each
    person's sum.
    """

    there: Floats  # patterns x times: 1 where such people have a score
    n: Floats
    sums: Floats
    squares: Floats
    totals: Floats


@dataclass(frozen=True)
class Fit:
    """By group: change of each time point from the first and its standard error; NaN where there is none."""

    changes: Floats
    errors: Floats
    person_variance: Floats
    rest_variance: Floats


def fit(patterns: Patterns) -> Fit:
    """NaN for a group in which nobody answered twice, or everybody changed alike; for a time point without scores.

    A variance between people of 0 is a result like others: people's scores are then no more alike than other people's.
    """
    share = _peak(patterns)
    ratio = share / (1 - share)
    at = _At(patterns, ratio)
    rest = np.where(at.known, at.rest / np.maximum(at.df, 1), np.nan)  # as many scores as means leave no rest
    inverse = np.linalg.inv(at.matrix)
    diagonal = np.diagonal(inverse, axis1=1, axis2=2)
    variances = diagonal + inverse[:, :1, 0] - 2 * inverse[:, 0, :]
    answered = np.where(at.answered & at.answered[:, :1], 1.0, np.nan)
    changes = answered * (at.means - at.means[:, :1])
    errors = answered * np.sqrt(np.maximum(variances, 0) * rest[:, None])
    return Fit(np.where(at.known[:, None], changes, np.nan), errors, ratio * rest, rest)


class _At:
    """What follows from one λ for each group: `slope` is that of -2 · the restricted log likelihood."""

    def __init__(self, p: Patterns, ratio: Floats) -> None:
        size = p.there.sum(axis=1)
        shrunk = ratio[:, None] / (1 + ratio[:, None] * size)
        total = p.sums.sum(axis=2)
        counts = np.einsum("gp,pt->gt", p.n, p.there)
        self.answered = counts > 0
        # A time point without scores has no equation; a 1 keeps the others solvable.
        diagonal = np.eye(p.there.shape[1]) * np.where(self.answered, counts, 1.0)[:, None, :]
        self.matrix = diagonal - np.einsum("gp,pt,pu->gtu", p.n * shrunk, p.there, p.there)
        right = (p.sums - (shrunk * total)[:, :, None] * p.there).sum(axis=1)
        self.means = np.linalg.solve(self.matrix, right[:, :, None])[:, :, 0]
        squares = p.squares.sum(axis=1)
        self.rest = squares - (shrunk * p.totals).sum(axis=1) - (right * self.means).sum(axis=1)
        self.df = counts.sum(axis=1) - self.answered.sum(axis=1)
        twice = (p.n * (size > 1)).sum(axis=1) > 0
        self.known = twice & (self.df > 0) & (self.rest > _NOTHING * squares)
        expected = np.einsum("gt,pt->gp", self.means, p.there)
        around = p.totals - 2 * expected * total + p.n * expected**2
        steeper = 1 / (1 + ratio[:, None] * size) ** 2
        of_rest = -(steeper * around).sum(axis=1)
        of_matrix = -np.einsum(
            "gp,pt,pu,gtu->g", p.n * steeper, p.there, p.there, np.linalg.inv(self.matrix), optimize=True
        )
        of_scores = (p.n * size / (1 + ratio[:, None] * size)).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.slope = self.df * of_rest / self.rest + of_scores + of_matrix
            self.deviance = (
                self.df * np.log(np.maximum(self.rest, 0))
                + (p.n * np.log1p(ratio[:, None] * size)).sum(axis=1)
                + np.linalg.slogdet(self.matrix)[1]
            )


def _peak(patterns: Patterns) -> Floats:
    """The share of the variance that is between people where the likelihood is highest; 0 if it falls from there on."""
    groups = len(patterns.n)
    heights = np.array([_At(patterns, np.full(groups, share / (1 - share))).deviance for share in _SHARES])
    best = np.nanargmin(np.where(np.isnan(heights), np.inf, heights), axis=0)
    low, high = _SHARES[np.maximum(best - 1, 0)], _SHARES[np.minimum(best + 1, len(_SHARES) - 1)]
    none = (best == 0) & (_At(patterns, np.zeros(groups)).slope >= 0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        rises = _At(patterns, middle / (1 - middle)).slope < 0
        low, high = np.where(rises, middle, low), np.where(rises, high, middle)
    return np.where(none, 0.0, (low + high) / 2)
