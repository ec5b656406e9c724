"""The statistical formulas, as functions of whole columns (numpy arrays).

What cannot be computed is NaN here; paired.py turns it into an empty cell.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
CONFIDENCE = 0.95
_LOWER, _UPPER = (1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2
_MOST_STEPS, _SETTLED = 20, 1e-9  # of secants, of which the last one is off by far less than it is long
_AGREED = 1e-12  # of the variance that chance alone would make: rounding


def t_quantile(df: Floats) -> Floats:
    """Half-width of a 95 % interval, in standard errors."""
    return np.asarray(special.stdtrit(df, _UPPER))


def two_sided_p(t: Floats, df: Floats) -> Floats:
    return np.asarray(2 * special.stdtr(df, -np.abs(t)))


def hedges_correction(df: Floats) -> Floats:
    """Hedges' exact J = Γ(df/2) / (√(df/2) Γ((df-1)/2)); Hedges 1981, doi 10.3102/10769986006002107.

    For paired differences df = n - 1 (not n1 + n2 - 2, which is for two groups). Undefined below 2 degrees of freedom.
    """
    df = np.where(df >= 2, df, np.nan)
    return np.asarray(np.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / np.sqrt(df / 2))


def noncentrality_interval(t: Floats, df: Floats) -> tuple[Floats, Floats]:
    """The non-centralities that put `t` on the upper and on the lower 2.5 % of their t distribution; Steiger & Fouladi
    1997. Divided by √n they are the interval of the standardised mean change."""
    # Solved for |t| and turned around, so that a fall and a rise of one size have mirrored intervals to the last digit.
    near, far = (_noncentrality(np.abs(t), df, probability) for probability in (_UPPER, _LOWER))
    falls = np.signbit(t)
    return np.where(falls, -far, near), np.where(falls, -near, far)


def _noncentrality(t: Floats, df: Floats, probability: float) -> Floats:
    """Solved by secants, on the scale of z, on which the distribution is nearly straight; from one degree of freedom on
    they settle within 1e-14 in probability. scipy's own inverse (1.17) is off by up to 5e-5 at large t.

    They start from the error of the normal part and that of the SD, as if they came one by one: the first is known
    exactly at t = 0, the second is all that matters at large t.
    """
    z = special.ndtri(probability)

    def off(solution: Floats) -> Floats:
        return np.asarray(special.ndtri(special.nctdtr(df, solution, t)) - z)

    with np.errstate(divide="ignore", invalid="ignore"):
        of_sd = t * (np.sqrt(special.chdtri(df, probability) / df) - 1)
        before = t - np.sign(z) * np.hypot(of_sd, z)
        miss = off(before)
        solution = before + miss * np.sqrt(1 + t**2 / (2 * df))
        for _ in range(_MOST_STEPS):
            last, miss = miss, off(solution)
            step = np.where(miss == last, 0.0, miss * (solution - before) / (miss - last))
            before, solution = solution, solution - step
            if not (np.abs(step) > _SETTLED * (1 + np.abs(solution))).any():
                break
    return np.asarray(solution)


@dataclass(frozen=True)
class Pooled:
    """A random-effects estimate; see `pool`."""

    mean: float
    standard_error: float  # Hartung-Knapp
    usual_error: float  # of the random-effects model
    ci_low: float
    ci_high: float
    t_value: float
    p_value: float
    tau2: float
    i2: float  # in per cent


def pool(means: Floats, variances: Floats) -> Pooled:
    """DerSimonian-Laird τ² with the Hartung-Knapp interval, over k >= 2 cohorts' mean changes and their squared
    standard errors, which must be above 0.

    DerSimonian & Laird 1986, doi 10.1016/0197-2456(86)90046-2; Hartung & Knapp 2001, doi 10.1002/sim.791. With few
    cohorts t(k - 1) is wide on purpose (4.3 standard errors at k = 3). A few cohorts may agree by chance, and would
    then look like proof. So the interval is never narrower than the usual random-effects one, from the normal
    distribution, and p never smaller than that one's ("hybrid 2" of Jackson, Law, Rücker & Schwarzer 2017, doi
    10.1002/sim.7411 [K]). For two cohorts the variance itself is held to at least the usual one, 1 / Σ weights (Knapp &
    Hartung 2003, doi 10.1002/sim.1482 [K]); with more, that would make 95 % mean up to 100 % (docs/statistics.md).
    Cohorts that agree to the last digit show whole numbers, not certainty: interval, t and p are NaN.
    """
    df = len(means) - 1
    weights = 1 / variances
    q = float(np.sum(weights * (means - np.average(means, weights=weights)) ** 2))
    tau2 = max(0.0, (q - df) / float(np.sum(weights) - np.sum(weights**2) / np.sum(weights)))
    weights = 1 / (variances + tau2)
    mean = float(np.average(means, weights=weights))
    spread = float(np.sum(weights * (means - mean) ** 2)) / df
    spread = max(1.0, spread) if df == 1 else spread if spread > _AGREED else np.nan
    usual = float(1 / np.sqrt(np.sum(weights)))
    error = usual * spread**0.5
    half = np.maximum(special.stdtrit(df, _UPPER) * error, special.ndtri(_UPPER) * usual)
    p = 2 * np.maximum(special.stdtr(df, -abs(mean / error)), special.ndtr(-abs(mean / usual)))
    i2 = 100 * max(0.0, (q - df) / q) if q > 0 else 0.0
    return Pooled(mean, error, usual, float(mean - half), float(mean + half), mean / error, float(p), tau2, i2)
