"""What the types of programme.yaml cannot say: names that must exist, settings that need each other.

Each cohort and survey is checked on its own, so that a mistake in one does not keep the others' from being found.
A draft (`confirmed: false`) is not checked: it may be unfinished.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any, TypeVar, get_args
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ValidationError

from cfc_pipeline.errors import did_you_mean
from cfc_pipeline.programme import (
    ADDRESS,
    FETCHED,
    OTHER_ROLES,
    THIS_MACHINE,
    Break,
    Cohort,
    Consent,
    Email,
    FromColumn,
    Survey,
    TimePoint,
)
from cfc_pipeline.programme_yaml import Mistake, Place
from schemas.fields import CONSENT_MEANINGS, DAYS, NUMBERS, ROSTER, SESSION_LOG, YES_OR_NO

M = TypeVar("M", bound=BaseModel)

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
_CRON = re.compile(r"[\d*/,A-Za-z-]+( [\d*/,A-Za-z-]+){4}")

Found = Iterator[Mistake]


def mistakes(data: dict[str, Any]) -> Found:
    """Everything that is wrong in a file's settings beyond their types."""
    cohorts = _names(data, "cohorts")
    for section in ("cohorts", "surveys"):
        yield from _repeated(section, _entries(data, section))
    for i, entry in _entries(data, "cohorts"):
        if cohort := _read(Cohort, entry):
            yield from _academic_year(("cohorts", i), cohort)
    for i, entry in _entries(data, "surveys"):
        survey = _read(Survey, entry)
        if survey and survey.confirmed:
            yield from _survey(("surveys", i), survey, cohorts)
    yield from _own_codes(data)
    yield from _versions(data)
    yield from _families(data)
    yield from _role_groups(data)
    yield from _breaks(data)
    yield from _zone(("timezone",), data.get("timezone"))
    if email := _read(Email, data.get("email")):
        yield from _email(email)
    schedule = data.get("schedule")
    nightly = schedule.get("nightly") if isinstance(schedule, dict) else None
    if isinstance(nightly, str) and not _CRON.fullmatch(nightly):
        yield Mistake(("schedule", "nightly"), "must be five parts such as `0 3 * * *` (every night at three)")


def _read(model: type[M], entry: Any) -> M | None:
    """None when the types are wrong already; programme_file.py reports that."""
    try:
        return model.model_validate(entry)
    except ValidationError:
        return None


def _entries(data: dict[str, Any], section: str) -> list[tuple[int, Any]]:
    entries = data.get(section)
    return list(enumerate(entries)) if isinstance(entries, list) else []


def _names(data: dict[str, Any], section: str) -> list[str]:
    return [str(entry["id"]) for _, entry in _entries(data, section) if isinstance(entry, dict) and "id" in entry]


def _repeated(section: str, entries: list[tuple[int, Any]]) -> Found:
    ids = [(i, str(entry["id"])) for i, entry in entries if isinstance(entry, dict) and "id" in entry]
    seen: set[str] = set()
    for i, name in ids:
        if name in seen:
            yield Mistake((section, i, "id"), f"`{name}` is used twice; each needs an id of its own")
        seen.add(name)


def _academic_year(place: Place, cohort: Cohort) -> Found:
    first = int(cohort.academic_year[:4])
    if text := _not_two_years(cohort.academic_year):
        yield Mistake((*place, "academic_year"), text)
    elif not date(first, 6, 1) <= cohort.start <= date(first + 1, 9, 30):
        yield Mistake((*place, "start"), f"{cohort.start} is not in the academic year {cohort.academic_year}")


def _not_two_years(year: str) -> str:
    first = int(year[:4])
    fits = (first + 1) % 100 == int(year[-2:])
    return "" if fits else f"must be two years in a row, such as {first}/{(first + 1) % 100:02}"


def _survey(place: Place, survey: Survey, cohorts: list[str]) -> Found:
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
    yield from _zone((*place, "submitted", "timezone"), survey.submitted.timezone)
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


def _own_codes(data: dict[str, Any]) -> Found:
    """Codes that are made of different things never match: nobody would be in any pair, and nothing would say so."""
    read = [(i, _read(Survey, entry)) for i, entry in _entries(data, "surveys")]
    made = [(i, s, s.person) for i, s in read if s and s.confirmed and s.person and s.person.by == "self_made"]
    for place, (i, survey, person) in enumerate(made):
        for _, other, others in made[:place]:
            if person.made_of != others.made_of and _may_share_a_cohort(survey, other):
                text = f"the codes need the same elements as in `{other.id}`: names and kinds, in the same order"
                yield Mistake(("surveys", i, "person", "elements"), text)
                break


