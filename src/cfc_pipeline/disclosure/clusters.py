"""The interval of a year that allows for cohorts, worked out from groups whose change may be known.

It is made from the mean changes of the year's cohorts: with two small hidden cohorts in a shown year, the year's mean
and its interval would be two equations in two means. So a cohort is a cluster of its own only if its change may be
known; the others count as one cluster, whose n and mean follow from the year and its shown cohorts anyway. Clusters may
be larger than cohorts: the interval stays right, and is wider. Where every cohort may be known nothing changes.
"""

import polars as pl

from cfc_pipeline.disclosure.groups import too_few
from cfc_pipeline.disclosure.profile import Profile
from cfc_pipeline.outcomes.clusters import with_cluster_intervals
from cfc_pipeline.outcomes.levels import MEASURE

_BY = ["academic_year", *MEASURE]


def with_shown_clusters(rows: pl.DataFrame, leaves: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """`rows` with `cluster_low`, `cluster_high` and `n_clusters` of its years made anew.

    `rows` are those of `paired_change` with `key`, and `own` where a cohort may be a cluster of its own. `leaves` are
    the people behind each cohort's change: `key`, `cohort_id`, `school_id`.
    """
    years = rows.filter(pl.col("level") == "year").drop("cluster_low", "cluster_high")
    found = with_cluster_intervals(years, _clusters(rows, leaves, profile), _BY)
    ends = found.select("level", *_BY, "n_clusters", "cluster_low", "cluster_high")
    rest = rows.drop("cluster_low", "cluster_high")
    return rest.join(ends, on=["level", *_BY], how="left", maintain_order="left", nulls_equal=True)


def _clusters(rows: pl.DataFrame, leaves: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """Cohorts that may be known; and the others of a year as one, with the smallest of the former if they are too few
    people or schools together."""
    cohorts = rows.filter(pl.col("level") == "cohort").sort(*_BY, "n_paired", "cohort_id")
    cohorts = cohorts.with_columns(cluster=pl.when("own").then("cohort_id").otherwise(pl.lit("")))
    others = cohorts.filter(~pl.col("own")).join(leaves, on=["key", "cohort_id"]).group_by(_BY)
    small = others.agg(pl.col("n").sum(), pl.col("school_id").n_unique()).filter(
        too_few(pl.col("n"), pl.col("school_id"), profile).is_not_null()
    )
    smallest = cohorts.filter("own").unique(_BY, keep="first", maintain_order=True).join(small, on=_BY, how="semi")
    given = smallest.select("key", "cohort_id", joins=pl.lit(True))
    cohorts = cohorts.join(given, on=["key", "cohort_id"], how="left", maintain_order="left").with_columns(
        cluster=pl.when(pl.col("joins").is_null()).then("cluster").otherwise(pl.lit(""))
    )
    n, change = pl.col("n_paired"), pl.col("mean_change")
    # A cluster of one cohort keeps its mean to the last digit.
    together = pl.when(pl.len() == 1).then(change.first()).otherwise((n * change).sum() / n.sum())
    return cohorts.group_by(*_BY, "cluster", maintain_order=True).agg(mean_change=together, n_paired=n.sum())
