"""A form that changes, through the front door: what waits, what goes on, what a person decides, what is marked."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from cfc_pipeline import cli
from cfc_pipeline.errors import ConfigError
from cfc_pipeline.recipes import forms
from cfc_pipeline.recipes.report import in_json, in_words
from cfc_pipeline.recipes.status import status
from cfc_pipeline.sources.raw import LEFT_BLANK, NOT_SHOWN, NOT_TICKED, Choice, RawColumn
from tests.small_folder import PEOPLE, ROSTER, ask, describe, drop, person, take_in
from tests.small_forms import (
    ALONE,
    CHOICES,
    COMMENT,
    ENTRY,
    FORM,
    ITEMS,
    LABELS,
    PERSON,
    changed,
    fetched,
    renumbered,
    response,
)

REWORDED = changed(FORM, "q3", text="An invented statement that says something else")
EXTRA = RawColumn("extra", "Another question?")


def prepared(folder: Path, *surveys: dict[str, Any]) -> Path:
    describe(folder, ROSTER, *surveys)
    drop(folder, "roster.csv", PEOPLE, [person(n) for n in range(1, 10)])
    fetched(folder, FORM, [response(1), response(2)])
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return prepared(tmp_path / "p", ENTRY)


def scored(folder: Path) -> list[Any]:
    query = "SELECT score FROM scale_score JOIN response USING (response_id) ORDER BY response.submitted_on"
    return [score for (score,) in ask(folder, query)]


def decide(folder: Path, decision: str) -> None:
    plan = forms.listed(folder, {})[-1]
    forms.accept(folder, {}, plan.survey, plan.version, decision, "A manager")


def test_the_same_form_needs_nobody(folder: Path) -> None:
    fetched(folder, FORM, [response(3)])
    assert take_in(folder).plans == []
    versions = ask(folder, "SELECT survey_id, instrument, file_number, state FROM form_version")
    assert versions == [("baseline", "brs", 1, "baseline")]
    assert scored(folder) == [4.0, 4.0, 4.0]


@pytest.mark.parametrize("kind", ["reworded", "removed"])
def test_what_touches_a_score_waits_and_the_rest_goes_on(folder: Path, kind: str) -> None:
    fetched(folder, REWORDED if kind == "reworded" else [one for one in FORM if one.key != "q3"], [response(3)])
    report = take_in(folder)
    assert scored(folder) == [4.0, 4.0]
    assert ask(folder, "SELECT count(*) FROM comment UNION ALL SELECT count(*) FROM response") == [(3,), (3,)]
    assert f"the form of `baseline` changed (1 {kind}). brs waits" in in_words(report)
    assert in_json(report)["forms"][0]["instruments"] == {"brs": "held"}
    assert "nvented" not in in_words(report)
    assert status(folder, {})["changed_forms_waiting"] == 1


def test_what_touches_no_score_is_told_once_and_stops_nothing(folder: Path) -> None:
    fetched(folder, (PERSON, COMMENT, *ITEMS, EXTRA), [response(3)])
    told = in_words(take_in(folder))
    assert "the form of `baseline` changed (1 moved, 1 added); no score is touched" in told
    assert "Another question" not in told
    assert "no score is touched" not in in_words(take_in(folder))
    assert scored(folder) == [4.0, 4.0, 4.0]


@pytest.mark.parametrize(("decision", "breaks"), [("same", []), ("break", [("brs", "2023/24", "2023/24", "declared")])])
def test_an_accepted_form_counts_with_the_next_run(folder: Path, decision: str, breaks: list[Any]) -> None:
    fetched(folder, REWORDED, [response(3, "Disagree")])
    take_in(folder)
    decide(folder, decision)
    assert "waits in its files" not in in_words(take_in(folder))
    assert scored(folder) == [4.0, 4.0, 2.0]
    assert ask(folder, "SELECT instrument, from_year, to_year, state FROM trend_break") == breaks
    assert ask(folder, "SELECT state FROM form_version ORDER BY file_number") == [("baseline",), (decision,)]


def test_answers_are_scored_by_their_labels_whatever_number_the_tool_gives(folder: Path) -> None:
    """ "Agree" is 4 in the old form and 5 in the new one."""
    recoded = [changed([one], one.key, choices=renumbered(1))[0] if one in ITEMS else one for one in FORM]
    fetched(folder, recoded, [response(3), response(4, "Strongly agree")])
    take_in(folder)
    assert scored(folder) == [4.0, 4.0]
    decide(folder, "break")
    take_in(folder)
    assert scored(folder) == [4.0, 4.0, 4.0, 5.0]


def test_old_responses_that_come_again_under_a_new_form_keep_their_scores(folder: Path) -> None:
    """A download repeats everything under the headings of today."""
    fetched(folder, REWORDED, [response(1), response(2, "Strongly agree"), response(3)])
    take_in(folder)
    assert scored(folder) == [4.0, 4.0]
    decide(folder, "same")
    take_in(folder)
    assert scored(folder) == [4.0, 5.0, 4.0]


def test_where_nothing_is_left_of_a_row_it_is_held_back(tmp_path: Path) -> None:
    folder = prepared(tmp_path / "p", ALONE)
    fetched(folder, REWORDED, [response(1), response(3)], gone=["2"])
    report = take_in(folder)
    assert report.totals["quarantined"] == 1
    assert "the form changed" in report.reasons["reason"][0]
    assert scored(folder) == [4.0]  # 1 came before; 2 was deleted in the tool, whatever its form is; 3 waits
    decide(folder, "same")
    assert take_in(folder).totals["quarantined"] == 0
    assert scored(folder) == [4.0, 4.0]


def test_decisions_last_and_a_form_may_go_back_to_what_it_was(folder: Path) -> None:
    fetched(folder, REWORDED, [response(3)])
    take_in(folder)
    decide(folder, "break")
    fetched(folder, (*REWORDED, EXTRA), [response(4)])
    fetched(folder, FORM, [response(5)])
    fetched(folder, (*FORM, EXTRA), [response(6)])
    assert not any(plan.waits for plan in take_in(folder).plans)
    assert len(scored(folder)) == 6
    assert ask(folder, "SELECT count(DISTINCT since), count(*) FROM form_version") == [(2, 4)]
    assert ask(folder, "SELECT count(*) FROM trend_break") == [(1,)]


def test_a_plan_reads_like_a_diff(folder: Path) -> None:
    fetched(folder, changed(REWORDED, "q4", choices=(*CHOICES, Choice("c6", "Never", "6"))), [response(3)])
    (plan,) = take_in(folder).plans
    told = forms.as_diff(plan)
    assert "  brs: waits for your decision\n  q3: reworded\n    - Invented statement 3\n    + An invented" in told
    assert "  q4: choice added\n    + 6 = Never\n  not in `answers` of the entry: Never" in told
    assert forms.listed(folder, {}) == [plan]


def test_only_known_changes_can_be_accepted_and_a_broken_list_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match="no such change"):
        forms.accept(folder, {}, "baseline", "f-0", "same", "A manager")
    (folder / "form_changes.csv").write_text("survey,version,instrument,decision\nbaseline,f-0,brs,perhaps\n")
    with pytest.raises(ConfigError, match="no decision"):
        take_in(folder)


def two_years(folder: Path, form: tuple[RawColumn, ...], answers: dict[str, int]) -> Path:
    """An entry a year for one scale: the second with this form, and these answers in programme.yaml."""
    scale = ENTRY["scales"][0] | {"answers": answers}
    prepared(folder, ENTRY | {"cohort": "a"}, ENTRY | {"id": "later", "cohort": "b", "scales": [scale]})
    settings = yaml.safe_load((folder / "programme.yaml").read_text())
    settings["cohorts"][1] |= {"academic_year": "2024/25", "start": "2024-10-01", "end": "2025-06-28"}
    (folder / "programme.yaml").write_text(yaml.safe_dump(settings))
    drop(folder, "roster-b.csv", PEOPLE, [person(n, Cohort="b") for n in range(1, 10)])
    fetched(folder, form, [response(3), response(4)], survey="later")
    return folder


ANSWERS = ENTRY["scales"][0]["answers"]


@pytest.mark.parametrize(
    ("form", "answers", "kind"),
    [
        (REWORDED, ANSWERS, "reworded"),
        (tuple(RawColumn(one.key, one.text) for one in FORM), {k: 6 - v for k, v in ANSWERS.items()}, "choice recoded"),
    ],
    ids=["reworded", "recoded in the entry"],
)
def test_a_year_that_asks_in_another_way_is_scored_and_marked(
    tmp_path: Path, form: tuple[RawColumn, ...], answers: dict[str, int], kind: str
) -> None:
    folder = two_years(tmp_path / "p", form, answers)
    report = take_in(folder)
    assert len(scored(folder)) == 4
    marks = "SELECT survey_id, from_year, to_year, state FROM trend_break"
    assert ask(folder, marks) == [("later", "2023/24", "2024/25", "possible")]
    assert report.plans[0].differences[0].kind == kind
    assert "brs is not asked in the same way in `later` as before" in in_words(report)
    decide(folder, "break")
    take_in(folder)
    assert ask(folder, marks) == [("later", "2023/24", "2024/25", "declared")]
    decide(folder, "same")
    assert take_in(folder).plans == []
    assert ask(folder, marks) == []


def test_another_tool_and_what_is_declared_break_a_trend_too(tmp_path: Path) -> None:
    folder = two_years(tmp_path / "p", FORM, ANSWERS)
    settings = yaml.safe_load((folder / "programme.yaml").read_text())
    settings["surveys"][2]["tool"] = "formbricks"
    settings["breaks"] = [{"year": "2024/25", "what": "recruitment", "because": "An invented sentence"}]
    (folder / "programme.yaml").write_text(yaml.safe_dump(settings))
    take_in(folder)
    rows = ask(folder, "SELECT kind, survey_id, from_year, to_year, state, detail FROM trend_break ORDER BY kind")
    assert rows == [
        ("recruitment", None, "2023/24", "2024/25", "declared", "An invented sentence."),
        ("tool", "later", "2023/24", "2024/25", "possible", "Before: SurveyMonkey; after: Formbricks."),
    ]


def test_two_years_alike_are_one_trend(tmp_path: Path) -> None:
    folder = two_years(tmp_path / "p", (PERSON, COMMENT, *ITEMS[::-1]), ANSWERS)  # the order is no score's business
    assert take_in(folder).plans == []
    assert len(scored(folder)) == 4
    assert ask(folder, "FROM trend_break") == []


def test_the_warehouse_knows_what_was_asked_but_nobodys_name(folder: Path) -> None:
    drop(folder, "more.csv", PEOPLE, [person(8, Name="Greta Personname")])
    fetched(folder, (*changed(FORM, "c", text="How did Greta Personname help?"), EXTRA), [response(3)])
    take_in(folder)
    rows = ask(folder, "SELECT column_name, instrument, item, wording, choices FROM form_question ORDER BY ALL")
    assert len(rows) == 14  # six items and a comment, twice; not who it is, and not what the entry does not use
    choices = "; ".join(f"{number} = {label}" for number, label in enumerate(LABELS, start=1))
    assert ("q3", "brs", 3, "Invented statement 3", choices) in rows
    assert [row[3] for row in rows if row[0] == "c"] == ["How did [name] help?", "What helped?"]


def test_the_three_kinds_of_no_answer_stay_apart(folder: Path) -> None:
    blank = {"q1": NOT_SHOWN, "q2": LEFT_BLANK, "q3": NOT_TICKED, "q4": None, "c": LEFT_BLANK}
    fetched(folder, FORM, [response(3, **blank), response(88, **blank)])  # 88 is nobody on the roster
    take_in(folder)
    why = "SELECT item, reason FROM unanswered SEMI JOIN response USING (response_id) ORDER BY item"
    assert ask(folder, why) == [(1, "not_shown"), (2, "left_blank"), (3, "not_ticked")]
    assert ask(folder, "SELECT count(*) FROM unanswered") == [(3,)]
    assert ask(folder, "SELECT state FROM scale_score WHERE items_answered = 2") == [("too_few_items",)]


def test_a_person_reads_the_plan_and_decides_at_the_command_line(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(*words: str) -> str:
        monkeypatch.setattr("sys.argv", ["cfc-pipeline", "-p", str(folder), *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert not end.value.code
        return capsys.readouterr().out

    fetched(folder, REWORDED, [response(3)])
    assert told("review", "forms") == "No form has changed.\n"
    take_in(folder)
    assert "q3: reworded" in told("review", "forms")
    (plan,) = json.loads(told("review", "forms", "--json"))
    words = ("--as", "break", "--by", "A manager", "--note", "the new wording asks for more")
    assert "brs accepted as break" in told("review", "accept", plan["survey"], plan["version"], *words)
    lines = (folder / "form_changes.csv").read_text().splitlines()
    assert lines[1].startswith(f"baseline,{plan['version']},brs,break,A manager,")
    assert lines[1].endswith(",the new wording asks for more")
