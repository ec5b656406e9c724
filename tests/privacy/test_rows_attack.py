"""Nobody learns from the rows of a survey's files how few people answered only once: the forms before and after of a
cohort are twice those who answered both times, and once the others."""

from datetime import date
from functools import cache
from itertools import combinations
from pathlib import Path

import polars as pl
import pytest

from cfc_pipeline.disclosure.flow import protect_flow
from cfc_pipeline.disclosure.profile import load_profile
from cfc_pipeline.disclosure.quality import protect_quality
from cfc_pipeline.publish.tables import build_tables
from cfc_pipeline.warehouse.write import replace_table
from schemas.tables import TABLES, polars_schema
from tests.published import programme
from tests.small_programme import Group, small_programme

PROFILE, DAY = load_profile("default"), date(2026, 1, 5)


@cache
def made(seed: int):
    """A programme whose cohorts have one survey each, before and after, a roster for all, and forms after sessions.
    Nobody writes into it, but the last test writes these rows."""
    years = ("2023/24", "2023/24", "2024/25")
    con = small_programme([Group(year, 12 + (seed + 3 * i) % 4, missing=0.1) for i, year in enumerate(years)])
    flow = con.table("response_flow").pl()
    cohorts = flow.filter(level="cohort")
    rows = [(row["cohort_id"], 1, DAY, "stored", "", row["pre"] + row["post"]) for row in cohorts.rows(named=True)]
    rows += [("roster", 2, DAY, "stored", "", int(cohorts["enrolled"].sum())), ("sessions", 3, DAY, "stored", "", 90)]
    schema = polars_schema(TABLES["data_quality"])
    return con, flow, pl.DataFrame(rows, schema=schema, orient="row")


def answered_once(flow: pl.DataFrame, rows: dict[str, int]) -> list[int]:
    """What an attacker finds who takes twice those who are shown to have answered both times from the rows: of each
    cohort, and of all cohorts when the sum of all surveys is shown and every other part of it."""
    both = dict(flow.filter(level="cohort").select("cohort_id", "paired").iter_rows())
    found = [rows[c] - 2 * n for c, n in both.items() if n is not None and rows.get(c) is not None]
    for size in range(1, len(both) + 1):
        for some in combinations(both, size):
            rest = [rows.get(name) for name in rows if name not in (*some, None)]
            if None not in (*rest, rows[None], *(both[c] for c in some)):
                found.append(rows[None] - sum(rest) - 2 * sum(both[c] for c in some))
    return [n for n in found if 0 < n < PROFILE.smallest_count]


def shown(quality: pl.DataFrame) -> dict[str | None, int | None]:
    kept = quality.filter(pl.col("about") != "reason")
    return dict(kept.select("survey_id", "rows_in").iter_rows())


@pytest.mark.parametrize("seed", range(6))
def test_how_few_answered_only_once_does_not_follow_from_rows(seed):
    _, flow, quality = made(seed)
    seen = protect_flow(flow, PROFILE)
    apart = ["sessions"]
    assert answered_once(seen.values, shown(protect_quality(quality, seen, apart, PROFILE).values)) == []


def test_the_attacker_finds_it_where_rows_are_shown():
    """Or the test above could not fail."""
    found = []
    for seed in range(6):
        _, flow, quality = made(seed)
        seen = protect_flow(flow, PROFILE)
        everything = protect_quality(quality, seen, quality["survey_id"].to_list(), PROFILE)
        found += answered_once(seen.values, shown(everything.values))
    assert found != []


def test_rows_of_other_surveys_stay_and_of_unknown_ones_do_not():
    _, flow, quality = made(1)
    seen = protect_flow(flow, PROFILE)
    kept = shown(protect_quality(quality, seen, ["sessions"], PROFILE).values)
    assert kept["sessions"] == 90
    assert {name for name, rows in kept.items() if rows is not None} == {"sessions"}


def test_the_release_is_made_like_that(tmp_path: Path):
    """No survey of the small programme's files is an entry of programme.yaml: nobody knows whose rows these are."""
    con, _, quality = made(1)
    replace_table(con, "data_quality", quality)
    (table,) = [t for t in build_tables(con, programme(tmp_path)) if t.name == "data_quality"]
    assert table.values["rows_in"].drop_nulls().to_list() == []
