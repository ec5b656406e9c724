"""The roster: who is in which cohort, and whether they agreed. Personal throughout."""

from collections.abc import Sequence

import polars as pl

from cfc_pipeline.intake.cells import fixed_or_column, local_times, meaning, numbers, resolve_known
from cfc_pipeline.intake.contradictions import both_ways, own_address
from cfc_pipeline.programme import Survey
from cfc_pipeline.sources.raw import COMPLETE, ROW, TEST, RawTable
from schemas.fields import DAYS, NUMBERS, ROSTER, YES_OR_NO

# Fields that a roster does not have are null.
TEXT_FIELDS = tuple(field for field in ROSTER if field not in (*DAYS, *NUMBERS))
SELF_MADE = "self-made:"  # before a code that somebody made, where people are told apart
YES = {"yes": "yes", "y": "yes", "true": "yes", "1": "yes", "no": "no", "n": "no", "false": "no", "0": "no"}


def normal_address(column: pl.Expr) -> pl.Expr:
    """An address or code as the same person would write it twice: no spaces, no case, and none of the marks that come
    along unseen when it is copied out of an email."""
    return column.str.normalize("NFC").str.replace_all(r"[\s\p{Cf}]", "").str.to_lowercase().replace("", None)


def canonical_roster(
    lazy: pl.LazyFrame, raw: RawTable, survey: Survey, zone: str, versions: Sequence[str]
) -> pl.DataFrame:
    """person, email, previous (addresses from before), code, name, nickname, school, trust, town, cohort_id, role,
    phase, region, consented, consented_on, withdrawn, consent_version, shares, quotes, and which of these can be read;
    with row, record, test and empty for the ledger. One row for each row of the file. `versions` are the wordings of
    the agreement that count; none: all of them. `sessions_attended` is there if the entry names it."""
    rows = lazy.collect()
    fields = {field: resolve_known(raw, column) for field, column in survey.fields.items()}
    text = {f: _field(f, fields.get(f), survey) for f in TEXT_FIELDS}
    dates = {f: days(rows[key], rows[ROW], survey, zone) for f in DAYS if (key := fields.get(f))}
    unread = [rows[fields[f]].is_not_null() & found.is_null() for f, found in dates.items()]
    none = pl.Series([None] * len(rows), dtype=pl.Date)
    return rows.select(
        row=ROW,
        record="record",
        test=TEST,
        complete=COMPLETE,
        empty=pl.all_horizontal(pl.col(k).is_null() for k in fields.values()),
        email=normal_address(text["email"]),
        **({"previous": normal_address(text["previous_email"])} if "previous_email" in fields else {}),
        **({"sessions_attended": _attended(key, survey)} if (key := fields.get("sessions_attended")) else {}),
        code=normal_address(text["code"]),
        name=text["name"],
        nickname=text["nickname"],
        school=text["school"],
        trust=text["trust"],
        town=text["town"],
        cohort_id=text["cohort"] if survey.cohort == "roster" else fixed_or_column(survey.cohort, raw),
        role=text["role"],
        phase=text["phase"],
        region=text["region"],
        consented=pl.lit(True) if survey.consent == "not_needed" else _agreed(text, versions),
        consented_on=dates.get("consent_date", none),
        consent_version=text["consent_version"],
        **_purpose("shares", "sharing", fields.get("consent_sharing"), text["consent_sharing"]),
        **_purpose("quotes", "quotes", fields.get("consent_quotes"), text["consent_quotes"]),
        # A withdrawal date in the future or past, readable or not, is a withdrawal: better left out than kept wrongly.
        withdrawn=pl.col(withdrawn).is_not_null() if (withdrawn := fields.get("withdrawn_on")) else pl.lit(False),
        dates_readable=~pl.any_horizontal(*unread) if unread else pl.lit(True),
    ).with_columns(own_address("email", "name"), person=pl.coalesce("email", "code"))


def _field(field: str, key: str | None, survey: Survey) -> pl.Expr:
    if key is None:
        return pl.lit(None, pl.String)
    listed = survey.values.get(field) or (YES if field in YES_OR_NO else {})
    return meaning(key, listed)


def _attended(key: str, survey: Survey) -> pl.Expr:
    return numbers(key, {cell: int(number) for cell, number in survey.values.get("sessions_attended", {}).items()})


def _agreed(text: dict[str, pl.Expr], versions: Sequence[str]) -> pl.Expr:
    """A yes to a wording that no longer counts, or to one that nobody wrote down, is a no."""
    yes = text["consent"].eq("yes")
    return yes & text["consent_version"].is_in(versions).fill_null(False) if versions else yes


def _purpose(name: str, about: str, key: str | None, told: pl.Expr) -> dict[str, pl.Expr]:
    """Who was asked and left it empty has not agreed."""
    if key is None:
        return {name: pl.lit(None, pl.Boolean), f"{about}_readable": pl.lit(True)}
    return {name: told.eq("yes").fill_null(False), f"{about}_readable": told.is_not_null() | pl.col(key).is_null()}


def days(text: pl.Series, row: pl.Series, survey: Survey, zone: str) -> pl.Series:
    """Days that people typed: in the entry's order, in the programme's own zone."""
    return local_times(text, row, survey.submitted.order, zone, zone).cast(pl.Date)


