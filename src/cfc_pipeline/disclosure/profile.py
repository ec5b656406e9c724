"""The disclosure profiles of schemas/disclosure.yaml as typed objects, and their numbers in words.

Fails closed: a profile, a setting or a value that is not understood is a ConfigError, never a default.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

import schemas
from cfc_pipeline.disclosure.protected import Reason
from cfc_pipeline.errors import ConfigError

Threshold = Annotated[int, Field(ge=2, le=1000, strict=True)]


class Profile(BaseModel):
    """Thresholds; what each means and where it comes from stands beside it in schemas/disclosure.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    smallest_count: Threshold
    people_behind_estimate: Threshold
    base_of_percentage: Threshold
    schools_behind_figure: Threshold
    people_behind_reliability: Threshold
    people_behind_order_statistic: Threshold  # no table shows one; tests/privacy keeps it so
    hide_unanimous: Annotated[bool, Field(strict=True)]
    gives_way: Literal["total", "part"]

    @model_validator(mode="after")
    def _estimates_need_no_fewer_than_counts(self) -> Self:
        # Otherwise a mean could be shown whose n is hidden.
        if min(self.people_behind_estimate, self.base_of_percentage) < self.smallest_count:
            raise ValueError("estimates and percentages need at least as many people as a count")
        if self.people_behind_reliability < self.people_behind_estimate:
            raise ValueError("a reliability needs at least as many people as an estimate")
        return self


def load_profile(name: str, path: Path = schemas.DISCLOSURE) -> Profile:
    """The named profile; one that says `like` takes the settings it does not mention from that other profile."""
    profiles = _read(path)
    if name not in profiles:
        raise ConfigError(
            "policy.disclosure.profile names no disclosure profile",
            where=f"known profiles: {', '.join(sorted(profiles))}",
            next_step="write one of these in programme.yaml, or leave the setting out for the default",
        )
    try:
        return Profile(name=name, title=profiles[name]["title"], **_settings(profiles, name, ()))
    except (ValidationError, KeyError, TypeError, AttributeError):
        raise _unreadable(path, name) from None


def _settings(profiles: dict[str, Any], name: str, seen: tuple[str, ...]) -> dict[str, Any]:
    profile = profiles[name]
    if name in seen or not set(profile) <= {"title", "meaning", "like", "settings"}:
        raise KeyError(name)
    for setting in profile["settings"].values():
        if set(setting) != {"value", "meaning", "source"}:
            raise KeyError(name)
    inherited = _settings(profiles, profile["like"], (*seen, name)) if "like" in profile else {}
    return inherited | {key: setting["value"] for key, setting in profile["settings"].items()}


def _read(path: Path) -> dict[str, Any]:
    try:
        profiles = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise _unreadable(path, "any profile") from None
    if not isinstance(profiles, dict):
        raise _unreadable(path, "any profile")
    return profiles


def _unreadable(path: Path, name: str) -> ConfigError:
    return ConfigError(
        "A disclosure profile cannot be used; nothing is published without one",
        where=f"{path.name}, {name}: it needs a title, every setting value, meaning and source, and nothing else",
        next_step="restore the file from the installed version, or mend the setting",
    )


def reason_texts(profile: Profile) -> dict[str, str]:
    """Each Reason's name in words for a table's note, with the profile's numbers."""
    p = profile
    return {
        Reason.SMALL_COUNT.name: f"a count of 1 to {p.smallest_count - 1}, or a figure that would give one away",
        Reason.FEW_PEOPLE.name: f"fewer than {p.people_behind_estimate} people behind a mean, SD or effect",
        Reason.SMALL_BASE.name: f"a percentage of fewer than {p.base_of_percentage} people",
        Reason.FEW_SCHOOLS.name: f"fewer than {p.schools_behind_figure} schools behind the figure",
        Reason.FEW_FORMS.name: f"fewer than {p.people_behind_reliability} complete forms, too few to judge a scale by",
        Reason.GIVES_AWAY.name: "a figure that would give a hidden one, or single answers, away",
    }


def rule_text(profile: Profile) -> str:
    """One sentence for the note under a table."""
    p = profile
    return (
        f"Profile {p.name}: counts of 1 to {p.smallest_count - 1} are hidden; means, standard deviations, effects, "
        f"intervals and p values need {p.people_behind_estimate} people, percentages a base of "
        f"{p.base_of_percentage}, every figure {p.schools_behind_figure} schools; figures that would give a hidden "
        "one away are hidden too."
    )
