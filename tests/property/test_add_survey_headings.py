"""Whatever a survey's maker wrote above a column, a draft stays one entry with the same settings."""

import csv

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cfc_pipeline.recipes.add_survey import draft

PROGRAMME = """\
name: Synthetic
cohorts: [{id: a, label: A, academic_year: 2024/25, start: 2024-09-02, end: 2025-07-18}]
"""
ALLOWED = {"id", "confirmed", "tool", "kind", "person", "consent", "submitted", "scales", "comments", "session"}
BRS = [f"BRS {n}" for n in range(1, 7)]
COMMENTS = [f"The breathing helped me on most of the mornings of week {n}" for n in range(4)]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "programme.yaml").write_text(PROGRAMME)
    return tmp_path


HEADINGS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40)
HOSTILE = [
    'x"\n  - id: injected\n    confirmed: true',
    "x: {y: z} # not: a comment",
    "!!python/object/apply:os.system [true]",
    "&anchor *anchor | > % @ `",
    "---\n...\n",
    "'''\\\"\\n\t\u2028\x85\ufeff\x7f",
]


@pytest.mark.parametrize("cells", [COMMENTS, ["1", "2", "1", "2"]])
@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(heading=HEADINGS)
@example(heading=HOSTILE[0])
@example(heading=HOSTILE[1])
@example(heading=HOSTILE[2])
@example(heading=HOSTILE[3])
@example(heading=HOSTILE[4])
@example(heading=HOSTILE[5])
def test_no_heading_becomes_a_setting(folder, heading, cells):
    file = folder / "x.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows(
            [
                ["Timestamp", *BRS, heading, heading],
                *([f"{n}/10/2024", *"123451", c, c] for n, c in enumerate(cells, 11)),
            ]
        )
    [survey] = yaml.safe_load(draft(folder, file).text)["surveys"]
    assert survey.keys() <= ALLOWED
    assert survey["confirmed"] is False
    assert list(survey["scales"][0]["items"].values()) == BRS
