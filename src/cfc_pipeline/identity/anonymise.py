"""The wall: canonical rows go in, rows without a person come out.

After this, nobody is a name, an address or a code but a keyed pseudonym; a school is a pseudonym with phase and region;
a moment is a day; free text is redacted. Columns are named one by one, so that nothing else can come along.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import polars as pl

from cfc_pipeline.identity.keys import Keys
from cfc_pipeline.identity.known import Known
from cfc_pipeline.identity.patterns import PLACEHOLDERS
from cfc_pipeline.identity.pseudonyms import pseudonyms
from cfc_pipeline.identity.redaction import redact
from cfc_pipeline.intake.answers import COMMENT, item_columns
from cfc_pipeline.intake.batch import File, Intake
from cfc_pipeline.intake.cells import resolve_known
from cfc_pipeline.programme import Cohort, Survey
from cfc_pipeline.sources.raw import LEFT_BLANK, NOT_SHOWN, NOT_TICKED, ROW
from schemas.tables import TABLES, polars_schema
from schemas.tables.answers import KINDS as ANSWER_KINDS

Pseudonyms = Callable[[pl.Series], pl.Series]

_PLACEHOLDER = "|".join(map(re.escape, PLACEHOLDERS.values()))
REASON_OF = {NOT_SHOWN: "not_shown", LEFT_BLANK: "left_blank", NOT_TICKED: "not_ticked"}


@dataclass(frozen=True)
class Safe:
    """Rows that may be stored."""

    participants: pl.DataFrame  # the `participant` contract
    sessions: pl.DataFrame  # the `session` contract
    answers: dict[str, pl.DataFrame]  # survey id -> response columns but content_hash, `file`, and item columns
    comments: pl.DataFrame  # the `comment` contract without `state`, and response_id
    unanswered: pl.DataFrame  # the `unanswered` contract
    facts: dict[str, pl.DataFrame]  # survey id of a roster or session log -> `file` and keyed `fingerprint` of its rows

    def response_ids(self) -> pl.Series:
        found = [rows["response_id"] for rows in self.answers.values()]
        return pl.concat(found) if found else pl.Series(dtype=pl.String)


def anonymise(intake: Intake, surveys: list[Survey], cohorts: list[Cohort], keys: Keys, known: Known) -> Safe:
    """Everything that was accepted, as it may be stored; `known` is whom free texts are searched for."""
    wanted = [s for s in surveys if s.id in intake.accepted and s.kind in ANSWER_KINDS]
    people = _people(intake, wanted, keys)
    answers = {s.id: _answers(intake.accepted[s.id], s, keys, people) for s in wanted}
    return Safe(
        participants=_participants(intake, answers.values(), keys, known, people),
        sessions=_sessions(intake, known),
        answers={s.id: answers[s.id].drop(_comment_columns(answers[s.id])) for s in wanted},
        comments=_comments(
            [_quotable(rows, intake.roster, people) for rows in answers.values()],
            known,
            cohorts,
            keys,
            [file.number for file in intake.files if file.raw.shredded],
        ),
        unanswered=_unanswered(intake, wanted, keys),
        facts={s: _fingerprints(rows, keys) for s, rows in intake.of_kind("roster", "session_log").items()},
    )


def _people(intake: Intake, surveys: list[Survey], keys: Keys) -> Pseudonyms:
    """Everybody's pseudonym, made once: most people are on a roster and in several rows of answers."""
    named = [intake.roster["person"], *(intake.accepted[survey.id]["person"] for survey in surveys)]
    everybody = pl.concat(named).drop_nulls().unique()
    ids = pseudonyms(everybody, keys.purpose("person"), "p-")
    return lambda persons: persons.replace_strict(everybody, ids, default=None, return_dtype=pl.String)


def response_ids(survey_id: str, record: pl.Series, keys: Keys) -> pl.Series:
    """What a survey's records are called in every table."""
    return pseudonyms(survey_id + "\x1f" + record, keys.purpose("response"), "r-")


