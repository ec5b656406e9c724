"""A column that is added by a migration: in a new warehouse, in an old one, and where its place differs."""

from datetime import date

import polars as pl
import pytest

from cfc_pipeline.warehouse import migrations
from cfc_pipeline.warehouse.migrations import MIGRATIONS, _add_kinds_of_breaks
from cfc_pipeline.warehouse.snapshot import write_analysts_copy
from cfc_pipeline.warehouse.store import reading, writing
from cfc_pipeline.warehouse.write import replace_table
from schemas.tables import TABLES, polars_schema

ROW = ("c1", "A label", "2025/26", date(2025, 9, 1), date(2026, 7, 1), "A region", "A phase")
COHORTS = pl.DataFrame([ROW], schema=polars_schema(TABLES["cohort"]), orient="row")


def add_region(con):
    """What brings a warehouse from before there was a region up to date: the new column comes last."""
    con.execute("ALTER TABLE cohort ADD COLUMN region VARCHAR")


@pytest.fixture
def old(tmp_path):
    with writing(tmp_path / "warehouse.duckdb") as con:
        con.execute("ALTER TABLE cohort DROP COLUMN region")
    return tmp_path / "warehouse.duckdb"


def test_an_old_warehouse_gets_the_column_once_and_every_value_in_its_own(old, tmp_path, monkeypatch):
    monkeypatch.setattr(migrations, "MIGRATIONS", [*MIGRATIONS, add_region])
    for _ in range(2):
        with writing(old, after=lambda con: write_analysts_copy(con, tmp_path / "analysis.duckdb")) as con:
            replace_table(con, "cohort", COHORTS)
            assert con.execute("SELECT label, region, phase FROM cohort").fetchall() == [("A label", *ROW[5:])]
    with reading(tmp_path / "analysis.duckdb") as con:
        assert con.execute("FROM cohort").fetchall() == [ROW]


def test_a_new_warehouse_has_the_column_already(tmp_path, monkeypatch):
    monkeypatch.setattr(migrations, "MIGRATIONS", [*MIGRATIONS, add_region])
    for _ in range(2):
        with writing(tmp_path / "new.duckdb") as con:
            replace_table(con, "cohort", COHORTS)
            assert con.execute("FROM layout_version").fetchall() == [(len(MIGRATIONS) + 2,)]


def shape(con):
    tables = (
        "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() WHERE NOT internal ORDER BY ALL"
    )
    return con.execute(tables).fetchall()


def test_a_warehouse_of_the_first_layout_becomes_a_new_one(tmp_path):
    with writing(tmp_path / "new.duckdb") as con:
        new = shape(con)
    with writing(tmp_path / "old.duckdb") as con:
        for table in (
            "unanswered",
            "form_version",
            "form_question",
            "trend_break",
            "link",
            "attrition",
            "attrition_support",
            "effect_sizes",
            "mixed_model",
            "attendance_change",
            "attendance_support",
            "theme",
            "comment_code",
            "theme_count",
            "theme_agreement",
            "reliability",
            "session_trend",
            "session_response",
            "reliable_change",
            "session_adherence",
        ):
            con.execute(f"DROP TABLE {table}")
        for column in (
            "n_linked",
            "n_unclear",
            "false_links",
            "prediction_low",
            "prediction_high",
            "cluster_low",
            "cluster_high",
        ):
            con.execute(f"ALTER TABLE paired_change DROP COLUMN {column}")
        con.execute("ALTER TABLE impact_distribution DROP COLUMN increased; DROP TABLE impact_share")
        for column in ("consent_version", "shares", "sessions_attended"):
            con.execute(f"ALTER TABLE participant DROP COLUMN {column}")
        con.execute("ALTER TABLE instrument DROP COLUMN advised_people")
        con.execute("UPDATE layout_version SET version = 1")
    with writing(tmp_path / "old.duckdb") as con:
        assert shape(con) == new


def test_a_break_of_before_there_were_kinds_is_one_of_a_form(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    with writing(path) as con:
        con.execute("""
            ALTER TABLE trend_break DROP COLUMN kind; ALTER TABLE trend_break DROP COLUMN detail;
            ALTER TABLE trend_break ALTER COLUMN survey_id SET NOT NULL;
            ALTER TABLE trend_break ALTER COLUMN version SET NOT NULL;
            INSERT INTO trend_break VALUES ('brs', 's', 'f-1', '2023/24', '2024/25', 'declared');
        """)
        _add_kinds_of_breaks(con)
        rows = con.execute("SELECT instrument, kind, survey_id, detail FROM trend_break").fetchall()
        assert rows == [("brs", "form", "s", None)]
