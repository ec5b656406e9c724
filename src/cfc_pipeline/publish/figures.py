"""The figures that charts, the page's findings and the email pick out of published tables. They are looked up by the
tables' shape and keys here, once; a table that is not there, or is shaped otherwise, gives no figures."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cfc_pipeline.publish.html import number_for_people
from cfc_pipeline.publish.model import Column, PublishedTable
from cfc_pipeline.publish.written import number

STAGES = ("enrolled", "consented", "pre", "post", "paired")


@dataclass(frozen=True)
class Change:
    """Mean change of one measure in one column group; the three figures are None where hidden or absent."""

    instrument: str
    measure: str
    when: str
    pooled: bool
    people: int | None  # or, when pooled, cohorts
    change: float | None
    low: float | None
    high: float | None
    column: Column
    hidden: bool

    @property
    def shown(self) -> bool:
        return self.change is not None and self.low is not None and self.high is not None

    def words(self, *, named: bool = True) -> str:
        """As in "2023/24: mean change +5.2 points (95 % interval 1.9 to 8.5), 61 people"."""
        assert self.change is not None
        assert self.low is not None
        assert self.high is not None
        low, high = (_digits(end, self.column) for end in (self.low, self.high))
        who = "" if self.people is None else f", {self.people:,} {'cohorts' if self.pooled else 'people'}"
        words = f"mean change {signed(self.change, self.column)} points (95 % interval {low} to {high}){who}"
        return f"{self.when}: {words}" if named else words


@dataclass(frozen=True)
class Stage:
    """One count of the flow of people; `people` is None where hidden."""

    group: str
    key: str
    label: str
    people: int | None
    hidden: bool


@dataclass(frozen=True)
class Rating:
    question: str
    year: str
    session: int
    mean: float | None
    written: str
    hidden: bool


def signed(value: float, column: Column) -> str:
    digits = _digits(value, column)
    return digits if value <= 0 else f"+{digits}"


def changes(table: PublishedTable) -> Iterator[Change]:
    """Row by row, group by group. In each column group the change is the figure just before its interval, and the
    first count says how many people, or cohorts, are behind it."""
    for row, hidden in _rows(table):
        texts = [row[c.key] for c in table.columns if c.kind == "text" and c.key != table.row_group]
        measure = ", ".join(text for text in texts if text)
        for group, columns in _groups(table).items():
            place = next((i for i, c in enumerate(columns) if c.interval and i), None)
            if place is None:
                continue
            change, low, high = columns[place - 1 : place + 2]
            count = next((c.key for c in columns if c.kind == "count"), None)
            yield Change(
                instrument=row[table.row_group] if table.row_group else "",
                measure=measure,
                when=group,
                pooled="pooled" in group.lower(),
                people=row[count] if count else None,
                change=row[change.key],
                low=row[low.key],
                high=row[high.key],
                column=change,
                hidden=hidden[change.key] is not None,
            )


def stages(table: PublishedTable) -> Iterator[Stage]:
    """The last row of each row group, which is its total, at the stages from enrolled to paired."""
    last = {row.get(table.row_group, ""): (row, hidden) for row, hidden in _rows(table)}
    for group, (row, hidden) in last.items():
        for column in (c for key in STAGES for c in table.columns if c.key == key):
            yield Stage(group, column.key, column.label, row[column.key], hidden[column.key] is not None)


def ratings(table: PublishedTable) -> Iterator[Rating]:
    """Rows with a session number and a mean; the year is the row group. Cohorts' own rows are left to the table."""
    keys = {c.key: c for c in table.columns}
    if not {"session_number", "question", "mean"} <= keys.keys():
        return
    for row, hidden in _rows(table):
        mean = row["mean"]
        written = "" if mean is None else _digits(mean, keys["mean"])
        year = row.get(table.row_group, "")
        yield Rating(row["question"], year, row["session_number"], mean, written, hidden["mean"] is not None)


def _rows(table: PublishedTable) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    return zip(table.values.iter_rows(named=True), table.hidden.iter_rows(named=True), strict=True)


def _groups(table: PublishedTable) -> dict[str, list[Column]]:
    groups: dict[str, list[Column]] = {}
    for column in table.columns:
        if column.group:
            groups.setdefault(column.group, []).append(column)
    return groups


def _digits(value: float, column: Column) -> str:
    return number_for_people(number(value, column), column)
