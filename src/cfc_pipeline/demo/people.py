"""Invented people, schools and cohorts of the synthetic programme.

Nobody here exists. First names, surnames and school names are put together from made-up parts, so that a byte scan for
any of them can only hit the demo's own data; addresses end in example.org, which belongs to no one (RFC 2606).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

FIRST_NAMES = (
    "Aldwena", "Brisco", "Calvane", "Dorrith", "Elvane", "Ferrick", "Gwenora", "Harlune", "Isolde-Mae", "Jorvane",
    "Kestria", "Lorquin", "Maelis", "Nerrow", "Orvella", "Perrin-Jo", "Quenby", "Rosvane", "Sorrel-Ann",
    "Tavish-Lee", "Ulvena", "Verrick", "Wynthea", "Xandrin", "Yrsolde", "Zephrin",
)  # fmt: skip
_SURNAME_STARTS = (
    "Quill", "Bramble", "Thistle", "Wickle", "Fennel", "Ember", "Tarrow", "Gossa", "Marl", "Pindle", "Corvin",
    "Dapple", "Hether", "Ludd", "Nettle", "Orchle",
)  # fmt: skip
_SURNAME_ENDS = (
    "featherby", "oddingham", "urstwhile", "ackenhay", "izzlecombe", "orthwaite", "inglemarch", "estringay",
    "ullivant",
)  # fmt: skip
_SCHOOL_STARTS = (
    "Zephyrwick", "Umbrilthorpe", "Quartzenham", "Velloway", "Jasperine", "Oxlorne", "Fablewick", "Gildamere",
    "Hollisand", "Ivorlight", "Kelpstone", "Larkenfell", "Mistlemoor", "Novareach", "Opalbank", "Pewterdale",
    "Rivenhythe", "Saffronlea", "Tumblewold", "Underfell", "Vesperholt", "Willowmarch", "Yarrowdene", "Zennorcroft",
    "Amberlune", "Birchenvale", "Cobblewyn", "Dunlinshaw", "Elderfleet", "Foxenglade",
)  # fmt: skip
_ROLES = ("Headteacher", "Deputy headteacher", "Assistant headteacher")
_PHASES = ("Primary", "Secondary", "Special")


@dataclass(frozen=True)
class Cohort:
    """One cohort of the demo; `schools` is how many different schools its people come from."""

    id: str
    label: str
    academic_year: str
    size: int
    schools: int
    region: str
    on_roster: bool = True

    @property
    def start(self) -> date:
        return date(int(self.academic_year[:4]), 10, 2)

    @property
    def end(self) -> date:
        return date(int(self.academic_year[:4]) + 1, 6, 26)


@dataclass(frozen=True)
class Person:
    """One invented person. `missing` names the time points at which they do not answer."""

    cohort: Cohort
    code: str
    own_code: str
    first_name: str
    last_name: str
    school: str
    role: str
    phase: str
    consent: bool = True
    withdrawn_on: date | None = None
    missing: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def email(self) -> str:
        return f"{self.first_name}.{self.last_name}@schools.example.org".lower()

    @property
    def consent_date(self) -> date:
        return self.cohort.start - timedelta(days=10 + len(self.last_name) % 9)


COHORTS = (
    Cohort("2023-north", "North", "2023/24", 16, 13, "North East"),
    Cohort("2023-coast", "Coast", "2023/24", 13, 2, "South West"),  # two schools only: every figure must be hidden
    Cohort("2023-city", "City", "2023/24", 16, 13, "London"),
    Cohort("2023-partner", "Partner trust", "2023/24", 9, 9, "Wales", on_roster=False),  # fewer than 8 in pairs
    Cohort("2024-north", "North", "2024/25", 16, 13, "North East"),
    Cohort("2024-vale", "Vale", "2024/25", 14, 11, "South East"),
    Cohort("2024-city", "City", "2024/25", 16, 13, "London"),
    Cohort("2025-north", "North", "2025/26", 15, 12, "North East"),
    Cohort("2025-vale", "Vale", "2025/26", 14, 11, "South East"),
    Cohort("2025-moor", "Moor", "2025/26", 13, 10, "East Midlands"),
)
UNANIMOUS = "2024-vale"  # everyone gives the same answer to the last perceived-impact item
LOW_RESPONSE = "2025-moor"  # few people fill in the form after a session
# Who does not answer, as a share of the cohort. Between 10 and 25 %, as in groups like these.
ATTRITION = {"pre": 0.05, "mid": 0.25, "post": 0.15, "follow_up": 0.34}


def invent_people(seed: int) -> list[Person]:
    """Everyone in every cohort, in roster order. Surnames are unique, so that each can be searched for."""
    rng = Random(f"{seed} people")  # noqa: S311 - invented people need no secrets
    surnames = [start + end for start in _SURNAME_STARTS for end in _SURNAME_ENDS]
    rng.shuffle(surnames)
    codes = rng.sample(range(2000, 9999), len(surnames))
    people: list[Person] = []
    for cohort in COHORTS:
        people += _invent_cohort(cohort, surnames[len(people) :], codes[len(people) :], rng)
    return people


def school_names(cohort: Cohort) -> list[str]:
    """The cohort's schools. Cohorts of one region share some over the years, as real programmes do."""
    first = sum(map(ord, cohort.region)) % len(_SCHOOL_STARTS)
    starts = [_SCHOOL_STARTS[(first + i) % len(_SCHOOL_STARTS)] for i in range(cohort.schools)]
    return [f"{start} {_kind_of_school(i)}" for i, start in enumerate(starts)]


def _kind_of_school(i: int) -> str:
    return ("Primary School", "Academy", "Church of England Primary School", "School")[i % 4]


def _invent_cohort(cohort: Cohort, surnames: list[str], codes: list[int], rng: Random) -> list[Person]:
    schools = school_names(cohort)
    absent = {point: set(_absent(cohort, share, rng)) for point, share in ATTRITION.items()}
    return [
        Person(
            cohort=cohort,
            code=f"HL-{codes[i]}",
            own_code=f"{surnames[i][-2:]}{rng.randrange(10, 29)}{surnames[i][:3]}{rng.randrange(100, 999)}".lower(),
            first_name=rng.choice(FIRST_NAMES),
            last_name=surnames[i],
            school=schools[i % len(schools)],
            role=_ROLES[min(i * 3 // cohort.size, 2)],
            phase=_PHASES[i % len(schools) % 3],
            # The last person of a cohort of even size did not agree, but fills in the forms all the same.
            consent=not (cohort.size % 2 == 0 and i == cohort.size - 1),
            withdrawn_on=cohort.start + timedelta(days=120) if _withdraws(cohort, i) else None,
            missing=frozenset(point for point in ATTRITION if i in absent[point]),
        )
        for i in range(cohort.size)
    ]


def _withdraws(cohort: Cohort, i: int) -> bool:
    return cohort.on_roster and cohort.size >= 15 and i == cohort.size - 2


def _absent(cohort: Cohort, share: float, rng: Random) -> list[int]:
    return rng.sample(range(cohort.size - 2), max(1, round(share * cohort.size)))
