"""Attacks by subtraction, one by one, on the tables as they are published (facts C.3). Each attack is first shown to
work on what was not protected: a test that could not succeed would prove nothing."""

import re
from pathlib import Path

import polars as pl
import pytest

from cfc_pipeline.disclosure.flow import protect_flow
from cfc_pipeline.disclosure.paired import protect_paired
from cfc_pipeline.disclosure.profile import load_profile
from cfc_pipeline.programme import Disclosure, Policy
from cfc_pipeline.publish.tables import build_tables, composites
from tests.published import programme
from tests.small_programme import Group, small_programme

DEFAULT = load_profile("default")
OFF = "to compare with, in a test of attacks"
# 2023/24 holds a cohort that may not be shown beside one that may.
GROUPS = [
    Group("2023/24", 14, missing=0.02),
    Group("2023/24", 6, missing=0.02),
    Group("2024/25", 15, missing=0.02),
    Group("2024/25", 14, missing=0.02),
]
BRS = (pl.col("instrument") == "brs") & (pl.col("to_time_point") == "post")


@pytest.fixture(scope="module")
def con():
    return small_programme(GROUPS, seed=4)


def paired(con, off=None):
    tables = [con.table(name).pl() for name in ("paired_change", "paired_support")]
    return protect_paired(*tables, composites(con.table("item").pl()), DEFAULT, off).values


def row(values, level, name=""):
    key = {"cohort": pl.col("cohort_id") == name, "year": pl.col("academic_year") == name}.get(level, pl.lit(True))
    return values.filter(BRS, pl.col("level") == level, key).row(0, named=True)


def left_over(values):
    """The mean before of the small cohort: that of its year, less that of the other cohort."""
    year, other = row(values, "year", "2023/24"), row(values, "cohort", "c0")
    if None in (year["pre_mean"], other["pre_mean"]):
        return None
    n = year["n_paired"] - other["n_paired"]
    return (year["pre_mean"] * year["n_paired"] - other["pre_mean"] * other["n_paired"]) / n


def test_a_year_less_its_other_cohort(con):
    open_values = paired(con, OFF)
    assert left_over(open_values) == pytest.approx(row(open_values, "cohort", "c1")["pre_mean"])
    assert left_over(paired(con)) is None


def test_the_pooled_estimate_less_all_other_cohorts(con):
    """With every other cohort known, the pooled change and its interval are two equations in one cohort's two."""
    values = paired(con)
    shown = [row(values, "cohort", f"c{i}")["mean_change"] is not None for i in range(len(GROUPS))]
    assert shown == [True, False, True, True]
    pooled = row(values, "pooled")
    assert pooled["n_cohorts"] == 3
    assert pooled["n_paired"] == sum(row(values, "cohort", f"c{i}")["n_paired"] for i in (0, 2, 3))
    assert pooled["mean_change"] != row(paired(con, OFF), "pooled")["mean_change"]


def test_those_who_left_before_follow_up(con):
    """The mean before of those who answered after, less that of those who also answered at follow-up."""
    before = paired(con, OFF).filter(pl.col("instrument") == "brs", pl.col("level") == "cohort")
    assert before.filter(pl.col("to_time_point") == "follow_up")["pre_mean"].null_count() == 0
    seen = paired(con).filter(pl.col("to_time_point") != "post")
    assert seen["pre_mean"].null_count() == seen.height
    assert seen["post_mean"].null_count() == seen.height
    assert seen["mean_change"].null_count() < seen.height


@pytest.fixture(scope="module")
def few_left():
    """Six people who left in a year with enough people who stayed."""
    return small_programme([Group("2023/24", 30, missing=0.1), Group("2024/25", 40, missing=0.4)], seed=7)


def scores_of_those_who_left(tables):
    """Two ways to the mean before of those who left: as it is, and from the worst case of everybody."""
    values = tables["attrition"].values.join(tables["attrition_change"].values, on=["academic_year", "subscale"])
    everybody = pl.col("n_stayed") + pl.col("n_left")
    dropped = (everybody * pl.col("if_worst") - pl.col("n_stayed") * pl.col("mean_change")) / pl.col("n_left")
    return values.select("academic_year", "subscale", "n_left", "left_mean", from_worst=1 - dropped)


def test_those_who_left_by_the_worst_case(few_left):
    policy = Policy(disclosure=Disclosure(off_because=OFF))
    told = {
        off: {t.name: t for t in build_tables(few_left, programme(Path()).model_copy(update=changed))}
        for off, changed in ((True, {"policy": policy}), (False, {}))
    }
    open_values = scores_of_those_who_left(told[True]).filter(pl.col("subscale") == "Engagement")
    few = open_values.filter(pl.col("n_left").is_between(1, 7))
    assert few.height
    hidden = scores_of_those_who_left(told[False]).join(few, on=["academic_year", "subscale"], how="semi")
    assert hidden["left_mean"].null_count() == hidden["from_worst"].null_count() == hidden.height


def test_no_table_holds_the_scores_before_of_everybody(few_left):
    """The mean before of all who answered before, less that of those who stayed, would be that of those who left. So
    means before are of those with both scores, or of those who left, everywhere."""
    for table in build_tables(few_left, programme(Path())):
        before = {column.key for column in table.columns if re.search("pre_|before|baseline", column.key)}
        # Changes in SDs before are of those with both scores.
        known = {
            "g_before",
            "g_before_low",
            "g_before_high",
            "pre_mean",
            "pre_sd",
            "y2023_24_pre_mean",
            "y2024_25_pre_mean",
        }
        assert before <= known | {"pre_only"}, f"{table.name}: is this the mean of everybody who answered before?"


def test_a_margin_less_its_shown_cells():
    con = small_programme([Group("2023/24", 14, missing=0.2), Group("2023/24", 13, missing=0.2)], seed=2)
    flow = con.table("response_flow").pl()
    small = [
        (row["cohort_id"], box)
        for row in flow.filter(pl.col("level") == "cohort").iter_rows(named=True)
        for box in ("not_consented", "withdrawn", "pre_only", "post_only")
        if 1 <= row[box] <= 4
    ]
    assert small
    seen = {row["cohort_id"]: row for row in protect_flow(flow, DEFAULT).values.iter_rows(named=True)}
    for cohort, box in small:
        assert seen[cohort][box] is None
        for total, part in (("enrolled", "consented"), ("pre", "paired"), ("post", "paired")):
            if (total, box) in {("enrolled", "not_consented"), ("pre", "pre_only"), ("post", "post_only")}:
                assert None in (seen[cohort][total], seen[cohort][part])


def test_one_table_beside_another(con):
    """What one table hides, no other shows: n of a measure in the table of cohorts and in that of years."""
    tables = {table.name: table for table in build_tables(con, programme(Path()))}
    years = tables["multi_year_outcomes"].values
    cohorts = tables["cohort_outcomes"].values
    for measure in years.iter_rows(named=True):
        same = (pl.col("instrument") == measure["instrument"]) & (pl.col("subscale") == measure["subscale"])
        of_year = cohorts.filter(same, pl.col("academic_year") == "2023/24")
        hidden = of_year.filter(pl.col("mean_change").is_null())
        assert hidden.height == 1
        assert measure["y2023_24_mean_change"] is None
        assert measure["y2024_25_mean_change"] is not None


def test_no_published_column_holds_an_order_statistic(con):
    """Medians, minima and maxima of few people are single scores; no table has any."""
    for table in build_tables(con, programme(Path())):
        labels = " ".join(f"{column.key} {column.label}" for column in table.columns).lower()
        assert not {"median", "minimum", "maximum", "quartile"} & set(labels.split())
