"""The two tables of change: cohort by cohort, and over the years."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from cfc_pipeline.disclosure.protected import Protected
from cfc_pipeline.publish import words
from cfc_pipeline.publish.layout import (
    COHORT,
    INSTRUMENT,
    SUBSCALE,
    YEAR,
    About,
    Block,
    labelled,
    side_by_side,
    slug,
    titled,
    where,
)
from cfc_pipeline.publish.model import Column, PublishedTable

INTERVAL = "95 % interval"
CHANGE = ("mean_change", "ci_low", "ci_high")


def cohort_outcomes(paired: Protected, about: About) -> PublishedTable:
    """Rows: each cohort's measures, year by year, from before to after."""
    rows = where(paired, (pl.col("level") == "cohort") & (pl.col("to_time_point") == "post"))
    rows = labelled(rows, about.cohorts)
    columns = (
        *(YEAR, COHORT, INSTRUMENT, SUBSCALE),
        Column("n_paired", "n", "count"),
        *(_score("pre_mean", "Mean before"), _score("pre_sd", "SD before")),
        *(_score("post_mean", "Mean after"), _score("post_sd", "SD after")),
        *_change_columns(),
        *(_score("g_z", "g_z"), *_interval("g_z", f"{INTERVAL} of g_z")),
        Column("p_value", "p", "p", decimals=3),
    )
    return about.table(
        rows,
        columns,
        (titled(rows.values, about.instruments), rows.hidden),
        (*_notes(rows, about), words.STANDARDISED, words.P_VALUE, words.NO_COMPARISON),
        name="cohort_outcomes",
        title="Change from before to after, cohort by cohort",
        shows="For each cohort and measure: mean scores before and after, the mean change, and how sure that is.",
        people=_people(rows),
        row_group=YEAR.key,
    )


def multi_year_outcomes(paired: Protected, about: About) -> PublishedTable:
    """Rows: measures, and periods where there are others than before to after. Columns: a group for each academic year,
    and one for the estimate pooled over cohorts."""
    rows = where(paired, pl.col("level").is_in(["year", "pooled"]))
    rows = replace(rows, values=rows.values.with_columns(period=pl.col("to_time_point").replace_strict(words.PERIODS)))
    years = rows.values["academic_year"].drop_nulls().unique().sort().to_list()
    other_periods = (rows.values["to_time_point"] != "post").any()
    values, hidden = side_by_side(rows, ("instrument", "subscale", "period"), _blocks(years))
    columns = (
        *(INSTRUMENT, SUBSCALE),
        *((Column("period", "Period", "text"),) if other_periods else ()),
        *(column for year in years for column in _year_columns(year)),
        *_pooled_columns(),
    )
    return about.table(
        rows,
        columns,
        (titled(values, about.instruments), hidden),
        (*_notes(rows, about), words.POOLED, *((words.OTHER_PERIODS,) if other_periods else ()), words.NO_COMPARISON),
        name="multi_year_outcomes",
        title="Change over the years",
        shows="For each measure, the mean change in each academic year, and pooled over the cohorts of all years.",
        people=_people(rows),
        row_group=INSTRUMENT.key,
    )


def _blocks(years: Sequence[str]) -> list[Block]:
    of_year = [
        (slug(year), pl.col("academic_year") == year, ("n_paired", "pre_mean", "post_mean", *CHANGE)) for year in years
    ]
    return [*of_year, ("pooled", pl.col("level") == "pooled", ("n_cohorts", "n_paired", *CHANGE))]


def _year_columns(year: str) -> tuple[Column, ...]:
    prefix = f"{slug(year)}_"
    return (
        Column(f"{prefix}n_paired", "n", "count", group=year),
        *(_score(f"{prefix}pre_mean", "Mean before", year), _score(f"{prefix}post_mean", "Mean after", year)),
        *_change_columns(prefix, year),
    )


def _pooled_columns() -> tuple[Column, ...]:
    group = "Pooled over cohorts"
    return (
        Column("pooled_n_cohorts", "Cohorts", "count", group=group),
        Column("pooled_n_paired", "n", "count", group=group),
        *_change_columns("pooled_", group),
    )


def _change_columns(prefix: str = "", group: str = "") -> tuple[Column, ...]:
    return _score(f"{prefix}mean_change", "Mean change", group), *_interval(f"{prefix}ci", INTERVAL, group)


def _interval(key: str, name: str, group: str = "") -> tuple[Column, ...]:
    return tuple(
        Column(f"{key}_{end}", label, "number", group=group, decimals=2, interval=name)
        for end, label in (("low", "from"), ("high", "to"))
    )


def _score(key: str, label: str, group: str = "") -> Column:
    return Column(key, label, "number", group=group, decimals=2)


def _notes(rows: Protected, about: About) -> tuple[str, ...]:
    used = about.instruments.join(rows.values, on=["instrument", "subscale"], how="semi", maintain_order="left")
    return words.SAME_PEOPLE, words.directions(used), words.ranges(used), words.INTERVAL


def _people(rows: Protected) -> str:
    """The largest n shown: single measures have fewer, where somebody left one out."""
    most = rows.values.filter(pl.col("to_time_point") == "post")["n_paired"].max()
    if most is None:
        return "From the people with a score both before and after; how many is hidden."
    return f"From the people with a score both before and after: up to {most} in one group, see n."
