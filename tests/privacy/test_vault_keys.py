"""Where the secret comes from, and every way in which it can be wrong."""

import os
from pathlib import Path

import pytest

from cfc_pipeline.errors import PrivacyRefusal
from cfc_pipeline.identity.keys import Keys, create_key_file, load_keys

SECRET = "00112233445566778899aabbccddeeff" * 2


@pytest.fixture
def restricted(tmp_path: Path) -> Path:
    return tmp_path / "data" / "restricted"


def test_a_made_key_can_be_loaded_and_is_for_its_owner_only(restricted: Path) -> None:
    before = os.umask(0)
    try:
        path = create_key_file(restricted)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert restricted.stat().st_mode & 0o777 == 0o700
    assert len(load_keys(restricted, {}).secret) == 32


def test_two_made_keys_differ(tmp_path: Path) -> None:
    assert create_key_file(tmp_path / "a").read_text() != create_key_file(tmp_path / "b").read_text()


def test_a_key_is_never_replaced(restricted: Path) -> None:
    kept = create_key_file(restricted).read_bytes()
    with pytest.raises(PrivacyRefusal, match="not replaced"):
        create_key_file(restricted)
    assert (restricted / "secret.key").read_bytes() == kept


def test_the_environment_wins_over_the_file(restricted: Path) -> None:
    create_key_file(restricted)
    assert load_keys(restricted, {"CFC_SECRET_KEY": SECRET}).secret == bytes.fromhex(SECRET)


def test_the_environment_is_enough(restricted: Path) -> None:
    assert load_keys(restricted, {"CFC_SECRET_KEY": f"{SECRET.upper()}\n"}).secret == bytes.fromhex(SECRET)


@pytest.mark.parametrize("bad", ["", " ", "0" * 63, "0" * 65, "g" * 64, "password", "０" * 64])
def test_a_malformed_variable_is_refused_even_where_a_good_file_is(restricted: Path, bad: str) -> None:
    create_key_file(restricted)
    with pytest.raises(PrivacyRefusal, match="not well formed"):
        load_keys(restricted, {"CFC_SECRET_KEY": bad})


@pytest.mark.parametrize("content", [b"", b"abc", b"\xff" * 64, b"0" * 5_000])
def test_a_malformed_file_is_refused(restricted: Path, content: bytes) -> None:
    create_key_file(restricted).write_bytes(content)
    with pytest.raises(PrivacyRefusal, match="not well formed"):
        load_keys(restricted, {})


def test_a_missing_file_is_refused_with_what_to_do(restricted: Path) -> None:
    with pytest.raises(PrivacyRefusal, match="CFC_SECRET_KEY"):
        load_keys(restricted, {})


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o644])
def test_a_file_that_others_can_read_or_write_is_refused(restricted: Path, mode: int) -> None:
    create_key_file(restricted).chmod(mode)
    with pytest.raises(PrivacyRefusal, match="chmod 600"):
        load_keys(restricted, {})


def test_purposes_are_the_hkdf_of_rfc_5869() -> None:
    import hashlib
    import hmac

    secret = bytes.fromhex(SECRET)
    extracted = hmac.new(bytes(32), secret, hashlib.sha256).digest()
    expanded = hmac.new(extracted, b"cfc-pipeline/1/person\x01", hashlib.sha256).digest()
    assert Keys(secret).purpose("person") == expanded


def test_each_purpose_and_each_secret_has_its_own_key() -> None:
    purposes = ["person", "school", "response", "comment", "raw", "file", "row"]
    keys = [Keys(secret).purpose(p) for secret in (b"a" * 32, b"b" * 32) for p in purposes]
    assert len(set(keys)) == len(keys)
