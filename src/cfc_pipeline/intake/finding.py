"""What a new file is, as far as its names and shapes tell, and what each of its columns is for.

Every column has one use only: an item, a person, a hint for a setting, a comment, a rating that nobody knows, or none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from cfc_pipeline.intake import guess
from cfc_pipeline.programme import Programme
from cfc_pipeline.sources.forms import form
from cfc_pipeline.sources.raw import SUBMITTED, TEST, RawColumn, RawTable
from schemas.fields import DAYS
from schemas.instruments import Instrument

KINDS = {"scale": "scale", "distribution": "perceived_impact", "ratings": "session_feedback"}
TABLES = ("roster", "session_log")


@dataclass(frozen=True)
class Finding:
    """A file beside the programme that it came to. Everything else is worked out from these three, when it is asked."""

    raw: RawTable
    programme: Programme
    instruments: Mapping[str, Instrument]

    @cached_property
    def rows(self) -> pl.DataFrame:
        """All rows but previews and tests. Personal."""
        return self.raw.rows.filter(~pl.col(TEST)).collect()

    def cells(self, column: RawColumn) -> pl.Series:
        return self.rows.get_column(column.key)

    @cached_property
    def shapes(self) -> dict[str, guess.Shape]:
        return {column.key: guess.shape(self.cells(column)) for column in self.raw.columns}

    @cached_property
    def blocks(self) -> guess.Blocks:
        return guess.find_blocks([c for c in self.raw.columns if not c.system], self.instruments)

    @cached_property
    def others(self) -> list[RawColumn]:
        """Questions that are no items."""
        items = {column.key for block in self.blocks.whole.values() for column in block.values()}
        return [column for column in self.raw.columns if not column.system and column.key not in items]

    @cached_property
    def kind(self) -> str | None:
        """None when the file holds nothing that is known, or several kinds of things."""
        kinds = {KINDS[self.instruments[key].kind] for key in self.blocks.whole}
        if kinds or self.raw.tool != "table":
            return kinds.pop() if len(kinds) == 1 else None
        roster = guess.by_heading(self.others, guess.names().roster)
        if len(roster.keys() & {"email", "code", "school", "cohort", "consent"}) >= 3:
            return "roster"
        log = guess.by_heading(self.others, guess.names().session_log)
        return "session_log" if "session" in log and log.keys() & {"attendance", "practices", "adherence"} else None

    @property
    def is_table(self) -> bool:
        """Rosters and session logs; everything else is a questionnaire."""
        return self.kind in TABLES

    @cached_property
    def fields(self) -> dict[str, list[RawColumn]]:
        """Field of a roster or log: columns that may be it."""
        if not self.is_table:
            return {}
        names = guess.names()
        return guess.by_heading(self.others, names.roster if self.kind == "roster" else names.session_log)

    @cached_property
    def people(self) -> list[tuple[str, RawColumn]]:
        """How a person may be known, likeliest first. What the tool wrote by itself comes before what people typed."""
        if self.is_table:
            return []
        sent = [c for c in self.raw.columns if c.personal and (not len(self.rows) or self.shapes[c.key].filled)]
        known = guess.by_heading([*sent, *self.others], guess.names().person)
        written = [c for c in sent if _treatment(self.raw.tool, c.key) == "person_email"]
        found = [("email", c) for c in written]
        found += [(by, c) for by in ("email", "code", "self_made") for c in known.get(by, []) if c not in written]
        return found

    @cached_property
    def hints(self) -> dict[str, list[RawColumn]]:
        """Setting: columns that may say it, such as `cohort` or `session`."""
        taken = {column.key for _, column in self.people} | {c.key for cs in self.fields.values() for c in cs}
        short = [c for c in self.others if c.key not in taken and self.shapes[c.key].longest <= guess.SHORT]
        return guess.by_heading(short, guess.names().asked)

    @cached_property
    def comments(self) -> list[RawColumn]:
        return [] if self.is_table else [c for c in self._free if guess.is_comment(c, self.shapes[c.key])]

    @cached_property
    def ratings(self) -> list[RawColumn]:
        """Questions with few short answers that belong to no known instrument."""
        return [] if self.is_table else [c for c in self._free if guess.is_rating(c, self.shapes[c.key])]

    @cached_property
    def unknown(self) -> int:
        """How many questions have no use that could be guessed."""
        return len(self._free) - len(self.comments) - len(self.ratings)

    @cached_property
    def system(self) -> list[RawColumn]:
        """The tool's own columns, without those that may tell a person."""
        people = {column.key for _, column in self.people}
        return [c for c in self.raw.columns if c.system and c.key not in people]

    @cached_property
    def _free(self) -> list[RawColumn]:
        used = [column for _, column in self.people]
        used += [c for columns in self.fields.values() for c in columns]
        # Of several that a setting may be in, most are something else.
        used += [c for columns in self.hints.values() if len(columns) == 1 for c in columns]
        return [c for c in self.others if c not in used]

    @cached_property
    def dates(self) -> pl.Series:
        """What the file's day order is told by: the day of sending in, or every date of a roster or log."""
        if not self.is_table and self.rows[SUBMITTED].count():
            return self.rows[SUBMITTED]
        dated = [*self.hints.get("submitted", []), *(c for field in DAYS for c in self.fields.get(field, []))]
        cells = [self.cells(column).alias(SUBMITTED) for column in dated]
        return pl.concat([pl.Series(SUBMITTED, [], dtype=pl.String), *cells])


def _treatment(tool: str, key: str) -> str | None:
    known = form(tool).find(key)
    return known.treatment if known else None
