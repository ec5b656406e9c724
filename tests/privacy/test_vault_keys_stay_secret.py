"""Nothing that prints, fails or is stored gives the secret away, and no pseudonym can be made without it."""

import hashlib
import pickle
from pathlib import Path

import polars as pl
import pytest

from cfc_pipeline.errors import PrivacyRefusal
from cfc_pipeline.identity.keys import Keys, load_keys
from cfc_pipeline.identity.pseudonyms import pseudonyms

SECRET = "c0ffee" + "5" * 58


def test_keys_do_not_print_themselves() -> None:
    keys = Keys(bytes.fromhex(SECRET))
    shown = f"{keys} {keys!r} {[keys]} {keys.key_id}"
    assert "c0ffee" not in shown
    assert repr(keys.secret) not in shown


def test_a_malformed_secret_is_not_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(PrivacyRefusal) as refusal:
        load_keys(tmp_path, {"CFC_SECRET_KEY": SECRET + "f"})
    error = pickle.loads(pickle.dumps(refusal.value))
    assert "c0ffee" not in f"{error}{error!r}{vars(error)}{refusal.value.__cause__}"
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


def test_the_key_id_is_no_part_of_the_secret_or_of_any_purpose() -> None:
    keys = Keys(bytes.fromhex(SECRET))
    assert keys.key_id not in SECRET
    assert all(keys.key_id not in keys.purpose(p).hex() for p in ("person", "raw", "file"))


def test_a_list_of_all_addresses_does_not_undo_pseudonyms_without_the_key() -> None:
    """The attack that undoes plain hashes: hash every known address in every usual way, and look for it."""
    staff = [f"head{i}@school{i % 50}.example" for i in range(1_000)]
    made = set(pseudonyms(pl.Series(staff), Keys(bytes.fromhex(SECRET)).purpose("person"), "p-"))
    tried = {
        digest(value.encode()).hexdigest()[:20]
        for value in staff
        for digest in (hashlib.sha256, hashlib.sha1, hashlib.md5, hashlib.sha512)
    }
    guessed_keys = [b"", bytes(32), b"person", Keys(bytes(32)).purpose("person")]
    again = {p for key in guessed_keys for p in pseudonyms(pl.Series(staff), key, "p-")}
    assert made.isdisjoint({f"p-{digits}" for digits in tried} | again)
