"""The same 50 synthetic people through every survey tool and every format, fetched or as a file, give the same tables.

The five tools of the demo, in all their layouts with labels and with numbers, are compared in
tests/property/test_five_tools.py as well, before anything is stored.
"""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from cfc_pipeline.demo.layouts import LAYOUTS, Question, Submission, key_of, write_export
from cfc_pipeline.recipes.review import comments
from tests.runs.test_fetch import entry, run
from tests.servers import SERVERS
from tests.servers.local import running
from tests.servers.world import COMMENT, ITEMS, LABELS, Given, World, people
from tests.small_folder import PEOPLE, ROSTER, ask, describe, drop, person, take_in
from tests.statistics_files import dta, sav

NUMBERS = range(1, 51)
KEY = "5" * 64  # pseudonyms are to be the same everywhere
SAID = ("", "The pauses.", 'Two\nlines, "quoted"; café – with Quillerstone')
ANSWERS = """
    SELECT participant_id, cohort_id, time_point, submitted_on, complete, status, instrument, item, value
    FROM response JOIN item_answer USING (response_id) ORDER BY ALL
"""
SCORES = """
    SELECT participant_id, cohort_id, time_point, instrument, subscale, score, items_answered, state
    FROM scale_score ORDER BY ALL
"""


def world() -> World:
    """Some leave items out, some leave everything but the comment out, and comments have line breaks and a name."""
    rng, found = Random(417), people(len(NUMBERS))
    for number in NUMBERS:
        left = {item for item in ITEMS if rng.random() < 0.06}
        answers = {item: rng.randrange(1, 6) for item in ITEMS if item not in left}
        # The first change of a response is its arrival: nobody edited anything.
        one = found.given[number]
        found.given[number] = Given(number, one.email, one.submitted, one.changed, answers, rng.choice(SAID))
    return found


GIVEN = list(world().given.values())


@dataclass(frozen=True)
class Format:
    """One tool's file: its columns with what stands in them, and how a survey entry calls them."""

    tool: str
    columns: dict[str, Callable[[Given], object]]  # heading: cell
    items: dict[int, str]  # item: key of its column
    comment: str
    by: tuple[str, str] = ("email", "Email")
    also: dict[str, Any] | None = None  # what else the survey entry says
    delimiter: str = ","


def _label(item: int) -> Callable[[Given], object]:
    return lambda one: LABELS[one.answers[item]] if item in one.answers else ""


def _code(item: int) -> Callable[[Given], object]:
    return lambda one: one.answers.get(item, "")


def _when(style: str) -> Callable[[Given], object]:
    return lambda one: one.submitted.strftime(style)


def _constant(names: str, cell: str = "") -> dict[str, Callable[[Given], object]]:
    return {name: lambda one: cell for name in names.split(",")}


ISO, UK = "%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M:%S"
EMAIL: Callable[[Given], object] = lambda one: one.email  # noqa: E731
SAYS: Callable[[Given], object] = lambda one: one.comment  # noqa: E731
NUMBER: Callable[[Given], object] = lambda one: one.number  # noqa: E731

