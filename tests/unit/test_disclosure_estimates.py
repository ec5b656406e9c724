"""Which rows of estimates are shown, from hand-made rows."""

import polars as pl
import pytest

from cfc_pipeline.disclosure.families import with_families
from cfc_pipeline.disclosure.feedback import protect_feedback
from cfc_pipeline.disclosure.paired import BEFORE_AND_AFTER, CHANGE, STANDARDISED, protect_paired
from cfc_pipeline.disclosure.profile import load_profile
from cfc_pipeline.errors import DisclosureRefusal
from schemas.tables import TABLES, polars_schema

DEFAULT, KEEP_YEARS = load_profile("default"), load_profile("keep_years")
NO_COMPOSITES = pl.DataFrame(schema={"instrument": pl.String, "subscale": pl.String, "part": pl.String})
MEASURE = {"instrument": "brs", "subscale": "resilience", "from_time_point": "pre", "to_time_point": "post"}
FIGURES = {
    "pre_mean": 3.0,
    "pre_sd": 1.0,
    "post_mean": 3.5,
    "post_sd": 1.0,
    "correlation": 0.5,
    "mean_change": 0.5,
    "change_sd": 1.0,
    "ci_low": 0.1,
    "ci_high": 0.9,
    "g_z": 0.4,
    "g_z_low": 0.1,
    "g_z_high": 0.7,
    "t_value": 2.0,
    "p_value": 0.04,
}
ONLY_POOLED = {
    "mean_change": 0.5,
    "ci_low": 0.1,
    "ci_high": 0.9,
    "t_value": 2.0,
    "p_value": 0.04,
    "tau2": 0.0,
    "i2": 0.0,
}


