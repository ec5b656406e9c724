"""What the types of programme.yaml cannot say: names that must exist, settings that need each other.

Each cohort and survey is checked on its own, so that a mistake in one does not keep the others' from being found.
A draft (`confirmed: false`) is not checked: it may be unfinished.
"""

import re
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from cfc_pipeline.programme import (
    ADDRESS,
    OTHER_ROLES,
    THIS_MACHINE,
    Break,
    Cohort,
    Email,
    FromColumn,
    Survey,
)
from cfc_pipeline.programme_yaml import Mistake, Place
from cfc_pipeline.survey_checks import Found, survey_mistakes, zone_mistakes

M = TypeVar("M", bound=BaseModel)

# Minute, hour, day, month, weekday: what a number may be there.
_CRON = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def mistakes(data: dict[str, Any]) -> Found:
    """Everything that is wrong in a file's settings beyond their types."""
    cohorts = _names(data, "cohorts")
    for section in ("cohorts", "surveys"):
        yield from _repeated(section, _entries(data, section))
    for i, entry in _entries(data, "cohorts"):
        if cohort := _read(Cohort, entry):
            yield from _academic_year(("cohorts", i), cohort)
    for i, entry in _entries(data, "surveys"):
        yield from _survey(("surveys", i), entry, cohorts)
    yield from _own_codes(data)
    yield from _versions(data)
    yield from _families(data)
    yield from _role_groups(data)
    yield from _breaks(data)
    yield from zone_mistakes(("timezone",), data.get("timezone"))
    if email := _read(Email, data.get("email")):
        yield from _email(email)
    schedule = data.get("schedule")
    nightly = schedule.get("nightly") if isinstance(schedule, dict) else None
    if isinstance(nightly, str) and not _is_cron(nightly):
        yield Mistake(("schedule", "nightly"), "must be five parts such as `0 3 * * *` (every night at three)")


def _is_cron(text: str) -> bool:
    parts = text.split(" ")
    return len(parts) == len(_CRON) and all(
        re.fullmatch(r"[\d*/,A-Za-z-]+", part) and all(low <= int(n) <= high for n in re.findall(r"(?<!/)\b\d+", part))
        for part, (low, high) in zip(parts, _CRON, strict=True)
    )


def _read(model: type[M], entry: Any) -> M | None:
    """None when the types are wrong already; programme_file.py reports that."""
    try:
        return model.model_validate(entry)
    except ValidationError:
        return None


def _survey(place: Place, entry: Any, cohorts: list[str]) -> Found:
    """Also of an entry with settings whose types are wrong: what the others say, so that nobody mends twice."""
    try:
        survey, wrong = Survey.model_validate(entry), set[Any]()
    except ValidationError as error:
        wrong = {step for detail in error.errors() for step in detail["loc"][:1]}
        if not isinstance(entry, dict) or not (
            left := _read(Survey, {k: v for k, v in entry.items() if k not in wrong})
        ):
            return
        survey = left
    if not survey.confirmed:
        return
    # What a wrong setting was meant to say is not missing, and without a person nothing can be told of the roster.
    unclear = wrong | ({"cohort", "consent"} if "person" in wrong else set())
    for mistake in survey_mistakes(place, survey, cohorts):
        if not wrong or (mistake.place != place and mistake.place[len(place)] not in unclear):
            yield mistake


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
