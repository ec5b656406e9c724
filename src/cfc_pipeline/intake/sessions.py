"""The session log: the facilitator's side of each meeting."""

import polars as pl

from cfc_pipeline.intake.cells import fixed_or_column, numbers, resolve_known
from cfc_pipeline.intake.people import days
from cfc_pipeline.programme import Programme, Survey
from cfc_pipeline.sources.raw import ROW, TEST, RawTable


def canonical_sessions(lazy: pl.LazyFrame, raw: RawTable, survey: Survey, programme: Programme) -> pl.DataFrame:
    """Canonical sessions: row, record, test, empty, cohort_id, session_number, held_on, attendance, practices,
    adherence, dates_readable."""
    rows = lazy.collect()
    fields = {field: resolve_known(raw, column) for field, column in survey.fields.items()}
    held = fields.get("held_on")
    none_held = pl.Series([None] * len(rows), dtype=pl.Date)
    found = days(rows[held], rows[ROW], survey, programme.timezone) if held else none_held
    session = pl.col(fields["session"]) if "session" in fields else fixed_or_column(survey.session, raw)
    none = pl.lit(None, pl.Int16)
    return rows.with_columns(_held=found).select(
        row=ROW,
        record="record",
        test=TEST,
        empty=pl.all_horizontal(pl.col(k).is_null() for k in fields.values()),
        cohort_id=fixed_or_column(survey.cohort, raw),
        session_number=session.cast(pl.String).str.extract(r"(\d+)").cast(pl.Int64, strict=False),
        held_on="_held",
        attendance=numbers(k, {}) if (k := fields.get("attendance")) else none,
        practices=pl.col(k) if (k := fields.get("practices")) else pl.lit(None, pl.String),
        adherence=numbers(k, {}) if (k := fields.get("adherence")) else none,
        dates_readable=(pl.col("_held").is_not_null() | pl.col(held).is_null()) if held else pl.lit(True),
    )
