"""The interval of a group that is made up of cohorts. People of one cohort shape each other, so cohorts are clusters.

How far cohorts differ is seen from their own mean changes, and nothing is assumed about how alike the people of one
cohort are. With one cohort nothing is seen of that; with two, hardly anything.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from cfc_pipeline.outcomes.formulas import t_quantile

_NOTHING = 1e-9  # of a score point: clusters that agree to the last digit show no certainty, they show whole numbers


def with_cluster_intervals(groups: pl.DataFrame, clusters: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Adds `n_clusters`, `cluster_low` and `cluster_high` to `groups`, which have `mean_change`, `ci_low`, `ci_high`.

    `clusters` has the columns `by`, `n_paired` and `mean_change`, and whatever else tells clusters of one group apart.
    It is the clusters' interval or, if that is wider, the interval that takes people as independent: a few cohorts that
    agree by chance must not look like proof (docs/statistics.md). With one cluster it is the latter.
    """
    found = _half_widths(clusters, by)
    rows = groups.join(found, on=list(by), how="left", maintain_order="left", nulls_equal=True)
    independent = (pl.col("ci_high") - pl.col("ci_low")) / 2
    half = pl.max_horizontal("half", independent)
    half = pl.when(half > _NOTHING).then(half)
    ends = {"cluster_low": pl.col("mean_change") - half, "cluster_high": pl.col("mean_change") + half}
    return rows.with_columns(**ends).drop("half")


def _half_widths(clusters: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """For each group: `n_clusters`, and `half` a 95 % interval of the mean over all people of its clusters.

    The cluster-robust error CR2 of a mean (Bell & McCaffrey 2002, Survey Methodology 28:169-181) and Satterthwaite's
    degrees of freedom for equal clusters' people being independent (Pustejovsky & Tipton 2018, doi
    10.1080/07350015.2016.1247004 [K]). With share w of the people in each cluster:

        squared error = Σ w² / (1 - w) · (cluster's mean - mean)²
        degrees of freedom = 1 / (Σ w² + (Σ c)² - Σ c²), c = w² / (1 - w)

    which is Student's interval of the clusters' means, k - 1 degrees of freedom, when clusters are equal.
    """
    ordered = clusters.sort(*by, *(name for name in clusters.columns if name not in by))
    keys = ordered.select(by).with_row_index("start").unique(by, keep="first", maintain_order=True)
    if keys.is_empty():
        return keys.select(by, n_clusters=pl.lit(0, pl.Int64), half=pl.lit(None, pl.Float64))
    starts = keys["start"].to_numpy()
    sizes = np.diff(starts, append=ordered.height)
    n, mean = (ordered[name].cast(pl.Float64).to_numpy() for name in ("n_paired", "mean_change"))

    def total(each: np.ndarray) -> np.ndarray:
        return np.add.reduceat(each, starts)

    share = n / np.repeat(total(n), sizes)
    centred = mean - np.repeat(total(share * mean), sizes)
    with np.errstate(divide="ignore", invalid="ignore"):  # a single cluster has all people
        c = share**2 / (1 - share)
        df = 1 / (total(share**2) + total(c) ** 2 - total(c**2))
        half = t_quantile(df) * np.sqrt(total(c * centred**2))
    return keys.select(by).with_columns(
        n_clusters=pl.Series(sizes, dtype=pl.Int64), half=pl.Series(np.where(sizes > 1, half, np.nan)).fill_nan(None)
    )