def _answers(rows: pl.DataFrame, survey: Survey, keys: Keys, people: Pseudonyms) -> pl.DataFrame:
    """One row a response, sorted by its id: the order of the file would say who was first."""
    return rows.select(
        "file",
        response_ids(survey.id, rows["record"], keys).alias("response_id"),
        pl.lit(survey.id).alias("survey_id"),
        pl.lit(survey.kind).alias("kind"),
        "cohort_id",
        people(rows["person"]).alias("participant_id"),
        "time_point",
        "session_number",
        pl.col("submitted_at").cast(pl.Date).alias("submitted_on"),
        pl.col("complete").fill_null(True),
        "status",
        *item_columns(survey),
        *_comment_columns(rows),
    ).sort("response_id")


def _unanswered(intake: Intake, surveys: list[Survey], keys: Keys) -> pl.DataFrame:
    """Why items have no answer, of accepted rows."""
    found = [pl.DataFrame(schema=polars_schema(TABLES["unanswered"]))]
    kept = {survey.id: intake.accepted[survey.id].select("file", "row", "record") for survey in surveys}
    for file in intake.files:
        cells = file.raw.unanswered
        if cells is None or cells.is_empty() or file.survey.id not in kept:
            continue
        rows = kept[file.survey.id].filter(pl.col("file") == file.number).drop("file")
        told = cells.join(rows, left_on=ROW, right_on="row").join(_items(intake, file), on="key")
        found.append(
            told.select(
                response_ids(file.survey.id, told["record"], keys).alias("response_id"),
                "instrument",
                "item",
                pl.col("reason").replace_strict(REASON_OF, return_dtype=pl.String),
            )
        )
    return pl.concat(found)


def _items(intake: Intake, file: File) -> pl.DataFrame:
    """key, instrument, item: what a file's columns are, without instruments that wait in it."""
    held = intake.held.get(file.number, frozenset())
    rows = [
        (resolve_known(file.raw, column), scale.instrument, item)
        for scale in file.survey.scales
        for item, column in scale.items.items()
        if scale.instrument not in held
    ]
    return pl.DataFrame(rows, schema={"key": pl.String, "instrument": pl.String, "item": pl.Int64}, orient="row")


def _comment_columns(rows: pl.DataFrame) -> list[str]:
    return [c for c in rows.columns if c.startswith(COMMENT)]


def _participants(
    intake: Intake, answers: Iterable[pl.DataFrame], keys: Keys, known: Known, people: Pseudonyms
) -> pl.DataFrame:
    """People on the roster, and people known only by a code that they made themselves."""
    roster = intake.roster
    if "sessions_attended" not in roster.columns:
        roster = roster.with_columns(sessions_attended=pl.lit(None, pl.Int64))
    # Who did not agree, or withdrew, is counted; what describes them is not kept.
    agreed = pl.col("consented") & ~pl.col("withdrawn")
    described = roster.select(pl.when(agreed).then(pl.col("role", "phase", "region", "consent_version")))
    coarse = redact_labels(described, known)
    attended = roster.select(pl.when(agreed).then(pl.col("sessions_attended").cast(pl.Int64))).to_series()
    enrolled = roster.select(
        people(roster["person"]).alias("participant_id"),
        "cohort_id",
        pseudonyms(_normal_school(roster["school"]), keys.purpose("school"), "s-").alias("school_id"),
        *coarse.drop("consent_version").get_columns(),
        on_roster=pl.lit(True),
        consented="consented",
        consented_on="consented_on",
        withdrawn="withdrawn",
        consent_version=coarse["consent_version"],
        shares="shares",
        sessions_attended=attended,
    )
    unlisted = [
        rows.filter(pl.col("participant_id").is_not_null()).select("participant_id", "cohort_id") for rows in answers
    ]
    if not unlisted:
        return enrolled
    others = pl.concat(unlisted).unique().join(enrolled, on=["participant_id", "cohort_id"], how="anti")
    unlisted_people = others.with_columns(on_roster=pl.lit(False), consented=pl.lit(True), withdrawn=pl.lit(False))
    return (
        pl.concat([enrolled, unlisted_people], how="diagonal_relaxed")
        .select(enrolled.columns)
        .sort(enrolled.columns[:2])
    )


