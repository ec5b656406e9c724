"""No small programme, however its people fall, lets an attacker work out a small count or the mean of a few people."""

from functools import cache

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from cfc_pipeline.disclosure.attrition import protect_attrition
from cfc_pipeline.disclosure.feedback import protect_feedback
from cfc_pipeline.disclosure.flow import protect_flow
from cfc_pipeline.disclosure.impact import protect_impact_and_shares
from cfc_pipeline.disclosure.paired import protect_paired
from cfc_pipeline.disclosure.profile import load_profile
from cfc_pipeline.disclosure.protected import Protected
from cfc_pipeline.disclosure.quality import protect_quality
from cfc_pipeline.disclosure.sessions import protect_response, protect_trend
from cfc_pipeline.programme import OTHER_ROLES
from cfc_pipeline.publish.tables import composites
from tests.attack import Group as Atoms
from tests.attack import exposed_counts, known_groups
from tests.small_programme import Group, small_programme

MEASURE = ["instrument", "subscale", "from_time_point", "to_time_point"]
# Which of the smallest groups of people a box of the flow is the sum of, written out again from the contract.
BOXES = {
    "enrolled": ["not_consented", "withdrawn", "paired", "pre_only", "post_only", "neither"],
    "consented": ["withdrawn", "paired", "pre_only", "post_only", "neither"],
    "remaining": ["paired", "pre_only", "post_only", "neither"],
    "pre": ["paired", "pre_only"],
    "post": ["paired", "post_only"],
    **{
        box: [box]
        for box in ("not_consented", "withdrawn", "paired", "pre_only", "post_only", "neither", "mid", "follow_up")
    },
}

groups = st.builds(
    Group,
    year=st.sampled_from(["2023/24", "2024/25"]),
    people=st.integers(3, 18),
    schools=st.sampled_from([2, 6, 9]),
    missing=st.sampled_from([0.05, 0.2, 0.4]),
    same_answer=st.booleans(),
)
leaving = st.builds(
    Group,
    year=st.sampled_from(["2023/24", "2024/25"]),
    people=st.integers(3, 45),
    schools=st.sampled_from([2, 6, 9]),
    missing=st.sampled_from([0.2, 0.4]),
)
programmes = st.tuples(st.lists(groups, min_size=1, max_size=5).map(tuple), st.integers(0, 1000))
programmes_with_leavers = st.tuples(st.lists(leaving, min_size=1, max_size=5).map(tuple), st.integers(0, 1000))
profiles = st.sampled_from(["default", "keep_years", "tens"])
# Every law is tried on the same programmes: to make one takes longer than to attack it.
made = cache(small_programme)
few = settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # a programme is as small as it gets; shrinking it takes minutes
    suppress_health_check=list(HealthCheck),
    database=None,
)


def some(law):
    return few(seed(417)(law))


def cohorts_of(row: dict[str, object], cohorts: pl.DataFrame) -> list[str]:
    """The cohorts that a row of results is about."""
    within = {
        "cohort": pl.col("cohort_id").eq_missing(pl.lit(row["cohort_id"])),
        "year": pl.col("academic_year").eq_missing(pl.lit(row["academic_year"])),
        "all": pl.lit(True),
    }
    return cohorts.filter(within[str(row["level"])])["cohort_id"].to_list()


def assert_closed(cells: dict[Atoms, tuple[int, bool]], smallest: int) -> None:
    assert not [group for group, (count, shown) in cells.items() if shown and 1 <= count < smallest]
    assert not list(exposed_counts(cells, smallest))


def rows(true: pl.DataFrame, protected: Protected) -> list[tuple[dict[str, object], dict[str, object]]]:
    assert true.height == protected.values.height
    return list(zip(true.iter_rows(named=True), protected.values.iter_rows(named=True), strict=True))


