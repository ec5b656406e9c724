"""The secret key is exchanged: all pseudonyms and sealed files change, and nothing else. All people are synthetic."""

import hmac
import secrets
import shutil

import pytest

from cfc_pipeline.errors import ConfigError, PrivacyRefusal
from cfc_pipeline.identity.keys import Keys, load_keys
from cfc_pipeline.identity.vault import list_raw
from cfc_pipeline.recipes import audit
from cfc_pipeline.recipes.doctor import examine
from cfc_pipeline.recipes.erase import erase
from cfc_pipeline.recipes.review import comments, decide, quarantined_rows
from cfc_pipeline.recipes.rotate import rotate_key
from tests.small_folder import ANSWERS, WHEN, answer, ask, copied, drop, filled, tables, take_in


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = filled(tmp_path_factory.mktemp("made") / "p")
    drop(folder, "more.csv", ANSWERS, [answer(4, Email="who@school.example"), answer(2, value=9)])
    take_in(folder)
    ids = dict(zip(*comments(folder, {}).select("text", "comment_id").get_columns(), strict=True))
    decide(folder, {}, [ids["Breathing 1"]], "approved", "office")
    decide(folder, {}, [ids["Breathing 2"]], "rejected", "office")
    take_in(folder)
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return copied(made, tmp_path / "p")


@pytest.fixture(scope="module")
def rotated(made, tmp_path_factory):
    """The same folder with a new key, and what was said."""
    folder = copied(made, tmp_path_factory.mktemp("rotated") / "p")
    return folder, rotate_key(folder, {}, now=WHEN)


def keys(folder):
    return load_keys(folder / "data" / "restricted", {})


def plain(folder):
    """Every table without what is made from the key."""
    made = ("participant_id", "response_id", "school_id", "comment_id", "content_hash", "run_id", "started_at")
    found = {}
    for (name,) in ask(folder, "SELECT table_name FROM duckdb_tables() WHERE table_name <> 'pipeline_run'"):
        columns = [c for (c,) in ask(folder, f"SELECT column_name FROM duckdb_columns() WHERE table_name = '{name}'")]
        kept = [c for c in columns if c not in made]
        found[name] = sorted(map(str, ask(folder, f"SELECT {', '.join(kept)} FROM {name}"))) if kept else []
    return {name: rows for name, rows in found.items() if name not in ("data_quality", "paired_support")}


def people(folder):
    return {p for (p,) in ask(folder, "SELECT participant_id FROM participant")}


def test_every_pseudonym_is_new_and_nothing_else_changes(made, rotated):
    before, ids, old = plain(made), people(made), keys(made)
    pairs = ask(made, "SELECT count(*), count(DISTINCT participant_id) FROM response")
    folder, done = rotated
    assert (done.old, done.new) == (old.key_id, keys(folder).key_id)
    assert done.old != done.new
    assert plain(folder) == before
    assert people(folder).isdisjoint(ids)
    assert ask(folder, "SELECT count(*), count(DISTINCT participant_id) FROM response") == pairs
    states = dict(ask(folder, "SELECT state, count(*) FROM comment GROUP BY 1"))
    assert (states["approved"], states["rejected"]) == (1, 1)
    assert done.decisions == 2
    assert len((folder / "approvals.csv").read_text().splitlines()) == 3
    assert quarantined_rows(folder, {}).height
    assert audit.read(folder)[-1]["what"] == "key exchanged"


def test_the_old_key_opens_nothing_any_more(made, rotated):
    old, (folder, _) = keys(made), rotated
    with pytest.raises(PrivacyRefusal, match="another secret key"):
        list_raw(folder / "data" / "restricted", old)
    assert old.secret.hex().encode() not in b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())
    left = sorted(p.name for p in (folder / "data").iterdir())
    assert left == ["analysis.duckdb", "heartbeat.json", "restricted", "warehouse.duckdb"]


def test_who_was_erased_stays_erased(folder):
    erase(folder, {}, "person3@school.example", now=WHEN)
    before = tables(folder)
    rotate_key(folder, {}, now=WHEN)
    drop(folder, "again.csv", ANSWERS, [answer(3, value=2), answer(5, value=2)])
    take_in(folder)
    assert ask(folder, "SELECT count(DISTINCT participant_id) FROM response") == [(4,)]
    assert len(before["participant"]) == len(tables(folder)["participant"]) == 4


def test_the_same_file_still_changes_nothing(rotated, tmp_path):
    folder = copied(rotated[0], tmp_path / "p")
    before = tables(folder)
    drop(folder, "renamed.csv", ANSWERS, [answer(n, comment=f"Breathing {n}") for n in range(1, 6)])
    assert len(take_in(folder).repeats) == 1
    assert tables(folder) == before


def test_a_dry_run_changes_nothing(folder):
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.suffix not in (".duckdb", ".lock")}
    assert "would" in rotate_key(folder, {}, dry_run=True).in_words()
    assert {p: p.read_bytes() for p in before} == before


def test_a_key_from_the_environment_needs_a_new_one_from_there(folder):
    environ = {"CFC_SECRET_KEY": keys(folder).secret.hex()}
    with pytest.raises(ConfigError, match="CFC_SECRET_KEY"):
        rotate_key(folder, environ)
    new = secrets.token_hex(32)
    rotate_key(folder, environ | {"CFC_NEW_SECRET_KEY": new}, now=WHEN)
    assert not (folder / "data" / "restricted" / "secret.key").exists()
    take_after = list_raw(folder / "data" / "restricted", Keys(bytes.fromhex(new)))
    assert len(take_after) == 3


@pytest.mark.parametrize("moment", ["while building", "between the renamings", "before the old one went"])
def test_killed_at_any_moment_the_next_one_finishes(folder, rotated, moment):
    before = plain(folder)
    restricted = folder / "data" / "restricted"
    aside, building = restricted.with_name("restricted.old"), restricted.with_name("restricted.new")
    if moment == "while building":
        (building / "raw").mkdir(parents=True)
        (building / "raw" / "000001-0123456789abcdef.sealed.partial").write_bytes(b"half")
    else:
        restricted.rename(aside)
        shutil.copytree(rotated[0] / "data" / "restricted", building)
        if moment == "before the old one went":
            building.rename(restricted)
    assert any("exchange of keys was not finished" in line for line in examine(folder, {}))
    rotate_key(folder, {}, now=WHEN)
    assert not any("exchange of keys" in line for line in examine(folder, {}))
    assert not aside.exists()
    assert not building.exists()
    # Decisions made with a key that was gone before its second lines were there wait again; nothing else is lost.
    told = plain(folder)
    assert {k: v for k, v in told.items() if k != "comment"} == {k: v for k, v in before.items() if k != "comment"}


def test_all_known_addresses_and_no_key_find_nobody(folder):
    """The attack that undoes plain hashes: everybody's address, and every key that is easy to guess."""
    known = people(folder)
    addresses = [f"person{n}@school.example" for n in range(100)]
    guesses = [b"", b"key", b"secret", bytes(32), b"cfc-pipeline", b"person"]
    found = {f"p-{hmac.digest(k or b' ', a.encode(), 'sha256').hex()[:20]}" for a in addresses for k in guesses}
    assert found.isdisjoint(known)
    true = keys(folder).purpose("person")
    assert {f"p-{hmac.digest(true, a.encode(), 'sha256').hex()[:20]}" for a in addresses} >= known
