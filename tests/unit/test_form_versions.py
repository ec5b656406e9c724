"""Which version a file was filled in with, where files of one survey come in several layouts and say more or less."""

from dataclasses import replace

import polars as pl

from cfc_pipeline.intake.batch import File
from cfc_pipeline.intake.versions import versions
from cfc_pipeline.programme import Survey
from cfc_pipeline.sources.raw import RawColumn, RawTable
from tests.small_forms import ENTRY, FORM, changed, renumbered

SURVEY = Survey.model_validate(ENTRY)
PLAIN = tuple(replace(one, choices=()) for one in FORM)  # a download says nothing about choices


def states(*forms: tuple[RawColumn, ...], layouts: str = "") -> list[str]:
    """State of the scale in each file; a letter for each layout."""
    files = [
        File(f"{n}", SURVEY, RawTable("surveymonkey", layout, form, pl.LazyFrame(), form=form), n)
        for n, (form, layout) in enumerate(zip(forms, layouts or "a" * len(forms), strict=True), start=1)
    ]
    found = versions(files, {})
    return [found.of_file[n].states["brs"] for n in range(1, len(files) + 1)]


def test_a_download_between_fetches_is_the_form_that_was_last_there() -> None:
    recoded = changed(FORM, "q1", choices=renumbered(1))
    assert states(FORM, PLAIN, recoded, PLAIN, FORM) == ["baseline", "baseline", "held", "held", "baseline"]


def test_choices_that_only_a_later_file_tells_are_remembered() -> None:
    assert states(PLAIN, FORM, changed(FORM, "q1", choices=renumbered(1))) == ["baseline", "baseline", "held"]


def test_another_layout_may_show_less_and_repeat_headings() -> None:
    under = tuple(replace(one, text="How far do you agree?", option=one.text) for one in PLAIN if one.key != "c")
    reworded = changed(under, "q2", option="Something else altogether")
    assert states(FORM, under, reworded, layouts="abb") == ["baseline", "baseline", "held"]


def test_a_heading_that_is_a_code_is_no_wording() -> None:
    codes = tuple(replace(one, text=one.key) for one in PLAIN)
    assert states(FORM, codes, layouts="ab") == ["baseline", "baseline"]
