"""Behind figures of scores: change, who did not answer again, reliability, reliable change."""

from cfc_pipeline.errors import BalanceError
from cfc_pipeline.publish.meaning import figure_of
from cfc_pipeline.publish.model import Column, PublishedTable
from cfc_pipeline.publish.scale_tables import TIMES
from cfc_pipeline.publish.words import PERIODS
from cfc_pipeline.recipes.contributors.inside import Connection, Inside, Row, as_many, group_of, measure, the_row

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


def change(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    to = next((point for point, words in PERIODS.items() if words == row.get("period")), "post")
    instrument, subscale = measure(con, row)
    level, cohorts, group = group_of(con, row.get("academic_year") or column.group, row.get("cohort"))
    asked = {"instrument": instrument, "subscale": subscale, "to": to}
    people = con.execute(_CHANGE, asked | {"cohorts": cohorts}).fetchall()
    counted = tuple(person for person, step in people if step == "counted")
    which = {"level": level, "to_time_point": to} | asked | group
    result = the_row(con, "effect_sizes", which, drop=("to",)) | the_row(con, "paired_change", which, drop=("to",))
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


def attrition(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    instrument, subscale = measure(con, row)
    level, _, group = group_of(con, row["academic_year"], None)
    result = the_row(con, "attrition", {"level": level, "instrument": instrument, "subscale": subscale} | group)
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


def reliability(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    instrument, subscale = measure(con, row)
    level, cohorts, group = group_of(con, row["academic_year"], None)
    time = next(point for point, words in TIMES.items() if words == row["when"])
    people = con.execute(
        _COMPLETE, {"instrument": instrument, "subscale": subscale, "time": time, "cohorts": cohorts}
    ).fetchall()
    which = {"level": level, "instrument": instrument, "subscale": subscale, "time_point": time} | group
    result = the_row(con, "reliability", which)
    counted = as_many(people, result.get("n", 0))
    steps = [(step, sum(found == step for _, found in people)) for step in _COMPLETE_STEPS]
    return Inside(
        result.get(column.key), (("people in these cohorts", len(people)), *steps), counted, result.get("n_schools")
    )


def reliable(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    instrument, subscale = measure(con, row)
    level, cohorts, group = group_of(con, row["academic_year"], None)
    asked = {"instrument": instrument, "subscale": subscale, "to": "post"}
    people = con.execute(_CHANGE, asked | {"cohorts": cohorts}).fetchall()
    which = {"level": level, "instrument": instrument, "subscale": subscale, "to_time_point": "post"} | group
    result = the_row(con, "reliable_change", which)
    counted = as_many(people, result.get("n_paired", 0))
    steps = [(step, sum(found == step for _, found in people)) for step in _STEPS]
    box, share = column.key.removesuffix("_percent"), column.key.endswith("_percent")
    count = result.get(box)
    exact = 100 * count / len(counted) if share and count is not None else count
    note = f"Rule: {result['rule']}." if result else ""
    return Inside(exact, (("people in these cohorts", len(people)), *steps), counted, result.get("n_schools"), note)
