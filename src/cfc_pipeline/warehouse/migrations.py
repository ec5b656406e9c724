"""The layout of a warehouse, version by version: what an older file needs to become one of today."""

from collections.abc import Callable

import duckdb

from cfc_pipeline.errors import StoreError
from cfc_pipeline.warehouse.layout import VIEWS, create_table, create_view
from schemas.tables import TABLES

Connection = duckdb.DuckDBPyConnection


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


def _add_advised_people(con: Connection) -> None:
    con.execute("ALTER TABLE instrument ADD COLUMN advised_people BIGINT")


def _add_from_expected(con: Connection) -> None:
    con.execute("ALTER TABLE reliable_change ADD COLUMN from_expected BOOLEAN")


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
    _add_advised_people,
    _add_from_expected,
]


def migrate(con: Connection) -> None:
    """Bring the layout to the newest version; refuse a file that a newer cfc-pipeline wrote."""
    con.execute("CREATE TABLE IF NOT EXISTS layout_version (version INTEGER NOT NULL)")
    ((version,),) = con.execute("SELECT coalesce(max(version), 0) FROM layout_version").fetchall()
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
