"""Questionnaires and feedback forms: one canonical shape, whatever tool they were filled in with."""

from collections.abc import Mapping

import polars as pl

from cfc_pipeline.intake.cells import fixed_or_column, local_times, numbers, resolve, tidy
from cfc_pipeline.intake.people import known_people, normal_address
from cfc_pipeline.programme import Calendar, Cohort, Consent, Programme, Scale, Survey
from cfc_pipeline.sources.raw import COMPLETE, ROW, SUBMITTED, TEST, RawTable
from schemas.instruments import Instrument

COMMENT = "comment:"  # prefix of free-text columns


def item_columns(survey: Survey) -> list[str]:
    """Canonical item columns in the order of the entry, such as "brs:4"."""
    return [f"{scale.instrument}:{item}" for scale in survey.scales for item in scale.items]


def item_ranges(survey: Survey, instruments: Mapping[str, Instrument]) -> dict[str, tuple[int, int]]:
    found = {s.instrument: instruments[s.instrument] for s in survey.scales}
    return {c: (found[c.split(":")[0]].lowest, found[c.split(":")[0]].highest) for c in item_columns(survey)}


def canonical_answers(
    rows: pl.DataFrame,
    raw: RawTable,
    survey: Survey,
    programme: Programme,
    instruments: Mapping[str, Instrument],
    roster: pl.DataFrame,
) -> pl.DataFrame:
    """Canonical rows: row, record, test, empty, complete, person, on_roster, cohort_id, time_point, session_number,
    submitted_at (naive, programme's zone), date_readable, agreed, withdrawn, items (Int16), comments (String).

    Dates are read before anything else: a file in the other day order is refused whole, by ExportError.
    """
    submitted = local_times(rows, raw, survey.submitted, programme.timezone)
    key = resolve(raw, survey.submitted.column) if survey.submitted.column else SUBMITTED
    items = {
        f"{scale.instrument}:{item}": numbers(str(resolve(raw, column)), _labels(scale, instruments))
        for scale in survey.scales
        for item, column in scale.items.items()
    }
    comments = {COMMENT + name: pl.col(str(resolve(raw, column))) for name, column in survey.comments.items()}
    answered = [pl.col(str(resolve(raw, c))) for s in survey.scales for c in s.items.values()]
    session = fixed_or_column(survey.session, raw).cast(pl.String).str.extract(r"(\d+)").cast(pl.Int64, strict=False)
    frame = rows.with_columns(submitted_at=submitted).select(
        row=ROW,
        record="record",
        test=TEST,
        empty=pl.all_horizontal(c.is_null() for c in [*answered, *comments.values()]),
        complete=COMPLETE,
        key=_person(raw, survey),
        cohort_id=pl.lit(None, pl.String) if survey.cohort == "roster" else fixed_or_column(survey.cohort, raw),
        time_point=pl.lit(None, pl.String)
        if survey.time_point == "calendar"
        else fixed_or_column(survey.time_point, raw),
        session_number=session,
        submitted_at="submitted_at",
        date_readable=pl.col("submitted_at").is_not_null() | pl.col(str(key)).is_null(),
        agreed=_agreed(raw, survey),
        **items,
        **comments,
    )
    frame = _with_people(frame.with_columns(pl.col("time_point").cast(pl.String)), survey, roster)
    if survey.time_point == "calendar":
        frame = _with_calendar(frame, programme.cohorts, programme.policy.calendar)
    return frame


def _labels(scale: Scale, instruments: Mapping[str, Instrument]) -> dict[str, int]:
    """The entry's labels, else the labels that the programme's own forms define."""
    return scale.answers or {label: value for value, label in instruments[scale.instrument].answers.items()}


def _person(raw: RawTable, survey: Survey) -> pl.Expr:
    if survey.person is None or survey.person.column is None:
        return pl.lit(None, pl.String)
    return normal_address(pl.col(str(resolve(raw, survey.person.column))))


def _agreed(raw: RawTable, survey: Survey) -> pl.Expr:
    """Consent that the form itself gives; null where the roster says."""
    if isinstance(survey.consent, Consent):
        cells = pl.col(str(resolve(raw, survey.consent.column))).str.to_lowercase().str.strip_chars()
        return cells.is_in([tidy(answer) for answer in survey.consent.yes]).fill_null(False)
    return pl.lit(True if survey.consent == "not_needed" else None, pl.Boolean)


def _with_people(frame: pl.DataFrame, survey: Survey, roster: pl.DataFrame) -> pl.DataFrame:
    """Look each person up in the roster. A code that people made themselves is its own person, without a roster."""
    by = survey.person.by if survey.person else "anonymous"
    if by not in ("email", "code"):
        made = ("self-made:" + pl.col("key")) if by == "self_made" else pl.lit(None, pl.String)
        here = frame.with_columns(person=made, on_roster=pl.lit(True), withdrawn=pl.lit(False))
        return here.with_columns(agreed=pl.col("agreed").fill_null(False)).drop("key")
    cohort_known = survey.cohort != "roster"
    people = known_people(roster, by, cohort_known=cohort_known)
    on = {"left_on": ["key", "cohort_id"], "right_on": ["key", "home"]} if cohort_known else {"on": "key"}
    found = frame.join(people, how="left", maintain_order="left", **on)
    found = found.with_columns(
        cohort_id=pl.col("cohort_id") if cohort_known else pl.col("home"),
        on_roster=pl.when(pl.col("key").is_not_null()).then(pl.col("person").is_not_null()),
        person=pl.coalesce("person", "key"),
        # Null for somebody who is not on the roster: quarantined below, not taken for a refusal.
        agreed=pl.coalesce("agreed", "consented"),
    )
    return found.drop("key", "consented", *([] if cohort_known else ["home"]))


def _with_calendar(frame: pl.DataFrame, cohorts: list[Cohort], calendar: Calendar) -> pl.DataFrame:
    """Where the day of sending in falls between the cohort's start and end."""
    dates = pl.DataFrame(
        [{"cohort_id": c.id, "start": c.start, "end": c.end} for c in cohorts],
        schema={"cohort_id": pl.String, "start": pl.Date, "end": pl.Date},
    )
    day = pl.col("submitted_at").cast(pl.Date)
    placed = (
        pl.when(day.is_null() | pl.col("start").is_null())
        .then(None)
        .when(day <= pl.col("start").dt.offset_by(f"{calendar.pre_until_days_after_start}d"))
        .then(pl.lit("pre"))
        .when(day >= pl.col("end").dt.offset_by(f"{calendar.follow_up_from_days_after_end}d"))
        .then(pl.lit("follow_up"))
        .when(day >= pl.col("end").dt.offset_by(f"-{calendar.post_from_days_before_end}d"))
        .then(pl.lit("post"))
        .otherwise(pl.lit("mid"))
    )
    joined = frame.join(dates, on="cohort_id", how="left", maintain_order="left")
    return joined.with_columns(time_point=placed).drop("start", "end")
