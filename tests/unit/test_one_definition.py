"""Types cannot be made from data, so what programme.yaml's types list is compared with what the contracts list."""

from typing import get_args

from cfc_pipeline.intake.finding import KINDS as KIND_OF_INSTRUMENT
from cfc_pipeline.programme import FETCHED, Kind, TimePoint, Tool
from cfc_pipeline.sources import TITLES, TOOLS
from cfc_pipeline.sources.apis.api import APIS
from cfc_pipeline.survey_checks import FIELDS, NEEDED, USELESS
from schemas import FORMS
from schemas.tables import TIME_POINTS
from schemas.tables.answers import KINDS


def test_time_points() -> None:
    assert get_args(TimePoint) == TIME_POINTS


def test_kinds_of_surveys() -> None:
    assert set(get_args(Kind)) == {*KINDS, *FIELDS} == set(NEEDED) == set(USELESS)
    assert set(KIND_OF_INSTRUMENT.values()) == set(KINDS)


def test_tools() -> None:
    assert set(get_args(Tool)) == set(TOOLS) == set(TITLES) == {path.stem for path in FORMS.glob("*.yaml")} - {"names"}


def test_connectors() -> None:
    assert set(FETCHED) == set(APIS) <= set(get_args(Tool))
