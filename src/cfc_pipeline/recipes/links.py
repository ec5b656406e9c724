"""People who are known by codes of their own, recognised from one time point to the next; and what a person decides
about those that are unclear.

`ingest` calls `recognise` between the checks and the pseudonyms. What it finds depends on the accepted rows, links.csv
and programme.yaml only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.identity import links
from cfc_pipeline.identity.keys import Keys, load_keys
from cfc_pipeline.identity.likeness import LEVELS
from cfc_pipeline.identity.linking import CODES, DECIDED, Linked, link
from cfc_pipeline.identity.links import QUEUE, RESPONSES, Kept, read_decisions, read_kept
from cfc_pipeline.identity.pseudonyms import pseudonyms
from cfc_pipeline.intake.batch import Intake
from cfc_pipeline.intake.duplicates import families
from cfc_pipeline.intake.people import SELF_MADE
from cfc_pipeline.programme import Programme, Survey
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import audit
from schemas.tables import TABLES, TIME_POINTS, polars_schema

_FORM = ("survey", "record", "time_point", "day")
_RANKS = ("exact", "accepted", "tolerant", "unclear")  # of several codes at one time point, the surest speaks


@dataclass(frozen=True)
class Recognised:
    table: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=polars_schema(TABLES["link"])))
    kept: Kept = field(default_factory=Kept)
    stale: tuple[int, ...] = ()  # lines of links.csv

    @property
    def counts(self) -> dict[str, int]:
        """How many links were made in which way, and how many codes wait for a person."""
        found: dict[str, int] = dict(self.table.group_by("how").len().iter_rows())
        return {how: found.get(how, 0) for how in _RANKS}


def recognise(intake: Intake, programme: Programme, keys: Keys) -> Recognised:
    """Gives every accepted row of somebody with a code of their own the code by which they were first known, and
    settles duplicates again, because that may make two rows one person's."""
    surveys = [s for s in programme.surveys if s.id in intake.accepted and s.person and s.person.by == "self_made"]
    decisions = read_decisions(programme.folder)
    if not surveys:
        return Recognised(stale=tuple(decisions["line"]))
    forms = _forms(intake, surveys, programme)
    decided = _decided(decisions, forms)
    found = Recognised(stale=tuple(sorted(set(decisions["line"]) - set(decided["line"]))))
    for made_of in forms["made_of"].unique(maintain_order=True):
        mine, told = forms.filter(made_of=made_of), decided.filter(made_of=made_of)
        person = next(s.person for s in surveys if s.person and _made_of(s) == made_of)
        linked = link(mine.select(CODES.keys()), {e.name: e.kind for e in person.elements}, told.select(DECIDED.keys()))
        _rename(intake, [s for s in surveys if _made_of(s) == made_of], linked.people)
        found = _adding(found, mine, linked, told, keys)
    intake.settle(programme)
    return found


def _made_of(survey: Survey) -> str:
    return "|".join(f"{name}:{kind}" for name, kind in (survey.person.made_of if survey.person else ()))


def _forms(intake: Intake, surveys: list[Survey], programme: Programme) -> pl.DataFrame:
    """Every form with a code: where it came from, and its `occasion`, in the order in which people were asked."""
    family = families(programme.surveys)
    order = {survey.id: place for place, survey in enumerate(programme.surveys)}
    every = pl.concat(
        intake.accepted[s.id]
        .filter(pl.col("time_point").is_not_null())
        .select(
            "cohort_id",
            "record",
            "time_point",
            "file",
            "row",
            code=pl.col("person").str.strip_prefix(SELF_MADE),
            day=pl.col("submitted_at").dt.date().cast(pl.String),
            survey=pl.lit(s.id),
            family=pl.lit(family[s.id]),
            kind=pl.lit(s.kind),
            made_of=pl.lit(_made_of(s)),
        )
        for s in surveys
    )
    place = pl.col("time_point").replace_strict(TIME_POINTS, range(len(TIME_POINTS)), return_dtype=pl.Int64)
    asked = pl.col("family").replace_strict(order, return_dtype=pl.Int64)
    return every.with_columns(occasion=place * len(order) + asked).sort("made_of", "occasion", "file", "row")


def _decided(decisions: pl.DataFrame, forms: pl.DataFrame) -> pl.DataFrame:
    """line, made_of, cohort_id, code, other, decision: the last decision about two codes, unless it was undone."""
    of = forms.select("survey", "record", "made_of", "cohort_id", "code").unique(["survey", "record"])
    both = decisions.join(of, on=["survey", "record"])
    both = both.join(
        of.select(other_survey="survey", other_record="record", made_of="made_of", cohort_id="cohort_id", other="code"),
        on=["other_survey", "other_record", "made_of", "cohort_id"],
    )
    pair = pl.concat_list("code", "other").list.sort()
    last = both.filter(pl.col("code") != pl.col("other")).sort("line").with_columns(_pair=pair)
    last = last.with_columns(_last=pl.col("line").max().over("made_of", "cohort_id", "_pair"))
    undone = (pl.col("line") < pl.col("_last")) | (pl.col("decision") == "undone")
    return last.with_columns(decision=pl.when(undone).then(pl.lit("undone")).otherwise("decision")).drop(
        "_pair", "_last"
    )


def _rename(intake: Intake, surveys: list[Survey], people: pl.DataFrame) -> None:
    first = people.select("cohort_id", person=SELF_MADE + pl.col("code"), _first=SELF_MADE + pl.col("person")).unique()
    for survey in surveys:
        rows = intake.accepted[survey.id]
        found = rows.join(first, on=["cohort_id", "person"], how="left", maintain_order="left")
        intake.accepted[survey.id] = found.with_columns(person=pl.coalesce("_first", "person")).drop("_first")


