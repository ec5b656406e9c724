import csv
import re
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from cfc_pipeline.demo.layouts import Question, Submission, write_export
from cfc_pipeline.errors import ExportError
from cfc_pipeline.intake.recognise import assign
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes.add_survey import draft
from cfc_pipeline.recipes.entries import check_instruments
from cfc_pipeline.sources import read_export

PROGRAMME = """\
name: Synthetic
synthetic: true
cohorts:
  - {id: 2024-north, label: North group, academic_year: 2024/25, start: 2024-09-02, end: 2025-07-18}
"""
AGREEMENT = ("Strongly disagree", "Disagree", "Neither", "Agree", "Strongly agree")
SECRET = "Canary-Foxthorpe"
BRS = [Question(f"BRS_{n}", f"BRS {n}", AGREEMENT, group="How you bounce back", kind="choice") for n in range(1, 7)]
NUMBERS = {label: number for number, label in enumerate(AGREEMENT, start=1)}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "programme.yaml").write_text(PROGRAMME)
    return tmp_path


def submissions(questions, rows=20):
    def answers(row):
        cells = {q.id: (row * 3 + i) % len(q.options) for i, q in enumerate(questions) if q.options}
        return cells | {q.id: f"{SECRET} wrote sentence {row}, quite a long one" for q in questions if not q.options}

    return [
        Submission(
            str(11_000_000_000 + row),
            (when := datetime(2024, 10, 1 + row, 9, tzinfo=UTC)) - timedelta(minutes=5),
            when,
            complete=True,
            test=False,
            email=f"{SECRET}{row}@school.example",
            first_name=SECRET,
            last_name=SECRET,
            answers=answers(row),
            extra={"ip": "192.0.2.1", "token": f"{SECRET}{row}", "referer": SECRET, "custom": SECRET},
        )
        for row in range(rows)
    ]


def drafted(folder, layout, questions=BRS, *, rows=20, labels=True):
    extension = "xlsx" if "xlsx" in layout else "csv"
    file = folder / f"sent by {SECRET}.{extension}"
    write_export(file, layout, questions, submissions(questions, rows), labels=labels)
    return file, draft(folder, file).path


def from_csv(folder, header, rows):
    with (folder / "x.csv").open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([header, *rows])
    return draft(folder, folder / "x.csv").path


def google(folder, questions, rows):
    """A Google Forms export; `rows` are the answers below `questions`."""
    return from_csv(
        folder, ["Timestamp", *questions], [[f"{n}/10/2024 9:00:00", *row] for n, row in enumerate(rows, 1)]
    )


def entry(path):
    [survey] = yaml.safe_load(path.read_text())["surveys"]
    return survey


def complete(path, **settings):
    """What a person does: uncover each of these TODOs and write a value, and confirm."""
    text = path.read_text().replace("confirmed: false", "confirmed: true")
    for name, value in settings.items():
        text, done = re.subn(rf"(?m)^( *)# {name}: # TODO: .*$", rf"\g<1>{name}: {value}", text)
        assert done == 1, name
    text = re.sub(r"(?m)^( *)# answers: # TODO: .*$", r"\1answers:", text)
    return re.sub(
        r'(?m)^( *)# "([^"]*)": # TODO: a number .*$', lambda m: f'{m[1]}"{m[2]}": {NUMBERS[m[2]]} # done', text
    )


def loaded(folder, text):
    (folder / "programme.yaml").write_text(PROGRAMME + text)
    programme = load_programme(folder)
    check_instruments(programme, load_instruments())
    return programme


LAYOUTS = (
    "qualtrics_csv",
    "qualtrics_legacy",
    "ms_forms_xlsx",
    "ms_forms_cp1252_csv",
    "google_forms_sheet_csv",
    "google_forms_download_csv",
    "surveymonkey_csv",
    "limesurvey_csv",
    "limesurvey_full_csv",
)


