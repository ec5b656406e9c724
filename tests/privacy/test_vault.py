"""Sealed files: what goes in comes out, and nothing else is ever accepted."""

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from cfc_pipeline.errors import PrivacyRefusal, StoreError
from cfc_pipeline.identity.keys import Keys
from cfc_pipeline.identity.sealed import read_sealed, write_sealed
from cfc_pipeline.identity.vault import RawCopy, fingerprint, list_raw, open_raw, seal

KEYS = Keys(bytes(range(32)))
OTHER = Keys(bytes(range(1, 33)))
DAY = date(2025, 9, 15)


def put(folder: Path, data: bytes, name: str = "Jane Canary export.csv", survey_id: str | None = "ceas-pre") -> RawCopy:
    return seal(folder, KEYS, data, name=name, received_on=DAY, survey_id=survey_id)


@pytest.mark.parametrize(
    "data",
    [b"", b"a", b"Email,Score\njane@example.org,4\n", os.urandom(70_000)],
    ids=["empty", "letter", "table", "noise"],
)
def test_what_is_sealed_comes_back(tmp_path: Path, data: bytes) -> None:
    copy = put(tmp_path, data)
    (listed,) = list_raw(tmp_path, KEYS)
    assert listed == copy
    assert (listed.name, listed.received_on, listed.survey_id) == ("Jane Canary export.csv", DAY, "ceas-pre")
    assert open_raw(listed, KEYS) == data


def test_copies_are_numbered_in_the_order_of_arrival(tmp_path: Path) -> None:
    copies = [put(tmp_path, f"file {i}".encode(), survey_id=None) for i in range(12)]
    assert [c.number for c in copies] == list(range(1, 13))
    assert list_raw(tmp_path, KEYS) == copies


def test_the_caller_may_choose_the_number_but_not_twice(tmp_path: Path) -> None:
    seal(tmp_path, KEYS, b"a", name="a", received_on=DAY, survey_id=None, number=7)
    assert put(tmp_path, b"b").number == 8
    with pytest.raises(StoreError, match="7 exists"):
        seal(tmp_path, KEYS, b"c", name="c", received_on=DAY, survey_id=None, number=7)


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    first = put(tmp_path, b"same")
    again = put(tmp_path, b"same", name="copy of it.csv", survey_id=None)
    assert (first.new, again.new) == (True, False)
    assert again == first
    assert len(list((tmp_path / "raw").glob("*.sealed"))) == 1


def test_a_fingerprint_needs_the_key() -> None:
    assert fingerprint(b"x", KEYS) == fingerprint(b"x", KEYS)
    assert fingerprint(b"x", KEYS) != fingerprint(b"x", OTHER)
    assert fingerprint(b"x", KEYS) != fingerprint(b"y", KEYS)


def test_nothing_readable_is_on_disk_and_nobody_else_may_look(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        copy = put(tmp_path / "restricted", b"jane@example.org")
        write_sealed(tmp_path / "restricted" / "q.sealed", b"jane@example.org", KEYS, "quarantine")
    finally:
        os.umask(before)
    for path in [copy.path, tmp_path / "restricted" / "q.sealed"]:
        assert path.stat().st_mode & 0o777 == 0o600
        content = path.read_bytes() + path.name.encode()
        assert not [w for w in (b"jane", b"Jane", b"export", b"ceas", b"2025") if w in content]
    for folder in (tmp_path / "restricted", tmp_path / "restricted" / "raw"):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_copy_does_not_print_its_file_name(tmp_path: Path) -> None:
    assert "Canary" not in repr(put(tmp_path, b"x"))


def test_every_changed_byte_is_noticed(tmp_path: Path) -> None:
    copy = put(tmp_path, b"answers")
    good = copy.path.read_bytes()
    for position in range(len(good)):
        copy.path.write_bytes(good[:position] + bytes([good[position] ^ 1]) + good[position + 1 :])
        with pytest.raises((StoreError, PrivacyRefusal)):
            open_raw(list_raw(tmp_path, KEYS)[0], KEYS)
    copy.path.write_bytes(good)
    assert open_raw(list_raw(tmp_path, KEYS)[0], KEYS) == b"answers"


def test_every_cut_and_addition_is_noticed_by_the_list_alone(tmp_path: Path) -> None:
    copy = put(tmp_path, b"answers")
    good = copy.path.read_bytes()
    for changed in [*(good[:n] for n in range(len(good))), good + b"\0"]:
        copy.path.write_bytes(changed)
        with pytest.raises(StoreError, match="damaged"):
            list_raw(tmp_path, KEYS)


def test_a_copy_cannot_take_the_place_of_another(tmp_path: Path) -> None:
    copy = put(tmp_path, b"answers")
    copy.path.rename(copy.path.with_name(copy.path.name.replace("000001", "000002")))
    with pytest.raises(StoreError, match="renamed"):
        list_raw(tmp_path, KEYS)


def test_two_copies_with_one_number_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "a", b"one")
    other = put(tmp_path / "b", b"two").path
    (tmp_path / "a" / "raw" / other.name).write_bytes(other.read_bytes())
    with pytest.raises(StoreError, match="same number"):
        list_raw(tmp_path / "a", KEYS)