FORMATS = {
    "jisc": Format(
        "jisc",
        {"Response ID": NUMBER, "Started": _when(ISO), "Completed": _when(ISO), "Email": EMAIL}
        | _constant("Status", "Complete")
        | {f"{item}. {text}": _label(item) for item, text in ITEMS.items()}
        | {f"7. {COMMENT}": SAYS},
        {item: f"Q{item}" for item in ITEMS},
        "Q7",
    ),
    "redcap": Format(
        "redcap",
        {"record_id": NUMBER, "redcap_survey_identifier": EMAIL, "care_timestamp": _when(ISO)}
        | {f"care_{item}": _code(item) for item in ITEMS}
        | {"helped": SAYS}
        | _constant("care_complete", "2"),
        {item: f"care_{item}" for item in ITEMS},
        "helped",
        ("email", "redcap_survey_identifier"),
    ),
    "typeform": Format(
        "typeform",
        {"#": lambda one: f"token{one.number}"}
        | {text: _label(item) for item, text in ITEMS.items()}
        | {COMMENT: SAYS, "email": EMAIL}
        | _constant("Response Type", "completed")
        | {"Start Date (UTC)": _when(ISO)}
        | _constant("Stage Date (UTC)")
        | {"Submit Date (UTC)": _when(ISO)}
        | _constant("Network ID", "abc"),
        ITEMS,
        COMMENT,
        ("email", "email"),
    ),
    "kobo": Format(
        "kobo",
        {"start": _when("%Y-%m-%dT%H:%M:%S.000-00:00"), "end": _when("%Y-%m-%dT%H:%M:%S.000-00:00")}
        | {f"care/q{item}": _code(item) for item in ITEMS}
        | {"helped": SAYS, "email": EMAIL, "_id": NUMBER, "_uuid": lambda one: f"u-{one.number}"}
        | {"_submission_time": _when("%Y-%m-%dT%H:%M:%S")}
        | _constant("_validation_status,_notes")
        | _constant("_status", "submitted_via_web")
        | _constant("_submitted_by,__version__,_tags")
        | {"_index": NUMBER},
        {item: f"care/q{item}" for item in ITEMS},
        "helped",
        ("email", "email"),
        delimiter=";",
    ),
    "odk": Format(
        "odk",
        {"SubmissionDate": _when("%Y-%m-%dT%H:%M:%S.000Z")}
        | {f"care-q{item}": _code(item) for item in ITEMS}
        | {"helped": SAYS, "about-code": lambda one: one.code, "KEY": lambda one: f"uuid:{one.number}"}
        | _constant("SubmitterID,SubmitterName,AttachmentsPresent,AttachmentsExpected,Status,ReviewState,DeviceID")
        | _constant("Edits", "0")
        | _constant("FormVersion"),
        {item: f"care-q{item}" for item in ITEMS},
        "helped",
        ("code", "about-code"),
    ),
    "formbricks": Format(
        "formbricks",
        {"No.": NUMBER, "Response ID": lambda one: f"resp{one.number}", "Timestamp": _when(ISO)}
        | _constant("Finished", "Yes")
        | _constant("Survey ID,Formbricks ID (internal),User ID,Tags,source,url,userAgent - browser")
        | {f"{item}. {text}": _label(item) for item, text in ITEMS.items()}
        | {f"7. {COMMENT}": SAYS, "email": EMAIL},
        {item: f"{item}. {text}" for item, text in ITEMS.items()},
        f"7. {COMMENT}",
        ("email", "email"),
    ),
    "smartsurvey": Format(
        "smartsurvey",
        {"UserID": NUMBER, "UserNo": NUMBER, "Name": lambda one: "", "Email": EMAIL}
        | _constant("IP Address,Unique ID")
        | {"Started": _when(UK), "Ended": _when(UK)}
        | _constant("Time taken,Tracking link")
        | _constant("Status", "Completed")
        | {text: _label(item) for item, text in ITEMS.items()}
        | {COMMENT: SAYS},
        ITEMS,
        COMMENT,
        also={"submitted": {"order": "dmy"}},
    ),
    "table": Format(
        "table",
        {"Number": NUMBER, "When": _when(UK), "Email": EMAIL}
        | {text: _label(item) for item, text in ITEMS.items()}
        | {COMMENT: SAYS},
        ITEMS,
        COMMENT,
        also={"submitted": {"column": "When", "order": "dmy"}},
    ),
}
LIKE_STATISTICS = {"submitted": {"column": "moment"}}


def described(folder: Path, survey: dict[str, Any]) -> Path:
    made = describe(folder, ROSTER, survey)
    (made / "data" / "restricted" / "secret.key").write_text(KEY + "\n")
    drop(made, "roster.csv", PEOPLE, [person(number, Name="Ada Quillerstone") for number in NUMBERS])
    return made


def survey(tool: str, by: tuple[str, str], items: dict[int, str], comment: str, **also: Any) -> dict[str, Any]:
    return {
        "id": "baseline",
        "tool": tool,
        "kind": "scale",
        "time_point": "pre",
        "person": {"by": by[0], "column": by[1]},
        "scales": [{"instrument": "brs", "items": items, "answers": {v: k for k, v in LABELS.items()}}],
        "comments": {"helped": comment},
    } | also


def canonical(folder: Path) -> dict[str, Any]:
    """All that may be stored, without the ids that come from the tool's own."""
    said = comments(folder, {}).select("question", "text").sort(pl.all()).rows()
    return {"answers": ask(folder, ANSWERS), "scores": ask(folder, SCORES), "comments": said}


def fetched(name: str, folder: Path) -> dict[str, Any]:
    with running(SERVERS[name], world()) as tool:
        made = described(folder, entry(name, tool))
        assert run(made).refused == []
    return after(made)


def after(folder: Path) -> dict[str, Any]:
    report = take_in(folder)
    assert [str(one.error) for one in report.refused] == []
    return canonical(folder)


def cells(made: Format) -> Iterable[list[object]]:
    yield list(made.columns)
    for one in GIVEN:
        yield [cell(one) for cell in made.columns.values()]


