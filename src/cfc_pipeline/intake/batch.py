"""All files of a programme -> accepted rows, quarantine and ledger.

The result depends on the files, their order of arrival, corrections.csv and programme.yaml only. Every run starts from
all of them again, so a correction, a late consent or a mended survey entry reaches the rows that came in long ago.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandera.polars as pa
import polars as pl

from cfc_pipeline.errors import ExportError
from cfc_pipeline.intake import duplicates
from cfc_pipeline.intake.answers import canonical_answers, item_ranges
from cfc_pipeline.intake.contradictions import in_doubt
from cfc_pipeline.intake.corrections import Correction, apply_corrections
from cfc_pipeline.intake.fates import (
    QUARANTINED,
    UNCHANGED,
    deleted_at_the_source,
    exclude,
    ledger,
    open_rows,
    quarantine,
    settle_records,
    taken_back_at_the_source,
    with_last_word,
)
from cfc_pipeline.intake.holding import Held, hold_back
from cfc_pipeline.intake.moves import not_listed_any_more, without_moved
from cfc_pipeline.intake.other_numbers import refuse_beginning_at_zero, refuse_other_numbers
from cfc_pipeline.intake.people import as_people, canonical_roster, latest
from cfc_pipeline.intake.recognise import column_behind
from cfc_pipeline.intake.records import as_before, used_rows
from cfc_pipeline.intake.same_ids import refuse_other_responses
from cfc_pipeline.intake.sessions import canonical_sessions
from cfc_pipeline.programme import Programme, Survey
from cfc_pipeline.sources.raw import RawTable
from schemas.instruments import Instrument
from schemas.tables import canonical
from schemas.tables.answers import KINDS as ANSWER_KINDS

BOOKKEEPING = (
    "file",
    "row",
    "test",
    "empty",
    "past",
    "replaced",
    "form_decided",
)  # says where a row came from, not what it says

NAMING = ("name", "school", "code", "trust", "town")  # what free text and file names are searched for

NO_ROSTER: dict[str, Any] = {
    **dict.fromkeys(("person", "email", "code", "name", "nickname", "school", "trust", "town"), pl.String),
    **dict.fromkeys(("cohort_id", "role", "phase", "region"), pl.String),
    "also": pl.List(pl.String),
    "moved_from": pl.List(pl.String),
    "consented": pl.Boolean,
    "consented_on": pl.Date,
    "withdrawn": pl.Boolean,
    "consent_version": pl.String,
    "shares": pl.Boolean,
    "quotes": pl.Boolean,
    "both_ways": pl.Boolean,
    "said_file": pl.Int64,
}


@dataclass(frozen=True, eq=False)  # each is one of its own: two exports may have one name, and tables do not compare
class File:
    """One file that fits a survey entry. `number` is its place in the order of arrival."""

    name: str
    survey: Survey
    raw: RawTable
    number: int


@dataclass
class Intake:
    """What one pass over all files gave. Frames are personal."""

    accepted: dict[str, pl.DataFrame] = field(default_factory=dict)  # survey id -> canonical rows
    roster: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=NO_ROSTER))  # one row a person and cohort
    listed: pl.DataFrame = field(default_factory=pl.DataFrame)  # every row that counted, of which `roster` is the last
    not_listed: int = 0  # people whom the newest roster of their cohort leaves out
    waiting: list[pl.DataFrame] = field(default_factory=list)  # rows of rosters that are held back
    replaced: list[pl.DataFrame] = field(default_factory=list)  # what is left of rows of rosters: recipes/replaced.py
    named: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=dict.fromkeys(NAMING, pl.String)))
    ledger: list[pl.DataFrame] = field(default_factory=list)  # survey_id, file, fate, why, rows
    quarantine: list[pl.DataFrame] = field(default_factory=list)  # survey_id, file, row, record, column, reason
    files: list[File] = field(default_factory=list)  # those that could be read as their entries say
    rows_in: dict[int, int] = field(default_factory=dict)  # file number -> rows, as the reader counted them
    refused: list[tuple[File, ExportError]] = field(default_factory=list)
    instruments: Mapping[str, Instrument] = field(default_factory=dict)
    held: Held = field(default_factory=dict)
    twice: Mapping[str, int] = field(default_factory=dict)  # responses that do not count though they are later
    used_corrections: set[int] = field(default_factory=set)  # lines of corrections.csv
    fates: dict[str, pl.DataFrame] = field(default_factory=dict)  # survey id -> file, row, record, fate, why

    def of_kind(self, *kinds: str) -> dict[str, pl.DataFrame]:
        surveys = {f.survey.id for f in self.files if f.survey.kind in kinds}
        return {s: rows for s, rows in self.accepted.items() if s in surveys}

    def settle(self, programme: Programme) -> None:
        settled, self.twice = duplicates.settle(self.of_kind(*ANSWER_KINDS), programme)
        self.accepted.update(settled)

    def forget(self) -> None:
        """Files and rows, once they are anonymised: those of a national programme take as much memory as the rest of a
        run."""
        self.files.clear()
        self.accepted.clear()
        self.fates.clear()
        self.roster = self.roster.clear()
        self.listed = self.listed.clear()
        self.replaced.clear()
        self.waiting.clear()


Mapper = Callable[[pl.LazyFrame, File], pl.DataFrame]


def take_in(
    programme: Programme,
    instruments: Mapping[str, Instrument],
    corrections: list[Correction],
    files: list[File],
    held: Held | None = None,
) -> Intake:
    """Map, check and settle every row of `files`, which are in the order of their arrival.

    A file that cannot be read as its entry says is refused and named; the others go on. Instruments that are `held`
    in a file wait for a decision about its form.
    """
    intake = Intake(held=held or {}, instruments=instruments)
    intake.files = list(files)
    cohorts = [c.id for c in programme.cohorts]

    def roster(rows: pl.LazyFrame, file: File) -> pl.DataFrame:
        versions = programme.policy.consent_versions
        return canonical_roster(rows, file.raw, file.survey, programme.timezone, versions)

    def sessions(rows: pl.LazyFrame, file: File) -> pl.DataFrame:
        return canonical_sessions(rows, file.raw, file.survey, programme)

    def answers(rows: pl.LazyFrame, file: File) -> pl.DataFrame:
        return canonical_answers(rows, file.raw, file.survey, programme, instruments, intake.roster)

    _take(intake, ("roster",), roster, corrections, lambda _: canonical.roster(cohorts))
    if rosters := intake.of_kind("roster"):
        every = pl.concat([*rosters.values(), *intake.replaced], how="diagonal_relaxed").sort("file", "row")
        intake.listed = as_people(every)
        fates = [intake.fates[survey] for survey in rosters]
        agreed = in_doubt(latest(intake.listed), pl.concat(intake.waiting), cohorts)
        intake.roster = without_moved(agreed, intake.listed, fates, programme.cohorts)
        intake.not_listed = not_listed_any_more(intake.roster, intake.listed, fates)
    _take(intake, ("session_log",), sessions, corrections, lambda _: canonical.session_log(cohorts))
    _take(intake, ANSWER_KINDS, answers, corrections, lambda survey: _contract(survey, instruments, cohorts))
    intake.settle(programme)
    return intake


def _take(
    intake: Intake,
    kinds: tuple[str, ...],
    mapper: Mapper,
    corrections: list[Correction],
    contract: Callable[[Survey], pa.DataFrameSchema],
) -> None:
    """All files of these kinds, survey by survey, from cells to accepted rows."""
    mapped: dict[str, list[pl.DataFrame]] = {}
    surveys = {}
    for file in [f for f in intake.files if f.survey.kind in kinds]:
        try:
            rows = _map(file, mapper, corrections, intake, mapped.get(file.survey.id, []))
        except ExportError as refusal:
            intake.refused.append((file, refusal))
            intake.files.remove(file)
            continue
        surveys[file.survey.id] = file.survey
        _count_erased(file, intake)
        mapped.setdefault(file.survey.id, []).append(rows)
    for survey_id, frames in mapped.items():
        rows = pl.concat(frames, how="diagonal_relaxed")
        rows = hold_back(rows, surveys[survey_id], intake.held)
        _judge(intake, surveys[survey_id], rows, contract(surveys[survey_id]), _gone(intake.files, survey_id))


def _count_erased(file: File, intake: Intake) -> None:
    """Rows of people who were erased came in with the file; the ledger says where they went."""
    if count := file.raw.erased:
        intake.rows_in[file.number] += count
        line = {"file": file.number, "fate": "excluded", "why": "erased", "rows": count, "survey_id": file.survey.id}
        intake.ledger.append(pl.DataFrame([line]))


def _gone(files: list[File], survey_id: str) -> pl.DataFrame:
    """record, file: what fetches of this survey did not find any more."""
    found = [(record, f.number) for f in files if f.survey.id == survey_id for record in sorted(f.raw.gone)]
    return pl.DataFrame(found, schema={"record": pl.String, "file": pl.Int64}, orient="row")


def _map(
    file: File, mapper: Mapper, corrections: list[Correction], intake: Intake, before: list[pl.DataFrame]
) -> pl.DataFrame:
    rows = used_rows(file.raw, file.survey)
    rows, used = apply_corrections(rows, file.raw, [c for c in corrections if c.survey == file.survey.id])
    spent = {"past": pl.col("row").is_in(file.raw.past), "replaced": pl.col("row").is_in(file.raw.replaced)}
    mapped = mapper(rows, file).with_columns(file=pl.lit(file.number, pl.Int64), **spent)
    if file.survey.kind in ANSWER_KINDS:
        mapped = as_before(before, mapped)
        _refuse_other_answers(file, mapped, before, intake)
    intake.used_corrections |= used
    intake.rows_in[file.number] = len(mapped)
    return mapped


def _refuse_other_answers(file: File, mapped: pl.DataFrame, before: list[pl.DataFrame], intake: Intake) -> None:
    ranges = item_ranges(file.survey, intake.instruments)
    refuse_beginning_at_zero(mapped, ranges)
    if file.raw.form:  # what was fetched names its survey, and its form is compared
        return
    shredded = [other.number for other in intake.files if other.raw.shredded]
    refuse_other_responses([rows for rows in before if rows["file"].first() not in shredded], mapped)
    refuse_other_numbers(before, mapped, ranges)


def _remember_names(intake: Intake, roster: pl.DataFrame) -> None:
    """Of every row, whatever becomes of it: a name before a marriage or a correction is still somebody's name."""
    nicknames = roster.select(pl.col("nickname").alias("name"), *(pl.lit(None, pl.String).alias(c) for c in NAMING[1:]))
    intake.named = pl.concat([intake.named, roster.select(NAMING), nicknames]).unique(maintain_order=True)


