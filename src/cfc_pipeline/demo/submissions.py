"""What one person sent in through one form, before any survey tool has written it down."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class Question:
    """One question, or one statement of a block that shares `group` as its heading.

    Ids are unique in a form, also without their underscores (LimeSurvey allows none); so are texts within a group.
    """

    id: str
    text: str
    options: tuple[str, ...] = ()
    group: str = ""
    kind: Literal["choice", "number", "text"] = "text"


@dataclass(frozen=True)
class Submission:
    """One filled-in form. `started` and `submitted` are aware; the layouts turn them into their own clocks.

    `answers` by question id. For a choice: the position of the option from 0, or its label; a text that is no label is
    written as it is, to make a dirty file. `extra` holds what tools record by themselves, by our names: ip, latitude,
    longitude, external_reference, user_agent, referer, token, collector, seed, custom. A layout writes those that its
    tool can carry.
    """

    record: str
    started: datetime
    submitted: datetime
    complete: bool
    test: bool
    email: str | None
    first_name: str
    last_name: str
    answers: dict[str, str | int | None]
    extra: dict[str, str] = field(default_factory=dict)