def as_csv(made: Format) -> bytes:
    text = StringIO()
    csv.writer(text, delimiter=made.delimiter).writerows(cells(made))
    return text.getvalue().encode()


def frame() -> pl.DataFrame:
    items = {f"care{item}": [one.answers.get(item) for one in GIVEN] for item in ITEMS}
    return pl.DataFrame(
        {"number": [one.number for one in GIVEN], "email": [one.email for one in GIVEN]}
        | {"moment": [one.submitted.replace(tzinfo=None) for one in GIVEN]}
        | {name: pl.Series(values, dtype=pl.Float64) for name, values in items.items()}
        | {"helped": [one.comment for one in GIVEN]}
    )


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return fetched("qualtrics", tmp_path_factory.mktemp("first") / "p")


def test_nobody_is_missing_and_a_name_is_taken_out(first: dict[str, Any]) -> None:
    everybody = sum(len(one.answers) for one in GIVEN)
    assert len(first["answers"]) == everybody
    assert len({row[0] for row in first["answers"]}) == len(NUMBERS)
    assert {row[-1] for row in first["scores"]} == {"scored", "prorated"}
    assert len(first["comments"]) == sum(bool(one.comment) for one in GIVEN)
    assert "Quillerstone" not in str(first["comments"])
    assert "[name]" in str(first["comments"])


@pytest.mark.parametrize("name", sorted(set(SERVERS) - {"qualtrics"}))
def test_fetched(name: str, first: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    assert fetched(name, tmp_path / "p") == first


@pytest.mark.parametrize("name", FORMATS)
def test_files(name: str, first: dict[str, Any], tmp_path: Path) -> None:
    made = FORMATS[name]
    folder = described(tmp_path / "p", survey(made.tool, made.by, made.items, made.comment, **(made.also or {})))
    (folder / "inbox" / "export.csv").write_bytes(as_csv(made))
    assert after(folder) == first


@pytest.mark.parametrize("name", ["table", "jisc", "smartsurvey"])
def test_workbooks(name: str, first: dict[str, Any], tmp_path: Path) -> None:
    made = FORMATS[name]
    folder = described(tmp_path / "p", survey(made.tool, made.by, made.items, made.comment, **(made.also or {})))
    with xlsxwriter.Workbook(str(folder / "inbox" / "export.xlsx")) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(cells(made)):
            sheet.write_row(number, 0, row)
    assert after(folder) == first


@pytest.mark.parametrize("name", ["spss", "stata"])
def test_statistics_files(name: str, first: dict[str, Any], tmp_path: Path) -> None:
    items = {item: f"care{item}" for item in ITEMS}
    folder = described(tmp_path / "p", survey(name, ("email", "email"), items, "helped", **LIKE_STATISTICS))
    labels: dict[str, dict[float, str]] = {
        column: {float(k): v for k, v in LABELS.items()} for column in items.values()
    }
    write = {"spss": sav, "stata": dta}[name]
    (folder / "inbox" / f"export.{'sav' if name == 'spss' else 'dta'}").write_bytes(
        write(frame(), variable_value_labels=labels)
    )
    assert after(folder) == first


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_of_the_demo(layout: str, first: dict[str, Any], tmp_path: Path) -> None:
    questions = {
        item: Question(f"BRS{item}", text, tuple(LABELS.values()), "Agree?", "choice") for item, text in ITEMS.items()
    }
    code, helped = Question("CODE1", "The code on your invitation"), Question("HELP1", COMMENT)
    order = "mdy" if layout.startswith(("ms_forms_cp1252", "google_forms_sheet", "surveymonkey")) else "ymd"
    folder = described(
        tmp_path / "p",
        survey(
            LAYOUTS[layout].tool,
            ("code", key_of(layout, code)),
            {item: key_of(layout, question) for item, question in questions.items()},
            key_of(layout, helped),
            submitted={"order": order, "timezone": "Europe/London"},
        ),
    )
    sent = [submission(one) for one in GIVEN]
    suffix = "xlsx" if "xlsx" in layout else "tsv" if "tsv" in layout else "csv"
    write_export(folder / "inbox" / f"export.{suffix}", layout, [code, *questions.values(), helped], sent, labels=True)
    assert after(folder) == first


def submission(one: Given) -> Submission:
    answers: dict[str, str | int | None] = {f"BRS{item}": number - 1 for item, number in one.answers.items()}
    return Submission(
        record=str(one.number),
        started=one.submitted,
        submitted=one.submitted,
        complete=True,
        test=False,
        email=None,
        first_name="",
        last_name="",
        answers=answers | {"CODE1": one.code, "HELP1": one.comment or None},
    )
