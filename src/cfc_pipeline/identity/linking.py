"""Whose code is whose: codes that people made themselves, matched from one time point to the next.

Not everybody gives the same code twice. Where the truth was known, equal codes found 75.2 % of people, left 22.1 % and
matched 2.7 % wrongly (McGloin 1996, doi 10.1177/0193841X9602000604); of codes of twelve elements 40 % agreed in all and
91.9 % in ten or more (doi 10.1177/00131644261453059). So a code that is not found again is compared element by element,
by the model of Fellegi and Sunter (1969, doi 10.1080/01621459.1969.10501049 [K]): an agreement counts by how rarely it
happens by chance, and a link needs a posterior chance of 95 %, against every rival on both sides. What is less sure
waits for a person; what is unlikely is left alone.

Time points are gone through in their order, and each sees only what came before it. So a later time point never changes
an earlier link, and a person keeps the first code that they were known by. Everything is personal, and works on whole
columns over all cohorts; people are looked for in their own cohort only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from cfc_pipeline.identity.likeness import AGAIN_SAME, LEVELS, candidates, cell_of, chances, weighed, with_elements

_SEEN_AGAIN = 0.5  # of the smaller side; what is believed before anything is compared
LINK_FROM, ASK_FROM = 0.95, 0.1  # chance from which a link is made, and from which a person is asked

CODES = {"cohort_id": pl.String, "occasion": pl.Int64, "code": pl.String}
DECIDED = {"cohort_id": pl.String, "code": pl.String, "other": pl.String, "decision": pl.String}
PEOPLE: dict[str, Any] = {**CODES, "person": pl.String, "how": pl.String, "chance": pl.Float64}
PAIRS: dict[str, Any] = {
    "cohort_id": pl.String,
    "occasion": pl.Int64,
    "code": pl.String,
    "known": pl.String,
    "person": pl.String,
    "chance": pl.Float64,
    "state": pl.String,
    **dict.fromkeys(LEVELS, pl.List(pl.String)),
}


@dataclass(frozen=True)
class Linked:
    """`people`: whose each code is (`person` is their first code), `how` it was found (first, exact, tolerant or
    accepted) and with what `chance`. `pairs`: what was compared and is `linked`, `waiting` or was decided."""

    people: pl.DataFrame
    pairs: pl.DataFrame


def link(codes: pl.DataFrame, elements: Mapping[str, str], decided: pl.DataFrame) -> Linked:
    """`codes` are cohort_id, occasion, code. `elements` are the names and kinds of a code's parts, none if it is
    matched as a whole. `decided` are cohort_id, code, other and what a person decided: same or different."""
    codes = with_elements(codes.unique().sort("occasion", "cohort_id", "code"), elements)
    codes = _with_leads(codes, decided.filter(decision="same"))
    apart = _both_ways(decided.filter(decision="different"))
    known = codes.clear().with_columns(person=pl.lit(None, pl.String))
    people, pairs = [pl.DataFrame(schema=PEOPLE)], [pl.DataFrame(schema=PAIRS)]
    for (occasion,), here in codes.group_by("occasion", maintain_order=True):
        found = _known_again(here, known, elements)
        new = found.filter(pl.col("person").is_null()).drop("person", "how", "chance")
        there = known.join(found, on=["cohort_id", "person"], how="anti")
        compared = _compare(new, there, elements, apart)
        made = compared.filter(state="linked").select("cohort_id", "code", _person="person", _chance="chance")
        found = found.join(made, on=["cohort_id", "code"], how="left", maintain_order="left")
        found = found.with_columns(
            person=pl.coalesce("person", "_person"),
            chance=pl.coalesce("chance", "_chance"),
            how=pl.when(pl.col("_person").is_not_null()).then(pl.lit("tolerant")).otherwise("how"),
        ).drop("_person", "_chance")
        found = _settled(found)
        people.append(found.select(PEOPLE.keys()))
        pairs.append(compared.with_columns(occasion=pl.lit(occasion, pl.Int64)).select(PAIRS.keys()))
        fresh = found.select(known.columns).join(known, on=["cohort_id", "code"], how="anti")
        known = pl.concat([known, fresh])
    return Linked(pl.concat(people), pl.concat(pairs))


def _both_ways(pairs: pl.DataFrame) -> pl.DataFrame:
    there = pairs.select("cohort_id", "code", "other")
    return pl.concat([there, there.select("cohort_id", code="other", other="code")]).unique()


def _with_leads(codes: pl.DataFrame, same: pl.DataFrame) -> pl.DataFrame:
    """`lead`: one code for all codes that a person said are one person's. Such decisions are few."""
    lead: dict[tuple[str, str], str] = {}
    for cohort, one, other in same.select("cohort_id", "code", "other").iter_rows():
        old, new = lead.get((cohort, one), one), lead.get((cohort, other), other)
        lead |= {(cohort, one): new, (cohort, other): new}
        lead |= {key: new for key, now in lead.items() if key[0] == cohort and now == old}
    rows = [(cohort, code, now) for (cohort, code), now in lead.items()]
    named = pl.DataFrame(rows, schema=dict.fromkeys(("cohort_id", "code", "lead"), pl.String), orient="row")
    joined = codes.join(named, on=["cohort_id", "code"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("lead").fill_null(pl.col("code")))


def _known_again(here: pl.DataFrame, known: pl.DataFrame, elements: Mapping[str, str]) -> pl.DataFrame:
    """person, how and chance of codes that are known already, or that a person said belong to a known one."""
    people = known.select("cohort_id", "lead", "person").unique(["cohort_id", "lead"], keep="first")
    before = known.select("cohort_id", "code", _before=pl.lit(True)).unique()
    found = here.join(people, on=["cohort_id", "lead"], how="left", maintain_order="left")
    found = found.join(before, on=["cohort_id", "code"], how="left", maintain_order="left")
    again = pl.col("person").is_not_null()
    found = found.with_columns(
        how=pl.when(again & pl.col("_before")).then(pl.lit("exact")).when(again).then(pl.lit("accepted"))
    ).drop("_before")
    return _with_exact_chance(found, known, elements)


def _with_exact_chance(found: pl.DataFrame, known: pl.DataFrame, elements: Mapping[str, str]) -> pl.DataFrame:
    """How likely it is that an equal code is the same person's, and not another's by chance."""
    if not elements:
        return found.with_columns(chance=pl.lit(None, pl.Float64))
    there = known.group_by("cohort_id").agg(_there=pl.col("person").n_unique())
    found = found.join(chances(found, known, elements), on="cohort_id", how="left", maintain_order="left")
    found = found.join(there, on="cohort_id", how="left", maintain_order="left")
    given = [
        pl.when(pl.col(cell_of(i)).is_not_null()).then((AGAIN_SAME / pl.col(f"_u{i}")).log()).otherwise(0.0)
        for i in range(len(elements))
    ]
    weight = pl.sum_horizontal(given).exp() * _SEEN_AGAIN / pl.col("_there")
    return found.with_columns(
        chance=pl.when(pl.col("how") == "exact").then(weight / (1 + weight)).cast(pl.Float64)
    ).drop("_there", *(f"_u{i}" for i in range(len(elements))))


def _compare(new: pl.DataFrame, there: pl.DataFrame, elements: Mapping[str, str], apart: pl.DataFrame) -> pl.DataFrame:
    """Pairs of a new code and a person known by another one, with the chance that they are the same person."""
    pairs = candidates(new, there, len(elements))
    if pairs.is_empty():
        return pl.DataFrame(schema=PAIRS).drop("occasion")
    pairs = weighed(pairs, chances(new, there, elements), elements)
    sides = (
        new.group_by("cohort_id").agg(_n=pl.len()),
        there.group_by("cohort_id").agg(_n=pl.col("person").n_unique()),
    )
    larger = pl.concat(side.cast({"_n": pl.Int64}) for side in sides).group_by("cohort_id").agg(pl.col("_n").max())
    pairs = pairs.join(larger, on="cohort_id").with_columns(_odds=pl.col("_weight").exp() * _SEEN_AGAIN / pl.col("_n"))
    # Of the codes that a person is known by, the likest one speaks for them.
    pairs = pairs.sort("cohort_id", "code", "_odds", "known", descending=[False, False, True, False])
    pairs = pairs.unique(["cohort_id", "code", "person"], keep="first", maintain_order=True)
    return _judged(_told_apart(pairs, there, apart)).filter(
        (pl.col("chance") >= ASK_FROM) | (pl.col("state") == "different")
    )


def _told_apart(pairs: pl.DataFrame, there: pl.DataFrame, apart: pl.DataFrame) -> pl.DataFrame:
    """Marks pairs with a person of whom somebody said that they are not the same."""
    named = apart.join(there.select("cohort_id", "person", other="code"), on=["cohort_id", "other"])
    named = named.select("cohort_id", "code", "person", _apart=pl.lit(True)).unique()
    return pairs.join(named, on=["cohort_id", "code", "person"], how="left", maintain_order="left")


def _judged(pairs: pl.DataFrame) -> pl.DataFrame:
    """`chance` and `state`. Sure links take both sides out of the running, which may decide between the others; that
    goes on until nothing is sure any more. A link must win on both sides by itself, so there is never a choice."""
    pairs = pairs.with_columns(
        chance=pl.lit(None, pl.Float64),
        state=pl.when("_apart").then(pl.lit("different")),
        _open=pl.col("_apart").is_null(),
    )
    while True:
        odds = pl.when("_open").then("_odds").otherwise(0.0)
        rivals = odds.sum().over("cohort_id", "code") + odds.sum().over("cohort_id", "person") - odds
        pairs = pairs.with_columns(chance=pl.when("_open").then(odds / (1 + rivals)).otherwise("chance"))
        sure = pl.col("_open") & (pl.col("chance") >= LINK_FROM)
        if not pairs.select(sure.any()).item():
            return pairs.with_columns(state=pl.coalesce("state", pl.lit("waiting")))
        pairs = pairs.with_columns(state=pl.when(sure).then(pl.lit("linked")).otherwise("state"))
        taken = (pl.col("state") == "linked").fill_null(False)
        gone = taken.any().over("cohort_id", "code") | taken.any().over("cohort_id", "person")
        pairs = pairs.with_columns(
            chance=pl.when(gone & ~taken).then(0.0).otherwise("chance"), _open=pl.col("_open") & ~gone
        )


def _settled(found: pl.DataFrame) -> pl.DataFrame:
    """Who is new is known by their own code; of codes that a person joined, by the first."""
    together = ["cohort_id", "lead"]
    return found.with_columns(
        person=pl.coalesce(
            "person", pl.col("person").drop_nulls().first().over(together), pl.col("code").first().over(together)
        ),
        how=pl.coalesce("how", pl.when(pl.col("code") == pl.col("code").first().over(together)).then(pl.lit("first"))),
    ).with_columns(how=pl.col("how").fill_null("accepted"))
