"""Perceived impact in one figure: the share of people whose answer counts as increased, by the form's key."""

from collections.abc import Mapping, Sequence

import duckdb
import polars as pl

from cfc_pipeline.outcomes.impact import ANSWERS, listing
from cfc_pipeline.outcomes.intervals import wilson
from cfc_pipeline.outcomes.levels import GROUP, PERSON, in_order
from cfc_pipeline.programme import OTHER_ROLES
from schemas.instruments import Instrument
from schemas.tables.results import ImpactShare

QUESTION = (*GROUP, "instrument", "item")
RoleGroups = Mapping[str, Sequence[str]]

# A person counts in a role group by their role in that cohort; whoever is on no roster has none.
_ROLES = """
    SELECT 'all' AS level, NULL::VARCHAR AS cohort_id, NULL::VARCHAR AS academic_year,
           coalesce(role_group, $other) AS role_group, instrument, item,
           count(*) FILTER (increased) AS n_increased, count(*) AS base,
           count(DISTINCT impact_answer.school_id) AS n_schools
    FROM impact_answer JOIN counting USING (instrument, value)
         LEFT JOIN participant ON participant_id = person AND participant.cohort_id = impact_answer.cohort_id
         LEFT JOIN role_of ON lower(trim(participant.role)) = role_of.role
    GROUP BY ALL
"""


def impact_share(
    con: duckdb.DuckDBPyConnection,
    distribution: pl.DataFrame,
    instruments: Mapping[str, Instrument],
    role_groups: RoleGroups | None = None,
) -> pl.DataFrame:
    """Rows of `impact_share`, from `distribution` (as `impact_distribution`), and over all years by role group.

    Only of forms whose key says which answers count. The interval is Wilson's, doi 10.1080/01621459.1927.10502953.
    """
    counted = distribution.filter(pl.col("increased").is_not_null())
    shares = counted.group_by(QUESTION).agg(
        n_increased=pl.col("n").filter(pl.col("increased")).sum(),
        base=pl.col("base").first(),
        n_schools=pl.col("n_schools").first(),
    )
    shares = shares.with_columns(role_group=pl.lit(None, pl.String))
    if role_groups and shares.height:
        shares = pl.concat([shares, _by_role(con, instruments, role_groups)], how="diagonal_relaxed")
    return in_order(_with_intervals(shares), ImpactShare)


def _by_role(
    con: duckdb.DuckDBPyConnection, instruments: Mapping[str, Instrument], role_groups: RoleGroups
) -> pl.DataFrame:
    counting = [
        (key.id, value, value in key.increased)
        for key in instruments.values()
        if key.increased
        for value in key.answers
    ]
    roles = [(role.strip().lower(), name) for name, listed in role_groups.items() for role in listed]
    con.execute(ANSWERS.format(instruments=listing(dict.fromkeys(name for name, *_ in counting)), people=PERSON))
    con.register(
        "counting", pl.DataFrame(counting, schema=["instrument", "value", "increased"], orient="row").to_arrow()
    )
    con.register("role_of", pl.DataFrame(roles, schema=["role", "role_group"], orient="row").to_arrow())
    rows = con.sql(_ROLES, params={"other": OTHER_ROLES}).pl()
    con.execute("DROP TABLE impact_answer")
    con.unregister("counting")
    con.unregister("role_of")
    return rows


def _with_intervals(shares: pl.DataFrame) -> pl.DataFrame:
    """In %, like the share itself; nothing where nobody answered the item."""
    ends = [wilson(n, base) if base else (None, None) for n, base in shares.select("n_increased", "base").rows()]
    low, high = (pl.Series([pair[i] for pair in ends], dtype=pl.Float64) for i in (0, 1))
    percent = pl.when(pl.col("base") > 0).then(100 * pl.col("n_increased") / pl.col("base"))
    return shares.with_columns(percent=percent, ci_low=100 * low, ci_high=100 * high)
