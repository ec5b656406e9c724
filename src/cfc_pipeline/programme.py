"""programme.yaml as one typed object; survey entries are in programme_survey.py. programme_file.py reads it and finds
every mistake with its line."""

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cfc_pipeline.programme_survey import (
    FETCHED,
    Consent,
    Element,
    Fetch,
    FromColumn,
    Kind,
    Model,
    Person,
    Scale,
    Slug,
    Submitted,
    Survey,
    TimePoint,
    Tool,
)

__all__ = [
    "ADDRESS",
    "FETCHED",
    "OTHER_ROLES",
    "THIS_MACHINE",
    "AcademicYear",
    "Break",
    "Calendar",
    "Cohort",
    "Consent",
    "Disclosure",
    "Element",
    "Email",
    "Fetch",
    "FromColumn",
    "Kind",
    "Measure",
    "Model",
    "Person",
    "Policy",
    "Programme",
    "ReliableMethod",
    "ReliableRule",
    "Retention",
    "RoleGroup",
    "Scale",
    "Schedule",
    "Slug",
    "Smtp",
    "Submitted",
    "Survey",
    "TimePoint",
    "Tool",
]

ReliableMethod = Literal["jacobson_truax", "gulliksen_lord_novick", "edwards_nunnally", "nunnally_kotsch"]
# An instrument, or one subscale of it.
Measure = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*(/[a-z0-9][a-z0-9_]*)?$", max_length=121)]
RoleGroup = Annotated[str, Field(min_length=1, max_length=60)]
AcademicYear = Annotated[str, Field(pattern=r"^\d{4}/\d{2}$")]

_SPEC = r"[!#$%&'*+/=?^`{|}~.\w-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
# One email address, with or without a name in front; anything else could end in a header of the email.
ADDRESS = re.compile(rf"(?P<bare>{_SPEC})|(?P<name>[\w .'’()&/-]*?) *<(?P<in_brackets>{_SPEC})>")
OTHER_ROLES = "Other roles, or not known"  # the role group of everybody who is in no other
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")  # where mail may go unencrypted


class Cohort(Model):
    """One group of people who meet together."""

    id: Slug = Field(description="Short name for files and tables. Never change it once data are in.")
    label: str = Field(description="What tables call the cohort.")
    academic_year: AcademicYear = Field(description="Written like 2025/26.")
    start: date = Field(description="First session, or the first day of the cohort's term.")
    end: date = Field(description="Last session, or the last day of the cohort's term.")
    region: str | None = Field(None, description="Region of the cohort's schools, if wanted in the analysts' data.")
    phase: str | None = Field(None, description="Phase of the cohort's schools, if wanted in the analysts' data.")

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.end <= self.start:
            raise ValueError("`end` must be after `start`")
        return self


class Disclosure(Model):
    """Which profile of schemas/disclosure.yaml applies. Weaker than the profile is possible only by name."""

    profile: Slug = Field("default", description="A profile of schemas/disclosure.yaml.")
    facilitators_agreed: bool = Field(
        False,
        description="Shows how closely each cohort followed the manual, which tells about its facilitator. Only if "
        "they all agreed.",
    )
    off_because: str | None = Field(None, min_length=10, description="Publishes everything and prints this reason.")


class Calendar(Model):
    """For `time_point: calendar`: where a day falls between the cohort's start and end."""

    pre_until_days_after_start: Annotated[int, Field(ge=0, description="Up to this day, a form is `pre`.")] = 21
    post_from_days_before_end: Annotated[int, Field(ge=0, description="From this day on, it is `post`.")] = 28
    follow_up_from_days_after_end: Annotated[int, Field(ge=1, description="From this day on, `follow_up`.")] = 60


class Retention(Model):
    """For how many months something may be kept. What is left out is kept until somebody removes it."""

    releases: int | None = Field(None, ge=1, description="Months after a release was published; the newest one stays.")
    backups: int | None = Field(None, ge=1, description="Months after a backup was made in data/backups/.")
    unused_columns: int | None = Field(
        None, ge=1, description="Months after a file arrived, for its columns that no survey entry uses."
    )
    quarantine: int | None = Field(
        None, ge=1, description="Months after a file of answers arrived, for its rows that still wait in quarantine."
    )
    rosters: int | None = Field(
        None, ge=1, description="Months after a later roster replaced a row; then only who it was about stays."
    )
    raw_input: int | None = Field(
        None,
        ge=1,
        description="Months after a file of answers arrived and its cohorts ended; then people in it are pseudonyms.",
    )


class Policy(Model):
    disclosure: Disclosure = Field(Disclosure(), description="What may be published.")
    duplicates: Literal["latest_complete", "latest", "first"] = Field(
        "latest_complete",
        description="Which of two forms of one person at one time point counts. `latest_complete`: the last that was "
        "finished and left few questions out, but none that came after its time if another came in time.",
    )
    consent_versions: list[str] = Field(
        [], description="Wordings of the agreement that count, as rosters call them; left out: every yes counts."
    )
    retention: Retention = Field(Retention(), description="What `cfc-pipeline retain` removes, and when.")
    calendar: Calendar = Field(Calendar(), description="Days that decide for `time_point: calendar`.")
    risk_items: list[Slug] = Field(
        [],
        description="Instruments whose questions about self-harm are stored and scored; others' are left out.",
    )