@some
@given(programmes, profiles)
def test_no_box_of_the_flow_can_be_worked_out(programme, name):
    con, profile = made(*programme), load_profile(name)
    flow, cohorts = con.table("response_flow").pl(), con.table("cohort").pl()
    cells: dict[Atoms, tuple[int, bool]] = {}
    for true, seen in rows(flow, protect_flow(flow, profile)):
        for box, parts in BOXES.items():
            atoms = frozenset((cohort, part) for cohort in cohorts_of(true, cohorts) for part in parts)
            known = cells.get(atoms, (0, False))[1]
            cells[atoms] = (true[box], known or seen[box] is not None)
    assert_closed(cells, profile.smallest_count)


@some
@given(programmes, profiles)
def test_no_answer_of_a_few_people_can_be_worked_out(programme, name):
    con, profile = made(*programme), load_profile(name)
    impact, cohorts = con.table("impact_distribution").pl().filter(pl.col("item") <= 2), con.table("cohort").pl()
    protected, _ = protect_impact_and_shares(impact, con.table("impact_share").pl().clear(), profile)
    for item in impact["item"].unique():
        cells: dict[Atoms, tuple[int, bool]] = {}
        for true, seen in rows(impact, protected):
            if true["item"] != item:
                continue
            here = cohorts_of(true, cohorts)
            answered = frozenset((cohort, value) for cohort in here for value in range(1, 6))
            chose = frozenset((cohort, true["value"]) for cohort in here)
            for atoms, figure in ((answered, "base"), (chose, "n")):
                known = cells.get(atoms, (0, False))[1]
                cells[atoms] = (true[figure], known or seen[figure] is not None)
        assert_closed(cells, profile.smallest_count)
    # The percentage is n of base in other words.
    seen = protected.values
    assert seen.filter(pl.col("percent").is_not_null() & (pl.col("n").is_null() | pl.col("base").is_null())).is_empty()


ROLES = ("Headteachers", "Deputies", OTHER_ROLES)


@some
@given(programmes, profiles)
def test_no_share_and_no_role_group_gives_a_few_people_away(programme, name):
    """The two tables of perceived impact together: each answer, those that count as increased, the rest, role groups.
    Nor can it be worked out that everybody in a group gave an answer that counts, or that nobody did."""
    con, profile = made(*programme), load_profile(name)
    cohorts = con.table("cohort").pl()
    impact, shares = (con.table(t).pl().filter(pl.col("item") == 1) for t in ("impact_distribution", "impact_share"))
    seen_impact, seen_shares = protect_impact_and_shares(impact, shares, profile)
    cells: dict[Atoms, tuple[int, bool]] = {}

    def note(row, values, roles, count, shown):
        here = cohorts_of(row, cohorts)
        atoms = frozenset((cohort, value, role) for cohort in here for value in values for role in roles)
        cells[atoms] = (count, cells.get(atoms, (0, False))[1] or shown)

    for true, seen in rows(impact, seen_impact):
        note(true, [true["value"]], ROLES, true["n"], seen["n"] is not None)
        note(true, range(1, 6), ROLES, true["base"], seen["base"] is not None)
    for true, seen in rows(shares, seen_shares):
        roles = [true["role_group"]] if true["role_group"] else ROLES
        note(true, (4, 5), roles, true["n_increased"], seen["n_increased"] is not None)
        note(true, (1, 2, 3), roles, true["base"] - true["n_increased"], False)
        note(true, range(1, 6), roles, true["base"], seen["base"] is not None)
        assert seen["percent"] is None or (seen["n_increased"] is not None and seen["base"] is not None)
    assert_closed(cells, profile.smallest_count)
    people = [(true["n_increased"], true["base"], seen) for true, seen in rows(shares, seen_shares) if true["base"]]
    assert not [1 for n, base, seen in people if n in (0, base) and None not in (seen["n_increased"], seen["base"])]


