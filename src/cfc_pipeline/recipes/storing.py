"""What came in -> the warehouse: anonymised, written, scored, estimated, and counted."""

from datetime import datetime, timedelta

import polars as pl

from cfc_pipeline import __version__
from cfc_pipeline.identity import approvals
from cfc_pipeline.identity.anonymise import Safe, anonymise
from cfc_pipeline.identity.keys import Keys
from cfc_pipeline.identity.known import Known
from cfc_pipeline.intake import moves
from cfc_pipeline.measures.instruments import instrument_rows, item_rows
from cfc_pipeline.measures.scoring import score
from cfc_pipeline.outcomes import estimates
from cfc_pipeline.outcomes.key_checks import key_checks, straight_lines
from cfc_pipeline.outcomes.sessions import crowded
from cfc_pipeline.programme import Cohort
from cfc_pipeline.recipes import twice
from cfc_pipeline.recipes.basis import Basis, Came
from cfc_pipeline.recipes.entries import not_asked
from cfc_pipeline.recipes.ledger import check_balance, quality_rows, reasons, settled
from cfc_pipeline.recipes.report import IngestReport
from cfc_pipeline.recipes.themes import store_themes
from cfc_pipeline.warehouse.layout import dictionary
from cfc_pipeline.warehouse.store import Connection, value
from cfc_pipeline.warehouse.write import keep_only, known_rows, replace_table, write_responses, write_session_feedback
from schemas.tables import FATES, TABLES, polars_schema

_RUN = "%Y%m%dT%H%M%SZ"
# As `_RUN` writes it; started_at is ISO 8601 in UTC.
_LAST_STARTED = """
    SELECT strftime(started_at::TIMESTAMP, '%Y%m%dT%H%M%SZ') FROM pipeline_run ORDER BY run_id DESC LIMIT 1
"""


def store_everything(con: Connection, basis: Basis, came: Came) -> IngestReport:
    """Anonymise and write; score; estimate; and tell what became of every row."""
    programme, instruments, intake = basis.programme, basis.instruments, came.intake
    several = {**moves.counts(intake.roster, programme.cohorts), "not listed": intake.not_listed}
    passed_over = intake.twice
    safe = anonymise(intake, programme.surveys, programme.cohorts, basis.keys, came.people)
    intake.forget()
    _store_settings(con, basis)
    replace_table(con, "participant", safe.participants)
    replace_table(con, "link", came.recognised.table)
    replace_table(con, "session", safe.sessions)
    taken_back = keep_only(con, safe.response_ids())
    unchanged = _store_rows(con, safe, basis.keys)
    _store_comments(con, safe, basis, came.people)
    write_session_feedback(con)
    score(con, instruments, not_asked(programme, instruments))
    estimates.write(con, instruments, programme.role_groups, programme.reliable_change, programme.attended_often)
    ledger = settled(intake.ledger, unchanged)
    check_balance(ledger, intake.rows_in)
    replace_table(con, "data_quality", quality_rows(ledger, came.received))
    held = reasons(intake.quarantine)
    outside = held.filter(pl.col("reason").str.contains("outside"))["survey_id"].unique().to_list()
    last = value(con, "SELECT max(run_id) FROM pipeline_run")
    report = IngestReport(
        run_id=_run_id(last, basis.now),
        clock_behind=bool(last) and f"{basis.now:{_RUN}}" < value(con, _LAST_STARTED),
        ledger=ledger,
        reasons=held,
        doubts=key_checks(con, instruments, outside),
        straight=straight_lines(con, instruments),
        several=several,
        crowded=[f"{cohort} session {session}" for cohort, session in crowded(con)],
        twice=twice.told(con, passed_over),
        taken_back=taken_back,
        comments_waiting=value(con, "SELECT count(*) FROM comment WHERE state = 'waiting'"),
    )
    _note_run(con, report, basis.now)
    return report


def _store_settings(con: Connection, basis: Basis) -> None:
    replace_table(con, "cohort", _cohorts(basis.programme.cohorts))
    replace_table(con, "instrument", instrument_rows(basis.instruments))
    replace_table(con, "item", item_rows(basis.instruments))
    replace_table(con, "data_dictionary", dictionary())


def _store_rows(con: Connection, safe: Safe, keys: Keys) -> dict[str, dict[int, int]]:
    """Survey: how many rows of each file were known already."""
    secret = keys.purpose("content").hex()
    # Each survey's rows are let go as soon as they are written.
    unchanged = {s: write_responses(con, safe.answers.pop(s), safe.comments, secret) for s in list(safe.answers)}
    replace_table(con, "unanswered", safe.unanswered)
    return unchanged | {survey: known_rows(con, survey, rows) for survey, rows in safe.facts.items()}


def _store_comments(con: Connection, safe: Safe, basis: Basis, people: Known) -> None:
    comments = approvals.with_states(safe.comments, approvals.read(basis.programme.folder), people)
    replace_table(con, "comment", comments)
    store_themes(con, basis.coding, safe.comments, comments, people)


def _cohorts(cohorts: list[Cohort]) -> pl.DataFrame:
    rows = [(c.id, c.label, c.academic_year, c.start, c.end, c.region, c.phase) for c in cohorts]
    return pl.DataFrame(rows, schema=polars_schema(TABLES["cohort"]), orient="row")


def _run_id(last: str | None, now: datetime) -> str:
    """Its time, so that runs sort; after the last one's, whatever a clock says that was set back since."""
    if last is None or last < f"{now:{_RUN}}":
        return f"{now:{_RUN}}"
    return f"{datetime.strptime(last, _RUN) + timedelta(seconds=1):{_RUN}}"


def _note_run(con: Connection, report: IngestReport, now: datetime) -> None:
    sums = report.totals
    files = report.ledger["file"].n_unique()
    note = [report.run_id, now.isoformat(timespec="seconds"), __version__, files, report.rows_in]
    columns = list(polars_schema(TABLES["pipeline_run"]))
    marks = ", ".join("?" * len(columns))
    con.execute(
        f"INSERT INTO pipeline_run ({', '.join(columns)}) VALUES ({marks})", [*note, *(sums[fate] for fate in FATES)]
    )
