"""How easily somebody could be found again in data about single people.

A group are people who share every attribute that a colleague may know of them (cohort, role, phase ...). k is the size
of the smallest one (Sweeney 2002, doi 10.1142/S0218488502001648); somebody in a group of one is a sample unique. l is
the smallest number of different scores in a group (distinct l-diversity: Machanavajjhala et al. 2007, doi
10.1145/1217299.1217302): where it is 1, to know the group is to know the score. An attribute that is not known of
somebody is a value of its own here: taking it for any value, as some programs do, makes k look larger than it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

ATTRIBUTES = ("academic_year", "cohort_id", "school_id", "role", "phase", "region")


@dataclass(frozen=True)
class Risk:
    attributes: tuple[str, ...]
    people: int
    groups: int
    k: int  # 0 when there is nobody
    uniques: int  # people who share their attributes with nobody
    below: int  # people in groups smaller than `wanted`
    wanted: int
    diversity: int | None  # l; None when no group has two scores on anything

    @property
    def too_high(self) -> bool:
        return self.k < self.wanted

    def in_words(self) -> str:
        known = ", ".join(self.attributes) or "nothing"
        lines = [
            f"{self.people} people in {self.groups} groups that share {known}.",
            f"The smallest group has k = {self.k} people; wanted are {self.wanted}.",
            f"{self.uniques} people share these attributes with nobody; {self.below} are in groups that are too small.",
        ]
        if self.diversity is not None:
            lines.append(
                f"The least different scores in a group: l = {self.diversity}."
                + (" To know such a group is to know a score of everybody in it." if self.diversity == 1 else "")
            )
        return "\n".join(lines)


def risk(people: pl.DataFrame, scores: pl.DataFrame, attributes: Sequence[str], wanted: int) -> Risk:
    """`people` has a row a person, with the attributes; `scores` has person, measure and score."""
    if people.is_empty():
        return Risk(tuple(attributes), 0, 0, 0, 0, 0, wanted, None)
    # Without attributes everybody is in one group.
    grouped = people.with_columns(_all=pl.lit(0)).with_columns(
        _size=pl.len().over("_all", *attributes), _group=pl.struct("_all", *attributes).rank("dense")
    )
    sizes = grouped["_size"]
    told = scores.filter(pl.col("score").is_not_null()).join(grouped.select("person", "_group"), on="person")
    values = told.group_by("_group", "measure").agg(n=pl.len(), different=pl.col("score").n_unique())
    diversity = min(values.filter(pl.col("n") > 1)["different"], default=None)
    return Risk(
        tuple(attributes),
        people.height,
        grouped["_group"].n_unique(),
        min(sizes),
        int((sizes == 1).sum()),
        int((sizes < wanted).sum()),
        wanted,
        diversity,
    )
