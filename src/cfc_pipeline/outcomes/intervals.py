"""Intervals and corrections beside those of formulas.py."""

from collections.abc import Sequence

import numpy as np
from scipy import special

from cfc_pipeline.outcomes.formulas import CONFIDENCE, Pooled

_Z = float(special.ndtri((1 + CONFIDENCE) / 2))


def wilson(chosen: int, base: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share, both ends from 0 to 1; it does not leave that range in small groups."""
    share, z2 = chosen / base, _Z**2
    middle = (share + z2 / (2 * base)) / (1 + z2 / base)
    half = _Z / (1 + z2 / base) * (share * (1 - share) / base + z2 / (4 * base**2)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)


def prediction_interval(pooled: Pooled, cohorts: int) -> tuple[float, float]:
    """Where the true mean change of one more cohort would lie: t with k - 2 degrees of freedom.

    Higgins, Thompson & Spiegelhalter 2009, doi 10.1111/j.1467-985X.2008.00552.x [K]; with the larger of both standard
    errors. NaN below 3 cohorts, and where τ² is 0: there it would be the interval of the mean, and hold another
    cohort's true change as rarely as every second time (docs/statistics.md).
    """
    if cohorts < 3 or pooled.tau2 == 0:
        return float("nan"), float("nan")
    spread = (pooled.tau2 + max(pooled.standard_error, pooled.usual_error) ** 2) ** 0.5
    half = float(special.stdtrit(cohorts - 2, (1 + CONFIDENCE) / 2)) * spread
    return pooled.mean - half, pooled.mean + half


def holm(p_values: Sequence[float]) -> list[float]:
    """p corrected for the number of tests in one family, in the order given; Holm's step-down."""
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    steps = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    corrected = np.empty_like(p)
    corrected[order] = steps
    return [float(value) for value in corrected]
