"""Where the trend of an instrument is broken, or may be: by a new form of one survey, or from one survey to the next.

A survey entry for each year is the usual way, so the forms of entries that feed one instrument are compared too. That
holds nothing back, because each entry says for itself what its answers mean; it only marks the trend, until a person
has said in form_changes.csv that it is the same or a break.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from cfc_pipeline.intake.change import TOUCHING, Difference, differences
from cfc_pipeline.intake.form_changes import Decisions
from cfc_pipeline.intake.versions import BREAK, Form, Version, Versions, compare
from cfc_pipeline.programme import Cohort, Scale
from cfc_pipeline.sources.raw import Choice, RawColumn

DECLARED, POSSIBLE = "declared", "possible"


@dataclass(frozen=True)
class Part:
    """The answers of one survey to one instrument that compare with each other, and the academic years they are of."""

    version: Version  # the first one
    years: tuple[str, ...]


@dataclass(frozen=True)
class Break:
    """Between two parts of an instrument's trend."""

    instrument: str
    before: Version
    after: Version
    from_year: str
    to_year: str
    state: str  # DECLARED or POSSIBLE
    differences: tuple[Difference, ...]


def breaks(
    versions: Versions, accepted: Mapping[str, pl.DataFrame], cohorts: Sequence[Cohort], decisions: Decisions
) -> list[Break]:
    """All breaks, instrument by instrument, in the order of the years."""
    years = years_of(versions, accepted, cohorts)
    instruments = sorted({name for version in versions.every for name in version.states})
    return [one for name in instruments for one in _of_instrument(name, _parts(name, versions, years), decisions)]


def years_of(
    versions: Versions, accepted: Mapping[str, pl.DataFrame], cohorts: Sequence[Cohort]
) -> dict[tuple[str, str], set[str]]:
    """Survey and version: academic years of those who answered it."""
    year = {cohort.id: cohort.academic_year for cohort in cohorts}
    found: dict[tuple[str, str], set[str]] = {}
    for survey, rows in accepted.items():
        for file, cohort in rows.select("file", "cohort_id").unique().rows() if "cohort_id" in rows.columns else ():
            if file in versions.of_file and cohort in year:
                found.setdefault((survey, versions.of_file[file].id), set()).add(year[cohort])
    return found


def _parts(instrument: str, versions: Versions, years: Mapping[tuple[str, str], set[str]]) -> list[Part]:
    """Those that anybody answered, in the order of their first year, else of their arrival."""
    lines: dict[tuple[str, str], set[str]] = {}
    for version in versions.every:
        if instrument in version.lines and instrument not in version.held:
            line = (version.survey.id, version.lines[instrument])
            lines.setdefault(line, set()).update(years.get((version.survey.id, version.id), ()))
    first = {(version.survey.id, version.id): version for version in versions.every}
    parts = [Part(first[line], tuple(sorted(found))) for line, found in lines.items() if found]
    return sorted(parts, key=lambda part: part.years[0])


def _of_instrument(instrument: str, parts: Sequence[Part], decisions: Decisions) -> Iterator[Break]:
    for place, part in enumerate(parts[1:], start=1):
        own = [before for before in parts[:place] if before.version.survey.id == part.version.survey.id]
        before = [*parts[:place], *own][-1]
        if own:  # only a decision begins a part within a survey
            state: str | None = DECLARED
        else:
            state = _state(instrument, parts[:place], part.version, decisions)
        if state:
            yield Break(
                instrument,
                before.version,
                part.version,
                from_year=before.years[-1] if before.years[-1] <= part.years[0] else before.years[0],
                to_year=part.years[0],
                state=state,
                differences=tuple(_between(instrument, before.version, part.version)),
            )


def _state(instrument: str, earlier: Sequence[Part], version: Version, decisions: Decisions) -> str | None:
    """Of what lies between a survey and those before it: nothing where one of them asks the instrument just so."""
    decided = decisions.get((version.survey.id, version.id, instrument))
    if decided:
        return DECLARED if decided == BREAK else None
    return POSSIBLE if all(_between(instrument, before.version, version) for before in earlier) else None


def _between(instrument: str, before: Version, after: Version) -> list[Difference]:
    """What differs in how two versions ask one instrument."""
    forms = [_only(instrument, version) for version in (before, after)]
    found = [one for one in compare(*forms) if one.kind in TOUCHING]
    answers = [_answers(_scale(instrument, version)) for version in (before, after)]
    return found + [one for one in differences(*answers) if one.kind == "choice recoded" and one not in found]


def _scale(instrument: str, version: Version) -> Scale:
    return next(scale for scale in version.survey.scales if scale.instrument == instrument)


def _only(instrument: str, version: Version) -> Form:
    """The instrument's items, called by their numbers; they may stand in any order."""
    by_key = {one.key: one for one in version.form.questions}
    scale = _scale(instrument, version)
    items = [
        replace(by_key[column], key=f"item {item}") for item, column in sorted(scale.items.items()) if column in by_key
    ]
    return Form(version.form.layout, tuple(items), frozenset(one.key for one in items))


def _answers(scale: Scale) -> list[RawColumn]:
    """What the entry itself says that labels mean, as if it were a question."""
    choices = tuple(Choice(label, label, str(number)) for label, number in scale.answers.items())
    return [RawColumn("answers", "answers", choices=choices)]