@pytest.mark.parametrize("labels", [True, False])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_completed_draft_takes_its_file_in(folder, layout, labels):
    questions = [*BRS, Question("WHY", "What helped most in these weeks?")]
    file, path = drafted(folder, layout, questions, labels=labels)
    open_ = {"time_point": "pre", "cohort": "2024-north"}
    if "limesurvey" in layout:
        assert entry(path)["person"]["by"] == "code"  # its access code
    programme = loaded(folder, complete(path, **open_))
    raw = read_export(file.read_bytes(), file.name)
    survey = assign(raw, file.name, programme.surveys)
    assert (survey.kind, survey.time_point, survey.cohort) == ("scale", "pre", "2024-north")
    assert list(survey.scales[0].items) == [1, 2, 3, 4, 5, 6]
    assert survey.scales[0].answers == (NUMBERS if labels else {})
    assert len(survey.comments) == 1
    assert survey.submitted.order == ("mdy" if "sheet" in layout or "monkey" in layout or "1252" in layout else "ymd")


def test_an_uncompleted_draft_loads_and_is_not_taken_in(folder):
    path = drafted(folder, "qualtrics_csv")[1]
    [survey] = loaded(folder, path.read_text()).surveys
    assert not survey.confirmed


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_cell_and_no_file_name_reaches_a_draft(folder, layout):
    path = drafted(folder, layout, [*BRS, Question("WHY", "What helped?")])[1]
    assert SECRET.casefold() not in (path.read_text() + path.name).casefold()
    assert "192.0.2.1" not in path.read_text()


def test_every_setting_is_marked(folder):
    questions = [*BRS, Question("WHY", "What helped?"), Question("F", "How was lunch?", ("Good", "Bad"), kind="choice")]
    text = drafted(folder, "qualtrics_csv", questions)[1].read_text()
    body = text.split("surveys:\n")[1].splitlines()
    groups = ("person:", "submitted:", "scales:", "items:", "comments:")
    unmarked = [line for line in body if not re.search(r"# (check|TODO): \S", line) and line.strip() not in groups]
    assert [line.split(":")[0].strip(" #") for line in unmarked] == [
        "confirmed",
        "looks like a rating; belongs to no known instrument",
        "left out",
    ]


def test_a_rating_of_no_known_instrument_is_listed_and_not_guessed(folder):
    path = google(folder, ["How was lunch?", "Resilience: statement 1"], [["Good", "1"], ["Bad", "2"], ["Good", "1"]])
    assert "scales" not in entry(path)
    assert '# looks like a rating; belongs to no known instrument: "How was lunch?", 2 different' in path.read_text()
    assert '"Resilience: statement 1", 2 different' in path.read_text()
    assert "Good" not in path.read_text()


def test_a_heading_that_names_somebody_is_not_shown(folder):
    path = google(folder, ["How was Mrs Foxthorpe today?"], [["Good"], ["Bad"], ["Good"]])
    assert "Foxthorpe" not in path.read_text()
    assert "left out: 1 other columns" in path.read_text()


def test_a_block_that_is_called_like_an_item_is_not_that_item(folder):
    questions = [Question(f"R{n}", f"part {n}", AGREEMENT, group="Resilience", kind="choice") for n in range(1, 4)]
    assert "cfc_perceived_impact #" not in drafted(folder, "limesurvey_csv", questions)[1].read_text()


NAMED = {
    "BRS_{}": "brs",
    "brs[SQ00{}]": "brs",
    "Pre BRS item 0{}.": "brs",
    "Brief Resilience Scale | {}": "brs",
    "CEAS self {}": "ceas_self",
    "CEAS-S{}": "ceas_self",
    "ceas_from_others_{}": "ceas_from_others",
    "Compassion to others [Item {}]": "ceas_to_others",
    "SWEMWBS{}": "swemwbs",
    "Short Warwick-Edinburgh Mental Wellbeing Scale {}": None,  # the title says Well-being
    "Short Warwick Edinburgh Mental Well-being Scale, item {}": "swemwbs",
    "WEMWBS_{}": "wemwbs",
    "CEAS_{}": None,  # which of the three?
    "BRS_{}R": None,  # turned round already
    "BRS_1_{}": None,
    "xbrs_{}": None,
    "Q12_{}": None,
}


