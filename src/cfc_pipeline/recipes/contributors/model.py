"""Behind figures of the mixed model: everybody with any score."""

from cfc_pipeline.publish.model import Column, PublishedTable
from cfc_pipeline.publish.words import EVERY_PERIOD
from cfc_pipeline.recipes.contributors.inside import Connection, Inside, Row, as_many, measure, the_row

_ANY_SCORE = """
    WITH scored AS (
        SELECT participant_id, cohort_id, list(DISTINCT time_point) AS times FROM scale_score
        WHERE instrument = $instrument AND subscale = $subscale AND score IS NOT NULL GROUP BY ALL
    )
    SELECT participant_id, CASE
        WHEN NOT consented THEN 'did not agree to the evaluation'
        WHEN withdrawn THEN 'agreed and withdrew'
        WHEN times IS NULL THEN 'no score at any time: not asked, not answered, or too few items answered'
        ELSE 'counted' END AS step, len(times) AS times
    FROM participant LEFT JOIN scored USING (participant_id, cohort_id) ORDER BY participant_id
"""
_STEPS = (
    "did not agree to the evaluation",
    "agreed and withdrew",
    "no score at any time: not asked, not answered, or too few items answered",
)


def change(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    instrument, subscale = measure(con, row)
    to = next(point for point, words in EVERY_PERIOD.items() if words == row["period"])
    which = {"instrument": instrument, "subscale": subscale, "to_time_point": to}
    found = con.execute(_ANY_SCORE, {"instrument": instrument, "subscale": subscale}).fetchall()
    result = the_row(con, "mixed_model", {"level": "all"} | which)
    counted = as_many([(person, step) for person, step, _ in found], result["n_people"])
    steps = [(step, sum(of == step for _, of, _ in found)) for step in _STEPS]
    once = sum(step == "counted" and times == 1 for _, step, times in found)
    counts = (("counted with one score", once), ("counted with more", len(counted) - once))
    both = the_row(con, "paired_change", {"level": "pooled"} | which) if column.key == "mean_change" else result
    note = "In the release, the interval is as wide as the pooled change that is shown allows."
    return Inside(
        both.get(column.key),
        (("people in all cohorts", len(found)), *steps, *counts),
        counted,
        result["n_schools"],
        note if column.key.startswith("ci_") else "",
    )
