"""Which estimates of nested groups may be shown: a mean of a year, less the means of its cohorts, is a mean too.

Whoever knows the mean and n of a whole and of some of its parts knows those of what is left over (for
example: 60.0 of 12 people, then 61.0 of 13, makes the newcomer's score 73). So a whole is shown only if the people left
over after taking away every shown part are nobody, or enough people of enough schools to be shown as a group. The same
arithmetic works for sums of squares, so SDs, intervals and effects follow the mean.

Risks that are accepted: the mean of a group that passes the rule may still be mostly about one school of it; and the
difference between two releases is not looked at here.
"""

import polars as pl

from cfc_pipeline.disclosure.profile import Profile
from cfc_pipeline.disclosure.protected import Reason

FEW_PEOPLE, FEW_SCHOOLS, GIVES_AWAY = (r.name for r in (Reason.FEW_PEOPLE, Reason.FEW_SCHOOLS, Reason.GIVES_AWAY))
# The pooled change and its interval are two equations in the hidden cohorts' mean changes, since how far changes vary
# within cohorts is one number for all, and may be known. Tau and I², from which the prediction interval follows, are
# one more. Two or three cohorts to spare would make as many equations as unknowns.
COHORTS_TO_SPARE, COHORTS_TO_SPARE_BETWEEN = 3, 4


