"""What two releases say together. One person's answers came or went between them: then two shown sums differ by what
that person answered, although each release alone gives nobody away."""

from collections.abc import Mapping, Sequence
from typing import Any

from cfc_pipeline.disclosure.profile import Profile
from cfc_pipeline.publish.model import Column, PublishedTable
from cfc_pipeline.publish.written import figures

# Counts, but not of people or of their forms; and rows of files, of which no mean is shown.
_NOT_PEOPLE = ("n_schools", "n_cohorts", "n_clusters", "n_sessions", "tests", "lowest_item")
_NOT_COMPARED = ("data_quality", "session_adherence", "approved_comments")
Row = Mapping[str, Any]


def figures_of_few(before: Sequence[PublishedTable], now: Sequence[PublishedTable], profile: Profile) -> int:
    """How many figures both releases show, with different values, of groups that differ by too few people: a count by
    fewer than the smallest that may be shown, any other figure by fewer people than an estimate needs.

    Where n is the same and a mean is not, an answer was corrected, or somebody came and somebody else went. A release
    in which nothing is hidden is not compared.
    """
    if any(table.off_because for table in (*before, *now)):
        return 0
    earlier = {table.name: table for table in before if table.name not in _NOT_COMPARED}
    return sum(_of_table(earlier[table.name], table, profile) for table in now if table.name in earlier)


def _of_table(before: PublishedTable, now: PublishedTable, profile: Profile) -> int:
    earlier = {_key(row, before): row for row in before.values.iter_rows(named=True)}
    rows = ((earlier.get(_key(row, now)), row) for row in now.values.iter_rows(named=True))
    return sum(_of_row(old, row, now, profile) for old, row in rows if old)


def _key(row: Row, table: PublishedTable) -> tuple[Any, ...]:
    return tuple(row[column.key] for column in table.columns if column.kind == "text")


def _of_row(old: Row, new: Row, table: PublishedTable, profile: Profile) -> int:
    both = [c for c in figures(table) if old.get(c.key) is not None and new[c.key] is not None]
    people = {c: abs(new[c.key] - old[c.key]) for c in both if c.kind == "count" and not c.key.endswith(_NOT_PEOPLE)}
    few = len([moved for moved in people.values() if 0 < moved < profile.smallest_count])
    changed = [c for c in both if c.kind != "count" and new[c.key] != old[c.key]]
    return few + len([c for c in changed if _few_behind(c, people, profile)])


def _few_behind(figure: Column, people: Mapping[Column, int], profile: Profile) -> bool:
    """Whether a figure may have changed by the answers of a few: by the numbers of people under the same heading, or in
    the row if there are none. Where none is shown in both releases nobody can say that they are enough."""
    moved = [n for c, n in people.items() if c.group == figure.group] or list(people.values())
    return not any(moved) or any(0 < n < profile.people_behind_estimate for n in moved)
