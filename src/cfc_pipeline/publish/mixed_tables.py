"""The table of changes by one model of all time points: for statisticians."""

from dataclasses import replace

import polars as pl

from cfc_pipeline.disclosure.protected import Protected
from cfc_pipeline.publish import words
from cfc_pipeline.publish.layout import INSTRUMENT, SUBSCALE, About, titled
from cfc_pipeline.publish.model import Column, PublishedTable
from schemas.tables import label
from schemas.tables.results import MixedModel, PairedChange

_MODEL, _BOTH = "By the model", "Pooled, of those with both"
_COLUMNS = (
    *(INSTRUMENT, SUBSCALE, Column("period", "Period", "text")),
    Column("n_people", label(MixedModel, "n_people"), "count"),
    Column("n_responses", label(MixedModel, "n_responses"), "count"),
    Column("change", label(MixedModel, "change"), "number", group=_MODEL, decimals=2),
    Column("ci_low", "from", "number", group=_MODEL, decimals=2, interval="95 % interval"),
    Column("ci_high", "to", "number", group=_MODEL, decimals=2, interval="95 % interval"),
    Column("mean_change", label(PairedChange, "mean_change"), "number", group=_BOTH, decimals=2),
)


def mixed_model(model: Protected, about: About) -> PublishedTable:
    """Rows: measures and periods, over all years."""
    period = pl.col("to_time_point").replace_strict(words.EVERY_PERIOD, return_dtype=pl.String)
    rows = replace(model, values=model.values.with_columns(period=period))
    used = about.instruments.join(rows.values, on=["instrument", "subscale"], how="semi", maintain_order="left")
    most: int | None = rows.values["n_people"].max()  # type: ignore[assignment]
    return about.table(
        rows,
        _COLUMNS,
        (titled(rows.values, about.instruments), rows.hidden),
        (*words.MIXED_MODEL, words.directions(used), words.NO_COMPARISON),
        name="mixed_model",
        title="Change by one model of all time points",
        shows="For each measure and period: the change over all years, estimated from everybody with any score.",
        people="From everybody with a score at any time; how many is hidden."
        if most is None
        else f"From everybody with a score at any time: up to {most:,} people.",
        row_group=INSTRUMENT.key,
    )
