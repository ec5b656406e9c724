"""What the types cannot say of one survey entry: settings that it needs or has no use for, names that must exist."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, get_args
from zoneinfo import ZoneInfo, available_timezones

from cfc_pipeline.errors import did_you_mean
from cfc_pipeline.programme import FETCHED, Consent, FromColumn, Survey, TimePoint
from cfc_pipeline.programme_yaml import Mistake, Place
from schemas.fields import CONSENT_MEANINGS, DAYS, NUMBERS, ROSTER, SESSION_LOG, YES_OR_NO

NEEDED = {
    "scale": ("time_point", "person", "scales"),
    "perceived_impact": ("time_point", "person", "scales"),
    "session_feedback": ("session",),
    "session_log": ("fields",),
    "roster": ("fields",),
}
USELESS = {
    "scale": ("session", "fields", "values"),
    "perceived_impact": ("session", "fields", "values"),
    "session_feedback": ("time_point", "fields", "values"),
    "session_log": ("time_point", "person", "consent", "scales", "comments"),
    "roster": ("time_point", "session", "person", "scales", "comments"),
}
FIELDS = {"roster": ROSTER, "session_log": SESSION_LOG}

Found = Iterator[Mistake]


def survey_mistakes(place: Place, survey: Survey, cohorts: list[str]) -> Found:
    written = survey.model_fields_set
    for name in NEEDED[survey.kind]:
        if not getattr(survey, name):
            yield Mistake(place, f"a survey of kind `{survey.kind}` needs `{name}`")
    for name in USELESS[survey.kind]:
        if name in written:
            yield Mistake((*place, name), f"has no use in a survey of kind `{survey.kind}`")
    yield from _cohort(place, survey, cohorts)
    yield from _consent(place, survey)
    yield from _time_points(place, survey)
    yield from _sessions(place, survey)
    yield from _columns(place, survey)
    yield from zone_mistakes((*place, "submitted", "timezone"), survey.submitted.timezone)
    if survey.fetch and survey.tool not in FETCHED:
        known = f"{', '.join(FETCHED[:-1])} and {FETCHED[-1]}"
        yield Mistake((*place, "fetch"), f"is possible for {known} only; put the files of this tool into inbox/")
    if survey.kind in FIELDS:
        yield from _fields(place, survey)
        yield from _meanings(place, survey, cohorts)
        yield from _no_form(place, survey)


def _nameless(survey: Survey) -> bool:
    """Whether nobody in this survey can be looked up on the roster."""
    return survey.kind not in FIELDS and (survey.person is None or survey.person.by in ("anonymous", "self_made"))


def _cohort(place: Place, survey: Survey, cohorts: list[str]) -> Found:
    if isinstance(survey.cohort, FromColumn):
        for cell, meaning in survey.cohort.values.items():
            yield from _known(meaning, cohorts, (*place, "cohort", "values", cell))
    elif survey.cohort != "roster":
        yield from _known(survey.cohort, cohorts, (*place, "cohort"))
    elif _nameless(survey) or survey.kind == "session_log":
        text = "the roster cannot tell the cohort here; name the cohort, or the column that does"
        yield Mistake((*place, "cohort"), text)


def _known(name: str, cohorts: list[str], place: Place) -> Found:
    if name not in cohorts:
        yield Mistake(place, f"there is no cohort `{name[:40]}`{did_you_mean(name, cohorts)}")


def _consent(place: Place, survey: Survey) -> Found:
    if survey.consent == "roster" and _nameless(survey):
        text = "the roster cannot tell consent here; name the column that does, or write `not_needed` if none is"
        yield Mistake((*place, "consent"), text)


def _time_points(place: Place, survey: Survey) -> Found:
    known = list(get_args(TimePoint))
    if isinstance(survey.time_point, FromColumn):
        for cell, meaning in survey.time_point.values.items():
            if meaning not in known:
                text = f"must be one of {', '.join(known)}{did_you_mean(meaning, known)}"
                yield Mistake((*place, "time_point", "values", cell), text)


def _sessions(place: Place, survey: Survey) -> Found:
    if isinstance(survey.session, FromColumn):
        for cell, meaning in survey.session.values.items():
            if not meaning.isdecimal():
                yield Mistake((*place, "session", "values", cell), "must be the number of a session")
    elif survey.session is not None and not 1 <= survey.session <= 99:
        yield Mistake((*place, "session"), "must be 1 to 99")


def _columns(place: Place, survey: Survey) -> Found:
    """One column cannot be two items: that is a slip of copying, and would count an answer twice."""
    items = [(i, item, column) for i, scale in enumerate(survey.scales) for item, column in scale.items.items()]
    counts = Counter(column for _, _, column in items)
    for i, item, column in items:
        if counts[column] > 1:
            yield Mistake((*place, "scales", i, "items", str(item)), "this column is used for another item as well")
    instruments = Counter(scale.instrument for scale in survey.scales)
    for i, scale in enumerate(survey.scales):
        if instruments[scale.instrument] > 1:
            yield Mistake((*place, "scales", i, "instrument"), "appears twice in this survey")
        if not scale.items:
            yield Mistake((*place, "scales", i, "items"), "must name at least one item")


def _fields(place: Place, survey: Survey) -> Found:
    known = list(FIELDS[survey.kind])
    for name in survey.fields:
        if name not in known:
            text = f"unknown field{did_you_mean(name, known) or '; known are ' + ', '.join(known)}"
            yield Mistake((*place, "fields", name), text)
    misspelt = not set(survey.fields) <= set(known)
    needed = _needed_fields(survey) if survey.fields and not misspelt else ()
    yield from (Mistake((*place, "fields"), f"needs {text}") for text in needed)


def _meanings(place: Place, survey: Survey, cohorts: list[str]) -> Found:
    """`values`: what the cells of a field mean."""
    for name, listed in survey.values.items():
        if name not in survey.fields:
            yield Mistake((*place, "values", name), "there is no such entry in `fields`")
        elif name in DAYS:
            yield Mistake((*place, "values", name), "a day has no listed meanings; see `submitted: {order: ...}`")
        elif name in NUMBERS:
            wrong = [cell for cell, meaning in listed.items() if not meaning.isdecimal()]
            yield from (Mistake((*place, "values", name, cell), "must mean a whole number") for cell in wrong)
    for cell, meaning in survey.values.get("cohort", {}).items():
        yield from _known(meaning, cohorts, (*place, "values", "cohort", cell))
    for name in YES_OR_NO:
        for cell, meaning in survey.values.get(name, {}).items():
            if meaning not in CONSENT_MEANINGS:
                yield Mistake((*place, "values", name, cell), 'must mean "yes" or "no"')


def _no_form(place: Place, survey: Survey) -> Found:
    """A roster and a session log are lists, not forms that people send in."""
    for name in survey.submitted.model_fields_set - {"order"}:
        yield Mistake((*place, "submitted", name), f"has no use in a survey of kind `{survey.kind}`; only `order` has")
    if survey.kind == "roster" and isinstance(survey.consent, Consent):
        text = "a roster says it in `fields: {consent: ...}`, and `values` says what its cells mean"
        yield Mistake((*place, "consent"), text)


def _needed_fields(survey: Survey) -> Iterator[str]:
    have = set(survey.fields)
    if survey.kind == "session_log":
        if "session" not in have and survey.session is None:
            yield "`session`, or the survey's own `session` setting"
        return
    if not have & {"email", "code"}:
        yield "`email` or `code`"
    if "school" not in have:
        yield "`school`"
    if "cohort" not in have and survey.cohort == "roster":
        yield "`cohort`, or the survey's own `cohort` setting"
    if "consent" not in have and survey.consent != "not_needed":
        yield "`consent`, or `consent: not_needed` in the survey if nobody has to agree"


def zone_mistakes(place: Place, name: Any) -> Found:
    if not isinstance(name, str):
        return
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        cities = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
        yield Mistake(place, f"unknown time zone{did_you_mean(name, cities) or '; write it like Europe/London'}")