def _adding(found: Recognised, forms: pl.DataFrame, linked: Linked, told: pl.DataFrame, keys: Keys) -> Recognised:
    queue = pl.concat([found.kept.queue, _queue(forms, linked.pairs, told, keys)])
    owners = linked.people.select("cohort_id", "code", "person").unique(maintain_order=True)
    return replace(
        found,
        table=pl.concat([found.table, _table(forms, linked, keys)]),
        kept=Kept(queue, pl.concat([found.kept.owners, owners])),
    )


def _table(forms: pl.DataFrame, linked: Linked, keys: Keys) -> pl.DataFrame:
    """The `link` contract."""
    at = ["cohort_id", "occasion", "code"]
    asked = linked.pairs.filter(state="waiting").group_by(at).agg(_asked=pl.col("chance").max())
    rows = linked.people.join(asked, on=at, how="left", maintain_order="left")
    unclear = (pl.col("how") == "first") & pl.col("_asked").is_not_null()
    rows = rows.with_columns(
        how=pl.when(unclear).then(pl.lit("unclear")).otherwise("how"),
        chance=pl.when(unclear).then("_asked").otherwise("chance"),
        rank=pl.when(unclear)
        .then(pl.lit("unclear"))
        .otherwise("how")
        .replace_strict({how: place for place, how in enumerate(_RANKS)}, default=9, return_dtype=pl.Int64),
    ).filter(pl.col("how") != "first")
    occasions = forms.select("occasion", "time_point", "family", "kind").unique("occasion")
    rows = rows.join(occasions, on="occasion").sort("rank", "cohort_id", "code")
    rows = rows.unique(["cohort_id", "occasion", "person"], keep="first", maintain_order=True)
    ids = pseudonyms(SELF_MADE + rows["person"], keys.purpose("person"), "p-")
    return rows.select(
        ids.alias("participant_id"), "cohort_id", "time_point", "kind", "how", "chance", survey_id="family"
    ).select(polars_schema(TABLES["link"]).keys())


def _queue(forms: pl.DataFrame, pairs: pl.DataFrame, told: pl.DataFrame, keys: Keys) -> pl.DataFrame:
    """What was compared or decided, each code by the first form that has it, and with an id to decide by."""
    words = [pl.col(level).list.join(", ") for level in LEVELS]
    compared = pairs.filter(pl.col("state") != "different")
    compared = compared.select("cohort_id", "state", "chance", *words, code="known", other="code")
    known = told.filter(pl.col("decision") != "undone").select("cohort_id", "code", "other", state="decision")
    every = pl.concat([compared, known.unique(maintain_order=True)], how="diagonal")
    first = forms.unique(["cohort_id", "code"], keep="first", maintain_order=True).select("cohort_id", "code", *_FORM)
    second = first.rename({"code": "other"} | {name: f"other_{name}" for name in _FORM})
    every = every.join(first, on=["cohort_id", "code"]).join(second, on=["cohort_id", "other"])
    names = every.select(pl.concat_str(RESPONSES, separator="\x1f")).to_series()
    every = every.with_columns(pseudonyms(names, keys.purpose("link"), "l-").alias("link"))
    return every.select(pl.col(name).cast(kind) for name, kind in QUEUE.items()).sort("cohort_id", "state", "link")


STATES = {"waiting": ("waiting",), "linked": ("linked", "same"), "apart": ("different",)}


def listed(folder: Path, environ: Mapping[str, str], state: str = "waiting", *, show: bool = False) -> pl.DataFrame:
    """Pairs of codes that are `waiting` for a decision, `linked` (by a slip, or by a decision) or kept `apart`.

    Without `show` it says which elements agree, never what they are.
    """
    programme = load_programme(folder)
    kept = read_kept(programme.restricted, load_keys(programme.restricted, environ))
    rows = kept.queue.filter(pl.col("state").is_in(STATES[state]))
    forms = [
        pl.concat_str(["survey", "time_point", "day"], separator=" ", ignore_nulls=True).alias("first"),
        pl.concat_str(["other_survey", "other_time_point", "other_day"], separator=" ", ignore_nulls=True).alias(
            "again"
        ),
    ]
    by = pl.when(pl.col("state").is_in(["same", "different"])).then(pl.lit("a person")).otherwise(pl.lit("the codes"))
    chance = pl.col("chance").round(3)
    codes = [pl.col("code"), pl.col("other").alias("other_code")] if show else []
    return rows.select("link", "cohort_id", *forms, chance, *LEVELS, by.alias("by"), *codes)


def decide(
    folder: Path,
    environ: Mapping[str, str],
    ids: list[str],
    decision: str,
    by: str,
    note: str = "",
    *,
    dry_run: bool = False,
) -> int:
    """Record what a person decided about pairs of codes. It takes effect with the next ingest; returns how many."""
    programme = load_programme(folder)
    queue = read_kept(programme.restricted, load_keys(programme.restricted, environ)).queue
    rows = queue.filter(pl.col("link").is_in(ids)).unique("link", maintain_order=True)
    if unknown := sorted(set(ids) - set(rows["link"])):
        raise ConfigError(
            "Some of these are not links of this programme.",
            where=", ".join(unknown),
            next_step="`cfc-pipeline review links` lists the ids; run `cfc-pipeline ingest` first",
        )
    if not dry_run:
        pairs = rows.select(RESPONSES).rows()
        now = datetime.now(UTC)
        audit.note(programme.folder, f"links: {decision}", now, links=rows.height)
        links.decide_links(programme.folder, pairs, decision, by, now.date(), note)
    return rows.height
