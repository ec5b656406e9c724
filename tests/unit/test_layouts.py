"""The same synthetic people in every layout, written and read back: same answers, same moments, same bytes."""

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from cfc_pipeline.demo.layouts import LAYOUTS, Question, Submission, key_of, write_export
from cfc_pipeline.sources import read_export
from cfc_pipeline.sources.raw import RECORD, SUBMITTED, RawTable

LONDON = ZoneInfo("Europe/London")
LABELS = ("Never", "Rarely, if at all", "Sometimes; it varies", "Often – mostly", "Always “yes”")
QUESTIONS = (
    Question("CS_1", "I feel calm", LABELS, group="In the last two weeks", kind="choice"),
    Question("CS_2", "I feel\n heard\u00a0", LABELS, group="In the last two weeks", kind="choice"),
    Question("SESSION", "Which session was it?", kind="number"),
    Question("AGREE", "May we use it?", ("Yes", "No"), kind="choice"),
    Question("TXT1", 'What helped, "really"?', kind="text"),
)
TEXTS = (None, 'Two\nlines, "quoted"; and more', "=1+1", "café – naïve", "tab\there")
CANARIES = {
    "ip": "203.0.113.177",
    "latitude": "54.97743117",
    "longitude": "-1.61783917",
    "external_reference": "XREF-40417",
    "user_agent": "CanaryBrowser/9.77",
    "referer": "https://canary.example/417",
    "token": "tokCanary417",
    "custom": "custom-canary",
}
# Around both changes of the clock, where local times repeat or are missing.
SPRING, AUTUMN = datetime(2026, 3, 29, 0, 10, 9, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, 9, tzinfo=UTC)


def people(count: int = 50) -> list[Submission]:
    rng = Random(7)
    made = []
    for number in range(1, count + 1):
        submitted = (SPRING if number % 2 else AUTUMN) + timedelta(minutes=7 * number)
        answers: dict[str, str | int | None] = {q.id: rng.randrange(len(q.options)) for q in QUESTIONS if q.options}
        answers |= {"SESSION": rng.randrange(1, 9), "TXT1": rng.choice(TEXTS)}
        if number % 10 == 0:
            answers["CS_1"] = None
        email = None if number % 7 == 0 else f"person{number}@school.example"
        made.append(
            Submission(
                record=str(number),
                started=submitted - timedelta(minutes=5),
                submitted=submitted,
                complete=True,
                test=False,
                email=email,
                first_name="Synthetic" if email else "",
                last_name=f"Person{number}" if email else "",
                answers=answers,
                extra=CANARIES,
            )
        )
    return made


def exported(folder: Path, layout: str, submissions: list[Submission], *, labels: bool = True) -> RawTable:
    path = folder / f"export-{layout}"
    write_export(path, layout, QUESTIONS, submissions, labels=labels)
    return read_export(path.read_bytes(), path.name)


def tidied(text: str | None) -> str | None:
    return " ".join(text.split()) if text else None


def answers_in(table: RawTable, layout: str) -> list[tuple[str | None, ...]]:
    rows = table.rows.select(key_of(layout, question) for question in QUESTIONS).collect().rows()
    return [tuple(tidied(cell) for cell in row) for row in rows]


def expected(submissions: list[Submission], *, labels: bool) -> list[tuple[str | None, ...]]:
    def cell(question: Question, answer: str | int | None) -> str | None:
        if isinstance(answer, int) and question.kind == "choice":
            return question.options[answer] if labels else str(answer + 1)
        return None if answer is None else tidied(str(answer))

    return [tuple(cell(q, s.answers[q.id]) for q in QUESTIONS) for s in submissions]


@pytest.mark.parametrize("labels", [True, False])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_answers_survive_every_layout(tmp_path: Path, layout: str, labels: bool) -> None:
    submissions = people()

    table = exported(tmp_path, layout, submissions, labels=labels)

    assert table.tool == LAYOUTS[layout].tool
    assert answers_in(table, layout) == expected(submissions, labels=labels)
    assert not any(column.system for q in QUESTIONS if (column := table.column(key_of(layout, q))))


STYLES = ("%Y-%m-%d %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%Y/%m/%d %I:%M:%S %p")


