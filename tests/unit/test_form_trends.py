"""Which parts of a trend compare, over surveys and years."""

import polars as pl
import pytest

from cfc_pipeline.intake.batch import File
from cfc_pipeline.intake.form_changes import Decisions
from cfc_pipeline.intake.trends import breaks
from cfc_pipeline.intake.versions import versions
from cfc_pipeline.programme import Cohort, Survey
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