def results(cohorts, measure=MEASURE, **figures):
    """paired_change and paired_support of cohorts (year, n, schools); the schools of two cohorts are never the same."""
    change, support = [], []
    years = sorted({year for year, _, _ in cohorts})
    for i, (year, n, schools) in enumerate(cohorts):
        change.append(row("cohort", f"c{i}", year, n, schools, measure, figures))
        each = [n // schools + (school < n % schools) for school in range(schools)]
        for school, people in enumerate(each):
            support.append(
                measure | {"cohort_id": f"c{i}", "academic_year": year, "school_id": f"{i}-{school}", "n": people}
            )
    for year in years:
        of_year = [c for c in cohorts if c[0] == year]
        change.append(row("year", None, year, sum(c[1] for c in of_year), sum(c[2] for c in of_year), measure, figures))
    n, schools = sum(c[1] for c in cohorts), sum(c[2] for c in cohorts)
    change.append(row("all", None, None, n, schools, measure, figures))
    change.append(measure | ONLY_POOLED | about("pooled", None, None, n, schools, len(cohorts)))
    return frame("paired_change", change), frame("paired_support", support)


def row(level, cohort, year, n, schools, measure, figures):
    return measure | FIGURES | figures | about(level, cohort, year, n, schools, 1)


def about(level, cohort, year, n, schools, n_cohorts):
    keys = {"level": level, "cohort_id": cohort, "academic_year": year}
    return keys | {"n_paired": n, "n_schools": schools, "n_cohorts": n_cohorts}


def frame(name, rows):
    schema = polars_schema(TABLES[name])
    empty = pl.DataFrame(schema=schema)
    return pl.concat([empty, pl.DataFrame(rows, infer_schema_length=None)], how="diagonal_relaxed").cast(schema)


def shown(tables, profile=DEFAULT, composites=NO_COMPOSITES):
    """Rows whose change is shown, as cohort, year, or pooled."""
    protected = protect_paired(*tables, composites, profile)
    seen = protected.values.filter(pl.col("mean_change").is_not_null())
    return {row["cohort_id"] or row["academic_year"] or row["level"] for row in seen.iter_rows(named=True)}


YEAR, NEXT = "2023/24", "2024/25"


@pytest.mark.parametrize(
    ("cohorts", "expected"),
    [
        ([(YEAR, 12, 6), (YEAR, 11, 6)], {"c0", "c1", YEAR, "pooled"}),
        # seven people, two schools
        ([(YEAR, 7, 6)], set()),
        ([(YEAR, 12, 2)], set()),
        ([(YEAR, 8, 3)], {"c0", YEAR, "pooled"}),
        # the year less the shown cohort would be the hidden one, and so would the pooled estimate
        ([(YEAR, 12, 6), (YEAR, 7, 6)], {"c0"}),
        ([(YEAR, 12, 6), (YEAR, 12, 2)], {"c0"}),
        # two hidden cohorts hide each other, if they are enough people together
        ([(YEAR, 12, 6), (YEAR, 4, 4), (YEAR, 4, 4)], {"c0", YEAR}),
        ([(YEAR, 12, 6), (YEAR, 4, 4), (YEAR, 3, 3)], {"c0"}),
        # in two years: each year is hidden, and only the shown cohorts are pooled
        ([(YEAR, 12, 6), (YEAR, 7, 6), (NEXT, 12, 6), (NEXT, 6, 6)], {"c0", "c2", "pooled"}),
    ],
)
def test_who_is_shown(cohorts, expected):
    assert shown(results(cohorts)) == expected


@pytest.mark.parametrize(
    ("cohorts", "expected"),
    [
        ([(YEAR, 12, 6), (YEAR, 9, 6), (YEAR, 7, 6)], {"c0", YEAR}),
        ([(YEAR, 12, 6), (YEAR, 12, 2)], {YEAR}),
        ([(YEAR, 7, 6)], set()),
    ],
)
def test_where_years_are_kept_the_smallest_other_cohort_gives_way(cohorts, expected):
    # Two hidden cohorts in a shown year: the pooled estimate would make four equations for four unknowns.
    assert shown(results(cohorts), KEEP_YEARS) == expected


def test_a_row_is_hidden_whole_and_its_n_says_why():
    protected = protect_paired(*results([(YEAR, 6, 6)]), NO_COMPOSITES, DEFAULT)
    cohort = protected.values.filter(pl.col("level") == "cohort").row(0, named=True)
    assert cohort["n_paired"] == 6
    assert [cohort[figure] for figure in (*BEFORE_AND_AFTER, *CHANGE, *STANDARDISED)] == [None] * 11
    reasons = protected.hidden.row(0, named=True)
    assert {reasons[figure] for figure in (*BEFORE_AND_AFTER, *CHANGE, *STANDARDISED)} == {"FEW_PEOPLE"}


def test_a_missing_sd_does_not_say_that_there_was_one_person():
    change, support = results([(YEAR, 1, 1)], **dict.fromkeys(("pre_sd", "post_sd", "change_sd", "g_z"), None))
    protected = protect_paired(change, support, NO_COMPOSITES, DEFAULT)
    assert protected.hidden.row(0, named=True)["pre_sd"] == "FEW_PEOPLE"
    assert protected.hidden.row(0, named=True)["n_paired"] == "SMALL_COUNT"


@pytest.mark.parametrize(("people", "reason"), [(9, "FEW_SCHOOLS"), (6, "FEW_SCHOOLS"), (2, "SMALL_COUNT")])
def test_an_n_of_two_schools_is_hidden_however_few_people(people, reason):
    """Of one or two people the reason must not tell that they are so few."""
    protected = protect_paired(*results([(YEAR, 12, 6), (YEAR, people, 2)]), NO_COMPOSITES, DEFAULT)
    assert protected.values["n_paired"][1] is None
    assert protected.hidden["n_paired"][1] == reason


def test_the_n_of_a_year_does_not_tell_a_small_n():
    protected = protect_paired(*results([(YEAR, 12, 6), (YEAR, 3, 3)]), NO_COMPOSITES, DEFAULT)
    n = dict(zip(protected.values["level"], protected.values["n_paired"], strict=False))
    by_cohort = protected.values.filter(pl.col("level") == "cohort")["n_paired"].to_list()
    assert by_cohort == [12, None]
    assert n["year"] is None
    assert n["pooled"] is None


def test_everybody_changing_alike_is_everybodys_change():
    change, support = results([(YEAR, 12, 6), (YEAR, 12, 6)])
    change = change.filter(pl.col("level") != "pooled")  # there is none: a cohort that changed alike is never pooled
    alike = pl.col("cohort_id").eq_missing(pl.lit("c1"))
    change = change.with_columns(change_sd=pl.when(alike).then(0.0).otherwise("change_sd"))
    assert shown((change, support)) == {"c0"}


def test_all_years_as_one_group_are_for_analysts_only():
    protected = protect_paired(*results([(YEAR, 12, 6)]), NO_COMPOSITES, DEFAULT)
    assert "all" not in protected.values["level"].to_list()


def test_a_pooled_row_has_no_means_rather_than_hidden_ones():
    protected = protect_paired(*results([(YEAR, 12, 6), (YEAR, 12, 6)]), NO_COMPOSITES, DEFAULT)
    pooled = protected.hidden.filter(protected.values["level"] == "pooled").row(0, named=True)
    assert pooled["pre_mean"] is None


def test_change_to_follow_up_is_shown_without_the_means_that_would_tell_who_left():
    post, support = results([(YEAR, 12, 6)])
    later, more = results([(YEAR, 11, 6)], MEASURE | {"to_time_point": "follow_up"})
    protected = protect_paired(pl.concat([post, later]), pl.concat([support, more]), NO_COMPOSITES, DEFAULT)
    seen = {row["level"]: row for row in protected.values.iter_rows(named=True) if row["to_time_point"] != "post"}
    assert seen["year"]["mean_change"] == 0.5
    assert seen["cohort"]["mean_change"] is None
    assert [seen["year"][figure] for figure in BEFORE_AND_AFTER] == [None] * 4


def test_what_is_pooled_is_what_is_shown_where_more_would_give_a_cohort_away():
    change, support = results([(YEAR, 12, 6), (YEAR, 12, 6), (YEAR, 7, 6)])
    pooled = protect_paired(change, support, NO_COMPOSITES, DEFAULT).values.filter(pl.col("level") == "pooled")
    assert pooled.select("n_cohorts", "n_paired").row(0) == (2, 24)


def test_how_far_cohorts_differ_is_one_more_equation_about_the_hidden_ones():
    """Three hidden cohorts of three hidden years leave the pooled change open, and with tau and I² they would not."""
    between = ["tau2", "i2", "prediction_low"]
    three = [(YEAR, 12, 6), (YEAR, 7, 6), (NEXT, 12, 6), (NEXT, 6, 6), ("2025/26", 7, 6)]
    for cohorts, shown in (
        (three, False),
        ([*three, ("2026/27", 7, 6)], True),
        ([(YEAR, 12, 6), (NEXT, 12, 6)], True),
    ):
        change, support = results(cohorts)
        change = change.with_columns(prediction_low=0.1, prediction_high=0.9)
        protected = protect_paired(change, support, NO_COMPOSITES, DEFAULT)
        pooled = protected.values.filter(pl.col("level") == "pooled").row(0, named=True)
        assert pooled["n_cohorts"] == len(cohorts)
        assert [pooled[figure] is not None for figure in between] == [shown] * 3
        assert (protected.hidden.filter(protected.values["level"] == "pooled")["tau2"].item() is None) is shown


def test_two_hidden_cohorts_are_not_pooled():
    """Their mean changes would follow from the pooled change and its interval."""
    cohorts = [(YEAR, 12, 6), (YEAR, 7, 6), (NEXT, 12, 6), (NEXT, 6, 6)]
    pooled = protect_paired(*results(cohorts), NO_COMPOSITES, DEFAULT).values.filter(pl.col("level") == "pooled")
    assert pooled.select("n_cohorts", "n_paired").row(0) == (2, 24)


def with_changes(cohorts, changes):
    """As `results`, with another mean change for each cohort, and the mean over people for each year."""
    change, support = results(cohorts)
    own = pl.DataFrame({"cohort_id": [f"c{i}" for i in range(len(cohorts))], "own": changes})
    change = change.join(own, on="cohort_id", how="left", maintain_order="left")
    n = pl.col("n_paired").filter(pl.col("level") == "cohort")
    of_year = ((pl.col("own") * pl.col("n_paired")).sum() / n.sum()).over("academic_year")
    of_level = pl.when(pl.col("level") == "cohort").then("own").when(pl.col("level") == "year").then(of_year)
    return change.with_columns(mean_change=pl.coalesce(of_level, "mean_change")).drop("own"), support


def year_interval(cohorts, changes, to="post"):
    change, support = with_changes(cohorts, changes)
    change, support = (frame.with_columns(to_time_point=pl.lit(to)) for frame in (change, support))
    values = protect_paired(change, support, NO_COMPOSITES, DEFAULT).values
    year = values.filter(pl.col("level") == "year").row(0, named=True)
    return year["n_clusters"], year["cluster_low"], year["cluster_high"]


def test_the_interval_of_a_year_knows_its_hidden_cohorts_only_as_one_group():
    """Whatever two hidden cohorts changed by: the interval is the same as long as their mean together is."""
    cohorts = [(YEAR, 12, 6), (YEAR, 10, 6), (YEAR, 11, 6), (YEAR, 5, 5), (YEAR, 5, 5)]
    seen = year_interval(cohorts, [0.1, 0.5, 0.9, 0.2, 0.8])
    assert seen[0] == 4
    assert year_interval(cohorts, [0.1, 0.5, 0.9, 0.5, 0.5]) == pytest.approx(seen)
    assert year_interval(cohorts[:3], [0.1, 0.5, 0.9])[0] == 3


def test_the_interval_of_a_later_change_does_not_single_out_a_small_cohort():
    """Cohorts that could be shown are clusters; a small one is in one cluster with the smallest of them."""
    cohorts = [(YEAR, 12, 6), (YEAR, 10, 6), (YEAR, 11, 6), (YEAR, 6, 6)]
    seen = year_interval(cohorts, [0.1, 0.5, 0.9, 0.7], "follow_up")
    assert seen[0] == 3
    assert year_interval(cohorts, [0.1, 0.44, 0.9, 0.8], "follow_up") == pytest.approx(seen)


def test_p_are_corrected_within_a_family_and_only_for_those_shown():
    brs = results([(YEAR, 12, 6), (NEXT, 12, 6)], p_value=0.03)
    others = [
        results([(YEAR, n, 6), (NEXT, 12, 6)], measure, p_value=p)
        for measure, n, p in zip(CEAS, (12, 7, 12), (0.04, 0.01, 0.02), strict=True)
    ]
    change, support = (pl.concat(parts) for parts in zip(brs, *others, strict=True))
    families = {"main": ["brs", "ceas_self/engagement", "ceas_self/action"]}
    found = with_families(protect_paired(change, support, NO_COMPOSITES, DEFAULT), families)
    rows = found.values.with_columns(why=found.hidden["p_holm"]).filter(pl.col("level") == "cohort")
    seen = {(row["cohort_id"], row["subscale"]): (row["p_holm"], row["tests"], row["why"]) for row in rows.to_dicts()}
    assert seen == {
        ("c0", "resilience"): (pytest.approx(0.06), 2, None),
        ("c0", "engagement"): (pytest.approx(0.06), 2, None),
        ("c0", "action"): (None, None, "FEW_PEOPLE"),
        ("c0", "total"): (None, None, None),
        ("c1", "resilience"): (pytest.approx(0.06), 3, None),
        ("c1", "engagement"): (pytest.approx(0.06), 3, None),
        ("c1", "action"): (pytest.approx(0.03), 3, None),
        ("c1", "total"): (None, None, None),
    }


CEAS = [MEASURE | {"instrument": "ceas_self", "subscale": subscale} for subscale in ("engagement", "action", "total")]
TOTAL = pl.DataFrame({"instrument": ["ceas_self"] * 2, "subscale": ["total"] * 2, "part": ["engagement", "action"]})


def ceas(engagement, action, total):
    both = [
        results([(YEAR, n, 6), (NEXT, 12, 6)], measure)
        for n, measure in zip((engagement, action, total), CEAS, strict=True)
    ]
    return pl.concat([change for change, _ in both]), pl.concat([support for _, support in both])


def test_a_total_of_fewer_people_than_its_part_would_tell_the_part_of_those_few():
    protected = protect_paired(*ceas(12, 11, 11), TOTAL, DEFAULT)
    hidden = protected.values.filter(pl.col("mean_change").is_null())
    assert set(hidden["subscale"]) == {"total"}
    assert sorted(hidden["level"]) == ["cohort", "pooled", "year"]
    assert set(hidden["academic_year"].drop_nulls()) == {YEAR}


def test_a_total_of_the_same_people_is_shown():
    protected = protect_paired(*ceas(12, 12, 12), TOTAL, DEFAULT)
    assert protected.values["mean_change"].null_count() == 0


def test_support_that_counts_other_people_is_refused():
    change, support = results([(YEAR, 12, 6)])
    for wrong in (support.head(5), support.with_columns(n=pl.col("n") + 1)):
        with pytest.raises(DisclosureRefusal):
            protect_paired(change, wrong, NO_COMPOSITES, DEFAULT)


def feedback(*rows):
    """Rows level, cohort, year, n, schools, mean, sd of one question of session 1."""
    return frame(
        "feedback_summary",
        [
            {
                "level": level,
                "cohort_id": cohort,
                "academic_year": year,
                "session_number": 1,
                "question": "Usefulness",
                "n": n,
                "n_schools": schools,
                "attendance": n,
                "mean": mean,
                "sd": sd,
            }
            for level, cohort, year, n, schools, mean, sd in rows
        ],
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("cohort", "c1", YEAR, 9, 6, 4.0, 0.5)], [4.0]),
        ([("cohort", "c1", YEAR, 7, 6, 4.0, 0.5)], [None]),
        ([("cohort", "c1", YEAR, 9, 2, 4.0, 0.5)], [None]),
        # everybody gave five
        ([("cohort", "c1", YEAR, 9, 6, 5.0, 0.0)], [None]),
        (
            [
                ("cohort", "c1", YEAR, 9, 6, 5.0, 0.0),
                ("cohort", "c2", YEAR, 9, 6, 4.0, 0.5),
                ("year", None, YEAR, 18, 9, 4.5, 0.6),
            ],
            [None, 4.0, None],
        ),
    ],
)
def test_which_ratings_are_shown(rows, expected):
    assert protect_feedback(feedback(*rows), DEFAULT).values["mean"].to_list() == expected


def test_attendance_is_for_cohorts_and_small_ones_are_hidden():
    rows = [("cohort", "c1", YEAR, 3, 6, 4.0, 0.5), ("year", None, YEAR, 3, 6, 4.0, 0.5)]
    protected = protect_feedback(feedback(*rows), DEFAULT)
    assert protected.values["attendance"].to_list() == [None, None]
    assert protected.hidden["attendance"].to_list() == ["SMALL_COUNT", None]
