"""What a survey tool knows in a test: one form, and synthetic people who answered it. Servers show it their own way."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

LABELS = {1: "Strongly disagree", 2: "Disagree", 3: "Neutral", 4: "Agree", 5: "Strongly agree"}
ITEMS = {number: f"Synthetic item {number}, with a comma; and “quotes”" for number in range(1, 7)}
COMMENT = "What helped?"
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Given:
    """One response. `number` is its place in the order of arrival; each server makes its own kind of id of it."""

    number: int
    email: str
    submitted: datetime
    changed: datetime
    answers: dict[int, int]  # item: number of its label; an item that was left out is not here
    comment: str = ""
    complete: bool = True
    test: bool = False

    @property
    def code(self) -> str:
        """What the programme gave out, for tools that know no addresses."""
        return f"C{self.number}"


@dataclass
class World:
    """The tool's own database. `asked` counts requests for responses; `now` is the time of the next change."""

    given: dict[int, Given] = field(default_factory=dict)
    items: dict[int, str] = field(default_factory=lambda: dict(ITEMS))
    labels: dict[int, str] = field(default_factory=lambda: dict(LABELS))  # code that the tool gives: label
    now: datetime = START
    deleted: dict[int, Given] = field(default_factory=dict)

    def add(self, number: int, **also: object) -> None:
        answers = {item: (number + item) % 5 + 1 for item in ITEMS}
        one = Given(
            number, f"person{number}@school.example", self.tick(), self.now, answers, f"It helped {number} times"
        )
        self.given[number] = replace(one, **also)  # type: ignore[arg-type]

    def edit(self, number: int, **also: object) -> None:
        """The person, or somebody in the tool, changed a response."""
        self.given[number] = replace(self.given[number], changed=self.tick(), **also)  # type: ignore[arg-type]

    def delete(self, number: int) -> None:
        self.deleted[number] = self.given.pop(number)

    def tick(self) -> datetime:
        self.now += timedelta(minutes=7)
        return self.now

    def by_change(self) -> list[Given]:
        return sorted(self.given.values(), key=lambda one: (one.changed, one.number))


def people(count: int) -> World:
    world = World()
    for number in range(1, count + 1):
        world.add(number)
    return world
