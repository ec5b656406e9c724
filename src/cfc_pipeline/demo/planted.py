"""Personal data planted on purpose, in every place where a survey tool can carry it, and the list to search for it.

None of it belongs to anyone: addresses are example domains (RFC 2606), internet addresses come from the range reserved
for documentation (RFC 5737), telephone numbers from those that Ofcom keeps for drama, AB 12 34 56 C is the example that
HMRC prints. Postcodes that begin with ZZ are not given out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cfc_pipeline.demo.people import Person

# The tools' own columns, by the name that layouts.Submission.extra uses.
SYSTEM = {
    "ip": "203.0.113.177",
    "latitude": "54.97743117",
    "longitude": "-1.61783917",
    "user_agent": "CanaryBrowser/9.77 (SyntheticPhone)",
    "referer": "https://intranet.canary-trust.example/staff/417",
    "external_reference": "XREF-CANARY-40417",
    "collector": "70417041799",
    "seed": "1704170417",
    "custom": "CUSTOM-CANARY-55417",
}
TOKEN = "tokCanary9x7417"  # noqa: S105 - an access code that opens nothing
UNKNOWN_HEADER = "Line manager (Mx Canaryheader-Foxthorpe)"
UNKNOWN_CELL = "Mx Canarycell-Foxthorpe, room 417"
UNLISTED_ADDRESS = "Nobody.Onroster@canary-mail.example"
UNLISTED_LABEL = "Canary answer that is no label"
MISPELT_DOMAIN = "schools.exmaple.org"
FILE_ADDRESS = "pa.to.canary@office.example.org"
# What people type into free text although they were asked not to. What stands in braces is from the roster.
COMMENTS = (
    "I would like to thank {name} for listening so well.",
    "A word from {first} on the way out kept me going all week.",
    "Since {school} joined us it feels safer to say what is hard.",
    "Ring me on 07700 900417, or at the office: 0191 498 0417.",
    "More reading please, send it to canary.person@mailbox.example or @canary_head_417.",
    "We met at ZZ99 3WZ. Notes are on https://canary-blog.example/post/417 for everyone.",
    "They wanted my number, AB 12 34 56 C, before I could join.",
    "Mrs Hawthornquist made this half term harder than it had to be.",
    "Two things helped:\n1. the pauses\n2. hearing {surname} say the same.",
    '=HYPERLINK("https://canary-link.example/417","Certificate")',
)
_IN_COMMENTS = (
    "07700 900417",
    "0191 498 0417",
    "canary.person@mailbox.example",
    "canary_head_417",
    "ZZ99 3WZ",
    "canary-blog.example",
    "AB 12 34 56 C",
    "Hawthornquist",
    "canary-link.example",
)
PLAIN_COMMENTS = (
    "The pace was right and the group was kind.",
    "More time for the breathing practice would help.",
    "I could try the listening exercise the next morning.",
    "Please keep the room, it is quiet.",
)


@dataclass(frozen=True)
class DemoFile:
    """One file in the inbox. `dirt` counts the rows of each kind that were planted in it."""

    name: str
    survey: str
    rows: int  # records after the header, as the tool wrote them, empty ones included
    dirt: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Planted:
    """What build_demo made. None of `values` may be in anything that the pipeline stores openly, prints or sends."""

    folder: Path
    files: tuple[DemoFile, ...]
    values: list[str]

    def count(self, kind: str) -> int:
        """Rows of one kind of dirt over all files."""
        return sum(file.dirt.get(kind, 0) for file in self.files)


def personal_values(people: Sequence[Person], times: Sequence[str]) -> list[str]:
    """Everything that may not leave, without repeats. Exact times are given as the exports write them."""
    on_roster = [p for p in people if p.cohort.on_roster]
    values = [
        *SYSTEM.values(),
        TOKEN,
        "Canaryheader-Foxthorpe",
        "Canarycell-Foxthorpe",
        *UNLISTED_ADDRESS.split("@"),
        UNLISTED_LABEL,
        MISPELT_DOMAIN,
        FILE_ADDRESS,
        *_IN_COMMENTS,
        *(p.email for p in on_roster),
        *(p.name for p in on_roster),
        *(p.first_name for p in on_roster),
        *(p.last_name for p in on_roster),
        *(p.school for p in on_roster),
        *(p.school.split()[0] for p in on_roster),
        *(p.code for p in on_roster),
        *(p.own_code for p in people if not p.cohort.on_roster and not {"pre", "post"} <= p.missing),
        *times,
    ]
    return list(dict.fromkeys(values))
