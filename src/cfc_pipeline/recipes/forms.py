"""Forms that changed: the plans that a person reads, what waits for a decision, and decisions.

Plans quote the forms, whose wording somebody else typed; they rest sealed, and are shown to whoever holds the key.
Anything else only counts.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.identity.keys import Keys, load_keys
from cfc_pipeline.identity.sealed import read_sealed, write_sealed
from cfc_pipeline.intake.change import Difference, wording
from cfc_pipeline.intake.form_changes import decide_form
from cfc_pipeline.intake.trends import POSSIBLE, Break
from cfc_pipeline.intake.versions import HELD, Version, Versions, touched
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import audit
from schemas.instruments import Instrument

_FILE = "forms.sealed"


@dataclass(frozen=True)
class Plan:
    """What changed from one form to another, and what that means for each instrument that it touches."""

    survey: str
    version: str
    than: str  # version, with its survey where that is another one
    states: dict[str, str]  # instrument: held, same, break or possible
    differences: tuple[Difference, ...]
    unlisted: tuple[str, ...] = ()  # choices that the entry's `answers` does not list
    new: bool = True  # whether no earlier run stored it

    @property
    def waits(self) -> list[str]:
        return [instrument for instrument, state in self.states.items() if state == HELD]


def plans(
    versions: Versions, breaks: list[Break], instruments: Mapping[str, Instrument], stored: set[tuple[str, str]]
) -> list[Plan]:
    """Every version that differs from the one before it, then every instrument that two surveys ask differently.
    `stored` are the versions that an earlier run knew."""
    found = [
        Plan(
            version.survey.id,
            version.id,
            version.than,
            {name: version.states[name] for name in touched(version.differences, version.survey)},
            version.differences,
            tuple(_unlisted(version, instruments)),
            new=(version.survey.id, version.id) not in stored,
        )
        for version in versions.every
        if version.differences
    ]
    between = [one for one in breaks if one.before.survey.id != one.after.survey.id and one.differences]
    return found + [
        Plan(
            one.after.survey.id,
            one.after.id,
            f"{one.before.id} of {one.before.survey.id}",
            {one.instrument: POSSIBLE if one.state == POSSIBLE else "break"},
            one.differences,
        )
        for one in between
    ]


def _unlisted(version: Version, instruments: Mapping[str, Instrument]) -> list[str]:
    """New labels of items that would be held back as unknown answers."""
    asked = {one.key: one for one in version.form.questions}
    found: dict[str, None] = {}
    for scale in version.survey.scales:
        labels = [*(scale.answers or instruments[scale.instrument].labels), *scale.blank]
        listed = {wording(label) for label in labels}
        for key in scale.items.values():
            choices = asked[key].choices if key in asked else ()
            found |= dict.fromkeys(c.label for c in choices if wording(c.label) not in listed and not c.label.isdigit())
    return list(found)


def write_plans(restricted: Path, found: list[Plan], keys: Keys) -> None:
    write_sealed(restricted / _FILE, json.dumps([asdict(one) for one in found]).encode(), keys, "forms")


def read_plans(restricted: Path, keys: Keys) -> list[Plan]:
    if not (restricted / _FILE).exists():
        return []
    stored = json.loads(read_sealed(restricted / _FILE, keys, "forms"))
    return [
        Plan(
            **one
            | {"differences": tuple(Difference(**d) for d in one["differences"])}
            | {"unlisted": tuple(one["unlisted"])}
        )
        for one in stored
    ]


def listed(folder: Path, environ: Mapping[str, str]) -> list[Plan]:
    """The plans of the last ingest."""
    programme = load_programme(folder)
    return read_plans(programme.restricted, load_keys(programme.restricted, environ))


def accept(
    folder: Path,
    environ: Mapping[str, str],
    survey: str,
    version: str,
    decision: str,
    by: str,
    note: str = "",
    *,
    dry_run: bool = False,
) -> list[str]:
    """Record a decision about every instrument that a change touches. It takes effect with the next ingest."""
    about = [one for one in listed(folder, environ) if (one.survey, one.version) == (survey, version) and one.states]
    if not about:
        raise ConfigError(
            "There is no such change of a form that touches a score.",
            where=f"survey {survey}, version {version}",
            next_step="`cfc-pipeline review forms` lists surveys and versions; run `cfc-pipeline ingest` first",
        )
    instruments = sorted({name for one in about for name in one.states})
    if not dry_run:
        now = datetime.now(UTC)
        facts = {"survey": survey, "version": version, "instruments": instruments}
        audit.note(folder, f"form accepted as {decision}", now, **facts)
        decide_form(folder, survey, version, instruments, decision=decision, by=by, on=now.date(), note=note)
    return instruments


def as_diff(plan: Plan) -> str:
    """A plan as people read one: what was there with -, what is there now with +."""
    lines = [f"survey {plan.survey}, version {plan.version}, compared with {plan.than}"]
    lines += [f"  {instrument}: {_STATES[state]}" for instrument, state in plan.states.items()]
    lines += [] if plan.states else ["  no score is touched"]
    for one in plan.differences:
        lines.append(f"  {one.key}: {one.kind}")
        lines += [f"    - {one.was}"] if one.was else []
        lines += [f"    + {one.now}"] if one.now else []
    lines += [f"  not in `answers` of the entry: {label}" for label in plan.unlisted]
    return "\n".join("".join(c if c.isprintable() else " " for c in line) for line in lines)


_STATES = {
    "held": "waits for your decision",
    "same": "goes on as the same",
    "break": "a break in the trend",
    "possible": "a possible break in the trend, and marked as one",
}


def to_do(found: list[Plan]) -> list[str]:
    """What waits for a decision, and what may break a trend. No word of a form."""
    lines = []
    for one in found:
        if one.waits:
            lines.append(
                f"To do: the form of `{one.survey}` changed ({_counted(one)}). {', '.join(one.waits)} waits in its "
                "files until you decide."
            )
        elif POSSIBLE in one.states.values():
            lines.append(
                f"To do: {', '.join(one.states)} is not asked in the same way in `{one.survey}` as before "
                f"({_counted(one)}). Its trend is marked until you decide."
            )
    return [*lines, "  `cfc-pipeline review forms` shows what changed."] if lines else []


def news(found: list[Plan]) -> list[str]:
    """Changes that stop nothing, once."""
    untouched = [one for one in found if one.new and not one.states]
    return [f"the form of `{one.survey}` changed ({_counted(one)}); no score is touched" for one in untouched]


def in_json(found: list[Plan]) -> list[dict[str, Any]]:
    return [
        {
            "survey": one.survey,
            "version": one.version,
            "instruments": one.states,
            "differences": dict(Counter(d.kind for d in one.differences)),
        }
        for one in found
    ]


def _counted(plan: Plan) -> str:
    return ", ".join(f"{n} {kind}" for kind, n in Counter(d.kind for d in plan.differences).items())
