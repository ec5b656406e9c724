"""A dictionary attack: somebody has every address, code, name and school, both databases and no key, and finds nobody.
All people are synthetic."""

import hashlib
import hmac
import itertools
from collections.abc import Callable, Iterable

import duckdb
import pytest

from tests.small_folder import filled, take_in

PEOPLE = 5
KNOWN = [
    *(f"person{n}@school.example" for n in range(1, PEOPLE + 1)),
    *(f"c{n}" for n in range(1, PEOPLE + 1)),
    *(f"synthetic person{n}" for n in range(1, PEOPLE + 1)),
    *(f"school {n}" for n in range(4)),
]
# What the source code gives away: purposes, and what people put where a key belongs.
KEYS = [b"", b"person", b"school", b"response", b"cfc-pipeline/1/person", b"secret", b"\0" * 32, b"Synthetic", b"p"]


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Every text in both databases."""
    folder = filled(tmp_path_factory.mktemp("attack") / "p", PEOPLE)
    take_in(folder)
    cells: set[str] = set()
    for name in ("warehouse.duckdb", "analysis.duckdb"):
        with duckdb.connect(str(folder / "data" / name), read_only=True) as con:
            for (table,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall():
                cells |= {str(cell) for row in con.execute(f'FROM "{table}"').fetchall() for cell in row}
    return cells


def ways() -> list[Callable[[bytes], str]]:
    """Plain hashes, and keyed ones with keys that can be guessed; each also of its own digits."""
    plain = [lambda v, h=h: hashlib.new(h, v).hexdigest() for h in ("md5", "sha1", "sha256", "sha512", "blake2b")]
    keyed = [lambda v, k=k: hmac.new(k, v, hashlib.sha256).hexdigest() for k in KEYS]
    twice = [lambda v, w=w: w(w(v).encode()) for w in plain]
    return plain + keyed + twice


def found(cells: set[str], words: Iterable[str]) -> list[str]:
    """Words of which a hash is stored, whole or cut, with any prefix."""
    digits = {cell.split("-")[-1].lower() for cell in cells}
    lengths = sorted({len(cell) for cell in digits if len(cell) >= 8})
    hits = []
    for word, way in itertools.product(words, ways()):
        for spelt in {word, word.upper(), word.title(), f"self-made:{word}", f"p-{word}"}:
            made = way(spelt.encode())
            if any(made[:n] in digits for n in lengths if n <= len(made)):
                hits.append(word)
    return hits


def test_a_dictionary_attack_with_every_known_address_and_no_key_finds_nothing(stored):
    assert [cell for cell in stored if any(word in cell.lower() for word in KNOWN if "@" in word)] == []
    assert found(stored, KNOWN) == []


@pytest.mark.parametrize("way", [0, 2, 5, 9])
def test_it_would_be_found_if_one_pseudonym_were_a_plain_hash(stored, way):
    planted = "p-" + ways()[way](b"person3@school.example")[:20]
    assert set(found(stored | {planted}, KNOWN)) == {"person3@school.example"}
