"""What the tables of a release say about numbers of people, for the attacker of tests/joint.py.

The unknowns are people of one cohort: of the flow's smallest groups, and of those who are behind one figure (a
measure's n, an answer, a form). A group's number is the sum over its cohorts, and each group lies within another one.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cfc_pipeline.publish.model import ALL_COHORTS, ALL_YEARS, PublishedTable
from tests.joint import System, Terms, added

Cohort = tuple[str, str]  # year and label
Row = Mapping[str, object]
BOXES = {
    "enrolled": ("not_consented", "withdrawn", "paired", "pre_only", "post_only", "neither"),
    "consented": ("withdrawn", "paired", "pre_only", "post_only", "neither"),
    "remaining": ("paired", "pre_only", "post_only", "neither"),
    "pre": ("paired", "pre_only"),
    "post": ("paired", "post_only"),
}
ATOMS = (*BOXES["enrolled"], "mid", "follow_up")
TIMES = {"Before": "pre", "Halfway": "mid", "After": "post", "Follow-up": "follow_up"}
PERIODS = {"Before to halfway": "mid", "Before to follow-up": "follow_up"}


@dataclass(frozen=True)
class Told:
    """One count of a release: which people it counts, how many, and whether that is shown."""

    people: Terms
    count: int | None

    @property
    def shown(self) -> bool:
        return self.count is not None


def box(cohorts: Sequence[Cohort], name: str) -> Terms:
    return {("flow", part, cohort): 1.0 for cohort in cohorts for part in BOXES.get(name, (name,))}


def of(cohorts: Sequence[Cohort], *what: Hashable) -> Terms:
    return {(*what, cohort): 1.0 for cohort in cohorts}


class Release:
    """Its counts by name, and all that follows from who is part of whom."""

    def __init__(self, tables: Sequence[PublishedTable]) -> None:
        self.tables = {table.name: table for table in tables}
        flow = self.rows("response_flow")
        self.cohorts = [(str(r["academic_year"]), str(r["cohort"])) for r in flow if r["cohort"] != ALL_COHORTS]
        self.counts: dict[Hashable, Told] = {}
        for read in (self._flow, self._change, self._left, self._waves, self._impact, self._sessions):
            for name, people, count in read():
                known = self.counts.get(name)
                self.counts[name] = known if known and known.shown else Told(people, count)

    def rows(self, name: str) -> list[Row]:
        return list(self.tables[name].values.iter_rows(named=True)) if name in self.tables else []

    def within(self, row: Row) -> list[Cohort]:
        year, cohort = row["academic_year"], row.get("cohort", ALL_COHORTS)
        return [c for c in self.cohorts if year in (c[0], ALL_YEARS) and cohort in (c[1], ALL_COHORTS)]

    def system(self) -> System:
        found = System()
        for told in self.counts.values():
            if told.count is not None:
                found.equal(told.people, told.count)
            else:
                found.between(told.people, 0, float("inf"))
        for part, whole in self._parts():
            found.at_most(part, whole)
        return found

    def _flow(self) -> Iterator[tuple[Hashable, Terms, int | None]]:
        for row in self.rows("response_flow"):
            here = self.within(row)
            for name in (*BOXES, *ATOMS):
                if name in row:
                    yield ("flow", name, row["academic_year"], row["cohort"]), box(here, name), row[name]
                else:  # nobody answered at this time, anywhere
                    yield ("flow", name, row["academic_year"], row["cohort"]), box(here, name), 0

    def _change(self) -> Iterator[tuple[Hashable, Terms, int | None]]:
        for row in self.rows("cohort_outcomes"):
            measure = row["instrument"], row["subscale"]
            yield self._named("n", measure, "post", row["academic_year"], row["cohort"], row["n_paired"])
        for name in ("multi_year_outcomes", "later_outcomes"):
            for row in self.rows(name):
                measure = row["instrument"], row["subscale"]
                time = PERIODS.get(str(row.get("period")), "post")
                for column in self.tables[name].columns:
                    if column.key.endswith("_n_paired") and column.group[:2] == "20":
                        year, hidden = column.group, self.tables[name].hidden[column.key]
                        if row[column.key] is not None or hidden.null_count() < len(hidden):
                            yield self._named("n", measure, time, year, ALL_COHORTS, row[column.key])

    def _left(self) -> Iterator[tuple[Hashable, Terms, int | None]]:
        for row in self.rows("attrition"):
            measure = row["instrument"], row["subscale"]
            yield self._named("left", measure, "", row["academic_year"], ALL_COHORTS, row["n_left"])
        for row in self.rows("mixed_model"):
            if row["n_people"] is not None:
                measure = row["instrument"], row["subscale"]
                yield self._named("model", measure, "", ALL_YEARS, ALL_COHORTS, row["n_people"])
        for row in self.rows("reliable_change"):
            measure = row["instrument"], row["subscale"]
            if row["n_paired"] is not None:
                yield self._named("n", measure, "post", row["academic_year"], ALL_COHORTS, row["n_paired"])

    def _waves(self) -> Iterator[tuple[Hashable, Terms, int | None]]:
        for row in self.rows("reliability"):
            measure, time = (row["instrument"], row["subscale"]), TIMES[str(row["when"])]
            if row["n"] is not None:
                yield self._named("forms", measure, time, row["academic_year"], ALL_COHORTS, row["n"])

    def _impact(self) -> Iterator[tuple[Hashable, Terms, int | None]]:
        for row in self.rows("perceived_impact"):
            for column in self.tables["perceived_impact"].columns:
                if column.key.endswith("_n"):
                    here = self.within({"academic_year": column.group})
                    if row["answer"] == "Answered the item":
                        answers = self._answers(str(row["question"]))
                        people: Terms = {key: 1.0 for a in answers for key in of(here, "answer", row["question"], a)}
                    else:
                        people = of(here, "answer", row["question"], row["answer"])
                    yield ("answer", row["question"], row["answer"], column.group), people, row[column.key]

    def _answers(self, question: str) -> list[str]:
        rows = [r for r in self.rows("perceived_impact") if r["question"] == question]
        return [str(r["answer"]) for r in rows if r["answer"] != "Answered the item"]

    def _sessions(self) -> Iterator[tuple[Hashable, Terms, int | None]]:
        for row in self.rows("session_response"):
            if row["session_number"] != "All sessions" and row["cohort"] != ALL_COHORTS:
                here, session = self.within(row), row["session_number"]
                yield ("present", session, *here), of(here, "present", session), row["attendance"]
                yield ("sent", session, *here), of(here, "sent", session), row["forms"]
        for row in self.rows("session_feedback"):
            here, session = self.within(row), row["session_number"]
            for column in self.tables["session_feedback"].columns:
                if column.key.endswith("_n") and row[column.key] is not None:
                    name = column.key, session, row["academic_year"], row["cohort"]
                    yield name, of(here, "rated", column.key, session), row[column.key]

    def _named(
        self, kind: str, measure: object, time: str, year: object, cohort: object, count: object
    ) -> tuple[Hashable, Terms, int | None]:
        here = self.within({"academic_year": year, "cohort": cohort})
        return (kind, measure, time, year, cohort), of(here, kind, measure, time), count  # type: ignore[return-value]

    def _parts(self) -> Iterator[tuple[Terms, Terms]]:
        """Who is part of whom, in every cohort."""
        unknowns = {unknown for told in self.counts.values() for unknown in told.people}
        for cohort in self.cohorts:
            for name in ("mid", "follow_up"):
                yield box([cohort], name), box([cohort], "remaining")
        for unknown in sorted(unknowns, key=str):
            kind, cohort = unknown[0], [unknown[-1]]  # type: ignore[index]
            if kind in ("n", "forms"):
                time = unknown[2]  # type: ignore[index]
                yield {unknown: 1.0}, box(cohort, "paired" if (kind, time) == ("n", "post") else time)
                if kind == "n":
                    yield {unknown: 1.0}, box(cohort, "pre")
            if kind == "left":
                yield added({unknown: 1.0}, of(cohort, "n", unknown[1], "post")), box(cohort, "pre")  # type: ignore[index]
            if kind in ("present", "model"):
                yield {unknown: 1.0}, box(cohort, "enrolled" if kind == "present" else "remaining")
        for cohort in self.cohorts:
            for question in {str(r["question"]) for r in self.rows("perceived_impact")}:
                answers: Terms = {
                    key: 1.0 for a in self._answers(question) for key in of([cohort], "answer", question, a)
                }
                yield answers, box([cohort], "remaining")


def secrets(seen: Release, true: Release, smallest: int) -> dict[Hashable, tuple[Terms, int]]:
    """Small counts of people that are hidden. Not of those who left, as each measure counts them: how many of those
    who answered have no score is a difference of shown counts, see docs/disclosure.md."""
    return {
        name: (told.people, true.counts[name].count or 0)
        for name, told in seen.counts.items()
        if name[0] != "left" and not told.shown and 1 <= (true.counts[name].count or 0) < smallest
    }
