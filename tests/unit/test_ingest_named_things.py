"""What a person names to `ingest` (a file, a survey, an instrument) and got wrong is told, and nothing is taken in."""

from datetime import date
from pathlib import Path

import pytest

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.identity.approvals import decide, read
from cfc_pipeline.programme_folder import init
from cfc_pipeline.recipes.doctor import examine
from cfc_pipeline.recipes.ingest import ingest
from cfc_pipeline.recipes.report import in_words

COHORT = "{id: 2025-a, label: Cohort A, academic_year: 2025/26, start: 2025-09-15, end: 2026-07-10}"
SURVEY = """
  - id: feedback
    tool: table
    kind: {kind}
    {when}
    cohort: 2025-a
    person: {{by: anonymous}}
    consent: not_needed
    confirmed: {confirmed}
    scales: [{{instrument: {instrument}, items: {{1: Useful}}}}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    init(tmp_path / "p", "Test (synthetic)")
    return tmp_path / "p"


def settings(
    folder: Path, kind: str = "session_feedback", instrument: str = "cfc_session_feedback", **more: str
) -> None:
    when = "session: 1" if kind == "session_feedback" else "time_point: post"
    survey = SURVEY.format(kind=kind, instrument=instrument, when=when, confirmed=more.get("confirmed", "true"))
    (folder / "programme.yaml").write_text(f"name: Test (synthetic)\ncohorts: [{COHORT}]\nsurveys:{survey}")


def answers(folder: Path) -> Path:
    file = folder.parent / "answers.csv"
    file.write_text("Useful\n4\n5\n")
    return file


def test_decisions_that_a_spreadsheet_saved_go_on(folder: Path) -> None:
    decide(folder, ["c-1"], "approved", "Ren\u00e9", date(2026, 1, 5), "It helped \u2013 a lot")
    file = folder / "approvals.csv"
    file.write_bytes(file.read_text(encoding="utf-8").encode("cp1252"))
    decide(folder, ["c-2"], "approved", "\u0141", date(2026, 1, 6), "Na\u00efve")
    assert [decision.text for decision in read(folder).values()] == ["It helped \u2013 a lot", "Na\u00efve"]


def test_a_file_that_is_not_there_is_told_and_the_others_are_taken_in(folder: Path) -> None:
    settings(folder)
    report = ingest(folder, {}, files=[folder / "nowhere.csv", folder, answers(folder)])
    assert [type(refused.error).__name__ for refused in report.refused] == ["ExportError", "ExportError"]
    assert report.totals["stored"] == 2


def test_columns_that_no_entry_names_are_counted_and_not_called(folder: Path) -> None:
    settings(folder)
    (folder / "inbox" / "more.csv").write_text("Useful,What Ann Bell's secretary is called,Phone\n4,x,1\n")
    report = ingest(folder, {}, dry_run=True)
    assert "Columns that no survey entry names were left out: 2 in more.csv" in in_words(report).splitlines()
    assert "Bell" not in in_words(report)


def test_a_survey_that_does_not_exist_is_told(folder: Path) -> None:
    settings(folder)
    with pytest.raises(ConfigError, match="did you mean `feedback`"):
        ingest(folder, {}, files=[answers(folder)], survey_id="fedback")


def test_a_draft_is_not_taken_in_even_by_name(folder: Path) -> None:
    settings(folder, confirmed="false")
    with pytest.raises(ConfigError, match="draft"):
        ingest(folder, {}, files=[answers(folder)], survey_id="feedback")


def test_a_draft_may_name_what_does_not_exist_yet(folder: Path) -> None:
    settings(folder, instrument="nothing", confirmed="false")
    assert ingest(folder, {}).rows_in == 0


@pytest.mark.parametrize(
    ("kind", "instrument"),
    [("perceived_impact", "brs"), ("session_feedback", "brs"), ("scale", "cfc_session_feedback")],
)
def test_answers_that_no_table_would_count_are_refused_beforehand(folder: Path, kind: str, instrument: str) -> None:
    settings(folder, kind, instrument)
    with pytest.raises(ConfigError, match="does not count"):
        ingest(folder, {})


def test_an_inbox_that_was_deleted_comes_back_for_the_owner_only(folder: Path) -> None:
    settings(folder)
    (folder / "inbox").rmdir()
    ingest(folder, {})
    assert (folder / "inbox").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "name", ["inbox", "corrections.csv", "approvals.csv", "themes.csv", "codes.csv", "data/backups"]
)
def test_doctor_sees_personal_files_that_others_can_read(folder: Path, name: str) -> None:
    settings(folder)
    (folder / "codes.csv").touch(0o600)
    (folder / "data" / "backups").mkdir(0o700)
    decide(folder, ["c-0123456789abcdef0123"], "approved", "office", date(2026, 1, 5), "It helped, said somebody.")
    assert (folder / "approvals.csv").stat().st_mode & 0o077 == 0
    (folder / name).chmod(0o755)
    assert [line for line in examine(folder, {}) if line.startswith(f"mend: others can read {name}")]


def test_everything_wrong_with_instruments_is_told_with_its_line(folder: Path) -> None:
    settings(folder, instrument="cfc_session_fedback")
    with (folder / "programme.yaml").open("a") as file:
        file.write(
            "  - id: before\n    tool: table\n    kind: scale\n    time_point: pre\n"
            "    person: {by: email, column: Email}\n    scales:\n      - instrument: brs\n"
            "        items: {1: Q1, 9: Q9}\n        answers: {Disagree: 2, Agree: 44}\n        blank: [Disagree]\n"
        )
    with pytest.raises(ConfigError) as refusal:
        ingest(folder, {})
    assert str(refusal.value.what).splitlines() == [
        "programme.yaml has 4 mistakes.",
        "programme.yaml line 12: surveys[0].scales[0].instrument: no instrument `cfc_session_fedback`; "
        "did you mean `cfc_session_feedback`?",
        "programme.yaml line 20: surveys[1].scales[0].items.9: `brs` has 6 items",
        "programme.yaml line 21: surveys[1].scales[0].answers.Agree: the answers of `brs` are 1 to 5",
        "programme.yaml line 22: surveys[1].scales[0].blank: `Disagree` is listed in `answers` as well",
    ]
    assert f"mend: {refusal.value}" in examine(folder, {})


@pytest.mark.parametrize(("items", "then"), [(5, "is made from the others"), (2, "cannot be made")])
def test_items_that_an_entry_forgot_are_told(folder: Path, items: int, then: str) -> None:
    settings(folder)
    with (folder / "programme.yaml").open("a") as file:
        file.write(
            "  - id: before\n    tool: table\n    kind: scale\n    time_point: pre\n"
            "    person: {by: email, column: Email}\n    scales:\n"
            f"      - {{instrument: brs, items: {{{', '.join(f'{i}: Q{i}' for i in range(1, items + 1))}}}}}\n"
        )
    said = f"survey before names {items} of the 6 items of brs, Resilience: the score {then}"
    assert [line for line in examine(folder, {}) if said in line]
    assert said in in_words(ingest(folder, {}, dry_run=True))


def test_an_instrument_of_a_break_that_does_not_exist_is_told(folder: Path) -> None:
    settings(folder)
    path = folder / "programme.yaml"
    one = "{year: 2026/27, what: tool, because: An invented sentence, instruments: [brs, swenwbs]}"
    path.write_text(f"{path.read_text()}breaks: [{one}]\n")
    with pytest.raises(ConfigError) as refusal:
        ingest(folder, {}, files=[answers(folder)])
    assert "breaks[0].instruments: no instrument `swenwbs`; did you mean `swemwbs`?" in str(refusal.value.what)


def test_a_measure_of_a_family_that_does_not_exist_is_told(folder: Path) -> None:
    settings(folder)
    path = folder / "programme.yaml"
    path.write_text(path.read_text() + "families: {main: [brs, ceas_self/engagment]}\n")
    with pytest.raises(ConfigError) as refusal:
        ingest(folder, {}, files=[answers(folder)])
    assert "families.main: no measure `ceas_self/engagment`; did you mean `ceas_self/engagement`?" in str(
        refusal.value.what
    )
