"""Rosters kept for a stated time: rows that later ones replaced go but for whom they are about, and no table notices.
People are synthetic."""

from datetime import timedelta

import pytest
import yaml

from cfc_pipeline.identity.keys import load_keys
from cfc_pipeline.identity.vault import list_raw, open_raw
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import audit, shred
from cfc_pipeline.recipes.arrivals import known_files
from cfc_pipeline.recipes.erase import erase
from cfc_pipeline.recipes.retain import retain
from cfc_pipeline.recipes.rotate import rotate_key
from cfc_pipeline.recipes.verify import verify
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
HEADING = [*PEOPLE, "Before", "Private"]
POST = BRS | {"id": "brs-post", "time_point": "post", "files": "post*"}
NEW, OLD = "new4@trust.example", "person4@school.example"
GONE = ("07700 900123", "home2@private.example", "Deputy of old", "2023-11-11")  # of rows that were replaced
STAYS = ("person2@school.example", OLD, NEW, "Maidenname", "Oldschool", "07700 900999", "Synthetic Person3")


def listed(number, before="", private="", **given):
    return [*person(number, **given), before, private]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Three rosters: in the second, 1 is as before, 2 has another name, 3 is left out, 4 another address and school, 5
    agrees who had not, 6 withdrew and is back, 7 moves from b to a; the third says all of it again."""
    fields = ROSTER["fields"] | {"previous_email": "Before"}
    folder = describe(
        tmp_path_factory.mktemp("made") / "p",
        ROSTER | {"fields": fields, "files": "roster*"},
        BRS | {"files": "brs*"},
        POST,
    )
    settings = yaml.safe_load((folder / "programme.yaml").read_text())
    settings["policy"] = {"retention": {"rosters": 12}}
    (folder / "programme.yaml").write_text(yaml.safe_dump(settings))
    first = [
        listed(1, private="07700 900123"),
        listed(2, private="home2@private.example", Name="Synthetic Maidenname", Role="Deputy of old"),
        listed(3, private="07700 900999"),
        listed(4, School="Oldschool Primary"),
        listed(5, Consent="No"),
        listed(6, Withdrawn="2023-11-11"),
        listed(7, Cohort="b"),
        listed(8, Cohort="b"),
    ]
    second = [
        listed(1),
        listed(2),
        listed(4, OLD, Email=NEW, Code="", School="Newschool"),
        listed(5),
        listed(6),
        listed(7),
        listed(8, Cohort="b"),
    ]
    drop(folder, "roster1.csv", HEADING, first)
    told = {1: "Maidenname of Oldschool Primary helped", 2: "Calm"}
    drop(folder, "brs.csv", ANSWERS, [answer(n, comment=told.get(n, "")) for n in range(1, 7)])
    take_in(folder)
    for number in (2, 3):
        drop(folder, f"roster{number}.csv", [*HEADING, "Sent"], [[*row, str(number)] for row in second])
        drop(folder, f"post{number}.csv", ANSWERS, [answer(n, value=number, Email=NEW if n == 4 else "") for n in (4,)])
        take_in(folder)
    take_in(folder)
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return copied(made, tmp_path / "p")


def sealed(folder, kind="roster"):
    programme = load_programme(folder)
    keys = load_keys(programme.restricted, {})
    copies = list_raw(programme.restricted, keys)
    files, _ = known_files(copies, programme, keys, as_kept=True)
    raw = {copy.number: open_raw(copy, keys).decode("latin-1") for copy in copies}
    return "".join(raw[f.number] + f.raw.rows.collect().write_csv() for f in files if f.survey.kind == kind)


def everything(folder):
    return tables(folder) | {"rows": ask(folder, "FROM data_quality ORDER BY ALL")}


def test_rows_that_were_replaced_go_and_no_table_notices(folder):
    before, kept = everything(folder), sealed(folder)
    assert "Maidenname" not in str(before)
    assert [word for word in (*GONE, *STAYS) if word not in kept] == []
    done = retain(folder, {}, now=LATER)
    # Of the first roster all but the rows of who is left out later, and of who was in the other cohort.
    assert [(one.survey, one.copy, one.rows, one.replaced) for one in done.copies] == [
        ("roster", 2, 6, True),
        ("roster", 4, 7, True),
    ]
    assert done.places == []
    left = sealed(folder)
    assert [word for word in GONE if word in left] == []
    assert [word for word in STAYS if word not in left] == []
    assert everything(folder) == before
    assert audit.read(folder)[-1]["copies"] == [vars(one) for one in done.copies]
    assert all(line.startswith("good:") for line in verify(folder, {}))
    assert retain(folder, {}, now=LATER).copies == []


def test_its_bytes_are_overwritten_and_a_row_from_before_that_is_said_again_counts(folder):
    held = [path.open("rb") for path in sorted((folder / "data/restricted/raw").glob("*.sealed"))[1:2]]
    retain(folder, {}, now=LATER)
    for file in held:
        with file:
            assert set(file.read()) == {0}
    drop(folder, "roster4.csv", [*HEADING, "Sent"], [[*listed(5, Consent="No"), "4"]])
    take_in(folder)
    assert ask(folder, "SELECT count(*) FROM participant WHERE NOT consented") == [(1,)]


def test_a_dry_run_says_what_and_why_and_nothing_goes_before_its_time(folder):
    kept = sealed(folder)
    said = retain(folder, {}, dry_run=True, now=LATER)
    assert "copy 2 of roster: 6 rows that later ones replaced, but for whom they are about, would go" in said.in_words()
    assert "that was on 2026-01-05, 12 months" in said.in_words()
    assert sealed(folder) == kept
    assert retain(folder, {}, dry_run=True, now=WHEN + timedelta(days=300)).copies == []


def test_a_new_key_keeps_people_together_and_an_erasure_finds_the_name_and_the_address_from_before(folder):
    people = "SELECT count(DISTINCT participant_id), count(*) FROM response"
    before = ask(folder, people)
    retain(folder, {}, now=LATER)
    rotate_key(folder, {}, now=LATER)
    assert ask(folder, people) == before
    assert erase(folder, {}, "person2@school.example", now=LATER).rows["roster"] == 3
    assert "Maidenname" not in sealed(folder) + sealed(folder, "scale")
    assert erase(folder, {}, OLD, now=LATER).rows == {"roster": 3, "brs-pre": 1, "brs-post": 2}
    assert NEW not in sealed(folder)


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
    assert [one.copy for one in retain(folder, {}, now=LATER).copies] == [4]
    assert everything(folder) == before
