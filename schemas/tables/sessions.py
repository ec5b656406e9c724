"""The sessions: how they were rated, how many of those present answered, how closely they followed the manual."""

from schemas.tables.contract import Table, column
from schemas.tables.levels import LEVELS


class FeedbackSummary(Table):
    """Mean rating of each question for each cohort and session (level cohort), and for each session number over all
    cohorts of a year (level year) and of all years (level all)."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    cohort_id: str = column("The cohort, at level cohort.", nullable=True, key=True)
    academic_year: str = column("The academic year, at levels cohort and year.", nullable=True, key=True)
    session_number: int = column("Session within the cohort.", label="Session", key=True)
    question: str = column("Short name of the rated question.", key=True)
    n: int = column("Forms with this rating.", label="n", unit="forms")
    n_schools: int = column("Schools of the cohorts' enrolled people; anonymous forms name no school.", unit="schools")
    attendance: int = column("People present, from the session log.", label="Present", unit="people", nullable=True)
    mean: float = column("Mean rating.", label="Mean", nullable=True)
    sd: float = column("Standard deviation (n - 1).", label="SD", nullable=True)


class SessionTrend(Table):
    """Level and trend of each question over the sessions: of a cohort, from the mean ratings of its sessions; of a year
    and all years, pooled over cohorts. Cohorts with mean ratings of at least three sessions."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    cohort_id: str = column("The cohort, at level cohort.", nullable=True, key=True)
    academic_year: str = column("The academic year, at levels cohort and year.", nullable=True, key=True)
    question: str = column("Short name of the rated question.", key=True)
    n_cohorts: int = column("Cohorts.", label="Cohorts", unit="cohorts")
    n_sessions: int = column("Sessions of these cohorts with a mean rating.", label="Sessions", unit="sessions")
    mean: float = column("Mean over sessions of the mean rating; above cohorts, pooled.", label="Mean", nullable=True)
    mean_low: float = column("Lower end of its 95 % interval.", nullable=True)
    mean_high: float = column("Upper end of its 95 % interval.", nullable=True)
    slope: float = column("Change of the mean rating from one session to the next, by a straight line.", nullable=True)
    slope_low: float = column("Lower end of its 95 % interval.", nullable=True)
    slope_high: float = column("Upper end of its 95 % interval.", nullable=True)
    sd_forms: float = column("Standard deviation between the forms of one session.", nullable=True)
    sd_sessions: float = column("Standard deviation between the mean ratings of a cohort's sessions.", nullable=True)
    sd_cohorts: float = column("Standard deviation between the cohorts' true means, above cohorts.", nullable=True)


class SessionResponse(Table):
    """How many of those present sent a form with any rating: for each session of a cohort, and (no session number) over
    all sessions of a cohort, a year and all years of which both counts are known."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    cohort_id: str = column("The cohort, at level cohort.", nullable=True, key=True)
    academic_year: str = column("The academic year, at levels cohort and year.", nullable=True, key=True)
    session_number: int = column("Session; empty for totals.", label="Session", nullable=True, key=True)
    n_sessions: int = column("Sessions in the row.", label="Sessions", unit="sessions")
    n_schools: int = column("Schools of the cohort's enrolled people; of totals, of the largest.", unit="schools")
    forms: int = column("Forms with any rating.", label="Forms", unit="forms", nullable=True)
    attendance: int = column("People present, from the session log.", label="Present", unit="people", nullable=True)
    percent: float = column("Forms of people present; above 100 where a count is wrong.", unit="%", nullable=True)
    ci_low: float = column("Lower end of Wilson's 95 % interval, for single sessions.", unit="%", nullable=True)
    ci_high: float = column("Upper end of that interval.", unit="%", nullable=True)


class SessionAdherence(Table):
    """How closely sessions followed the manual, as facilitators rate it themselves in the session log."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    cohort_id: str = column("The cohort, at level cohort.", nullable=True, key=True)
    academic_year: str = column("The academic year, at levels cohort and year.", nullable=True, key=True)
    n_cohorts: int = column("Cohorts with any rating.", label="Cohorts", unit="cohorts")
    n_sessions: int = column("Their sessions in the log.", label="Sessions", unit="sessions")
    n_rated: int = column("Of these, sessions with a rating.", label="Rated", unit="sessions")
    adherence: float = column("Mean over cohorts of the mean rating of their sessions.", label="Adherence", unit="%")
