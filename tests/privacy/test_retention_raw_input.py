"""Raw input kept for a stated time: then names, addresses, texts and times go, and no table notices. People are
synthetic."""

from datetime import date, timedelta

import pytest
import yaml

from cfc_pipeline.identity.keys import load_keys
from cfc_pipeline.identity.vault import list_raw, open_raw
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import audit, raw_input, shred
from cfc_pipeline.recipes.arrivals import known_files
from cfc_pipeline.recipes.backup import backup, restore
from cfc_pipeline.recipes.doctor import examine
from cfc_pipeline.recipes.erase import erase
from cfc_pipeline.recipes.retain import retain
from cfc_pipeline.recipes.review import comments, decide, quarantined_rows
from cfc_pipeline.recipes.rotate import rotate_key
from cfc_pipeline.recipes.verify import verify
from tests.runs.test_fetch import entry, run
from tests.servers import SERVERS
from tests.servers.local import running
from tests.servers.world import people
from tests.small_folder import (
    ANSWERS,
    BRS,
    PEOPLE,
    ROSTER,
    WHEN,
    answer,
    ask,
    copied,
    describe,
    drop,
    person,
    tables,
    take_in,
)

LATER = WHEN + timedelta(days=400)
CODED = BRS | {"id": "brs-post", "time_point": "post", "files": "post*", "person": {"by": "code", "column": "Email"}}
CODED |= {"comments": {"helped": "What helped?", "more": "What else?"}}
# Typed by people who are on no roster, or left out of every table: only the sealed copies have it.
GONE = (
    "stranger@elsewhere.example",
    "person7@school.example told",
    "203.0.113.77",
    "23:17:41",
    "Quillonia",
    "brs_2024",
)


def with_policy(folder, **retention):
    settings = yaml.safe_load((folder / "programme.yaml").read_text())
    settings["policy"] = {"retention": retention}
    (folder / "programme.yaml").write_text(yaml.safe_dump(settings))


