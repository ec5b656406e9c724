"""Hand-made sums, and the results that are sums: flow, impact, rows of files."""

import numpy as np
import polars as pl
import pytest

from cfc_pipeline.disclosure.counts import choose_shown
from cfc_pipeline.disclosure.flow import protect_flow
from cfc_pipeline.disclosure.impact import protect_impact_and_shares
from cfc_pipeline.disclosure.profile import load_profile
from cfc_pipeline.disclosure.quality import protect_quality
from cfc_pipeline.disclosure.sums import sums_of
from cfc_pipeline.errors import DisclosureRefusal
from schemas.tables import TABLES, polars_schema

DEFAULT = load_profile("default")
NO_SHARES = pl.DataFrame(schema=polars_schema(TABLES["impact_share"]))


def protect_impact(rows, profile, off_because=None):
    """Answers without shares of them."""
    return protect_impact_and_shares(rows, NO_SHARES, profile, off_because)[0]


def shown(values, sums, *, order=None):
    """Which of `values` are shown; `sums` are (total, parts), `order` the indexes from the dearest on."""
    members = [
        (i, c, s) for i, (total, parts) in enumerate(sums) for c, s in ((total, -1.0), *((p, 1.0) for p in parts))
    ]
    cells = np.array(values, dtype=float)
    secret = (cells > 0) & (cells < 5)
    order = range(len(values)) if order is None else order
    return choose_shown(
        cells,
        secret,
        secret,
        [np.array([i]) for i in order],
        sums_of(pl.DataFrame(members, schema=["sum", "cell", "sign"], orient="row")),
        5,
    ).tolist()


@pytest.mark.parametrize(
    ("values", "sums", "expected"),
    [
        # a count alone
        ([4, 5, 0], [(1, [1])], [False, True, True]),
        # 20 = 17 + 3: whichever is dearer stays
        ([20, 17, 3], [(0, [1, 2])], [True, False, False]),
        # 20 = 12 + 4 + 4: the two hidden ones may be anything from 0 to 8
        ([20, 12, 4, 4], [(0, [1, 2, 3])], [True, True, False, False]),
        # 20 = 16 + 2 + 2: together they are 4, which is a small count too
        ([20, 16, 2, 2], [(0, [1, 2, 3])], [True, False, False, False]),
        # 5 = 1 + 4: together not small
        ([5, 1, 4], [(0, [1, 2])], [True, False, False]),
        # zeros are shown, and protect nothing
        ([9, 9, 0], [(0, [1, 2])], [True, True, True]),
        ([3, 3, 0], [(0, [1, 2])], [False, False, True]),
    ],
)
def test_what_is_shown_of_one_sum(values, sums, expected):
    assert shown(values, sums) == expected


def test_the_total_is_hidden_when_its_parts_are_dearer():
    assert shown([20, 17, 3], [(0, [1, 2])], order=[1, 2, 0]) == [False, True, False]


def test_a_count_that_two_sums_give_away_together_is_closed():
    """Each sum alone leaves 3 between 0 and 6; all three together give 3. Only the exact attacker sees that."""
    values = [8, 8, 6, 3, 5, 3]
    sums = [(0, [3, 4]), (1, [4, 5]), (2, [3, 5])]
    assert shown(values, sums) == [True, True, False, False, False, False]


def test_sums_that_do_not_hold_are_refused():
    with pytest.raises(DisclosureRefusal):
        shown([20, 17, 4], [(0, [1, 2])])


def flow_row(level="cohort", cohort="c1", year="2023/24", n_schools=6, **boxes):
    row = dict.fromkeys(
        ("not_consented", "withdrawn", "paired", "pre_only", "post_only", "neither", "mid", "follow_up"), 0
    )
    row |= boxes
    row["remaining"] = row["paired"] + row["pre_only"] + row["post_only"] + row["neither"]
    row["consented"] = row["withdrawn"] + row["remaining"]
    row["enrolled"] = row["not_consented"] + row["consented"]
    row["pre"], row["post"] = row["paired"] + row["pre_only"], row["paired"] + row["post_only"]
    return row | {"level": level, "cohort_id": cohort, "academic_year": year, "n_schools": n_schools}


