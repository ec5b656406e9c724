"""Standardised mean changes of the same people, each named after what it is divided by: they are different numbers.

The one by the SD of the change has an exact interval, and it is the `g_z` of paired.py. The one by the SD before has an
exact correction and an approximate interval; the others have neither here.
"""

from dataclasses import dataclass

import numpy as np

from cfc_pipeline.outcomes.formulas import Floats, hedges_correction, noncentrality_interval


@dataclass(frozen=True)
class ByChange:
    """d_z, and g_z with its 95 % interval."""

    d_z: float
    g_z: float
    g_z_low: float
    g_z_high: float


def by_sd_of_change(before: Floats, after: Floats) -> ByChange:
    """The g_z of paired.py, for one group: Hedges' exact correction and the non-central t, n - 1 degrees of freedom."""
    change = after - before
    n, d = len(change), float(change.mean() / change.std(ddof=1))
    df = np.array([n - 1.0])
    correction = float(hedges_correction(df)[0])
    low, high = noncentrality_interval(np.array([d * np.sqrt(n)]), df)
    scale = correction / float(np.sqrt(n))
    return ByChange(d, correction * d, scale * float(low[0]), scale * float(high[0]))


@dataclass(frozen=True)
class ByBefore:
    """d by the SD before, the same corrected for few people, and the 95 % interval of the true value."""

    d_before: float
    g_before: float
    low: float
    high: float


def by_average_sd(before: Floats, after: Floats) -> float:
    """d_av as effectsize has it: divided by (SD before + SD after) / 2."""
    return float((after - before).mean() / ((before.std(ddof=1) + after.std(ddof=1)) / 2))


def by_average_variance(before: Floats, after: Floats) -> float:
    """Divided by the root of the mean variance; what pingouin calls Cohen's d of paired samples."""
    return float((after - before).mean() / np.sqrt((before.var(ddof=1) + after.var(ddof=1)) / 2))


def by_sd_before(before: Floats, after: Floats) -> ByBefore:
    """Divided by the SD before: the one to compare cohorts by, since the programme cannot have changed that SD.

    Hedges' correction with n - 1 degrees of freedom is exact, for a mean and an SD of normal scores do not depend on
    each other. The interval is that of d_z times SD of change / SD before, as if that ratio were known. It is not
    corrected: simulated with n = 8 to 40 and correlations .3 to .8 it covers 94 to 95 %, corrected as little as 91 %.
    """
    change = after - before
    df = np.array([len(change) - 1.0])
    t = np.array([change.mean() / change.std(ddof=1) * np.sqrt(len(change))])
    low, high = noncentrality_interval(t, df)
    d, sd = float(change.mean() / before.std(ddof=1)), float(before.std(ddof=1))
    scale = float(change.std(ddof=1)) / sd / float(np.sqrt(len(change)))
    return ByBefore(d, float(hedges_correction(df)[0]) * d, scale * float(low[0]), scale * float(high[0]))


def for_repeated_measures(before: Floats, after: Floats) -> float:
    """d_rm = d_z · √(2 (1 - r)), r the correlation of before and after."""
    change = after - before
    r = np.corrcoef(before, after)[0, 1]
    return float(change.mean() / change.std(ddof=1) * np.sqrt(2 * (1 - r)))
