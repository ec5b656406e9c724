"""What counts as reliable change of each score, and on whose word: the keys' published rules and the programme's own.

Nothing is made up: where nobody published a rule, and the programme gives none, there is none, and it is said why.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cfc_pipeline.outcomes.reliable import Rule
from cfc_pipeline.programme import ReliableRule
from schemas.instruments import Instrument

Score = tuple[str, str]  # instrument and subscale


@dataclass(frozen=True)
class Criterion:
    """A change beyond `threshold` is reliable, and one of just that size if `at_least`, as thresholds in whole points
    are published. Then a score on `cut_off` is that of a case as well; else it is on neither side. Published rules are
    about the change from the score before; the programme's own, `computed`, may be about that from an expected one."""

    threshold: float
    at_least: bool
    cut_off: float | None
    rule: str
    computed: Rule | None = None


@dataclass(frozen=True)
class NoRule:
    """Why there is none."""

    rule: str


def criteria(
    instruments: Mapping[str, Instrument], own: Mapping[str, ReliableRule] | None = None
) -> dict[Score, Criterion | NoRule]:
    """For every score of every scale. A rule of the programme's goes before the key's."""
    given = {_named(name, instruments): rule for name, rule in (own or {}).items()}
    return {
        (key.id, subscale): _own(given[key.id, subscale]) if (key.id, subscale) in given else _published(key, subscale)
        for key in instruments.values()
        for subscale in key.subscales
    }


def _named(name: str, instruments: Mapping[str, Instrument]) -> Score:
    instrument, _, subscale = name.partition("/")
    return instrument, subscale or next(iter(instruments[instrument].subscales))


def _own(given: ReliableRule) -> Criterion:
    rule = Rule(
        given.sd, given.sd_source, given.reliability, given.reliability_source, given.z, given.method, given.mean
    )
    r = f"{given.reliability:g}"
    authors, root = {
        "jacobson_truax": ("Jacobson and Truax", f"2 (1 - {r})"),
        "gulliksen_lord_novick": ("Gulliksen, Lord and Novick", f"1 - {r}²"),
        "edwards_nunnally": ("Edwards and Nunnally, who count more changes than the others", f"1 - {r}"),
        "nunnally_kotsch": ("Nunnally and Kotsch", f"(1 + {r}²) (1 - {r})"),
    }[given.method]
    words = (
        f"the programme's own, after {authors}: more than z {given.z:g} times SD {given.sd:g} "
        f"({given.sd_source}) times the root of {root} ({given.reliability_source})"
    )
    if given.mean is not None:
        words += f" from the expected score, {given.mean:g} + {r} (score before - {given.mean:g}) ({given.mean_source})"
    if given.cut_off is not None:
        words += f"; cut-off {given.cut_off:g} ({given.cut_off_source})"
    return Criterion(rule.threshold, False, given.cut_off, words, rule)


def _published(key: Instrument, subscale: str) -> Criterion | NoRule:
    found = [change for change in key.reliable_change if change.subscale == subscale]
    if len(found) == 1 and found[0].up_to is None:
        change = found[0]
        words = f"{change.points:g} points or more ({change.source}: {change.rule})"
        if change.cut_off is not None:
            cut = next(c for c in key.cut_offs if (c.subscale, c.value) == (subscale, change.cut_off))
            words += f"; cut-off {cut.value:g} ({cut.source})"
        return Criterion(change.points, True, change.cut_off, words)
    if found:
        ranges = "; ".join(f"{c.points:g} to {c.up_to or c.points:g} ({c.source})" for c in found)
        return NoRule(f"no rule: published is a range, {ranges}; the programme may choose one")
    if any(reliability.subscale == subscale for reliability in key.reliability):
        return NoRule("no rule: a reliability is published, no reliable change; the programme may give a rule")
    return NoRule("no published reliability")
