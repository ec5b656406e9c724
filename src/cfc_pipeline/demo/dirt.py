"""What goes wrong in real exports, done on purpose: each function spoils a few submissions in one way and marks them.

Rows are chosen by seed among people whose answers would otherwise count, so that each kind of dirt matters.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from cfc_pipeline.demo import planted
from cfc_pipeline.demo.answers import simulate
from cfc_pipeline.demo.forms import entry_of, item_question, person_question
from cfc_pipeline.demo.responses import Sent, given
from cfc_pipeline.demo.surveys import Form

Dirt = Callable[[Form, list[Sent], Random, int], list[Sent]]


def spoil(form: Form, sent: Sequence[Sent], seed: int) -> list[Sent]:
    """All the dirt that PLAN has for this form."""
    spoiled = list(sent)
    for kind in PLAN.get(form.survey, ()):
        rng = Random(f"{seed} {form.survey} {kind}")  # noqa: S311
        spoiled = KINDS[kind](form, spoiled, rng, seed)
    return spoiled


def _pick(sent: Sequence[Sent], rng: Random) -> int:
    """A row that nothing has happened to yet, and not of the small cohort, which could not spare it."""
    clean = [i for i, s in enumerate(sent) if not s.dirt and (s.person is None or s.person.cohort.size > 8)]
    return rng.choice(clean)


def _marked(sent: list[Sent], i: int, kind: str, **changes: Any) -> list[Sent]:
    """The row with a changed submission."""
    spoiled = replace(sent[i], submission=replace(sent[i].submission, **changes), dirt=(*sent[i].dirt, kind))
    return [*sent[:i], spoiled, *sent[i + 1 :]]


def _answered(sent: list[Sent], i: int, kind: str, question: str, answer: str | int) -> list[Sent]:
    return _marked(sent, i, kind, answers=sent[i].submission.answers | {question: answer})


def first_item(form: Form) -> str:
    return item_question(form.instruments[0], 2).id


def previews(form: Form, sent: list[Sent], rng: Random, seed: int) -> list[Sent]:
    """The survey's author tries the form out, twice."""
    tries = [replace(sent[_pick(sent, rng)], dirt=("test",), person=None) for _ in range(2)]
    return [*sent, *(replace(t, submission=replace(t.submission, test=True)) for t in tries)]


def unfinished(form: Form, sent: list[Sent], rng: Random, seed: int) -> list[Sent]:
    """Somebody stops after the first scale and never comes back; somebody else begins again after finishing."""
    first = {item_question(form.instruments[0], n).id for n in range(1, 14)}
    i, again = _pick(sent, rng), _pick(sent, rng)
    opening = {q: a for q, a in sent[i].submission.answers.items() if q in first or q in _OPENING}
    late = sent[again].submission
    begun = replace(
        late,
        complete=False,
        submitted=late.submitted + timedelta(days=1, minutes=7),
        answers={q: a for q, a in late.answers.items() if q in _OPENING} | {first_item(form): 0},
    )
    spoiled = _marked(sent, i, "unfinished", complete=False, answers=opening)
    return [*spoiled, replace(sent[again], submission=begun, dirt=("unfinished", "duplicate"))]


_OPENING = ("WHO", "AGREE", "WHEN", "GROUP")


def sent_twice(form: Form, sent: list[Sent], rng: Random, seed: int) -> list[Sent]:
    """Two people answer again a day later, and differently; the second answers count."""
    for _ in range(2):
        i = _pick(sent, rng)
        first, person = sent[i], sent[i].person
        assert person is not None, "anonymous forms cannot be told to be duplicates"
        fresh = given(form, simulate(seed + 1, person, first.point, form.instruments))
        later = first.submission.submitted + timedelta(days=1, minutes=11)
        second = replace(first.submission, submitted=later, answers=first.submission.answers | fresh)
        sent = [*sent[:i], replace(first, dirt=("superseded",)), *sent[i + 1 :]]
        sent.append(replace(first, submission=second, dirt=("duplicate",)))
    return sent


def unknown_label(form: Form, sent: list[Sent], rng: Random, seed: int) -> list[Sent]:
    return _answered(sent, _pick(sent, rng), "unknown_label", first_item(form), planted.UNLISTED_LABEL)


