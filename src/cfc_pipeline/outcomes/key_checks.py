"""Does a scale behave as its key says? Warnings for a person to look into; nothing is ever changed because of them.

Three mistakes leave scores that look like scores: an item that the key turns around once too often or not at all, an
export in which the tool has turned the items around already, and an export that counts its answers from another number.
The first two show in correlations, so they need people: below `ENOUGH` complete forms of one survey nothing is said.
How often these checks are right and wrong was simulated: docs/statistics.md.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import duckdb
import numpy as np

from cfc_pipeline.outcomes.formulas import Floats
from cfc_pipeline.outcomes.reliability import against, against_the_key
from schemas.instruments import Instrument, Subscale

ENOUGH = 30  # complete forms
_MOST = 5_000  # forms of a survey that are looked at; more would only take longer
_FEWEST_ITEMS = 3
_SHIFT_ANSWERS = 100  # answers of which none is the highest (or lowest) before that means anything

# Ids are chosen before any answers are fetched: to sort the answers of a million forms takes seconds.
_FORMS = f"""
    SELECT survey_id, answers FROM answer_sheet JOIN (
        SELECT survey_id, unnest(min(response_id, {_MOST})) AS response_id
        FROM response JOIN answer_sheet USING (response_id)
        WHERE instrument = $instrument AND status = 'counted' GROUP BY survey_id
    ) USING (response_id)
    WHERE instrument = $instrument ORDER BY survey_id, response_id
"""


_STRAIGHT = """
    SELECT survey_id, count(*) FROM answer_sheet JOIN response USING (response_id)
    WHERE instrument = $instrument AND status = 'counted' AND list_aggregate(answers, 'count') >= $enough
        AND list_min(answers) = list_max(answers) AND 2 * list_min(answers) <> $middle
    GROUP BY survey_id ORDER BY survey_id
"""
_FEWEST_ALIKE = 5  # items; of fewer, one answer to all of them may be meant


@dataclass(frozen=True)
class Doubt:
    """What does not fit the key, in one survey's answers to one instrument. `forms` is how many it was seen in."""

    survey_id: str
    instrument: str
    what: str
    forms: int

    def in_words(self) -> str:
        forms = "1 form" if self.forms == 1 else f"{self.forms} forms"
        return f"survey {self.survey_id}, {self.instrument}: {self.what} ({forms})"


def key_checks(
    con: duckdb.DuckDBPyConnection, instruments: Mapping[str, Instrument], outside: Collection[str] = ()
) -> list[Doubt]:
    """Doubts about counted answers. `outside` are surveys of which rows are held back for answers that the key does not
    know."""
    listed = con.execute("SELECT DISTINCT instrument FROM answer_sheet ORDER BY instrument").fetchall()
    keys = [instruments[name] for (name,) in listed if instruments[name].kind == "scale"]
    return [doubt for key in keys for doubt in _of_instrument(con, key, outside)]


def straight_lines(con: duckdb.DuckDBPyConnection, instruments: Mapping[str, Instrument]) -> list[Doubt]:
    """Forms with one answer to every item, also to items that mean the opposite; the middle one may be meant. They
    count like all others: who ticks a column is for people to judge, not for a rule."""
    asked = {"enough": _FEWEST_ALIKE}
    return [
        Doubt(survey, key.id, "one and the same answer to every item, also to those that mean the opposite", forms)
        for key in instruments.values()
        if key.reverse and len(key.reverse) < key.items - len(key.fillers)
        for survey, forms in con.execute(
            _STRAIGHT, asked | {"instrument": key.id, "middle": key.lowest + key.highest}
        ).fetchall()
    ]


def _of_instrument(con: duckdb.DuckDBPyConnection, key: Instrument, outside: Collection[str]) -> Iterator[Doubt]:
    surveys: dict[str, list[list[int | None]]] = {}
    for survey, answers in con.execute(_FORMS, {"instrument": key.id}).fetchall():
        surveys.setdefault(survey, []).append([*answers, *[None] * (key.items - len(answers))])
    for survey, forms in surveys.items():
        given = np.array(forms, dtype=np.float64)
        if survey in outside and (what := _shifted(given, key)):
            yield Doubt(survey, key.id, what, len(forms))
        for subscale in key.subscales.values():
            items = keyed(given, key, subscale)
            yield from (Doubt(survey, key.id, what, len(items)) for what in doubts(items, key, subscale))


def keyed(given: Floats, key: Instrument, subscale: Subscale) -> Floats:
    """The subscale's items of complete forms, turned around as the key says. `given` has a row for each form and a
    column for each item of the instrument, NaN where nothing was answered."""
    items = given[:, [item - 1 for item in subscale.items]]
    turned = [item in key.reverse for item in subscale.items]
    items = np.where(turned, key.lowest + key.highest - items, items)
    return np.asarray(items[~np.isnan(items).any(axis=1)])


def doubts(items: Floats, key: Instrument, subscale: Subscale) -> Iterator[str]:
    """What speaks against the key, in words. `items` are as `keyed` gives them."""
    if len(items) < ENOUGH or len(subscale.items) < _FEWEST_ITEMS:
        return
    turned = np.array([item in key.reverse for item in subscale.items])
    if turned.any() and not turned.all() and against(items[:, turned].sum(axis=1), items[:, ~turned].sum(axis=1)):
        named = ", ".join(str(item) for item in subscale.items if item in key.reverse)
        yield (
            f"items {named} of {subscale.title}, which the key turns around, go against the others; the survey tool "
            "may have turned them around already"
        )
        return
    wrong = [str(item) for item, is_ in zip(subscale.items, against_the_key(items), strict=True) if is_]
    if wrong:
        yield (
            f"item {', '.join(wrong)} of {subscale.title} goes against the others; it may belong to another column, "
            "or be turned around once too often or not at all"
        )


def _shifted(given: Floats, key: Instrument) -> str | None:
    """Rows with an answer outside the range are held back, so the others never reach one end of it."""
    answers = given[~np.isnan(given)]
    if len(answers) < _SHIFT_ANSWERS:
        return None
    if answers.max() < key.highest:
        return f"nobody gave the highest answer, and rows are held back; the export may count from {key.lowest - 1}"
    if answers.min() > key.lowest:
        return f"nobody gave the lowest answer, and rows are held back; the export may count from {key.lowest + 1}"
    return None
