"""The whole road, judged from outside: the demo's dirt ends where it should. Its figures: tests/golden."""

import os
import shutil
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from cfc_pipeline.demo.build import build_demo
from cfc_pipeline.demo.planted import Planted
from cfc_pipeline.recipes.ingest import ingest
from cfc_pipeline.recipes.report import IngestReport

# Kinds of dirt that must be held back, and why.
QUARANTINED = {
    "unknown_label": "not a number and not a listed answer",
    "excel_mangled": "not a number and not a listed answer",
    "out_of_range": "outside 1 to 10",
    "not_on_roster": "not on the roster",
    "unreadable_date": "date cannot be read",
    "day_and_month_swapped": "date cannot be read",
    "no_session": "session number cannot be told",
    "neither_address_nor_code": "neither an address nor a code",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return build_demo(tmp_path_factory.mktemp("demo") / "programme")


@pytest.fixture(scope="module")
def taken_in(demo: Planted, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, IngestReport]:
    folder = tmp_path_factory.mktemp("taken") / "programme"
    shutil.copytree(demo.folder, folder)
    return folder, ingest(folder, os.environ)


def test_dirt_is_quarantined_for_its_own_reason(demo: Planted, taken_in: tuple[Path, IngestReport]) -> None:
    # Of a survey that was exported again, only the last file counts.
    last = {file.survey: file for file in demo.files if file.survey != "roster"}
    rosters = [file for file in demo.files if file.survey == "roster"]
    expected: Counter[tuple[str, str]] = Counter()
    for file in [*last.values(), *rosters]:
        for kind, why in QUARANTINED.items():
            expected[file.survey, why] += file.dirt.get(kind, 0)
    named = taken_in[1].reasons.filter(pl.col("column") != "cohort_id")  # somebody on no roster has no cohort either
    rows = named.group_by("survey_id", "reason").agg(pl.col("rows").sum()).iter_rows()
    found = {(survey, shorter(why)): n for survey, why, n in rows}
    assert found == {key: n for key, n in expected.items() if n}


def shorter(why: str) -> str:
    return why if why in QUARANTINED.values() else f"unexpected: {why}"


def test_one_copy_one_stale_correction_and_nothing_refused(taken_in: tuple[Path, IngestReport]) -> None:
    report = taken_in[1]
    assert (len(report.repeats), len(report.refused), len(report.stale_corrections)) == (1, 0, 1)
