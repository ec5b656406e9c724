"""Free text: what redaction finds in the labelled comments and what it takes wrongly, against the targets."""

import polars as pl
import pytest

from benchmarks import redaction
from cfc_pipeline.identity.patterns import PLACEHOLDERS
from cfc_pipeline.identity.redaction import redact

OUTCOMES = {part: redaction.measured(part) for part in redaction.PARTS}
BOTH = [one for part in redaction.PARTS for one in OUTCOMES[part]]


def share(counted: tuple[int, int]) -> float:
    return counted[0] / counted[1]


def test_the_comments_are_many_and_differ() -> None:
    texts = [comment.text for part in redaction.PARTS for comment in redaction.read(part)]
    assert len(texts) == len(set(texts)) >= 400
    assert abs(len(OUTCOMES["tuned"]) - len(OUTCOMES["held-out"])) < 20
    assert {kind for one in BOTH for kind, *_ in one.found} == set(redaction.KINDS)


def test_people_and_schools_on_the_roster_are_found() -> None:
    assert share(redaction.recall(BOTH, "ps")) >= 0.98


@pytest.mark.parametrize("part", redaction.PARTS)
def test_people_who_are_not_on_the_roster_are_found(part: str) -> None:
    assert share(redaction.recall(OUTCOMES[part], "x")) >= 0.90


@pytest.mark.parametrize("part", redaction.PARTS)
def test_what_has_a_form_is_found(part: str) -> None:
    assert share(redaction.recall(OUTCOMES[part], "efcun")) == 1


@pytest.mark.parametrize("part", redaction.PARTS)
def test_placeholders_are_right(part: str) -> None:
    assert share(redaction.precision(OUTCOMES[part])) >= 0.85


def test_the_measure_sees_what_is_left_and_what_is_taken_wrongly() -> None:
    comment = redaction._parsed("Thank you [p:Ada Quill] of [s:Park School], said the Head.")
    assert comment.text == "Thank you Ada Quill of Park School, said the Head."
    marks = list(PLACEHOLDERS.values())
    half = redaction._compared(comment, f"Thank you {marks[0]} Quill of Park School, said the {marks[0]}.")
    assert [right for *_, right in half.found] == [False, False]
    assert [right for *_, right in half.placeholders] == [True, False]
    assert half.lost == 1
    whole = redaction._compared(comment, f"Thank you {marks[0]} of {marks[1]}, said the Head.")
    assert [right for *_, right in whole.found] == [True, True]
    assert whole.lost == 0


def test_a_comment_does_not_change_when_others_come_in() -> None:
    comments = [comment.text for comment in redaction.read("tuned")]
    together = redact(pl.Series(comments), redaction.roster(), strangers=True)["text"].to_list()
    alone = [redact(pl.Series([text]), redaction.roster(), strangers=True)["text"][0] for text in comments[::7]]
    assert together[::7] == alone
