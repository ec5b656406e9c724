"""Opening the warehouse: one writer at a time, in a transaction, at the newest layout."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb

from cfc_pipeline.errors import StoreBusy, StoreError
from cfc_pipeline.warehouse.layout import VIEWS, create_table, create_view
from schemas.tables import TABLES

Connection = duckdb.DuckDBPyConnection

# DuckDB 2 would write files that analysts' 1.5 tools cannot open.
FILE_FORMAT = "v1.5.0"


def _make(con: Connection) -> None:
    """A new warehouse, by the contracts as they are now."""
    for name in TABLES:
        if name not in VIEWS:
            create_table(con, name)
    for name, query in VIEWS.items():
        create_view(con, name, query)
    # Which rows of rosters and session logs are known, as keyed fingerprints; for the ledger only.
    con.execute("CREATE TABLE known_row (survey_id VARCHAR NOT NULL, fingerprint VARCHAR NOT NULL)")


def _add_forms(con: Connection) -> None:
    con.execute("""
        CREATE TABLE unanswered (
            response_id VARCHAR NOT NULL, instrument VARCHAR NOT NULL, item BIGINT NOT NULL, reason VARCHAR NOT NULL
        );
        CREATE TABLE form_version (
            survey_id VARCHAR NOT NULL, version VARCHAR NOT NULL, instrument VARCHAR NOT NULL,
            file_number BIGINT NOT NULL, received_on DATE NOT NULL, state VARCHAR NOT NULL, since VARCHAR NOT NULL
        );
        CREATE TABLE form_question (
            survey_id VARCHAR NOT NULL, version VARCHAR NOT NULL, position BIGINT NOT NULL,
            column_name VARCHAR NOT NULL, instrument VARCHAR, item BIGINT, wording VARCHAR, choices VARCHAR
        );
        CREATE TABLE trend_break (
            instrument VARCHAR NOT NULL, survey_id VARCHAR NOT NULL, version VARCHAR NOT NULL,
            from_year VARCHAR NOT NULL, to_year VARCHAR NOT NULL, state VARCHAR NOT NULL
        );
    """)


def _add_links(con: Connection) -> None:
    con.execute("""
        CREATE TABLE link (
            participant_id VARCHAR NOT NULL, cohort_id VARCHAR NOT NULL, time_point VARCHAR NOT NULL,
            survey_id VARCHAR NOT NULL, kind VARCHAR NOT NULL, how VARCHAR NOT NULL, chance DOUBLE
        );
        ALTER TABLE paired_change ADD COLUMN n_linked BIGINT;
        ALTER TABLE paired_change ADD COLUMN n_unclear BIGINT;
        ALTER TABLE paired_change ADD COLUMN false_links DOUBLE;
    """)


def _add_not_asked(con: Connection) -> None:
    """Scores that a form does not ask for have a state of their own."""
    create_view(con, "scale_score", VIEWS["scale_score"])


def _add_purposes(con: Connection) -> None:
    con.execute("""
        ALTER TABLE participant ADD COLUMN consent_version VARCHAR;
        ALTER TABLE participant ADD COLUMN shares BOOLEAN;
    """)


def _add_prediction(con: Connection) -> None:
    con.execute("""
        ALTER TABLE paired_change ADD COLUMN prediction_low DOUBLE;
        ALTER TABLE paired_change ADD COLUMN prediction_high DOUBLE;
    """)


def _add_impact_shares(con: Connection) -> None:
    con.execute("""
        ALTER TABLE impact_distribution ADD COLUMN increased BOOLEAN;
        CREATE TABLE impact_share (
            level VARCHAR NOT NULL, cohort_id VARCHAR, academic_year VARCHAR, role_group VARCHAR,
            instrument VARCHAR NOT NULL, item BIGINT NOT NULL, n_increased BIGINT NOT NULL, base BIGINT NOT NULL,
            n_schools BIGINT NOT NULL, percent DOUBLE, ci_low DOUBLE, ci_high DOUBLE
        );
    """)


def _add_attrition(con: Connection) -> None:
    con.execute("""
        CREATE TABLE attrition (
            level VARCHAR NOT NULL, cohort_id VARCHAR, academic_year VARCHAR, instrument VARCHAR NOT NULL,
            subscale VARCHAR NOT NULL, n_stayed BIGINT NOT NULL, n_left BIGINT NOT NULL, left_schools BIGINT NOT NULL,
            stayed_mean DOUBLE, stayed_sd DOUBLE, left_mean DOUBLE, left_sd DOUBLE, difference DOUBLE, ci_low DOUBLE,
            ci_high DOUBLE, g DOUBLE, mean_change DOUBLE, if_unchanged DOUBLE, if_worst DOUBLE, would_need DOUBLE
        );
        CREATE TABLE attrition_support (
            instrument VARCHAR NOT NULL, subscale VARCHAR NOT NULL, cohort_id VARCHAR NOT NULL,
            academic_year VARCHAR NOT NULL, school_id VARCHAR NOT NULL, n BIGINT NOT NULL
        );
    """)


def _add_kinds_of_breaks(con: Connection) -> None:
    """Until now every break was a form's."""
    con.execute("""
        ALTER TABLE trend_break ADD COLUMN kind VARCHAR DEFAULT 'form';
        ALTER TABLE trend_break ALTER COLUMN kind DROP DEFAULT;
        ALTER TABLE trend_break ALTER COLUMN kind SET NOT NULL;
        ALTER TABLE trend_break ADD COLUMN detail VARCHAR;
        ALTER TABLE trend_break ALTER COLUMN survey_id DROP NOT NULL;
        ALTER TABLE trend_break ALTER COLUMN version DROP NOT NULL;
    """)


