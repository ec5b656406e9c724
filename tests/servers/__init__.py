"""Survey tools that run on this machine, written from what is known of the real ones, for tests to make misbehave."""

from types import ModuleType

from tests.servers import (
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

# One module for each API, by the connector's name.
SERVERS: dict[str, ModuleType] = {
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
