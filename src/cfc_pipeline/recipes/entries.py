"""What can be wrong in surveys that only shows beside the instruments, or beside what a person asks for."""

from collections.abc import Iterator, Mapping

from cfc_pipeline.errors import ConfigError, did_you_mean
from cfc_pipeline.programme import Programme, Scale, Survey
from cfc_pipeline.programme_file import refuse
from cfc_pipeline.programme_yaml import Mistake, Place
from schemas.instruments import Instrument, Subscale

# Kind of survey: kinds of instruments whose answers it brings to where they are counted.
_COUNTED = {
    "scale": ("scale", "distribution"),
    "perceived_impact": ("distribution",),
    "session_feedback": ("ratings",),
}


def check_instruments(programme: Programme, instruments: Mapping[str, Instrument]) -> None:
    """Every survey's instruments are known, their item numbers and answers exist, and a survey of its kind counts
    them. ConfigError with each mistake's line."""
    wrong = [
        mistake
        for i, survey in enumerate(programme.surveys)
        if survey.confirmed
        for j, scale in enumerate(survey.scales)
        for mistake in _mistakes(("surveys", i, "scales", j), survey, scale, instruments)
    ]
    asking = [key.id for key in instruments.values() if key.risk]
    wrong += [
        Mistake(("policy", "risk_items"), f"`{name}` has no questions about self-harm{did_you_mean(name, asking)}")
        for name in programme.policy.risk_items
        if name not in asking
    ]
    wrong += _unknown_measures(programme, instruments) + _unclear_rules(programme, instruments)
    wrong += [
        Mistake(("breaks", place, "instruments"), f"no instrument `{name}`{did_you_mean(name, instruments)}")
        for place, one in enumerate(programme.breaks)
        for name in one.instruments
        if name not in instruments
    ]
    refuse(programme.folder, wrong)


def _unknown_measures(programme: Programme, instruments: Mapping[str, Instrument]) -> list[Mistake]:
    known = [name for key in instruments.values() if key.subscales for name in (key.id, *_subscales(key))]
    listed: list[tuple[Place, str]] = [
        (("families", family), m) for family, measures in programme.families.items() for m in measures
    ]
    listed += [(("reliable_change", measure), measure) for measure in programme.reliable_change]
    return [
        Mistake(place, f"no measure `{measure}`{did_you_mean(measure, known)}")
        for place, measure in listed
        if measure not in known
    ]


def _unclear_rules(programme: Programme, instruments: Mapping[str, Instrument]) -> list[Mistake]:
    """An SD is of one score."""
    several = [
        name for name in programme.reliable_change if name in instruments and len(instruments[name].subscales) > 1
    ]
    return [
        Mistake(
            ("reliable_change", name),
            f"`{name}` has several scores; name one, such as `{_subscales(instruments[name])[0]}`",
        )
        for name in several
    ] + [
        Mistake(("reliable_change", name), f"`{name}` and `{name}/...` are the same score")
        for name in programme.reliable_change
        if name not in several and any(other.startswith(f"{name}/") for other in programme.reliable_change)
    ]


def _subscales(key: Instrument) -> list[str]:
    return [f"{key.id}/{subscale}" for subscale in key.subscales]


def _mistakes(place: Place, survey: Survey, scale: Scale, instruments: Mapping[str, Instrument]) -> Iterator[Mistake]:
    key = instruments.get(scale.instrument)
    if key is None:
        known = did_you_mean(scale.instrument, instruments)
        own = "" if known else "; docs/instruments.md lists all, and your own go into instruments/"
        yield Mistake((*place, "instrument"), f"no instrument `{scale.instrument}`{known or own}")
        return
    if key.kind not in _COUNTED[survey.kind]:
        text = f"`{key.id}` is of kind {key.kind}, which a survey of kind `{survey.kind}` does not count"
        yield Mistake((*place, "instrument"), text)
    for item in scale.items:
        if item > key.items:
            yield Mistake((*place, "items", str(item)), f"`{key.id}` has {key.items} items")
    for label in set(scale.blank) & scale.answers.keys():
        yield Mistake((*place, "blank"), f"`{label}` is listed in `answers` as well")
    for label, number in scale.answers.items():
        if not key.lowest <= number <= key.highest:
            text = f"the answers of `{key.id}` are {key.lowest} to {key.highest}"
            yield Mistake((*place, "answers", label), text)


def left_out(key: Instrument, programme: Programme) -> set[int]:
    """Items about self-harm, unless the programme names the instrument.

    Whoever asks such a question must be ready to answer on the day. A pipeline that works in batches is not, so it
    keeps the answers only where somebody has said that they are dealt with.
    """
    named = key.risk is None or key.id in programme.policy.risk_items
    return set() if named or key.risk is None else set(key.risk.items)


def without_risk_items(programme: Programme, instruments: Mapping[str, Instrument]) -> Programme:
    """The programme as if its surveys did not ask what is left out: those columns are then never read."""
    surveys = [
        survey.model_copy(update={"scales": [_without(scale, programme, instruments) for scale in survey.scales]})
        for survey in programme.surveys
    ]
    return programme.model_copy(update={"surveys": surveys})


def _without(scale: Scale, programme: Programme, instruments: Mapping[str, Instrument]) -> Scale:
    out = left_out(instruments[scale.instrument], programme) if scale.instrument in instruments else set()
    return scale.model_copy(update={"items": {i: column for i, column in scale.items.items() if i not in out}})


def not_asked(programme: Programme, instruments: Mapping[str, Instrument]) -> frozenset[tuple[str, str, str]]:
    """Survey, instrument, subscale: scores that a form cannot give, because it asks none of their items, or because an
    item of theirs is left out. A score of what remains would carry the name of another one."""
    return frozenset(
        (survey.id, key.id, name)
        for survey in programme.surveys
        for scale in survey.scales
        if (key := instruments.get(scale.instrument)) is not None
        for name, subscale in key.subscales.items()
        if not set(subscale.items) & scale.items.keys() or set(subscale.items) & left_out(key, programme)
    )


def asked_in_part(programme: Programme, instruments: Mapping[str, Instrument]) -> list[str]:
    """Scores of which an entry names some items only, in words: a line that was forgotten looks like an item that
    everybody left blank, and would be made up for where the key allows it."""
    scales = [(survey, scale) for survey in programme.surveys if survey.confirmed for scale in survey.scales]
    return [
        f"survey {survey.id} names {len(subscale.items) - missing} of the {len(subscale.items)} items of {key.id}, "
        f"{subscale.title}: the score {_made(missing, subscale)}; add the rest to `items`, if the form asks them"
        for survey, scale in scales
        if (key := instruments.get(scale.instrument))
        for subscale in key.subscales.values()
        for missing in [len(set(subscale.items) - scale.items.keys() - left_out(key, programme))]
        if 0 < missing < len(subscale.items)
    ]


def _made(missing: int, subscale: Subscale) -> str:
    return "is made from the others" if missing <= subscale.max_missing else "cannot be made"


def check_named_survey(survey_id: str | None, programme: Programme) -> None:
    """A survey that a person named exists, and is no draft."""
    known = [survey.id for survey in programme.surveys if survey.confirmed]
    if survey_id is not None and survey_id not in known:
        raise ConfigError(
            "There is no such survey entry, or it is still a draft.",
            where=f"survey {survey_id}{did_you_mean(survey_id, known)}",
            next_step="name the `id` of a survey in programme.yaml; nothing was taken in",
        )
