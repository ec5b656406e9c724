"""The figures that charts, the page's findings and the email pick out of published tables. They are looked up by the
tables' shape and keys here, once; a table that is not there, or is shaped otherwise, gives no figures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cfc_pipeline.publish.html import number_for_people
from cfc_pipeline.publish.layout import POSSIBLE, counted
from cfc_pipeline.publish.model import ALL_COHORTS, ALL_YEARS, Column, PublishedTable
from cfc_pipeline.publish.written import number

SCOPES = ("one cohort", "one year", "all years")
TREND = "From one session to the next"
STAGES = ("enrolled", "consented", "pre", "post", "paired")


@dataclass(frozen=True)
class Change:
    """Mean change of one measure in one column group; the three figures are None where hidden or absent."""

    instrument: str
    measure: str
    when: str
    pooled: bool
    people: int | None
    cohorts: int | None
    change: float | None
    low: float | None
    high: float | None
    column: Column
    hidden: bool
    figure: str = "mean change"
    possible: str = ""  # scores, as in "1 to 5"

    @property
    def title(self) -> str:
        return with_possible(self.measure, self.possible)

    @property
    def shown(self) -> bool:
        return self.change is not None and self.low is not None and self.high is not None

    def words(self, *, named: bool = True) -> str:
        """As in "2023/24: mean change +5.2 points (95 % interval 1.9 to 8.5); 61 people in 7 cohorts"."""
        assert self.change is not None
        assert self.low is not None
        assert self.high is not None
        low, high = (digits(end, self.column) for end in (self.low, self.high))
        who = f"{self.people:,} people" if self.people is not None else ""
        who += f" in {counted(self.cohorts, 'cohort')}" if who and self.cohorts is not None else ""
        words = f"{self.figure} {signed(self.change, self.column)} points (95 % interval {low} to {high}); {who}"
        words = words.removesuffix("; ")
        return f"{self.when}: {words}" if named else words


@dataclass(frozen=True)
class Step:
    """From one row of a chart of changes to the next, between which the trend is broken; or within one row."""

    before: str
    after: str
    what: str

    @property
    def label(self) -> str:
        return f"{self.what} changed" + (f" within {self.after}" if self.before == self.after else "")

    def words(self) -> str:
        when = "" if self.before == self.after else f" between {self.before} and {self.after}"
        return f"{self.label}{when}, see the notes under the table"


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
    """Mean rating of one question after one session, for one line of a chart; `mean` is None where hidden or absent."""

    question: str
    scope: str  # one of SCOPES
    line: str
    session: int
    mean: float | None
    written: str
    hidden: bool


def digits(value: float, column: Column) -> str:
    """A figure as the HTML tables print it."""
    return number_for_people(number(value, column), column)


def signed(value: float, column: Column) -> str:
    """The same with a plus before a rise."""
    return digits(value, column) if value <= 0 else f"+{digits(value, column)}"


def with_possible(name: str, possible: str | None) -> str:
    """A measure or question with its possible scores, as in "Resilience, 1 to 5"."""
    return f"{name}, {possible}" if possible else name


def changes(table: PublishedTable) -> Iterator[Change]:
    """Row by row, group by group: in each column group the change is the figure just before its interval."""
    for row, hidden in rows_of(table):
        texts = [row[c.key] for c in table.columns if c.kind == "text" and c.key not in (table.row_group, POSSIBLE.key)]
        measure = ", ".join(text for text in texts if text)
        for group, columns in _groups(table).items():
            place = next((i for i, c in enumerate(columns) if c.interval and i), None)
            if place is None:
                continue
            change, low, high = columns[place - 1 : place + 2]
            counts = {c.key.rpartition("_n_")[2]: row[c.key] for c in columns if c.kind == "count"}
            yield Change(
                instrument=row[table.row_group] if table.row_group else "",
                measure=measure,
                when=group,
                pooled="pooled" in group.lower(),
                people=counts.get("paired"),
                cohorts=counts.get("cohorts"),
                change=row[change.key],
                low=row[low.key],
                high=row[high.key],
                column=change,
                hidden=hidden[change.key] is not None,
                possible=row.get(POSSIBLE.key) or "",
            )


def steps(table: PublishedTable, instrument: str, when: Sequence[str]) -> list[Step]:
    """The breaks of one instrument among the column groups of `when`, in their order. One that ends with a group that
    is not there, or begins before all of them, cannot be drawn; its note says it all the same."""
    found = [b for b in table.breaks if b.rows == instrument and b.after in when and any(w <= b.before for w in when)]
    return [Step(b.before, b.after, b.what) for b in sorted(found, key=lambda b: when.index(b.after))]


def stages(table: PublishedTable) -> Iterator[Stage]:
    """The last row of each row group, which is its total, at the stages from enrolled to paired."""
    last = {row.get(table.row_group, ""): (row, hidden) for row, hidden in rows_of(table)}
    for group, (row, hidden) in last.items():
        for column in (c for key in STAGES for c in table.columns if c.key == key):
            yield Stage(group, column.key, column.label, row[column.key], hidden[column.key] is not None)


def ratings(table: PublishedTable) -> Iterator[Rating]:
    """Every mean rating of the table: a column group for each question, a row for each cohort (or year) and session."""
    means = {group: c for group, columns in _groups(table).items() for c in columns if c.key.endswith("_mean")}
    for row, hidden in rows_of(table):
        session, year, cohort = (row.get(key) for key in ("session_number", "academic_year", "cohort"))
        if session is None:
            continue
        scope = SCOPES[0] if cohort != ALL_COHORTS else SCOPES[1] if year != ALL_YEARS else SCOPES[2]
        line = f"{year} {cohort}" if scope == SCOPES[0] else str(year)
        for question, column in means.items():
            mean, is_hidden = row[column.key], hidden[column.key] is not None
            written = "" if mean is None else digits(mean, column)
            yield Rating(question, scope, line, int(session), mean, written, is_hidden)


def slopes(table: PublishedTable) -> Iterator[Change]:
    """From one session to the next, of each year and all years: rows of `session_trend` that are of no cohort."""
    columns = {column.key: column for column in table.columns}
    for row, hidden in rows_of(table):
        if row.get("cohort") == ALL_COHORTS:
            yield Change(
                instrument=TREND,
                measure=row["question"],
                when=row["academic_year"],
                pooled=row["academic_year"] == ALL_YEARS,
                people=None,
                cohorts=row["n_cohorts"],
                change=row["slope"],
                low=row["slope_low"],
                high=row["slope_high"],
                column=columns["slope"],
                hidden=hidden["slope"] is not None,
                figure="change of the mean rating from one session to the next",
            )


def rows_of(table: PublishedTable) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each row's values, and the reasons for what is hidden in it."""
    return zip(table.values.iter_rows(named=True), table.hidden.iter_rows(named=True), strict=True)


def _groups(table: PublishedTable) -> dict[str, list[Column]]:
    groups: dict[str, list[Column]] = {}
    for column in table.columns:
        if column.group:
            groups.setdefault(column.group, []).append(column)
    return groups
