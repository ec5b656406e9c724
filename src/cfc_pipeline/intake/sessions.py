"""The session log: the facilitator's side of each meeting."""

import polars as pl

from cfc_pipeline.intake.cells import fixed_or_column, meaning, numbers, resolve_known, session_number
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
    session = meaning(fields["session"], _listed("session", survey)) if "session" in fields else None
    practices = meaning(k, _listed("practices", survey)) if (k := fields.get("practices")) else None
    return rows.with_columns(_held=found).select(
        row=ROW,
        record="record",
        test=TEST,
        empty=pl.all_horizontal(pl.col(k).is_null() for k in fields.values()),
        cohort_id=fixed_or_column(survey.cohort, raw),
        session_number=session_number(fixed_or_column(survey.session, raw) if session is None else session),
        held_on="_held",
        attendance=_number("attendance", fields, survey),
        practices=pl.lit(None, pl.String) if practices is None else practices,
        adherence=_number("adherence", fields, survey),
        dates_readable=(pl.col("_held").is_not_null() | pl.col(held).is_null()) if held else pl.lit(True),
    )


def _listed(field: str, survey: Survey) -> dict[str, str]:
    return survey.values.get(field, {})


def _number(field: str, fields: dict[str, str], survey: Survey) -> pl.Expr:
    if field not in fields:
        return pl.lit(None, pl.Int16)
    return numbers(fields[field], {cell: int(number) for cell, number in _listed(field, survey).items()})
