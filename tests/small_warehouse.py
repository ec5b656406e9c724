"""A real, empty warehouse in memory, and the shortest way to put people, answers and scores into it."""

from collections.abc import Mapping, Sequence

import duckdb
import polars as pl

from cfc_pipeline.outcomes.paired import PAIRED_SUPPORT, paired_change
from cfc_pipeline.warehouse.layout import create_table
from cfc_pipeline.warehouse.migrations import migrate
from schemas.tables import TABLES

Connection = duckdb.DuckDBPyConnection

# Sheets of scores that are there without answers.
SCORE_SHEETS = """
    CREATE OR REPLACE VIEW score_sheet AS
    SELECT response_id, instrument, list(subscale ORDER BY subscale) AS subscales,
           list(score ORDER BY subscale) AS scores
    FROM (SELECT DISTINCT response_id, instrument FROM scale_score)
         JOIN (SELECT DISTINCT instrument, subscale FROM scale_score) USING (instrument)
         LEFT JOIN scale_score USING (response_id, instrument, subscale)
    GROUP BY ALL
"""


def empty() -> Connection:
    con = duckdb.connect()
    migrate(con)
    return con


def add(con: Connection, table: str, *rows: Mapping[str, object]) -> None:
    """Rows by column name; columns that are not given stay empty."""
    for row in rows:
        marks = ", ".join("?" * len(row))
        con.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))


def cohort(con: Connection, cohort_id: str, year: str = "2024/25") -> None:
    days = {"starts_on": "2024-09-02", "ends_on": "2025-07-04"}
    add(con, "cohort", {"cohort_id": cohort_id, "label": cohort_id.upper(), "academic_year": year, **days})


def person(con: Connection, number: object, cohort_id: str, school: str | None = None, **given: bool) -> str:
    facts = {"on_roster": True, "consented": True, "withdrawn": False, **given}
    name = f"p-{number}"
    add(con, "participant", {"participant_id": name, "cohort_id": cohort_id, "school_id": school, **facts})
    return name


def people(con: Connection, rows: pl.DataFrame) -> None:
    """participant_id, cohort_id, school_id: many people at once, who all agreed."""
    con.register("given", rows.to_arrow())
    con.execute("""
        INSERT INTO participant BY NAME
        SELECT *, true AS on_roster, true AS consented, false AS withdrawn FROM given
    """)
    con.unregister("given")


def response(con: Connection, person_id: str | None, cohort_id: str, time_point: str | None, **given: object) -> str:
    (number,) = con.sql("SELECT count(*) FROM response").fetchall()[0]
    row = {"response_id": f"r-{number:06}", "survey_id": "s", "kind": "scale", "complete": True, "status": "counted"}
    row |= {"participant_id": person_id, "cohort_id": cohort_id, "time_point": time_point, "content_hash": "h", **given}
    add(con, "response", row)
    return str(row["response_id"])


def answers(con: Connection, response_id: str, instrument: str, values: Mapping[int, int]) -> None:
    sheet = [values.get(item) for item in range(1, max(values) + 1)]
    add(con, "answer_sheet", {"response_id": response_id, "instrument": instrument, "answers": sheet})


def scores(con: Connection, rows: pl.DataFrame) -> None:
    """participant_id, cohort_id, time_point, score; and instrument and subscale, unless they are all one."""
    filled = {
        "instrument": pl.lit("brs"),
        "subscale": pl.lit("total"),
        "items_answered": pl.lit(6),
        "items_expected": pl.lit(6),
        "state": pl.lit("scored"),
    }
    rows = rows.with_columns(**{name: value for name, value in filled.items() if name not in rows.columns})
    if "response_id" not in rows.columns:  # one response holds all subscales; what comes twice is of a second one
        form = ["participant_id", "cohort_id", "time_point"]
        again = pl.int_range(pl.len()).over(*form, "instrument", "subscale")
        rows = rows.with_columns(response_id=pl.format("r-{}-{}-{}-{}", *form, again))
    con.register("given", rows.to_arrow())
    if not con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'scale_score'").fetchall():
        con.execute("DROP VIEW scale_score")  # scores of no answers
        create_table(con, "scale_score")
        con.execute(SCORE_SHEETS)
    con.execute("INSERT INTO scale_score BY NAME FROM given")
    con.execute("""
        INSERT INTO response BY NAME
        SELECT DISTINCT response_id, 's' AS survey_id, 'scale' AS kind, cohort_id, participant_id, time_point,
               true AS complete, 'counted' AS status, 'h' AS content_hash FROM given
    """)
    con.unregister("given")


def pairs(con: Connection, cohort_id: str, before: Sequence[float], after: Sequence[float], **given: str) -> None:
    """People of one cohort, each in a school of their own, with scores before and after."""
    names = [f"p-{cohort_id}-{i}" for i in range(len(before))]
    schools = [f"s-{cohort_id}-{i}" for i in range(len(before))]
    people(con, pl.DataFrame({"participant_id": names, "cohort_id": cohort_id, "school_id": schools}))
    times = {given.get("start", "pre"): before, given.get("end", "post"): after}
    for time_point, values in times.items():
        rows = {"participant_id": names, "cohort_id": cohort_id, "time_point": time_point, "score": values}
        frame = pl.DataFrame(rows, schema_overrides={"score": pl.Float64})
        scores(con, frame.with_columns(response_id=pl.format("r-{}-{}", "participant_id", "time_point")))


def paired_support(con: Connection) -> pl.DataFrame:
    paired_change(con)
    return TABLES["paired_support"].validate(con.sql(PAIRED_SUPPORT).pl()).lazy().collect()
