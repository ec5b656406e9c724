"""Perceived impact after disclosure control: who chose which answer, and how many gave one that counts as increased.

The two tables are about the same people, so they are one system of sums: the answers that count add up to the people
"increased", the others to the rest, these two to everybody who answered, role groups to everybody, cohorts to years.
The rest is in no table, but whoever knows the two others knows it; so it is guarded as if it were.
"""

import polars as pl

from cfc_pipeline.disclosure.hiding import DEAREST_LEVELS, count_reasons, protected, unprotected
from cfc_pipeline.disclosure.profile import Profile
from cfc_pipeline.disclosure.protected import Protected, Reason
from cfc_pipeline.disclosure.sums import sums_over_levels
from cfc_pipeline.outcomes.levels import GROUP

QUESTION = (*GROUP, "instrument", "item")
SHARE = (*GROUP, "role_group", "instrument", "item")
FIGURES = ("n", "base", "percent")
SHARE_FIGURES = ("n_increased", "base", "percent", "ci_low", "ci_high")
# What is decided first stays shown: bases, then the shares of everybody, then each answer, then role groups. With the
# shares first fewer figures are hidden in all, because small counts then hide beside each other on their own side.
SHARES, COUNTS, ROLES = 5, 10, 20


def protect_impact_and_shares(
    impact: pl.DataFrame, shares: pl.DataFrame, profile: Profile, off_because: str | None = None
) -> tuple[Protected, Protected]:
    """`impact_distribution` and `impact_share` with small counts hidden, what all of a group said, percentages of few,
    and what would give these away within an item, between the tables, between levels or between role groups.

    Risk accepted: hidden cohorts of one year taken together may have chosen one answer, and that may follow from the
    year and its other cohorts; each of the hidden cohorts stays open.
    """
    results = impact.select(*QUESTION, "value", "answer", "increased", *FIGURES)
    told = shares.select(*SHARE, *SHARE_FIGURES)
    if off_because:
        return unprotected(results, FIGURES, off_because), unprotected(told, SHARE_FIGURES, off_because)
    cells = pl.concat([_answer_cells(impact, profile), _share_cells(shares, profile)], how="diagonal_relaxed")
    cells = cells.with_row_index("cell")
    cells = count_reasons(cells, _sums(cells), profile)
    return _answers_shown(impact, results, cells, profile), _shares_shown(shares, told, cells, profile)


def _answers_shown(impact: pl.DataFrame, results: pl.DataFrame, cells: pl.DataFrame, profile: Profile) -> Protected:
    numbered = impact.with_row_index("row")
    of_n = _reasons(numbered, cells, "n", ["row"])
    of_base = _reasons(numbered, cells.filter(pl.col("role_group").is_null()), "base", list(QUESTION))
    of_percent = pl.select(pl.coalesce(of_n, of_base, _small_base(impact, profile))).to_series()
    return protected(results, pl.DataFrame({"n": of_n, "base": of_base, "percent": of_percent}), profile)


def _shares_shown(shares: pl.DataFrame, told: pl.DataFrame, cells: pl.DataFrame, profile: Profile) -> Protected:
    """The interval is worked out from the two counts, so it says no more than they do."""
    of_base = _reasons(shares, cells, "base", list(SHARE))
    of_n = pl.select(pl.coalesce(_reasons(shares, cells, "increased", list(SHARE)), of_base)).to_series()
    of_percent = pl.select(pl.coalesce(of_n, _small_base(shares, profile))).to_series()
    hidden = {"n_increased": of_n, "base": of_base} | dict.fromkeys(("percent", "ci_low", "ci_high"), of_percent)
    return protected(told, pl.DataFrame(hidden, schema=dict.fromkeys(SHARE_FIGURES, pl.String)), profile)


def _reasons(rows: pl.DataFrame, cells: pl.DataFrame, part: str, on: list[str]) -> pl.Series:
    of_part = cells.filter(pl.col("part") == part).select(*on, "reason")
    return rows.join(of_part, on=on, how="left", nulls_equal=True, maintain_order="left")["reason"]


def _small_base(rows: pl.DataFrame, profile: Profile) -> pl.Series:
    small = pl.when(pl.col("base") < profile.base_of_percentage).then(pl.lit(Reason.SMALL_BASE.name))
    return rows.select(small).to_series()


def _few_schools(profile: Profile) -> pl.Expr:
    few = (pl.col("n_schools") < profile.schools_behind_figure) & (pl.col("base") > 0)
    return pl.when(few).then(pl.lit(Reason.FEW_SCHOOLS.name))


