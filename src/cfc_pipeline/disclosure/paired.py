"""Paired change after disclosure control."""

import polars as pl

from cfc_pipeline.disclosure.clusters import with_shown_clusters
from cfc_pipeline.disclosure.groups import estimate_reasons, few_schools, too_few
from cfc_pipeline.disclosure.hiding import DEAREST_LEVELS, as_cells, count_reasons, protected, unprotected
from cfc_pipeline.disclosure.profile import Profile
from cfc_pipeline.disclosure.protected import Protected, Reason
from cfc_pipeline.disclosure.sums import sums_over_levels
from cfc_pipeline.errors import DisclosureRefusal
from cfc_pipeline.outcomes.levels import GROUP, MEASURE
from cfc_pipeline.outcomes.pooled import pooled_row

BEFORE_AND_AFTER = ("pre_mean", "pre_sd", "post_mean", "post_sd")
CHANGE = ("mean_change", "ci_low", "ci_high", "p_value")
OF_YEARS = ("n_clusters", "cluster_low", "cluster_high")
STANDARDISED = ("g_z", "g_z_low", "g_z_high")
BETWEEN = ("tau2", "i2", "prediction_low", "prediction_high")
# What is not here (SD of the change, correlation, t, schools) is for analysts: every further figure about the same
# people is one more equation in their scores.
FIGURES = ("n_paired", "n_cohorts", *BEFORE_AND_AFTER, *CHANGE, *OF_YEARS, *STANDARDISED, *BETWEEN)


def protect_paired(
    change: pl.DataFrame,
    support: pl.DataFrame,
    composites: pl.DataFrame,
    profile: Profile,
    off_because: str | None = None,
) -> Protected:
    """`paired_change` without level `all`, with hidden rows and what would give them away.

    `support` is `paired_support`. `composites` says which subscales hold others: `instrument`, `subscale`, `part`.
    Level `all` is left out of every release, because it and the pooled estimate are two estimates from the same people.
    Change to any time point but `post` is shown for years and pooled, not for cohorts, so that a small cohort hides
    less; and without means and SDs: the same people's scores before, less the few who did not answer the second time,
    would be the scores of those few. The interval of a year that allows for cohorts is made anew, see clusters.py.
    Raises DisclosureRefusal if `support` does not count the same people.

    Risks accepted: n of different measures of one group are not compared, since who left one questionnaire out is not
    known from its n; that a cohort was pooled says that it has at least two pairs, and that one of many people was not
    says that all of them changed alike, though not how.
    """
    results = change.filter(pl.col("level") != "all").with_columns(
        n_cohorts=pl.when(pl.col("level") == "pooled").then("n_cohorts"),
        n_clusters=pl.when(pl.col("level") == "year").then("n_cohorts"),
    )
    if off_because:
        return unprotected(results.select(*GROUP, *MEASURE, *FIGURES), FIGURES, off_because)
    _check_support(results, support)
    nodes = results.with_row_index("node").with_columns(
        _key(),
        n=pl.col("n_paired"),
        pooled=pl.col("change_sd").fill_null(0) > 0,
        unpublished=(pl.col("level") == "cohort") & (pl.col("to_time_point") != "post"),
    )
    nodes = nodes.with_columns(withheld=_unanimous(nodes, profile) | _composites_that_tell(nodes, composites, profile))
    leaves = support.select(_key(), "cohort_id", "academic_year", "school_id", "n")
    nodes = estimate_reasons(nodes, leaves, profile)
    n_paired = _n_reasons(nodes.with_columns(estimate_reason="reason"), profile)
    # An estimate without its n says nothing useful and could say something about the n.
    estimate = pl.coalesce("reason", n_paired)
    reasons = nodes.select(n=n_paired, estimate=estimate, between=pl.coalesce(estimate, "between"))
    # What is in no table although it could be is known to nobody, but hurts nobody if it becomes known.
    fit = pl.col("unpublished") & ~pl.col("withheld") & too_few(pl.col("n"), pl.col("n_schools"), profile).is_null()
    own = nodes.select(fit).to_series() | reasons["estimate"].is_null()
    keyed = results.drop("n_clusters").with_columns(nodes["key"], own=own)
    results = with_shown_clusters(keyed, leaves, profile).select(results.columns)
    results, reasons = _pool_what_is_shown(results, reasons)
    return protected(results.select(*GROUP, *MEASURE, *FIGURES), _by_figure(results, reasons), profile)


