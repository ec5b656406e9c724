"""Nobody learns a small category of reliable change: an attacker who knows every shown count, every n, every sum among
them, and the mean and SD of the same people's changes."""

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cfc_pipeline.disclosure.categories import BOXES, SHARES, protect_reliable_change
from cfc_pipeline.disclosure.moments import Changes, leaves_open
from cfc_pipeline.disclosure.profile import load_profile
from cfc_pipeline.disclosure.protected import Protected
from tests.attack import Group as Atoms
from tests.attack import exposed_counts

YEARS = ("2022/23", "2023/24", "2024/25", "2025/26")
SPANS = pl.DataFrame(
    {"instrument": ["brs"], "subscale": ["total"], "lowest": [0.0], "highest": [40.0], "better": [True]}
)
DEFAULT = load_profile("default")
OFF = "to compare with, in a test of attacks"

# Recovered (or none, without a cut-off), improved, unchanged, deteriorated of each year.
year = st.tuples(*(st.one_of(st.integers(0, 6), st.integers(0, 25)) for _ in BOXES))
some = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def counts(years, cut_off=True, schools=9):
    """Rows of reliable_change: one score, from before to after."""
    boxes = ("recovered", "improved", "unchanged", "deteriorated")
    named = [dict(zip(boxes, of_year, strict=True)) for of_year in years]
    rows = [("year", YEARS[i], of_year) for i, of_year in enumerate(named)]
    rows.append(("all", None, {box: sum(of_year[box] for of_year in named) for box in boxes}))
    about = {"instrument": "brs", "subscale": "total", "from_time_point": "pre", "to_time_point": "post"}
    about |= {
        "threshold": 4.0,
        "at_least": True,
        "from_expected": False,
        "cut_off": 10.0 if cut_off else None,
        "rule": "invented",
        "harmed": 0,
    }
    frame = [
        {"level": level, "academic_year": of, **about, "n_schools": min(schools, sum(boxes_.values()))}
        | {"n_paired": sum(boxes_.values())}
        | (boxes_ if cut_off else boxes_ | {"recovered": None, "improved": boxes_["recovered"] + boxes_["improved"]})
        for level, of, boxes_ in rows
        if sum(boxes_.values())
    ]
    return pl.DataFrame(
        frame, schema_overrides={"recovered": pl.Int64, "cut_off": pl.Float64, "academic_year": pl.String}
    )


def paired(change, mean=1.0, half=6.0, hide=()):
    """What the tables of change show of the same years; n below 5 and means of fewer than 8 people are hidden there."""
    rows = change.filter(level="year").select("level", "academic_year", "instrument", "subscale", "n_paired")
    few = pl.col("academic_year").is_in(list(hide)) | (pl.col("n_paired") < 8)
    n = rows.select(pl.when(pl.col("n_paired").is_between(1, 4)).then(pl.lit("SMALL_COUNT")).alias("n_paired"))
    why = rows.select(pl.when(few).then(pl.lit("FEW_PEOPLE")).alias("mean_change"))
    values = rows.with_columns(
        to_time_point=pl.lit("post"),
        mean_change=pl.when(~few).then(pl.lit(mean)),
        ci_low=pl.when(~few).then(pl.lit(mean - half)),
        ci_high=pl.when(~few).then(pl.lit(mean + half)),
    )
    return Protected(values, n.hstack(why), "", {})


def protect(change, off=None, **settings_):
    return protect_reliable_change(change, paired(change, **settings_), SPANS, DEFAULT, off)


def system(change, seen, of_n) -> dict[Atoms, tuple[int, bool]]:
    """Every count as a set of the smallest groups: a category in a year."""
    years = change.filter(level="year")["academic_year"].to_list()
    cells: dict[Atoms, tuple[int, bool]] = {}
    boxes = [box for box in BOXES if change[box].null_count() == 0]
    for true, row in zip(change.iter_rows(named=True), seen.iter_rows(named=True), strict=True):
        of = years if true["level"] == "all" else [true["academic_year"]]
        for box in boxes:
            atoms = frozenset((one, box) for one in of)
            cells[atoms] = (true[box], row[box] is not None or cells.get(atoms, (0, False))[1])
        everybody = frozenset((one, box) for one in of for box in boxes)
        # n of a year stands in the tables of change as well.
        known = row["n_paired"] is not None or (true["level"] == "year" and true["academic_year"] in of_n)
        cells[everybody] = (true["n_paired"], known or cells.get(everybody, (0, False))[1])
    return cells


def shown_elsewhere(change):
    return change.filter(pl.col("level") == "year", pl.col("n_paired") >= 5)["academic_year"].to_list()


