"""Somebody is erased: nothing of them is left in any byte, nothing brings them back, and nobody else loses anything.
All people are synthetic."""

import json
import re
import stat
import subprocess
import sys

import polars as pl
import pytest

from cfc_pipeline.errors import ConfigError, PrivacyRefusal, StoreError
from cfc_pipeline.identity.keys import load_keys
from cfc_pipeline.identity.vault import list_raw
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import audit
from cfc_pipeline.recipes.arrivals import known_files
from cfc_pipeline.recipes.doctor import examine
from cfc_pipeline.recipes.erase import NOTICE, erase
from cfc_pipeline.recipes.publish import publish
from cfc_pipeline.recipes.review import decide
from cfc_pipeline.recipes.search import _whole
from tests.runs.test_fetch import entry, kept, run
from tests.servers import SERVERS
from tests.servers.local import running
from tests.servers.world import people as world_of
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

NAME, ADDRESS, CODE = "Xenobia Quillfeather", "x.quill@school.example", "XQ-7781"
HER = {"Email": ADDRESS, "Code": CODE, "Name": NAME}
NEEDLES = [ADDRESS, CODE.lower(), NAME.lower(), "quillfeather"]


def roster(**her):
    return [person(1, **(HER | her)), *(person(n) for n in range(2, 8))]


def answers(comment="Xenobia listened", **her):
    return [answer(1, comment="I slept again", **({"Email": ADDRESS} | her)), answer(2, comment=comment), *(
        answer(n, comment=f"Breathing {n}") for n in range(3, 8))]  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = describe(tmp_path_factory.mktemp("made") / "p", ROSTER, BRS)
    drop(folder, "roster of Quillfeather.csv", PEOPLE, roster())
    drop(folder, "brs.csv", ANSWERS, answers())
    take_in(folder)
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return copied(made, tmp_path / "p")


@pytest.fixture(scope="module")
def erased(made, tmp_path_factory):
    """The folder without her, and what the erasure said."""
    folder = copied(made, tmp_path_factory.mktemp("erased") / "p")
    return folder, erase(folder, {}, ADDRESS, now=WHEN)


@pytest.fixture
def without_her(erased, tmp_path):
    return copied(erased[0], tmp_path / "p")


def everything(folder):
    """Every byte of the folder, and what the sealed copies hold, in small letters."""
    programme = load_programme(folder)
    keys = load_keys(programme.restricted, {})
    copies = list_raw(programme.restricted, keys)
    files, _ = known_files(copies, programme, keys, as_kept=True)
    said = [f"{c.name} {c.number}".lower() for c in copies]
    said += [file.raw.rows.collect().write_csv().lower() for file in files]
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            said += [path.name.lower(), data.decode("latin-1").lower(), data.decode("utf-16-le", "ignore").lower()]
    return "\n".join(said)


def left_in(folder):
    said = everything(folder)
    return [needle for needle in NEEDLES if needle in said]


def test_nothing_of_the_person_is_left(made, erased):
    assert set(left_in(made)) >= {ADDRESS, "quillfeather"}
    folder, done = erased
    assert left_in(folder) == []
    assert done.rows == {"roster": 1, "brs-pre": 1}
    assert done.mentions == 1
    assert ask(folder, "SELECT count(*) FROM participant") == [(6,)]
    assert ask(folder, "SELECT count(*) FROM response") == [(6,)]


def test_the_others_keep_everything(folder):
    others = f"WHERE participant_id <> '{participant(folder)}'"
    # Google's files have no ids, so a row of which a word was masked is a new response that says the same.
    said = "SELECT * EXCLUDE (response_id, content_hash) FROM response {} ORDER BY ALL"
    scored = "SELECT * EXCLUDE response_id FROM scale_score {} ORDER BY ALL"
    before, scores = ask(folder, said.format(others)), ask(folder, scored.format(others))
    erase(folder, {}, CODE, now=WHEN)
    assert ask(folder, said.format("")) == before
    assert ask(folder, scored.format("")) == scores
    assert ask(folder, "SELECT count(*), count(DISTINCT comment_id) FROM comment") == [(6, 6)]