class Break(Model):
    """Where a trend is broken by something that no file shows."""

    year: AcademicYear = Field(description="The first academic year after it.")
    what: Literal["form", "version", "tool", "recruitment"] = Field(
        description="What changed: questions or answers, the edition of a questionnaire, the survey tool, or how "
        "people came to take part."
    )
    because: str = Field(min_length=10, max_length=300, description="One sentence, which stands under the tables.")
    instruments: list[Slug] = Field([], description="The instruments that it concerns. Left out: all.")


class Smtp(Model):
    host: str = Field(description="The mail server.")
    port: Annotated[int, Field(ge=1, le=65535, description="587 for starttls, 465 for tls.")] = 587
    security: Literal["starttls", "tls", "none"] = Field("starttls", description="`none` is for localhost only.")
    user: str | None = Field(None, description="The password comes from CFC_SMTP_PASSWORD, never from this file.")


class Email(Model):
    sender: str = Field(description="One address, with or without a name: `Evaluation <evaluation@example.org>`.")
    to: Annotated[list[str], Field(min_length=1, description="Recipients; nobody else is ever sent anything.")]
    subject: str = Field("Programme summary", description="Subject of the email.")
    smtp: Smtp = Field(description="The mail server that sends it.")


class Schedule(Model):
    nightly: str = Field("0 3 * * *", description="Cron expression, in the programme's time zone.")
    publish: bool = Field(
        True,
        description="True: the nightly run also publishes and emails what is new. False: it only takes answers in, and "
        "you publish when a cohort is complete.",
    )


class ReliableRule(Model):
    """From which change on one person's score has changed by more than error of measurement."""

    reliability: Annotated[float, Field(ge=0, lt=1, description="Of the score, from 0 to below 1.")]
    reliability_source: str = Field(min_length=3, description="Where it was read, of whom, and alpha or retest.")
    sd: Annotated[float, Field(gt=0, description="Standard deviation of the score.")]
    sd_source: str = Field(min_length=3, description="Where it was read, and of whom.")
    z: Annotated[float, Field(gt=0, le=5, description="1.96 for 95 %; CORE uses 1.645.")]
    method: ReliableMethod = Field("jacobson_truax", description="Whose formula; docs/statistics.md compares them.")
    mean: float | None = Field(None, description="Mean of the score, for the methods that expect scores to near it.")
    mean_source: str | None = Field(None, min_length=3, description="Where it was read, and of whom.")
    cut_off: float | None = Field(None, description="Score between cases and others; left out: nobody recovers.")
    cut_off_source: str | None = Field(None, min_length=3, description="Where it was read. Needed with `cut_off`.")

    @model_validator(mode="after")
    def _what_goes_together(self) -> Self:
        if (self.cut_off is None) != (self.cut_off_source is None):
            raise ValueError("`cut_off` and `cut_off_source` go together")
        if (self.mean is None) != (self.mean_source is None):
            raise ValueError("`mean` and `mean_source` go together")
        if (self.mean is None) != (self.method == "jacobson_truax"):
            raise ValueError("`mean` is needed by every method but jacobson_truax, which has no use for it")
        return self


class Programme(Model):
    """A whole programme."""

    name: str = Field(description="What pages and the email call the programme.")
    timezone: str = Field("Europe/London", description="Days and schedules are told in this zone.")
    synthetic: bool = Field(False, description="True marks every page: the people and numbers are invented.")
    cohorts: Annotated[list[Cohort], Field(min_length=1, description="The groups of people who meet together.")]
    surveys: list[Survey] = Field([], description="Which file is what, and which column is which.")
    policy: Policy = Field(Policy(), description="Rules of the programme.")
    families: dict[Slug, Annotated[list[Measure], Field(min_length=1)]] = Field(
        {},
        description="For Holm's correction of p: the name of a family of tests, and its measures.",
    )
    role_groups: dict[RoleGroup, Annotated[list[str], Field(min_length=1)]] = Field(
        {},
        description="Coarse groups of the roster's roles, for perceived impact over all years: the group's name in "
        "tables, and the roles in it. Roles in no group, and people whose role is not known, are one more group.",
    )
    attended_often: int | None = Field(
        None,
        ge=1,
        le=100,
        description="From which share of a cohort's sessions on, in %, somebody came often; change is then described "
        "beside attendance. Decide before you look at results.",
    )
    breaks: list[Break] = Field([], description="Where trends are broken by something that no file shows.")
    reliable_change: dict[Measure, ReliableRule] = Field(
        {}, description="Rules of the programme's own for reliable change, by score; before those of the keys."
    )
    email: Email | None = Field(None, description="The summary after a release. Left out: no email.")
    schedule: Schedule = Field(Schedule(), description="When the flows run by themselves.")
    # Where the programme lives; set when it is read, never written in the file.
    folder: Path = Field(Path(), exclude=True, json_schema_extra={"readOnly": True})

    @property
    def restricted(self) -> Path:
        return self.folder / "data" / "restricted"

    @property
    def warehouse(self) -> Path:
        return self.folder / "data" / "warehouse.duckdb"

    @property
    def analysis(self) -> Path:
        return self.folder / "data" / "analysis.duckdb"

    @property
    def inbox(self) -> Path:
        return self.folder / "inbox"

    @property
    def releases(self) -> Path:
        return self.folder / "releases"

    def survey(self, survey_id: str) -> Survey:
        return next(s for s in self.surveys if s.id == survey_id)