@some
@given(programmes, profiles)
def test_no_small_n_of_a_measure_or_question_can_be_worked_out(programme, name):
    con, profile = made(*programme), load_profile(name)
    cohorts = con.table("cohort").pl()
    change, feedback = con.table("paired_change").pl(), con.table("feedback_summary").pl()
    published = change.filter(pl.col("level") != "all")
    paired = protect_paired(change, con.table("paired_support").pl(), composites(con.table("item").pl()), profile)
    pooled_cohorts = change.filter(pl.col("level") == "cohort", pl.col("change_sd") > 0)
    for true, protected, keys, n in (
        (published, paired, MEASURE, "n_paired"),
        (feedback, protect_feedback(feedback, profile), ["session_number", "question"], "n"),
    ):
        systems: dict[tuple[object, ...], dict[Atoms, tuple[int, bool]]] = {}
        for row, seen in rows(true, protected):
            key = tuple(row[k] for k in keys)
            if row["level"] == "pooled" and seen[n] not in (None, row[n]):
                continue  # pooled over shown cohorts only: their n are there already
            if row["level"] == "pooled":
                matching = pl.all_horizontal(pl.col(k) == row[k] for k in keys)
                atoms: Atoms = frozenset(pooled_cohorts.filter(matching)["cohort_id"])
            else:
                atoms = frozenset(cohorts_of(row, cohorts))
            cells = systems.setdefault(key, {})
            cells[atoms] = (row[n], cells.get(atoms, (0, False))[1] or seen[n] is not None)
        for cells in systems.values():
            assert_closed(cells, profile.smallest_count)


@some
@given(programmes, profiles)
def test_no_mean_of_a_few_people_or_schools_can_be_worked_out(programme, name):
    con, profile = made(*programme), load_profile(name)
    change, support, cohorts = (con.table(t).pl() for t in ("paired_change", "paired_support", "cohort"))
    paired = protect_paired(change, support, composites(con.table("item").pl()), profile)
    shown = paired.values.filter(pl.col("mean_change").is_not_null(), pl.col("level") != "pooled")
    for key, of_measure in shown.group_by(MEASURE):
        people = support.filter(pl.all_horizontal(pl.col(k) == v for k, v in zip(MEASURE, key, strict=True)))
        with_pairs = set(people["cohort_id"])
        nodes = [frozenset(cohorts_of(row, cohorts)) & with_pairs for row in of_measure.iter_rows(named=True)]
        for group in known_groups(nodes):
            behind = people.filter(pl.col("cohort_id").is_in(list(group)))
            assert behind["n"].sum() >= profile.people_behind_estimate
            assert behind["school_id"].n_unique() >= profile.schools_behind_figure


def protected_attrition(con, profile):
    change, support, left, left_support, flow, instruments = (
        con.table(t).pl()
        for t in ("paired_change", "paired_support", "attrition", "attrition_support", "response_flow", "instrument")
    )
    parts = composites(con.table("item").pl())
    paired, seen_flow = protect_paired(change, support, parts, profile), protect_flow(flow, profile)
    found = protect_attrition(left, left_support, paired, seen_flow, instruments, parts, profile)
    return rows(left.filter(pl.col("level") != "cohort"), found), rows(flow, seen_flow)


@some
@given(programmes_with_leavers, profiles)
def test_no_few_who_left_can_be_counted(programme, name):
    """Everybody fills every form in here, so those who left are exactly the flow's box of those who answered before
    only: the two tables together must not tell either."""
    con, profile = made(*programme), load_profile(name)
    cohorts = con.table("cohort").pl()
    left, flow = protected_attrition(con, profile)
    finished = set(
        con.sql("SELECT DISTINCT cohort_id FROM response WHERE kind = 'scale' AND time_point = 'post'").pl()[
            "cohort_id"
        ]
    )
    boxes = {(t["level"], t["cohort_id"], t["academic_year"]): (t["pre_only"], s["pre_only"]) for t, s in flow}
    for measure in {(t["instrument"], t["subscale"]) for t, _ in left}:
        cells: dict[Atoms, tuple[int, bool]] = {}
        for (level, cohort, year), (count, seen) in boxes.items():
            atoms = frozenset(cohorts_of({"level": level, "cohort_id": cohort, "academic_year": year}, cohorts))
            cells[atoms] = (count, cells.get(atoms, (0, False))[1] or seen is not None)
        for true, seen in left:
            atoms = frozenset(cohorts_of(true, cohorts)) & finished
            if (true["instrument"], true["subscale"]) == measure and atoms:
                cells[atoms] = (true["n_left"], cells.get(atoms, (0, False))[1] or seen["n_left"] is not None)
        assert_closed(cells, profile.smallest_count)