def latest(listed: pl.DataFrame) -> pl.DataFrame:
    """One row for each person and cohort: the last one to arrive, or to arrive again; agreed only if nothing else in
    its file says otherwise."""
    there = listed.filter(pl.col("cohort_id").is_not_null()).sort("said_file", "said_row")
    return both_ways(there.unique(["person", "cohort_id"], keep="last", maintain_order=True), there)


def as_people(roster: pl.DataFrame) -> pl.DataFrame:
    """All rows, in the order of their arrival, with `person` the same in all rows of one, and `also`.

    Somebody who was listed by code alone, and has an address in another row with that code, is one person.
    """
    known = roster.filter(pl.col("email").is_not_null() & pl.col("code").is_not_null()).group_by("code")
    # A code that several addresses have, such as "none", says nothing.
    addresses = known.agg(_address=pl.col("email").unique()).filter(pl.col("_address").list.len() == 1)
    addresses = addresses.with_columns(pl.col("_address").list.first())
    roster = roster.join(addresses, on="code", how="left", maintain_order="left")
    roster = roster.with_columns(email=pl.coalesce("email", "_address")).drop("_address")
    roster = roster.with_columns(person=pl.coalesce("email", "code"))
    if "replaced_cohort" not in roster.columns:
        roster = roster.with_columns(replaced_cohort=pl.lit(None, pl.String))
    none = pl.lit(None, pl.List(pl.String))
    return _as_one(roster) if "previous" in roster.columns else roster.with_columns(also=none)


def _as_one(roster: pl.DataFrame) -> pl.DataFrame:
    """People who changed their address: `person` is the first one that is known, so that a pseudonym stays what it was,
    and `also` has all of them."""
    said = roster.filter(pl.col("email").is_not_null()).select("email", pl.col("previous").str.split(","))
    pairs = said.explode("previous", empty_as_null=True).drop_nulls()
    pairs = pairs.filter((pl.col("previous") != "") & (pl.col("previous") != pl.col("email")))
    if pairs.is_empty():
        return roster.with_columns(also=pl.lit(None, pl.List(pl.String)))
    first = _first_addresses(pairs.unique(maintain_order=True).rows(), roster["email"].drop_nulls().to_list())
    also: dict[str, list[str]] = {}
    for address, person in first.items():
        also.setdefault(person, []).append(address)
    known = pl.DataFrame({"person": list(also), "also": list(also.values())})
    roster = roster.with_columns(pl.col("person").replace(list(first), list(first.values())))
    roster = roster.join(known, on="person", how="left", maintain_order="left")
    # A code that an earlier row had is still theirs.
    return roster.with_columns(code=pl.coalesce("code", pl.col("code").forward_fill().over("person")))


def _first_addresses(pairs: list[tuple[str, str]], in_order: list[str]) -> dict[str, str]:
    """Each address of `pairs` (now, before): that one of all tied to it which rosters, in the order of their arrival,
    name first."""
    groups: dict[str, frozenset[str]] = {}
    for pair in pairs:
        merged = frozenset[str]().union(*(groups.get(address, {address}) for address in pair))
        groups |= dict.fromkeys(merged, merged)
    place = {address: number for number, address in reversed(list(enumerate(in_order)))}
    return {
        address: min(group, key=lambda one: (place.get(one, len(in_order)), one)) for address, group in groups.items()
    }


def known_people(roster: pl.DataFrame, by: str, *, cohort_known: bool) -> pl.DataFrame:
    """What a survey looks people up in: key, person, home, cohort, consented, withdrawn.

    `home` is the person's only cohort; it is null for somebody in several, so that their answers are held back until
    the survey entry says which cohort they are for. What came for a cohort that they moved from is for `cohort`.
    """
    wanted = ("person", "cohort_id", "moved_from", "consented", "withdrawn", "said_file")
    keyed = roster.filter(pl.col(by).is_not_null()).select(pl.col(by).alias("key"), *wanted)
    if by == "email":
        others = roster.filter(pl.col("also").is_not_null()).explode("also")
        keyed = pl.concat([keyed, others.select(pl.col("also").alias("key"), *wanted)]).unique(maintain_order=True)
    else:  # what one list gives to several people tells nobody
        people = (
            keyed.filter(pl.col("key").is_duplicated()).group_by("key", "said_file").agg(pl.col("person").n_unique())
        )
        shared = people.filter(pl.col("person") > 1)["key"].unique()
        keyed = keyed.filter(~pl.col("key").is_in(shared.implode()))
    keyed = keyed.drop("said_file").with_columns(home="cohort_id").rename({"cohort_id": "cohort"})
    moved = keyed.filter(pl.col("moved_from").is_not_null())
    keyed = keyed.drop("moved_from")
    if cohort_known:
        left = moved.with_columns(home="moved_from").explode("home").select(keyed.columns)
        keyed = pl.concat([left, keyed])
        return keyed.unique(["key", "home"], keep="last", maintain_order=True)
    several = pl.col("home").n_unique() > 1
    often = pl.col("key").is_duplicated()  # few are; to group everybody else takes longer than all the rest
    merged = (
        keyed.filter(often)
        .group_by("key", maintain_order=True)
        .agg(
            pl.col("person").last(),
            pl.when(several).then(None).otherwise(pl.col("home").last()).alias("home"),
            pl.col("cohort").last(),
            pl.col("consented").all(),
            pl.col("withdrawn").any(),
        )
    )
    return pl.concat([keyed.filter(~often).select(merged.columns), merged])
