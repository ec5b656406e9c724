"""Who answered and when, and what is known of those who answered before only."""

from schemas.tables.contract import Table, column
from schemas.tables.levels import LEVELS


class ResponseFlow(Table):
    """Where everyone went. enrolled = consented + not_consented; consented = withdrawn + remaining;
    remaining = paired + pre_only + post_only + neither; pre = paired + pre_only; post = paired + post_only."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    cohort_id: str = column("The cohort, at level cohort.", nullable=True, key=True)
    academic_year: str = column("The academic year, at levels cohort and year.", nullable=True, key=True)
    n_schools: int = column("Schools of the enrolled people.", label="Schools", unit="schools")
    enrolled: int = column(
        "People on the roster, or known by a code that they made themselves.", label="Enrolled", unit="people"
    )
    not_consented: int = column("People who did not agree to the evaluation.", label="No consent", unit="people")
    consented: int = column("People who agreed to the evaluation.", label="Consented", unit="people")
    withdrawn: int = column("People who agreed and withdrew later.", label="Withdrew", unit="people")
    remaining: int = column("People who agreed and did not withdraw.", label="Remaining", unit="people")
    pre: int = column("Remaining people with a counted scale response before.", label="Before", unit="people")
    mid: int = column("... halfway.", label="Halfway", unit="people")
    post: int = column("... after.", label="After", unit="people")
    follow_up: int = column("... at follow-up.", label="Follow-up", unit="people")
    paired: int = column("Remaining people with both before and after.", label="Both", unit="people")
    pre_only: int = column("Remaining people with before only.", label="Before only", unit="people")
    post_only: int = column("Remaining people with after only.", label="After only", unit="people")
    neither: int = column("Remaining people with neither.", label="Neither", unit="people")


class Attrition(Table):
    """People with a score before: those with one after (stayed) beside those without (left), in cohorts where anybody
    has answered after; and what the mean change could have been if those who left had been counted."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    cohort_id: str = column("The cohort, at level cohort.", nullable=True, key=True)
    academic_year: str = column("The academic year, at levels cohort and year.", nullable=True, key=True)
    instrument: str = column("The instrument.", key=True)
    subscale: str = column("The subscale.", key=True)
    n_stayed: int = column("People with a score before and after.", label="n", unit="people")
    n_left: int = column("People with a score before and none after.", label="n", unit="people")
    left_schools: int = column("Schools of those who left.", unit="schools")
    stayed_mean: float = column("Mean score before, of those who stayed.", label="Mean", nullable=True)
    stayed_sd: float = column("Standard deviation before, of those who stayed (n - 1).", label="SD", nullable=True)
    left_mean: float = column("Mean score before, of those who left.", label="Mean", nullable=True)
    left_sd: float = column("Standard deviation before, of those who left (n - 1).", label="SD", nullable=True)
    difference: float = column("Mean of those who left, less that of those who stayed.", nullable=True)
    ci_low: float = column("Lower end of Welch's 95 % interval of the difference.", nullable=True)
    ci_high: float = column("Upper end of that interval.", nullable=True)
    g: float = column("Difference / pooled SD, times Hedges' exact correction.", label="g", nullable=True)
    mean_change: float = column("Mean change of those who stayed, as in paired_change.", nullable=True)
    if_unchanged: float = column("Mean change of all if those who left had not changed.", nullable=True)
    if_worst: float = column("Mean change of all if those who left had come to the worst score.", nullable=True)
    would_need: float = column(
        "Mean change of those who left at which the mean change of all would be 0.", nullable=True
    )


class AttritionSupport(Table):
    """How many people of each school left each cohort, by measure; what disclosure control counts."""

    instrument: str = column("The instrument.", key=True)
    subscale: str = column("The subscale.", key=True)
    cohort_id: str = column("The cohort.", key=True)
    academic_year: str = column("The academic year of the cohort.")
    school_id: str = column("The school; a person without a known school stands for themselves.", key=True)
    n: int = column("People with a score before and none after.", unit="people")
