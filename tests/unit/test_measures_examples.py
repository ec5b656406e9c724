"""The worked examples of a programme's own key are run, and one that comes out otherwise is named with its line."""

from pathlib import Path

import pytest
import yaml

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.measures.examples import check_examples
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.recipes.doctor import examine
from schemas import INSTRUMENTS
from tests.small_folder import filled, take_in

KEY = """\
id: mine
title: Invented
version: "1"
kind: scale
items: 4
range: [1, 5]
reverse: [2]
aggregate: mean
subscales:
  total: {title: T, items: [1, 2, 3], max_missing: 1}
  last: {title: L, items: [4]}
missing: {rule: person_mean, basis: invented}
direction: higher_is_better
citation: none
licence: none
golden:
  - {case: all minimum, all: 1, other: {2: 5}, scores: {total: 1, last: 1}}
  - case: one blank
    all: 2
    blank: [1]
    scores: {total: 3, last: 2}
  - {case: too many blank, all: 2, blank: [1, 2, 4], scores: {total: null, last: null}}
"""


def own(folder: Path, text: str = KEY) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    (folder / "mine.yaml").write_text(text, encoding="utf-8")
    return folder


def check(folder: Path) -> int:
    return check_examples(folder, load_instruments(folder).values())


def test_examples_that_come_out_are_counted(tmp_path: Path) -> None:
    assert check(own(tmp_path / "instruments")) == 3
    assert check(tmp_path / "nothing") == 0


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("{total: 1, last: 1}", "{total: 1, last: 5}", "line 17: 'all minimum' gives last 1, not 5"),
        ("{total: 3, last: 2}", "{total: 2.5, last: 2}", "line 18: 'one blank' gives total 3, not 2.5"),
        ("{total: null, last: null}", "{total: 2, last: null}", "'too many blank' gives total no score, not 2"),
        ("reverse: [2]", "reverse: [3]", "line 17: 'all minimum' gives total 3.6"),
        ("max_missing: 1", "max_missing: 2", "line 22: 'too many blank' gives total 2, not no score"),
    ],
)
def test_one_that_does_not_is_named_with_its_line(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check(own(tmp_path / "instruments", KEY.replace(right, wrong)))
    assert said in caught.value.where
    assert "instruments/mine.yaml" in caught.value.where


def test_doctor_says_it_and_ingest_takes_nothing_in(tmp_path: Path) -> None:
    folder = filled(tmp_path / "p")
    own(folder / "instruments")
    assert any("good: worked examples of" in line for line in examine(folder, {}))
    own(folder / "instruments", KEY.replace("{total: 1, last: 1}", "{total: 2, last: 1}"))
    assert any(line.startswith("mend:") and "line 17" in line for line in examine(folder, {}))
    with pytest.raises(ConfigError, match="worked example"):
        take_in(folder)
    assert len(list((folder / "inbox").glob("*.csv"))) == 2


def test_an_answer_that_nobody_can_give_is_no_example(tmp_path: Path) -> None:
    key = yaml.safe_load((INSTRUMENTS / "brs.yaml").read_text(encoding="utf-8"))
    key |= {"id": "mine", "golden": [{"case": "six", "all": 3, "other": {2: 6}, "scores": {"total": 3}}]}
    with pytest.raises(ConfigError, match="outside its range"):
        load_instruments(own(tmp_path / "instruments", yaml.safe_dump(key)))
