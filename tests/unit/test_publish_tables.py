from pathlib import Path

import polars as pl
import pytest

from cfc_pipeline.disclosure.categories import protect_reliable_change
from cfc_pipeline.disclosure.hiding import unprotected
from cfc_pipeline.disclosure.sessions import ADHERENCE
from cfc_pipeline.errors import ConfigError
from cfc_pipeline.programme import Disclosure, Policy
from cfc_pipeline.publish.findings import findings
from cfc_pipeline.publish.layout import About
from cfc_pipeline.publish.model import Column, PublishedTable
from cfc_pipeline.publish.scale_tables import reliable_change
from cfc_pipeline.publish.session_tables import ratings_in_words, session_adherence
from cfc_pipeline.publish.tables import build_tables, composites
from cfc_pipeline.publish.written import as_written
from tests import published
from tests.published import outcomes, programme
from tests.small_programme import INSTRUMENTS, Group, small_programme

GROUPS = [
    Group("2023/24", 14, missing=0.05),
    Group("2023/24", 12, schools=2),
    Group("2024/25", 13, missing=0.02),
    Group("2024/25", 15, missing=0.02, same_answer=True),
]
NAMES = [
    "response_flow",
    "cohort_outcomes",
    "multi_year_outcomes",
    "later_outcomes",
    "attrition",
    "attrition_change",
    "effect_sizes",
    "mixed_model",
    "session_feedback",
    "session_trend",
    "session_response",
    "perceived_impact",
    "impact_shares",
    "reliable_change",
    "reliability",
    "data_quality",
]
MEAN = Column("mean", "Mean", "number", decimals=2)
CEAS = "Compassionate Engagement and Action Scales: compassion for self"
OFF = "a paper for the team, not for publication"


def tables(con, **disclosure) -> dict[str, PublishedTable]:
    changed = programme(Path()).model_copy(update={"policy": Policy(disclosure=Disclosure(**disclosure))})
    return {table.name: table for table in build_tables(con, changed)}


@pytest.fixture(scope="module")
def con():
    return small_programme(GROUPS)


@pytest.fixture(scope="module")
def built(con):
    return tables(con)


def test_all_tables_are_built(built):
    assert list(built) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_hidden_cell_has_no_value_and_a_reason_in_words(built, name):
    table = built[name]
    for column in table.hidden.columns:
        assert not (table.values[column].is_not_null() & table.hidden[column].is_not_null()).any()
        assert set(table.hidden[column].drop_nulls()) <= set(table.reasons)


def test_something_is_hidden_in_every_table_of_cohorts(built):
    for name in ("response_flow", "cohort_outcomes", "multi_year_outcomes", "session_feedback", "perceived_impact"):
        assert sum(built[name].hidden[column].count() for column in built[name].hidden.columns)


@pytest.mark.parametrize("name", NAMES)
def test_a_table_can_be_written_and_says_what_it_is(built, name):
    table = as_written(built[name])
    assert table.values.height
    assert table.shows.endswith(".")
    assert table.people.endswith(".")
    assert "counts of 1 to 4 are hidden" in table.rule
    assert "cfc-pipeline" in table.source
    assert any("[c]" in note for note in table.notes)
    assert "Synthetic" in " ".join(table.notes)


def test_names_of_columns_and_groups_are_those_that_charts_look_for(built):
    flow = built["response_flow"]
    assert flow.row_group == "academic_year"
    assert flow.values["academic_year"].unique(maintain_order=True).to_list() == ["2023/24", "2024/25", "All years"]
    # The total of a group of rows is the last of it.
    assert flow.values.group_by("academic_year").agg(pl.col("cohort").last())["cohort"].unique().to_list() == [
        "All cohorts"
    ]
    years = built["multi_year_outcomes"]
    assert next(c.group for c in years.columns if c.group) == "2023/24"
    assert {"y2023_24_mean_change", "y2024_25_cluster_low", "pooled_n_cohorts", "pooled_ci_high"} <= set(
        years.values.columns
    )
    assert {"session_number", "attendance", "q1_mean", "q2_n"} <= set(built["session_feedback"].values.columns)


