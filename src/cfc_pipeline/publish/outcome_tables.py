"""The tables of change: cohort by cohort, over the years, and to other time points than after."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from cfc_pipeline.disclosure.protected import Protected
from cfc_pipeline.publish import trend_breaks, words
from cfc_pipeline.publish.layout import (
    COHORT,
    INSTRUMENT,
    POSSIBLE,
    SUBSCALE,
    YEAR,
    About,
    Block,
    Cells,
    in_order,
    labelled,
    side_by_side,
    slug,
    titled,
    where,
)
from cfc_pipeline.publish.model import Column, FigureKind, PublishedTable
from schemas.tables import TIME_POINTS, label
from schemas.tables.results import PairedChange

INTERVAL = "95 % interval"
CHANGE = ("mean_change", "ci_low", "ci_high")
OF_COHORT = ("n_paired", "pre_mean", "pre_sd", "post_mean", "post_sd")
CHANGE_OF_YEAR = ("mean_change", "cluster_low", "cluster_high", "n_clusters")
OF_YEAR = ("n_paired", "pre_mean", "post_mean")
POOLED = ("n_cohorts", "n_paired")
P = Column("p_value", label(PairedChange, "p_value"), "p", decimals=3)
CORRECTED = Column("p_holm", "p (Holm)", "p", decimals=3), Column("tests", "Tests in family", "count")


def cohort_outcomes(paired: Protected, about: About) -> PublishedTable:
    """Rows: each cohort's measures, year by year, from before to after."""
    rows = where(paired, (pl.col("level") == "cohort") & (pl.col("to_time_point") == "post"))
    rows = labelled(rows, about.cohorts)
    columns = (
        *(YEAR, COHORT, INSTRUMENT, SUBSCALE),
        *(_figure(key) for key in OF_COHORT),
        *_change_columns(),
        *(_figure("g_z"), *_interval("g_z", f"{INTERVAL} of g_z")),
        P,
        *(CORRECTED if about.families else ()),
    )
    return about.table(
        rows,
        columns,
        (titled(rows.values, about.instruments), rows.hidden),
        (
            *_about_scores(rows, about),
            words.ranges(_used(rows, about)),
            words.INTERVAL,
            words.STANDARDISED,
            *words.p_values(about.families, _used(rows, about)),
            words.NO_COMPARISON,
        ),
        name="cohort_outcomes",
        title="Change from before to after, cohort by cohort",
        shows="For each cohort and measure: mean scores before and after, the mean change, and how sure that is.",
        people=_people(rows),
        row_group=YEAR.key,
    )


def multi_year_outcomes(paired: Protected, about: About) -> PublishedTable:
    """Rows: measures. Columns: a group for each academic year, and one for the estimate pooled over cohorts."""
    rows = _over_years(paired, pl.col("to_time_point") == "post")
    rows = replace(
        rows,
        values=rows.values.with_columns(tau=pl.col("tau2").sqrt()),
        hidden=rows.hidden.with_columns(tau="tau2"),
    )
    further = _between_cohorts(about) if _about_pooled(rows) else ()
    columns, cells = _side_by_side(rows, about, (INSTRUMENT, SUBSCALE), OF_YEAR, further)
    tested = words.p_values(about.families, _used(rows, about)) if further and about.families else ()
    return about.table(
        rows,
        (*columns, POSSIBLE),
        cells,
        (
            *(*_about_scores(rows, about), *words.OF_YEARS, *_about_pooled(rows)),
            *(*((words.BETWEEN,) if further else ()), *tested, words.NO_COMPARISON),
        ),
        name="multi_year_outcomes",
        title="Change over the years",
        shows="For each measure, the mean change in each academic year, and pooled over the cohorts of all years."
        if _about_pooled(rows)
        else "For each measure, the mean change in each academic year.",
        people=_people(rows),
        row_group=INSTRUMENT.key,
        breaks=trend_breaks.marks(about.breaks, _used(rows, about)),
    )


def later_outcomes(paired: Protected, about: About) -> PublishedTable:
    """As multi_year_outcomes, for the changes to other time points than after the programme: no means, see words."""
    rows = _over_years(paired, pl.col("to_time_point") != "post")
    period = Column("period", "Period", "text")
    to_period = pl.col("to_time_point").replace_strict(words.PERIODS, return_dtype=pl.String)
    named = replace(rows, values=rows.values.with_columns(period=to_period))
    columns, cells = _side_by_side(named, about, (INSTRUMENT, SUBSCALE, period), ("n_paired",))
    used = _used(rows, about)
    return about.table(
        rows,
        columns,
        cells,
        (
            *(*words.OTHER_PERIODS, *about.own_codes, words.directions(used), *words.advised(used)),
            *trend_breaks.notes(about.breaks, used),
            *(*words.OF_YEARS, *_about_pooled(rows), words.NO_COMPARISON),
        ),
        name="later_outcomes",
        title="Change to halfway and to follow-up",
        shows="For each measure, the mean change from before to other times than after, by academic year"
        + (" and pooled." if _about_pooled(rows) else "."),
        people=_people(rows),
        row_group=INSTRUMENT.key,
        breaks=trend_breaks.marks(about.breaks, used),
    )


