"""Scoring keys: the shipped ones load, and every mistake in one is named with file and field."""

from pathlib import Path

import pytest
import yaml

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.measures.instruments import instrument_rows, item_rows, load_instruments
from schemas import INSTRUMENTS
from schemas.tables import TABLES

SHIPPED = load_instruments()


def test_what_comes_along() -> None:
    assert [key.id for key in SHIPPED.values() if key.kind == "scale"] == [
        "brs",
        "cbi",
        "ceas_from_others",
        "ceas_self",
        "ceas_to_others",
        "core10",
        "fcs_for_others",
        "fcs_for_self",
        "fcs_from_others",
        "fscrs",
        "gad7",
        "mbi_es_depersonalisation",
        "mbi_es_emotional_exhaustion",
        "mbi_es_personal_accomplishment",
        "phq9",
        "proqol5",
        "pss10",
        "scs",
        "scs_sf",
        "swemwbs",
        "tses_short",
        "uwes9",
        "wemwbs",
    ]
    assert SHIPPED["cfc_perceived_impact"].kind == "distribution"
    assert SHIPPED["cfc_session_feedback"].kind == "ratings"
    assert SHIPPED["cfc_perceived_impact"].labels["Increased a lot"] == 5


def test_rows_keep_the_contracts() -> None:
    instruments = TABLES["instrument"].validate(instrument_rows(SHIPPED)).lazy().collect()
    items = TABLES["item"].validate(item_rows(SHIPPED)).lazy().collect()
    ranges = {
        (i, s): (low, high)
        for i, s, low, high in instruments.select("instrument", "subscale", "lowest", "highest").rows()
    }
    assert ranges["ceas_self", "engagement"] == (6, 60)
    assert ranges["ceas_self", "action"] == (4, 40)
    assert ranges["brs", "total"] == (1, 5)
    assert ranges["wemwbs", "total"] == (14, 70)
    assert ranges["swemwbs", "total"] == (7, 35)
    assert ranges["cbi", "work"] == (0, 100)
    proqol = instruments.filter(instrument="proqol5").select("subscale", "direction").rows()
    assert dict(proqol) == {
        "compassion_satisfaction": "higher_is_better",
        "burnout": "lower_is_better",
        "secondary_traumatic_stress": "lower_is_better",
    }
    assert items.height == sum(key.items for key in SHIPPED.values())
    fillers = items.filter("filler").select("instrument", "item", "subscales", "reversed").rows()
    assert fillers == [
        (i, n, "", False) for i in ("ceas_from_others", "ceas_self", "ceas_to_others") for n in (3, 7, 11)
    ]


def test_every_scale_has_golden_cases_and_says_where_its_rules_come_from() -> None:
    for key in SHIPPED.values():
        assert key.citation
        assert key.licence
        if key.kind == "scale":
            assert len(key.golden) >= 5, key.id
            cases = {golden.case for golden in key.golden}
            several = {"all minimum", "all maximum", "mixed", "one missing", "too many missing"}
            assert key.items == 1 or cases >= several, key.id
            assert key.missing is not None
            assert key.measures, key.id
            assert key.uses, key.id
            assert key.checked or "scored elsewhere" in key.title, key.id


def own(folder: Path, change: dict[str, object], name: str = "mine") -> Path:
    key = yaml.safe_load((INSTRUMENTS / "brs.yaml").read_text(encoding="utf-8"))
    key = {**key, "id": "mine", **change}
    (folder / f"{name}.yaml").write_text(
        yaml.safe_dump({k: v for k, v in key.items() if v is not None}), encoding="utf-8"
    )
    return folder


def test_a_programmes_own_instrument_joins_the_shipped_ones(tmp_path: Path) -> None:
    assert set(load_instruments(own(tmp_path, {}))) == {*SHIPPED, "mine"}
    assert set(load_instruments(INSTRUMENTS, tmp_path)) == {*SHIPPED, "mine"}
    assert set(load_instruments(tmp_path / "not there")) == set(SHIPPED)


SUBSCALES = {"total": {"title": "T", "items": [1, 2, 3, 4, 5, 6], "max_missing": 2}}

