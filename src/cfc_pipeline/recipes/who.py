"""Who somebody is, in all files: every address, code and name that belongs to one person. Personal throughout."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.identity.keys import Keys
from cfc_pipeline.identity.pseudonyms import pseudonyms
from cfc_pipeline.intake.batch import File
from cfc_pipeline.intake.cells import resolve
from cfc_pipeline.intake.codes import own_code
from cfc_pipeline.intake.corrections import Correction, apply_corrections
from cfc_pipeline.intake.people import SELF_MADE, normal_address
from cfc_pipeline.intake.records import used_rows
from cfc_pipeline.programme import Survey
from cfc_pipeline.sources.raw import RawTable

_ROSTER = ("email", "code", "name", "nickname")
_SCHEMA = dict.fromkeys(("email", "code", "name", "nickname"), pl.String)
_LONG_ENOUGH = 6  # shorter codes and names are in every file by chance


@dataclass(frozen=True)
class Person:
    """Addresses and codes, brought into one form, and names as they are written."""

    keys: frozenset[str] = field(repr=False)
    names: frozenset[str] = field(repr=False)

    @property
    def forms(self) -> list[str]:
        """What a search for the person looks for, in small letters: addresses, long codes, and full names both ways."""
        full = [" ".join(name.lower().split()) for name in self.names if " " in name.strip()]
        turned = [f"{last}, {first}" for name in full for first, _, last in [name.rpartition(" ")]]
        every = {*self.keys, *full, *turned}
        return sorted(form for form in every if len(form) >= _LONG_ENOUGH)


def find(
    files: list[File],
    corrections: list[Correction],
    who: str,
    keys: Keys,
    *,
    owners: pl.DataFrame | None = None,
    begun: Person | None = None,
) -> Person:
    """The person whose address, code or participant id is `who`. ConfigError when it is nobody or several people.

    `owners` (cohort_id, code, person) says which codes that people made themselves were found to be one person's.
    `begun` is who an erasure that was killed was about: some or all of their rows may be gone already.
    """
    known = pl.concat([identifiers(file, corrections) for file in files]) if files else pl.DataFrame(schema=_SCHEMA)
    start = _linked(_starting(known, who.strip(), keys, begun), owners)
    if begun and begun.keys:
        start = _gone_on_with(begun, start)
    mine = known.filter(pl.col("email").is_in(start) | pl.col("code").is_in(start))
    if mine.is_empty():
        if begun:
            return Person(frozenset(start), begun.names)
        raise ConfigError(
            "Nobody is known by this address, code or participant id.",
            where="the sealed copies",
            next_step="write it as it is on the roster, or take the participant id from the analysts' copy",
        )
    if len(start & set(known["email"].drop_nulls())) == 0 and _several(mine):
        raise ConfigError(
            "Several people have this code.", where="the roster", next_step="name the person by their address"
        )
    everything = _spread(known, mine)
    addresses = {*everything["email"].drop_nulls(), *everything["code"].drop_nulls(), *start}
    found = Person(frozenset(addresses - _shared(known, everything)), frozenset(_names(everything)))
    return Person(found.keys | begun.keys, found.names | begun.names) if begun else found


def _gone_on_with(begun: Person, start: set[str]) -> set[str]:
    if begun.keys.isdisjoint(start):
        raise ConfigError(
            "Another erasure was begun and is not finished.",
            where="the list of erased people",
            next_step="run `cfc-pipeline erase` with the words of that one first",
        )
    return start | begun.keys


def identifiers(file: File, corrections: list[Correction]) -> pl.DataFrame:
    """email, code, name, nickname of a file's rows, as they came and as corrections.csv mends them."""
    survey, raw = file.survey, file.raw
    rows = used_rows(raw, survey)
    fixed, _ = apply_corrections(rows, raw, [c for c in corrections if c.survey == survey.id])
    person = survey.person.column if survey.person else None
    places = {f: survey.fields[f] for f in _ROSTER if f in survey.fields} or ({"code": person} if person else {})
    found = {f: key for f, name in places.items() if (key := resolve(raw, name))}
    columns = [
        normal_address(pl.col(key)).alias(f) if f in ("email", "code") else pl.col(key).alias(f)
        for f, key in found.items()
    ]
    if survey.person and survey.person.elements:
        columns = [own_code(survey.person, raw).alias("code")]
    if not columns:
        return pl.DataFrame(schema=_SCHEMA)
    # A corrected address and the one that was there stand in one row of the answers: both are the person's.
    both = [version.select("record", *columns) for version in (rows, fixed)]
    told = pl.concat(both).unique().collect()
    told = pl.concat([_side_by_side(told), *_before(rows, raw, survey)], how="diagonal")
    return told.with_columns(pl.lit(None, pl.String).alias(c) for c in _SCHEMA if c not in told.columns).select(
        *_SCHEMA
    )