def rows():
    """Of eight people: two forms on one day, one refusal, one withdrawal, two who may not be quoted, one with a cell
    that is out of range, one stranger, and one form that is a comment only."""
    told = [[*answer(n, comment=f"Breathing {n} with Quillonia Person{n}"), "203.0.113.77"] for n in range(1, 9)]
    again = [*answer(1, value=2, Timestamp="01/10/2023 23:17:41"), ""]
    wrong = [*answer(3, value=9, Timestamp="20/11/2023 08:00:00"), ""]
    stranger = [*answer(9, Email="stranger@elsewhere.example"), ""]
    only = [*answer(2, comment="person7@school.example told me", Timestamp="03/11/2023 10:00:00"), ""]
    only[2:8] = [""] * 6
    return [*told, again, wrong, stranger, only]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Made once: it is copied for each test."""
    roster = ROSTER | {"fields": ROSTER["fields"] | {"consent_quotes": "Quotes"}}
    folder = describe(tmp_path_factory.mktemp("made") / "p", roster, BRS | {"files": "brs*"}, CODED)
    with_policy(folder, raw_input=12)
    given = {5: {"Consent": "No"}, 6: {"Withdrawn": "2023-12-01"}}
    listed = [[*person(n, **given.get(n, {})), "No" if n in (2, 4) else "Yes"] for n in range(1, 9)]
    drop(folder, "a_roster.csv", [*PEOPLE, "Quotes"], listed)
    drop(folder, "brs_2024.csv", [*ANSWERS, "IP address"], rows())
    drop(folder, "post.csv", ANSWERS, [answer(n, value=3, Email=f"C{n}", comment=f"Calm {n}") for n in range(1, 5)])
    correction = "survey,record,column,was,value,reason,by,on\n"
    (folder / "corrections.csv").write_text(correction)
    take_in(folder)
    for decision, comment in zip(("approved", "rejected"), comments(folder, {})["comment_id"], strict=False):
        decide(folder, {}, [comment], decision, "office")
    take_in(folder)
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return copied(made, tmp_path / "p")


@pytest.fixture(scope="module")
def retained(made, tmp_path_factory):
    """The same folder after its time, and what was said."""
    folder = copied(made, tmp_path_factory.mktemp("retained") / "p")
    return folder, retain(folder, {}, now=LATER)


@pytest.fixture
def spent(retained, tmp_path):
    return copied(retained[0], tmp_path / "p")


def sealed(folder):
    """Everything that is in the sealed copies of answers, as text."""
    programme = load_programme(folder)
    keys = load_keys(programme.restricted, {})
    copies = list_raw(programme.restricted, keys)
    files, _ = known_files(copies, programme, keys, as_kept=True)
    asked = [file for file in files if file.survey.kind != "roster"]
    raw = {copy.number: open_raw(copy, keys).decode("latin-1") + copy.name for copy in copies}
    return "".join(raw[file.number] + file.raw.rows.collect().write_csv() for file in asked)


def everything(folder):
    """Every table but the notes of runs; in the ledger, reasons of rows that were left out are their time by now."""
    fates = ask(folder, "SELECT survey_id, file_number, outcome, sum(rows) FROM data_quality GROUP BY ALL ORDER BY ALL")
    counted = [fate for fate in fates if fate[2] not in ("quarantined", "excluded")]
    return tables(folder) | {"fates": counted, "rows": sum(fate[3] for fate in fates)}


def test_raw_input_is_shredded_and_no_table_notices(made, retained, spent):
    before = everything(made)
    kept = sealed(made)
    assert all(word in kept for word in (*GONE, "person3@school.example", "Person3"))
    _, done = retained
    assert [(one.survey, one.rows) for one in done.copies] == [("brs-pre", None), ("brs-post", None)]
    assert done.places == []
    left = sealed(spent)
    assert [word for word in (*GONE, "person3@school.example", "Person3", "C3") if word in left] == []
    assert everything(spent) == before
    assert take_in(spent).totals["stored"] == 0
    assert everything(spent) == before
    assert audit.read(spent)[-1]["copies"] == [vars(one) for one in done.copies]
    assert all(line.startswith("good:") for line in verify(spent, {}))


def test_its_bytes_are_overwritten_and_the_same_file_does_not_come_in_twice(folder):
    raw = folder / "data" / "restricted" / "raw"
    held = [path.open("rb") for path in sorted(raw.glob("*.sealed"))[1:]]
    before = everything(folder)
    retain(folder, {}, now=LATER)
    for file in held:
        with file:
            assert set(file.read()) == {0}
    drop(folder, "another name.csv", [*ANSWERS, "IP address"], rows())
    assert len(take_in(folder).repeats) == 1
    assert everything(folder) == before


def test_a_dry_run_lists_every_copy_and_why_and_changes_nothing(folder):
    kept = sealed(folder)
    said = retain(folder, {}, dry_run=True, now=LATER)
    assert "all that is personal would go; its time began on 2026-01-05, 12 months" in said.in_words()
    assert sealed(folder) == kept


def test_it_waits_for_the_file_the_cohort_and_the_form(folder, monkeypatch):
    assert retain(folder, {}, dry_run=True, now=WHEN + timedelta(days=300)).copies == []
    settings = yaml.safe_load((folder / "programme.yaml").read_text())
    settings["cohorts"][0] |= {"academic_year": "2025/26", "start": "2025-10-02", "end": "2026-07-03"}
    (folder / "programme.yaml").write_text(yaml.safe_dump(settings))
    assert retain(folder, {}, dry_run=True, now=LATER).copies == []
    assert len(retain(folder, {}, dry_run=True, now=LATER + timedelta(days=200)).copies) == 2
    monkeypatch.setattr(raw_input, "versions", lambda files, decisions: Held({2: frozenset({"brs"})}))
    assert len(retain(folder, {}, dry_run=True, now=LATER + timedelta(days=200)).copies) == 1


class Held:
    def __init__(self, held):
        self.held = held


def test_a_later_file_with_the_same_responses_and_new_ones(spent):
    """A download repeats what it had before."""
    before = ask(spent, "SELECT count(*) FROM response WHERE survey_id = 'brs-pre'")
    late = [*answer(7, value=1, Timestamp="07/01/2024 09:00:00", comment="Late"), ""]
    drop(spent, "brs_later.csv", [*ANSWERS, "IP address"], [*rows(), late])
    report = take_in(spent)
    assert report.totals["stored"] == 1
    assert ask(spent, "SELECT count(*) FROM response WHERE survey_id = 'brs-pre'") == [(before[0][0] + 1,)]
    again = "SELECT count(*), count(DISTINCT participant_id) FROM response WHERE status = 'superseded'"
    assert ask(spent, again)[0][1] <= ask(spent, again)[0][0]


def test_a_withdrawal_and_an_erasure_still_reach_them(spent):
    listed = [[*person(n, **({"Withdrawn": "2026-01-01"} if n == 7 else {})), "Yes"] for n in range(7, 9)]
    drop(spent, "roster2.csv", [*PEOPLE, "Quotes"], listed)
    take_in(spent)
    withdrawn = "SELECT participant_id FROM participant WHERE withdrawn"
    assert ask(spent, f"SELECT count(*) FROM response WHERE participant_id IN ({withdrawn})") == [(0,)]
    before = ask(spent, "SELECT count(*) FROM response")[0][0]
    done = erase(spent, {}, "person3@school.example", now=LATER)
    assert done.rows == {"roster": 1, "brs-pre": 1, "brs-post": 1}
    assert ask(spent, "SELECT count(*) FROM response") == [(before - 2,)]
    assert "person3@school.example" not in sealed(spent)
    assert "person8@school.example" not in sealed(spent)
    assert retain(spent, {}, now=LATER).copies == []


def test_an_erasure_that_was_killed_before_it_reached_them_finishes(spent, monkeypatch):
    calls = []
    real = __import__("cfc_pipeline.recipes.erase", fromlist=["_clean_copy"])._clean_copy

    def killed(*given):
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(*given)

    monkeypatch.setattr("cfc_pipeline.recipes.erase._clean_copy", killed)
    with pytest.raises(KeyboardInterrupt):
        erase(spent, {}, "person3@school.example", now=LATER)
    monkeypatch.setattr("cfc_pipeline.recipes.erase._clean_copy", real)
    take_in(spent)
    erase(spent, {}, "person3@school.example", now=LATER)
    people = ask(spent, "SELECT count(DISTINCT participant_id) FROM response WHERE survey_id = 'brs-post'")
    assert people == [(3,)]


def test_a_new_key_keeps_them_together_with_later_answers(spent):
    linked = "SELECT count(DISTINCT participant_id), count(*) FROM response"
    before = ask(spent, linked), ask(spent, "SELECT text, state, redactions FROM comment ORDER BY ALL")
    rotate_key(spent, {}, now=LATER)
    assert (ask(spent, linked), ask(spent, "SELECT text, state, redactions FROM comment ORDER BY ALL")) == before
    drop(spent, "post2.csv", ANSWERS, [answer(8, Email="C8")])
    take_in(spent)
    people, forms = before[0][0]
    assert ask(spent, linked) == [(people, forms + 1)]


def test_a_correction_for_them_is_stale_and_a_backup_holds_no_more_than_the_folder(folder, tmp_path):
    quarantined = ask(folder, "SELECT sum(rows) FROM data_quality WHERE outcome = 'quarantined'")
    assert quarantined == [(2,)]
    backup(folder, {}, now=WHEN)
    assert retain(folder, {}, now=LATER).backups == 1
    programme = load_programme(folder)
    files, _ = known_files(list_raw(programme.restricted, keys := load_keys(programme.restricted, {})), programme, keys)
    spent = next(f.raw.rows.collect().row(f.raw.past[0] - 2, named=True) for f in files if f.raw.past)
    with (folder / "corrections.csv").open("a") as file:
        file.write(f"brs-pre,{spent['_record']},Q1,,3,typo,office,2026-01-01\n")
    assert take_in(folder).stale_corrections == [2]
    (made,) = (folder / "data" / "backups").glob("*.backup")
    restore(made, tmp_path / "again", {}, key=folder / "data" / "restricted" / "secret.key")
    assert "203.0.113.77" not in sealed(tmp_path / "again")
    take_in(tmp_path / "again")
    assert tables(tmp_path / "again") == tables(folder)


def test_corrections_go_with_the_rows_that_hold_them_and_others_stay(folder):
    """Somebody typed an address wrongly: the correction is in what is left, and is reported as stale no more."""
    quarantined = quarantined_rows(folder, {}).unique("record").sort("row")
    record, column = quarantined.select("record", "column").row(0)
    with (folder / "corrections.csv").open("a") as file:
        value = "person3@school.example" if column == "Email" else "3"
        file.write(f"brs-pre,{record},{column},,{value},typo,office,2026-01-01\n")
        file.write("brs-pre,nobody,Q1,,3,about no row,office,2026-01-01\n")
    assert take_in(folder).stale_corrections == [3]
    before = tables(folder)
    done = retain(folder, {}, now=LATER)
    assert done.corrections == 1
    assert "1 lines of corrections.csv" in done.in_words()
    assert take_in(folder).stale_corrections == [2]
    assert "about no row" in (folder / "corrections.csv").read_text()
    assert tables(folder) == before


def test_killed_between_two_copies_the_next_run_does_the_rest(folder, monkeypatch):
    before, real, done = everything(folder), shred.replace_raw, []

    def killed(*given, **named):
        if done:
            raise KeyboardInterrupt
        done.append(real(*given, **named))

    monkeypatch.setattr(shred, "replace_raw", killed)
    with pytest.raises(KeyboardInterrupt):
        retain(folder, {}, now=LATER)
    monkeypatch.setattr(shred, "replace_raw", real)
    take_in(folder)
    assert everything(folder) == before
    assert [one.survey for one in retain(folder, {}, now=LATER).copies] == ["brs-post"]
    assert everything(folder) == before


def test_what_is_still_somewhere_in_the_folder_is_named(folder):
    (folder / "notes.txt").write_text("ask stranger@elsewhere.example")
    assert retain(folder, {}, now=LATER).places == ["notes.txt"]


def test_the_quarantine_has_a_time_of_its_own(folder):
    with_policy(folder, quarantine=6)
    before = everything(folder)
    assert retain(folder, {}, now=WHEN + timedelta(days=100)).copies == []
    done = retain(folder, {}, now=WHEN + timedelta(days=200))
    assert [(one.survey, one.rows) for one in done.copies] == [("brs-pre", 2)]
    assert "2 rows in quarantine are gone; it arrived on 2026-01-05, 6 months" in done.in_words()
    left = sealed(folder)
    assert "stranger@elsewhere.example" not in left
    assert "person3@school.example" in left
    assert everything(folder) == before
    assert take_in(folder).totals["quarantined"] == 0
    assert retain(folder, {}, now=WHEN + timedelta(days=200)).copies == []


def test_doctor_says_when_it_is_due(folder):
    assert not any("hold answers or rosters past their time" in line for line in examine(folder, {}))
    programme = load_programme(folder)
    with_policy(folder, raw_input=1)
    found = raw_input.due_input(load_programme(folder), {}, date(2026, 7, 5))
    assert len(found.copies) == 2
    assert raw_input.due_input(programme, {}, date(2026, 7, 5)).copies == []


@pytest.mark.parametrize("name", ["qualtrics", "surveymonkey"])
def test_fetched_answers_do_not_come_back_from_the_tool(name, tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with running(SERVERS[name], people(4)) as tool:
        folder = describe(tmp_path / "p", ROSTER, entry(name, tool))
        with_policy(folder, raw_input=12)
        drop(folder, "roster.csv", PEOPLE, [person(n, Consent="No" if n == 2 else "Yes") for n in range(1, 5)])
        run(folder)
        take_in(folder)
        take_in(folder)
        before = everything(folder)
        assert len(retain(folder, {}, now=LATER).copies) == 1
        assert everything(folder) == before
        (news,) = run(folder, 400).news
        assert (news.new, news.changed, news.gone) == (0, 0, 0)
        tool.world.add(5)
        (news,) = run(folder, 800).news
        assert (news.new, news.changed, news.gone) == (1, 0, 0)
        take_in(folder)
        assert {k: v for k, v in tables(folder).items() if k == "participant"} == {"participant": before["participant"]}
