"""Which parts of a trend compare, over surveys and years."""

from collections.abc import Sequence

import polars as pl
import pytest

from cfc_pipeline.intake.batch import File
from cfc_pipeline.intake.form_changes import Decisions
from cfc_pipeline.intake.other_breaks import other_breaks
from cfc_pipeline.intake.trends import breaks
from cfc_pipeline.intake.versions import versions
from cfc_pipeline.programme import Break, Cohort, Programme, Survey
from cfc_pipeline.sources.raw import RawColumn, RawTable
from tests.small_forms import ENTRY, FORM, changed

OTHER = changed(FORM, "q3", text="An invented statement that says something else")
COHORTS = [
    Cohort(
        id=f"c{year}", label="", academic_year=f"{year}/{year - 1999}", start=f"{year}-09-10", end=f"{year + 1}-07-01"
    )
    for year in (2023, 2024, 2025)
]


def found(*asked: tuple[str, int, tuple[RawColumn, ...]], decisions: Decisions | None = None) -> list[tuple[str, ...]]:
    """Survey, year and form of each file, in the order of arrival: survey after the break, its years, its state."""
    files = [
        File("f", Survey.model_validate(ENTRY | {"id": survey}), RawTable("t", "l", form, pl.LazyFrame(), form=form), n)
        for n, (survey, _, form) in enumerate(asked)
    ]
    known = versions(files, decisions or {})
    rows = [
        pl.DataFrame({"survey": survey, "file": n, "cohort_id": f"c{year}"})
        for n, (survey, year, _) in enumerate(asked)
    ]
    accepted = {survey: pl.concat(r for r in rows if r["survey"][0] == survey) for survey, _, _ in asked}
    return [
        (one.after.survey.id, one.from_year, one.to_year, one.state)
        for one in breaks(known, accepted, COHORTS, decisions or {})
    ]


def version(form: tuple[RawColumn, ...]) -> str:
    raw = RawTable("t", "l", form, pl.LazyFrame(), form=form)
    return versions([File("f", Survey.model_validate(ENTRY), raw, 0)], {}).every[0].id


def test_entries_that_ask_alike_are_one_trend() -> None:
    assert found(("pre", 2023, FORM), ("post", 2023, FORM), ("pre24", 2024, FORM)) == []


def test_a_year_in_another_way_and_back_again() -> None:
    asked = [("y23", 2023, FORM), ("y24", 2024, OTHER), ("y25", 2025, FORM)]
    assert found(*asked) == [("y24", "2023/24", "2024/25", "possible")]


def test_two_partners_who_ask_differently_from_the_start() -> None:
    asked = [("north23", 2023, FORM), ("south23", 2023, OTHER), ("north24", 2024, FORM), ("south24", 2024, OTHER)]
    assert found(*asked) == [("south23", "2023/24", "2023/24", "possible")]


@pytest.mark.parametrize("decision", ["same", "break"])
def test_a_decision_within_a_survey_stays_with_that_survey(decision: str) -> None:
    decisions = {(survey, version(OTHER), "brs"): decision for survey in ("pre", "post")}
    asked = [("pre", 2023, FORM), ("post", 2023, FORM), ("pre", 2024, OTHER), ("post", 2024, OTHER)]
    assert found(*asked, decisions=decisions) == (
        []
        if decision == "same"
        else [("pre", "2023/24", "2024/25", "declared"), ("post", "2023/24", "2024/25", "declared")]
    )


def test_a_form_that_nobody_answered_breaks_nothing() -> None:
    files = [File("f", Survey.model_validate(ENTRY), RawTable("t", "l", FORM, pl.LazyFrame(), form=FORM), 1)]
    assert breaks(versions(files, {}), {}, COHORTS, {}) == []


DECLARED = Break(year="2024/25", what="recruitment", because="An invented sentence")


def others(*asked: tuple[str, int, str], declared: Sequence[Break] = ()) -> list[tuple[str, ...]]:
    """Survey, year and tool of each file: kind, years, state and detail of what else breaks the trend."""
    entries = {survey: Survey.model_validate(ENTRY | {"id": survey, "tool": tool}) for survey, _, tool in asked}
    raw = RawTable("t", "l", FORM, pl.LazyFrame(), form=FORM)
    files = [File("f", entries[survey], raw, n) for n, (survey, _, _) in enumerate(asked)]
    accepted = {survey: pl.DataFrame({"file": n, "cohort_id": f"c{year}"}) for n, (survey, year, _) in enumerate(asked)}
    programme = Programme(name="Synthetic", cohorts=COHORTS, surveys=list(entries.values()), breaks=list(declared))
    found = other_breaks(versions(files, {}), accepted, programme)
    return [(one.kind, one.from_year, one.to_year, one.state, one.detail) for one in found]


def test_another_tool_than_the_year_before_may_break_a_trend() -> None:
    asked = [("y23", 2023, "qualtrics"), ("y24", 2024, "jisc"), ("y25", 2025, "jisc")]
    told = "Before: Qualtrics; after: Jisc Online Surveys."
    assert others(*asked) == [("tool", "2023/24", "2024/25", "possible", told)]


def test_a_tool_that_comes_in_beside_the_old_one_counts_and_one_that_goes_does_not() -> None:
    both = ("more24", 2024, "jisc")
    asked = [("y23", 2023, "qualtrics"), ("y24", 2024, "qualtrics"), both, ("y25", 2025, "jisc")]
    told = "Before: Qualtrics; after: Jisc Online Surveys and Qualtrics."
    assert others(*asked) == [("tool", "2023/24", "2024/25", "possible", told)]


def test_what_is_declared_lies_between_years_with_answers() -> None:
    asked = [("y23", 2023, "jisc"), ("y25", 2025, "jisc")]
    told = "An invented sentence."
    assert others(*asked, declared=[DECLARED]) == [("recruitment", "2023/24", "2025/26", "declared", told)]
    assert others(asked[1], declared=[DECLARED]) == []
    assert others(*asked, declared=[DECLARED.model_copy(update={"instruments": ["swemwbs"]})]) == []


def test_a_declared_change_of_tool_takes_the_place_of_the_possible_one() -> None:
    asked = [("y23", 2023, "jisc"), ("y24", 2024, "odk")]
    declared = DECLARED.model_copy(update={"what": "tool", "because": "They are not alike."})
    assert others(*asked, declared=[declared]) == [("tool", "2023/24", "2024/25", "declared", "They are not alike.")]
