"""The tables of people, sessions and rows of files."""

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
)
from cfc_pipeline.publish.model import Column, FigureKind, PublishedTable
from schemas.tables import label
from schemas.tables.results import FeedbackSummary, ResponseFlow

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
    unused = {point for point in ("mid", "follow_up") if flow.values[point].eq_missing(0).all()}
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
    question.

    No SD: ratings are whole numbers from 1 to 5, and n, mean and SD are three equations in five counts. Of a dozen
    forms they nearly always say how many gave each rating, be it one.
    """
    rows = labelled(feedback, about.cohorts)
    rows = replace(rows, values=rows.values.with_columns(pl.col("session_number").cast(pl.String)))
    questions = dict(enumerate(rows.values["question"].unique().sort(), 1))
    keys = (YEAR, COHORT, Column("session_number", label(FeedbackSummary, "session_number"), "text"))
    blocks: list[Block] = [(f"q{i}", pl.col("question") == text, ("n", "mean")) for i, text in questions.items()]
    kinds: tuple[tuple[str, FigureKind, int], ...] = (("n", "count", 0), ("mean", "number", 2))
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
