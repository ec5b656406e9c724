"""Questionnaires and feedback forms: one canonical shape, whatever tool they were filled in with."""

from collections.abc import Mapping

import polars as pl

from cfc_pipeline.intake.calendar import time_points
from cfc_pipeline.intake.cells import fixed_or_column, local_times, meaning, numbers, resolve_known, session_number
from cfc_pipeline.intake.codes import own_code
from cfc_pipeline.intake.people import SELF_MADE, known_people
from cfc_pipeline.programme import Consent, Programme, Scale, Survey
from cfc_pipeline.sources.raw import COMPLETE, ROW, SUBMITTED, TEST, RawTable
from schemas.instruments import Instrument

COMMENT = "comment:"  # prefix of free-text columns
_PART = 250_000  # rows


def item_columns(survey: Survey) -> list[str]:
    """Canonical item columns in the order of the entry, such as "brs:4"."""
    return [f"{scale.instrument}:{item}" for scale in survey.scales for item in scale.items]


def item_ranges(survey: Survey, instruments: Mapping[str, Instrument]) -> dict[str, tuple[int, int]]:
    found = {s.instrument: instruments[s.instrument] for s in survey.scales}
    return {c: (found[c.split(":")[0]].lowest, found[c.split(":")[0]].highest) for c in item_columns(survey)}


def canonical_answers(
    rows: pl.LazyFrame,
    raw: RawTable,
    survey: Survey,
    programme: Programme,
    instruments: Mapping[str, Instrument],
    roster: pl.DataFrame,
) -> pl.DataFrame:
    """Canonical rows: row, record, test, empty, complete, person, on_roster, in_cohort, cohort_id, cohort_known,
    time_point, session_number, submitted_at (naive, programme's zone), date_readable, agreed, withdrawn, items (Int16),
    comments.

    A file in the other day order than its entry says is refused whole, by ExportError.
    """
    frame = _collected(rows.select(**_cells(raw, survey, instruments)))
    source = survey.submitted.timezone or raw.zone or programme.timezone
    times = local_times(frame["submitted"], frame["row"], survey.submitted.order, source, programme.timezone)
    frame = frame.with_columns(
        submitted_at=times, date_readable=times.is_not_null() | frame["submitted"].is_null()
    ).drop("submitted")
    frame = _with_people(frame, survey, roster)
    # Somebody who is not on the roster has that one problem, not also a cohort that nobody can tell.
    frame = frame.with_columns(cohort_known=pl.col("cohort_id").is_not_null() | ~pl.col("on_roster").fill_null(False))
    if survey.time_point == "calendar":
        frame = frame.with_columns(time_points(frame, programme.cohorts, programme.policy.calendar))
    return frame


def _collected(rows: pl.LazyFrame) -> pl.DataFrame:
    """All rows, a part of them at a time: of a million, half a gigabyte less is in memory at once, in the same time."""
    parts = [rows.slice(0, _PART).collect(engine="streaming")]
    while parts[-1].height == _PART:
        parts.append(rows.slice(_PART * len(parts), _PART).collect(engine="streaming"))
    return pl.concat(parts)


def _cells(raw: RawTable, survey: Survey, instruments: Mapping[str, Instrument]) -> dict[str, pl.Expr]:
    """What a row says, cell by cell. Answers become small numbers while the file is read, so that no text of them is
    ever held for all rows."""
    columns = {f"{s.instrument}:{item}": resolve_known(raw, c) for s in survey.scales for item, c in s.items.items()}
    labels = {s.instrument: (_labels(s, instruments), s.blank) for s in survey.scales}
    comments = {COMMENT + name: pl.col(resolve_known(raw, c)) for name, c in survey.comments.items()}
    said = [*map(pl.col, columns.values()), *comments.values()]
    named = survey.submitted.column
    return {
        "row": pl.col(ROW),
        "record": pl.col("record"),
        "test": pl.col(TEST),
        "empty": pl.all_horizontal(cell.is_null() for cell in said),
        "complete": pl.col(COMPLETE),
        "key": _person(raw, survey),
        "cohort_id": _unless(survey.cohort, "roster", raw),
        "time_point": _unless(survey.time_point, "calendar", raw),
        "session_number": session_number(fixed_or_column(survey.session, raw)),
        "submitted": pl.col(resolve_known(raw, named) if named else SUBMITTED),
        "agreed": _agreed(raw, survey),
        **{name: numbers(column, *labels[name.split(":")[0]]) for name, column in columns.items()},
        **comments,
    }


def _unless(setting: object, elsewhere: str, raw: RawTable) -> pl.Expr:
    """A setting's value, or nothing yet when it is found out elsewhere."""
    return fixed_or_column(None if setting == elsewhere else setting, raw).cast(pl.String)


def _labels(scale: Scale, instruments: Mapping[str, Instrument]) -> dict[str, int]:
    """The entry's labels, else the labels that the programme's own forms define."""
    return scale.answers or instruments[scale.instrument].labels


def _person(raw: RawTable, survey: Survey) -> pl.Expr:
    if survey.person is None or not survey.person.columns:
        return pl.lit(None, pl.String)
    return own_code(survey.person, raw)


def _agreed(raw: RawTable, survey: Survey) -> pl.Expr:
    """Consent that the form itself gives; null where the roster says."""
    if isinstance(survey.consent, Consent):
        yes = meaning(resolve_known(raw, survey.consent.column), dict.fromkeys(survey.consent.yes, "yes"))
        return yes.eq("yes").fill_null(False)
    return pl.lit(True if survey.consent == "not_needed" else None, pl.Boolean)


def _with_people(frame: pl.DataFrame, survey: Survey, roster: pl.DataFrame) -> pl.DataFrame:
    """Look each person up in the roster. A code that people made themselves is its own person, without a roster."""
    by = survey.person.by if survey.person else "anonymous"
    if by not in ("email", "code"):
        made = (SELF_MADE + pl.col("key")) if by == "self_made" else pl.lit(None, pl.String)
        here = frame.with_columns(person=made, on_roster=pl.lit(True), in_cohort=pl.lit(True), withdrawn=pl.lit(False))
        return here.with_columns(agreed=pl.col("agreed").fill_null(False)).drop("key")
    cohort_known = survey.cohort != "roster"
    people = known_people(roster, by, cohort_known=cohort_known)
    known = pl.col("key").is_in(people["key"].unique().implode()) if cohort_known else pl.col("person").is_not_null()
    on = {"left_on": ["key", "cohort_id"], "right_on": ["key", "home"]} if cohort_known else {"on": "key"}
    found = frame.join(people, how="left", maintain_order="left", **on)
    found = found.with_columns(
        cohort_id=pl.coalesce("cohort", "cohort_id") if cohort_known else pl.col("home"),
        on_roster=pl.when(pl.col("key").is_not_null()).then(known),
        in_cohort=pl.col("person").is_not_null() | ~known.fill_null(False) | pl.col("cohort_id").is_null(),
        person=pl.coalesce("person", "key"),
        # Null for somebody who is not on the roster: quarantined below, not taken for a refusal.
        agreed=pl.coalesce("agreed", "consented"),
    )
    return found.drop("key", "cohort", "consented", *([] if cohort_known else ["home"]))