def test_figures_are_those_of_the_analysts_database(con, built):
    change = con.table("paired_change").pl()
    shown = built["cohort_outcomes"].values.filter(pl.col("mean_change").is_not_null())
    assert shown.height
    labels = {f"Cohort {i}": f"c{i}" for i in range(len(GROUPS))}
    titles = {
        (key.title, subscale.title): (key.id, name)
        for key in INSTRUMENTS.values()
        for name, subscale in key.subscales.items()
    }
    for row in shown.iter_rows(named=True):
        instrument, subscale = titles.get((row["instrument"], row["subscale"]), (row["instrument"], row["subscale"]))
        true = change.filter(
            pl.col("cohort_id") == labels[row["cohort"]],
            pl.col("instrument") == instrument,
            pl.col("subscale") == subscale,
            pl.col("to_time_point") == "post",
        ).row(0, named=True)
        for figure in ("n_paired", "pre_mean", "post_sd", "mean_change", "ci_low", "g_z_high", "p_value"):
            assert row[figure] == true[figure]


def test_declared_families_stand_beside_p(con):
    of = programme(Path()).model_copy(update={"families": {"main": ["brs", "ceas_self/engagement"]}})
    named = {table.name: as_written(table) for table in build_tables(con, of)}
    for name, prefix in (("cohort_outcomes", ""), ("multi_year_outcomes", "pooled_")):
        table = named[name]
        assert any("Family main: " in note for note in table.notes)
        keys = [column.key for column in table.columns]
        place = keys.index(f"{prefix}p_value")
        assert keys[place + 1 : place + 3] == [f"{prefix}p_holm", f"{prefix}tests"]
        shown = table.values.filter(pl.col(f"{prefix}p_holm").is_not_null())
        assert shown.height
        assert (shown[f"{prefix}p_holm"] >= shown[f"{prefix}p_value"]).all()
        assert "Total" not in shown["subscale"].to_list()


def test_how_far_cohorts_differ_stands_beside_the_pooled_change(con, built):
    shown = built["multi_year_outcomes"].values.filter(pl.col("pooled_prediction_low").is_not_null())
    assert shown.height
    assert (shown["pooled_prediction_low"] <= shown["pooled_ci_low"]).all()
    assert (shown["pooled_tau"] >= 0).all()
    change = con.table("paired_change").pl().filter(pl.col("level") == "pooled", pl.col("n_cohorts") >= 3)
    assert (change["prediction_low"].is_not_null() == (change["tau2"] > 0)).all()


def test_with_the_rules_off_every_figure_is_there_and_the_reason_stands_on_every_table(con):
    for table in tables(con, off_because=OFF).values():
        assert table.off_because == OFF
        assert OFF in table.rule
        assert all(table.hidden[column].count() == 0 for column in table.hidden.columns)
    outcomes = tables(con, off_because=OFF)["cohort_outcomes"].values
    assert outcomes["mean_change"].null_count() == 0


def test_years_kept_shows_more_years_and_fewer_cohorts(con, built):
    kept = tables(con, profile="keep_years")

    def shown(of, name, column):
        return of[name].values[column].count()

    assert shown(kept, "multi_year_outcomes", "y2023_24_mean_change") >= shown(
        built, "multi_year_outcomes", "y2023_24_mean_change"
    )
    assert shown(kept, "cohort_outcomes", "mean_change") <= shown(built, "cohort_outcomes", "mean_change")


def test_an_unknown_profile_stops_everything(con):
    with pytest.raises(ConfigError):
        tables(con, profile="weaker")


def test_building_twice_gives_the_same(con, built):
    again = tables(con)
    for name, table in built.items():
        assert table.values.equals(again[name].values)
        assert table.hidden.equals(again[name].hidden)
        assert table.notes == again[name].notes


def test_a_programme_without_answers_has_the_tables_that_it_can_have():
    con = small_programme([Group("2023/24", 12, missing=1.0)])
    con.execute("DELETE FROM session_feedback; DELETE FROM feedback_summary; DELETE FROM data_quality")
    assert list(tables(con)) == ["response_flow"]