def participant(folder):
    """Who has what nobody else has: the only one whose roster row has her code is found by her own rows."""
    from cfc_pipeline.identity.pseudonyms import pseudonyms

    keys = load_keys(load_programme(folder).restricted, {})
    return pseudonyms(pl.Series([ADDRESS]), keys.purpose("person"), "p-")[0]


def test_the_analysts_id_names_the_person_too(folder):
    erase(folder, {}, participant(folder), now=WHEN)
    assert left_in(folder) == []


@pytest.mark.parametrize("again", ["the same bytes", "another export", "a new roster", "from elsewhere"])
def test_no_later_file_brings_the_person_back(without_her, again):
    after = tables(without_her)
    if again == "the same bytes":
        drop(without_her, "brs.csv", ANSWERS, answers())
    elif again == "another export":
        drop(without_her, "brs quillfeather.csv", ANSWERS, [*reversed(answers())])
    elif again == "a new roster":
        drop(without_her, "roster2.csv", PEOPLE, roster(Role="Head of Xenobia Quillfeather"))
    else:
        drop(without_her.parent / "p", "x.csv", ANSWERS, [answer(1, Email=f" {ADDRESS.upper()} ")])
    report = take_in(without_her)
    assert left_in(without_her) == []
    assert tables(without_her) == after
    assert "quillfeather" not in str(report.new_files).lower()
    if again != "the same bytes":
        assert report.rows_in == int(report.ledger["rows"].sum())
        assert "erased" in report.ledger["why"].to_list()


def test_a_later_comment_that_names_the_person_is_masked(without_her):
    drop(without_her, "late.csv", ANSWERS, [answer(2, Timestamp="28/10/2023 10:00:00", comment="Quillfeather again")])
    take_in(without_her)
    assert left_in(without_her) == []
    approved = ask(without_her, "SELECT text FROM comment WHERE state = 'approved'")
    assert ("[name] again",) in approved or waiting(without_her)


def waiting(folder):
    from cfc_pipeline.recipes.review import comments

    return "[name] again" in comments(folder, {})["text"].to_list()


def test_somebody_who_changed_address_goes_with_both(folder):
    drop(folder, "roster2.csv", PEOPLE, [person(1, **(HER | {"Email": "old.quill@school.example"}))])
    drop(folder, "old.csv", ANSWERS, [answer(1, Email="old.quill@school.example", Timestamp="27/10/2023 10:00:00")])
    take_in(folder)
    done = erase(folder, {}, ADDRESS, now=WHEN)
    assert done.rows == {"roster": 2, "brs-pre": 2}
    assert "old.quill" not in everything(folder)


def test_a_code_that_several_people_have_takes_nobody_else_along(folder):
    shared = [person(n, Code="none") for n in (8, 9)]
    drop(folder, "roster2.csv", PEOPLE, [person(1, **(HER | {"Code": "none"})), *shared])
    take_in(folder)
    done = erase(folder, {}, ADDRESS, now=WHEN)
    assert done.rows["roster"] == 2
    with pytest.raises(ConfigError, match="Several people"):
        erase(folder, {}, "none", now=WHEN)


def test_an_address_that_a_correction_mended(tmp_path):
    folder = describe(tmp_path / "p", ROSTER, BRS)
    drop(folder, "roster.csv", PEOPLE, roster())
    drop(folder, "brs.csv", ANSWERS, answers(Email="x.qill@school.example"))
    take_in(folder)
    from cfc_pipeline.recipes.review import quarantined_rows

    (row,) = quarantined_rows(folder, {}).filter(pl.col("column") == "Email").unique("record").rows(named=True)
    with (folder / "corrections.csv").open("a") as file:
        file.write(f"brs-pre,{row['record']},Email,x.qill@school.example,{ADDRESS},typed,office,2026-01-05\n")
    take_in(folder)
    done = erase(folder, {}, ADDRESS, now=WHEN)
    assert done.rows == {"roster": 1, "brs-pre": 1}
    assert done.corrections == 1
    assert "x.qill" not in everything(folder)
    assert left_in(folder) == []