def _normal_school(names: pl.Series) -> pl.Series:
    return names.str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()


def redact_labels(labels: pl.DataFrame, known: Known) -> pl.DataFrame:
    """Roles, phases and practices are short labels, but people type names into them all the same."""
    # Each label once: going through a long roster is what takes time.
    written = pl.concat([labels[c].rename("label") for c in labels.columns]).drop_nulls().unique(maintain_order=True)
    safe = redact(written, known)["text"]
    return labels.select(pl.all().replace_strict(written, safe, default=None, return_dtype=pl.String))


def _sessions(intake: Intake, known: Known) -> pl.DataFrame:
    logs = list(intake.of_kind("session_log").values())
    if not logs:
        return pl.DataFrame()
    rows = pl.concat(logs, how="diagonal_relaxed").sort("said_file", "said_row")
    return rows.select(
        session_id=pl.col("cohort_id") + "-" + pl.col("session_number").cast(pl.String).str.zfill(2),
        cohort_id="cohort_id",
        session_number="session_number",
        held_on="held_on",
        attendance=pl.col("attendance").cast(pl.Int64),
        practices=redact_labels(rows.select("practices"), known)["practices"],
        adherence=pl.col("adherence").cast(pl.Int64),
    ).unique("session_id", keep="last", maintain_order=True)


def _quotable(answers: pl.DataFrame, roster: pl.DataFrame, people: Pseudonyms) -> pl.DataFrame:
    """Without the comments of people who were asked whether they may be quoted and did not say yes, in any cohort."""
    unwilling = people(roster.filter(~pl.col("quotes"))["person"])
    kept = pl.col("participant_id").is_in(unwilling.implode()).fill_null(False).not_()
    return answers.with_columns(pl.when(kept).then(pl.col(c)).alias(c) for c in _comment_columns(answers))


def _comments(
    answers: list[pl.DataFrame], known: Known, cohorts: list[Cohort], keys: Keys, shredded: list[int]
) -> pl.DataFrame:
    """Redacted free texts. The id depends on the redacted text: an edited comment must be approved again. Those of
    `shredded` files were redacted before the names that they were searched for went."""
    years = {c.id: c.academic_year for c in cohorts}
    long = [
        rows.select(
            "file", "response_id", "cohort_id", question=pl.lit(name.removeprefix(COMMENT)), written=pl.col(name)
        )
        for rows in answers
        for name in _comment_columns(rows)
    ]
    if not long:
        return pl.DataFrame()
    rows = pl.concat(long).filter(pl.col("written").is_not_null())
    before = pl.col("file").is_in(shredded)
    rows = rows.hstack(redact(rows["written"], known, strangers=True)).with_columns(
        text=pl.when(before).then("written").otherwise("text"),
        redactions=pl.when(before).then(pl.col("written").str.count_matches(_PLACEHOLDER)).otherwise("redactions"),
    )
    said = rows.select(pl.concat_str("response_id", "question", "text", separator="\x1f")).to_series()
    return rows.select(
        pseudonyms(said, keys.purpose("comment"), "c-").alias("comment_id"),
        "cohort_id",
        pl.col("cohort_id").replace_strict(years, return_dtype=pl.String).alias("academic_year"),
        "question",
        "text",
        pl.col("redactions").cast(pl.Int64),
        "response_id",
    ).sort("comment_id")


def _fingerprints(rows: pl.DataFrame, keys: Keys) -> pl.DataFrame:
    """Keyed, because a roster row could be guessed from a plain hash."""
    said = rows.select(pl.exclude("file", "row", "record", "said_file", "said_row").cast(pl.String).fill_null(""))
    text = said.select(pl.concat_str(pl.all(), separator="\x1f")).to_series()
    return rows.select("file", pseudonyms(text, keys.purpose("row"), "k-").alias("fingerprint"))
