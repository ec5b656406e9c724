"""The tools that can be fetched from, and what each one's module has: `connect`, `questionnaire`, `responses`, `count`.

A connector turns what its tool answers into plain rows and knows nothing of files, keys or databases. What all need is
in ../web.py (sessions), answers.py (rows), nested.py (answers in lists of lists) and ../fetched.py (what is kept).
"""

from collections.abc import Container
from typing import Protocol

from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis import (
    formbricks,
    google_forms,
    kobo,
    limesurvey,
    odk,
    qualtrics,
    redcap,
    smartsurvey,
    surveymonkey,
    typeform,
)
from cfc_pipeline.sources.apis.answers import Answers
from cfc_pipeline.sources.raw import RawColumn
from cfc_pipeline.sources.web import Web

__all__ = ["APIS", "Api"]


class Api(Protocol):
    """What each connector's module is."""

    NEEDS: str  # what the token is and where a person makes it; for `doctor` and the docs

    def connect(self, fetch: Fetch, secret: str) -> Web:
        """A session. ConfigError when `server` is needed and missing, or the secret has the wrong shape."""
        ...

    def questionnaire(self, web: Web, survey: str) -> tuple[RawColumn, ...]:
        """The form as it is now, in its order, with the choices of every question; then the system columns that
        identify a person (email, reference ...), so that a survey entry may name one."""
        ...

    def responses(
        self, web: Web, survey: str, form: tuple[RawColumn, ...], wanted: Container[str], since: str | None
    ) -> Answers:
        """Responses that were new or changed after `since` (the cursor of an earlier answer), or all of them.

        `form` is what `questionnaire` gave; `wanted` are the keys of the columns that the survey entry uses: where the
        tool can leave the others out, they are not even asked for. SourceError when the tool sends fewer responses
        than it says it has.
        """
        ...

    def count(self, web: Web, survey: str) -> int | None:
        """How many responses the tool says it has (tests and unfinished ones as `responses` gives them); None where it
        does not say."""
        ...


APIS: dict[str, Api] = {
    "formbricks": formbricks,
    "google_forms": google_forms,
    "kobo": kobo,
    "limesurvey": limesurvey,
    "odk": odk,
    "qualtrics": qualtrics,
    "redcap": redcap,
    "smartsurvey": smartsurvey,
    "surveymonkey": surveymonkey,
    "typeform": typeform,
}
