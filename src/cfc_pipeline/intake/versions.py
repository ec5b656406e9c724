"""Which version of its form every file was filled in with, and what must wait because the form changed.

The first form of a survey is where it starts; a later one with the same questions is the same version. What differs
in a way that may change what an instrument's answers mean holds that instrument back in the files of that version,
until a person has said in form_changes.csv that it is the `same` all the same, or a `break` in what can be compared.
Everything else goes on. Like the rows, versions are worked out anew on every run, from all files in their order.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cfc_pipeline.intake.batch import File
from cfc_pipeline.intake.cells import resolve
from cfc_pipeline.intake.change import TOUCHING, Difference, differences, shown, wording
from cfc_pipeline.intake.form_changes import Decisions
from cfc_pipeline.intake.recognise import asked_columns
from cfc_pipeline.programme import Survey
from cfc_pipeline.sources.raw import RawColumn, RawTable
from schemas.tables.answers import KINDS as ANSWER_KINDS

BASELINE, SAME, BREAK, HELD = "baseline", "same", "break", "held"


@dataclass(frozen=True)
class Form:
    """What people were asked. Questions that the survey entry names are called as it calls them."""

    layout: str
    questions: tuple[RawColumn, ...]
    asked: frozenset[str]  # keys of those that the entry names


@dataclass(frozen=True)
class Version:
    """One form of one survey."""

    id: str
    survey: Survey
    file: int  # number of the first file with it
    form: Form
    states: Mapping[str, str] = field(default_factory=dict)  # instrument: BASELINE, SAME, BREAK or HELD
    lines: Mapping[str, str] = field(default_factory=dict)  # instrument: the version since which its answers compare
    than: str = ""  # the version that it is compared with
    differences: tuple[Difference, ...] = ()

    @property
    def held(self) -> frozenset[str]:
        return frozenset(instrument for instrument, state in self.states.items() if state == HELD)


@dataclass(frozen=True)
class Versions:
    """All versions in the order of their arrival, and the version of each file."""

    every: tuple[Version, ...]
    of_file: Mapping[int, Version]

    @property
    def held(self) -> dict[int, frozenset[str]]:
        """File: instruments that wait."""
        return {number: version.held for number, version in self.of_file.items() if version.held}


def questions(raw: RawTable) -> tuple[RawColumn, ...]:
    """What people were asked, as far as the file says."""
    return tuple(column for column in raw.form or raw.columns if not column.system and not column.personal)


def form_of(raw: RawTable, survey: Survey) -> Form:
    asked = replace(raw, columns=questions(raw))
    names = {key: name for name in asked_columns(survey) if (key := resolve(asked, name))}
    named = tuple(replace(one, key=names.get(one.key, one.key)) for one in asked.columns)
    return Form(f"{raw.tool} {raw.layout}", named, frozenset(names.values()))


def compare(before: Form, after: Form) -> list[Difference]:
    """Two layouts of one tool show one form differently: there, only questions that both of them show are compared,
    and a wording is the same if one of them is the end of the other."""
    if before == after:  # as nearly always
        return []
    if before.layout == after.layout:
        return differences(before.questions, after.questions)
    both = before.asked & after.asked
    found = differences(*([one for one in form.questions if one.key in both] for form in (before, after)))
    return [one for one in found if one.kind not in ("moved", "reworded") or _really_reworded(one)]


def _really_reworded(one: Difference) -> bool:
    """Between layouts: a code is no wording, and one may repeat the heading above a group of questions."""
    was, now = (wording(text.split(" | ")[-1]) for text in (one.was, one.now))
    known = one.kind == "reworded" and " " in was and " " in now
    return known and not was.endswith(now) and not now.endswith(was)


def touched(found: Iterable[Difference], survey: Survey) -> dict[str, list[Difference]]:
    """Instrument: the differences that may change what its answers mean."""
    items = {column: scale.instrument for scale in survey.scales for column in scale.items.values()}
    result: dict[str, list[Difference]] = {}
    for one in found:
        if one.kind in TOUCHING and one.key in items:
            result.setdefault(items[one.key], []).append(one)
    return result


def versions(files: Sequence[File], decisions: Decisions) -> Versions:
    """`files` are in the order of their arrival."""
    known: dict[str, list[Version]] = {}
    of_file: dict[int, tuple[str, int]] = {}
    for file in files:
        if file.survey.kind not in ANSWER_KINDS:
            continue
        form, mine = form_of(file.raw, file.survey), known.setdefault(file.survey.id, [])
        place = next((i for i in reversed(range(len(mine))) if not compare(mine[i].form, form)), None)
        if place is None:
            mine.append(_new_version(file, form, mine, decisions))
        else:
            mine[place] = replace(mine[place], form=_with_choices(mine[place].form, form))
        of_file[file.number] = (file.survey.id, len(mine) - 1 if place is None else place)
    every = sorted((version for mine in known.values() for version in mine), key=lambda version: version.file)
    return Versions(tuple(every), {number: known[survey][place] for number, (survey, place) in of_file.items()})


def _new_version(file: File, form: Form, before: Sequence[Version], decisions: Decisions) -> Version:
    new = Version(_id(form), file.survey, file.number, form)
    instruments = [scale.instrument for scale in file.survey.scales]
    if not before:
        return replace(new, states=dict.fromkeys(instruments, BASELINE), lines=dict.fromkeys(instruments, new.id))
    than = [version for version in before if not version.held][-1]  # the first one never waits
    found = compare(than.form, form)
    states, lines = dict.fromkeys(instruments, SAME), dict(than.lines)
    for instrument in touched(found, file.survey):
        if like := _used_before(instrument, form, before):
            lines[instrument] = like.lines[instrument]
            continue
        states[instrument] = decisions.get((file.survey.id, new.id, instrument), HELD)
        if states[instrument] == BREAK:
            lines[instrument] = new.id
    return replace(new, states=states, lines=lines, than=than.id, differences=tuple(found))


def _used_before(instrument: str, form: Form, before: Sequence[Version]) -> Version | None:
    """The latest version in use that asked this instrument just so: a form may also go back to what it was."""
    for version in reversed(before):
        same = instrument not in touched(compare(version.form, form), version.survey)
        if same and version.states[instrument] != HELD:
            return version
    return None


def _with_choices(known: Form, form: Form) -> Form:
    """What a file did not say about choices, a later one with the same form may."""
    choices = {one.key: one.choices for one in form.questions}
    told = tuple(replace(one, choices=one.choices or choices.get(one.key, ())) for one in known.questions)
    return replace(known, questions=told)


def _id(form: Form) -> str:
    said = [
        [one.key, wording(shown(one)), [[wording(choice.label), choice.number] for choice in one.choices]]
        for one in form.questions
    ]
    return "f-" + hashlib.sha256(json.dumps(said).encode()).hexdigest()[:10]