def _add_themes(con: Connection) -> None:
    con.execute("""
        CREATE TABLE theme (
            theme VARCHAR NOT NULL, position BIGINT NOT NULL, label VARCHAR NOT NULL, definition VARCHAR NOT NULL
        );
        CREATE TABLE comment_code (comment_id VARCHAR NOT NULL, coder VARCHAR NOT NULL, theme VARCHAR NOT NULL);
        CREATE TABLE theme_count (
            level VARCHAR NOT NULL, academic_year VARCHAR, theme VARCHAR, n_comments BIGINT NOT NULL,
            n_people BIGINT NOT NULL, n_schools BIGINT NOT NULL
        );
        CREATE TABLE theme_agreement (
            theme VARCHAR, n_both BIGINT NOT NULL, kappa DOUBLE, kappa_low DOUBLE, kappa_high DOUBLE, alpha DOUBLE
        );
    """)


def _add_cluster_intervals(con: Connection) -> None:
    con.execute("""
        ALTER TABLE paired_change ADD COLUMN cluster_low DOUBLE;
        ALTER TABLE paired_change ADD COLUMN cluster_high DOUBLE;
    """)


def _add_reliability(con: Connection) -> None:
    con.execute("""
        CREATE TABLE reliability (
            level VARCHAR NOT NULL, academic_year VARCHAR, instrument VARCHAR NOT NULL, subscale VARCHAR NOT NULL,
            time_point VARCHAR NOT NULL, n BIGINT NOT NULL, n_schools BIGINT NOT NULL, n_items BIGINT NOT NULL,
            alpha DOUBLE, alpha_low DOUBLE, alpha_high DOUBLE, omega DOUBLE,
            item_rest_mean DOUBLE, item_rest_lowest DOUBLE, lowest_item BIGINT
        )
    """)


def _add_trend_of_sessions(con: Connection) -> None:
    con.execute("""
        CREATE TABLE session_trend (
            level VARCHAR NOT NULL, cohort_id VARCHAR, academic_year VARCHAR, question VARCHAR NOT NULL,
            n_cohorts BIGINT NOT NULL, n_sessions BIGINT NOT NULL, mean DOUBLE, mean_low DOUBLE, mean_high DOUBLE,
            slope DOUBLE, slope_low DOUBLE, slope_high DOUBLE, sd_forms DOUBLE, sd_sessions DOUBLE, sd_cohorts DOUBLE
        );
        CREATE TABLE session_response (
            level VARCHAR NOT NULL, cohort_id VARCHAR, academic_year VARCHAR, session_number BIGINT,
            n_sessions BIGINT NOT NULL, n_schools BIGINT NOT NULL, forms BIGINT, attendance BIGINT, percent DOUBLE,
            ci_low DOUBLE, ci_high DOUBLE
        )
    """)


