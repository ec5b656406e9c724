"""People who are known by codes of their own: erased with all of them, and linked as before with another key."""

import pytest

from cfc_pipeline.identity.keys import load_keys
from cfc_pipeline.identity.links import read_kept
from cfc_pipeline.recipes.erase import erase
from cfc_pipeline.recipes.links import decide, listed
from cfc_pipeline.recipes.rotate import rotate_key
from tests.privacy.test_linking_decided import MARY, PEOPLE, TWIN, filled, survey
from tests.small_folder import WHEN, ask, copied, describe, take_in

SLIP = ["Margaret", "4", "11", "J", "2", "High"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = describe(tmp_path_factory.mktemp("made") / "p", survey("pre"), survey("post"))
    filled(folder, PEOPLE, [SLIP, *PEOPLE[1:]])
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return copied(made, tmp_path / "p")


def forms(folder):
    return ask(folder, "SELECT count(*), count(DISTINCT participant_id) FROM response")[0]


def owners(folder):
    restricted = folder / "data" / "restricted"
    return set(read_kept(restricted, load_keys(restricted, {})).owners["code"])


@pytest.mark.parametrize("who", ["ma|3|11|j|2|hig", "MA 3 11 J 2 hig", "ma|4|11|j|2|hig", "id"])
def test_who_is_erased_goes_with_every_code(folder, who):
    if who == "id":
        ((who,),) = ask(folder, "SELECT participant_id FROM link WHERE how = 'tolerant'")
    done = erase(folder, {}, who, now=WHEN)
    assert done.rows == {"brs-pre": 1, "brs-post": 1}
    assert forms(folder) == (4, 2)
    assert not [code for code in owners(folder) if code.startswith("ma|")]
    # And a new file with the other code brings nobody back.
    filled(folder, [*PEOPLE[1:], MARY], [*PEOPLE[1:], SLIP])
    assert forms(folder)[1] == 2


def test_decisions_about_who_is_erased_go_and_others_stay(tmp_path):
    folder = describe(tmp_path / "p", survey("pre"), survey("post"))
    ann = ["An", "27", "2", "Q", "0", "Ash"]
    filled(folder, [MARY, TWIN, *PEOPLE[1:]], [[*MARY[:3], "", *MARY[4:]], SLIP, ann])
    waiting = listed(folder, {})
    assert waiting.height
    decide(folder, {}, waiting["link"].to_list()[:1], "same", "office")
    decide(folder, {}, waiting["link"].to_list()[-1:], "different", "office")
    take_in(folder)
    done = erase(folder, {}, "ma|3|11|j|2|hig", now=WHEN)
    assert done.links >= 1
    assert take_in(folder).stale_links == []


def test_another_key_links_the_same_forms_and_keeps_decisions(tmp_path):
    folder = describe(tmp_path / "p", survey("pre"), survey("post"))
    filled(folder, [MARY, TWIN, *PEOPLE[1:]], [[*MARY[:3], "", *MARY[4:]], *PEOPLE[1:]])
    decide(folder, {}, listed(folder, {})["link"].to_list()[:1], "same", "office")
    before = take_in(folder).links
    answered = "SELECT participant_id, list(time_point ORDER BY time_point) AS times FROM response GROUP BY 1"
    same = f"SELECT times FROM ({answered}) ORDER BY 1"
    linked, csv = ask(folder, same), (folder / "links.csv").read_text()
    rotate_key(folder, {}, now=WHEN)
    assert take_in(folder).links == before
    assert ask(folder, same) == linked
    assert (folder / "links.csv").read_text() == csv


def test_no_byte_outside_of_sealed_files_holds_a_code(tmp_path, capfd):
    folder = describe(tmp_path / "p", survey("pre"), survey("post"))
    filled(folder, [MARY, TWIN, *PEOPLE[1:]], [[*MARY[:3], "", *MARY[4:]], *PEOPLE[1:]])
    decide(folder, {}, listed(folder, {})["link"].to_list()[:1], "same", "office")
    take_in(folder)
    said = capfd.readouterr()
    everything = [said.out.encode(), said.err.encode()]
    everything += [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    everything += [str(row).encode() for (name,) in ask(folder, "SELECT table_name FROM duckdb_tables()")
                   for row in ask(folder, f"FROM {name}")]  # fmt: skip
    for needle in (b"ma|3|11", b"Margaret", b"High Street", b"|hig"):
        assert not any(needle in one for one in everything)
