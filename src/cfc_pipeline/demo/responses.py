"""What the demo's people send in: one Submission per form, person and time point, before anything goes wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from cfc_pipeline.demo import planted
from cfc_pipeline.demo.answers import Answers, rate_session, simulate
from cfc_pipeline.demo.forms import (
    CONSENT_NO,
    CONSENT_YES,
    POINT_ANSWERS,
    UNKNOWN,
    comment_question,
    item_question,
    person_question,
)
from cfc_pipeline.demo.layouts import Submission
from cfc_pipeline.demo.people import LOW_RESPONSE, Cohort, Person
from cfc_pipeline.demo.surveys import Form

SESSIONS = 8
_LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True)
class Sent:
    """A submission and what the demo knows about it."""

    submission: Submission
    person: Person | None = None
    point: str = ""
    dirt: tuple[str, ...] = ()  # what was done to it
    # The correction that mends it: column, value that was there, value to use.
    mend: tuple[str, str, str] | None = None


def sent_in(form: Form, people: Sequence[Person], seed: int) -> list[Sent]:
    """Everything that came in through a form, before anything goes wrong. Records have no ids yet."""
    rng = Random(f"{seed} {form.survey}")  # noqa: S311
    members = [p for p in people if p.cohort.id in form.cohorts]
    if form.kind == "session_feedback":
        return _feedback(form, members, seed, rng)
    return [
        Sent(questionnaire(form, person, point, seed, rng), person, point, _standing(person))
        for point in form.points
        for person in members
        if point not in person.missing
    ]


def _standing(person: Person) -> tuple[str, ...]:
    """People without consent, and people who withdrew later, fill in forms all the same."""
    return (*(() if person.consent else ("no_consent",)), *(("withdrawn",) if person.withdrawn_on else ()))


def numbered(form: Form, sent: Sequence[Sent], seed: int) -> list[Sent]:
    """In the order of sending in, with ids of the kind that the form's tool writes."""
    rng = Random(f"{seed} {form.survey} ids")  # noqa: S311
    in_order = sorted(sent, key=lambda s: s.submission.submitted)
    records = [_record(form, number, rng) for number in range(1, len(in_order) + 1)]
    return [replace(s, submission=replace(s.submission, record=r)) for s, r in zip(in_order, records, strict=True)]


def _record(form: Form, number: int, rng: Random) -> str:
    if form.tool == "qualtrics":
        return f"R_{rng.randrange(16**15):015x}"
    return f"114{rng.randrange(10**8):08d}" if form.tool == "surveymonkey" else str(number)


def questionnaire(form: Form, person: Person, point: str, seed: int, rng: Random) -> Submission:
    answers = given(form, simulate(seed, person, point, form.instruments))
    if question := person_question(form):
        answers[question.id] = _known_as(form, person, point)
    if form.person == "self_made":
        answers["AGREE"] = CONSENT_YES if person.consent else CONSENT_NO
    if form.cohort == "column":
        answers["GROUP"] = f"{person.cohort.label} group"
    if form.time_point == "column":
        answers["WHEN"] = POINT_ANSWERS[point]
    answers |= _comments(form, person, rng)
    if rng.random() < 0.2:
        answers[UNKNOWN.id] = planted.UNKNOWN_CELL
    return _submission(form, _moment(person.cohort, point, rng), answers, person, rng)


def given(form: Form, answers: Answers) -> dict[str, str | int | None]:
    """Answers by question, as layouts.write_export takes them: the position of the answer, from 0."""
    return {item_question(name, item).id: value - 1 for (name, item), value in answers.items()}


def _known_as(form: Form, person: Person, point: str) -> str:
    """An address or code as people type it: at the second time some use capitals, or leave a space."""
    known = {"email": person.email, "code": person.code, "self_made": person.own_code}[form.person]
    return f"{known.upper()} " if point == "post" and len(person.last_name) % 4 == 0 else known


def _comments(form: Form, person: Person, rng: Random) -> dict[str, str | int | None]:
    """Half of the people write something; about one text in three holds what it should not."""
    texts: dict[str, str | int | None] = {}
    for name in form.comments:
        if rng.random() < 0.5:
            text = rng.choice(planted.PLAIN_COMMENTS)
            # Names and schools of people who are on no roster cannot be looked up; their texts hold none.
            if rng.random() < 0.35 and person.cohort.on_roster:
                # Everybody has their own way of saying too much, so that each way is met.
                text = planted.COMMENTS[int(person.code.removeprefix("HL-")) % len(planted.COMMENTS)]
            texts[comment_question(name).id] = text.format(
                name=person.name, first=person.first_name, surname=person.last_name, school=person.school
            )
    return texts


def _moment(cohort: Cohort, point: str, rng: Random) -> datetime:
    """When a form is sent in, in UTC: in daylight, within the weeks that belong to the time point."""
    anchor, earliest, latest = {
        "pre": (cohort.start, -12, 5),
        "mid": (date(cohort.end.year, 2, 5), 0, 14),
        "post": (cohort.end, -10, 6),
        "follow_up": (cohort.end, 84, 110),
    }[point]
    return _in_daylight(anchor + timedelta(days=rng.randint(earliest, latest)), rng)


def _in_daylight(day: date, rng: Random) -> datetime:
    clock = time(rng.randint(7, 21), rng.randrange(60), rng.randrange(60), tzinfo=_LONDON)
    return datetime.combine(day, clock).astimezone(UTC)


def _submission(
    form: Form, submitted: datetime, answers: dict[str, str | int | None], person: Person | None, rng: Random
) -> Submission:
    """Forms that only a code or nothing identifies carry no names, as their tools would not."""
    named = person if form.person == "email" else None
    return Submission(
        record="",
        started=submitted - timedelta(minutes=rng.randint(5, 25), seconds=rng.randrange(60)),
        submitted=submitted,
        complete=True,
        test=False,
        email=named.email if named else None,
        first_name=named.first_name if named else "",
        last_name=named.last_name if named else "",
        answers=answers,
        extra=planted.SYSTEM | {"token": person.code if person and form.person == "code" else planted.TOKEN},
    )


def _feedback(form: Form, members: Sequence[Person], seed: int, rng: Random) -> list[Sent]:
    return [
        Sent(_session_form(form, person, session, seed, rng))
        for session in range(1, SESSIONS + 1)
        for person in members
        if rng.random() < (0.2 if person.cohort.id == LOW_RESPONSE else 0.8)
    ]


def _session_form(form: Form, person: Person, session: int, seed: int, rng: Random) -> Submission:
    answers = given(form, rate_session(seed, person.code, session))
    answers |= {"SESSION": session, "GROUP": f"{person.cohort.label} group"}
    answers |= _comments(form, person, rng)
    day = session_day(person.cohort, session) + timedelta(days=rng.choice((0, 0, 0, 1, 1, 2)))
    return _submission(form, _in_daylight(day, rng), answers, None, rng)


def session_day(cohort: Cohort, session: int) -> date:
    """Sessions are every four weeks; the first is in the cohort's first week."""
    return cohort.start + timedelta(days=3 + 28 * (session - 1))
