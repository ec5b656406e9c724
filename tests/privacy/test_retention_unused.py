"""Retention: columns that nobody uses go after their time, and the results do not notice. People are synthetic."""

from datetime import timedelta

import pytest
import yaml

from cfc_pipeline.identity.keys import load_keys
from cfc_pipeline.identity.vault import list_raw, open_raw
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import audit
from cfc_pipeline.recipes.arrivals import known_files
from cfc_pipeline.recipes.doctor import examine
from cfc_pipeline.recipes.erase import erase
from cfc_pipeline.recipes.retain import retain
from cfc_pipeline.recipes.review import comments, decide
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
    copied,
    describe,
    drop,
    person,
    tables,
    take_in,
)

LATER = WHEN + timedelta(days=400)
PLANTED = ("203.0.113.77", "What else is planted", "07700 900555")


def with_policy(folder, **retention):
    settings = yaml.safe_load((folder / "programme.yaml").read_text())
    settings["policy"] = {"retention": retention}
    (folder / "programme.yaml").write_text(yaml.safe_dump(settings))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = describe(tmp_path_factory.mktemp("made") / "p", ROSTER, BRS)
    with_policy(folder, unused_columns=12)
    drop(folder, "roster.csv", [*PEOPLE, "Mobile"], [[*person(n), PLANTED[2]] for n in range(1, 7)])
    rows = [[*answer(n, comment=f"Breathing {n}", **{"What else?": PLANTED[1]}), PLANTED[0]] for n in range(1, 7)]
    drop(folder, "brs.csv", [*ANSWERS, "IP address"], [*rows, [*answer(8, value=9), PLANTED[0]]])
    take_in(folder)
    first = comments(folder, {})["comment_id"][0]
    decide(folder, {}, [first], "approved", "office")
    take_in(folder)
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return copied(made, tmp_path / "p")


@pytest.fixture(scope="module")
def retained(made, tmp_path_factory):
    folder = copied(made, tmp_path_factory.mktemp("retained") / "p")
    retain(folder, {}, now=LATER)
    return folder


def sealed(folder):
    """Everything that is in the sealed copies, as text."""
    programme = load_programme(folder)
    keys = load_keys(programme.restricted, {})
    copies = list_raw(programme.restricted, keys)
    files, _ = known_files(copies, programme, keys, as_kept=True)
    return "".join(open_raw(copy, keys).decode("latin-1") for copy in copies) + "".join(
        file.raw.rows.collect().write_csv() for file in files
    )


def test_nothing_goes_before_its_time_or_without_a_policy(folder):
    assert retain(folder, {}, now=WHEN + timedelta(days=300)).columns == {}
    with_policy(folder)
    assert retain(folder, {}, now=LATER).columns == {}
    assert all(word in sealed(folder) for word in PLANTED)


def test_what_nobody_uses_goes_and_the_results_stay(folder):
    before = tables(folder)
    assert all(word in sealed(folder) for word in PLANTED)
    planned = retain(folder, {}, now=LATER, dry_run=True)
    assert planned.columns == {"brs-pre": 3, "roster": 1}
    assert all(word in sealed(folder) for word in PLANTED)
    done = retain(folder, {}, now=LATER)
    assert done.columns == planned.columns
    assert [word for word in PLANTED if word in sealed(folder)] == []
    report = take_in(folder)
    assert report.refused == []
    assert report.totals["stored"] == 0
    assert tables(folder) == before
    assert audit.read(folder)[-1]["what"] == "retention"


def test_the_second_time_does_nothing(retained, tmp_path):
    folder = copied(retained, tmp_path / "p")
    entries = len(audit.read(folder))
    again = retain(folder, {}, now=LATER)
    assert again.columns == {}
    assert len(audit.read(folder)) == entries


def test_the_same_file_again_still_changes_nothing_and_the_bytes_before_are_overwritten(folder):
    raw = folder / "data" / "restricted" / "raw"
    held = [path.open("rb") for path in sorted(raw.glob("*.sealed"))]
    retain(folder, {}, now=LATER)
    for file in held:
        with file:
            assert set(file.read()) == {0}
    drop(folder, "again.csv", [*PEOPLE, "Mobile"], [[*person(n), PLANTED[2]] for n in range(1, 7)])
    assert len(take_in(folder).repeats) == 1


def test_an_entry_that_wants_a_column_which_is_gone_is_refused_not_left_blank(retained, tmp_path):
    folder = copied(retained, tmp_path / "p")
    describe(folder, ROSTER, BRS | {"comments": {"helped": "What helped?", "else": "What else?"}})
    report = take_in(folder)
    assert len(report.refused) == 1
    assert tables(folder)["response"] == []


def test_somebody_can_still_be_erased(retained, tmp_path):
    folder = copied(retained, tmp_path / "p")
    erase(folder, {}, "person3@school.example", now=LATER)
    assert len(tables(folder)["participant"]) == 5


def test_doctor_says_when_it_is_due(folder):
    assert not any("past their time" in line for line in examine(folder, {}))
    with_policy(folder, unused_columns=1)  # the copies say that they arrived long ago
    assert any(line.startswith("mend: 2 sealed copies") for line in examine(folder, {}))


@pytest.mark.parametrize("name", ["qualtrics", "redcap", "limesurvey"])
def test_fetched_copies(name, tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with running(SERVERS[name], people(4)) as tool:
        folder = describe(tmp_path / "p", ROSTER, entry(name, tool))
        with_policy(folder, unused_columns=12)
        drop(folder, "roster.csv", PEOPLE, [person(n) for n in range(1, 5)])
        run(folder)
        take_in(folder)
        before = tables(folder)
        done = retain(folder, {}, now=LATER)
        assert take_in(folder).refused == []
        assert tables(folder) == before
        assert retain(folder, {}, now=LATER).columns == {}
        tool.world.add(5)
        (news,) = run(folder, 400).news
        assert (news.new, news.changed, news.gone) == (1, 0, 0) or done.columns == {}