@pytest.mark.parametrize(("name", "instrument"), NAMED.items())
def test_names_of_items(folder, name, instrument):
    size = load_instruments()[instrument].items if instrument else 6
    found = entry(google(folder, [name.format(n) for n in range(1, size + 1)], [])).get("scales", [])
    assert [(s["instrument"], list(s["items"])) for s in found] == (
        [(instrument, list(range(1, size + 1)))] if instrument else []
    )


DOUBTS = {
    "missing: 6": [1, 2, 3, 4, 5],
    "there more than once: 2": [1, 2, 2, 3, 4, 5, 6],
    "not between 1 and 6: 7": [1, 2, 3, 4, 5, 6, 7],
    "missing: 1; not between 1 and 6: 0": [0, 2, 3, 4, 5, 6],
}


@pytest.mark.parametrize(("doubt", "numbers"), DOUBTS.items())
def test_an_instrument_whose_items_do_not_add_up_is_left_open(folder, doubt, numbers):
    path = google(folder, [f"BRS_{n}" for n in numbers], [])
    assert "scales" not in entry(path)
    assert f"# - instrument: brs # TODO: left out, because its items do not add up; {doubt}\n" in path.read_text()


def test_the_first_seven_of_the_long_form_are_not_the_short_form(folder):
    text = google(folder, [f"WEMWBS_{n}" for n in range(1, 8)], []).read_text()
    assert "# - instrument: wemwbs # TODO" in text
    assert "swemwbs #" not in text


def test_a_column_whose_names_disagree_is_nobodys_item(folder):
    questions = [Question(f"BRS_{n}", f"BRS {n % 6 + 1}", AGREEMENT, kind="choice") for n in range(1, 7)]
    assert "scales" not in entry(drafted(folder, "qualtrics_csv", questions)[1])


def test_own_forms_go_by_their_short_names_and_bring_their_numbers(folder):
    key = load_instruments()["cfc_session_feedback"]
    rows = [["High"] * 4, ["High"] * 4, ["Low"] * 4]
    path = google(folder, [f"This session [{name}]" for name in key.short_names.values()], rows)
    survey = entry(path)
    assert survey["kind"] == "session_feedback"
    assert survey["person"] == {"by": "anonymous"}
    assert survey["scales"][0]["answers"] == key.labels
    assert "not shown here" not in path.read_text()  # `Low` is in one row only, but the form's own
    assert "time_point" not in path.read_text()


def test_two_kinds_in_one_file_leave_the_kind_open(folder):
    short = load_instruments()["cfc_session_feedback"].short_names.values()
    path = google(folder, [*(f"BRS {n}" for n in range(1, 7)), *short], [])
    assert "kind" not in entry(path)
    assert "# kind: # TODO: " in path.read_text()


def brs_answers(folder, *rows):
    path = google(folder, [f"BRS {n}" for n in range(1, 7)], [[cell] * 6 for cell in rows])
    return path.read_text()


def test_a_label_of_one_row_only_is_not_shown(folder):
    text = brs_answers(folder, "Agree", "Agree", f"{SECRET} said no")
    assert '# "Agree": # TODO: a number from 1 to 5' in text
    assert SECRET not in text
    assert "1 answers are not shown here: used in one row only" in text


def test_free_texts_are_never_labels(folder):
    long = f"{SECRET} said that it depends on the week and on the weather"
    assert SECRET not in brs_answers(folder, long, long)
    many = [f"{SECRET} {n}" for n in range(13)]
    assert SECRET not in brs_answers(folder, *many, *many)


def test_numbers_need_no_labels_unless_they_are_other_numbers(folder):
    assert "answers" not in brs_answers(folder, "1", "5", "5")
    text = brs_answers(folder, "0", "0", "4", "4")
    assert '# "0": # TODO: a number from 1 to 5' in text
    assert '# "4": # TODO: a number from 1 to 5' in text


