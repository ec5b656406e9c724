"""The synthetic programme: three academic years, ten cohorts, five survey tools, every kind of dirt, and canaries.

The people, their answers and every number are invented; programme.yaml says so, and with it every page that is made.
"""

import csv
import os
import shutil
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cfc_pipeline.demo.as_yaml import as_yaml
from cfc_pipeline.demo.coders import CODEBOOK
from cfc_pipeline.demo.dirt import spoil
from cfc_pipeline.demo.exports import write_exports
from cfc_pipeline.demo.forms import entry_of
from cfc_pipeline.demo.people import COHORTS, Cohort, Person, invent_people
from cfc_pipeline.demo.planted import Planted, personal_values
from cfc_pipeline.demo.responses import Sent, numbered, sent_in
from cfc_pipeline.demo.rosters import (
    FACILITATOR,
    HOME_PHONE,
    UNREACHABLE,
    roster_entries,
    write_rosters,
    write_session_log,
)
from cfc_pipeline.demo.surveys import FORMS
from cfc_pipeline.errors import ConfigError
from cfc_pipeline.identity.themes import CODEBOOK as CODEBOOK_FILE
from cfc_pipeline.programme import Programme
from cfc_pipeline.programme_folder import init

NAME = "Demo programme (synthetic people and numbers)"
BREAK = {
    "year": "2025/26",
    "what": "recruitment",
    "because": "Schools applied for a place themselves from then on; before, they were invited (an invented example).",
}
CORRECTION_COLUMNS = ("survey", "record", "column", "was", "value", "reason", "by", "on")


def build_demo(folder: Path, seed: int = 2026) -> Planted:
    """Make a programme folder with a full inbox in `folder`, which must be new or empty.

    The same seed gives the same bytes. Takes about two seconds.
    """
    init(folder, NAME)
    _write_programme(folder / "programme.yaml")
    people = invent_people(seed)
    inbox = folder / "inbox"
    files = [*write_rosters(inbox, people), write_session_log(inbox, seed)]
    everything: dict[str, list[Sent]] = {}
    for form in FORMS:
        sent = numbered(form, spoil(form, sent_in(form, people, seed), seed), seed)
        everything[form.survey] = sent
        files += write_exports(inbox, form, sent, seed)
    _write_corrections(folder / "corrections.csv", everything)
    (folder / CODEBOOK_FILE).write_text(CODEBOOK, encoding="utf-8")
    files.sort(key=lambda file: file.name)
    _date_files(inbox, [file.name for file in files])
    return Planted(folder, tuple(files), _values(people, everything))


def _write_programme(path: Path) -> None:
    settings = {
        "name": NAME,
        "timezone": "Europe/London",
        "synthetic": True,
        "cohorts": [_cohort_entry(cohort) for cohort in COHORTS],
        "surveys": [*roster_entries(), *(entry_of(form) for form in FORMS)],
        "role_groups": {"Headteachers": ["Headteacher"]},
        "attended_often": 75,
        "breaks": [BREAK],
        "reliable_change": {
            "brs": {
                "reliability": 0.85,
                "reliability_source": "alpha, two German samples, PMC5811014",
                "sd": 0.7,
                "sd_source": "invented for this demonstration",
                "z": 1.96,
            }
        },
        "email": {
            "sender": "programme@example.org",
            "to": ["trustees@example.org"],
            "subject": "Demo programme: summary",
            "smtp": {"host": "localhost", "port": 1025, "security": "none"},
        },
    }
    Programme.model_validate(settings)  # a demo that its own contract refuses must not be written
    path.write_text(_HEADING + as_yaml(settings), encoding="utf-8")


def clear_demo(folder: Path) -> None:
    """Remove an earlier demo. Refuses a folder that is anything else, because it may hold a real programme."""
    if not folder.exists() or not any(folder.iterdir()):
        return
    settings = folder / "programme.yaml"
    if not settings.is_file() or NAME not in settings.read_text(encoding="utf-8"):
        raise ConfigError(
            "This folder is not an earlier demo, so it is not replaced.",
            where=str(folder),
            next_step="name another folder",
        )
    shutil.rmtree(folder)


_HEADING = "# Synthetic: nobody in this programme exists, and its numbers are nobody's results.\n"


def _cohort_entry(cohort: Cohort) -> dict[str, Any]:
    return {
        "id": cohort.id,
        "label": cohort.label,
        "academic_year": cohort.academic_year,
        "start": cohort.start,
        "end": cohort.end,
        "region": cohort.region,
    }


def _write_corrections(path: Path, everything: dict[str, list[Sent]]) -> None:
    """A row for every slip that can be mended, and one that no longer fits anything."""
    rows = [
        (survey, s.submission.record, *s.mend, "slip in the address", "programme office", "2025-09-01")
        for survey, sent in everything.items()
        for s in sent
        if s.mend
    ]
    stale = (
        "2023-before",
        "R_000000000000000",
        "recipientEmail",
        "",
        "nobody@example.org",
        "gone by now",
        "office",
        "",
    )
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([CORRECTION_COLUMNS, *rows, stale])


def _date_files(inbox: Path, names: Iterable[str]) -> None:
    """Files arrive in the order of their names, one a minute, also for whoever sorts by time."""
    first = datetime(2026, 7, 31, 9, tzinfo=UTC).timestamp()
    for number, name in enumerate(names):
        os.utime(inbox / name, (first + 60 * number, first + 60 * number))


def _values(people: Sequence[Person], everything: dict[str, list[Sent]]) -> list[str]:
    times = [text for sent in everything.values() for text in _exact_times(sent)]
    return [*personal_values(people, times), HOME_PHONE, *FACILITATOR.split()[1:], *UNREACHABLE.split()[:1]]


def _exact_times(sent: Sequence[Sent]) -> list[str]:
    """One moment for each form, as its file or a careless program would write it."""
    moment = sent[len(sent) // 2].submission.submitted
    local = moment.astimezone(ZoneInfo("Europe/London"))
    forms = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%d/%m/%Y %H:%M:%S")
    return [clock.strftime(form) for clock in (moment, local) for form in forms]
