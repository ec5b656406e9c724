"""What can be wrong in surveys that only shows beside the instruments, or beside what a person asks for."""

from collections.abc import Mapping

from cfc_pipeline.errors import ConfigError, did_you_mean
from cfc_pipeline.programme import Programme, Scale, Survey
from schemas.instruments import Instrument

# Kind of survey: kinds of instruments whose answers it brings to where they are counted.
_COUNTED = {
    "scale": ("scale", "distribution"),
    "perceived_impact": ("distribution",),
    "session_feedback": ("ratings",),
}


def check_instruments(programme: Programme, instruments: Mapping[str, Instrument]) -> None:
    """Every survey's instruments are known, their item numbers exist, and a survey of its kind counts them."""
    wrong = [
        f"{survey.id}: {mistake}"
        for survey in programme.surveys
        if survey.confirmed
        for scale in survey.scales
        if (mistake := _mistake(survey, scale, instruments))
    ]
    if wrong:
        raise ConfigError(
            "Some surveys name instruments or items that they cannot have.",
            where="; ".join(wrong),
            next_step="mend the entry, or put the instrument into the programme's instruments/ folder",
        )


def _mistake(survey: Survey, scale: Scale, instruments: Mapping[str, Instrument]) -> str:
    key = instruments.get(scale.instrument)
    if key is None:
        return f"no instrument `{scale.instrument}`{did_you_mean(scale.instrument, instruments)}"
    if key.kind not in _COUNTED[survey.kind]:
        return f"`{key.id}` is of kind {key.kind}, which a survey of kind `{survey.kind}` does not count"
    beyond = [item for item in scale.items if item > key.items]
    return f"`{key.id}` has {key.items} items, not {beyond}" if beyond else ""


def check_named_survey(survey_id: str | None, programme: Programme) -> None:
    """A survey that a person named exists, and is no draft."""
    known = [survey.id for survey in programme.surveys if survey.confirmed]
    if survey_id is not None and survey_id not in known:
        raise ConfigError(
            "There is no such survey entry, or it is still a draft.",
            where=f"survey {survey_id}{did_you_mean(survey_id, known)}",
            next_step="name the `id` of a survey in programme.yaml; nothing was taken in",
        )
