"""A programme's own rules for reliable change: what programme.yaml refuses."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes.entries import check_instruments
from tests.small_folder import BRS, ROSTER, describe

RULE: dict[str, Any] = {
    "reliability": 0.85,
    "reliability_source": "alpha, invented",
    "sd": 0.7,
    "sd_source": "invented",
    "z": 1.96,
}


def check(folder: Path, rules: dict[str, Any]) -> None:
    describe(folder, ROSTER, BRS)
    settings = yaml.safe_load((folder / "programme.yaml").read_text(encoding="utf-8"))
    (folder / "programme.yaml").write_text(yaml.safe_dump({**settings, "reliable_change": rules}), encoding="utf-8")
    check_instruments(load_programme(folder), load_instruments())


def test_a_rule_with_all_its_sources(tmp_path: Path) -> None:
    check(tmp_path / "p", {"brs": RULE, "ceas_self/action": RULE | {"cut_off": 20, "cut_off_source": "invented"}})
    towards = {"method": "gulliksen_lord_novick", "mean": 3.3, "mean_source": "invented"}
    check(tmp_path / "towards", {"brs": RULE | towards})


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("brs", {"reliability_source": None}, "reliability_source"),
        ("brs", {"sd": 0}, "sd"),
        ("brs", {"reliability": 1}, "reliability"),
        ("brs", {"z": None}, "z"),
        ("brs", {"cut_off": 3}, "`cut_off` and `cut_off_source` go together"),
        ("brs", {"retest": 0.7}, "unknown setting"),
        ("brs", {"method": "hageman_arrindell"}, "method"),
        ("brs", {"mean": 3.3}, "`mean` and `mean_source` go together"),
        ("brs", {"mean": 3.3, "mean_source": "invented"}, "jacobson_truax, which has no use for it"),
        ("brs", {"method": "edwards_nunnally"}, "`mean` is needed by every method"),
        ("bsr", {}, "no measure `bsr`"),
        ("ceas_self", {}, "several scores; name one, such as `ceas_self/engagement`"),
    ],
)
def test_what_is_missing_or_unclear_is_named(tmp_path: Path, name: str, change: dict[str, Any], said: str) -> None:
    rule = {key: value for key, value in (RULE | change).items() if value is not None}
    with pytest.raises(ConfigError) as caught:
        check(tmp_path / "p", {name: rule})
    assert said in str(caught.value)


def test_a_score_has_one_rule(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="are the same score"):
        check(tmp_path / "p", {"brs": RULE, "brs/total": RULE})