def estimate_reasons(nodes: pl.DataFrame, leaves: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """Adds `reason` to `nodes`: null where the estimate may be shown; and `between`, likewise for what is said of the
    differences between pooled cohorts.

    `nodes` has `node` (a number), `key` (which estimate), `level`, `cohort_id`, `academic_year`, `n`, `n_schools`,
    `withheld`, true for what must not be known for another cause, however many people it has, and `unpublished`, true
    for what is in no table although it could be. `leaves` has the people behind each cohort's estimate: `key`,
    `cohort_id`, `academic_year`, `school_id`, `n`. Level `pooled` is an estimate over the cohorts that have `pooled`.
    """
    withheld = nodes.filter(pl.col("level") == "cohort").select("key", "cohort_id", "withheld")
    leaves = leaves.join(withheld, on=["key", "cohort_id"])
    nodes = nodes.with_columns(reason=too_few(pl.col("n"), pl.col("n_schools"), profile)).with_columns(
        reason=pl.coalesce("reason", pl.when(pl.col("withheld") | pl.col("unpublished")).then(pl.lit(GIVES_AWAY)))
    )
    for level, part in (("year", "cohort"), ("all", "year")):
        if profile.gives_way == "part":
            nodes = _parts_hidden(nodes, leaves, level, part, profile)
        nodes = _hidden(nodes, _given_away(nodes, leaves, level, profile))
    nodes = _hidden(nodes, _pooled_given_away(nodes, leaves, profile, COHORTS_TO_SPARE))
    between = _hidden(nodes, _pooled_given_away(nodes, leaves, profile, COHORTS_TO_SPARE_BETWEEN))["reason"]
    return nodes.with_columns(between=between)


def too_few(n: pl.Expr, n_schools: pl.Expr, profile: Profile) -> pl.Expr:
    return (
        pl.when(n < profile.people_behind_estimate)
        .then(pl.lit(FEW_PEOPLE))
        .when(n_schools < profile.schools_behind_figure)
        .then(pl.lit(FEW_SCHOOLS))
    )


def few_schools(n: pl.Expr, n_schools: pl.Expr, profile: Profile) -> pl.Expr:
    """For counts of people of too few schools. One that is small has that for its reason: one or two people are always
    of few schools, so that the other reason would tell how many they are."""
    few = (n >= profile.smallest_count) & (n_schools < profile.schools_behind_figure)
    return pl.when(few).then(pl.lit(FEW_SCHOOLS))


def _hidden(nodes: pl.DataFrame, which: pl.DataFrame) -> pl.DataFrame:
    """Hides the rows of `which` (by `node`) on top of what is hidden."""
    return nodes.with_columns(
        reason=pl.coalesce("reason", pl.when(pl.col("node").is_in(which["node"].implode())).then(pl.lit(GIVES_AWAY)))
    )


def _left_over(nodes: pl.DataFrame, leaves: pl.DataFrame, below: str) -> pl.DataFrame:
    """The leaves that no shown node below level `below` covers."""
    rest = leaves.join(_shown(nodes, "cohort"), on=["key", "cohort_id"], how="anti")
    return rest if below == "year" else rest.join(_shown(nodes, "year"), on=["key", "academic_year"], how="anti")


def _given_away(nodes: pl.DataFrame, leaves: pl.DataFrame, level: str, profile: Profile) -> pl.DataFrame:
    """Shown nodes of `level` whose left-over people are too few."""
    by = ["key", "academic_year"] if level == "year" else ["key"]
    rest = _telling(_left_over(nodes, leaves, level), by, profile)
    return _shown(nodes, level).join(rest, on=by, how="semi")


def _telling(leaves: pl.DataFrame, by: list[str], profile: Profile) -> pl.DataFrame:
    """The groups of leaves whose estimate must not be known: too few people or schools, or all withheld."""
    groups = leaves.group_by(by).agg(pl.col("n").sum(), pl.col("school_id").n_unique(), pl.col("withheld").all())
    small = too_few(pl.col("n"), pl.col("school_id"), profile).is_not_null()
    return groups.filter(small | pl.col("withheld"))


def _parts_hidden(nodes: pl.DataFrame, leaves: pl.DataFrame, level: str, part: str, profile: Profile) -> pl.DataFrame:
    """Hides the smallest shown part of each node of `level` that gives something away, until none does or has any."""
    by = ["key", "academic_year"] if level == "year" else ["key"]
    while True:
        of_whole = _shown(nodes, part).join(_given_away(nodes, leaves, level, profile).select(by), on=by, how="semi")
        smallest = of_whole.sort("n", "academic_year", "cohort_id").group_by(by, maintain_order=True).first()
        if smallest.is_empty():
            return nodes
        nodes = _hidden(nodes, smallest)


def _pooled_given_away(nodes: pl.DataFrame, leaves: pl.DataFrame, profile: Profile, spare: int) -> pl.DataFrame:
    """Pooled rows that would let a hidden cohort be solved for.

    Each shown year is an equation in the mean changes of its cohorts, and its interval another one where it is worked
    out from cohorts that are in no table. All these leave the hidden cohorts open only if there are more of them, by
    `spare`; and those outside shown years must be enough people of enough schools.
    """
    cohorts = _hidden_in_pool(nodes)
    unknown = cohorts.group_by("key").agg(unknown=pl.len())
    equations = 1 + pl.col("key").is_in(nodes.filter("unpublished")["key"].unique().implode())
    told = _told_years(nodes).group_by("key").agg(told=equations.sum())
    solvable = unknown.join(told, on="key", how="left").filter(pl.col("unknown") - pl.col("told").fill_null(0) < spare)
    outside = leaves.join(cohorts, on=["key", "cohort_id"], how="semi").join(
        _shown(nodes, "year"), on=["key", "academic_year"], how="anti"
    )
    telling = pl.concat([solvable.select("key"), _telling(outside, ["key"], profile).select("key")])
    return _shown(nodes, "pooled").join(telling, on="key", how="semi")


def _shown(nodes: pl.DataFrame, level: str) -> pl.DataFrame:
    return nodes.filter(pl.col("level") == level, pl.col("reason").is_null())


def _hidden_in_pool(nodes: pl.DataFrame) -> pl.DataFrame:
    return nodes.filter(pl.col("level") == "cohort", pl.col("reason").is_not_null(), pl.col("pooled"))


def _told_years(nodes: pl.DataFrame) -> pl.DataFrame:
    """Shown years that hold hidden cohorts of the pool."""
    return _shown(nodes, "year").join(_hidden_in_pool(nodes), on=["key", "academic_year"], how="semi")
