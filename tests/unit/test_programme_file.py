"""programme.yaml: every mistake is found, on its line, with what to write instead."""

import json
import re
from pathlib import Path

import pytest

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.programme import FromColumn
from cfc_pipeline.programme_file import load_programme, programme_schema
from schemas import PROGRAMME_SCHEMA

TOP = """\
name: Test (synthetic)
cohorts:
  - {id: 2025-a, label: Cohort A, academic_year: 2025/26, start: 2025-09-15, end: 2026-07-10}
"""
SCALE = """\
surveys:
  - id: before
    tool: qualtrics
    kind: scale
    time_point: pre
    person: {by: email, column: recipientEmail}
    scales:
      - instrument: brs
        items: {1: Q1, 2: Q2}
"""
FEEDBACK = """\
surveys:
  - id: feedback
    tool: google_forms
    kind: session_feedback
    session: 1
    cohort: 2025-a
    consent: not_needed
"""
ROSTER = """\
surveys:
  - id: roster
    tool: table
    kind: roster
    fields: {email: Email, school: School, cohort: Group, consent: Agreed}
"""
LOG = """\
surveys:
  - id: log
    tool: table
    kind: session_log
    cohort: {column: Group}
    fields: {session: Session}
"""
EMAIL = """\
email:
  sender: reports@example.org
  to: [manager@example.org]
  smtp: {host: mail.example.org}
"""