def test_decisions_about_their_comments_go_and_others_stay(folder):
    mine = dict(ask_warehouse(folder))
    decide(folder, {}, list(mine.values()), "approved", "office")
    take_in(folder)
    done = erase(folder, {}, ADDRESS, now=WHEN)
    assert done.approvals == 2  # what she wrote, and what named her: a person reads that again
    assert len((folder / "approvals.csv").read_text().splitlines()) == 1 + 5


def ask_warehouse(folder):
    from cfc_pipeline.recipes.review import comments

    found = comments(folder, {})
    return list(zip(found["text"], found["comment_id"], strict=True))


def test_releases_from_before_are_marked_and_the_quoting_ones_named(folder):
    first = publish(folder, now=WHEN).path
    decide(folder, {}, [c for _, c in ask_warehouse(folder)], "approved", "office")
    take_in(folder)
    second = publish(folder, now=WHEN.replace(hour=4)).path
    done = erase(folder, {}, ADDRESS, now=WHEN.replace(hour=5))
    assert done.releases == [first.name, second.name]
    assert done.quoting == [second.name]
    assert (first / NOTICE).exists()
    third = publish(folder, now=WHEN.replace(hour=6)).path
    assert not (third / NOTICE).exists()


def test_the_certificate_says_what_was_done_and_not_to_whom(erased):
    folder, done = erased
    text = (folder / "erasures" / f"{done.certificate}.json").read_text()
    assert json.loads(text)["rows"] == {"roster": 1, "brs-pre": 1}
    assert stat.S_IMODE((folder / "erasures").stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in (folder / "erasures").iterdir()} == {0o600}
    assert participant_like(text) == []
    assert audit.check(folder)[0] >= 1
    assert audit.read(folder)[-1]["certificate"] == done.certificate
    assert done.certificate in done.in_words()


def participant_like(text):
    return [word for word in NEEDLES if word in text.lower()] + (["p-"] if '"p-' in text else [])


def test_a_dry_run_changes_nothing(folder):
    before = contents(folder)
    done = erase(folder, {}, ADDRESS, dry_run=True, now=WHEN)
    assert done.rows == {"roster": 1, "brs-pre": 1}
    assert "Nothing was changed" in done.in_words()
    assert contents(folder) == before


def contents(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.suffix not in (".duckdb", ".lock")}


@pytest.mark.parametrize("name", ["surveymonkey", "redcap"])
def test_the_next_fetch_keeps_the_person_out(tmp_path, monkeypatch, name):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with running(SERVERS[name], world_of(7)) as tool:
        folder = describe(tmp_path / "p", ROSTER, entry(name, tool))
        drop(folder, "roster.csv", PEOPLE, [person(n) for n in range(1, 8)])
        assert not run(folder).refused
        take_in(folder)
        tool.world.add(8)
        done = erase(folder, {}, "person3@school.example", now=WHEN)
        assert done.rows == {"roster": 1, "baseline": 1}
        for day in (1, 8):  # what is new, and a comparison of everything
            assert not run(folder, day).refused
            take_in(folder)
            assert ask(folder, "SELECT count(*) FROM response") == [(6,)]
        said = everything(folder)
        assert "person3" not in said
        assert SERVERS[name].record(3) not in kept(folder)


def test_nobody_of_that_name(folder):
    with pytest.raises(ConfigError, match="Nobody is known"):
        erase(folder, {}, "nobody@school.example", now=WHEN)


