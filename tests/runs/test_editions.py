"""Versions of a questionnaire, and a long form and its short form, are never joined silently."""

from pathlib import Path

import pytest
import yaml

from cfc_pipeline.errors import ConfigError
from schemas import INSTRUMENTS
from tests.small_folder import PEOPLE, ROSTER, ask, describe, drop, person, take_in

KEY = yaml.safe_load((INSTRUMENTS / "brs.yaml").read_text(encoding="utf-8"))


def survey(name: str, instrument: str, items: int, time_point: str) -> dict[str, object]:
    return {
        "id": name,
        "tool": "google_forms",
        "kind": "scale",
        "files": f"{name}*",
        "time_point": time_point,
        "person": {"by": "email", "column": "Email"},
        "submitted": {"order": "dmy"},
        "scales": [{"instrument": instrument, "items": {i: f"Q{i}" for i in range(1, items + 1)}}],
    }


def answers(folder: Path, name: str, items: int, day: str) -> None:
    heading = ["Timestamp", "Email", *(f"Q{i}" for i in range(1, items + 1))]
    rows = [[f"{day} 10:0{n}:00", f"person{n}@school.example", *["3"] * items] for n in range(1, 6)]
    drop(folder, f"{name}.csv", heading, rows)


def programme(folder: Path, before: tuple[str, int], after: tuple[str, int]) -> Path:
    describe(folder, ROSTER, survey("first", *before, "pre"), survey("second", *after, "post"))
    drop(folder, "roster.csv", PEOPLE, [person(n) for n in range(1, 6)])
    answers(folder, "first", before[1], "02/10/2023")
    answers(folder, "second", after[1], "10/06/2024")
    return folder


def own(folder: Path, name: str, **change: object) -> None:
    key = {**KEY, "id": name, **change}
    (folder / "instruments" / f"{name}.yaml").write_text(yaml.safe_dump(key), encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after"), [(("scs", 26), ("scs_sf", 12)), (("wemwbs", 14), ("swemwbs", 7)), (("brs", 6), ("brs_2", 6))]
)
def test_a_long_form_before_and_a_short_or_other_edition_after_make_no_pair(tmp_path, before, after):
    folder = programme(tmp_path / "p", before, after)
    if after[0] not in ("scs_sf", "swemwbs"):
        own(folder, after[0], version="2")
    take_in(folder)
    scored = ask(folder, "SELECT DISTINCT instrument, time_point FROM scale_score ORDER BY ALL")
    assert set(scored) == {(before[0], "pre"), (after[0], "post")}
    assert ask(folder, "SELECT count(*) FROM paired_change WHERE n_paired > 0") == [(0,)]


def test_a_key_whose_version_changes_is_refused_while_answers_to_the_other_are_stored(tmp_path):
    folder = describe(tmp_path / "p", ROSTER, survey("first", "mine", 6, "pre"))
    own(folder, "mine", version="1")
    drop(folder, "roster.csv", PEOPLE, [person(n) for n in range(1, 6)])
    answers(folder, "first", 6, "02/10/2023")
    take_in(folder)
    own(folder, "mine", version="2")
    with pytest.raises(ConfigError) as caught:
        take_in(folder)
    assert "mine: answers are stored under version 1, the key says 2" in caught.value.where
    assert ask(folder, "SELECT DISTINCT version FROM instrument WHERE instrument = 'mine'") == [("1",)]
    settings = yaml.safe_load((folder / "programme.yaml").read_text(encoding="utf-8"))
    next_year = {"id": "c", "label": "c", "academic_year": "2024/25", "start": "2024-10-02", "end": "2025-06-28"}
    settings["cohorts"].append(next_year)
    why = {"year": "2024/25", "what": "version", "because": "The second edition came out.", "instruments": ["mine"]}
    (folder / "programme.yaml").write_text(yaml.safe_dump({**settings, "breaks": [why]}), encoding="utf-8")
    take_in(folder)
    assert ask(folder, "SELECT DISTINCT version FROM instrument WHERE instrument = 'mine'") == [("2",)]