def _may_share_a_cohort(one: Survey, other: Survey) -> bool:
    mine, theirs = (
        set(s.cohort.values.values()) if isinstance(s.cohort, FromColumn) else {s.cohort} for s in (one, other)
    )
    return not mine or not theirs or not mine.isdisjoint(theirs)


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
        elif survey.kind == "session_log" and name in NUMBERS:
            wrong = [cell for cell, meaning in listed.items() if not meaning.isdecimal()]
            yield from (Mistake((*place, "values", name, cell), "must mean a whole number") for cell in wrong)
    for cell, meaning in survey.values.get("cohort", {}).items():
        yield from _known(meaning, cohorts, (*place, "values", "cohort", cell))
    for name in YES_OR_NO:
        for cell, meaning in survey.values.get(name, {}).items():
            if meaning not in CONSENT_MEANINGS:
                yield Mistake((*place, "values", name, cell), 'must mean "yes" or "no"')


def _families(data: dict[str, Any]) -> Found:
    """A measure in two families would have two corrected p."""
    families = data.get("families")
    listed = [
        (("families", name, i), measure)
        for name, measures in (families.items() if isinstance(families, dict) else ())
        for i, measure in enumerate(measures if isinstance(measures, list) else ())
        if isinstance(measure, str)
    ]
    seen: set[str] = set()
    for place, measure in listed:
        instrument = measure.split("/")[0]
        wider = instrument in seen if "/" in measure else any(m.split("/")[0] == instrument for m in seen)
        if measure in seen or wider:
            yield Mistake(place, f"`{measure}` is in a family already")
        seen.add(measure)


def _role_groups(data: dict[str, Any]) -> Found:
    """A role in two groups would count in both; groups whose names look alike would look like one."""
    groups = data.get("role_groups")
    names: set[str] = {OTHER_ROLES.casefold()}
    seen: set[str] = set()
    for name, roles in groups.items() if isinstance(groups, dict) else ():
        if str(name).strip().casefold() in names:
            yield Mistake(("role_groups", name), "this name is taken")
        names.add(str(name).strip().casefold())
        for i, role in enumerate(roles if isinstance(roles, list) else ()):
            if str(role).strip().casefold() in seen:
                yield Mistake(("role_groups", name, i), "this role is in a group already")
            seen.add(str(role).strip().casefold())


def _breaks(data: dict[str, Any]) -> Found:
    """A break is said once, and has a year before it. One that is still to come may be said already."""
    read = [_read(Cohort, entry) for _, entry in _entries(data, "cohorts")]
    years = sorted({cohort.academic_year for cohort in read if cohort})
    seen: set[tuple[str, str, str]] = set()
    for i, entry in _entries(data, "breaks"):
        if not (one := _read(Break, entry)):
            continue
        place: Place = ("breaks", i)
        if text := _not_two_years(one.year):
            yield Mistake((*place, "year"), text)
        elif years and one.year <= years[0]:
            yield Mistake((*place, "year"), f"must be after {years[0]}, the first year: no trend leads up to it")
        if not one.because.isprintable():
            yield Mistake((*place, "because"), "must be one line")
        about = {(one.year, one.what, instrument) for instrument in one.instruments or [""]}
        if about & seen:
            yield Mistake(place, "says again what another entry says")
        seen |= about


def _versions(data: dict[str, Any]) -> Found:
    """A roster that does not say to which wording people agreed would turn everybody's yes into a no."""
    policy = data.get("policy")
    if not (isinstance(policy, dict) and policy.get("consent_versions")):
        return
    for i, entry in _entries(data, "surveys"):
        survey = _read(Survey, entry)
        asks = survey and survey.confirmed and survey.kind == "roster" and survey.consent != "not_needed"
        if survey and asks and "consent_version" not in survey.fields:
            yield Mistake(("surveys", i, "fields"), "needs `consent_version`, because of `policy: consent_versions`")


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


def _zone(place: Place, name: Any) -> Found:
    if not isinstance(name, str):
        return
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        cities = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
        yield Mistake(place, f"unknown time zone{did_you_mean(name, cities) or '; write it like Europe/London'}")


def _email(email: Email) -> Found:
    if not ADDRESS.fullmatch(email.sender):
        text = "must be one address, such as `reports@example.org` or `Reports <reports@example.org>`"
        yield Mistake(("email", "sender"), text)
    for i, address in enumerate(email.to):
        if not ADDRESS.fullmatch(address):
            yield Mistake(("email", "to", i), "must be one address, such as `head@example.org`")
    if not email.subject.isprintable():
        yield Mistake(("email", "subject"), "must be one line")
    if email.smtp.security == "none" and email.smtp.host not in THIS_MACHINE:
        text = "`none` would send the summary and password in the clear; use `starttls` or `tls`"
        yield Mistake(("email", "smtp", "security"), text)
