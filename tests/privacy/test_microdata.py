"""Data about single people leave only when nobody can be picked out by what colleagues know, or with a reason that is
kept. All people are synthetic."""

import json
import stat

import polars as pl
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfc_pipeline.disclosure.microdata import ATTRIBUTES, risk
from cfc_pipeline.errors import ConfigError, DisclosureRefusal
from cfc_pipeline.recipes import audit
from cfc_pipeline.recipes.export import export
from tests.small_folder import ANSWERS, PEOPLE, WHEN, answer, ask, copied, drop, filled, person, take_in

EVERYTHING = [name for name in ATTRIBUTES if name != "academic_year"]
NO_SCORES = pl.DataFrame(schema={"person": pl.Int64, "measure": pl.String, "score": pl.Float64})


def people(*rows):
    return pl.DataFrame(rows, schema=["role", "phase"], orient="row").with_row_index("person", offset=1)


class TestTheRisk:
    """Worked by hand."""

    def test_groups_are_people_who_share_everything(self):
        found = risk(
            people(("Head", "a"), ("Head", "a"), ("Head", "b"), ("Head", "b"), ("Deputy", "b")),
            NO_SCORES,
            ["role", "phase"],
            2,
        )
        assert (found.people, found.groups, found.k, found.uniques, found.below) == (5, 3, 1, 1, 1)
        assert found.too_high

    def test_fewer_attributes_make_larger_groups(self):
        rows = people(("Head", "a"), ("Head", "b"), ("Deputy", "a"), ("Deputy", "b"))
        assert risk(rows, NO_SCORES, ["role", "phase"], 2).k == 1
        assert risk(rows, NO_SCORES, ["role"], 2).k == 2
        assert risk(rows, NO_SCORES, [], 2).k == 4

    def test_what_is_not_known_is_a_value_of_its_own(self):
        rows = people(("Head", None), ("Head", "a"), ("Head", "a"))
        found = risk(rows, NO_SCORES, ["role", "phase"], 2)
        assert (found.k, found.uniques) == (1, 1)

    def test_one_score_for_a_whole_group_is_told(self):
        rows = people(("Head", "a"), ("Head", "a"), ("Deputy", "a"), ("Deputy", "a"))
        scores = pl.DataFrame({"person": [1, 2, 3, 4], "measure": ["m"] * 4, "score": [3.0, 3.0, 2.0, 4.0]})
        found = risk(rows, scores, ["role"], 2)
        assert found.diversity == 1
        assert "know a score of everybody" in found.in_words()
        assert risk(rows, scores.with_columns(score=pl.Series([3.0, 3.5, 2.0, 4.0])), ["role"], 2).diversity == 2

    def test_the_example_of_sdcmicro(self):
        """sdcMicro's francdat by keys 2, 4, 5 and 6: of its eight rows 1 and 8, and 2 and 3, share everything (fk 2 2 2
        1 1 1 1 2). Four rows violate 2-anonymity, all eight 3-anonymity. Only who shares what is taken over."""
        rows = people(*((group, "a") for group in "abbcdefa"))
        twice, thrice = (risk(rows, NO_SCORES, ["role", "phase"], wanted) for wanted in (2, 3))
        assert (twice.k, twice.groups, twice.uniques) == (1, 6, 4)
        assert (twice.below, thrice.below) == (4, 8)

    def test_nobody(self):
        assert risk(people().cast({"role": pl.String}), NO_SCORES, ["role"], 2).too_high

    @given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["x", "y", None])), min_size=1, max_size=30))
    def test_as_counted_one_by_one(self, rows):
        found = risk(people(*rows), NO_SCORES, ["role", "phase"], 5)
        sizes = [sum(one == other for other in rows) for one in rows]
        assert found.k == min(sizes)
        assert found.uniques == sizes.count(1)
        assert found.below == sum(size < 5 for size in sizes)
        assert found.groups == len(set(rows))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = filled(tmp_path_factory.mktemp("made") / "p", people=12)
    drop(folder, "out.csv", PEOPLE, [person(13, Consent="No"), person(14, Withdrawn="2024-01-01")])
    drop(folder, "more.csv", ANSWERS, [answer(13), answer(14), answer(15, Email="person1@school.example", value=2)])
    take_in(folder)
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return copied(made, tmp_path / "p")


