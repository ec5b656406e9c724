"""The tables about single scores: how well their items hang together, and how many people changed reliably."""

import polars as pl

from cfc_pipeline.disclosure.protected import Protected
from cfc_pipeline.publish import words
from cfc_pipeline.publish.layout import INSTRUMENT, SUBSCALE, YEAR, About, in_order, titled, where
from cfc_pipeline.publish.model import ALL_YEARS, Column, FigureKind, PublishedTable
from schemas.tables import TIME_POINTS, label
from schemas.tables.results import Reliability, ReliableChange, ResponseFlow

WHEN = Column("when", "When", "text")
TIMES = {time_point: label(ResponseFlow, time_point) for time_point in TIME_POINTS}


def reliability(waves: Protected, about: About) -> PublishedTable:
    """Rows: each measure's scores, time point by time point, in each academic year and over all."""
    by_time = pl.col("time_point").cast(pl.Enum(TIME_POINTS))
    rows = in_order(waves, "instrument", "subscale", by_time, pl.col("academic_year").fill_null(ALL_YEARS))
    values = titled(rows.values, about.instruments).with_columns(
        pl.col("academic_year").fill_null(ALL_YEARS),
        when=pl.col("time_point").replace_strict(TIMES, return_dtype=pl.String),
    )
    columns = (
        *(INSTRUMENT, SUBSCALE, WHEN, YEAR),
        *(_figure("n", "count"), _figure("alpha"), *_interval(), _figure("omega")),
        *(_figure("item_rest_mean"), _figure("item_rest_lowest"), _figure("lowest_item", "count")),
    )
    return about.table(
        rows,
        columns,
        (values, rows.hidden),
        words.RELIABILITY,
        name="reliability",
        title="How well the items of each score hang together",
        shows="For each score, how far its items go together, each time that it was asked for.",
        people="From the forms in which every item of the score was answered, see n.",
        row_group=INSTRUMENT.key,
    )


def reliable_change(change: Protected, about: About) -> PublishedTable:
    """Rows: each score in each academic year and over all years. A note says why other scores have no rule; where none
    has one, each has a row that says so, because a table without rows is left out of a release."""
    ruled = pl.col("threshold").is_not_null()
    any_rule = change.values["threshold"].is_not_null().any()
    counted = where(change, ruled if any_rule else pl.col("level") == "all")
    rows = in_order(counted, "instrument", "subscale", pl.col("academic_year").fill_null(ALL_YEARS))
    without = change.values.filter(~ruled, pl.col("level") == "all") if any_rule else change.values.clear()
    rule = pl.when(pl.col("threshold").is_null()).then("rule").otherwise(_rule_in_short())
    values = titled(rows.values.with_columns(from_=rule), about.instruments)
    recovers = rows.values["cut_off"].is_not_null().any()
    boxes = (*(("recovered",) if recovers else ()), "improved", "unchanged", "deteriorated")
    counts = [
        column
        for box in boxes
        for column in (
            Column(box, "n", "count", label(ReliableChange, box)),
            Column(f"{box}_percent", "%", "percent", label(ReliableChange, box)),
        )
    ]
    n = Column("n_paired", label(ReliableChange, "n_paired"), "count")
    return about.table(
        rows,
        (INSTRUMENT, SUBSCALE, YEAR, Column("from_", "Reliable from", "text"), n, *counts),
        (values.with_columns(pl.col("academic_year").fill_null(ALL_YEARS)), rows.hidden),
        (
            words.RELIABLE_CHANGE[0],
            *((words.EXPECTED,) if rows.values["from_expected"].any() else ()),
            *((words.RECOVERED,) if recovers else ()),
            *words.RELIABLE_CHANGE[1:],
            *words.rules(values),
            *words.without_rule(titled(without, about.instruments)),
        ),
        name="reliable_change",
        title="How many people changed by more than error of measurement",
        shows="For each score with a rule, how many people got better, got worse, or neither, from before to after.",
        people="From the people with a score at both times, see n.",
        row_group=INSTRUMENT.key,
    )


def _rule_in_short() -> pl.Expr:
    threshold = pl.col("threshold").round(2).cast(pl.String).str.strip_suffix(".0")
    points = (
        pl.when("at_least")
        .then(pl.format("{} points or more", threshold))
        .when("from_expected")
        .then(pl.format("more than {} points from the expected score", threshold))
        .otherwise(pl.format("more than {} points", threshold))
    )
    cut_off = pl.col("cut_off").round(2).cast(pl.String).str.strip_suffix(".0")
    return pl.when(pl.col("cut_off").is_null()).then(points).otherwise(pl.format("{}; cut-off {}", points, cut_off))


def _figure(key: str, kind: FigureKind = "number") -> Column:
    return Column(key, label(Reliability, key), kind, decimals=0 if kind == "count" else 2)


def _interval() -> tuple[Column, ...]:
    ends = (("low", "from"), ("high", "to"))
    return tuple(Column(f"alpha_{end}", named, "number", decimals=2, interval="95 % interval") for end, named in ends)
