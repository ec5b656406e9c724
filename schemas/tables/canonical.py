"""Canonical rows: what intake hands on, in one shape for every survey tool. Personal; never stored as they are.

Each check's name is the reason that a person reads beside a quarantined row, so it is written for people.
"""

from typing import Any

import pandera.polars as pa
import polars as pl

from schemas.tables.people import TIME_POINTS

FORM_CHANGED = "the form changed; `cfc-pipeline review forms` lists what waits for a decision"
UNREADABLE = -32768  # an answer that is neither a number nor a listed label

Ranges = dict[str, tuple[int, int]]  # item column ("brs:4") -> lowest and highest allowed answer


def _check(reason: str, expression: Any) -> pa.Check:
    """A rule over a whole column; null cells pass, `nullable` refuses them."""

    def holds(data: Any) -> pl.LazyFrame:
        return data.lazyframe.select(expression(pl.col(data.key)))  # type: ignore[no-any-return]

    return pa.Check(holds, name=reason, error=reason)


def _needed(reason: str) -> pa.Check:
    return pa.Check(
        lambda data: data.lazyframe.select(pl.col(data.key).is_not_null()), name=reason, error=reason, ignore_na=False
    )


def _item(lowest: int, highest: int) -> pa.Column:
    return pa.Column(
        pl.Int16,
        [
            _check("not a number and not a listed answer", lambda c: c != UNREADABLE),
            _check(f"outside {lowest} to {highest}", lambda c: (c == UNREADABLE) | c.is_between(lowest, highest)),
        ],
        nullable=True,
    )


def questionnaire(items: Ranges, cohorts: list[str], *, named: bool, timed: bool, session: bool) -> pa.DataFrameSchema:
    """Canonical rows of a questionnaire or a feedback form.

    `named`: rows must belong to a known person; `timed`: they need a time point; `session`: they need a session number.
    """
    known = _check("cohort is not in programme.yaml", lambda c: c.is_in(cohorts))
    return pa.DataFrameSchema(
        {
            "record": pa.Column(str, _needed("the tool's response id is missing"), nullable=True),
            "person": pa.Column(str, _needed("no address or code of a person") if named else None, nullable=True),
            "on_roster": pa.Column(bool, _check("not on the roster", lambda c: c) if named else None, nullable=True),
            "in_cohort": pa.Column(bool, _check("on the roster, but not in this cohort", lambda c: c)),
            "cohort_id": pa.Column(str, known, nullable=True),
            "form_decided": pa.Column(bool, _check(FORM_CHANGED, lambda c: c)),
            "cohort_known": pa.Column(bool, _check("cohort cannot be told", lambda c: c)),
            "time_point": pa.Column(
                str,
                [_needed("time point cannot be told"), _check("unknown time point", lambda c: c.is_in(TIME_POINTS))]
                if timed
                else None,
                nullable=True,
            ),
            "session_number": pa.Column(
                pl.Int64,
                [
                    _needed("session number cannot be told"),
                    _check("session outside 1 to 99", lambda c: c.is_between(1, 99)),
                ]
                if session
                else None,
                nullable=True,
            ),
            "submitted_at": pa.Column(pl.Datetime("us"), nullable=True),
            "date_readable": pa.Column(bool, _check("date cannot be read", lambda c: c)),
            **{name: _item(*bounds) for name, bounds in items.items()},
        }
    )


def roster(cohorts: list[str]) -> pa.DataFrameSchema:
    """Canonical rows of a roster: a person in a cohort."""
    return pa.DataFrameSchema(
        {
            "person": pa.Column(str, _needed("neither an address nor a code"), nullable=True),
            "cohort_id": pa.Column(
                str,
                [_needed("no cohort"), _check("cohort is not in programme.yaml", lambda c: c.is_in(cohorts))],
                nullable=True,
            ),
            "own_address": pa.Column(bool, _check("another person in this file has the same address", lambda c: c)),
            "consented": pa.Column(bool, _needed("consent is neither yes nor no"), nullable=True),
            "sharing_readable": pa.Column(bool, _check("sharing is neither yes nor no", lambda c: c)),
            "quotes_readable": pa.Column(bool, _check("quoting is neither yes nor no", lambda c: c)),
            "dates_readable": pa.Column(bool, _check("date cannot be read", lambda c: c)),
            "sessions_attended": pa.Column(
                pl.Int16, _check("outside 0 to 99", lambda c: c.is_between(0, 99)), nullable=True, required=False
            ),
        }
    )


def session_log(cohorts: list[str]) -> pa.DataFrameSchema:
    """Canonical rows of a session log: a session of a cohort."""
    return pa.DataFrameSchema(
        {
            "cohort_id": pa.Column(
                str,
                [_needed("no cohort"), _check("cohort is not in programme.yaml", lambda c: c.is_in(cohorts))],
                nullable=True,
            ),
            "session_number": pa.Column(
                pl.Int64,
                [_needed("no session number"), _check("outside 1 to 99", lambda c: c.is_between(1, 99))],
                nullable=True,
            ),
            "attendance": pa.Column(pl.Int16, _check("outside 0 to 99", lambda c: c.is_between(0, 99)), nullable=True),
            "adherence": pa.Column(pl.Int16, _check("outside 0 to 100", lambda c: c.is_between(0, 100)), nullable=True),
            "dates_readable": pa.Column(bool, _check("date cannot be read", lambda c: c)),
        }
    )
