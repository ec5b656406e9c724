"""The benchmark's programme: as wide as the target says, and readable like any other."""

from pathlib import Path

import polars as pl
import pytest

from cfc_pipeline.demo.grown import ITEMS, ROSTER, build_large
from cfc_pipeline.intake.recognise import assign
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.sources import read_export


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_large(tmp_path_factory.mktemp("grown") / "programme", responses=240, cohorts=6)


def test_programme_loads_and_spreads_cohorts_over_years(export: Path) -> None:
    programme = load_programme(export.parent.parent)
    assert programme.synthetic
    assert {c.academic_year for c in programme.cohorts} == {"2023/24", "2024/25", "2025/26"}


def test_export_is_44_columns_of_one_response_each(export: Path) -> None:
    table = read_export(export.read_bytes(), export.name)
    rows = table.rows.collect()
    programme = load_programme(export.parent.parent)
    assert table.tool == "qualtrics"
    assert assign(table, export.name, programme.surveys).id == "national"
    assert (rows.height, len(table.columns), len(ITEMS)) == (240, 44, 39)
    assert rows["_record"].is_unique().all()
    assert rows["_complete"].all()


def test_everybody_answers_before_and_after_within_the_scale(export: Path) -> None:
    table = read_export(export.read_bytes(), export.name)
    rows = table.rows.collect()
    assert rows.group_by("externalDataReference").agg(pl.col("wave").n_unique())["wave"].unique().to_list() == [2]
    items = [c.key for c in table.columns if c.key.startswith("QID")]
    values = rows.select(pl.concat_list(pl.col(items).cast(pl.Int8)).alias("v"))["v"].explode()
    assert (values.min(), values.max()) == (1, 10)


def test_everybody_is_on_the_roster(export: Path) -> None:
    roster = pl.read_csv(export.parent / ROSTER)
    answered = read_export(export.read_bytes(), export.name).rows.collect()["externalDataReference"].unique()
    assert set(roster["Code"]) == set(answered)
    assert roster["Cohort"].n_unique() == 6


def test_same_seed_same_bytes(export: Path, tmp_path: Path) -> None:
    again = build_large(tmp_path / "again", responses=240, cohorts=6)
    assert again.read_bytes() == export.read_bytes()