def test_small_groups_are_refused(folder, tmp_path):
    with pytest.raises(DisclosureRefusal, match="found again") as refusal:
        export(folder, tmp_path / "out")
    assert "--leave-out" in str(refusal.value)
    assert not (tmp_path / "out").exists()


def test_left_out_attributes_are_in_no_file(folder, tmp_path):
    done = export(folder, tmp_path / "out", leave_out=EVERYTHING, now=WHEN)
    assert done.risk.k == 12
    for path in (tmp_path / "out").glob("*.parquet"):
        found = pl.read_parquet(path).columns
        assert not set(found) & {*EVERYTHING, "participant_id", "response_id", "submitted_on", "text"}, path
    assert audit.read(folder)[-1]["reason"] is None


def test_a_reason_lets_them_go_and_is_kept(folder, tmp_path):
    with pytest.raises(ConfigError, match="too short"):
        export(folder, tmp_path / "out", reason="because")
    reason = "A contract of 3 May binds the receiver."
    export(folder, tmp_path / "out", reason=reason, now=WHEN)
    assert json.loads((tmp_path / "out" / "risk.json").read_text())["reason"] == reason
    entry = audit.read(folder)[-1]
    assert (entry["what"], entry["reason"], entry["k"] < 5) == ("export", reason, True)


def test_who_did_not_agree_is_not_in_it(folder, tmp_path):
    export(folder, tmp_path / "out", leave_out=EVERYTHING, now=WHEN)
    assert pl.read_parquet(tmp_path / "out" / "people.parquet").height == 12
    assert pl.read_parquet(tmp_path / "out" / "scores.parquet")["person"].n_unique() == 12


@pytest.mark.parametrize("format_", ["parquet", "csv", "spss"])
def test_every_format_holds_the_same_numbers(folder, tmp_path, format_):
    export(folder, tmp_path / "out", format_=format_, leave_out=EVERYTHING, now=WHEN)
    read = {
        "parquet": lambda p: pl.read_parquet(p.with_suffix(".parquet")),
        "csv": lambda p: pl.read_csv(p.with_suffix(".csv")),
        "spss": lambda p: pyreadstat.read_sav(p.with_suffix(".sav"), output_format="polars")[0],
    }[format_]
    scores = read(tmp_path / "out" / "scores")
    (stored,) = ask(folder, "SELECT count(*), sum(score), sum(items_answered) FROM scale_score")
    assert (scores.height, scores["score"].sum(), scores["items_answered"].sum()) == pytest.approx(stored)
    wide = read(tmp_path / "out" / "scores_wide")
    assert wide.height == 12
    (column,) = (name for name in wide.columns if name.startswith("brs_"))
    assert column.endswith("_pre")
    assert wide[column].sum() == pytest.approx(stored[1])
    answers = read(tmp_path / "out" / "answers")
    assert (answers.height, answers["value"].sum()) == ask(
        folder,
        "SELECT count(*), sum(value) FROM item_answer JOIN response USING (response_id) WHERE status = 'counted'",
    )[0]
    codebook = pl.read_csv(tmp_path / "out" / "codebook.csv")
    assert set(codebook.filter(table="scores_wide")["column"]) == set(wide.columns)
    assert codebook["meaning"].null_count() == 0


def test_only_its_owner_can_read_it(folder, tmp_path):
    export(folder, tmp_path / "out", leave_out=EVERYTHING, now=WHEN)
    modes = {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "out").iterdir()}
    assert (stat.S_IMODE((tmp_path / "out").stat().st_mode), modes) == (0o700, {0o600})


def test_a_dry_run_tells_the_risk_and_writes_nothing(folder, tmp_path):
    done = export(folder, tmp_path / "out", dry_run=True)
    assert done.risk.too_high
    assert "Nothing was written" in done.in_words()
    assert not (tmp_path / "out").exists()
    assert not (folder / audit.FILE_NAME).exists()


def test_nothing_is_written_over(folder, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(ConfigError, match="something already"):
        export(folder, tmp_path / "out", leave_out=EVERYTHING)


def test_an_attribute_that_is_misspelt_is_not_taken_for_left_out(folder, tmp_path):
    with pytest.raises(ConfigError, match="not in an export"):
        export(folder, tmp_path / "out", leave_out=["schol_id"])