@some
@given(programmes_with_leavers, profiles)
def test_no_mean_of_few_who_left_can_be_worked_out(programme, name):
    con, profile = made(*programme), load_profile(name)
    support, cohorts = con.table("attrition_support").pl(), con.table("cohort").pl()
    left, _ = protected_attrition(con, profile)
    for _, seen in left:
        # What is worked out from these must not be shown without them: it could be solved for them.
        shown = {key for key, value in seen.items() if value is not None}
        assert (
            not {"if_worst", "difference", "g", "left_sd"} & shown
            or {"left_mean", "n_left"} <= shown
            or seen["n_left"] == 0
        )
        assert not {"if_unchanged", "would_need"} & shown or {"n_left", "n_stayed", "mean_change"} <= shown
    for measure in {(t["instrument"], t["subscale"]) for t, _ in left}:
        people = support.filter(instrument=measure[0], subscale=measure[1])
        gone = set(people["cohort_id"])
        nodes = [
            frozenset(cohorts_of(true, cohorts)) & gone
            for true, seen in left
            if (true["instrument"], true["subscale"]) == measure and seen["left_mean"] is not None
        ]
        for group in known_groups(nodes):
            behind = people.filter(pl.col("cohort_id").is_in(list(group)))
            assert behind["n"].sum() >= profile.people_behind_estimate
            assert behind["school_id"].n_unique() >= profile.schools_behind_figure


@some
@given(programmes, profiles)
def test_no_mean_rating_of_a_few_forms_can_be_worked_out(programme, name):
    con, profile = made(*programme), load_profile(name)
    feedback, cohorts = con.table("feedback_summary").pl(), con.table("cohort").pl()
    protected = protect_feedback(feedback, profile)
    shown = protected.values.filter(pl.col("mean").is_not_null())
    for key, of_question in shown.group_by("session_number", "question"):
        same = (pl.col("session_number") == key[0]) & (pl.col("question") == key[1])
        forms = feedback.filter(same, pl.col("level") == "cohort")
        rated = set(forms["cohort_id"])
        nodes = [frozenset(cohorts_of(row, cohorts)) & rated for row in of_question.iter_rows(named=True)]
        for group in known_groups(nodes):
            behind = forms.filter(pl.col("cohort_id").is_in(list(group)))
            assert behind["n"].sum() >= profile.people_behind_estimate
            assert behind["n_schools"].sum() >= profile.schools_behind_figure
            assert (behind["sd"] > 0).any() or behind.height > 1


@some
@given(programmes, profiles)
def test_no_few_forms_of_a_session_can_be_worked_out_from_totals(programme, name):
    """Every form here rates every question, so n of a question and the forms of a session are the same people."""
    con, profile = made(*programme), load_profile(name)
    feedback, response, cohorts = (con.table(t).pl() for t in ("feedback_summary", "session_response", "cohort"))
    ratings = protect_feedback(feedback, profile)
    if feedback.is_empty():
        return
    forms = {
        (row["cohort_id"], row["session_number"]): row["forms"]
        for row in response.filter(pl.col("level") == "cohort", pl.col("session_number").is_not_null()).rows(named=True)
    }
    cells: dict[Atoms, tuple[int, bool]] = {frozenset({key}): (count, False) for key, count in forms.items() if count}

    def tell(members, count, shown):
        atoms = frozenset(key for key in members if forms[key])
        if atoms:
            cells[atoms] = (count, cells.get(atoms, (0, False))[1] or shown)

    for true, seen in rows(feedback, ratings):
        of_cohorts = cohorts_of(true, cohorts)
        members = [key for key in forms if key[0] in of_cohorts and key[1] == true["session_number"]]
        tell(members, true["n"], seen["n"] is not None)
    shown = rows(response, protect_response(response, ratings, profile))
    totals = {true["cohort_id"] for true, seen in shown if true["session_number"] is None and seen["forms"] is not None}
    for true, seen in shown:
        of_cohorts = set(cohorts_of(true, cohorts))
        if true["session_number"] is None and true["level"] != "cohort":
            # Totals of years are over the cohorts whose total is shown, and are the sum of these.
            known = [k for k in forms if k[0] in of_cohorts & totals and attendance_known(response, k)]
            assert seen["forms"] is None or seen["forms"] == sum(forms[k] for k in known)
            continue
        members = [
            key
            for key in forms
            if key[0] in of_cohorts and true["session_number"] in (None, key[1]) and attendance_known(response, key)
        ]
        tell(members, sum(forms[key] for key in members), seen["forms"] is not None)
    assert_closed(cells, profile.smallest_count)


