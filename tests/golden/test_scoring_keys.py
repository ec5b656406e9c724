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


@pytest.mark.parametrize("direction", ["self", "to_others", "from_others"])
def test_ceas_key(direction: str) -> None:
    """Gilbert et al. 2017, doi 10.1186/s40639-017-0033-3: engagement 1, 2, 4, 5, 6, 8; action 1, 2, 4, 5, which run on
    as 9, 10, 12, 13; the reverse-worded 3, 7 and 11 are not scored."""
    key = KEYS[f"ceas_{direction}"]
    assert (key.items, key.range, key.fillers, key.reverse) == (13, (1, 10), [3, 7, 11], [])
    assert key.subscales["engagement"].items == [1, 2, 4, 5, 6, 8]
    assert key.subscales["action"].items == [9, 10, 12, 13]
    assert key.subscales["total"].items == [1, 2, 4, 5, 6, 8, 9, 10, 12, 13]
