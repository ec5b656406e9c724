"""A small synthetic programme in a DuckDB database, for the tests of disclosure/ and of the tables. Nobody is behind
it. Estimates come from outcomes/ itself, so that what is hidden is what really would be published."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import polars as pl

from cfc_pipeline.measures.instruments import instrument_rows, item_rows, load_instruments
from cfc_pipeline.outcomes import estimates
from cfc_pipeline.warehouse.layout import create_table
from cfc_pipeline.warehouse.write import replace_table
from schemas.tables import TABLES, polars_schema
from tests.small_warehouse import SCORE_SHEETS

INSTRUMENTS = load_instruments()
SUBSCALES = (("brs", "resilience"), ("ceas_self", "engagement"), ("ceas_self", "action"), ("ceas_self", "total"))
CHOICES = (0.02, 0.03, 0.25, 0.4, 0.3)  # how likely each answer to perceived impact is
RESULTS = (
    "paired_change",
    "paired_support",
    "attrition",
    "attrition_support",
    "effect_sizes",
    "mixed_model",
    "attendance_change",
    "attendance_support",
    "response_flow",
    "feedback_summary",
    "session_trend",
    "session_response",
    "session_adherence",
    "impact_distribution",
    "impact_share",
    "theme_count",
    "theme_agreement",
    "reliability",
    "reliable_change",
)
ROLE_GROUPS = {"Headteachers": ["Headteacher"], "Deputies": ["deputy headteacher "]}
QUESTIONS = ("Usefulness", "Facilitation")


@dataclass(frozen=True)
class Group:
    """One cohort: how many people, of how many schools, and how likely each thing is to be missing."""

    year: str
    people: int
    schools: int = 9
    missing: float = 0.1
    same_answer: bool = False


def small_programme(groups: Sequence[Group], seed: int = 1) -> duckdb.DuckDBPyConnection:
    """A database with every table of the contracts, filled from `groups`."""
    random = np.random.default_rng(seed)
    con = duckdb.connect()
    for name in ("instrument", "item", "comment", "theme", "comment_code", "trend_break", "link", *RESULTS):
        create_table(con, name)
    people = _people(groups, random)
    responses = _responses(people, random)
    _fill(con, "cohort", _cohorts(groups))
    _fill(con, "participant", people)
    _fill(con, "response", responses)
    _fill(con, "scale_score", _scores(responses.filter(pl.col("kind") == "scale"), random))
    con.execute(SCORE_SHEETS)
    _fill(con, "answer_sheet", _sheets(responses.filter(pl.col("kind") == "scale"), random))
    _fill(con, "item_answer", _impact(responses, groups, random))
    sessions, ratings = _feedback(groups, random)
    _fill(con, "session", sessions)
    _fill(con, "session_feedback", ratings)
    _fill(con, "data_quality", _quality(random))
    run = {"run_id": "20260101T030000Z", "started_at": "2026-01-01T03:00:00Z", "version": "0.0.0"}
    numbers = dict.fromkeys(("files_read", "rows_in", "stored", "unchanged", "quarantined", "excluded"), 0)
    _fill(con, "pipeline_run", pl.DataFrame([run | numbers]))
    replace_table(con, "instrument", instrument_rows(INSTRUMENTS))
    replace_table(con, "item", item_rows(INSTRUMENTS))
    estimates.write(con, INSTRUMENTS, ROLE_GROUPS)
    return con


def _fill(con: duckdb.DuckDBPyConnection, name: str, rows: pl.DataFrame) -> None:
    schema = polars_schema(TABLES[name])
    missing = [pl.lit(None).alias(column) for column in schema if column not in rows.columns]
    rows = rows.with_columns(missing).select(pl.col(column).cast(type_) for column, type_ in schema.items())
    con.register("rows", rows.to_arrow())
    con.execute(f"CREATE TABLE {name} AS FROM rows")
    con.unregister("rows")


def _cohorts(groups: Sequence[Group]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "cohort_id": [f"c{i}" for i in range(len(groups))],
            "label": [f"Cohort {i}" for i in range(len(groups))],
            "academic_year": [group.year for group in groups],
            "starts_on": [date(int(group.year[:4]), 9, 4) for group in groups],
            "ends_on": [date(int(group.year[:4]) + 1, 7, 4) for group in groups],
        }
    )


def _people(groups: Sequence[Group], random: np.random.Generator) -> pl.DataFrame:
    rows = [
        {
            "participant_id": f"p-{i}-{j}",
            "cohort_id": f"c{i}",
            "school_id": f"s-{i % 3}-{j % group.schools}",
            "role": "Headteacher" if j % 3 == 0 else "Deputy headteacher" if j % 3 == 1 else None,
            "on_roster": True,
            "consented": random.random() > group.missing / 2,
            "withdrawn": random.random() < group.missing / 2,
            "missing": group.missing,
        }
        for i, group in enumerate(groups)
        for j in range(group.people)
    ]
    return pl.DataFrame(rows)


def _responses(people: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Forms of those who consented and stayed; some people leave some out."""
    rows = [
        {
            "response_id": f"r-{kind[0]}-{time}-{person['participant_id']}",
            "survey_id": f"{kind}_{time}",
            "kind": kind,
            "cohort_id": person["cohort_id"],
            "participant_id": person["participant_id"],
            "time_point": time,
            "complete": True,
            "status": "counted",
            "content_hash": "x",
        }
        for kind, time in (("scale", "pre"), ("scale", "post"), ("scale", "follow_up"), ("perceived_impact", "post"))
        for person in people.filter(pl.col("consented") & ~pl.col("withdrawn")).iter_rows(named=True)
        if random.random() > person["missing"]
    ]
    schema = polars_schema(TABLES["response"])
    return pl.DataFrame(rows, schema={name: schema[name] for name in rows[0]} if rows else schema)


