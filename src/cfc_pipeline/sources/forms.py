"""How each tool lays out a file: reads schemas/forms/<tool>.yaml.

A reader asks two things of it: is this column one that the tool wrote itself, and what is to be done with it.
"""

import re
from functools import cache, cached_property
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from schemas import FORMS

Treatment = Literal[
    "record_id",  # the tool's own id of a response
    "submitted",
    "started",
    "changed",  # last action; stands in where there is no `submitted`
    "complete",
    "status",
    "person_email",  # personal; a survey entry may name it as the person column
    "personal",  # as above, and of no use to most surveys
    "dropped",  # neither personal nor wanted
]
PERSONAL: tuple[Treatment, ...] = ("person_email", "personal")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SystemColumn(_Part):
    """A column that the tool writes beside the questions."""

    name: str = Field(description="The tool's stable name; programme.yaml uses it.")
    treatment: Treatment
    also: tuple[str, ...] = Field((), description="Other names: older, translated, long.")

    @property
    def personal(self) -> bool:
        return self.treatment in PERSONAL


class Pattern(_Part):
    """Names that only a pattern can list."""

    pattern: str
    treatment: Treatment


class Words(_Part):
    """Cells of a system column and what they mean, compared without case."""

    yes: frozenset[str] = frozenset()
    no: frozenset[str] = frozenset()
    ask: frozenset[str] = Field(frozenset(), description="Counts as `yes`, but a person is told.")

    @property
    def known(self) -> frozenset[str]:
        return self.yes | self.no | self.ask


class Form(_Part):
    """One tool's system columns."""

    tool: str
    about: str
    columns: tuple[SystemColumn, ...]
    patterns: tuple[Pattern, ...] = ()
    finished: Words = Words()
    status: Words = Field(Words(), description="`yes`: a real response. `no`: a preview, a test, spam.")
    placeholders: frozenset[str] = Field(frozenset(), description="Second-row headings that say nothing.")

    @cached_property
    def _by_name(self) -> dict[str, SystemColumn]:
        return {name.casefold(): column for column in self.columns for name in (column.name, *column.also)}

    def find(self, name: str) -> SystemColumn | None:
        """The system column that `name` is, by a listed name or by a pattern; None for a question."""
        listed = self._by_name.get(name.casefold())
        if listed:
            return listed
        treatment = next((p.treatment for p in self.patterns if re.search(p.pattern, name, re.IGNORECASE)), None)
        return SystemColumn(name=name, treatment=treatment) if treatment else None


@cache
def form(tool: str) -> Form:
    return Form.model_validate(yaml.load((FORMS / f"{tool}.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader))