def test_the_total_of_a_scale_holds_its_subscales(con):
    held = composites(con.table("item").pl()).filter(pl.col("instrument") == "ceas_self")
    assert set(held.select("subscale", "part").rows()) == {("total", "action"), ("total", "engagement")}


def test_a_base_stands_once_below_its_answers(built):
    impact = built["perceived_impact"].values
    first = impact.filter(pl.col("question") == impact["question"][0])
    assert first["answer"].to_list()[-1] == "Answered the item"
    assert first["all_n"][-1] > 0
    assert first.height == 6


def test_a_changed_form_is_marked_under_the_tables_of_change_and_nowhere_else():
    con = small_programme(GROUPS)
    con.execute("""
        INSERT INTO trend_break VALUES
            ('ceas_self', 'form', 'later', 'f-1', '2023/24', '2024/25', 'declared', NULL),
            ('ceas_self', 'form', 'latest', 'f-2', '2023/24', '2024/25', 'declared', NULL),
            ('ceas_self', 'form', 'last', 'f-3', '2024/25', '2024/25', 'possible', NULL),
            ('swemwbs', 'form', 'later', 'f-1', '2023/24', '2024/25', 'possible', NULL)
    """)
    notes = {name: [note for note in table.notes if "trend across" in note] for name, table in tables(con).items()}
    marked = notes.pop("multi_year_outcomes")
    assert notes.pop("cohort_outcomes") == notes.pop("later_outcomes") == marked
    assert not any(notes.values())
    declared, possible = marked
    assert "for self: the form changed between 2023/24 and 2024/25, and" in declared
    assert "for self: questions or answers were not the same within 2024/25. Whether" in possible


def test_other_breaks_are_told_with_their_reason_and_marked_between_their_years():
    con = small_programme(GROUPS)
    con.execute("""
        INSERT INTO trend_break VALUES
            ('ceas_self', 'form', 'later', 'f-1', '2023/24', '2024/25', 'possible', NULL),
            ('ceas_self', 'tool', 'later', 'f-1', '2023/24', '2024/25', 'possible', 'Before: A; after: B.'),
            ('ceas_self', 'recruitment', NULL, NULL, '2023/24', '2024/25', 'declared', 'An invented sentence.')
    """)
    built = tables(con)
    table = built["multi_year_outcomes"]
    notes = [note for note in table.notes if "trend across" in note]
    assert notes == [note for note in built["cohort_outcomes"].notes if "trend across" in note]
    assert len(notes) == 3
    assert "for self: how people came to take part changed between 2023/24 and 2024/25." in notes[1]
    assert notes[1].endswith("do not read a trend across it. An invented sentence.")
    assert notes[2].endswith("read a trend across it with care. Before: A; after: B.")
    (mark,) = table.breaks
    assert (mark.before, mark.after, mark.what) == ("2023/24", "2024/25", "form, tool and recruitment")
    assert mark.rows in table.values["instrument"]
    assert built["later_outcomes"].breaks == table.breaks
    assert not [note for note in built["perceived_impact"].notes if "trend across" in note]
    con.execute("UPDATE trend_break SET instrument = 'cfc_perceived_impact' WHERE kind = 'recruitment'")
    assert [note for note in tables(con)["perceived_impact"].notes if "An invented sentence." in note]
    assert built["cohort_outcomes"].breaks == built["response_flow"].breaks == ()


def test_sessions_of_a_cohort_stay_together_and_its_total_follows(built):
    rows = built["session_response"].values
    assert rows.filter(academic_year="2023/24").select("cohort", "session_number").rows() == [
        *((cohort, session) for cohort in ("Cohort 0", "Cohort 1") for session in ("1", "2", "3", "All sessions")),
        ("All cohorts", "All sessions"),
    ]
    assert rows.row(-1)[:3] == ("All years", "All cohorts", "All sessions")


def test_a_change_stands_beside_the_scores_that_are_possible(built):
    rows = built["multi_year_outcomes"].values.select("instrument", "subscale", "possible").rows()
    assert (CEAS, "Total", "10 to 100") in rows
    assert not any("Possible scores" in note for note in built["multi_year_outcomes"].notes)
    total = next(f for f in findings(written(built)).changes if (f.instrument, f.measure[:5]) == (CEAS, "Total"))
    assert total.measure == "Total, 10 to 100"
    assert total.sentence.startswith("Total, 10 to 100: ")