def local(stamp: str) -> datetime:
    for style in STYLES:
        try:
            return datetime.strptime(re.sub(r" GMT.*", "", stamp), style)
        except ValueError:
            continue
    raise AssertionError("a time in no known style")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_moments_survive_every_layout(tmp_path: Path, layout: str) -> None:
    submissions = people()

    table = exported(tmp_path, layout, submissions)
    stamps = table.rows.select(SUBMITTED).collect()[SUBMITTED].to_list()

    for submission, stamp in zip(submissions, stamps, strict=True):
        assert local(stamp) == submission.submitted.astimezone(LONDON).replace(tzinfo=None)
    if layout == "google_forms_download_csv":
        summer = ["GMT+1" in stamp for stamp in stamps]
        assert summer == [s.submitted.astimezone(LONDON).utcoffset() == timedelta(hours=1) for s in submissions]
    assert table.zone == ("Europe/London" if layout in ("qualtrics_csv", "qualtrics_tsv") else None)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_submissions_give_the_same_bytes(tmp_path: Path, layout: str) -> None:
    digests = set()
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        exported(tmp_path / folder, layout, people())
        digests.add(hashlib.sha256((tmp_path / folder / f"export-{layout}").read_bytes()).hexdigest())

    assert len(digests) == 1


@pytest.mark.parametrize("layout", LAYOUTS)
def test_whatever_a_tool_records_about_a_person_is_marked_personal(tmp_path: Path, layout: str) -> None:
    table = exported(tmp_path, layout, people())
    cells = table.rows.collect()
    personal = {column.key for column in table.columns if column.personal}

    for value in [*CANARIES.values(), "person1@school.example", "Person1"]:
        carriers = {c.key for c in table.columns if cells[c.key].str.contains(value, literal=True).any()}
        assert carriers <= personal


CARRIED = {
    "qualtrics_csv": {"ip", "latitude", "longitude", "external_reference", "user_agent", "referer"},
    "qualtrics_legacy": {"ip", "latitude", "longitude", "external_reference"},
    "ms_forms_xlsx": set(),
    "google_forms_sheet_csv": set(),
    "surveymonkey_csv": {"ip", "custom"},
    "limesurvey_csv": {"ip", "referer", "token"},
}


@pytest.mark.parametrize(("layout", "names"), CARRIED.items())
def test_canaries_are_planted_wherever_the_tool_can_carry_them(tmp_path: Path, layout: str, names: set[str]) -> None:
    cells = exported(tmp_path, layout, people()).rows.collect()
    text = {cell for row in cells.rows() for cell in row}

    assert {name for name, value in CANARIES.items() if value in text} == names


@pytest.mark.parametrize(
    ("layout", "records"),
    [
        ("qualtrics_csv", [("1", True, False), ("2", False, False), ("3", True, True)]),
        ("qualtrics_legacy", [("1", True, False), ("2", False, False), ("3", True, True)]),
        ("limesurvey_csv", [("1", True, False), ("2", False, False), ("3", True, False)]),
        ("surveymonkey_csv", [("1", True, False), ("2", True, False), ("3", True, False)]),
        ("ms_forms_xlsx", [("1", True, False), ("3", True, False)]),
        ("google_forms_sheet_csv", [(None, True, False), (None, True, False)]),
    ],
)
def test_unfinished_and_test_responses_as_far_as_the_tool_tells(
    tmp_path: Path, layout: str, records: list[tuple[str | None, bool, bool]]
) -> None:
    first, second, third = people(3)

    table = exported(tmp_path, layout, [first, replace(second, complete=False), replace(third, test=True)])

    assert table.rows.select(RECORD, "_complete", "_test").collect().rows() == records


def test_anonymous_forms_leave_the_personal_columns_out(tmp_path: Path) -> None:
    nobody = [replace(s, email=None, first_name="", last_name="", extra={}) for s in people(3)]

    table = exported(tmp_path, "qualtrics_csv", nobody)

    assert not any(column.personal for column in table.columns)


def test_answers_that_are_no_label_are_written_as_they_are(tmp_path: Path) -> None:
    (first,) = people(1)
    dirty = replace(first, answers=first.answers | {"CS_1": "Oft ", "CS_2": "Never", "SESSION": "twelve"})

    (row,) = answers_in(exported(tmp_path, "limesurvey_csv", [dirty], labels=False), "limesurvey_csv")

    assert row[:3] == ("Oft", "1", "twelve")


def test_two_questions_with_one_key_are_refused(tmp_path: Path) -> None:
    twins = [Question("A", "Same"), Question("B", "Same ")]

    with pytest.raises(ValueError, match="same key"):
        write_export(tmp_path / "x.csv", "google_forms_sheet_csv", twins, [], labels=True)


def test_utc_files_say_z(tmp_path: Path) -> None:
    write_export(tmp_path / "x.csv", "qualtrics_csv", QUESTIONS, people(1), labels=True, zone="UTC")

    assert '""timeZone"": ""Z""' in (tmp_path / "x.csv").read_text(encoding="utf-8")
    assert read_export((tmp_path / "x.csv").read_bytes(), "x.csv").zone == "UTC"