MISTAKES: list[tuple[dict[str, object], str]] = [
    ({"revers": [2]}, "revers: unknown setting"),
    ({"licence": None}, "licence: is missing"),
    ({"items": "6"}, "items: "),
    ({"range": [5, 1]}, "`range` must be"),
    ({"reverse": [2, 9]}, "`items` is 6, but an item has a higher number"),
    ({"reverse": [2, 2]}, "an item is named twice"),
    ({"fillers": [2]}, "`fillers` and `subscales` name the same item"),
    ({"items": 7}, "leave items out"),
    ({"aggregate": "table"}, "`table` is needed"),
    ({"aggregate": "table"}, "aggregate table needs missing rule complete_cases"),
    ({"table": {6: 1.0}}, "`table` is needed for aggregate table, and only there"),
    ({"missing": {"rule": "complete_cases", "basis": "b"}}, "`max_missing` above 0 goes with"),
    ({"missing": {"rule": "guess", "basis": "b"}}, "missing.rule: "),
    ({"missing": None}, "kind scale needs"),
    ({"subscales": {"total": {**SUBSCALES["total"], "max_missing": 6}}}, "`max_missing` must be fewer"),
    ({"subscales": {"Total!": SUBSCALES["total"]}}, "subscales.Total!"),
    ({"kind": "ratings"}, "only kind scale has"),
    ({"answers": {1: "low", 5: "high"}}, "`answers` must label every number"),
    ({"short_names": {1: "one"}}, "`short_names` must name every item or none"),
    ({"increased": [5]}, "`increased` is for kind distribution only"),
    ({"id": "other"}, "id: must be the file's name"),
    ({"risk": {"items": [7], "source": "s"}}, "an item has a higher number"),
    ({"factor": 25, "aggregate": "sum"}, "`factor` is for aggregate mean only"),
    ({"bands": [{"subscale": "sum", "label": "l", "lowest": 1, "highest": 2, "source": "s"}]}, "does not have: sum"),
    ({"bands": [{"subscale": "total", "label": "l", "lowest": 3, "highest": 2, "source": "s"}]}, "is above its"),
    ({"norms": [{"subscale": "total", "mean": 3, "population": "p"}]}, "norms.0.source: is missing"),
    ({"golden": [{"case": "c", "all": 1, "scores": {"sum": 1}}]}, "golden case 'c' names other subscales"),
    ({"golden": [{"case": "c", "all": 1, "blank": [7], "scores": {"total": 1}}]}, "an item that does not exist"),
]


@pytest.mark.parametrize(("change", "said"), MISTAKES)
def test_a_mistake_is_named_with_its_file(tmp_path: Path, change: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_instruments(own(tmp_path, change))
    assert "mine.yaml" in caught.value.where
    assert said in caught.value.where


@pytest.mark.parametrize(
    ("increased", "said"),
    [
        ([4, 6], "names an answer that does not exist"),
        ([5, 5], "names an answer twice"),
        ([1, 2, 3, 4, 5], "must leave at least one answer out"),
        ([1, 5], "must be the answers at one end"),
        (["4"], "increased.0"),
    ],
)
def test_the_answers_that_count_are_checked(tmp_path: Path, increased: list[object], said: str) -> None:
    key = yaml.safe_load((INSTRUMENTS / "cfc_perceived_impact.yaml").read_text(encoding="utf-8"))
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({**key, "id": "mine", "increased": increased}), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_instruments(tmp_path)
    assert said in caught.value.where


def test_mistakes_of_all_files_are_reported_at_once(tmp_path: Path) -> None:
    own(tmp_path, {"range": [5, 1], "revers": []})
    (tmp_path / "torn.yaml").write_text("id: torn\ntitle: [", encoding="utf-8")
    (tmp_path / "twice.yaml").write_text("id: twice\nid: twice\n", encoding="utf-8")
    (tmp_path / "latin.yaml").write_bytes(b"id: latin\ntitle: caf\xe9\n")
    (tmp_path / "empty.yaml").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_instruments(tmp_path)
    for said in (
        "mine.yaml: revers",
        "torn.yaml: line",
        "twice.yaml: line 1: not readable as YAML: a key is there twice",
        "latin.yaml: not readable as UTF-8",
        "empty.yaml: ",
    ):
        assert said in caught.value.where


def test_a_shipped_key_cannot_be_replaced(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="brs is defined already"):
        load_instruments(own(tmp_path, {"id": "brs"}, name="brs"))


def test_a_table_must_cover_every_sum(tmp_path: Path) -> None:
    key = yaml.safe_load((INSTRUMENTS / "swemwbs.yaml").read_text(encoding="utf-8"))
    del key["table"][20]
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({**key, "id": "mine"}), encoding="utf-8")
    with pytest.raises(ConfigError, match="`table` must have a row for every possible sum"):
        load_instruments(tmp_path)
