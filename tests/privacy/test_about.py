"""What is held about somebody is told whole, to one person, and nothing of others with it. All people are synthetic."""

import json
import stat

import pytest

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.recipes import audit
from cfc_pipeline.recipes.about import about
from cfc_pipeline.recipes.retain import retain
from cfc_pipeline.recipes.review import comments, decide
from tests.privacy.test_retention_raw_input import LATER, with_policy
from tests.small_folder import ANSWERS, BRS, PEOPLE, ROSTER, WHEN, answer, describe, drop, person, take_in

NAME, ADDRESS = "Xenobia Quillfeather", "x.quill@school.example"
HER = {"Email": ADDRESS, "Code": "XQ-7781", "Name": NAME}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = describe(tmp_path_factory.mktemp("about") / "p", ROSTER, BRS)
    drop(folder, "a roster.csv", PEOPLE, [person(1, **HER), *(person(n) for n in range(2, 7))])
    told = [answer(n, comment=f"Breathing {n}") for n in range(2, 6)]
    told += [answer(6, comment="Xenobia listened"), answer(1, comment="I slept again", Email=ADDRESS)]
    told += [answer(1, value=9, Email=ADDRESS, Timestamp="09/11/2023 10:00:00")]
    drop(folder, "brs.csv", [*ANSWERS, "IP address"], [[*row, "203.0.113.77"] for row in told])
    take_in(folder)
    decide(folder, {}, comments(folder, {})["comment_id"].to_list(), "approved", "office")
    return folder


def test_everything_of_the_person_is_told(folder, tmp_path):
    out = tmp_path / "hers"
    found = about(folder, {}, ADDRESS, out=out, now=WHEN)
    told = json.loads((out / "about.json").read_text())
    assert [(one["survey"], one["row"]) for one in told["files"]] == [("roster", 2), ("brs-pre", 7), ("brs-pre", 8)]
    assert told["files"][1]["said"]["IP address"] == "203.0.113.77"
    assert told["files"][1]["said"]["What helped?"] == "I slept again"
    assert {one["row"] for one in told["quarantine"]} == {8}
    assert {len(told["tables"][name]) for name in ("participant", "response", "comment", "answer_sheet")} == {1}
    assert told["tables"]["comment"][0]["text"] == "I slept again"
    assert [one["comment"] for one in told["decisions"]] == [told["tables"]["comment"][0]["comment_id"]]
    assert told["mentions"] == 1
    words = (out / "about.txt").read_text()
    assert words == found.in_words() + "\n"
    assert all(word in words for word in (NAME, ADDRESS, "I slept again", "203.0.113.77", "quarantine"))


def test_nothing_of_others_is_in_it(folder):
    words = about(folder, {}, ADDRESS, now=WHEN).in_words()
    assert "listened" not in words
    assert "person2@" not in words
    assert "Breathing" not in words


def test_it_is_for_one_pair_of_eyes_and_the_log_does_not_say_whose(folder, tmp_path):
    out = tmp_path / "hers"
    about(folder, {}, "XQ-7781", out=out, now=WHEN)
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()} == {0o600}
    entry = audit.read(folder)[-1]
    assert (entry["what"], entry["rows"]) == ("access", 3)
    assert "quill" not in json.dumps(entry).lower()
    with pytest.raises(ConfigError):
        about(folder, {}, "XQ-7781", out=out)


def test_a_corrected_row_and_a_participant_id(folder):
    (row,) = about(folder, {}, ADDRESS, now=WHEN).quarantine[:1]
    line = f"brs-pre,{row['record']},{row['column']},9,4,typed,office,2026-01-05\n"
    (folder / "corrections.csv").write_text(f"survey,record,column,was,value,reason,by,on\n{line}")
    pseudonym = about(folder, {}, ADDRESS, now=WHEN).tables["participant"][0]["participant_id"]
    found = about(folder, {}, pseudonym, now=WHEN)
    assert [fix["value"] for fix in found.corrections] == ["4"]
    assert len(found.files) == 3
    with pytest.raises(ConfigError, match="Nobody is known"):
        about(folder, {}, "nobody@school.example")


def test_after_raw_input_is_shredded_what_is_left_is_still_found(folder):
    with_policy(folder, raw_input=12)
    retain(folder, {}, now=LATER)
    found = about(folder, {}, ADDRESS, now=LATER)
    assert [one["survey"] for one in found.files] == ["roster", "brs-pre"]
    assert found.tables["comment"][0]["text"] == "I slept again"
    assert "203.0.113.77" not in found.in_words()