def _pool_what_is_shown(results: pl.DataFrame, reasons: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Where the estimate pooled over all cohorts is hidden, the one pooled over the shown cohorts takes its place.

    It is worked out from what is shown and says nothing else, so it cannot give anything away; hiding the change of all
    years because of two small cohorts would help nobody. How many cohorts are in it stands beside it.
    """
    rows = results.hstack(reasons)
    varied = rows.filter((pl.col("level") == "cohort") & pl.col("estimate").is_null() & (pl.col("change_sd") > 0))
    shown = varied.filter(pl.len().over(MEASURE) >= 2).partition_by(MEASURE, maintain_order=True)
    if not shown:
        return results, reasons
    figures = ("n_paired", "n_cohorts", *CHANGE, *BETWEEN)
    again = pl.DataFrame([pooled_row(cohorts) for cohorts in shown]).select(*MEASURE, *figures)
    again = again.cast({f: results.schema[f] for f in figures}).with_columns(level=pl.lit("pooled"), pooled=True)
    both = rows.join(again, on=["level", *MEASURE], how="left", maintain_order="left", suffix="_shown")
    replace = pl.col("pooled").fill_null(False) & pl.col("estimate").is_not_null()
    both = both.with_columns(
        *(pl.when(replace).then(f"{f}_shown").otherwise(f).alias(f) for f in figures),
        *(pl.when(~replace).then(reason).alias(reason) for reason in reasons.columns),
    )
    return both.select(results.columns), both.select(reasons.columns)


def _key() -> pl.Expr:
    return pl.concat_str(MEASURE, separator="|").alias("key")


def _check_support(results: pl.DataFrame, support: pl.DataFrame) -> None:
    counted = support.group_by(*MEASURE, "cohort_id").agg(n=pl.col("n").sum())
    cohorts = results.filter(pl.col("level") == "cohort")
    both = cohorts.join(counted, on=[*MEASURE, "cohort_id"], how="full", coalesce=True)
    wrong = both.filter(pl.col("n").ne_missing(pl.col("n_paired"))).height
    if wrong:
        raise DisclosureRefusal(
            "The people behind an estimate are not those that disclosure control was told of",
            where=f"paired_change and paired_support differ in {wrong} groups",
            next_step="run `cfc-pipeline ingest` again; if it stays, report it as a defect",
        )


def _unanimous(nodes: pl.DataFrame, profile: Profile) -> pl.Series:
    """Everyone had one score, or changed alike: the mean would be each person's own."""
    no_spread = (pl.col(sd).fill_null(1) == 0 for sd in ("pre_sd", "post_sd", "change_sd"))
    return nodes.select(pl.any_horizontal(*no_spread) & profile.hide_unanimous).to_series()


def _composites_that_tell(nodes: pl.DataFrame, composites: pl.DataFrame, profile: Profile) -> pl.Series:
    """Rows of composites that would give a person's score on a part away.

    Engagement of 12 people and action of 11, with the total of the 11 who have both: engagement of the twelfth follows.
    So a cohort's composite is withheld when it has a few people less than a part of it, and with it the year and the
    pooled estimate that the cohort is in.
    """
    by = ["instrument", "from_time_point", "to_time_point", "cohort_id"]
    cohorts = nodes.filter(pl.col("level") == "cohort")
    of_parts = cohorts.select(*by, part="subscale", n_part="n")
    missing = pl.col("n_part") - pl.col("n")
    telling = (
        cohorts.join(composites, on=["instrument", "subscale"])
        .join(of_parts, on=[*by, "part"])
        .filter(missing.is_between(1, profile.people_behind_estimate - 1))
    )
    of_level = {"cohort": ["key", "cohort_id"], "year": ["key", "academic_year"], "pooled": ["key"]}
    found = [
        nodes.filter(pl.col("level") == level).join(telling, on=on, how="semi")["node"]
        for level, on in of_level.items()
    ]
    return nodes["node"].is_in(pl.concat(found).implode())


def _n_reasons(nodes: pl.DataFrame, profile: Profile) -> pl.Series:
    """Why n is hidden: a small n, one that gives a small one away, or a group of too few schools. An n of 5 to 7 is
    shown beside its hidden mean, since it is the reason for it. The n of shown estimates come first."""
    dear = pl.col("estimate_reason").is_not_null() * 10 + pl.col("level").replace_strict(DEAREST_LEVELS)
    cells = as_cells(nodes, ["n_paired"]).with_columns(
        reason=few_schools(pl.col("value"), pl.col("n_schools"), profile), dear=dear
    )
    # The pooled n is the sum over the cohorts that could be pooled.
    in_pool = (pl.col("level") == "pooled") | ((pl.col("level") == "cohort") & pl.col("pooled"))
    sign = pl.when(pl.col("level") == "pooled").then(-1.0).otherwise(1.0)
    pools = cells.filter(in_pool).select(pl.concat_str(pl.lit("pooled|"), "key").alias("sum"), "cell", sign=sign)
    return count_reasons(cells, pl.concat([sums_over_levels(cells, "key"), pools]), profile)["reason"]


def _by_figure(results: pl.DataFrame, reasons: pl.DataFrame) -> pl.DataFrame:
    not_after = pl.when(pl.col("to_time_point") != "post").then(pl.lit(Reason.GIVES_AWAY.name))
    reasons = results.hstack(reasons).select(
        *reasons.columns,
        pooled=pl.col("level") == "pooled",
        year=pl.col("level") == "year",
        levels=pl.coalesce("estimate", not_after),
    )
    # A pooled estimate has no means before and after, and no standardised change: these do not exist, hidden or not.
    of_groups = pl.when(~pl.col("pooled"))
    return reasons.select(
        pl.col("n").alias("n_paired"),
        pl.when("pooled").then("estimate").alias("n_cohorts"),
        *(of_groups.then("levels").alias(figure) for figure in BEFORE_AND_AFTER),
        *(pl.col("estimate").alias(figure) for figure in CHANGE),
        *(pl.when("year").then("estimate").alias(figure) for figure in OF_YEARS),
        *(of_groups.then("estimate").alias(figure) for figure in STANDARDISED),
        *(pl.when("pooled").then("between").alias(figure) for figure in BETWEEN),
    )
