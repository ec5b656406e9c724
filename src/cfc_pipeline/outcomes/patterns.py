"""Who has a score when: the sums that the mixed model is made from, of people who answered at the same times.

For a model in which a person's scores vary alike around a level of their own, the sums over such people say all there
is. Like paired.py, the database adds up whole billionths, so nothing depends on the order of rows.
"""

from collections.abc import Sequence

import duckdb

from schemas.tables import TIME_POINTS

BITS = {time: 1 << place for place, time in enumerate(TIME_POINTS)}  # a pattern is the sum of these
FEWEST_TIMES = 3  # between two times, `paired_change` and `attrition` say all there is

NO_PATTERNS = f"""
    CREATE OR REPLACE TEMP TABLE pattern_sums (
        instrument VARCHAR, subscale VARCHAR, academic_year VARCHAR, pattern BIGINT, n BIGINT,
        {", ".join(f"{time} HUGEINT" for time in TIME_POINTS)}, squares HUGEINT, totals HUGEINT
    );
    CREATE OR REPLACE TEMP TABLE pattern_team (
        instrument VARCHAR, subscale VARCHAR, team BIGINT, pattern BIGINT, n BIGINT
    )
"""


def add_patterns(
    con: duckdb.DuckDBPyConnection, instrument: str, subscales: Sequence[str], times: Sequence[str]
) -> None:
    """Adds one instrument to the tables of NO_PATTERNS; `person_score` is paired.py's, with columns for `times`."""
    if len(times) < FEWEST_TIMES:
        return
    for i, subscale in enumerate(subscales, start=1):
        named = {"instrument": instrument, "subscale": subscale}
        con.execute(_SUMS.format(people=_people(i, times)), named)
        con.execute(_TEAMS.format(people=_people(i, times)), named)


def _people(subscale: int, times: Sequence[str]) -> str:
    scores = {time: f"{time}_{subscale}" if time in times else "NULL" for time in TIME_POINTS}
    listed = ", ".join(f"{score}::HUGEINT AS {time}" for time, score in scores.items())
    pattern = " + ".join(f"CASE WHEN {scores[time]} IS NULL THEN 0 ELSE {BITS[time]} END" for time in times)
    return f"SELECT team, {pattern} AS pattern, {listed} FROM person_score WHERE pattern > 0"


def _sum(of: str) -> str:
    return " + ".join(f"coalesce({of.format(time)}, 0)" for time in TIME_POINTS)


_SUMS = f"""
    INSERT INTO pattern_sums
    SELECT $instrument, $subscale, academic_year, pattern, count(*),
           {", ".join(f"coalesce(sum({time}), 0)" for time in TIME_POINTS)},
           sum({_sum("{0} * {0}")}), sum(({_sum("{0}")}) * ({_sum("{0}")}))
    FROM ({{people}}) JOIN team USING (team) GROUP BY academic_year, pattern
"""
_TEAMS = """
    INSERT INTO pattern_team
    SELECT $instrument, $subscale, team, pattern, count(*) FROM ({people}) GROUP BY team, pattern
"""
