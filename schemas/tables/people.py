"""Who took part: cohorts, people (as pseudonyms) and sessions."""

from datetime import date

from schemas.tables.contract import Table, column

TIME_POINTS = ("pre", "mid", "post", "follow_up")


class Cohort(Table):
    """One group of people who meet together, as named in programme.yaml."""

    cohort_id: str = column("Id of the cohort, as in programme.yaml.", key=True)
    label: str = column("Name of the cohort in tables.", label="Cohort")
    academic_year: str = column("Academic year in which the cohort ran.", label="Year", str_matches=r"^\d{4}/\d{2}$")
    starts_on: date = column("First day of the cohort's calendar.")
    ends_on: date = column("Last day of the cohort's calendar.")
    region: str = column("Region of the cohort's schools, if the programme wants it.", nullable=True)
    phase: str = column("School phase of the cohort, if the programme wants it.", nullable=True)


class Participant(Table):
    """One person in one cohort, known only by a pseudonym."""

    participant_id: str = column("Keyed pseudonym of the person.", key=True, str_startswith="p-")
    cohort_id: str = column("A cohort that the person is enrolled in.", key=True)
    school_id: str = column("Keyed pseudonym of the person's school.", nullable=True, str_startswith="s-")
    role: str = column("Role group of the person; empty, like phase and region, without consent.", nullable=True)
    phase: str = column("Phase of the person's school.", nullable=True)
    region: str = column("Region of the person's school.", nullable=True)
    on_roster: bool = column("False for people known only by a code that they made themselves.")
    consented: bool = column("Whether the person agreed to the evaluation.")
    consented_on: date = column("When the person agreed.", nullable=True)
    withdrawn: bool = column("Whether the person withdrew; their answers are then not kept here.")
    consent_version: str = column("Which wording the person agreed to.", nullable=True)
    shares: bool = column(
        "Whether the person agreed that data about them are passed on; empty where nobody asked.", nullable=True
    )
    sessions_attended: int = column(
        "How many sessions the person came to, from the roster; empty without consent.",
        unit="sessions",
        nullable=True,
        ge=0,
        le=99,
    )


class Link(Table):
    """How answers of somebody who is known by a code of their own were recognised as theirs, at each time point after
    their first. Holds no code."""

    participant_id: str = column("Keyed pseudonym of the code by which the person was first known.", key=True)
    cohort_id: str = column("The cohort; people are looked for in their own cohort only.", key=True)
    time_point: str = column("When in the programme.", key=True, isin=TIME_POINTS)
    survey_id: str = column("The survey entry, the first of those that ask the same.", key=True)
    kind: str = column("Kind of survey.")
    how: str = column(
        "exact: the same code; tolerant: a code with a slip; accepted: a person decided so; unclear: a new code that "
        "may be somebody's, so that a person should decide.",
        isin=("exact", "tolerant", "accepted", "unclear"),
    )
    chance: float = column(
        "Chance that it is the same person, by the model of docs/linking.md; for unclear ones of the likeliest person; "
        "empty for accepted ones and where nothing is known about the parts of codes.",
        nullable=True,
        ge=0,
        le=1,
    )


class Session(Table):
    """One meeting of a cohort, from the facilitator's session log."""

    session_id: str = column("Cohort and session number.", key=True)
    cohort_id: str = column("The cohort that met.")
    session_number: int = column("Number of the session within the cohort.", ge=1, le=99)
    held_on: date = column("When the session took place.", nullable=True)
    attendance: int = column("How many people were there.", unit="people", nullable=True, ge=0, le=99)
    practices: str = column("Practices used, as listed in the session log.", nullable=True)
    adherence: int = column("Facilitator's rating of adherence to the manual.", unit="%", nullable=True, ge=0, le=100)
