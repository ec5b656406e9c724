"""Whom a printed figure counts and whom it leaves out, step by step, from the analysts' copy. Exact and unhidden: it
stays in the house. People are pseudonyms."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from cfc_pipeline.errors import BalanceError, ConfigError
from cfc_pipeline.programme import Programme
from cfc_pipeline.publish.meaning import figure_of
from cfc_pipeline.publish.model import ALL_COHORTS, ALL_YEARS, Column, PublishedTable
from cfc_pipeline.publish.scale_tables import TIMES
from cfc_pipeline.publish.session_tables import ALL_SESSIONS
from cfc_pipeline.publish.theme_tables import AGREEMENT, EVERY, NO_THEME_LABEL
from cfc_pipeline.publish.words import PERIODS
from cfc_pipeline.publish.written import plain
from schemas.tables.answers import NO_THEME

Connection = duckdb.DuckDBPyConnection
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Inside:
    """`exact` is the figure before rounding and hiding; `steps` are counts from everybody to those counted, which add
    up; `participants` are the pseudonyms of those counted, where the figure is about known people."""

    exact: float | None
    steps: tuple[tuple[str, int], ...]
    participants: tuple[str, ...] = ()
    schools: int | None = None
    note: str = ""

    def in_words(self) -> str:
        lines = ["", "Inside the house only; nothing below is protected."]
        lines += [f"Exact:      {self.exact:.8g}"] if self.exact is not None else []
        lines += [f"  {count:>6,}  {step}" for step, count in self.steps]
        lines += [f"  {self.schools:>6,}  schools of those counted"] if self.schools is not None else []
        return "\n".join(lines + ([self.note] if self.note else []))


def behind(programme: Programme, release: Path, table: PublishedTable, row: Row, column: Column) -> Inside:
    """ConfigError when the analysts' copy is not the one that the release was made from, or nothing is kept of such a
    table. BalanceError when those counted are not as many as the result says."""
    if table.name not in _BEHIND:
        raise ConfigError(
            "Nothing more is kept about this table.",
            where=f"table {table.name}",
            next_step="leave --inside out, or ask data/analysis.duckdb",
        )
    with duckdb.connect(programme.analysis, read_only=True) as con:
        _same_run(con, release)
        return _BEHIND[table.name](con, table, row, column)


def _same_run(con: Connection, release: Path) -> None:
    made_from = json.loads((release / "release.json").read_text(encoding="utf-8"))["source"]["run"]
    ((run,),) = con.execute("SELECT max(run_id) FROM pipeline_run").fetchall()
    if run != made_from:
        raise ConfigError(
            "The data are from another run than this release, so they do not explain it.",
            where=f"releases/{release.name}",
            next_step="publish again, and ask about the new release",
        )


# Everybody in the cohorts, and the first reason why somebody's change is not counted. A score that is there is null
# where too few items were answered, and there is no score at all where the form did not ask for the measure.
_CHANGE = """
    WITH answered AS (
        SELECT participant_id, cohort_id, bool_or(time_point = 'pre') AS before, bool_or(time_point = $to) AS after
        FROM response WHERE kind = 'scale' AND status = 'counted' GROUP BY ALL
    ), scored AS (
        SELECT participant_id, cohort_id, bool_or(time_point = 'pre') AS before, bool_or(time_point = $to) AS after
        FROM scale_score
        WHERE instrument = $instrument AND subscale = $subscale AND score IS NOT NULL GROUP BY ALL
    )
    SELECT participant_id, CASE
        WHEN NOT consented THEN 'did not agree to the evaluation'
        WHEN withdrawn THEN 'agreed and withdrew'
        WHEN NOT coalesce(answered.before, false) THEN 'no questionnaire before'
        WHEN NOT coalesce(answered.after, false) THEN 'no questionnaire at the later time'
        WHEN NOT coalesce(scored.before, false) THEN 'no score before: not asked, or too few items answered'
        WHEN NOT coalesce(scored.after, false) THEN 'no score at the later time: not asked, or too few items answered'
        ELSE 'counted' END AS step
    FROM participant LEFT JOIN answered USING (participant_id, cohort_id)
         LEFT JOIN scored USING (participant_id, cohort_id)
    WHERE list_contains($cohorts, cohort_id) ORDER BY participant_id
