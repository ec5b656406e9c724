"""Pseudonyms are exactly HMAC-SHA-256, whatever the column looks like."""

import hashlib
import hmac

import polars as pl
import pytest

from cfc_pipeline.identity.pseudonyms import pseudonyms

KEY = bytes(range(32))


def reference(value: str, key: bytes = KEY) -> str:
    return "p-" + hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:20]


@pytest.mark.parametrize("key", [KEY, b"", b"k" * 64, b"k" * 65, b"k" * 200])
def test_equals_the_library_for_keys_of_any_length(key: bytes) -> None:
    values = ["jane@example.org", "", "Zoë", "x" * 1_000, " jane@example.org"]
    assert pseudonyms(pl.Series(values), key, "p-").to_list() == [reference(v, key) for v in values]


def test_rfc_4231_test_case_2() -> None:
    (made,) = pseudonyms(pl.Series(["what do ya want for nothing?"]), b"Jefe", "")
    assert made == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"[:20]


def test_null_stays_null_and_order_and_repeats_stay() -> None:
    made = pseudonyms(pl.Series("who", ["b", None, "a", "b"]), KEY, "p-")
    assert made.to_list() == [reference("b"), None, reference("a"), reference("b")]
    assert (made.name, made.dtype) == ("who", pl.String)


@pytest.mark.parametrize("values", [[], [None, None]])
def test_a_column_without_values(values: list[None]) -> None:
    assert pseudonyms(pl.Series(values, dtype=pl.Null), KEY, "p-").to_list() == values


def test_another_key_or_prefix_gives_another_pseudonym() -> None:
    value = pl.Series(["jane@example.org"])
    assert pseudonyms(value, KEY, "p-")[0] != pseudonyms(value, KEY[::-1], "p-")[0]
    assert pseudonyms(value, KEY, "s-")[0] == "s-" + reference("jane@example.org")[2:]
