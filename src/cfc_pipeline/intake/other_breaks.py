"""What else may break a trend: another survey tool, which the entries show, and what programme.yaml declares."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from cfc_pipeline.intake.trends import DECLARED, POSSIBLE, years_of
from cfc_pipeline.intake.versions import Version, Versions
from cfc_pipeline.programme import Break, Programme
from cfc_pipeline.sources import TITLES

Asked = Mapping[str, Mapping[str, list[Version]]]  # instrument: academic year: the versions that were answered then


@dataclass(frozen=True)
class OtherBreak:
    """Between two academic years of an instrument's trend."""

    instrument: str
    kind: str
    from_year: str
    to_year: str
    state: str  # DECLARED or POSSIBLE
    detail: str
    survey: str | None = None
    version: str | None = None


def other_breaks(versions: Versions, accepted: Mapping[str, pl.DataFrame], programme: Programme) -> list[OtherBreak]:
    """Instrument by instrument, in the order of the years. What is declared takes the place of what only may be."""
    asked = _asked(versions, years_of(versions, accepted, programme.cohorts))
    declared = [found for one in programme.breaks for found in _declared(one, asked)]
    said = {(one.instrument, one.kind, one.to_year) for one in declared}
    found = [*declared, *(one for one in _tools(asked) if (one.instrument, one.kind, one.to_year) not in said)]
    return sorted(found, key=lambda one: (one.instrument, one.to_year, one.kind))


def _asked(versions: Versions, years: Mapping[tuple[str, str], set[str]]) -> Asked:
    found: dict[str, dict[str, list[Version]]] = {}
    for version in versions.every:
        for instrument in version.lines.keys() - version.held:
            for year in years.get((version.survey.id, version.id), ()):
                found.setdefault(instrument, {}).setdefault(year, []).append(version)
    return found


def _declared(one: Break, asked: Asked) -> Iterator[OtherBreak]:
    """Where there are answers on both sides, be it some years apart."""
    for instrument in one.instruments or asked:
        years = sorted(asked.get(instrument, ()))
        before, after = [year for year in years if year < one.year], [year for year in years if year >= one.year]
        if before and after:
            detail = one.because if one.because.endswith((".", "!", "?")) else f"{one.because}."
            yield OtherBreak(instrument, one.what, before[-1], after[0], DECLARED, detail)


def _tools(asked: Asked) -> Iterator[OtherBreak]:
    """Where a tool brought answers that brought none the year before. A tool that is no longer used breaks nothing."""
    for instrument, by_year in asked.items():
        for before, after in pairwise(sorted(by_year)):
            were = {version.survey.tool for version in by_year[before]}
            new = next((version for version in by_year[after] if version.survey.tool not in were), None)
            if new:
                are = {version.survey.tool for version in by_year[after]}
                detail = f"Before: {_named(were)}; after: {_named(are)}."
                yield OtherBreak(
                    instrument, "tool", before, after, POSSIBLE, detail, survey=new.survey.id, version=new.id
                )


def _named(tools: Collection[str]) -> str:
    *first, last = sorted(TITLES[tool] for tool in tools)
    return f"{', '.join(first)} and {last}" if first else last
