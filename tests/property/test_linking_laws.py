"""What holds for any codes at all: nobody is linked twice, order means nothing, and the past stays as it was."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cfc_pipeline.identity.linking import CODES, DECIDED, link

KINDS = {"a": "letters", "b": "day", "c": "month", "d": "text"}
# Few values, so that codes are often alike.
CODE = st.tuples(*(st.sampled_from(["", "1", "12", "21", "7", "ab", "ba"]) for _ in KINDS)).map("|".join)
ROWS = st.lists(st.tuples(st.sampled_from("xy"), st.integers(0, 2), CODE), max_size=40)
TOLD = st.lists(st.tuples(st.sampled_from("xy"), CODE, CODE, st.sampled_from(["same", "different"])), max_size=4)


def linked(rows, told=()):
    frame = pl.DataFrame(list(rows), schema=CODES, orient="row")
    return link(frame, KINDS, pl.DataFrame(list(told), schema=DECIDED, orient="row"))


@settings(deadline=None, max_examples=60)
@given(ROWS)
def test_every_code_has_one_owner_and_nobody_has_two_codes_at_once(rows):
    people = linked(rows).people
    assert sorted(people.select(CODES.keys()).rows()) == sorted(set(rows))
    assert not people.select("cohort_id", "occasion", "person").is_duplicated().any()
    assert (people.group_by("cohort_id", "code").agg(pl.col("person").n_unique())["person"] == 1).all()
    known = people.filter(how="first").select("cohort_id", "code")
    assert people.join(known, left_on=["cohort_id", "person"], right_on=["cohort_id", "code"], how="anti").is_empty()
    assert people["chance"].drop_nulls().is_between(0, 1).all()


@settings(deadline=None, max_examples=30)
@given(ROWS, TOLD)
def test_the_order_of_forms_means_nothing(rows, told):
    one, other = linked(rows, told), linked(reversed(rows), told)
    assert one.people.equals(other.people)
    assert one.pairs.equals(other.pairs)


@settings(deadline=None, max_examples=30)
@given(ROWS)
def test_a_later_time_point_changes_nothing_before_it(rows):
    every = linked(rows).people
    for last in (0, 1):
        early = linked([row for row in rows if row[1] <= last]).people
        assert every.filter(pl.col("occasion") <= last).equals(early)


@settings(deadline=None, max_examples=60)
@given(ROWS, TOLD)
def test_decisions_are_kept(rows, told):
    people = linked(rows, told).people
    owner = {
        (cohort, code): person for cohort, code, person in people.select("cohort_id", "code", "person").iter_rows()
    }
    joined = [(c, a, b) for c, a, b, said in told if said == "same" and (c, a) in owner and (c, b) in owner]
    assert all(owner[c, a] == owner[c, b] for c, a, b in joined)
    apart = [(c, a, b) for c, a, b, said in told if said == "different" and a != b]
    if not joined:
        assert all(owner.get((c, a), 1) != owner.get((c, b), 2) for c, a, b in apart)
