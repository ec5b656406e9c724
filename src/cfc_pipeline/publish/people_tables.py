"""The tables of people, sessions, perceived impact and rows of files."""

from dataclasses import replace

import polars as pl

from cfc_pipeline.disclosure.protected import Protected
from cfc_pipeline.publish import words
from cfc_pipeline.publish.layout import (
    COHORT,
    YEAR,
    About,
    Block,
    counted,
    labelled,
    side_by_side,
    slug,
    where,
)
from cfc_pipeline.publish.model import ALL_YEARS, Column, FigureKind, PublishedTable
from schemas.tables import label
from schemas.tables.results import FeedbackSummary, ImpactDistribution, ResponseFlow

FLOW = {
    "Enrolment": ("n_schools", "enrolled"),
    "Agreement": ("not_consented", "consented", "withdrawn", "remaining"),
    "Answered": ("pre", "mid", "post", "follow_up"),
    "Before and after": ("paired", "pre_only", "post_only", "neither"),
}
FATES = {
    "rows_in": "Rows in",
    "stored": "Stored",
    "unchanged": "Unchanged",
    "quarantined": "Held back",
    "excluded": "Left out",
}
SCOPES = {"all": "All surveys", "survey": "Survey by survey", "reason": "Why rows were held back or left out"}


def response_flow(flow: Protected, about: About) -> PublishedTable:
    """Rows: cohorts, then their year's total; last, all years. Time points at which nobody answered are left out."""
    unused = {point for point in ("mid", "follow_up") if flow.values.select((pl.col(point) == 0).all()).item()}
    boxes = ((group, box) for group, boxes in FLOW.items() for box in boxes if box not in unused)
    figures = (Column(box, label(ResponseFlow, box), "count", group) for group, box in boxes)
    rows = labelled(flow, about.cohorts)
    enrolled = flow.values.filter(pl.col("level") == "all")["enrolled"].drop_nulls().to_list()
    return about.table(
        rows,
        (YEAR, COHORT, *figures),
        (rows.values, rows.hidden),
        words.FLOW,
        name="response_flow",
        title="Who took part and who answered",
        shows="How many people were enrolled, agreed to the evaluation, stayed, and answered the questionnaires when.",
        people=f"From {enrolled[0]} people enrolled in {counted(about.cohorts.height, 'cohort')}."
        if enrolled
        else "How many people were enrolled in all is hidden.",
        row_group=YEAR.key,
    )


def session_feedback(feedback: Protected, about: About) -> PublishedTable:
    """Rows: sessions of each cohort, of each year over its cohorts, and of all years. Columns: a group for each
    question."""
    rows = labelled(feedback, about.cohorts)
    rows = replace(rows, values=rows.values.with_columns(pl.col("session_number").cast(pl.String)))
    questions = dict(enumerate(rows.values["question"].unique().sort(), 1))
    keys = (YEAR, COHORT, Column("session_number", label(FeedbackSummary, "session_number"), "text"))
    blocks: list[Block] = [(f"q{i}", pl.col("question") == text, ("n", "mean", "sd")) for i, text in questions.items()]
    kinds: tuple[tuple[str, FigureKind, int], ...] = (("n", "count", 0), ("mean", "number", 2), ("sd", "number", 2))
    figures = (
        Column(f"q{i}_{key}", label(FeedbackSummary, key), kind, str(text), decimals)
        for i, text in questions.items()
        for key, kind, decimals in kinds
    )
    return about.table(
        rows,
        (*keys, Column("attendance", label(FeedbackSummary, "attendance"), "count"), *figures),
        side_by_side(rows, [key.key for key in keys], blocks, own=("attendance",)),
        words.FEEDBACK,
        name="session_feedback",
        title="How people rated the sessions",
        shows="Mean rating of each question after each session: by cohort, by year and over all years.",
        people="From the anonymous forms after each session; n is the number of forms with that rating.",
        row_group=YEAR.key,
    )


def perceived_impact(impact: Protected, about: About) -> PublishedTable:
    """Rows: the answers to each item, and how many answered it. Columns: a group for each year, and all years."""
    rows = where(impact, pl.col("level").is_in(["year", "all"]))
    rows = _with_bases(labelled(rows, about.cohorts))
    names = about.items.select("instrument", "item", question="short_name")
    values = rows.values.join(names, on=["instrument", "item"], how="left", maintain_order="left").with_columns(
        question=pl.coalesce("question", pl.format("Item {}", "item"))
    )
    years = values["academic_year"].unique().sort().to_list()
    on = ("instrument", "item", "question", "value", "answer")
    blocks: list[Block] = [(_year_key(year), pl.col("academic_year") == year, ("n", "percent")) for year in years]
    kinds: tuple[tuple[str, FigureKind], ...] = (("n", "count"), ("percent", "percent"))
    figures = (
        Column(f"{_year_key(year)}_{key}", label(ImpactDistribution, key), kind, year)
        for year in years
        for key, kind in kinds
    )
    return about.table(
        rows,
        (Column("question", "Item", "text"), Column("answer", label(ImpactDistribution, "answer"), "text"), *figures),
        side_by_side(replace(rows, values=values), on, blocks),
        words.IMPACT,
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


def data_quality(quality: Protected, about: About) -> PublishedTable:
    """Rows: all surveys, each survey, and each reason over all surveys."""
    values = quality.values.with_columns(
        scope=pl.col("about").replace_strict(SCOPES), what=pl.coalesce("survey_id", "reason", pl.lit("All surveys"))
    )
    figures = (Column(key, label, "count") for key, label in FATES.items())
    return about.table(
        quality,
        (Column("scope", "Rows of", "text"), Column("what", "Survey or reason", "text"), *figures),
        (values, quality.hidden),
        words.QUALITY,
        name="data_quality",
        title="What became of the rows of the files",
        shows="How many rows arrived in files, and how many were stored, known already, held back or left out.",
        people="From all rows of all files; a row is one form of one person, or one line of a roster or session log.",
        row_group="scope",
    )


def approved_comments(comments: pl.DataFrame, about: About) -> PublishedTable:
    """Rows: what people wrote, question by question. Only what a person has read and approved; without cohort, year or
    role, because together with a quote they would say who wrote it. Sorted by text, which says nothing either."""
    approved = (
        comments.filter(pl.col("state") == "approved").select("question", "text").unique().sort("question", "text")
    )
    return PublishedTable(
        name="approved_comments",
        title="In people's words",
        shows="Comments that a person has read and approved for publication, by question.",
        people=f"{approved.height} of {comments.height} comments.",
        rule="Names, schools and contact details were replaced by words in brackets before anyone read the comments.",
        source=about.source,
        columns=(Column("question", "Question", "text"), Column("text", "Comment", "text")),
        values=approved,
        hidden=pl.DataFrame(),
        notes=("Chosen by people, not counted: they say what was said, not how often.", *about.notes),
    )