def _scores(responses: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    scores = responses.join(pl.DataFrame(SUBSCALES, schema=["instrument", "subscale"], orient="row"), how="cross")
    values = random.integers(10, 41, scores.height) / 10
    return scores.with_columns(
        score=pl.Series(values), items_answered=pl.lit(6), items_expected=pl.lit(6), state=pl.lit("scored")
    )


def _sheets(responses: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Items that hang together a little; the scores above are not made from them."""
    sheets = [
        (form, name, [int(np.clip(np.rint(random.normal(level, 1)), 1, 5)) for _ in range(INSTRUMENTS[name].items)])
        for form in responses["response_id"]
        for name, level in (("brs", random.normal(3, 1)), ("ceas_self", random.normal(3, 1)))
    ]
    return pl.DataFrame(sheets, schema=polars_schema(TABLES["answer_sheet"]), orient="row")


def _impact(responses: pl.DataFrame, groups: Sequence[Group], random: np.random.Generator) -> pl.DataFrame:
    forms = responses.filter(pl.col("kind") == "perceived_impact")
    same = {f"c{i}" for i, group in enumerate(groups) if group.same_answer}
    # One answer in a row, as item_answer shows them, however the warehouse stores them.
    rows = [
        (form, "cfc_perceived_impact", item, 5 if cohort in same else int(random.choice(5, p=CHOICES)) + 1)
        for form, cohort in forms.select("response_id", "cohort_id").rows()
        for item in range(1, 9)
    ]
    return pl.DataFrame(rows, schema=polars_schema(TABLES["item_answer"]), orient="row")


def _feedback(groups: Sequence[Group], random: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
    sessions, ratings = [], []
    for i, group in enumerate(groups):
        for number in (1, 2, 3):
            present = int(random.integers(0, group.people + 1))
            sessions.append(
                {"session_id": f"c{i}-{number}", "cohort_id": f"c{i}", "session_number": number, "attendance": present}
            )
            for form in range(int(random.integers(0, present + 1))):
                for question in QUESTIONS:
                    rating = 5 if group.same_answer else int(random.integers(2, 6))
                    ratings.append((f"r-f-{i}-{number}-{form}", f"c{i}", number, question, rating))
    columns = ["response_id", "cohort_id", "session_number", "question", "rating"]
    rated = (
        pl.DataFrame(ratings, schema=columns, orient="row")
        if ratings
        else pl.DataFrame(schema=polars_schema(TABLES["session_feedback"]))
    )
    return pl.DataFrame(sessions), rated


def _quality(random: np.random.Generator) -> pl.DataFrame:
    fates = (
        ("stored", ""),
        ("unchanged", ""),
        ("quarantined", "unknown label"),
        ("quarantined", "out of range"),
        ("excluded", "no consent"),
        ("excluded", "test row"),
    )
    rows = [
        (
            f"survey_{survey}",
            number,
            date(2026, 1, 1),
            outcome,
            reason,
            int(random.poisson(20 if outcome == "stored" else 2)),
        )
        for survey in range(3)
        for number in (1, 2)
        for outcome, reason in fates
    ]
    return pl.DataFrame(
        rows, schema=["survey_id", "file_number", "received_on", "outcome", "reason", "rows"], orient="row"
    )