def test_something_that_is_left_is_told_and_there_is_no_certificate(folder):
    (folder / "notes.txt").write_text(f"Rang {NAME} on Monday")
    with pytest.raises(PrivacyRefusal, match="no certificate") as refusal:
        erase(folder, {}, ADDRESS, now=WHEN)
    assert "notes.txt" in str(refusal.value)
    assert any("erasure was not finished" in line for line in examine(folder, {}))
    assert not list((folder / "erasures").glob("*")) if (folder / "erasures").exists() else True
    (folder / "notes.txt").unlink()
    assert erase(folder, {}, ADDRESS, now=WHEN).certificate
    assert left_in(folder) == []


def test_the_command_asks_for_the_address_and_never_shows_it(folder):
    words = [sys.executable, "-m", "cfc_pipeline.cli", "-p", str(folder)]
    done = subprocess.run([*words, "erase"], input=f"{ADDRESS}\n", capture_output=True, text=True, check=True)
    assert "nothing is left" in done.stdout
    assert not any(needle in (done.stdout + done.stderr).lower() for needle in NEEDLES)
    assert left_in(folder) == []
    checked = subprocess.run([*words, "verify"], capture_output=True, text=True, check=True)
    assert f"audit log has {len(audit.read(folder))} entr" in checked.stdout


class TestTheAuditLog:
    def test_a_changed_line_is_found(self, folder):
        for n in range(3):
            audit.note(folder, "test", WHEN, n_tables=n)
        path = folder / audit.FILE_NAME
        path.write_text(path.read_text().replace('"n_tables": 1', '"n_tables": 7'))
        with pytest.raises(StoreError, match="changed"):
            audit.check(folder)

    def test_a_missing_line_is_found(self, folder):
        for n in range(3):
            audit.note(folder, "test", WHEN, n_tables=n)
        path = folder / audit.FILE_NAME
        lines = path.read_text().splitlines(keepends=True)
        path.write_text(lines[0] + lines[2])
        with pytest.raises(StoreError, match="line 2"):
            audit.check(folder)

    def test_a_cut_off_end_is_found_by_what_a_release_remembers(self, folder):
        audit.note(folder, "test", WHEN)
        publish(folder, now=WHEN)
        assert audit.check(folder)[0] == 2
        (folder / audit.FILE_NAME).write_text("")
        with pytest.raises(StoreError, match="cut off"):
            audit.check(folder)

    def test_a_line_that_a_kill_cut_short_is_written_over(self, folder):
        audit.note(folder, "test", WHEN)
        with (folder / audit.FILE_NAME).open("ab") as file:
            file.write(b'{"n": 2, "at"')
        audit.note(folder, "again", WHEN)
        assert [entry["what"] for entry in audit.read(folder)] == ["test", "again"]


def test_somebody_whose_name_and_address_are_part_of_another_ones_is_certified_to_be_gone(tmp_path):
    """Ian Hall is in Brian Hall, and ian@ in brian@, only for a search that knows no words."""
    folder = describe(tmp_path / "p", ROSTER, BRS)
    both = [{"Email": f"{name.lower()}@school.example", "Name": f"{name} Hall"} for name in ("Ian", "Brian")]
    drop(folder, "roster of Brian Hall.csv", PEOPLE, [person(n, **one) for n, one in enumerate(both, start=1)])
    drop(folder, "brs.csv", ANSWERS, [answer(n, Email=one["Email"]) for n, one in enumerate(both, start=1)])
    take_in(folder)
    done = erase(folder, {}, "ian@school.example", now=WHEN)
    assert done.audit_log
    assert ask(folder, "SELECT count(*) FROM participant") == [(1,)]


@pytest.mark.parametrize("cell", ["Thanks to ian hall.", "(Ian Hall)", "x,ian@school.example;y", "Hall_Ian Hall_2"])
def test_what_names_them_whole_is_found(cell):
    whole = re.compile("|".join(map(_whole, ["ian hall", "ian@school.example"])), re.IGNORECASE)
    assert whole.search(cell)
    assert not any(map(whole.search, ("Brian Hall", "Ian Hallam", "brian@school.example", "ian@school.example.org")))