def _over_years(paired: Protected, period: pl.Expr) -> Protected:
    rows = where(paired, pl.col("level").is_in(["year", "pooled"]) & period)
    return in_order(rows, "instrument", "subscale", pl.col("to_time_point").cast(pl.Enum(TIME_POINTS)))


def _side_by_side(
    rows: Protected, about: About, keys: Sequence[Column], of_year: Sequence[str], further: Sequence[Column] = ()
) -> tuple[list[Column], Cells]:
    """Columns and cells: the figures `of_year` and the change for each year, then the pooled change and what is
    `further` said about it, if anything could be pooled."""
    years = rows.values["academic_year"].drop_nulls().unique().sort().to_list()
    groups: list[tuple[str, str, pl.Expr, Sequence[str], Sequence[str]]] = [
        (slug(year), year, pl.col("academic_year") == year, of_year, CHANGE_OF_YEAR) for year in years
    ]
    if _about_pooled(rows):
        groups.append(("pooled", "Pooled over cohorts", pl.col("level") == "pooled", POOLED, CHANGE))
    columns = list(keys)
    for prefix, group, _, own, change in groups:
        columns += [_figure(figure, f"{prefix}_", group) for figure in own]
        columns += _change_columns(f"{prefix}_", group, change[1].removesuffix("_low"))
        columns += [_figure(figure, f"{prefix}_", group) for figure in change[3:]]
    columns += [replace(column, key=f"pooled_{column.key}", group=groups[-1][1]) for column in further]
    blocks: list[Block] = [(prefix, which, (*own, *change)) for prefix, _, which, own, change in groups]
    if further:
        blocks[-1] = ("pooled", groups[-1][2], (*POOLED, *CHANGE, *(column.key for column in further)))
    values, hidden = side_by_side(rows, [key.key for key in keys], blocks)
    return columns, (titled(values, about.instruments), hidden)


def _between_cohorts(about: About) -> tuple[Column, ...]:
    """What stands beside the pooled change: how far cohorts differ, and p where families of tests are declared."""
    return (
        *_interval("prediction", "Prediction interval"),
        Column("tau", "tau", "number", decimals=2),
        Column("i2", label(PairedChange, "i2"), "percent"),
        *((P, *CORRECTED) if about.families else ()),
    )


def _change_columns(prefix: str = "", group: str = "", interval: str = "ci") -> tuple[Column, ...]:
    return _figure("mean_change", prefix, group), *_interval(f"{prefix}{interval}", INTERVAL, group)


def _interval(key: str, name: str, group: str = "") -> tuple[Column, ...]:
    return tuple(
        Column(f"{key}_{end}", label, "number", group=group, decimals=2, interval=name)
        for end, label in (("low", "from"), ("high", "to"))
    )


def _figure(name: str, prefix: str = "", group: str = "") -> Column:
    """A count of people or cohorts, or a score."""
    counts = name.startswith("n_")
    kind: FigureKind = "count" if counts else "number"
    words = "Groups" if name == "n_clusters" else label(PairedChange, name)
    return Column(f"{prefix}{name}", words, kind, group=group, decimals=0 if counts else 2)


def _about_scores(rows: Protected, about: About) -> tuple[str, ...]:
    used = _used(rows, about)
    broken = trend_breaks.notes(about.breaks, used)
    return words.SAME_PEOPLE, *about.own_codes, words.directions(used), *words.advised(used), *broken


def _about_pooled(rows: Protected) -> tuple[str, ...]:
    """The note on pooling, or nothing: with a single cohort there is no pooled change."""
    return words.POOLED if "pooled" in rows.values["level"] else ()


def _used(rows: Protected, about: About) -> pl.DataFrame:
    return about.instruments.join(rows.values, on=["instrument", "subscale"], how="semi", maintain_order="left")


def _people(rows: Protected) -> str:
    """The largest n shown: single measures have fewer, where somebody left one out."""
    most: int | None = rows.values["n_paired"].max()  # type: ignore[assignment]
    if most is None:
        return "From the people with a score both times; how many is hidden."
    return f"From the people with a score both times: up to {most} in one group, see n."
