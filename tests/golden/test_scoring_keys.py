"""Every worked example of every shipped key, scored through the front door; and the published facts behind the keys."""

import pytest

from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.measures.scoring import score
from schemas.instruments import Golden, Instrument
from tests import small_warehouse as w

KEYS = load_instruments()
CASES = [pytest.param(key, golden, id=f"{key.id}: {golden.case}") for key in KEYS.values() for golden in key.golden]


@pytest.mark.parametrize(("key", "golden"), CASES)
def test_golden_case(key: Instrument, golden: Golden) -> None:
    con = w.empty()
    w.cohort(con, "a")
    form = w.response(con, w.person(con, 1, "a"), "a", "pre")
    items = {item: golden.other.get(item, golden.all) for item in range(1, key.items + 1) if item not in golden.blank}
    w.answers(con, form, key.id, items)
    score(con, KEYS)
    found = dict(con.sql("SELECT subscale, score FROM scale_score ORDER BY ALL").fetchall())
    assert found == pytest.approx(golden.scores, abs=1e-12)
    for subscale, answered, expected, state in con.sql(
        "SELECT subscale, items_answered, items_expected, state FROM scale_score"
    ).fetchall():
        blank = len(set(golden.blank) & set(key.subscales[subscale].items))
        assert (answered, expected) == (expected - blank, len(key.subscales[subscale].items))
        tolerated = "prorated" if golden.scores[subscale] is not None else "too_few_items"
        assert state == (tolerated if blank else "scored")


# Raw sum 7 to 35: metric score. Stewart-Brown et al. 2009, doi 10.1186/1477-7525-7-15, as several public programs have
# it; written out a second time here, to catch a slip in the key.
METRIC = """
    7.00 9.51 11.25 12.40 13.33 14.08 14.75 15.32 15.84 16.36 16.88 17.43 17.98 18.59 19.25
    19.98 20.73 21.54 22.35 23.21 24.11 25.03 26.02 27.03 28.13 29.31 30.70 32.55 35.00
"""


def test_swemwbs_table() -> None:
    published = [float(score) for score in METRIC.split()]
    assert KEYS["swemwbs"].table == dict(zip(range(7, 36), published, strict=True))
    assert published == sorted(set(published))


# As BioPsyKit 0.14.0 has them (questionnaires.scs, fscrs, pss), and for ProQOL-5 several public programs: items and
# reversals, written out a second time here.
ELSEWHERE: dict[str, tuple[dict[str, list[int]], list[int]]] = {
    "scs": (
        {
            "self_kindness": [5, 12, 19, 23, 26],
            "self_judgment_reversed": [1, 8, 11, 16, 21],
            "common_humanity": [3, 7, 10, 15],
            "isolation_reversed": [4, 13, 18, 25],
            "mindfulness": [9, 14, 17, 22],
            "over_identification_reversed": [2, 6, 20, 24],
            "total": list(range(1, 27)),
        },
        [1, 8, 11, 16, 21, 4, 13, 18, 25, 2, 6, 20, 24],
    ),
    "fscrs": (
        {
            "inadequate_self": [1, 2, 4, 6, 7, 14, 17, 18, 20],
            "hated_self": [9, 10, 12, 15, 22],
            "reassured_self": [3, 5, 8, 11, 13, 16, 19, 21],
        },
        [],
    ),
    "pss10": ({"total": list(range(1, 11))}, [4, 5, 7, 8]),
    "proqol5": (
        {
            "compassion_satisfaction": [3, 6, 12, 16, 18, 20, 22, 24, 27, 30],
            "burnout": [1, 4, 8, 10, 15, 17, 19, 21, 26, 29],
            "secondary_traumatic_stress": [2, 5, 7, 9, 11, 13, 14, 23, 25, 28],
        },
        [1, 4, 15, 17, 29],
    ),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_items_as_other_code_has_them(name: str) -> None:
    items, reverse = ELSEWHERE[name]
    assert {subscale: found.items for subscale, found in KEYS[name].subscales.items()} == items
    assert KEYS[name].reverse == sorted(reverse)


def test_the_short_self_compassion_scale_has_a_total_only_and_not_the_wrong_key_in_circulation() -> None:
    key = KEYS["scs_sf"]
    assert list(key.subscales) == ["total"]
    assert key.reverse == [1, 4, 8, 9, 11, 12] != [2, 3, 5, 7, 9, 12]


def test_the_total_of_self_compassion_is_the_mean_of_the_items() -> None:
    """As in BioPsyKit 0.14.0: 3.384615 for all 3s but self-kindness 5. The mean of the subscales, which others call the
    total, would be 3.333333."""
    cases = [golden.scores for golden in KEYS["scs"].golden if golden.scores.get("self_kindness") == 5]
    near = [scores["total"] for scores in cases if scores["mindfulness"] == 3]
    assert near == pytest.approx([3.384615] * len(near), abs=5e-7)
    assert near


def test_core10_cut_off_and_reliable_change_follow_from_its_norms() -> None:
    """Jacobson and Truax's c between the two populations, and 1.645 * sqrt(2) * SD * sqrt(1 - alpha), as published:
    10.46, said as 11, and 5.66, said as 6. With z 1.96 it would be 6.75, which is why the z stands beside it."""
    key = KEYS["core10"]
    well, ill = key.norms
    assert well.sd
    assert ill.sd
    cut = (well.sd * ill.mean + ill.sd * well.mean) / (well.sd + ill.sd)
    error = 2**0.5 * ill.sd * (1 - key.reliability[0].value) ** 0.5
    assert (cut, 1.645 * error, 1.96 * error) == pytest.approx((10.46, 5.66, 6.75), abs=0.005)
    assert (key.cut_offs[0].value, key.reliable_change[0].points) == (11, 6)


@pytest.mark.parametrize("direction", ["self", "to_others", "from_others"])
def test_ceas_key(direction: str) -> None:
    """Gilbert et al. 2017, doi 10.1186/s40639-017-0033-3: engagement 1, 2, 4, 5, 6, 8; action 1, 2, 4, 5, which run on
    as 9, 10, 12, 13; the reverse-worded 3, 7 and 11 are not scored."""
    key = KEYS[f"ceas_{direction}"]
    assert (key.items, key.range, key.fillers, key.reverse) == (13, (1, 10), [3, 7, 11], [])
    assert key.subscales["engagement"].items == [1, 2, 4, 5, 6, 8]
    assert key.subscales["action"].items == [9, 10, 12, 13]
    assert key.subscales["total"].items == [1, 2, 4, 5, 6, 8, 9, 10, 12, 13]