def out_of_range(form: Form, sent: list[Sent], rng: Random, seed: int) -> list[Sent]:
    """The export says 78 where 10 is the most: answers are written as position + 1."""
    return _answered(sent, _pick(sent, rng), "out_of_range", first_item(form), 77)


def excel_mangled(form: Form, sent: list[Sent], rng: Random, seed: int) -> list[Sent]:
    """A spreadsheet took an answer for a date."""
    return _answered(sent, _pick(sent, rng), "excel_mangled", first_item(form), "02-Jan")


def spaces_in_labels(form: Form, sent: list[Sent], rng: Random, seed: int) -> list[Sent]:
    """Labels that end in a space or a line break, or hold a no-break space, mean what they say."""
    i = _pick(sent, rng)
    label = item_question(form.instruments[0], 2).options[0]
    return _answered(sent, i, "spaces_in_label", first_item(form), f" {label.replace(' ', chr(160))} \n")


def not_on_roster(form: Form, sent: list[Sent], rng: Random, seed: int) -> list[Sent]:
    """The form's link was passed on to somebody."""
    stranger = replace(sent[_pick(sent, rng)], person=None, dirt=("not_on_roster",))
    return [*sent, _known_as(form, stranger, planted.UNLISTED_ADDRESS)]


def misspelt_address(form: Form, sent: list[Sent], rng: Random, seed: int) -> list[Sent]:
    """A slip in an address, mended by a row in corrections.csv."""
    i = _pick(sent, rng)
    person = sent[i].person
    assert person is not None, "only known people have an address"
    wrong = person.email.replace("schools.example.org", planted.MISPELT_DOMAIN)
    column = str(entry_of(form)["person"]["column"])
    spoiled = replace(_known_as(form, sent[i], wrong), dirt=("misspelt_address",), mend=(column, wrong, person.email))
    return [*sent[:i], spoiled, *sent[i + 1 :]]


def no_date(form: Form, sent: list[Sent], rng: Random, seed: int) -> list[Sent]:
    """LimeSurvey's 1980: it was told not to keep dates."""
    return _marked(sent, _pick(sent, rng), "no_date", submitted=datetime(1980, 1, 1, tzinfo=UTC))


def no_session(form: Form, sent: list[Sent], rng: Random, seed: int) -> list[Sent]:
    return _answered(sent, _pick(sent, rng), "no_session", "SESSION", "the one before half term")


def _known_as(form: Form, sent: Sent, address: str) -> Sent:
    """The same form from somebody else: by the question that asks, or by the column that the tool fills."""
    now = sent.submission
    question = person_question(form)
    if question:
        changed = replace(now, answers=now.answers | {question.id: address})
    elif form.person == "code":
        changed = replace(now, extra=now.extra | {"token": address})
    else:
        changed = replace(now, email=address)
    return replace(sent, submission=changed)


KINDS: dict[str, Dirt] = {
    "test": previews,
    "unfinished": unfinished,
    "duplicate": sent_twice,
    "unknown_label": unknown_label,
    "out_of_range": out_of_range,
    "excel_mangled": excel_mangled,
    "spaces_in_label": spaces_in_labels,
    "not_on_roster": not_on_roster,
    "misspelt_address": misspelt_address,
    "no_date": no_date,
    "no_session": no_session,
}
# Rows spoiled after the file is written (unreadable dates, empty rows) are in exports.py.
PLAN: dict[str, tuple[str, ...]] = {
    "2023-before": ("test", "unfinished", "duplicate", "out_of_range", "not_on_roster", "misspelt_address"),
    "2023-after": ("test", "unknown_label", "spaces_in_label"),
    "2023-later": ("duplicate",),
    "2023-partner": ("unfinished", "no_date"),
    "2023-sessions": ("no_session",),
    "2024-before": ("duplicate", "not_on_roster", "spaces_in_label"),
    "2024-middle": ("not_on_roster",),
    "2024-after": ("misspelt_address", "out_of_range"),
    "2024-impact": ("unknown_label", "duplicate"),
    "2025-north": ("unknown_label",),
    "2025-vale": ("excel_mangled", "duplicate"),
    "2025-impact": ("unfinished", "not_on_roster"),
    "2025-sessions": ("test",),
}
