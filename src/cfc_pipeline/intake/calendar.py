"""Where a day falls between a cohort's start and its end, by `policy: calendar`."""

from collections.abc import Sequence

import polars as pl

from cfc_pipeline.programme import Calendar, Cohort


def time_points(rows: pl.DataFrame, cohorts: Sequence[Cohort], calendar: Calendar) -> pl.Series:
    """The time point of each row's `submitted_at` in its `cohort_id`; null where either is not known."""
    dates = pl.DataFrame(
        [{"cohort_id": c.id, "start": c.start, "end": c.end} for c in cohorts],
        schema={"cohort_id": pl.String, "start": pl.Date, "end": pl.Date},
    )
    placed = rows.select("cohort_id", day=pl.col("submitted_at").cast(pl.Date))
    placed = placed.join(dates, on="cohort_id", how="left", maintain_order="left")
    return placed.select(_place(calendar)).to_series()


def _place(calendar: Calendar) -> pl.Expr:
    day = pl.col("day")
    return (
        pl.when(day.is_null() | pl.col("start").is_null())
        .then(None)
        .when(day <= pl.col("start").dt.offset_by(f"{calendar.pre_until_days_after_start}d"))
        .then(pl.lit("pre"))
        .when(day >= pl.col("end").dt.offset_by(f"{calendar.follow_up_from_days_after_end}d"))
        .then(pl.lit("follow_up"))
        .when(day >= pl.col("end").dt.offset_by(f"-{calendar.post_from_days_before_end}d"))
        .then(pl.lit("post"))
        .otherwise(pl.lit("mid"))
        .alias("time_point")
    )