def test_a_payload_cannot_be_exchanged_between_copies_of_one_number(tmp_path: Path) -> None:
    one, two = put(tmp_path / "a", b"one"), put(tmp_path / "b", b"two")
    header = two.path.read_bytes()[:-31]  # nonce, three bytes and a tag
    two.path.write_bytes(header + one.path.read_bytes()[-31:])
    with pytest.raises(StoreError, match="damaged"):
        open_raw(list_raw(tmp_path / "b", KEYS)[0], KEYS)


def test_the_wrong_key_is_told_apart_from_damage(tmp_path: Path) -> None:
    copy = put(tmp_path, b"answers")
    for attempt in (lambda: list_raw(tmp_path, OTHER), lambda: open_raw(copy, OTHER)):
        with pytest.raises(PrivacyRefusal, match=f"{KEYS.key_id}, this is {OTHER.key_id}"):
            attempt()


def test_a_missing_copy_is_refused_with_what_to_do(tmp_path: Path) -> None:
    copy = put(tmp_path, b"answers")
    with pytest.raises(StoreError, match="backup"):
        open_raw(replace(copy, path=tmp_path / "raw" / "gone.sealed"), KEYS)


def test_an_empty_or_missing_folder_holds_nothing(tmp_path: Path) -> None:
    assert list_raw(tmp_path / "nowhere", KEYS) == []


def test_what_a_killed_run_left_behind_does_no_harm(tmp_path: Path) -> None:
    put(tmp_path, b"one")
    (tmp_path / "raw" / "000002-0000000000000000.sealed.partial").write_bytes(b"CFC-SEAL")
    assert len(list_raw(tmp_path, KEYS)) == 1
    assert put(tmp_path, b"two").number == 2
    assert not list((tmp_path / "raw").glob("*.partial"))


def test_sealing_that_fails_leaves_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, b"one")

    def power_cut(handle: int) -> None:
        raise OSError(handle)

    monkeypatch.setattr(os, "fsync", power_cut)
    with pytest.raises(OSError):
        put(tmp_path, b"two")
    monkeypatch.undo()
    assert [c.number for c in list_raw(tmp_path, KEYS)] == [1]


def test_a_small_secret_comes_back_and_can_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "quarantine.sealed"
    for data in (b"[]", b'[{"row": 4}]', b""):
        write_sealed(path, data, KEYS, "quarantine")
        assert read_sealed(path, KEYS, "quarantine") == data
    assert os.listdir(path.parent) == ["quarantine.sealed"]


def test_a_small_secret_opens_only_for_its_purpose_name_and_key(tmp_path: Path) -> None:
    path = tmp_path / "quarantine.sealed"
    write_sealed(path, b"x", KEYS, "quarantine")
    with pytest.raises(StoreError, match="damaged"):
        read_sealed(path, KEYS, "links")
    with pytest.raises(PrivacyRefusal):
        read_sealed(path, OTHER, "quarantine")
    path.rename(tmp_path / "links.sealed")
    with pytest.raises(StoreError, match="damaged"):
        read_sealed(tmp_path / "links.sealed", KEYS, "quarantine")
    with pytest.raises(StoreError, match="missing"):
        read_sealed(path, KEYS, "quarantine")
