"""Nobody learns from the number of complete forms how few people answered only once, refused or left: an attacker who
knows the flow of people, the n of every change and every shown n of reliability, and solves for the rest."""

from functools import cache
from itertools import product
from pathlib import Path

import polars as pl
import pytest

from cfc_pipeline.disclosure.flow import protect_flow
from cfc_pipeline.disclosure.paired import protect_paired
from cfc_pipeline.disclosure.profile import load_profile
from cfc_pipeline.disclosure.waves import FIGURES, INTERVAL, OF_ITEMS, protect_reliability
from cfc_pipeline.outcomes.waves import reliability_per_wave
from cfc_pipeline.publish.tables import build_tables, composites
from cfc_pipeline.warehouse.write import replace_table
from tests.attack import Group as Atoms
from tests.attack import exposed_counts
from tests.published import programme
from tests.small_programme import INSTRUMENTS, Group, small_programme

# So few that the small programmes have rows to show; whom a count tells of does not depend on it.
PROFILE = load_profile("default").model_copy(update={"people_behind_reliability": 12})
OFF = "to compare with, in a test of attacks"
BOXES = {
    "enrolled": ("not_consented", "withdrawn", "paired", "pre_only", "post_only", "neither"),
    "consented": ("withdrawn", "paired", "pre_only", "post_only", "neither"),
    "remaining": ("paired", "pre_only", "post_only", "neither"),
    "pre": ("paired", "pre_only"),
    "post": ("paired", "post_only"),
}
GUARDED = ("not_consented", "withdrawn", "pre_only", "post_only", "neither")


def groups(seed: int) -> list[Group]:
    missing = (0.02, 0.1, 0.2)
    return [
        Group(year, 9 + (seed * 7 + i * 5) % 10, missing=missing[(seed + i) % 3])
        for i, year in enumerate(("2023/24", "2023/24", "2024/25", "2024/25", "2025/26"))
    ]


@cache
def made(seed: int):
    """Nobody writes into it."""
    return small_programme(groups(seed), seed=seed)


def protected(con, off=None):
    change, flow, waves = (con.table(name).pl() for name in ("paired_change", "response_flow", "reliability"))
    return waves, protect_reliability(waves, change, protect_flow(flow, PROFILE), PROFILE, off).values


def known_cells(con, off=None) -> dict[Atoms, tuple[int, bool]]:
    """Counts of one measure, of forms before, as sets of the smallest groups: a box of the flow in one year, and
    whether its people filled the measure in before. Here everybody who sent a form filled everything in, so a
    count of complete forms is at most that of the box: the rest are the groups that end in False."""
    flow = con.table("response_flow").pl()
    change, support = con.table("paired_change").pl(), con.table("paired_support").pl()
    years = flow.filter(level="year")["academic_year"].to_list()
    cells: dict[Atoms, tuple[int, bool]] = {}

    def add(year, parts, count, shown, filled=(True, False)):
        of = years if year is None else [year]
        atoms = frozenset(product(of, parts, filled))
        cells[atoms] = (count, shown or cells.get(atoms, (0, False))[1])

    # Cohorts are left out: they are no part of the rows attacked here.
    seen = protect_flow(flow, PROFILE).values
    for true, row in zip(flow.iter_rows(named=True), seen.iter_rows(named=True), strict=True):
        if true["level"] != "cohort":
            for box in (*BOXES, "paired", *GUARDED):
                add(true["academic_year"], BOXES.get(box, (box,)), true[box], row[box] is not None)
    paired = protect_paired(change, support, composites(con.table("item").pl()), PROFILE).values
    for row in paired.filter(level="year", instrument="brs", to_time_point="post").iter_rows(named=True):
        if row["n_paired"] is not None:
            add(row["academic_year"], ("paired",), row["n_paired"], True, filled=(True,))
    waves, shown = protected(con, off)
    for true, row in zip(waves.iter_rows(named=True), shown.iter_rows(named=True), strict=True):
        if (true["instrument"], true["time_point"]) == ("brs", "pre"):
            add(true["academic_year"], ("paired", "pre_only"), true["n"], row["n"] is not None, filled=(True,))
    return cells


def exposed(con, off=None) -> set[Atoms]:
    flow_only = {
        frozenset(product([year], [box], (True, False)))
        for year in con.table("response_flow").pl().filter(level="year")["academic_year"]
        for box in GUARDED
    }
    return {group for group, *_ in exposed_counts(known_cells(con, off), PROFILE.smallest_count) if group in flow_only}


@pytest.mark.parametrize("seed", range(6))
def test_who_answered_once_does_not_follow_from_the_number_of_forms(seed):
    con = made(seed)
    assert exposed(con) == set()


def test_the_attack_works_on_what_is_not_protected():
    assert any(exposed(made(seed), OFF) for seed in range(6))


@pytest.mark.parametrize("seed", range(3))
def test_rows_say_nothing_of_few_forms_and_the_interval_goes_with_n(seed):
    waves, shown = protected(made(seed))
    both = waves.select("n", "n_schools").hstack(shown.select(pl.col(FIGURES).name.prefix("shown_")))
    assert not both.filter(pl.col("shown_alpha").is_not_null() & (pl.col("n") < 12)).height
    assert not both.filter(pl.col("shown_alpha").is_not_null() & (pl.col("n_schools") < 3)).height
    for end in INTERVAL:
        assert not both.filter(pl.col(f"shown_{end}").is_not_null() & pl.col("shown_n").is_null()).height
    # Where n is hidden, that there are enough forms must not bound it either.
    hidden_n = both.filter(pl.col("shown_n").is_null())
    assert not hidden_n.filter(pl.col("shown_alpha").is_not_null() & (pl.col("n") < 17)).height
    assert both["shown_alpha"].count() + both["shown_n"].count() > 0


def test_all_years_go_with_a_small_year_that_is_not_shown():
    con = small_programme([Group("2023/24", 40), Group("2024/25", 36), Group("2025/26", 5)], seed=2)
    waves, shown = protected(con)
    every = shown.filter(level="all", instrument="brs", time_point="pre")
    assert waves.filter(level="year", academic_year="2025/26", time_point="pre")["n"].max() < 8
    assert every.select(OF_ITEMS).null_count().row(0) == (1,) * len(OF_ITEMS)


def test_an_item_that_everybody_answered_alike_is_not_told():
    con = small_programme([Group("2023/24", 40, missing=0.0)])
    con.execute("UPDATE answer_sheet SET answers = list_concat([4], answers[2:]) WHERE instrument = 'brs'")
    replace_table(con, "reliability", reliability_per_wave(con, INSTRUMENTS))
    _, shown = protected(con)
    assert shown.filter(instrument="brs").select(pl.col(OF_ITEMS).count()).row(0) == (0,) * len(OF_ITEMS)
    assert shown.filter(instrument="ceas_self")["alpha"].count()


def test_the_table_needs_thirty_forms_in_a_release():
    con = small_programme([Group("2023/24", 24, missing=0.0), Group("2024/25", 36, missing=0.0)])
    (table,) = [t for t in build_tables(con, programme(Path())) if t.name == "reliability"]
    shown = table.values.filter(pl.col("alpha").is_not_null())
    assert set(shown["academic_year"]) == {"2024/25", "All years"}
    assert set(table.hidden.filter(table.values["academic_year"] == "2023/24")["alpha"]) == {"FEW_FORMS"}
