"""Programmes that are too young, too small or too uniform to show much, through the front door: files in, a release
out, and a page and an email that say in plain words what there is."""

import csv
import itertools
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import yaml

from cfc_pipeline.programme_folder import init
from cfc_pipeline.recipes.email import save
from cfc_pipeline.recipes.ingest import ingest
from cfc_pipeline.recipes.publish import publish

ITEMS = {"brs": 6, "swemwbs": 7, "ceas_self": 13}
COLUMNS = [f"{instrument} {item}" for instrument, items in ITEMS.items() for item in range(1, items + 1)]
DAYS = {"pre": "2025-10-03", "post": "2026-06-20"}
Answer = Callable[[int, str, int], object]  # of a person (counted from 0), a time point, the place of a column


def survey(time_point: str) -> dict[str, Any]:
    scales = [{"instrument": i, "items": {n: f"{i} {n}" for n in range(1, ITEMS[i] + 1)}} for i in ITEMS]
    return {
        "id": time_point,
        "tool": "table",
        "kind": "scale",
        "files": f"*{time_point}*",
        "time_point": time_point,
        "person": {"by": "email", "column": "who"},
        "submitted": {"column": "day"},
        "scales": scales,
    }


FIELDS = ("email", "name", "school", "cohort", "consent")
ROSTER = {"id": "roster", "tool": "table", "kind": "roster", "fields": {field: field for field in FIELDS}}
FEEDBACK = {
    "id": "feedback",
    "tool": "table",
    "kind": "session_feedback",
    "session": {"column": "session"},
    "cohort": "c0",
    "person": {"by": "anonymous"},
    "consent": "not_needed",
    "submitted": {"column": "day"},
    "scales": [{"instrument": "cfc_session_feedback", "items": {n: f"q{n}" for n in range(1, 5)}}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    init(tmp_path / "small", "Small")
    return tmp_path / "small"


def set_up(folder: Path, surveys: Sequence[dict[str, Any]], cohorts: int = 1) -> None:
    settings = {
        "name": "Small programme",
        "timezone": "Europe/London",
        "synthetic": True,
        "cohorts": [
            {"id": f"c{i}", "label": f"C{i}", "academic_year": "2025/26", "start": "2025-10-02", "end": "2026-06-26"}
            for i in range(cohorts)
        ],
        "surveys": list(surveys),
        "email": {"sender": "a@example.org", "to": ["b@example.org"], "subject": "S", "smtp": {"host": "localhost"}},
    }
    (folder / "programme.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


def write(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def enrol(folder: Path, people: int, cohorts: int = 1) -> None:
    rows = [(f"p{p}@example.org", f"Made Up{p}", f"School {p % 5}", f"c{p % cohorts}", "yes") for p in range(people)]
    write(folder / "inbox/roster.csv", FIELDS, rows)


def answer(folder: Path, people: int, given: Answer, *time_points: str) -> None:
    for time in time_points:
        rows = [
            [f"p{p}@example.org", DAYS[time], *(given(p, time, i) for i in range(len(COLUMNS)))] for p in range(people)
        ]
        write(folder / f"inbox/{time}.csv", ["who", "day", *COLUMNS], rows)


def varied(person: int, time: str, place: int) -> int:
    return int(np.random.default_rng([person, len(time), place]).integers(1, 6))


# A release needs a second of its own, and tests are faster than that.
CLOCK = (datetime(2026, 7, 1, tzinfo=UTC) + timedelta(seconds=n) for n in itertools.count())


def released(folder: Path) -> tuple[str, str]:
    """The page's words and the email's text, after ingest and publish."""
    assert ingest(folder, {}).refused == []
    html = (publish(folder, now=next(CLOCK)).path / "index.html").read_text(encoding="utf-8")
    save(folder, folder / "mail.eml")
    body = message_from_bytes((folder / "mail.eml").read_bytes(), policy=policy.default).get_body(("plain",))
    assert body is not None
    words = re.sub(r"<(style|svg).*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL)
    return " ".join(words.split()), body.get_content()


@pytest.mark.parametrize("surveys", [[], [ROSTER, survey("pre"), survey("post")]])
def test_nothing_came_in_yet(folder: Path, surveys: list[dict[str, Any]]) -> None:
    set_up(folder, surveys)
    for text in released(folder):
        assert "All years: nobody is enrolled yet." in text
        assert "What changed, and how sure" not in text
    assert "in 1 cohort." in released(folder)[0]


def test_one_cohort_shows_its_own_change_and_no_word_of_pooling(folder: Path) -> None:
    set_up(folder, [ROSTER, survey("pre"), survey("post")])
    enrol(folder, 12)
    answer(folder, 12, varied, "pre", "post")
    page, mail = released(folder)
    assert "Mean change from before to after in 2025/26" in page
    assert re.search(r"- Resilience, 1 to 5: mean change [+−]?\d\.\d\d points \(95 % interval .*\); 12 people\.", mail)
    assert "no figure" not in page
    with_how_to_read = page[: page.index("How to read this", page.index("What is hidden, and why"))]
    assert "Pooled over cohorts" not in with_how_to_read


def test_before_the_second_time_there_is_no_change(folder: Path) -> None:
    set_up(folder, [ROSTER, survey("pre"), survey("post")])
    enrol(folder, 12)
    answer(folder, 12, varied, "pre")
    for text in released(folder):
        assert "0 answered after, nobody answered both times yet, so there is no change to show." in text


@pytest.mark.parametrize("cohorts", [1, 2])
def test_everyone_with_one_score_is_hidden_and_not_blamed_on_small_numbers(folder: Path, cohorts: int) -> None:
    set_up(folder, [ROSTER, survey("pre"), survey("post")], cohorts)
    enrol(folder, 24, cohorts)
    answer(folder, 24, lambda *_: 3, "pre", "post")
    page, mail = released(folder)
    assert "- Resilience, 1 to 5: hidden." in mail
    assert "or what single people answered" in page


@pytest.mark.parametrize("people", [1, 2])
def test_two_people_are_a_release_without_a_figure_about_them(folder: Path, people: int) -> None:
    set_up(folder, [ROSTER, survey("pre"), survey("post")])
    enrol(folder, people)
    answer(folder, people, varied, "pre", "post")
    page, mail = released(folder)
    assert "All years: no count may be shown (some counts are hidden)." in page
    assert "mean change" not in mail


def test_feedback_without_a_roster_is_hidden_and_says_why(folder: Path) -> None:
    set_up(folder, [FEEDBACK])
    rows = [
        ("2025-11-04", session, *(varied(p, "", session + q) for q in range(4)))
        for session in (1, 2)
        for p in range(11)
    ]
    write(folder / "inbox/feedback.csv", ["day", "session", "q1", "q2", "q3", "q4"], rows)
    page, _ = released(folder)
    assert "Without a roster no school is known, and everything is hidden." in page


def test_scores_of_blank_extreme_and_reversed_answers(folder: Path) -> None:
    """By hand, from each key: BRS 5 throughout is 3, without item 2 (a reversed one) 17 / 5; SWEMWBS 4 throughout is
    raw 28, metric 25.03, and nothing with a blank; CEAS fillers 3, 7 and 11 count for nothing, blank or extreme."""
    answers = {
        0: [5] * 6 + [4] * 7 + [1, 1, 10, 1, 1, 1, 10, 1, 1, 1, 10, 1, 1],
        1: [5, "", 5, 5, 5, 5] + [4] * 6 + [""] + [10, 10, "", 10, 10, 10, "", 10, 10, 10, "", 10, 10],
        2: ["", "", "", 5, 5, 5] + [1] * 7 + ["", *[10] * 12],
    }
    set_up(folder, [ROSTER, survey("pre")])
    enrol(folder, 3)
    answer(folder, 3, lambda person, _, place: answers[person][place], "pre")
    released(folder)
    con = duckdb.connect(str(folder / "data/analysis.duckdb"), read_only=True)
    found = con.execute(
        "SELECT instrument, subscale, list(round(score, 4) ORDER BY score) FROM scale_score GROUP BY ALL"
    )
    assert {f"{instrument} {subscale}": scores for instrument, subscale, scores in found.fetchall()} == {
        "brs total": [3.0, 3.4, None],
        "swemwbs total": [7.0, 25.03, None],
        "ceas_self engagement": [6.0, 60.0, None],
        "ceas_self action": [4.0, 40.0, 40.0],
        "ceas_self total": [10.0, 100.0, None],
    }