def attendance_known(response, key):
    row = response.row(by_predicate=(pl.col("cohort_id") == key[0]) & (pl.col("session_number") == key[1]), named=True)
    return (row["attendance"] or 0) > 0


@some
@given(programmes, profiles)
def test_a_trend_is_made_of_sessions_that_are_shown(programme, name):
    con, profile = made(*programme), load_profile(name)
    feedback, trend = con.table("feedback_summary").pl(), con.table("session_trend").pl()
    ratings = protect_feedback(feedback, profile)
    seen = protect_trend(trend, ratings, profile).values.filter(pl.col("mean").is_not_null(), level="cohort")
    shown = ratings.values.filter(pl.col("mean").is_not_null(), level="cohort")
    for row in seen.rows(named=True):
        of_cohort = shown.filter(cohort_id=row["cohort_id"], question=row["question"])
        assert of_cohort.height == row["n_sessions"] >= 3
        assert of_cohort["mean"].mean() == pytest.approx(row["mean"])


@some
@given(programmes, profiles)
def test_no_few_rows_of_files_can_be_worked_out(programme, name):
    con, profile = made(*programme), load_profile(name)
    quality = con.table("data_quality").pl()
    flow = protect_flow(con.table("response_flow").pl(), profile)
    apart = quality["survey_id"].unique().to_list()[::2]
    protected = protect_quality(quality, flow, apart, profile)
    true = protect_quality(quality, flow, apart, profile, "everything, to compare with in a test").values
    every = quality.select("survey_id", "outcome", "reason").rows()
    cells: dict[Atoms, tuple[int, bool]] = {}
    for row, seen in rows(true, protected):
        for figure in ("rows_in", "stored", "unchanged", "quarantined", "excluded"):
            if row[figure] is None:
                continue
            atoms = frozenset(
                (survey, outcome, reason)
                for survey, outcome, reason in every
                if row["survey_id"] in (None, survey)
                and row["reason"] in (None, reason)
                and figure in ("rows_in", outcome)
            )
            cells[atoms] = (row[figure], cells.get(atoms, (0, False))[1] or seen[figure] is not None)
    assert_closed(cells, profile.smallest_count)


@pytest.mark.parametrize("shown", [[{"a", "b"}, {"a"}], [{"a", "b", "c"}, {"c"}, {"a"}]])
def test_the_attacker_of_means_finds_what_is_left_over(shown):
    assert frozenset({"b"}) in known_groups([frozenset(group) for group in shown])


def test_the_attacker_of_counts_finds_what_crosses_over():
    """Two hidden parts that each sum leaves open, and that two sums together do not."""
    a, b, c = "abc"
    cells = {
        frozenset({a, b}): (8, True),
        frozenset({b, c}): (8, True),
        frozenset({a, c}): (6, True),
        frozenset({a}): (3, False),
        frozenset({b}): (5, False),
        frozenset({c}): (3, False),
    }
    assert {group for group, _, _ in exposed_counts(cells, 5)} == {frozenset({a}), frozenset({c})}