def flow(*rows):
    schema = polars_schema(TABLES["response_flow"])
    return pl.DataFrame(rows).select(pl.col(name).cast(type_) for name, type_ in schema.items())


def test_one_refusal_hides_the_enrolled_of_its_cohort():
    results = flow(flow_row(paired=11, not_consented=1))
    seen = protect_flow(results, DEFAULT).values.row(0, named=True)
    assert (seen["paired"], seen["pre"], seen["consented"]) == (11, 11, 11)
    assert seen["not_consented"] is None
    assert seen["enrolled"] is None


def test_one_refusal_does_not_follow_from_who_answered_halfway():
    """Nobody is in the sums who answered halfway, but they had all agreed: 11 of 12 did."""
    boxes = {"paired": 6, "pre_only": 5, "not_consented": 1, "mid": 11}
    seen = protect_flow(flow(flow_row(**boxes)), DEFAULT).values.row(0, named=True)
    assert seen["not_consented"] is None
    assert None in (seen["enrolled"], seen["mid"])


def test_one_refusal_does_not_follow_from_another_table():
    """Of 12 people 6 answered both times and 5 did not come back, which is in no sum with the 11 of another table."""
    results = flow(flow_row(paired=6, pre_only=5, not_consented=1))
    told = {"level": "cohort", "cohort_id": "c1", "academic_year": "2023/24"}
    elsewhere = pl.DataFrame([told | {"sum": "one item", "figure": "remaining", "at_least": 11}])
    alone = protect_flow(results, DEFAULT).values.row(0, named=True)
    beside = protect_flow(results, DEFAULT, elsewhere=elsewhere).values.row(0, named=True)
    assert beside["not_consented"] is None
    assert (alone["paired"], alone["enrolled"]) == (6, 12)
    assert (beside["paired"], beside["enrolled"]) == (6, None)


def test_a_cohort_of_two_schools_is_hidden_and_not_given_away_by_its_year():
    rows = [
        flow_row(paired=12),
        flow_row(cohort="c2", n_schools=2, paired=10),
        flow_row("year", None, n_schools=7, paired=22),
    ]
    protected = protect_flow(flow(*rows), DEFAULT)
    shown_values = protected.values["paired"].to_list()
    assert shown_values[1] is None
    assert protected.hidden["paired"][1] == "FEW_SCHOOLS"
    assert shown_values.count(None) == 2
    assert protected.values["n_schools"].to_list() == [None, None, 7]


def test_with_the_rules_off_everything_is_shown_and_says_why():
    results = flow(flow_row(paired=2, not_consented=1))
    protected = protect_flow(results, DEFAULT, "an internal paper for the team")
    assert protected.values["paired"].to_list() == [2]
    assert protected.off_because == "an internal paper for the team"
    assert "an internal paper for the team" in protected.rule
    assert protected.hidden["paired"].to_list() == [None]


def impact(*counts, level="cohort", cohort="c1", n_schools=6):
    base = sum(counts)
    return pl.DataFrame(
        [
            (level, cohort, "2023/24", "own", 1, value, f"answer {value}", n, base, n_schools, 100 * n / base, None)
            for value, n in enumerate(counts, 1)
        ],
        schema=polars_schema(TABLES["impact_distribution"]),
        orient="row",
    )


def test_a_distribution_in_which_all_chose_one_answer_is_hidden_without_saying_so():
    protected = protect_impact(impact(0, 0, 12), DEFAULT)
    assert protected.values["n"].to_list() == [None] * 3
    assert protected.values["percent"].to_list() == [None] * 3
    assert set(protected.hidden["n"]) == {"SMALL_COUNT"}
    assert protected.values["base"].to_list() == [12] * 3


