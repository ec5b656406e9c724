"""The tables of perceived impact: who chose which answer, and the share of people whose answer counts as increased."""

from dataclasses import replace

import polars as pl

from cfc_pipeline.disclosure.protected import Protected
from cfc_pipeline.publish import trend_breaks, words
from cfc_pipeline.publish.figures import digits
from cfc_pipeline.publish.layout import About, Block, counted, in_order, labelled, side_by_side, slug, where
from cfc_pipeline.publish.model import ALL_YEARS, Column, FigureKind, PublishedTable
from schemas.tables import label
from schemas.tables.results import ImpactDistribution, ImpactShare

INTERVAL = "95 % interval, %"


def perceived_impact(impact: Protected, about: About) -> PublishedTable:
    """Rows: the answers to each item, and how many answered it. Columns: a group for each year, and all years."""
    rows = where(impact, pl.col("level").is_in(["year", "all"]))
    rows = _with_bases(labelled(rows, about.cohorts))
    counts = pl.when("increased").then(pl.lit("yes")).otherwise(pl.lit("no"))
    values = _named(rows.values, about.items).with_columns(
        counts=pl.when(pl.col("increased").is_not_null()).then(counts)
    )
    years = values["academic_year"].unique().sort().to_list()
    on = ("instrument", "item", "question", "value", "answer", "counts")
    keys = (
        Column("question", "Item", "text"),
        Column("answer", label(ImpactDistribution, "answer"), "text"),
        Column("counts", label(ImpactDistribution, "increased"), "text"),
    )
    blocks: list[Block] = [(_year_key(year), pl.col("academic_year") == year, ("n", "percent")) for year in years]
    kinds: tuple[tuple[str, FigureKind], ...] = (("n", "count"), ("percent", "percent"))
    figures = (
        Column(f"{_year_key(year)}_{key}", label(ImpactDistribution, key), kind, year)
        for year in years
        for key, kind in kinds
    )
    return about.table(
        rows,
        (*keys, *figures),
        side_by_side(replace(rows, values=values), on, blocks),
        (*words.IMPACT, *_breaks(rows, about)),
        name="perceived_impact",
        title="What people say has changed for them",
        shows="How many people chose each answer to each of the programme's own items.",
        people="From the people who answered each item; how many is in the row Answered the item.",
        row_group="question",
    )


def _with_bases(rows: Protected) -> Protected:
    """The base of each item as a row below its answers, so that it is there once."""
    on = ("academic_year", "instrument", "item")
    both = rows.values.with_columns(rows.hidden.select(pl.all().name.prefix("why_"))).with_row_index("__row")
    bases = both.unique(on, keep="first", maintain_order=True).with_columns(
        value=pl.lit(None, both.schema["value"]),
        increased=pl.lit(None, pl.Boolean),
        answer=pl.lit("Answered the item"),
        n="base",
        why_n="why_base",
        percent=pl.lit(None, pl.Float64),
        why_percent=pl.lit(None, pl.String),
    )
    # After the answers of the same item, whatever year they are of.
    stacked = pl.concat([both, bases]).sort("instrument", "item", "value", nulls_last=True, maintain_order=True)
    why = stacked.select(pl.col(f"why_{figure}").alias(figure) for figure in rows.hidden.columns)
    return replace(rows, values=stacked.select(rows.values.columns), hidden=why)


def _year_key(year: str) -> str:
    return "all" if year == ALL_YEARS else slug(year)


def impact_shares(shares: Protected, about: About) -> PublishedTable:
    """Rows, item by item: each year, all years, and the role groups over all years."""
    rows = labelled(where(shares, pl.col("level").is_in(["year", "all"])), about.cohorts)
    rows = replace(rows, values=_named(rows.values, about.items))
    rows = in_order(rows, "instrument", "item", pl.col("role_group").is_not_null())
    group = pl.format("{}: {}", "academic_year", "role_group")
    values = rows.values.with_columns(who=pl.coalesce(group, "academic_year"))
    kinds: tuple[tuple[str, FigureKind, str], ...] = (
        ("n_increased", "count", ""),
        ("base", "count", ""),
        ("percent", "percent", ""),
        ("ci_low", "percent", INTERVAL),
        ("ci_high", "percent", INTERVAL),
    )
    figures = (Column(key, label(ImpactShare, key), kind, interval=interval) for key, kind, interval in kinds)
    return about.table(
        rows,
        (Column("question", "Item", "text"), Column("who", "People of", "text"), *figures),
        (values, rows.hidden),
        (*words.IMPACT_SHARES, *_breaks(rows, about)),
        name="impact_shares",
        title="How many say that something has increased",
        shows="How many people gave an answer that counts as increased, year by year and over all years.",
        people="From the people who answered each item; how many is in the column Answered.",
        row_group="question",
    )


def impact_in_words(table: PublishedTable) -> list[str]:
    """One sentence on `impact_shares` over all years: the items of which most and fewest say that they increased."""
    column = next(c for c in table.columns if c.key == "percent")
    shown = table.values.filter(pl.col("who") == ALL_YEARS, pl.col("percent").is_not_null()).sort("percent")
    shares = [f"{digits(row['percent'], column)} % ({row['question']})" for row in shown.iter_rows(named=True)]
    if not shares:
        return []
    spread = shares[0] if len(shares) == 1 else f"from {shares[0]} to {shares[-1]}"
    said = f"Perceived impact: {spread} of those who answered say that it has increased"
    return [f"{said}, over {counted(len(shares), 'question')}. That is what they believe, not a measured change."]


def _breaks(rows: Protected, about: About) -> tuple[str, ...]:
    return trend_breaks.notes(about.breaks, about.instruments.join(rows.values, on="instrument", how="semi"))


def _named(values: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Adds `question`, the item's short name."""
    names = items.select("instrument", "item", question="short_name")
    return values.join(names, on=["instrument", "item"], how="left", maintain_order="left").with_columns(
        question=pl.coalesce("question", pl.format("Item {}", "item"))
    )