def _add_effect_sizes(con: Connection) -> None:
    con.execute("""
        CREATE TABLE effect_sizes (
            level VARCHAR NOT NULL, cohort_id VARCHAR, academic_year VARCHAR, instrument VARCHAR NOT NULL,
            subscale VARCHAR NOT NULL, from_time_point VARCHAR NOT NULL, to_time_point VARCHAR NOT NULL,
            n_paired BIGINT NOT NULL, d_z DOUBLE, d_av DOUBLE, d_rm DOUBLE, d_before DOUBLE, g_before DOUBLE,
            g_before_low DOUBLE, g_before_high DOUBLE, n_changed BIGINT, rank_biserial DOUBLE, rank_p DOUBLE,
            boot_low DOUBLE, boot_high DOUBLE
        );
    """)


def _add_reliable_change(con: Connection) -> None:
    con.execute("""
        CREATE TABLE reliable_change (
            level VARCHAR NOT NULL, academic_year VARCHAR, instrument VARCHAR NOT NULL, subscale VARCHAR NOT NULL,
            from_time_point VARCHAR NOT NULL, to_time_point VARCHAR NOT NULL, n_paired BIGINT NOT NULL,
            n_schools BIGINT NOT NULL, recovered BIGINT, improved BIGINT, unchanged BIGINT, deteriorated BIGINT,
            harmed BIGINT, threshold DOUBLE, at_least BOOLEAN, cut_off DOUBLE, rule VARCHAR NOT NULL
        )
    """)


def _add_adherence(con: Connection) -> None:
    con.execute("""
        CREATE TABLE session_adherence (
            level VARCHAR NOT NULL, cohort_id VARCHAR, academic_year VARCHAR, n_cohorts BIGINT NOT NULL,
            n_sessions BIGINT NOT NULL, n_rated BIGINT NOT NULL, adherence DOUBLE NOT NULL
        );
    """)


def _add_mixed_model(con: Connection) -> None:
    con.execute("""
        CREATE TABLE mixed_model (
            level VARCHAR NOT NULL, academic_year VARCHAR, instrument VARCHAR NOT NULL, subscale VARCHAR NOT NULL,
            from_time_point VARCHAR NOT NULL, to_time_point VARCHAR NOT NULL, n_people BIGINT NOT NULL,
            n_responses BIGINT NOT NULL, n_times BIGINT NOT NULL, n_schools BIGINT NOT NULL, n_late BIGINT NOT NULL,
            late_schools BIGINT NOT NULL, change DOUBLE, standard_error DOUBLE, ci_low DOUBLE, ci_high DOUBLE,
            person_sd DOUBLE NOT NULL, rest_sd DOUBLE NOT NULL
        );
    """)


def _add_attendance(con: Connection) -> None:
    con.execute("""
        ALTER TABLE participant ADD COLUMN sessions_attended BIGINT;
        CREATE TABLE attendance_change (
            level VARCHAR NOT NULL, academic_year VARCHAR, instrument VARCHAR NOT NULL, subscale VARCHAR NOT NULL,
            n_often BIGINT NOT NULL, often_mean DOUBLE, often_sd DOUBLE, n_less BIGINT NOT NULL, less_mean DOUBLE,
            less_sd DOUBLE, difference DOUBLE, ci_low DOUBLE, ci_high DOUBLE, n_unknown BIGINT NOT NULL,
            rank_correlation DOUBLE, rank_low DOUBLE, rank_high DOUBLE
        );
        CREATE TABLE attendance_support (
            instrument VARCHAR NOT NULL, subscale VARCHAR NOT NULL, cohort_id VARCHAR NOT NULL,
            academic_year VARCHAR NOT NULL, school_id VARCHAR NOT NULL, came VARCHAR NOT NULL, n BIGINT NOT NULL
        );
    """)


