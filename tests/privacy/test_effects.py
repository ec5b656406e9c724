"""What standardised changes, ranks and the bootstrap give away beside the tables of change."""

from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from cfc_pipeline.disclosure.effects import protect_effects
from cfc_pipeline.disclosure.paired import protect_paired
from cfc_pipeline.disclosure.profile import load_profile
from cfc_pipeline.outcomes.bootstrap import bootstrap_intervals
from cfc_pipeline.outcomes.effect_sizes import standardised
from cfc_pipeline.outcomes.ranks import signed_ranks
from cfc_pipeline.publish.tables import build_tables, composites
from tests.published import programme
from tests.small_programme import Group, small_programme

DEFAULT = load_profile("default")
GROUPS = [Group("2023/24", 16), Group("2023/24", 11), Group("2023/24", 6), Group("2024/25", 15), Group("2024/25", 14)]
KEYS = ["cohort_id", "academic_year", "instrument", "subscale"]


@pytest.fixture(scope="module")
def con():
    return small_programme(GROUPS, seed=6)


def seen(con, effects=None):
    change, support, stored = (con.table(name).pl() for name in ("paired_change", "paired_support", "effect_sizes"))
    paired = protect_paired(change, support, composites(con.table("item").pl()), DEFAULT)
    return protect_effects(stored if effects is None else effects, change, paired, DEFAULT), paired


def test_what_tables_of_change_hide_is_hidden_here(con):
    found, paired = seen(con)
    hidden = paired.values.filter(pl.col("mean_change").is_null(), pl.col("to_time_point") == "post")
    same = found.values.join(hidden, on=["level", *KEYS], how="semi", nulls_equal=True)
    figures = [name for name in found.hidden.columns if name != "n_paired"]
    assert same.height
    assert same.select(pl.col(figures).is_null().all()).row(0) == (True,) * len(figures)


def test_standardised_changes_follow_from_what_is_shown_of_a_cohort(con):
    """So they give nothing more away: SD of the changes from the interval, and the correlation from the three SDs."""
    found, paired = seen(con)
    shown = paired.values.filter(pl.col("level") == "cohort", pl.col("mean_change").is_not_null())
    half = (shown["ci_high"] - shown["ci_low"]) / 2
    sd = half * shown["n_paired"].sqrt() / stats.t.ppf(0.975, shown["n_paired"].to_numpy() - 1)
    before, after = shown["pre_sd"], shown["post_sd"]
    moments = shown.with_columns(change_sd=sd, correlation=(before**2 + after**2 - sd**2) / (2 * before * after))
    again = moments.select(KEYS).hstack(standardised(moments)).join(found.values, on=KEYS, suffix="_shown")
    assert again.height == shown.filter(pl.col("to_time_point") == "post").height > 3
    for figure in ("d_z", "d_av", "g_before", "g_before_low", "g_before_high"):
        assert again[figure].to_list() == pytest.approx(again[f"{figure}_shown"].to_list(), abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_ranks_and_the_bootstrap_would_tell_the_changes_of_ten_people(seed):
    """Why no release has them. The attacker knows mean and SD of changes in whole points, the program and its seed."""
    true = np.sort(np.random.default_rng(seed).integers(-3, 6, 10)).astype(float)
    every = np.array(list(combinations_with_replacement(range(-4, 7), 10)), dtype=float)
    fit = every[(every.sum(axis=1) == true.sum()) & ((every**2).sum(axis=1) == (true**2).sum())]
    _, biserial, p = signed_ranks(fit)
    low, high = bootstrap_intervals(fit)
    printed = np.column_stack([np.round(biserial, 1), np.round(p, 2), np.round(low, 1), np.round(high, 1)])
    here = (fit == true).all(axis=1)
    assert (printed == printed[here]).all(axis=1).sum() == 1
    # From what is published, dozens remain, and nobody's change is certain.
    assert len(fit) >= 50
    assert all(len(np.unique(fit[:, place])) > 1 for place in range(10))


def test_no_release_has_them(con):
    for table in build_tables(con, programme(Path())):
        assert not [column.key for column in table.columns if column.key.startswith(("rank_", "boot_"))]
