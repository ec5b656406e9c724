"""Single scores: how well their items hang together, and how many people changed reliably."""

from schemas.tables.contract import Table, column
from schemas.tables.levels import LEVELS
from schemas.tables.people import TIME_POINTS


class Reliability(Table):
    """How well the items of each score hang together at each time point: over one academic year (level year) and over
    all (level all), among counted scale forms in which every item of the score was answered. With fewer than 30 forms
    these figures say next to nothing; no release shows them then."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    academic_year: str = column("The academic year, at level year.", nullable=True, key=True)
    instrument: str = column("The instrument.", key=True)
    subscale: str = column("The subscale.", key=True)
    time_point: str = column("When in the programme.", isin=TIME_POINTS, key=True)
    n: int = column("Forms with an answer to every item; a person has one.", label="n", unit="forms")
    n_schools: int = column("Schools of the people who sent them.", unit="schools")
    n_items: int = column("Items of the score.", label="Items", unit="items")
    alpha: float = column("Cronbach's alpha, of the items as they are scored.", label="alpha", nullable=True)
    alpha_low: float = column("Lower end of Feldt's 95 % interval of alpha.", nullable=True)
    alpha_high: float = column("Upper end of Feldt's 95 % interval of alpha.", nullable=True)
    omega: float = column(
        "McDonald's omega of the sum of the items, one factor, by least squares of the correlations (minres). Empty "
        "for fewer than three items, and where one factor has no proper solution.",
        label="omega",
        nullable=True,
    )
    item_rest_mean: float = column(
        "Mean over the items of the correlation of each with the sum of the others.",
        label="Mean item-rest r",
        nullable=True,
    )
    item_rest_lowest: float = column("The lowest of these.", label="Lowest", nullable=True)
    lowest_item: int = column("Number of the item that has it.", label="Its item", nullable=True)


class ReliableChange(Table):
    """How many people's scores changed by more than error of measurement, over one academic year (level year) and over
    all (level all). Counts are empty where there is no rule. n_paired = recovered + improved + unchanged +
    deteriorated."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    academic_year: str = column("The academic year, at level year.", nullable=True, key=True)
    instrument: str = column("The instrument.", key=True)
    subscale: str = column("The subscale.", key=True)
    from_time_point: str = column("Time point before.", key=True)
    to_time_point: str = column("Time point after.", key=True)
    n_paired: int = column("People with a score at both time points.", label="n", unit="people")
    n_schools: int = column("Schools that these people work in.", unit="schools")
    recovered: int = column(
        "People who improved reliably and crossed the cut-off; empty without a cut-off.",
        label="Recovered",
        unit="people",
        nullable=True,
    )
    improved: int = column("People who improved reliably without that.", label="Improved", unit="people", nullable=True)
    unchanged: int = column("People without reliable change.", label="Unchanged", unit="people", nullable=True)
    deteriorated: int = column("People who got reliably worse.", label="Got worse", unit="people", nullable=True)
    harmed: int = column("Of these, people who crossed the cut-off.", unit="people", nullable=True)
    threshold: float = column("How large a change must be.", unit="points", nullable=True)
    at_least: bool = column("Whether a change of just that size is reliable.", nullable=True)
    from_expected: bool = column(
        "Whether change is counted from the score expected without any, nearer to the mean than the one before.",
        nullable=True,
    )
    cut_off: float = column("Score between cases and others.", unit="points", nullable=True)
    rule: str = column("The rule: which method, reliability, SD and z, on whose word; or why there is none.")
