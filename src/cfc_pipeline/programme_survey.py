"""A survey entry of programme.yaml: which file is what, and which column is which."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

TimePoint = Literal["pre", "mid", "post", "follow_up"]
Kind = Literal["scale", "perceived_impact", "session_feedback", "session_log", "roster"]
Tool = Literal[
    "qualtrics",
    "ms_forms",
    "google_forms",
    "surveymonkey",
    "limesurvey",
    "jisc",
    "redcap",
    "typeform",
    "kobo",
    "odk",
    "formbricks",
    "smartsurvey",
    "spss",
    "stata",
    "table",
]
# Tools with a connector in sources/apis/.
FETCHED = (
    "surveymonkey",
    "formbricks",
    "qualtrics",
    "kobo",
    "limesurvey",
    "smartsurvey",
    "redcap",
    "odk",
    "typeform",
    "google_forms",
)
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class FromColumn(Model):
    """A value that each row brings along: the column, and what its cells mean."""

    column: str = Field(description="The column, as the export names it.")
    values: dict[str, str] = Field({}, description="Cell text: our id. Empty when the cells hold our ids themselves.")


class Element(Model):
    """One part of a code that people made themselves."""

    name: Slug = Field(description="What it is, such as `birthday`; shown where codes are compared, its value is not.")
    kind: Literal["letters", "day", "month", "number", "text"] = Field(
        description="How it is read: `03`, `3` and `3rd` are one day, `É` and `e` one letter, `May` and `5` one month."
    )
    column: str | None = Field(None, description="Its column. Left out when the whole code is in one column.")
    length: int | None = Field(
        None,
        ge=1,
        le=12,
        description="Its characters. Needed in one column (a day or month has 2); else cuts longer text.",
    )


class Person(Model):
    """How a person is known in this survey."""

    by: Literal["email", "code", "self_made", "anonymous"] = Field(
        description="`code`: given out by the programme, on the roster. `self_made`: made up by the person."
    )
    column: str | None = Field(None, description="Column with the address or code. Empty only for anonymous forms.")
    elements: list[Element] = Field(
        [], description="For `self_made`: what the code is made of. Without it only equal codes are one person."
    )

    @model_validator(mode="after")
    def _column_unless_anonymous(self) -> Self:
        if self.elements:
            return self._with_elements()
        if (self.by == "anonymous") != (self.column is None):
            raise ValueError("`column` is needed unless `by` is anonymous, and not allowed then")
        return self

    def _with_elements(self) -> Self:
        if self.by != "self_made":
            raise ValueError("`elements` are for codes that people made themselves")
        if len({e.name for e in self.elements}) < len(self.elements) or len(self.elements) < 2:
            raise ValueError("`elements` must be two or more, each with a name of its own")
        if any((self.column is None) != (e.column is not None) for e in self.elements):
            raise ValueError("either the code has one `column`, or each of its elements has")
        if self.column and any(e.length is None and e.kind not in ("day", "month") for e in self.elements):
            raise ValueError("the elements of a code in one column each need a `length`")
        return self

    @property
    def made_of(self) -> tuple[tuple[str, str], ...]:
        """Codes are compared with codes that are made of the same."""
        return tuple((e.name, e.kind) for e in self.elements)

    @property
    def columns(self) -> list[str]:
        """Every column that says who somebody is."""
        return [c for c in (self.column, *(e.column for e in self.elements)) if c]


class Submitted(Model):
    """When a form was sent in. The day order and the zone are not written in most files, so they are said here."""

    column: str | None = Field(None, description="Default: the tool's own column.")
    order: Literal["ymd", "dmy", "mdy"] = Field("ymd", description="Order of day, month and year in the file.")
    timezone: str | None = Field(None, description="Default: what the file says, else the programme's zone.")


class Consent(Model):
    """Consent that is given in the form itself, for people who are not on a roster."""

    column: str = Field(description="The column with the question.")
    yes: Annotated[list[str], Field(min_length=1, description="Answers that mean yes.")]


class Scale(Model):
    """One instrument in this survey: which column is which item, and how labels become numbers."""

    instrument: Slug = Field(description="Id of the instrument, built in or in the programme's instruments/ folder.")
    items: dict[Annotated[int, Field(ge=1)], str] = Field(description="Item number: column.")
    answers: dict[str, int] = Field({}, description="Label: number. Empty when the export holds numbers.")
    blank: list[str] = Field([], description="Answers that count as left blank, such as `Prefer not to say`.")


class Fetch(Model):
    """Where a survey's responses are fetched from. The token comes from the environment, never from this file."""

    survey: str = Field(min_length=1, description="The tool's own id of the survey, as its web address shows it.")
    server: str | None = Field(None, description="The tool's web address, where it has several or is your own.")
    account: Slug | None = Field(None, description="Token: CFC_TOKEN_<ACCOUNT>. Default: the tool's name.")
    full_every_days: int = Field(
        7, ge=0, description="How often everything is compared, which finds what was deleted; 0: every time."
    )

    def variable(self, tool: str) -> str:
        """The environment variable that holds the token."""
        return "CFC_TOKEN_" + (self.account or tool).upper().replace("-", "_")


class Survey(Model):
    """One survey: where its columns are and what they mean."""

    id: Slug = Field(description="Short name of the survey. Never change it once data are in.")
    tool: Tool = Field(description="The survey tool; `table` is any other CSV or Excel table with one header row.")
    kind: Kind = Field(description="What the file holds.")
    fetch: Fetch | None = Field(None, description="Fetch it from the tool; left out: files in the inbox only.")
    files: str | None = Field(None, description="Pattern of file names; only needed when two surveys look the same.")
    time_point: TimePoint | Literal["calendar"] | FromColumn | None = Field(
        None, description="When in the programme: fixed, from a column, or from the day (`policy: calendar`)."
    )
    cohort: str | FromColumn = Field("roster", description="A cohort's id, `roster`, or a column.")
    session: int | FromColumn | None = Field(None, description="Session number, for feedback and the session log.")
    person: Person | None = Field(None, description="How a person is known.")
    consent: Literal["roster", "not_needed"] | Consent = Field(
        "roster", description="Where consent is: on the roster, in the form itself, or not needed."
    )
    submitted: Submitted = Field(Submitted(), description="When a form was sent in.")
    scales: list[Scale] = Field([], description="The instruments in this survey.")
    comments: dict[Slug, str] = Field({}, description="Short name: column of a free text.")
    fields: dict[Slug, str] = Field({}, description="For roster and session_log. Our field: column.")
    values: dict[Slug, dict[str, str]] = Field({}, description="For roster and session_log. Field: {cell: meaning}.")
    confirmed: bool = Field(True, description="False in a draft that add-survey wrote; a draft is not ingested.")