def _before(rows: pl.LazyFrame, raw: RawTable, survey: Survey) -> list[pl.DataFrame]:
    """What a roster says of earlier addresses: each is a code that the address now and the one before share."""
    fields = [survey.fields.get(name) for name in ("email", "previous_email")]
    now, before = (resolve(raw, name) if name else None for name in fields)
    if now is None or before is None:
        return []
    told = rows.select(email=normal_address(pl.col(now)), code=normal_address(pl.col(before)).str.split(","))
    pairs = told.explode("code", empty_as_null=True).drop_nulls().filter(pl.col("code") != "").collect()
    return [pairs, pairs.select(email="code", code="code")]


def _side_by_side(told: pl.DataFrame) -> pl.DataFrame:
    """A row whose address was corrected gives three: before, after, and one that joins them as address and code."""
    for column in ("email", "code"):
        if column in told.columns:
            pairs = told.group_by("record").agg(pl.col(column).drop_nulls().unique().sort())
            pairs = pairs.filter(pl.col(column).list.len() == 2)
            joined = pairs.select(email=pl.col(column).list.first(), code=pl.col(column).list.last())
            told = pl.concat([told, joined], how="diagonal")
    return told


def _linked(codes: set[str], owners: pl.DataFrame | None) -> set[str]:
    """These codes, and all others by which their people were recognised."""
    if owners is None or owners.is_empty():
        return codes
    theirs = owners.filter(pl.col("code").is_in(list(codes))).select("cohort_id", "person").unique()
    return codes | set(owners.join(theirs, on=["cohort_id", "person"])["code"])


def _starting(known: pl.DataFrame, who: str, keys: Keys, begun: Person | None) -> set[str]:
    if not re.fullmatch(r"p-[0-9a-f]{20}", who):
        typed = set(pl.DataFrame({"w": [who]}).select(normal_address(pl.col("w"))).to_series().drop_nulls())
        made = known["code"].drop_nulls().unique()
        return typed | set(made.filter(made.str.replace_all("|", "", literal=True).is_in(list(typed))))
    gone = pl.Series("email", sorted(begun.keys) if begun else [], dtype=pl.String)
    every = pl.concat([known["email"], known["code"].alias("email"), gone]).drop_nulls().unique()
    made = pseudonyms(every, keys.purpose("person"), "p-")
    own = pseudonyms(SELF_MADE + every, keys.purpose("person"), "p-")
    return set(every.filter((made == who) | (own == who)))


def _spread(known: pl.DataFrame, mine: pl.DataFrame) -> pl.DataFrame:
    """All rows of the person: an address leads to its codes, a code to an older address of the same name."""
    while True:
        names = _folded(_names(mine))
        by_address = pl.col("email").is_in(mine["email"].drop_nulls().unique().implode())
        same = pl.col("name").is_null() | _fold(pl.col("name")).is_in(names)
        by_code = pl.col("code").is_in(mine["code"].drop_nulls().unique().implode())
        more = known.filter(by_address | (by_code & (pl.col("email").is_null() | same)))
        more = pl.concat([mine, more]).unique()
        if len(more) == len(mine):
            return more
        mine = more


def _several(mine: pl.DataFrame) -> bool:
    return mine["email"].drop_nulls().n_unique() > 1 and len(set(_folded(mine["name"].drop_nulls()))) > 1


def _shared(known: pl.DataFrame, mine: pl.DataFrame) -> set[str]:
    """Codes that others have too, such as "none": they say nothing about whose a row is."""
    others = known.join(mine, on=list(_SCHEMA), how="anti", nulls_equal=True)
    others = others.filter(pl.col("email").is_not_null() & ~pl.col("email").is_in(mine["email"].drop_nulls().implode()))
    return set(mine["code"].drop_nulls()) & set(others["code"].drop_nulls())


def _names(rows: pl.DataFrame) -> list[str]:
    return [*rows["name"].drop_nulls().unique(), *rows["nickname"].drop_nulls().unique()]


def _folded(names: Iterable[str]) -> list[str]:
    return [" ".join(name.lower().split()) for name in names]


def _fold(column: pl.Expr) -> pl.Expr:
    return column.str.to_lowercase().str.split(" ").list.eval(pl.element().filter(pl.element() != "")).list.join(" ")