"""
_STEPS = (
    "did not agree to the evaluation",
    "agreed and withdrew",
    "no questionnaire before",
    "no questionnaire at the later time",
    "no score before: not asked, or too few items answered",
    "no score at the later time: not asked, or too few items answered",
    "counted",
)


_OF_CLUSTERS = (
    "In the release, cohorts of the year that are hidden count as one group; the exact figure is over all cohorts."
)


def _change(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    to = next((point for point, words in PERIODS.items() if words == row.get("period")), "post")
    instrument, subscale = _measure(con, row)
    level, cohorts, group = _group(con, row.get("academic_year") or column.group, row.get("cohort"))
    asked = {"instrument": instrument, "subscale": subscale, "to": to}
    people = con.execute(_CHANGE, asked | {"cohorts": cohorts}).fetchall()
    counted = tuple(person for person, step in people if step == "counted")
    which = {"level": level, "to_time_point": to} | asked | group
    result = _one(con, "effect_sizes", which, drop=("to",)) | _one(con, "paired_change", which, drop=("to",))
    if level != "pooled" and result.get("n_paired", 0) != len(counted):
        raise BalanceError(
            "Those counted are not as many as the result says.",
            where="explain",
            next_step="this is a defect of cfc-pipeline: please report the message",
        )
    steps = [(step, sum(found == step for _, found in people)) for step in _STEPS]
    figure = figure_of(column.key)
    return Inside(
        result.get("n_cohorts" if figure == "n_clusters" else figure),
        (("people in these cohorts", len(people)), *steps),
        counted,
        result.get("n_schools"),
        "Pooled are cohorts with at least two such people who did not all change alike; the release may leave out "
        "some to protect a hidden cohort, see its column Cohorts. The exact figure is over all that can be pooled."
        if level == "pooled"
        else _OF_CLUSTERS
        if "cluster" in figure
        else "",
    )


def _attrition(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    instrument, subscale = _measure(con, row)
    level, _, group = _group(con, row["academic_year"], None)
    result = _one(con, "attrition", {"level": level, "instrument": instrument, "subscale": subscale} | group)
    both, left = result["n_stayed"], result["n_left"]
    steps = (("people with a score before", both + left), ("answered both times", both), ("before only", left))
    note = (
        "" if group else "The release may leave out, of those who answered both times, hidden cohorts of hidden years."
    )
    return Inside(result[column.key], steps, note=note)


# Everybody in the cohorts, and the first reason why their form at one time does not count for a score's reliability.
_COMPLETE = """
    WITH answered AS (
        SELECT DISTINCT participant_id, cohort_id, true AS sent
        FROM response WHERE kind = 'scale' AND status = 'counted' AND time_point = $time
    ), complete AS (
        SELECT DISTINCT participant_id, cohort_id, true AS whole FROM scale_score
        WHERE instrument = $instrument AND subscale = $subscale AND time_point = $time
              AND items_expected > 0 AND items_answered = items_expected
    )
    SELECT participant_id, CASE
        WHEN NOT consented THEN 'did not agree to the evaluation'
        WHEN withdrawn THEN 'agreed and withdrew'
        WHEN sent IS NULL THEN 'no questionnaire at that time'
        WHEN whole IS NULL THEN 'an item of the score not answered, or not asked'
        ELSE 'counted' END AS step
    FROM participant LEFT JOIN answered USING (participant_id, cohort_id)
         LEFT JOIN complete USING (participant_id, cohort_id)
    WHERE list_contains($cohorts, cohort_id) ORDER BY participant_id
