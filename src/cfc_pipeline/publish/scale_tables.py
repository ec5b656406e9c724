"""The tables about the measures themselves: how well the items of each score hang together."""

import polars as pl

from cfc_pipeline.disclosure.protected import Protected
from cfc_pipeline.publish import words
from cfc_pipeline.publish.layout import INSTRUMENT, SUBSCALE, About, in_order, titled
from cfc_pipeline.publish.model import ALL_YEARS, Column, FigureKind, PublishedTable
from schemas.tables import TIME_POINTS, label
from schemas.tables.people import Cohort
from schemas.tables.results import Reliability, ResponseFlow

WHEN = Column("when", "When", "text")
YEAR = Column("academic_year", label(Cohort, "academic_year"), "text")
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


def _figure(key: str, kind: FigureKind = "number") -> Column:
    return Column(key, label(Reliability, key), kind, decimals=0 if kind == "count" else 2)


def _interval() -> tuple[Column, ...]:
    ends = (("low", "from"), ("high", "to"))
    return tuple(Column(f"alpha_{end}", named, "number", decimals=2, interval="95 % interval") for end, named in ends)
