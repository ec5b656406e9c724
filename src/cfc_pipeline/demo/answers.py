"""Simulated answers: a small change in some measures, none in others, people who differ, and cohorts that differ.

The sizes of the changes are made up for the demo and are nobody's results. A person's answers at several time points
share one level, so that before and after correlate as they do in real groups.
"""

from dataclasses import dataclass
from random import Random

from cfc_pipeline.demo.people import UNANIMOUS, Person

Answers = dict[tuple[str, int], int]  # instrument and item: the number answered; a blank item is left out


@dataclass(frozen=True)
class Measure:
    """How one instrument is simulated, in points of its answer scale."""

    items: int
    top: int
    level: float
    change: float
    between: float  # SD of people's levels
    noise: float  # SD of one answer around a person's level
    reverse: tuple[int, ...] = ()


MEASURES = {
    "ceas_self": Measure(13, 10, 5.6, 0.75, 1.1, 1.3),
    "ceas_to_others": Measure(13, 10, 7.3, 0.35, 0.9, 1.2),
    "ceas_from_others": Measure(13, 10, 5.9, 0.45, 1.2, 1.4),
    "brs": Measure(6, 5, 3.2, 0.22, 0.55, 0.7, reverse=(2, 4, 6)),
    "swemwbs": Measure(7, 5, 3.3, 0.0, 0.5, 0.7),  # the measure that does not change
    "cfc_perceived_impact": Measure(8, 5, 4.0, 0.0, 0.5, 0.7),
    "cfc_session_feedback": Measure(4, 5, 4.1, 0.0, 0.4, 0.6),
}
_SHARE_OF_CHANGE = {"pre": 0.0, "mid": 0.5, "post": 1.0, "follow_up": 0.8}
_BLANK = 0.0002  # share of items that somebody leaves out


def simulate(seed: int, person: Person, time_point: str, instruments: tuple[str, ...]) -> Answers:
    """One person's answers to some instruments at one time point; always the same for the same seed."""
    answers: Answers = {}
    for name in instruments:
        measure = MEASURES[name]
        person_level = _normal(f"{seed} {person.code} {name}") * measure.between
        cohort_effect = _normal(f"{seed} {person.cohort.id} {name}") * 0.3 * measure.change
        own_effect = _normal(f"{seed} {person.code} {name} change") * 0.35 * measure.between
        change = _SHARE_OF_CHANGE[time_point] * (measure.change + cohort_effect + own_effect)
        rng = Random(f"{seed} {person.code} {name} {time_point}")  # noqa: S311
        answers |= _items(name, measure, measure.level + person_level + change, rng)
    if person.cohort.id == UNANIMOUS and "cfc_perceived_impact" in instruments:
        answers["cfc_perceived_impact", 8] = 5
    return answers


def rate_session(seed: int, label: str, session: int) -> Answers:
    """One anonymous form after one session; ratings rise a little over the sessions."""
    measure = MEASURES["cfc_session_feedback"]
    rng = Random(f"{seed} {label} {session}")  # noqa: S311
    return _items("cfc_session_feedback", measure, measure.level + 0.05 * session + rng.gauss(0, measure.between), rng)


def _items(name: str, measure: Measure, level: float, rng: Random) -> Answers:
    given: Answers = {}
    for item in range(1, measure.items + 1):
        value = min(measure.top, max(1, round(level + rng.gauss(0, measure.noise))))
        if rng.random() >= _BLANK:
            given[name, item] = measure.top + 1 - value if item in measure.reverse else value
    return given


def _normal(key: str) -> float:
    return Random(key).gauss(0, 1)  # noqa: S311