@pytest.mark.parametrize(
    ("day", "order", "why"),
    [
        ("{n}/10/24 9:00", "dmy", "3 dates have a day above 12 first"),
        ("{n}/10/2024 9:00", "dmy", "3 dates have a day above 12 first"),
        ("10/{n}/2024 9:00", "mdy", "3 dates have a day above 12 in second place"),
        ("2024-10-{n:02} 9:00", "ymd", "begin with the year"),
        ("10/9/2024 9:00", None, "no date has a day above 12"),
    ],
)
def test_day_order_is_proved_or_left_open(folder, day, order, why):
    path = from_csv(folder, ["Timestamp", "Q"], [[day.format(n=n), "x"] for n in range(1, 16)])
    assert path.stem == "google-forms-survey-2024"
    assert entry(path).get("submitted", {}).get("order") == order
    assert why in next(line for line in path.read_text().splitlines() if "order:" in line)


def test_dates_in_both_orders_are_left_open(folder):
    path = from_csv(folder, ["Timestamp", "Q"], [["13/10/2024", "x"], ["10/13/2024", "x"]])
    assert "# order: # TODO: ymd, dmy or mdy; 1 dates can only be day/month, 1 only month/day" in path.read_text()


def test_person_by_code_and_the_choices_beside_it(folder):
    header = ["Your own code: two letters of your street", "The code on your invitation", "Your postcode"]
    path = google(folder, header, [["ab", "C1", "ZZ1 1ZZ"]])
    assert entry(path)["person"] == {"by": "code", "column": header[1]}
    assert f'also possible: "{header[0]}"' in path.read_text()
    assert "Your postcode" not in path.read_text()


def test_anonymous_microsoft_forms_have_nobody(folder):
    file = folder / "x.xlsx"
    sent = [Submission(str(n), datetime(2024, 10, n, tzinfo=UTC), datetime(2024, 10, n, tzinfo=UTC), True, False,
                       None, "", "", {"BRS_1": n % 5}) for n in range(1, 4)]  # fmt: skip
    write_export(file, "ms_forms_xlsx", BRS, sent, labels=True)
    path = draft(folder, file).path
    assert "person" not in entry(path)
    assert "# person: # TODO: " in path.read_text()


def test_short_answers_about_people_are_no_comments(folder):
    school = "The Canary Church of England Primary School of Foxthorpe"
    comment = "We talked about how the breathing helped all of us in the mornings"
    rows = [[f"{school} {n}", f"{comment} {n}"] for n in range(3)]
    path = google(folder, ["Name of your school", "What changed at your school?"], rows)
    assert list(entry(path)["comments"].values()) == ["What changed at your school?"]
    assert "left out: 1 other columns" in path.read_text()
    assert "Name of your" not in path.read_text()


ROSTER = ["Work email", "Full name", "School", "Group", "Role", "Agreed to take part?", "Agreed on", "Home phone"]


def roster_row(n, group="North group", agreed="Yes"):
    return [f"{SECRET}{n}@school.example", f"{SECRET} {n}", f"{SECRET} School", group, "Head", agreed, f"{n}/09/2024",
            f"07700 90000{n}"]  # fmt: skip


def test_a_roster_is_known_by_its_headings(folder):
    path = from_csv(folder, ROSTER, [roster_row(n) for n in range(1, 16)])
    survey = entry(path)
    assert (survey["id"], survey["tool"], survey["kind"]) == ("roster-2024", "table", "roster")
    assert survey["fields"] == dict(
        zip(("email", "name", "school", "cohort", "role", "consent", "consent_date"), ROSTER, strict=False)
    )
    assert survey["submitted"] == {"order": "dmy"}
    assert survey["values"] == {"cohort": {"north group": "2024-north"}}
    assert SECRET not in path.read_text()
    assert "Home phone" not in path.read_text()
    [confirmed] = loaded(folder, complete(path)).surveys
    assert confirmed.fields["email"] == "Work email"


def test_a_label_that_comes_back_every_year_is_left_open(folder):
    again = "  - {id: 2025-north, label: North group, academic_year: 2025/26, start: 2025-09-01, end: 2026-07-17}\n"
    (folder / "programme.yaml").write_text(PROGRAMME + again)
    path = from_csv(folder, ROSTER, [roster_row(1)])
    assert "values" not in entry(path)
    assert '# "north group": # TODO: one of 2024-north, 2025-north\n' in path.read_text()


