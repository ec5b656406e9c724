"""The table of change beside attendance."""

import polars as pl

from cfc_pipeline.disclosure.protected import Protected
from cfc_pipeline.publish import words
from cfc_pipeline.publish.layout import INSTRUMENT, SUBSCALE, About, titled
from cfc_pipeline.publish.model import Column, PublishedTable
from schemas.tables import label
from schemas.tables.results import AttendanceChange

_OFTEN, _LESS = "Came often", "Came less often"


def attendance_change(attendance: Protected, about: About, often: int | None) -> PublishedTable:
    """Rows: measures, over all years. Columns: both groups, and their difference."""
    groups = (("often", _OFTEN), ("less", _LESS))
    columns = (
        *(INSTRUMENT, SUBSCALE),
        *(column for name, title in groups for column in _of_group(name, title)),
        Column("difference", label(AttendanceChange, "difference"), "number", decimals=2),
        Column("ci_low", "from", "number", decimals=2, interval="95 % interval"),
        Column("ci_high", "to", "number", decimals=2, interval="95 % interval"),
    )
    used = about.instruments.join(attendance.values, on=["instrument", "subscale"], how="semi", maintain_order="left")
    return about.table(
        attendance,
        columns,
        (titled(attendance.values, about.instruments), attendance.hidden),
        (words.attendance(often), *words.ATTENDANCE, words.directions(used), words.NO_COMPARISON),
        name="attendance_change",
        title="Change beside attendance",
        shows="For each measure, the mean change of people who came often, beside that of people who came less often.",
        people=_people(attendance.values),
        row_group=INSTRUMENT.key,
    )


def _of_group(name: str, title: str) -> tuple[Column, ...]:
    return (
        Column(f"n_{name}", label(AttendanceChange, f"n_{name}"), "count", title),
        *(
            Column(f"{name}_{figure}", label(AttendanceChange, f"{name}_{figure}"), "number", title, 2)
            for figure in ("mean", "sd")
        ),
    )


def _people(values: pl.DataFrame) -> str:
    most: int | None = values.select(pl.col("n_often") + pl.col("n_less")).to_series().max()  # type: ignore[assignment]
    if most is None:
        return "From people with a score both times; how many is hidden."
    return f"From up to {most:,} people with a score both times whose attendance is known."
