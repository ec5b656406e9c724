"""What people say themselves: answers to the programme's own questions, and themes of their comments."""

from schemas.tables.contract import Table, column
from schemas.tables.levels import LEVELS


class ImpactDistribution(Table):
    """How many people chose each answer to each of the programme's own perceived-impact items."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    cohort_id: str = column("The cohort, at level cohort.", nullable=True, key=True)
    academic_year: str = column("The academic year, at levels cohort and year.", nullable=True, key=True)
    instrument: str = column("The instrument.", key=True)
    item: int = column("Number of the item.", key=True)
    value: int = column("The answer's number.", key=True)
    answer: str = column("The answer's label.", label="Answer")
    n: int = column("People who chose it.", label="n", unit="people")
    base: int = column("People who answered the item.", label="Base", unit="people")
    n_schools: int = column("Schools of the people who answered the item.", unit="schools")
    percent: float = column("n of base.", label="%", unit="%", nullable=True)
    increased: bool = column(
        "Whether the answer counts as increased, by the form's key; empty where the key does not say.",
        label="Counts as increased",
        nullable=True,
    )


class ImpactShare(Table):
    """How many people gave one of the answers that count as increased, by the form's key. At level all also for each
    role group of programme.yaml."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    cohort_id: str = column("The cohort, at level cohort.", nullable=True, key=True)
    academic_year: str = column("The academic year, at levels cohort and year.", nullable=True, key=True)
    role_group: str = column("The role group, at level all; empty for everybody.", nullable=True, key=True)
    instrument: str = column("The instrument.", key=True)
    item: int = column("Number of the item.", key=True)
    n_increased: int = column("People who gave an answer that counts.", label="Increased", unit="people")
    base: int = column("People who answered the item.", label="Answered", unit="people")
    n_schools: int = column("Schools of the people who answered the item.", unit="schools")
    percent: float = column("n_increased of base.", label="%", unit="%", nullable=True)
    ci_low: float = column("Lower end of Wilson's 95 % interval of the share.", label="from", unit="%", nullable=True)
    ci_high: float = column("Upper end of that interval.", label="to", unit="%", nullable=True)


class ThemeCount(Table):
    """How many comments are of a theme, by what two coders settled on or both gave. One comment may have several."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    academic_year: str = column("The academic year, at level year.", nullable=True, key=True)
    theme: str = column("The theme; empty for all comments that were coded.", nullable=True, key=True)
    n_comments: int = column("Comments of this theme.", label="Comments", unit="comments")
    n_people: int = column(
        "At least so many people wrote them: within a cohort, those who are known, or the forms of one occasion.",
        unit="people",
    )
    n_schools: int = column("At least so many schools these people work in.", unit="schools")


class ThemeAgreement(Table):
    """How far two coders agree on a theme, before they settled anything."""

    theme: str = column("The theme; empty for all themes together.", nullable=True, key=True)
    n_both: int = column("Comments that both coded.", label="Coded by both", unit="comments")
    kappa: float = column("Cohen's kappa; empty if both said the same of every comment.", label="kappa", nullable=True)
    kappa_low: float = column("Lower end of the 95 % interval of kappa.", label="from", nullable=True)
    kappa_high: float = column("Upper end of that interval.", label="to", nullable=True)
    alpha: float = column(
        "Krippendorff's alpha for categories; over all themes a category is a whole set of themes.",
        label="alpha",
        nullable=True,
    )
