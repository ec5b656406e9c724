"""The words of a roster, brought into the form in which texts are searched for them, once for all texts of a run.

A national roster has half a million names, which are made of far fewer words.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from cfc_pipeline.identity.patterns import WORDS
from cfc_pipeline.identity.words import WORD, fold

GIVEN = [[fold(name) for name in group] for group in WORDS["given_names"]]
MORE_GIVEN = {fold(name) for name in WORDS["more_given_names"].split()}
_NOT_NAMES = {*WORDS["particles"], *WORDS["titles"]}


def known_from(named: pl.DataFrame) -> "Known":
    """From the columns name, school, code, trust and town of all rosters."""
    return Known(named["name"], named["school"], named["code"], named["trust"], named["town"])


@dataclass(frozen=True)
class Known:
    """Whom and what texts may mention. Personal. Nulls are passed over."""

    names: pl.Series = field(repr=False)
    schools: pl.Series = field(repr=False)
    codes: pl.Series | None = field(default=None, repr=False)
    trusts: pl.Series | None = field(default=None, repr=False)
    towns: pl.Series | None = field(default=None, repr=False)

    @cached_property
    def name_words(self) -> set[str]:
        """Every word of every name, folded, with the names that stand for it, and the ways to write a name in one
        word."""
        return _parts(_spelt(self.names))

    @cached_property
    def school_words(self) -> list[list[str]]:
        """The words of each school's name, folded; schools told apart by a number only are there once."""
        spelt = _spelt(self.schools.str.replace_all("&", " and ", literal=True))
        return [[folded for word in name.split() if (folded := fold(word))] for name in spelt]

    @cached_property
    def trust_words(self) -> list[list[str]]:
        """The words of each trust's name, as they are written."""
        return _split(self.trusts)

    @cached_property
    def town_words(self) -> list[list[str]]:
        """The words of each town's name, as they are written."""
        return _split(self.towns)

    @cached_property
    def code_words(self) -> pl.Series:
        nowhere = pl.Series([], dtype=pl.String)
        return nowhere if self.codes is None else self.codes.drop_nulls().unique(maintain_order=True)


def _split(names: pl.Series | None) -> list[list[str]]:
    return [] if names is None else [name.split() for name in _spelt(names)]


def _spelt(names: pl.Series) -> pl.Series:
    """The words of each name as they are written, one space between them; the same words once."""
    return names.cast(pl.String).drop_nulls().str.extract_all(WORD).list.join(" ").unique(maintain_order=True)


def _parts(names: pl.Series) -> set[str]:
    words = names.str.split(" ").to_frame("word").with_row_index("person").explode("word", empty_as_null=True)
    words = words.filter(pl.col("word") != "")
    spelt = words["word"].unique(maintain_order=True)  # far fewer than there are people
    folded = pl.Series([fold(word) for word in spelt], dtype=pl.String)
    words = words.with_columns(pl.col("word").replace_strict(spelt, folded, return_dtype=pl.String))
    words = words.filter(pl.col("word").str.len_chars() > 1, ~pl.col("word").is_in(sorted(_NOT_NAMES)))
    whole = words.group_by("person", maintain_order=True).agg("word").filter(pl.col("word").list.len() > 1)
    first, last = pl.col("word").list.first(), pl.col("word").list.last()
    together = whole.select(
        pl.concat_list(
            pl.col("word").list.join(""),
            first + last,
            first.str.slice(0, 1) + last,
            first + last.str.slice(0, 1),
        ).alias("word")
    )
    parts = set(pl.concat([words["word"], together["word"].explode(empty_as_null=True)]).unique())
    # O'Brien is also Brien.
    parts |= {word for name in spelt for part in re.split("['’]", name) if len(word := fold(part)) > 2}
    return parts | {other for group in GIVEN if not parts.isdisjoint(group) for other in group}