# What turns a warehouse of version 1 into one of version 2, and so on. A step that has been released is never changed
# again. A new warehouse needs none of them.
MIGRATIONS: list[Callable[[Connection], None]] = [
    _add_forms,
    _add_links,
    _add_not_asked,
    _add_purposes,
    _add_prediction,
    _add_impact_shares,
    _add_attrition,
    _add_kinds_of_breaks,
    _add_themes,
    _add_cluster_intervals,
    _add_reliability,
    _add_trend_of_sessions,
    _add_reliable_change,
    _add_adherence,
    _add_effect_sizes,
    _add_mixed_model,
    _add_attendance,
]


@contextmanager
def writing(
    path: Path, *, dry_run: bool = False, after: Callable[[Connection], None] | None = None
) -> Iterator[Connection]:
    """A connection to the warehouse inside one transaction: committed at the end, undone by any error or `dry_run`.

    `after` is called with the connection once everything is committed. Raises StoreBusy when another process writes,
    StoreError when the file is damaged or newer than this version.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    place = Path(":memory:") if dry_run and not path.exists() else path
    # After an error, closing undoes whatever the open transaction did.
    with _private_files(), closing(_connect(place)) as con:
        if path.exists():
            path.chmod(0o600)
        con.execute("BEGIN")
        migrate(con)
        yield con
        con.execute("ROLLBACK" if dry_run else "COMMIT")
        if not dry_run:
            con.execute("CHECKPOINT")
            if after:
                after(con)


@contextmanager
def _private_files() -> Iterator[None]:
    """From the first byte: a run that is killed leaves its files, and DuckDB's log beside them, as they are."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def reading(path: Path) -> Iterator[Connection]:
    """A read-only connection, for the analysts' copy."""
    if not path.exists():
        raise StoreError("There are no data yet.", where=path.name, next_step="run `cfc-pipeline ingest` first")
    con = _connect(path, read_only=True)
    try:
        yield con
    finally:
        con.close()


def _connect(path: Path, *, read_only: bool = False) -> Connection:
    # Extensions are downloads; this program needs none and must not reach out for one.
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "storage_compatibility_version": FILE_FORMAT,
    }
    try:
        return duckdb.connect(str(path), read_only=read_only, config=config)
    except duckdb.IOException as error:
        holder = re.search(r"PID (\d+)", str(error))
        if "lock" in str(error):
            raise StoreBusy(
                "Another run is writing the warehouse.",
                where=f"process {holder[1]}" if holder else path.name,
                next_step="wait until it has finished; analysts should open data/analysis.duckdb instead",
            ) from None
        raise _damaged(path) from None
    except duckdb.Error:
        raise _damaged(path) from None


def _damaged(path: Path) -> StoreError:
    return StoreError(
        "The database cannot be opened.",
        where=path.name,
        next_step="move the file away and run `cfc-pipeline ingest`: it is rebuilt from the sealed raw copies",
    )


def value(con: Connection, query: str) -> Any:
    """The one value that a query gives. All rows are fetched: DuckDB 2 keeps a connection busy until they are."""
    ((found,),) = con.execute(query).fetchall()
    return found


def migrate(con: Connection) -> None:
    """Bring the layout to the newest version; refuse a file that a newer cfc-pipeline wrote."""
    con.execute("CREATE TABLE IF NOT EXISTS layout_version (version INTEGER NOT NULL)")
    version = value(con, "SELECT coalesce(max(version), 0) FROM layout_version")
    newest = len(MIGRATIONS) + 1
    if version > newest:
        raise StoreError(
            "The warehouse was written by a newer version of cfc-pipeline.",
            where=f"layout {version}, this version knows {newest}",
            next_step="install the newer version",
        )
    for step in MIGRATIONS[version - 1 :] if version else [_make]:
        step(con)
    if version < newest:
        con.execute("INSERT INTO layout_version VALUES (?)", [newest])
