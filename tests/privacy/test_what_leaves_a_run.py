"""What a run writes, prints and leaves on disk, read by somebody who wants to know who said what."""

import hashlib
import itertools
import json
import os
import stat

import polars as pl
import pytest

from cfc_pipeline import cli
from cfc_pipeline.errors import PipelineError
from cfc_pipeline.recipes.publish import publish
from cfc_pipeline.recipes.report import in_json, in_words
from cfc_pipeline.recipes.review import decide
from flows.safety import value_free
from tests.small_folder import ANSWERS, PEOPLE, WHEN, answer, ask, drop, filled, person, take_in


def test_a_comment_cannot_be_traced_to_its_response_by_the_fingerprint(tmp_path):
    """The analysts' copy tells comments and responses apart; a fingerprint of both must not put them together again."""
    folder = filled(tmp_path / "p")
    take_in(folder)
    comments = [c for (c,) in ask(folder, "SELECT comment_id FROM comment")]
    columns = "response_id, survey_id, kind, cohort_id, participant_id, time_point, session_number, submitted_on"
    responses = ask(folder, f"SELECT content_hash, {columns}, complete FROM response")
    answers = dict(ask(folder, "SELECT response_id, answers FROM answer_sheet"))
    traced = 0
    for (mark, *kept), comment in itertools.product(responses, [*comments, ""]):
        cells = [str(c).lower() if isinstance(c, bool) else "" if c is None else str(c) for c in kept]
        said = "\x1f".join([*cells, *map(str, answers[kept[0]]), comment])
        traced += hashlib.md5(said.encode()).hexdigest() == mark
    assert len(responses) == len(comments) == 5
    assert traced == 0


def test_a_file_is_never_called_by_a_name_from_the_roster(tmp_path):
    folder = filled(tmp_path / "p")
    drop(folder, "aroster.csv", PEOPLE, [person(9, Name="Xenobia Quillfeather")])
    inbox = folder / "inbox"
    (inbox / "brs.csv").rename(inbox / "brs quillfeather.csv")
    (inbox / "quillfeather a.xlsx").write_bytes(b"PK\x03\x04 cut short")
    (inbox / "quillfeather b.csv").write_bytes(b"Timestamp\x00,Email\n")
    (inbox / "quillfeather c.csv").write_text("Timestamp,Email\n1,2,3,4\n")
    (inbox / "quillfeather d.csv").write_text("Some,Table\n1,2\n")
    report = take_in(folder)
    assert len(report.refused) == 4
    said = f"{in_words(report)} {in_json(report)}".lower()
    assert "[name]" in said
    assert "quillfeather" not in said


def test_a_name_from_before_a_correction_of_the_roster_is_still_a_name(tmp_path):
    folder = filled(tmp_path / "p")
    drop(folder, "a.csv", PEOPLE, [person(1, Name="Xenobia Quillfeather")])
    drop(folder, "brs.csv", ANSWERS, [answer(2, comment="what quillfeather said")])
    take_in(folder)
    ids = [c for (c,) in ask(folder, "SELECT comment_id FROM comment")]
    decide(folder, {}, ids, "approved", "somebody")
    take_in(folder)
    assert ask(folder, "SELECT text FROM comment") == [("what [name] said",)]


def test_a_file_with_a_name_in_another_encoding_does_not_stop_the_run(tmp_path):
    folder = filled(tmp_path / "p")
    for name in (b"caf\xe9.csv", b"abrs\xe9.csv"):
        with open(os.fsencode(folder / "inbox") + b"/" + name, "wb") as file:
            file.write((folder / "inbox" / "roster.csv").read_bytes() if name[:1] == b"a" else b"Some,Table\n1,2\n")
    report = take_in(folder)
    assert (len(report.new_files), len(report.repeats), len(report.refused)) == (2, 1, 1)
    in_words(report).encode()


def test_a_file_that_cannot_be_opened_does_not_stop_the_run(tmp_path):
    folder = filled(tmp_path / "p")
    missing = tmp_path / "gone.csv"
    report = take_in(folder, files=[missing, *sorted((folder / "inbox").iterdir())])
    assert [r.name for r in report.refused] == ["gone.csv"]
    assert len(report.new_files) == 2


def test_the_attributes_of_people_who_refused_or_withdrew_are_not_kept(tmp_path):
    folder = filled(tmp_path / "p")
    drop(
        folder,
        "roster.csv",
        PEOPLE,
        [
            person(1, Role="Executive head"),
            person(2, Role="Head", Consent="No"),
            person(3, Role="Deputy", Withdrawn="2024-01-01"),
        ],
    )
    take_in(folder)
    found = ask(folder, "SELECT consented, withdrawn, role FROM participant ORDER BY ALL")
    assert found == [(False, False, None), (True, False, "Executive head"), (True, True, None)]


def test_nobody_else_can_read_the_warehouse_while_it_is_written(tmp_path, monkeypatch):
    """Not only at the end: a run that was killed halfway leaves the files as they are at that moment."""
    folder = filled(tmp_path / "p")
    seen = {}

    def look(*_args):
        seen.update({p.name: stat.S_IMODE(p.stat().st_mode) for p in (folder / "data").glob("*warehouse*")})
        raise RuntimeError

    monkeypatch.setattr("cfc_pipeline.recipes.ingest.write_analysts_copy", look)
    monkeypatch.setattr("cfc_pipeline.recipes.storing.write_session_feedback", look)
    before = os.umask(0o022)
    try:
        with pytest.raises(RuntimeError):
            take_in(folder)
    finally:
        os.umask(before)
    assert seen
    assert {name: oct(mode) for name, mode in seen.items() if mode & 0o077} == {}


def _panic(*_args, **_settings):
    """A defect of polars', whose text quotes a cell. It is not an Exception."""
    raise pl.exceptions.PanicException("cell: Xenobia Quillfeather")


def test_a_panic_inside_a_library_is_told_without_its_text(tmp_path, monkeypatch, capsys):
    with pytest.raises(PipelineError) as caught:
        value_free(_panic)()
    assert "Quillfeather" not in str(caught.value)
    monkeypatch.setattr("sys.argv", ["cfc-pipeline", "-p", str(tmp_path), "ingest", "--offline"])
    monkeypatch.setattr("cfc_pipeline.recipes.ingest.ingest", _panic)
    with pytest.raises(SystemExit):
        cli.main()
    printed = capsys.readouterr()
    assert "Quillfeather" not in printed.out + printed.err
    assert "PanicException" in printed.err


def test_release_json_tells_no_count_that_disclosure_control_has_not_seen(tmp_path):
    folder = filled(tmp_path / "p", people=3)
    take_in(folder)
    publish(folder, now=WHEN)
    told = json.loads((folder / "releases" / "latest" / "release.json").read_text())
    assert set(told["source"]) == {"run", "version", "audit_log"}
