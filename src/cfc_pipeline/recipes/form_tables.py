"""What is stored about forms: their versions, their questions, and where trends are broken."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from cfc_pipeline.identity.known import Known
from cfc_pipeline.identity.redaction import redact
from cfc_pipeline.intake.change import offered, shown
from cfc_pipeline.intake.other_breaks import OtherBreak
from cfc_pipeline.intake.trends import Break
from cfc_pipeline.intake.versions import Version, Versions
from cfc_pipeline.warehouse.store import Connection
from cfc_pipeline.warehouse.write import replace_table
from schemas.tables import TABLES, polars_schema


def store_forms(
    con: Connection,
    versions: Versions,
    breaks: list[Break],
    others: list[OtherBreak],
    received: Mapping[int, date],
    known: Known,
) -> None:
    """form_version, form_question and trend_break. Wordings are redacted: people may be named in a heading too."""
    kept = [version for version in versions.every if version.file in received]
    replace_table(con, "form_version", _version_rows(kept, received))
    replace_table(con, "form_question", _question_rows(kept, known))
    replace_table(con, "trend_break", _break_rows(breaks, others))


def stored_versions(con: Connection) -> set[tuple[str, str]]:
    """Survey and version of those that an earlier run stored."""
    return {
        (survey, version) for survey, version in con.execute("SELECT survey_id, version FROM form_version").fetchall()
    }


def _break_rows(breaks: list[Break], others: list[OtherBreak]) -> pl.DataFrame:
    rows: list[tuple[str | None, ...]] = [
        (b.instrument, "form", b.after.survey.id, b.after.id, b.from_year, b.to_year, b.state, None) for b in breaks
    ]
    rows += [(b.instrument, b.kind, b.survey, b.version, b.from_year, b.to_year, b.state, b.detail) for b in others]
    return pl.DataFrame(rows, schema=polars_schema(TABLES["trend_break"]), orient="row")


def _version_rows(kept: list[Version], received: Mapping[int, date]) -> pl.DataFrame:
    rows = [
        (
            version.survey.id,
            version.id,
            instrument,
            version.file,
            received[version.file],
            state,
            version.lines[instrument],
        )
        for version in kept
        for instrument, state in version.states.items()
    ]
    return pl.DataFrame(rows, schema=polars_schema(TABLES["form_version"]), orient="row")


def _question_rows(kept: list[Version], known: Known) -> pl.DataFrame:
    """Only questions that the survey entry uses: whatever else a file has in its headings is not stored."""
    rows = [
        (
            version.survey.id,
            version.id,
            place,
            question.key,
            *_item(version, question.key),
            shown(question),
            "; ".join(map(offered, question.choices)),
        )
        for version in kept
        for place, question in enumerate(version.form.questions, start=1)
        if question.key in version.form.asked
    ]
    frame = pl.DataFrame(rows, schema=polars_schema(TABLES["form_question"]), orient="row")
    return frame.with_columns(redact(frame[column], known)["text"].alias(column) for column in ("wording", "choices"))


def _item(version: Version, column: str) -> tuple[str | None, int | None]:
    """The item that a column is, as its survey entry says."""
    named = (
        (scale.instrument, item) for scale in version.survey.scales for item, c in scale.items.items() if c == column
    )
    return next(named, (None, None))