def test_words_of_a_roster_that_nobody_knows_are_counted(folder):
    text = from_csv(folder, ROSTER, [roster_row(1, "Elsewhere", "Ja"), roster_row(2, "Nowhere", "Nein")]).read_text()
    assert "2 different cells are no cohort's id or label" in text
    assert "2 different cells are neither yes nor no" in text
    assert not any(word in text for word in ("Elsewhere", "Nowhere", "Ja", "Nein"))


def test_two_columns_for_one_field_leave_it_open(folder):
    header = ["Home email", "Work email", *ROSTER[1:]]
    path = from_csv(folder, header, [["x", *roster_row(1)]])
    assert "email" not in entry(path)["fields"]
    assert '# email: # TODO: one of "Home email", "Work email"' in path.read_text()


def test_a_session_log_is_known_by_its_headings(folder):
    header = ["Group", "Session", "Date", "Present", "Practices used", "Facilitator"]
    rows = [["2024-north", n, f"{n}/10/2024", 9, "Breathing", SECRET] for n in range(1, 16)]
    path = from_csv(folder, header, rows)
    survey = entry(path)
    assert survey["kind"] == "session_log"
    assert list(survey["fields"]) == ["session", "held_on", "attendance", "practices"]
    [confirmed] = loaded(folder, complete(path, cohort="{column: Group}")).surveys
    assert confirmed.submitted.order == "dmy"


def test_an_unknown_tool_is_a_plain_table(folder):
    header = ["Remark", "Completed", *(f"BRS {n}" for n in range(1, 7))]
    path = from_csv(folder, header, [["x", "14/10/2024", *[3] * 6]])
    survey = entry(path)
    assert (survey["tool"], survey["kind"]) == ("table", "scale")
    assert survey["submitted"] == {"column": "Completed", "order": "dmy"}
    assert "left out: 1 other columns; their headings may be personal" in path.read_text()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_export_without_answers(folder, layout):
    path = drafted(folder, layout, rows=0)[1]
    survey = entry(path)
    assert list(survey["scales"][0]["items"]) == [1, 2, 3, 4, 5, 6]
    assert "answers" not in survey["scales"][0]
    assert "the file has no answers" in path.read_text()


def test_drafts_are_never_overwritten_and_ids_are_free(folder):
    text = PROGRAMME + "surveys: [{id: google-forms-survey-2024, tool: table, kind: scale, confirmed: false}]\n"
    (folder / "programme.yaml").write_text(text)
    paths = [google(folder, ["Q"], [["x"]]) for _ in range(2)]
    assert [p.name for p in paths] == ["google-forms-survey-2024-2.yaml", "google-forms-survey-2024-3.yaml"]
    assert [entry(p)["id"] for p in paths] == [p.stem for p in paths]


def test_a_file_that_fits_an_entry_already_needs_a_pattern(folder):
    file, path = drafted(folder, "qualtrics_csv", labels=False)
    loaded(folder, complete(path, time_point="pre", cohort="2024-north"))
    text = draft(folder, file).text
    assert "# files: # TODO: " in text
    assert "these fit the file already: qualtrics-scale-2024\n" in text


def test_a_file_that_is_not_there(folder):
    with pytest.raises(ExportError) as refusal:
        draft(folder, folder / f"{SECRET}.csv")
    assert SECRET not in str(refusal.value)


def test_an_unreadable_file_is_refused_without_its_name(folder):
    file = folder / f"{SECRET}.csv"
    file.write_bytes(b"")
    with pytest.raises(ExportError) as refusal:
        draft(folder, file)
    assert SECRET not in str(refusal.value)
    assert not list((folder / "drafts").glob("*")) if (folder / "drafts").exists() else True


def test_ratings_whose_headings_mention_the_session_are_still_told(folder):
    questions = ["Which session was it?", "This session: useful", "This session: safe", "What helped?"]
    path = google(folder, questions, [[f"Session {n % 3}", str(n % 5 + 1), "4", "Breathing"] for n in range(16)])
    text = path.read_text()
    assert 'session: # TODO: its number; or a column, perhaps "Which session was it?"' in text
    assert 'looks like a rating; belongs to no known instrument: "This session: useful", 5 different answers' in text