def mistakes(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "programme.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_programme(tmp_path)
    lines = refused.value.what.splitlines()
    assert lines[0] == f"programme.yaml has {len(lines) - 1} mistake{'s' if len(lines) > 2 else ''}."
    return [line.removeprefix("programme.yaml ") for line in lines[1:]]


def loads(tmp_path: Path, text: str) -> None:
    (tmp_path / "programme.yaml").write_text(text, encoding="utf-8")
    load_programme(tmp_path)


@pytest.mark.parametrize("surveys", ["", SCALE, FEEDBACK, ROSTER, LOG, EMAIL])
def test_the_good_examples_of_this_file_are_good(tmp_path: Path, surveys: str) -> None:
    loads(tmp_path, TOP + surveys)


def test_the_programme_knows_its_folder(tmp_path: Path) -> None:
    (tmp_path / "programme.yaml").write_text(TOP)
    assert load_programme(tmp_path).inbox == tmp_path / "inbox"


def test_labels_that_yaml_takes_for_something_else_stay_as_they_are_written(tmp_path: Path) -> None:
    text = TOP + SCALE + "        answers: {No: 0, Yes: 1, 007: 2, 12:30: 3, 1.0: 4, null: 5, on: 6, 2025-01-01: 7}\n"
    text += "    consent: {column: Agree, yes: [Yes, on, 1]}\n"
    (tmp_path / "programme.yaml").write_text(text)
    (survey,) = load_programme(tmp_path).surveys
    assert list(survey.scales[0].answers) == ["No", "Yes", "007", "12:30", "1.0", "null", "on", "2025-01-01"]
    assert survey.consent != "roster"
    assert survey.consent != "not_needed"
    assert survey.consent.yes == ["Yes", "on", "1"]


def test_anchors_and_merges_work_and_own_settings_win(tmp_path: Path) -> None:
    second = SCALE.replace("surveys:\n", "").replace("  - id: before", "  - <<: *first\n    id: after")
    second = re.sub(r"    (tool|kind|time_point|person).*\n", "", second) + "    time_point: post\n"
    (tmp_path / "programme.yaml").write_text(TOP + SCALE.replace("  - id", "  - &first\n    id") + second)
    before, after = load_programme(tmp_path).surveys
    assert (after.id, after.time_point, after.person) == ("after", "post", before.person)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "programme.yaml").write_bytes(b"\xef\xbb\xbf" + TOP.encode())
    assert load_programme(tmp_path).name == "Test (synthetic)"


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="init"):
        load_programme(tmp_path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "programme.yaml").write_bytes(b"name: \xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_programme(tmp_path)


# What is written, and what the file is told: the exact sentence, because that is what a manager has to work with.
SENTENCES = {
    "empty": ("", ["line 1: `name` is missing", "line 1: `cohorts` is missing"]),
    "not settings": (
        "just words",
        [
            "line 1: settings such as `name: Our programme` are expected",
            "line 1: `name` is missing",
            "line 1: `cohorts` is missing",
        ],
    ),
    "tab": (TOP + "policy:\n\tduplicates: first\n", ["line 5: a tab: indent with spaces"]),
    "quote": ('name: "Test\ncohorts: []\n', ["line 3: a text without its closing quote"]),
    "two colons": (
        "name: Test: the second\n",
        [
            "line 1: a `:` in the wrong place: put text that contains `: ` in quotes, "
            "and line settings up with each other"
        ],
    ),
    "twice": (TOP + "name: Other\n", ["line 1: name: written twice, the second time on line 4"]),
    "misspelt": (
        TOP + SCALE.replace("time_point", "time_piont"),
        [
            "line 8: surveys[0].time_piont: unknown setting; did you mean `time_point`?",
        ],
    ),
    "not known at all": (
        TOP + "policy: {colour: blue}\n",
        [
            "line 4: policy.colour: unknown setting; known are `disclosure`, `duplicates`, `consent_versions`, "
            "`retention`, `calendar`, `risk_items`"
        ],
    ),
    "folder": (
        TOP + "folder: /tmp\n",
        [
            "line 4: folder: unknown setting; known are `name`, `timezone`, `synthetic`, `cohorts`, `surveys`, "
            "`policy`, `families`, `role_groups`, `attended_often`, `breaks`, `reliable_change`, `email`, `schedule`"
        ],
    ),
    "families": (
        TOP + "families: {a: [brs, ceas_self/total], b: [brs/total, ceas self], c: [ceas_self]}\n",
        [
            "line 4: families.b[1]: must be an instrument, or `instrument/subscale`, not `ceas self`",
            "line 4: families.b[0]: `brs/total` is in a family already",
            "line 4: families.c[0]: `ceas_self` is in a family already",
        ],
    ),
    "role groups": (
        TOP + "role_groups: {Heads: [Head, Principal], heads: [Deputy, head ], 'Other roles, or not known': [Cook]}\n",
        [
            "line 4: role_groups.heads: this name is taken",
            "line 4: role_groups.heads[1]: this role is in a group already",
            "line 4: role_groups.Other roles, or not known: this name is taken",
        ],
    ),
    "breaks": (
        TOP
        + "breaks:\n"
        + "  - {year: 2026/27, what: recruitment, because: An invented sentence}\n"
        + "  - {year: 2025/26, what: tool, because: An invented sentence}\n"
        + "  - {year: 2026/28, what: version, because: An invented sentence}\n"
        + '  - {year: 2026/27, what: recruitment, because: "Over two\\nlines of text"}\n'
        + "  - {year: 2026/27, what: wording, because: short}\n",
        [
            "line 6: breaks[1].year: must be after 2025/26, the first year: no trend leads up to it",
            "line 7: breaks[2].year: must be two years in a row, such as 2026/27",
            "line 8: breaks[3].because: must be one line",
            "line 8: breaks[3]: says again what another entry says",
            "line 9: breaks[4].what: must be `form`, `version`, `tool` or `recruitment`, not `wording`",
            "line 9: breaks[4].because: must have at least 10 characters, not `short`",
        ],
    ),
    "password": (
        TOP + EMAIL.replace("mail.example.org}", "mail.example.org, password: hunter2}"),
        [
            "line 7: email.smtp.password: secrets do not belong in this file; "
            "set them in the environment, such as CFC_SMTP_PASSWORD"
        ],
    ),
    "tool": (
        TOP + SCALE.replace("qualtrics", "Qualtrix"),
        [
            "line 6: surveys[0].tool: must be `qualtrics`, `ms_forms`, `google_forms`, `surveymonkey`, `limesurvey`, "
            "`jisc`, `redcap`, `typeform`, `kobo`, `odk`, `formbricks`, `smartsurvey`, `spss`, `stata` "
            "or `table`, not `Qualtrix`; did you mean `qualtrics`?"
        ],
    ),
    "one of several forms": (
        TOP + SCALE.replace("time_point: pre", "time_point: before"),
        [
            "line 8: surveys[0].time_point: must be `pre`, `mid`, `post`, `follow_up`, `calendar` "
            "or settings `column` and `values` below it, not `before`"
        ],
    ),
    "a list where one is expected": (
        TOP + SCALE + "    cohort: [2025-a]\n",
        ["line 13: surveys[0].cohort: must be a text or settings `column` and `values` below it"],
    ),
    "inside one of several forms": (
        TOP + SCALE.replace("time_point: pre", "time_point: {colum: When}"),
        [
            "line 8: surveys[0].time_point: `column` is missing",
            "line 8: surveys[0].time_point.colum: unknown setting; did you mean `column`?",
        ],
    ),
    "session word": (
        TOP + FEEDBACK.replace("session: 1", "session: first"),
        ["line 8: surveys[0].session: must be a whole number or settings `column` and `values` below it, not `first`"],
    ),
    "session out of range": (
        TOP + FEEDBACK.replace("session: 1", "session: 100"),
        ["line 8: surveys[0].session: must be 1 to 99"],
    ),
    "item": (
        TOP + SCALE.replace("{1: Q1", "{one: Q1"),
        ["line 12: surveys[0].scales[0].items.one: must be a whole number, not `one`"],
    ),
    "date": (
        TOP.replace("2025-09-15", "15/09/2025"),
        ["line 3: cohorts[0].start: must be a date such as 2025-09-15, not `15/09/2025`"],
    ),
    "day that does not exist": (
        TOP.replace("2025-09-15", "2025-09-31"),
        ["line 3: cohorts[0].start: must be a date such as 2025-09-15, not `2025-09-31`"],
    ),
    "ends before it starts": (
        TOP.replace("2026-07-10", "2025-07-10"),
        ["line 3: cohorts[0]: `end` must be after `start`"],
    ),
    "year's form": (
        TOP.replace("2025/26", "2025-26"),
        ["line 3: cohorts[0].academic_year: must be written like 2025/26, not `2025-26`"],
    ),
    "years not in a row": (
        TOP.replace("2025/26", "2025/27"),
        ["line 3: cohorts[0].academic_year: must be two years in a row, such as 2025/26"],
    ),
    "start far from the year": (
        TOP.replace("2025/26", "2023/24"),
        ["line 3: cohorts[0].start: 2025-09-15 is not in the academic year 2023/24"],
    ),
    "id": (
        TOP.replace("id: 2025-a", "id: Cohort A"),
        [
            "line 3: cohorts[0].id: may only have small letters, digits, - and _, and starts with a letter or digit, "
            "not `Cohort A`"
        ],
    ),
    "id twice": (
        TOP + TOP.splitlines()[2] + "\n",
        ["line 4: cohorts[1].id: `2025-a` is used twice; each needs an id of its own"],
    ),
    "no such cohort": (
        TOP + SCALE + "    cohort: 2025-b\n",
        ["line 13: surveys[0].cohort: there is no cohort `2025-b`; did you mean `2025-a`?"],
    ),
    "no such cohort in a column": (
        TOP + SCALE + "    cohort: {column: Group, values: {A: 2025-a, B: zz}}\n",
        ["line 13: surveys[0].cohort.values.B: there is no cohort `zz`"],
    ),
    "no such time point in a column": (
        TOP + SCALE.replace("time_point: pre", "time_point: {column: When, values: {Before: pr}}"),
        ["line 8: surveys[0].time_point.values.Before: must be one of pre, mid, post, follow_up; did you mean `pre`?"],
    ),
    "session in a column": (
        TOP + FEEDBACK.replace("session: 1", "session: {column: S, values: {One: one}}"),
        ["line 8: surveys[0].session.values.One: must be the number of a session"],
    ),
    "kind needs": (
        TOP + "surveys:\n  - {id: x, tool: table, kind: scale, cohort: 2025-a, consent: not_needed}\n",
        [
            "line 5: surveys[0]: a survey of kind `scale` needs `time_point`",
            "line 5: surveys[0]: a survey of kind `scale` needs `person`",
            "line 5: surveys[0]: a survey of kind `scale` needs `scales`",
        ],
    ),
    "kind has no use for": (
        TOP + ROSTER + "    time_point: pre\n",
        ["line 9: surveys[0].time_point: has no use in a survey of kind `roster`"],
    ),
    "anonymous and the roster": (
        TOP + SCALE.replace("by: email, column: recipientEmail", "by: anonymous"),
        [
            "line 5: surveys[0].cohort: the roster cannot tell the cohort here; "
            "name the cohort, or the column that does",
            "line 5: surveys[0].consent: the roster cannot tell consent here; "
            "name the column that does, or write `not_needed` if none is",
        ],
    ),
    "self-made code and the roster's consent": (
        TOP + SCALE.replace("by: email", "by: self_made") + "    cohort: 2025-a\n",
        [
            "line 5: surveys[0].consent: the roster cannot tell consent here; "
            "name the column that does, or write `not_needed` if none is"
        ],
    ),
    "person without a column": (
        TOP + SCALE.replace(", column: recipientEmail", ""),
        ["line 9: surveys[0].person: `column` is needed unless `by` is anonymous, and not allowed then"],
    ),
    "column used twice": (
        TOP + SCALE.replace("2: Q2", "2: Q1"),
        [
            "line 12: surveys[0].scales[0].items.1: this column is used for another item as well",
            "line 12: surveys[0].scales[0].items.2: this column is used for another item as well",
        ],
    ),
    "instrument twice": (
        TOP + SCALE + "      - {instrument: brs, items: {1: Q3}}\n",
        [
            "line 11: surveys[0].scales[0].instrument: appears twice in this survey",
            "line 13: surveys[0].scales[1].instrument: appears twice in this survey",
        ],
    ),
    "roster fields": (
        TOP + ROSTER.replace("email: Email, school: School, cohort: Group, consent: Agreed", "name: Name"),
        [
            "line 8: surveys[0].fields: needs `email` or `code`",
            "line 8: surveys[0].fields: needs `school`",
            "line 8: surveys[0].fields: needs `cohort`, or the survey's own `cohort` setting",
            "line 8: surveys[0].fields: needs `consent`, or `consent: not_needed` in the survey if nobody has to agree",
        ],
    ),
    "unknown field": (
        TOP + ROSTER.replace("email: Email", "emial: Email"),
        ["line 8: surveys[0].fields.emial: unknown field; did you mean `email`?"],
    ),
    "roster values": (
        TOP + ROSTER + "    values: {consent: {Agreed: maybe}, role: {H: head}, cohort: {A: 2025-z}}\n",
        [
            "line 9: surveys[0].values.role: there is no such entry in `fields`",
            "line 9: surveys[0].values.cohort.A: there is no cohort `2025-z`; did you mean `2025-a`?",
            'line 9: surveys[0].values.consent.Agreed: must mean "yes" or "no"',
        ],
    ),
    "values of days and numbers": (
        TOP
        + LOG.replace("{session: Session}", "{session: Session, held_on: Day}")
        + "    values: {session: {One: first}, held_on: {Yesterday: 2025-09-15}}\n",
        [
            "line 10: surveys[0].values.session.One: must mean a whole number",
            "line 10: surveys[0].values.held_on: a day has no listed meanings; see `submitted: {order: ...}`",
        ],
    ),
    "a roster is no form": (
        TOP + ROSTER + "    submitted: {order: dmy, column: When}\n    consent: {column: Agreed, yes: [Yes]}\n",
        [
            "line 9: surveys[0].submitted.column: has no use in a survey of kind `roster`; only `order` has",
            "line 10: surveys[0].consent: a roster says it in `fields: {consent: ...}`, "
            "and `values` says what its cells mean",
        ],
    ),
    "log without sessions": (
        TOP + LOG.replace("session: Session", "held_on: Date"),
        ["line 9: surveys[0].fields: needs `session`, or the survey's own `session` setting"],
    ),
    "log and the roster": (
        TOP + LOG.replace("    cohort: {column: Group}\n", ""),
        ["line 5: surveys[0].cohort: the roster cannot tell the cohort here; name the cohort, or the column that does"],
    ),
    "zone": (TOP + "timezone: Europe/Londn\n", ["line 4: timezone: unknown time zone; did you mean `Europe/London`?"]),
    "zone that is a path": (
        TOP + "timezone: ../../etc/passwd\n",
        ["line 4: timezone: unknown time zone; write it like Europe/London"],
    ),
    "survey's zone": (
        TOP + SCALE + "    submitted: {timezone: GMT+1}\n",
        ["line 13: surveys[0].submitted.timezone: unknown time zone; write it like Europe/London"],
    ),
    "cron": (
        TOP + "schedule: {nightly: at three}\n",
        ["line 4: schedule.nightly: must be five parts such as `0 3 * * *` (every night at three)"],
    ),
    "a minute that no hour has": (
        TOP + "schedule: {nightly: 99 3 * * *}\n",
        ["line 4: schedule.nightly: must be five parts such as `0 3 * * *` (every night at three)"],
    ),
    "a mistake of type beside another": (
        TOP + SCALE.replace("time_point", "timepoint").replace("2: Q2", "2: Q1") + "    cohort: 2025-c\n",
        [
            "line 8: surveys[0].timepoint: unknown setting; did you mean `time_point`?",
            "line 12: surveys[0].scales[0].items.1: this column is used for another item as well",
            "line 12: surveys[0].scales[0].items.2: this column is used for another item as well",
            "line 13: surveys[0].cohort: there is no cohort `2025-c`; did you mean `2025-a`?",
        ],
    ),
    "a wrong way to know people is all that is told": (
        TOP + SCALE.replace("by: email", "by: mail"),
        [
            "line 9: surveys[0].person.by: must be `email`, `code`, `self_made` or `anonymous`, not `mail`; "
            "did you mean `email`?",
        ],
    ),
    "mail in the clear": (
        TOP + EMAIL.replace("mail.example.org}", "mail.example.org, security: none}"),
        [
            "line 7: email.smtp.security: `none` would send the summary and password in the clear; "
            "use `starttls` or `tls`"
        ],
    ),
    "a second line in an address": (
        TOP + EMAIL.replace("[manager@example.org]", '["a@example.org\\nBcc: b@example.org"]'),
        ["line 6: email.to[0]: must be one address, such as `head@example.org`"],
    ),
    "a second line in the sender": (
        TOP + EMAIL.replace("reports@example.org", '"A\\nB <a@example.org>"'),
        ["line 5: email.sender: must be one address, such as `reports@example.org` or `Reports <reports@example.org>`"],
    ),
    "a second line in the subject": (
        TOP + EMAIL + '  subject: "a\\nb"\n',
        ["line 8: email.subject: must be one line"],
    ),
    "nobody to send to": (
        TOP + EMAIL.replace("[manager@example.org]", "[]"),
        ["line 6: email.to: must have at least 1 entry"],
    ),
    "port": (
        TOP + EMAIL.replace("mail.example.org}", "mail.example.org, port: 99999}"),
        ["line 7: email.smtp.port: must be 65535 or less, not `99999`"],
    ),
    "true or false": (TOP + "synthetic: perhaps\n", ["line 4: synthetic: must be true or false, not `perhaps`"]),
    "not a list": (
        "name: x\ncohorts: a\n",
        ["line 2: cohorts: must be a list: one line for each entry, starting with `- `, not `a`"],
    ),
    "reason too short": (
        TOP + "policy: {disclosure: {off_because: no}}\n",
        ["line 4: policy.disclosure.off_because: must have at least 10 characters, not `no`"],
    ),
}


@pytest.mark.parametrize("case", SENTENCES)
def test_each_mistake_has_its_sentence(tmp_path: Path, case: str) -> None:
    text, expected = SENTENCES[case]
    assert mistakes(tmp_path, text) == expected


def test_all_mistakes_are_reported_together_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = TOP.replace("2025/26", "2025/27") + "timezone: Nowhere\n" + SCALE.replace("qualtrics", "q")
    text += (
        FEEDBACK.replace("surveys:\n", "").replace("2025-a", "2025-x") + EMAIL.replace("starttls", "x") + "extra: 1\n"
    )
    found = [int(re.findall(r"line (\d+)", line)[0]) for line in mistakes(tmp_path, text)]
    assert found == [3, 4, 7, 18, 24]


def test_a_draft_may_be_unfinished(tmp_path: Path) -> None:
    loads(tmp_path, TOP + "surveys:\n  - {id: x, tool: table, kind: scale, confirmed: false}\n")


def test_a_section_whose_lines_are_all_comments_is_as_good_as_not_there(tmp_path: Path) -> None:
    loads(tmp_path, TOP + "surveys:\n#  - id: x\npolicy:\nemail:\n")


def test_a_long_value_is_not_shown(tmp_path: Path) -> None:
    (line,) = mistakes(tmp_path, TOP.replace("2025-09-15", '"Jane Smith jane@example.org 07700 900417 agreed"'))
    assert "Jane" not in line


def test_no_sentence_is_jargon(tmp_path: Path) -> None:
    wrong = "[a, {b: c}]"
    text = f"name: {wrong}\ncohorts: {wrong}\nsurveys: {wrong}\npolicy: {wrong}\nemail: {wrong}\nschedule: {wrong}\n"
    text += f"timezone: {wrong}\nsynthetic: {wrong}\n"
    for line in [*mistakes(tmp_path, text), *mistakes(tmp_path, TOP + re.sub(r": \w.*", f": {wrong}", SCALE + EMAIL))]:
        assert not re.search(
            r"(?i)input|valid |instance|mapping|dictionary|union|literal|none|\bstr\b|\bint\b", line
        ), line


def test_endless_anchors_are_refused(tmp_path: Path) -> None:
    rows = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert "without end" in mistakes(tmp_path, "\n".join(["a0: &a0 [x]", *rows]))[0]
    assert "without end" in mistakes(tmp_path, "a: &a [*a]\n")[0]


def test_the_published_schema_is_current() -> None:
    """When this fails, write the text below to schemas/programme.schema.json."""
    text = json.dumps(programme_schema(), indent=2, sort_keys=True) + "\n"
    assert PROGRAMME_SCHEMA.read_text(encoding="utf-8") == text


def test_the_schema_has_no_setting_that_is_refused() -> None:
    assert "folder" not in programme_schema()["properties"]


def test_a_survey_by_column_keeps_its_meanings(tmp_path: Path) -> None:
    (tmp_path / "programme.yaml").write_text(TOP + SCALE + "    cohort: {column: Group, values: {A: 2025-a}}\n")
    assert load_programme(tmp_path).surveys[0].cohort == FromColumn(column="Group", values={"A": "2025-a"})