def test_a_unanimous_cohort_does_not_follow_from_its_year():
    year = impact(5, 5, 18, level="year", cohort=None, n_schools=9)
    rows = pl.concat([impact(0, 0, 12), impact(5, 5, 6, cohort="c2"), year])
    seen = protect_impact(rows, DEFAULT).values
    third = seen.filter(pl.col("value") == 3)["n"].to_list()
    assert third[0] is None
    assert third[1:].count(None) >= 1


def test_percentages_need_a_base_of_ten():
    protected = protect_impact(impact(9, 0), DEFAULT)
    assert protected.values["n"].to_list() == [None, None]  # nine of nine
    protected = protect_impact(impact(5, 0, 5), DEFAULT)
    assert protected.values["percent"].to_list() == [50.0, 0.0, 50.0]
    wide = protect_impact(impact(5, 5), DEFAULT.model_copy(update={"base_of_percentage": 11}))
    assert wide.values["n"].to_list() == [5, 5]
    assert set(wide.hidden["percent"]) == {"SMALL_BASE"}


def shares(*groups):
    """Everybody (None) and role groups: how many increased, of how many, of how many schools."""
    rows = [
        ("all", None, None, role, "own", 1, n, base, schools, 100 * n / base, 0.0, 100.0)
        for role, n, base, schools in groups
    ]
    return pl.DataFrame(rows, schema=polars_schema(TABLES["impact_share"]), orient="row")


def seen_shares(*groups):
    _, increased, base, _ = groups[0]
    answers = impact(0, 0, base - increased, increased, level="all", cohort=None).with_columns(
        academic_year=pl.lit(None, pl.String), increased=pl.col("value") == 4
    )
    return protect_impact_and_shares(answers, shares(*groups), DEFAULT)[1].values["n_increased"].to_list()


@pytest.mark.parametrize(
    ("increased", "of", "shown"),
    [(30, 40, True), (40, 40, False), (37, 40, False), (0, 40, False), (3, 40, False), (35, 40, True)],
)
def test_what_everybody_or_all_but_a_few_said_is_hidden(increased, of, shown):
    assert seen_shares((None, increased, of, 9)) == [increased if shown else None]


def test_a_role_group_of_too_few_does_not_follow_from_everybody_and_the_others():
    """Thirty of forty less eleven of sixteen, less twelve of seventeen, would be the seven others'."""
    everybody, heads, deputies = (None, 30, 40, 9), ("Heads", 11, 16, 9), ("Deputies", 12, 17, 9)
    seen = seen_shares(everybody, heads, deputies, ("Others", 7, 7, 6))
    assert seen[0] == 30
    assert seen[3] is None
    assert seen[1:3].count(None) == 1
    assert None not in seen_shares(everybody, heads, ("Others", 19, 24, 9))
    assert seen_shares(everybody, (*heads[:3], 2), ("Others", 19, 24, 9)) == [30, None, None]


def test_rows_left_out_for_want_of_consent_are_not_told_one_by_one():
    quality = pl.DataFrame(
        [
            ("pre", 1, None, "stored", "", 30),
            ("pre", 1, None, "excluded", "no consent", 1),
            ("post", 2, None, "stored", "", 28),
            ("post", 2, None, "excluded", "test row", 7),
        ],
        schema=polars_schema(TABLES["data_quality"]),
        orient="row",
    )
    flow = protect_flow(pl.DataFrame(schema=polars_schema(TABLES["response_flow"])), DEFAULT)
    protected = protect_quality(quality, flow, (), DEFAULT)
    rows = {row["survey_id"] or row["reason"] or "all": row for row in protected.values.iter_rows(named=True)}
    assert rows["no consent"]["excluded"] is None
    assert rows["pre"]["excluded"] is None
    assert (rows["all"]["excluded"], rows["test row"]["excluded"]) != (8, 7)
    assert rows["all"]["rows_in"] == 66
    assert protected.hidden.filter(protected.values["reason"] == "no consent")["stored"].to_list() == [None]


def test_no_rows_are_no_rows():
    for name, protect in (("response_flow", protect_flow), ("impact_distribution", protect_impact)):
        empty = pl.DataFrame(schema=polars_schema(TABLES[name]))
        assert protect(empty, DEFAULT).values.is_empty()
