"""The same 50 synthetic people, exported by all five tools in every layout, give identical canonical tables."""

from datetime import UTC, datetime, timedelta
from random import Random

import polars as pl
import pytest

from cfc_pipeline.demo.layouts import LAYOUTS, Question, Submission, key_of, write_export
from cfc_pipeline.identity.anonymise import anonymise
from cfc_pipeline.identity.keys import Keys
from cfc_pipeline.identity.known import Known
from cfc_pipeline.intake.batch import File, take_in
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.sources import read_export
from tests.rawtables import ROSTER, programme, raw_table

LABELS = ("Strongly Disagree", "Disagree", "Neutral", "Agree", "Strongly Agree")
ITEMS = [
    Question(f"BRS{n}", f"Synthetic statement {n}", LABELS, "How far do you agree?", "choice") for n in range(1, 7)
]
CODE = Question("CODE1", "The code on your invitation")
HELPED = Question("HELP1", "What helped?")
QUESTIONS = [CODE, *ITEMS, HELPED]
ROWS = [
    {"Code": f"HL-{n}", "Name": "Ada Quillerstone", "School": f"School {n % 5}", "Cohort": "a", "Consent": "Yes"}
    | {"Email": None, "Withdrawn": None}
    for n in range(50)
]
# Only the tool's own id of a response differs between tools, and with it what is made from it.
IDS = ["response_id", "survey_id", "comment_id", "file"]


def people() -> list[Submission]:
    rng = Random(417)
    start = datetime(2026, 3, 28, 22, 0, 5, tzinfo=UTC)  # over the night when clocks go forward
    return [
        Submission(
            record=str(n + 1),
            started=start + timedelta(minutes=10 * n),
            submitted=start + timedelta(minutes=10 * n + 4),
            complete=True,
            test=False,
            email=None,
            first_name="",
            last_name="",
            answers={
                "CODE1": f" hl-{n} ",
                "HELP1": rng.choice([None, "The pauses.", 'Two\nlines, "quoted"; café – with Quillerstone']),
            }
            | {q.id: None if rng.random() < 0.05 else rng.randrange(5) for q in ITEMS},
        )
        for n in range(50)
    ]


def survey(layout: str) -> dict[str, object]:
    answers = {label: value for value, label in enumerate(LABELS, start=1)}
    order = "mdy" if layout.startswith(("ms_forms_cp1252", "google_forms_sheet", "surveymonkey")) else "ymd"
    return {
        "id": "brs-pre",
        "tool": LAYOUTS[layout].tool,
        "kind": "scale",
        "time_point": "pre",
        "person": {"by": "code", "column": key_of(layout, CODE)},
        "submitted": {"order": order, "timezone": "Europe/London"},
        "scales": [
            {"instrument": "brs", "answers": answers, "items": {n: key_of(layout, q) for n, q in enumerate(ITEMS, 1)}}
        ],
        "comments": {"helped": key_of(layout, HELPED)},
    }


def canonical(layout: str, labels: bool, folder) -> dict[str, pl.DataFrame]:
    """What may be stored of one export, without ids that come from the tool."""
    path = folder / f"export-{layout}-{labels}"
    write_export(path, layout, QUESTIONS, people(), labels=labels)
    plan = programme([ROSTER, survey(layout)])
    files = [
        File("roster", plan.surveys[0], raw_table(ROWS, tool="table"), 1),
        File(path.name, plan.surveys[1], read_export(path.read_bytes(), path.name), 2),
    ]
    intake = take_in(plan, load_instruments(), [], files)
    assert not intake.refused
    roster = intake.accepted["roster"]
    known = Known(roster["name"], roster["school"])
    safe = anonymise(intake, plan.surveys, plan.cohorts, Keys(b"synthetic key of thirty-two byte"), known)
    frames = {"answers": safe.answers["brs-pre"], "comments": safe.comments, "people": safe.participants}
    plain = {name: frame.drop(IDS, strict=False) for name, frame in frames.items()}
    return {name: frame.sort(frame.columns, nulls_last=True) for name, frame in plain.items()}


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return canonical("limesurvey_csv", True, tmp_path_factory.mktemp("first"))


def test_nobody_is_missing(first):
    assert first["answers"].height == 50
    assert first["answers"]["participant_id"].n_unique() == 50
    assert first["answers"]["submitted_on"].n_unique() == 2
    assert "[name]" in "".join(first["comments"]["text"])


@pytest.mark.parametrize("labels", [True, False], ids=["labels", "numbers"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_tables(layout, labels, first, tmp_path):
    found = canonical(layout, labels, tmp_path)
    for name, frame in first.items():
        assert found[name].equals(frame), f"{name} of {layout}"