@some
@given(st.lists(year, min_size=1, max_size=4), st.booleans())
def test_no_small_category_can_be_worked_out(years, cut_off):
    change = counts(years, cut_off)
    if change.is_empty():
        return
    seen = protect(change).values
    cells = system(change, seen, shown_elsewhere(change))
    assert not [group for group, (count, shown) in cells.items() if shown and 1 <= count < 5 and len(group) < 3]
    categories = {group for group in cells if len({box for _, box in group}) == 1}
    assert not [found for found in exposed_counts(cells, 5) if found[0] in categories]


@some
@given(st.lists(year, min_size=1, max_size=4), st.booleans())
def test_rows_of_few_and_rows_in_which_all_changed_alike_are_hidden_whole(years, cut_off):
    change = counts(years, cut_off)
    if change.is_empty():
        return
    seen = protect(change).values
    for true, row in zip(change.iter_rows(named=True), seen.iter_rows(named=True), strict=True):
        present = [true[box] for box in BOXES if true[box] is not None]
        if true["n_paired"] < 10 or max(present) == true["n_paired"] or true["n_schools"] < 3:
            assert [row[box] for box in (*BOXES, *SHARES)] == [None] * 8
        for box, share in zip(BOXES, SHARES, strict=True):
            assert row[share] is None or (row[box] is not None and row["n_paired"] is not None)


@some
@given(st.lists(year, min_size=2, max_size=3))
def test_what_all_of_a_hidden_year_did_stays_open(years):
    """A year in which everybody improved, and the others shown: all years less these must not say it."""
    change = counts([(0, 7, 0, 0), *years])
    cells = system(change, protect(change).values, shown_elsewhere(change))
    only = frozenset({(YEARS[0], "improved")})
    # As an attacker would ask it: may it be two people fewer?
    as_small = {group: (count, shown) for group, (count, shown) in cells.items()} | {only: (4, False)}
    matrix_true = dict(as_small)
    assert not [f for f in exposed_counts(matrix_true, 5) if f[0] == only and f[1] > 2 + 1e-6]


def test_the_attack_works_on_what_is_not_protected():
    change = counts([(6, 10, 12, 3), (5, 9, 14, 6)])
    cells = system(change, protect(change, OFF).values, YEARS)
    assert any(shown and count == 3 for count, shown in cells.values())
    # Hiding the 3 alone is not enough.
    cells[frozenset({(YEARS[0], "deteriorated")})] = (3, False)
    assert any(low == high == 3 for _, low, high in exposed_counts(cells, 5))


def test_a_group_whose_mean_is_hidden_elsewhere_is_hidden_here():
    change = counts([(6, 10, 12, 7), (5, 9, 14, 6)])
    seen = protect(change, hide=[YEARS[0]]).values
    assert seen.filter(academic_year=YEARS[0]).select(BOXES).null_count().row(0) == (1, 1, 1, 1)


def test_a_row_that_would_tell_beside_the_mean_and_sd_is_hidden_whole():
    """24 people, 17 shown to have improved, on average by 3.9; none can fall by more than 40. The closer the SD holds
    everybody to the mean, the fewer of the other seven can have got worse."""
    change = counts([(0, 17, 4, 3), (0, 16, 8, 9)], cut_off=False)
    wide, narrow = (protect(change, mean=3.9, half=half).values for half in (4.0, 0.3))
    assert wide.filter(academic_year=YEARS[0])["improved"].item() == 17
    assert narrow.filter(academic_year=YEARS[0])["improved"].item() is None


def test_where_change_is_from_an_expected_score_such_a_row_is_hidden_whole_anyway():
    """What the mean and SD of the plain changes say of it was not worked out."""
    partly, wholly = (counts([of_year], cut_off=False) for of_year in ((0, 17, 4, 3), (0, 16, 8, 9)))
    for change, told, expected in ((partly, False, 17), (partly, True, None), (wholly, True, 16)):
        seen = protect(change.with_columns(from_expected=told), mean=3.9, half=4.0).values
        assert seen.filter(academic_year=YEARS[0])["improved"].item() == expected


@pytest.mark.parametrize(("half", "open_"), [(4.0, True), (0.3, False)])
def test_moments(half, open_):
    row = {"n_paired": 24, "mean_change": 3.9, "ci_low": 3.9 - half, "ci_high": 3.9 + half, "better": True}
    changes = Changes.of(row | {"threshold": 4.0, "lowest": 0.0, "highest": 40.0})
    given_ = {"improved": 17, "unchanged": 4, "deteriorated": 3}
    assert leaves_open(changes, given_, {"improved"}, 5) is open_


def test_what_the_mean_and_sd_say_by_themselves_is_no_reason_here():
    row = {"n_paired": 24, "mean_change": 9.0, "ci_low": 8.9, "ci_high": 9.1, "better": True}
    changes = Changes.of(row | {"threshold": 4.0, "lowest": 0.0, "highest": 40.0})
    assert leaves_open(changes, {"improved": 20, "unchanged": 2, "deteriorated": 2}, {"improved"}, 5)
