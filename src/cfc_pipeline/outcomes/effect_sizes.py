"""Standardised mean changes of the same people, each named after what it is divided by: they are different numbers.

The one by the SD of the change has an exact interval: it is the `g_z` of paired.py. The one by the SD before has an
exact correction and an approximate interval; the others have neither.
"""

import numpy as np
import polars as pl

from cfc_pipeline.outcomes.formulas import Floats, hedges_correction, noncentrality_interval

MOMENTS = ("n_paired", "pre_sd", "post_sd", "correlation", "mean_change", "change_sd")


def standardised(groups: pl.DataFrame) -> pl.DataFrame:
    """A row for each row of `groups`, which has MOMENTS; empty where an SD is 0 or missing.

    d_z       mean change / SD of the changes
    d_av      mean change / ((SD before + SD after) / 2); effectsize's d_av
    d_rm      d_z · √(2 (1 - r)), r the correlation of before and after
    d_before  mean change / SD before: the one to compare cohorts by, since no programme can have changed that SD
    g_before  d_before with Hedges' correction, n - 1 degrees of freedom; exact, for a mean and an SD of normal scores
              do not depend on each other

    The interval of the change by the SD before is that of d_z times SD of change / SD before, as if that ratio were
    known. It is not corrected: simulated with n = 8 to 40 and correlations .3 to .8 it covers 94 to 95 %, corrected as
    little as 91 %.
    """
    n, before, after, r, change, sd = (groups[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in MOMENTS)
    before, after, sd = (np.where(spread > 0, spread, np.nan) for spread in (before, after, sd))
    df = n - 1
    d_z, d_before = change / sd, change / before
    low, high = (end * sd / before / np.sqrt(n) for end in noncentrality_interval(d_z * np.sqrt(n), df))
    figures: dict[str, Floats] = {
        "d_z": d_z,
        "d_av": change / ((before + after) / 2),
        "d_rm": d_z * np.sqrt(2 * np.maximum(1 - r, 0)),
        "d_before": d_before,
        "g_before": hedges_correction(df) * d_before,
        "g_before_low": low,
        "g_before_high": high,
    }
    return pl.DataFrame(figures).with_columns(pl.when(pl.all().is_finite()).then(pl.all()))