def test_what_people_say_is_said_in_short_from_shares_and_ratings_that_are_shown(built):
    shares = built["impact_shares"].values.filter(pl.col("who") == "All years")["percent"].drop_nulls()
    said = findings(written(built)).said
    assert f"{shares.min():.0f} % (" in said[0]
    assert f"{shares.max():.0f} % (" in said[0]
    assert "say that it has increased" in said[0]


def test_mean_ratings_are_said_in_short_only_where_the_scale_is_known_and_the_same():
    columns = (*(Column(key, key, "text") for key in ("question", "academic_year", "possible")), MEAN)
    rows = [("Use", "All years", "1 to 5", 4.31), ("Safety", "All years", "1 to 5", 4.2), ("Use", "2023/24", "", 3.0)]
    assert ratings_in_words(as_written(published.table("session_trend", columns, rows))) == [
        "Sessions: mean rating from 4.20 (Safety) to 4.31 (Use), where 1 to 5 is possible."
    ]
    for other in ("0 to 10", None):
        mixed = [("Use", "All years", other, 4.31), *rows[1:]]
        assert not ratings_in_words(as_written(published.table("session_trend", columns, mixed)))
    assert not ratings_in_words(
        as_written(published.table("session_trend", columns, [("Use", "All years", None, 4.31)]))
    )


def test_the_result_comes_first_in_one_sentence(built):
    found = findings(written(built))
    assert found.how.startswith("Of 4 scores, 4 are not clear. Mean change")
    found = findings([as_written(outcomes())])
    assert found.how.startswith("Of 4 scores, 3 were higher after than before and 1 is not clear. Mean change")


def written(built: dict[str, PublishedTable]) -> list[PublishedTable]:
    return [as_written(table) for table in built.values()]


@pytest.fixture(scope="module")
def about(con):
    cohorts, instruments, items, breaks = (
        con.table(name).pl() for name in ("cohort", "instrument", "item", "trend_break")
    )
    return About("Synthetic.", cohorts, instruments, items, breaks)


def test_scores_without_a_rule_are_named_once_below_and_have_no_empty_rows(con, about):
    raw = con.table("reliable_change").pl()
    ruled = pl.col("subscale") == "action"
    rows = raw.with_columns(threshold=pl.when(ruled).then(5.0), at_least=True)
    one = reliable_change(protect_reliable_change(rows, None, None, None, OFF), about)
    assert set(one.values["subscale"]) == {"Action"}
    (note,) = (note for note in one.notes if note.startswith("Not counted: "))
    assert note == f"Not counted: {CEAS} (Engagement, Total). The reason: no published reliability."
    none = reliable_change(protect_reliable_change(raw, None, None, None, OFF), about)
    assert none.values.select("subscale", "from_").rows() == [
        (score, "no published reliability") for score in ("Action", "Engagement", "Total")
    ]
    assert not any("Not counted" in note for note in none.notes)


def test_adherence_has_no_column_of_cohorts_where_none_is_shown(about):
    rows = pl.DataFrame(
        {"level": ["year", "all"], "cohort_id": [None, None], "academic_year": ["2023/24", None]},
        schema_overrides={"cohort_id": pl.String},
    ).with_columns(n_cohorts=4, n_sessions=20, n_rated=20, adherence=85.0)
    years = session_adherence(unprotected(rows, ADHERENCE, OFF), about)
    assert [column.key for column in years.columns][:2] == ["academic_year", "n_cohorts"]
    assert not years.row_group
    cohort = rows[:1].with_columns(level=pl.lit("cohort"), cohort_id=pl.lit("c1"))
    agreed = session_adherence(unprotected(pl.concat([cohort, rows]), ADHERENCE, OFF), about)
    assert [column.key for column in agreed.columns][:3] == ["academic_year", "cohort", "n_cohorts"]
    assert agreed.row_group == "academic_year"
