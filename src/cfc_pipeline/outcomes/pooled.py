"""The change of one measure pooled over cohorts: a random-effects estimate from their rows of `paired_change`."""

import numpy as np
import polars as pl

from cfc_pipeline.outcomes.formulas import pool
from cfc_pipeline.outcomes.intervals import prediction_interval
from cfc_pipeline.outcomes.levels import MEASURE


def pooled_row(cohorts: pl.DataFrame) -> dict[str, object]:
    """One measure's cohorts, pooled: two or more rows of `paired_change` whose changes vary.

    Changes are taken to vary alike within all cohorts. A cohort's own SD is of few people, and where a few change a
    lot it is large when the mean is: weights by it lean to the small changes (docs/statistics.md).
    """
    n, sd = (cohorts[name].cast(pl.Float64).to_numpy() for name in ("n_paired", "change_sd"))
    within = float(np.sum((n - 1) * sd**2) / np.sum(n - 1))
    estimate = pool(cohorts["mean_change"].to_numpy(), within / n)
    low, high = prediction_interval(estimate, cohorts.height) if cohorts.height >= 3 else (None, None)
    figures = ("ci_low", "ci_high", "t_value", "p_value", "tau2", "i2")
    found = {
        "mean_change": estimate.mean,
        **{name: getattr(estimate, name) for name in figures},
        "prediction_low": low,
        "prediction_high": high,
    }
    return {
        "level": "pooled",
        **dict(zip(MEASURE, cohorts.select(MEASURE).row(0), strict=True)),
        "n_paired": cohorts["n_paired"].sum(),
        "n_cohorts": cohorts.height,
        **{name: value if value is None or np.isfinite(value) else None for name, value in found.items()},
    }
