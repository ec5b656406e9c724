"""How many people's scores changed reliably: the rows of `reliable_change`, for academic years and all years.

Not for cohorts: of eleven people no category has enough to be shown.
"""

from collections.abc import Iterator, Mapping

import duckdb
import numpy as np
import polars as pl

from cfc_pipeline.outcomes.levels import PERSON, in_order
from cfc_pipeline.outcomes.reliable import categories
from cfc_pipeline.outcomes.rules import Criterion, NoRule, Score
from schemas.instruments import Instrument
from schemas.tables import TIME_POINTS, polars_schema
from schemas.tables.results import ReliableChange

# As `categories` names them; who is harmed has deteriorated as well.
BOXES = {
    "recovered": ["recovered"],
    "improved": ["improved"],
    "unchanged": ["unchanged"],
    "deteriorated": ["deteriorated", "harmed"],
    "harmed": ["harmed"],
}
_OF_CUT_OFF = ("recovered", "harmed")
_PAIRS = f"""
    SELECT academic_year, hash(school_id) AS school, later.time_point AS to_time_point, first.score AS pre,
           later.score AS post
    FROM scale_score AS first JOIN scale_score AS later USING (participant_id, cohort_id, instrument, subscale)
         JOIN ({PERSON}) USING (participant_id, cohort_id)
    WHERE instrument = $instrument AND subscale = $subscale AND first.time_point = 'pre'
          AND later.time_point <> 'pre' AND first.score IS NOT NULL AND later.score IS NOT NULL
"""


def reliable_change(
    con: duckdb.DuckDBPyConnection,
    instruments: Mapping[str, Instrument],
    rules: Mapping[Score, Criterion | NoRule],
) -> pl.DataFrame:
    """Rows of `reliable_change` from `scale_score`, `participant` and `cohort`, wherever anybody has a pair. Where
    there is no rule, the row says why and counts nobody."""
    listed = con.execute("SELECT DISTINCT instrument, subscale FROM scale_score ORDER BY ALL").fetchall()
    rows = [
        row for score in listed if score in rules for row in _of_score(con, score, instruments[score[0]], rules[score])
    ]
    return in_order(pl.DataFrame(rows, schema=polars_schema(ReliableChange), orient="row"), ReliableChange)


def _of_score(
    con: duckdb.DuckDBPyConnection, score: Score, key: Instrument, rule: Criterion | NoRule
) -> Iterator[dict[str, object]]:
    instrument, subscale = score
    pairs = con.execute(_PAIRS, {"instrument": instrument, "subscale": subscale}).pl()
    if isinstance(rule, Criterion):
        better = (key.subscales[subscale].direction or key.direction) == "higher_is_better"
        pairs = pairs.with_columns(category=pl.Series(_categories(pairs, rule, better), dtype=pl.String))
    about = {"instrument": instrument, "subscale": subscale, "from_time_point": "pre", **_as_written(rule)}
    for time_point in TIME_POINTS:
        then = pairs.filter(to_time_point=time_point)
        years = then.partition_by("academic_year", maintain_order=True)
        for level, people in [*(("year", year) for year in years), *([("all", then)] if years else [])]:
            year = people["academic_year"][0] if level == "year" else None
            yield {"level": level, "academic_year": year, **about, "to_time_point": time_point} | _counts(people, rule)


def _categories(pairs: pl.DataFrame, rule: Criterion, better: bool) -> list[str]:
    before, after = (pairs[name].cast(pl.Float64).to_numpy() for name in ("pre", "post"))
    found = categories(
        np.asarray(before),
        np.asarray(after),
        rule.threshold,
        higher_is_better=better,
        cut_off=rule.cut_off,
        at_least=rule.at_least,
    )
    return [str(category) for category in found]


def _counts(people: pl.DataFrame, rule: Criterion | NoRule) -> dict[str, int | None]:
    counted: dict[str, int | None] = {"n_paired": people.height, "n_schools": people["school"].n_unique()}
    for box, names in BOXES.items():
        exists = isinstance(rule, Criterion) and (rule.cut_off is not None or box not in _OF_CUT_OFF)
        counted[box] = int(people["category"].is_in(names).sum() or 0) if exists else None
    return counted


def _as_written(rule: Criterion | NoRule) -> dict[str, object]:
    if isinstance(rule, NoRule):
        return {"threshold": None, "at_least": None, "cut_off": None, "rule": rule.rule}
    return {"threshold": rule.threshold, "at_least": rule.at_least, "cut_off": rule.cut_off, "rule": rule.rule}
