"""The table of standardised changes: for statisticians."""

from cfc_pipeline.disclosure.protected import Protected
from cfc_pipeline.publish import words
from cfc_pipeline.publish.layout import (
    COHORT,
    INSTRUMENT,
    SUBSCALE,
    YEAR,
    About,
    labelled,
    titled,
)
from cfc_pipeline.publish.model import Column, PublishedTable
from schemas.tables import label
from schemas.tables.results import EffectSizes, PairedChange

_SDS = "95 % interval of the change in SDs before"
_COLUMNS = (
    *(YEAR, COHORT, INSTRUMENT, SUBSCALE),
    Column("n_paired", label(PairedChange, "n_paired"), "count"),
    Column("correlation", "r", "number", decimals=2),
    Column("change_sd", "SD of changes", "number", decimals=2),
    Column("d_z", label(EffectSizes, "d_z"), "number", decimals=2),
    Column("g_z", label(PairedChange, "g_z"), "number", decimals=2),
    Column("g_z_low", "from", "number", decimals=2, interval="95 % interval of g_z"),
    Column("g_z_high", "to", "number", decimals=2, interval="95 % interval of g_z"),
    Column("d_av", label(EffectSizes, "d_av"), "number", decimals=2),
    Column("g_before", label(EffectSizes, "g_before"), "number", decimals=2),
    Column("g_before_low", "from", "number", decimals=2, interval=_SDS),
    Column("g_before_high", "to", "number", decimals=2, interval=_SDS),
)


def effect_sizes(effects: Protected, about: About) -> PublishedTable:
    """Rows: each cohort's measures, year by year, and the year's."""
    rows = labelled(effects, about.cohorts)
    most: int | None = rows.values["n_paired"].max()  # type: ignore[assignment]
    used = about.instruments.join(rows.values, on=["instrument", "subscale"], how="semi", maintain_order="left")
    return about.table(
        rows,
        _COLUMNS,
        (titled(rows.values, about.instruments), rows.hidden),
        (words.directions(used), *words.EFFECTS, words.NO_COMPARISON),
        name="effect_sizes",
        title="Standardised changes",
        shows="For each cohort, year and measure: the mean change in standard deviations of several kinds.",
        people="From the people with a score both times; how many is hidden."
        if most is None
        else f"From the people with a score both times: up to {most} in one group, see n.",
        row_group=YEAR.key,
    )