def _answer_cells(impact: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    numbered = impact.with_row_index("row").with_columns(
        unanimous=(pl.col("n").max().over(QUESTION) == pl.col("base")) & (pl.col("base") > 0)
    )
    # A unanimous group has the reason of a small count; told apart, the mark would say that all answered alike.
    unanimous = pl.when(pl.col("unanimous") & profile.hide_unanimous).then(pl.lit(Reason.SMALL_COUNT.name))
    level = pl.col("level").replace_strict(DEAREST_LEVELS)
    name = pl.concat_str("instrument", "item", separator="|")
    bases = numbered.unique(QUESTION, keep="first", maintain_order=True).select(
        *QUESTION,
        part=pl.lit("base"),
        row=pl.lit(None, pl.UInt32),
        value="base",
        reason=_few_schools(profile),
        dear=level,
        by=name,
    )
    counts = numbered.select(
        *QUESTION,
        part=pl.lit("n"),
        row="row",
        value="n",
        reason=pl.coalesce(_few_schools(profile), unanimous),
        dear=level + COUNTS,
        by=pl.concat_str(name, "value", separator="|"),
        increased="increased",
    )
    return pl.concat([bases, counts], how="diagonal").with_columns(role_group=pl.lit(None, pl.String))


def _share_cells(shares: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """Who gave an answer that counts, and the rest; for role groups also who answered. A role group of too few people
    to show its share shows nothing."""
    role = pl.col("role_group").is_not_null()
    small = role & pl.col("base").is_between(1, profile.base_of_percentage - 1)
    secret = pl.coalesce(_few_schools(profile), pl.when(small).then(pl.lit(Reason.SMALL_BASE.name)))
    alike = (pl.col("value") == pl.col("base")) & (pl.col("base") > 0) & profile.hide_unanimous
    name = pl.concat_str("instrument", "item", separator="|")
    dear = pl.col("level").replace_strict(DEAREST_LEVELS) + pl.when(role).then(ROLES).otherwise(SHARES)
    counts = [
        shares.select(*SHARE, "base", part=pl.lit(part), value=value, reason=secret, dear=dear, name=name)
        for part, value in (("increased", pl.col("n_increased")), ("rest", pl.col("base") - pl.col("n_increased")))
    ]
    bases = shares.filter(role).select(
        *SHARE, "base", part=pl.lit("base"), value="base", reason=secret, dear=dear, name=name
    )
    unanimous = pl.when(alike & (pl.col("part") != "base")).then(pl.lit(Reason.SMALL_COUNT.name))
    cells = pl.concat([*counts, bases]).with_columns(reason=pl.coalesce("reason", unanimous))
    return cells.with_columns(by=pl.concat_str("name", "part", pl.col("role_group").fill_null(""), separator="|")).drop(
        "base", "name"
    )


def _sums(cells: pl.DataFrame) -> pl.DataFrame:
    """The answers to an item add up to its base; so do those that count and the rest, and each of these is the sum of
    its answers; years and cohorts add up for each of them, and role groups to everybody."""
    everybody = cells.filter(pl.col("role_group").is_null())
    answers, bases = (everybody.filter(pl.col("part") == part) for part in ("n", "base"))
    counting = answers.filter(pl.col("increased").is_not_null()).with_columns(
        part=pl.when("increased").then(pl.lit("increased")).otherwise(pl.lit("rest"))
    )
    halves = cells.filter(pl.col("part").is_in(["increased", "rest"]))
    all_years = cells.filter(pl.col("level") == "all", pl.col("part") != "n")
    by_role = all_years.filter(pl.col("role_group").is_not_null())
    return pl.concat(
        [
            _members("answers", QUESTION, [(bases, -1), (answers, 1)]),
            _members(
                "of which", (*QUESTION, "part"), [(halves.filter(pl.col("role_group").is_null()), -1), (counting, 1)]
            ),
            _members("halves", SHARE, [(cells.filter(pl.col("part") == "base"), -1), (halves, 1)]),
            _members(
                "roles", (*QUESTION, "part"), [(all_years.filter(pl.col("role_group").is_null()), -1), (by_role, 1)]
            ),
            sums_over_levels(everybody, "by"),
        ]
    )


def _members(name: str, by: tuple[str, ...], parts: list[tuple[pl.DataFrame, int]]) -> pl.DataFrame:
    """Members of one sum for each value of `by`, each with its sign."""
    key = pl.concat_str(pl.lit(name), *(pl.col(c).cast(pl.String).fill_null("") for c in by), separator="|")
    return pl.concat([rows.select(key.alias("sum"), "cell", sign=pl.lit(float(sign))) for rows, sign in parts])