def _judge(
    intake: Intake, survey: Survey, rows: pl.DataFrame, contract: pa.DataFrameSchema, gone: pl.DataFrame
) -> None:
    """Every row of a survey gets a fate; the accepted ones go on, under the fate `stored` until the warehouse knows."""
    if survey.kind == "roster":
        _remember_names(intake, rows)
        spent = rows.filter("replaced").with_columns(replaced_cohort="cohort_id", cohort_id=pl.lit(None, pl.String))
        intake.replaced += [spent] if spent.height else []
    content = [c for c in rows.columns if c not in BOOKKEEPING]
    rows = exclude(open_rows(rows), pl.col("past"), "kept for its time")
    rows = exclude(rows, pl.col("replaced"), "", UNCHANGED)
    rows = exclude(rows, pl.col("test"), "preview or test row")
    rows = exclude(rows, pl.col("empty"), "empty row")
    rows = deleted_at_the_source(rows, gone)
    rows = taken_back_at_the_source(rows)
    rows = settle_records(rows, content)
    if "agreed" in rows.columns:  # answers of people; no consent, no scoring, and not even a quarantine
        rows = exclude(rows, pl.col("agreed").not_(), "no consent")
        rows = exclude(rows, pl.col("withdrawn"), "withdrawn")
    rows, reasons = quarantine(rows, contract)
    if survey.kind == "roster":
        held = rows.filter(fate=QUARANTINED)
        intake.waiting.append(held.select("file", "row", "email", "code", "cohort_id", "consented", "withdrawn"))
    # People correct the column of their own file, so that is the one they are told of.
    own = {c: column_behind(survey, c) for c in reasons["column"].unique()}
    reasons = reasons.with_columns(pl.col("column").replace(own), survey_id=pl.lit(survey.id))
    intake.quarantine.append(reasons)
    rows = exclude(rows, pl.lit(True), "", "stored")
    intake.ledger.append(ledger(rows, survey.id).with_columns(survey_id=pl.lit(survey.id)))
    intake.fates[survey.id] = rows.select("file", "row", "record", "fate", "why")
    rows = rows if survey.kind in ANSWER_KINDS else with_last_word(rows)
    intake.accepted[survey.id] = rows.filter(pl.col("fate") == "stored").drop(
        "test", "empty", "past", "replaced", "form_decided", "fate", "why"
    )


def _contract(survey: Survey, instruments: Mapping[str, Instrument], cohorts: list[str]) -> pa.DataFrameSchema:
    return canonical.questionnaire(
        item_ranges(survey, instruments),
        cohorts,
        named=survey.person is not None and survey.person.by != "anonymous",
        timed=survey.kind != "session_feedback",
        session=survey.kind == "session_feedback",
    )