"""
_COMPLETE_STEPS = (
    *("did not agree to the evaluation", "agreed and withdrew", "no questionnaire at that time"),
    *("an item of the score not answered, or not asked", "counted"),
)


def _reliability(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    instrument, subscale = _measure(con, row)
    level, cohorts, group = _group(con, row["academic_year"], None)
    time = next(point for point, words in TIMES.items() if words == row["when"])
    people = con.execute(
        _COMPLETE, {"instrument": instrument, "subscale": subscale, "time": time, "cohorts": cohorts}
    ).fetchall()
    which = {"level": level, "instrument": instrument, "subscale": subscale, "time_point": time} | group
    result = _one(con, "reliability", which)
    counted = _as_many(people, result.get("n", 0))
    steps = [(step, sum(found == step for _, found in people)) for step in _COMPLETE_STEPS]
    return Inside(
        result.get(column.key), (("people in these cohorts", len(people)), *steps), counted, result.get("n_schools")
    )


def _reliable(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    instrument, subscale = _measure(con, row)
    level, cohorts, group = _group(con, row["academic_year"], None)
    asked = {"instrument": instrument, "subscale": subscale, "to": "post"}
    people = con.execute(_CHANGE, asked | {"cohorts": cohorts}).fetchall()
    which = {"level": level, "instrument": instrument, "subscale": subscale, "to_time_point": "post"} | group
    result = _one(con, "reliable_change", which)
    counted = _as_many(people, result.get("n_paired", 0))
    steps = [(step, sum(found == step for _, found in people)) for step in _STEPS]
    box, share = column.key.removesuffix("_percent"), column.key.endswith("_percent")
    count = result.get(box)
    exact = 100 * count / len(counted) if share and count is not None else count
    note = f"Rule: {result['rule']}." if result else ""
    return Inside(exact, (("people in these cohorts", len(people)), *steps), counted, result.get("n_schools"), note)


def _as_many(people: list[tuple[str, str]], expected: int) -> tuple[str, ...]:
    """Those counted; BalanceError when the result says another number."""
    counted = tuple(person for person, step in people if step == "counted")
    if len(counted) != expected:
        raise BalanceError(
            "Those counted are not as many as the result says.",
            where="explain",
            next_step="this is a defect of cfc-pipeline: please report the message",
        )
    return counted


def _flow(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    level, _, group = _group(con, row["academic_year"], row["cohort"])
    result = _one(con, "response_flow", {"level": level} | group)
    boxes = ("not_consented", "withdrawn", "paired", "pre_only", "post_only", "neither")
    labels = {c.key: c.label for c in table.columns}
    steps = ((labels[box], result[box]) for box in ("enrolled", *boxes))
    return Inside(result[column.key], tuple(steps), schools=result["n_schools"])


def _feedback(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    level, cohorts, group = _group(con, row["academic_year"], row["cohort"])
    session = int(row["session_number"])
    which = {"level": level, "session_number": session} | group
    forms = con.execute(
        "SELECT status, count(*) FROM response WHERE kind = 'session_feedback' AND session_number = $session "
        "AND list_contains($cohorts, cohort_id) GROUP BY status ORDER BY status",
        {"session": session, "cohorts": cohorts},
    ).fetchall()
    steps = (("forms after this session", sum(n for _, n in forms)), *((f"of them {how}", n) for how, n in forms))
    if not column.group:
        return Inside(_one(con, "feedback_summary", which).get(column.key), steps)
    questions = con.execute("SELECT DISTINCT question FROM feedback_summary").fetchall()
    question = next((text for (text,) in questions if plain(text) == column.group), None)
    result = _one(con, "feedback_summary", which | {"question": question})
    steps = (*steps, ("with this rating", result.get("n", 0)))
    return Inside(result.get(figure_of(column.key)), steps, schools=result.get("n_schools"))


def _trend(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    """The release uses sessions that it shows; the exact figure is of all."""
    level, _, group = _group(con, row["academic_year"], row["cohort"])
    questions = con.execute("SELECT DISTINCT question FROM session_trend").fetchall()
    question = next((text for (text,) in questions if plain(text) == row["question"]), None)
    result = _one(con, "session_trend", {"level": level, "question": question} | group)
    steps = (("cohorts", result.get("n_cohorts", 0)), ("of them sessions", result.get("n_sessions", 0)))
    return Inside(result.get(column.key), steps, note="Of all sessions; the release uses those whose mean it shows.")


def _adherence(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    level, _, group = _group(con, row["academic_year"], row["cohort"])
    result = _one(con, "session_adherence", {"level": level} | group)
    return Inside(result[column.key], (("sessions in the log", result["n_sessions"]), ("rated", result["n_rated"])))


def _response(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    level, _, group = _group(con, row["academic_year"], row["cohort"])
    session = None if row["session_number"] == ALL_SESSIONS else int(row["session_number"])
    query = "FROM session_response WHERE level = ? AND session_number IS NOT DISTINCT FROM ?"
    query += "".join(f" AND {key} = ?" for key in group)
    found = con.execute(query, [level, session, *group.values()])
    names = [name for name, *_ in found.description or ()]
    result = dict(zip(names, found.fetchall()[0], strict=True))
    steps = (("people present", result["attendance"] or 0), ("forms with any rating", result["forms"] or 0))
    note = "" if session else "Of all sessions and cohorts; totals of the release are over those that it may show."
    return Inside(result[column.key], steps, schools=result["n_schools"], note=note)


def _impact(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    level, _, group = _group(con, column.group, None)
    names = con.execute("SELECT instrument, item, coalesce(short_name, 'Item ' || item) FROM item").fetchall()
    wanted = [(instrument, item) for instrument, item, name in names if plain(name) == row["question"]]
    places = " OR ".join(["(instrument = ? AND item = ?)"] * len(wanted)) or "false"
    query = f"SELECT answer, n, base, percent FROM impact_distribution WHERE level = ? AND ({places})"
    query += " AND academic_year = ?" if group else ""
    found = con.execute(query, [level, *(part for one in wanted for part in one), *group.values()]).fetchall()
    mine = next((line for line in found if plain(line[0]) == row["answer"]), None)
    base = found[0][2] if found else 0
    exact = base if mine is None else mine[3] if figure_of(column.key) == "percent" else mine[1]
    return Inside(exact, (("answered the item", base), *((answer, n) for answer, n, *_ in found)))


def _shares(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    year, _, role = row["who"].partition(": ")
    level, _, group = _group(con, year, None)
    names = con.execute("SELECT instrument, item, coalesce(short_name, 'Item ' || item) FROM item").fetchall()
    instrument, item = next((i, number) for i, number, name in names if plain(name) == row["question"])
    which = {"level": level, "instrument": instrument, "item": item} | group
    roles = con.execute("SELECT DISTINCT role_group FROM impact_share").fetchall()
    which["role_group"] = next((name for (name,) in roles if name and plain(name) == role), None)
    found = _one(con, "impact_share", which)
    steps = (
        ("answered the item", found["base"]),
        ("of them increased", found["n_increased"]),
        ("of them other answers", found["base"] - found["n_increased"]),
    )
    return Inside(found[column.key], steps, schools=found["n_schools"])


def _themes(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    labels = con.execute("SELECT theme, label FROM theme").fetchall()
    names = {NO_THEME_LABEL: NO_THEME, EVERY: None} | {plain(text): theme for theme, text in labels}
    theme = names[row["theme"]]
    if column.group == AGREEMENT:
        found = _one(con, "theme_agreement", {"theme": theme})
        return Inside(found[column.key], (("comments that both coders sorted", found["n_both"]),))
    level, _, group = _group(con, column.group, None)
    found = _one(con, "theme_count", {"level": level, "theme": theme} | group)
    every = _one(con, "theme_count", {"level": level, "theme": None} | group)
    steps = (
        ("comments that were coded", every["n_comments"]),
        ("of them of this theme", found["n_comments"]),
        ("people who wrote these, at least", found["n_people"]),
    )
    return Inside(found["n_comments"], steps, schools=found["n_schools"])


def _quality(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    found = con.execute(
        "SELECT survey_id, outcome, reason, sum(rows)::BIGINT FROM data_quality GROUP BY ALL"
    ).fetchall()
    what = row["what"]
    mine = [(fate, reason, n) for survey, fate, reason, n in found if _about(row["scope"], what, survey, reason)]
    steps = sorted((f"{fate}: {reason}" if reason else fate, n) for fate, reason, n in mine)
    exact = sum(n for fate, _, n in mine if column.key in ("rows_in", fate))
    return Inside(exact, (("rows", sum(n for *_, n in mine)), *steps))


def _about(scope: str, what: str, survey: str, reason: str) -> bool:
    return scope == "All surveys" or what == plain(survey if scope == "Survey by survey" else reason)


_BEHIND: dict[str, Callable[[Connection, PublishedTable, Row, Column], Inside]] = {
    "cohort_outcomes": _change,
    "multi_year_outcomes": _change,
    "later_outcomes": _change,
    "effect_sizes": _change,
    "attrition": _attrition,
    "attrition_change": _attrition,
    "reliability": _reliability,
    "reliable_change": _reliable,
    "response_flow": _flow,
    "session_feedback": _feedback,
    "session_trend": _trend,
    "session_adherence": _adherence,
    "session_response": _response,
    "perceived_impact": _impact,
    "impact_shares": _shares,
    "comment_themes": _themes,
    "data_quality": _quality,
}


def _measure(con: Connection, row: Row) -> tuple[str, str]:
    titles = con.execute("SELECT instrument, subscale, title, subscale_title FROM instrument").fetchall()
    shown = (row["instrument"], row["subscale"])
    return next((i, s) for i, s, title, part in titles if (plain(title or i), plain(part or s)) == shown)


def _group(con: Connection, year: str, cohort: str | None) -> tuple[str, list[str], dict[str, Any]]:
    """Level, ids of the cohorts, and what picks the row out of a table of results."""
    every = con.execute("SELECT cohort_id, label, academic_year FROM cohort ORDER BY cohort_id").fetchall()
    of_year = [(identity, label) for identity, label, its in every if its == year]
    if cohort not in (None, ALL_COHORTS):
        mine = [identity for identity, label in of_year if plain(label) == cohort]
        return "cohort", mine, {"cohort_id": mine[0]}
    if of_year:
        return "year", [identity for identity, _ in of_year], {"academic_year": year}
    return "all" if year == ALL_YEARS else "pooled", [identity for identity, *_ in every], {}


def _one(con: Connection, table: str, which: Mapping[str, Any], drop: tuple[str, ...] = ()) -> dict[str, Any]:
    """The row of a table of results, or nothing."""
    keys = [key for key in which if key not in drop]
    query = f"SELECT * FROM {table} WHERE " + " AND ".join(f"{key} IS NOT DISTINCT FROM ?" for key in keys) + " LIMIT 1"
    found = con.execute(query, [which[key] for key in keys])
    names = [name for name, *_ in found.description or ()]
    row = found.fetchone()
    return dict(zip(names, row, strict=True)) if row else {}
