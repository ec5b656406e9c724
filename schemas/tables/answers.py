"""What people answered, without anything that says who they are."""

from datetime import date
from typing import Annotated

import polars as pl

from schemas.tables.contract import Table, column
from schemas.tables.people import TIME_POINTS

KINDS = ("scale", "perceived_impact", "session_feedback")
STATUSES = ("counted", "superseded")


class Response(Table):
    """One form sent in by one person."""

    response_id: str = column("Keyed id of the response; stable over re-exports.", key=True, str_startswith="r-")
    survey_id: str = column("The survey entry in programme.yaml that the response came through.")
    kind: str = column("Kind of survey.", isin=KINDS)
    cohort_id: str = column("The cohort that the response counts for.")
    participant_id: str = column("Who answered; empty for anonymous forms.", nullable=True)
    time_point: str = column("When in the programme; empty for session feedback.", nullable=True, isin=TIME_POINTS)
    session_number: int = column("Which session it is about; empty for other kinds.", nullable=True, ge=1, le=99)
    submitted_on: date = column("Day of sending in, in the programme's time zone.", nullable=True)
    complete: bool = column("Whether the form was finished.")
    status: str = column(
        "counted, or superseded by another response of the same person, survey kind and time point.", isin=STATUSES
    )
    content_hash: str = column("Fingerprint of everything kept of the response; changes when it is edited.")


class AnswerSheet(Table):
    """The answers of one response to one instrument, before any reversal. `item_answer` shows them one in a row."""

    response_id: str = column("The response that the answers belong to.", key=True)
    instrument: str = column("The instrument.", key=True)
    answers: Annotated[pl.List, pl.Int16()] = column(
        "The answer to each item, from item 1; empty where an item was left blank."
    )


class ItemAnswer(Table):
    """One answered item of a questionnaire, before any reversal. Items left blank have no row. A view of
    `answer_sheet`: one stored row for each item would be many times as large."""

    response_id: str = column("The response that the answer belongs to.", key=True)
    instrument: str = column("The instrument that the item belongs to.", key=True)
    item: int = column("Number of the item within the instrument.", key=True, ge=1)
    value: int = column("The answer, coded as the instrument's key says.")


class SessionFeedback(Table):
    """One rating from one counted session feedback form."""

    response_id: str = column("The response that the rating belongs to.", key=True)
    cohort_id: str = column("The cohort that met.")
    session_number: int = column("Number of the session within the cohort.", ge=1)
    question: str = column("Short name of the rated question.", key=True)
    rating: int = column("The rating, higher is better.")


class Comment(Table):
    """One free text, redacted. In the analysts' copy the text is there only once a person approved it."""

    comment_id: str = column("Keyed id of the comment.", key=True, str_startswith="c-")
    cohort_id: str = column("The cohort that it came from. Never published beside the text.")
    academic_year: str = column("Academic year of that cohort.")
    question: str = column("Short name of the question.")
    text: str = column("The redacted text; empty until approved.", nullable=True)
    redactions: int = column("How many passages were replaced.", ge=0)
    state: str = column("waiting, approved or rejected.", isin=("waiting", "approved", "rejected"))


AGREED = "agreed"  # the coder whose lines say what the two settled on
NO_THEME = "none"  # what a coder gives to a comment without a theme of the codebook


class Theme(Table):
    """One theme of the programme's codebook, themes.csv."""

    theme: str = column("Id of the theme.", key=True)
    position: int = column("Place in the codebook, from 1.")
    label: str = column("Name of the theme in tables.", label="Theme")
    definition: str = column("What belongs to it, as the codebook says.")


class CommentCode(Table):
    """A theme that a coder gave to a comment. `none` stands for no theme of the codebook."""

    comment_id: str = column("The comment.", key=True, str_startswith="c-")
    coder: str = column(
        "first or second of the two coders, or agreed: what they settled on.",
        key=True,
        isin=("first", "second", AGREED),
    )
    theme: str = column("The theme.", key=True)


class ScoreSheet(Table):
    """The scores of one response on one instrument, in lists over its subscales, whether the response counts or not. A
    view of `answer_sheet`, whose text is the scoring keys; `scale_score` shows those that count, one in a row."""

    response_id: str = column("The response that was scored.", key=True)
    instrument: str = column("The instrument.", key=True)
    subscales: Annotated[pl.List, pl.String()] = column("The instrument's subscales.")
    scores: Annotated[pl.List, pl.Float64()] = column("Their scores by the published key.")
    answered: Annotated[pl.List, pl.Int64()] = column("How many of their items have an answer.", unit="items")
    expected: Annotated[pl.List, pl.Int64()] = column("How many items they have; 0 when not asked.", unit="items")


class ScaleScore(Table):
    """One scored subscale of one counted response of a person who consented. A view of `score_sheet`."""

    response_id: str = column("The response that was scored.", key=True)
    participant_id: str = column("Who answered.", nullable=True)
    cohort_id: str = column("The cohort.")
    time_point: str = column("When in the programme.", nullable=True, isin=TIME_POINTS)
    instrument: str = column("The instrument.", key=True)
    subscale: str = column("The subscale.", key=True)
    score: float = column("The score by the published key; empty when too few items were answered.", nullable=True)
    items_answered: int = column("Scored items with an answer.", unit="items")
    items_expected: int = column("Scored items in the key; 0 when not asked.", unit="items")
    state: str = column(
        "scored, prorated, too_few_items, or not_asked: the form has none of its items, or one is left out on purpose.",
        isin=("scored", "prorated", "too_few_items", "not_asked"),
    )
