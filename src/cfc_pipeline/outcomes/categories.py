"""How many people's scores changed reliably: the rows of `reliable_change`, for academic years and all years.

Not for cohorts: of eleven people no category has enough to be shown.
"""

from collections.abc import Iterator, Mapping

import duckdb
import numpy as np
import polars as pl

from cfc_pipeline.outcomes.levels import PERSON, frame, in_order
from cfc_pipeline.outcomes.reliable import categories
from cfc_pipeline.outcomes.rules import Criterion, NoRule, Score
from schemas.instruments import Instrument
from schemas.tables import polars_schema
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
_GROUP = ["level", "academic_year", "instrument", "subscale", "from_time_point", "to_time_point"]
_SAID = ("instrument", "subscale", "threshold", "at_least", "from_expected", "cut_off", "rule")
_PAIRS = f"""
    SELECT academic_year, later.time_point AS to_time_point, first.score AS pre,
           later.score AS post
    FROM scale_score AS first JOIN scale_score AS later USING (participant_id, cohort_id, instrument, subscale)
         JOIN ({PERSON}) USING (participant_id, cohort_id)
    WHERE instrument = '{{instrument}}' AND subscale = '{{subscale}}' AND first.time_point = 'pre'
          AND later.time_point <> 'pre' AND first.score IS NOT NULL AND later.score IS NOT NULL
"""


def reliable_change(
    con: duckdb.DuckDBPyConnection,
    change: pl.DataFrame,
    instruments: Mapping[str, Instrument],
    rules: Mapping[Score, Criterion | NoRule],
) -> pl.DataFrame:
    """Rows of `reliable_change` for the years and all years of `change`, which is `paired_change`; counts from
    `scale_score`, `participant` and `cohort`. Where there is no rule, the row says why and counts nobody."""
    groups = change.filter(pl.col("level").is_in(["year", "all"])).select(*_GROUP, "n_paired", "n_schools")
    scores = [score for score in groups.select("instrument", "subscale").unique().rows() if score in rules]
    counted = [row for score in scores for row in _of_score(con, score, instruments[score[0]], rules[score])]
    boxes = pl.DataFrame(
        counted, schema=dict.fromkeys(_GROUP, pl.String) | dict.fromkeys(BOXES, pl.Int64), orient="row"
    )
    said = [{"instrument": score[0], "subscale": score[1], **_as_written(rules[score])} for score in scores]
    schema = {name: type_ for name, type_ in polars_schema(ReliableChange).items() if name in _SAID}
    rows = groups.join(pl.DataFrame(said, schema=schema, orient="row"), on=["instrument", "subscale"])
    return in_order(rows.join(boxes, on=_GROUP, how="left", nulls_equal=True), ReliableChange)


def _of_score(
    con: duckdb.DuckDBPyConnection, score: Score, key: Instrument, rule: Criterion | NoRule
) -> Iterator[dict[str, object]]:
    if isinstance(rule, NoRule):
        return
    instrument, subscale = score
    pairs = frame(con, _PAIRS.format(instrument=instrument, subscale=subscale))
    better = (key.subscales[subscale].direction or key.direction) == "higher_is_better"
    pairs = pairs.with_columns(category=pl.Series(_categories(pairs, rule, better), dtype=pl.String))
    about = {"instrument": instrument, "subscale": subscale, "from_time_point": "pre"}
    for (time_point,), then in pairs.group_by("to_time_point"):
        years = then.partition_by("academic_year")
        for level, people in (("all", then), *(("year", year) for year in years)):
            year = people["academic_year"][0] if level == "year" else None
            yield {"level": level, "academic_year": year, **about, "to_time_point": time_point} | _counts(people, rule)


def _categories(pairs: pl.DataFrame, rule: Criterion, better: bool) -> list[str]:
    before, after = (np.asarray(pairs[name].cast(pl.Float64).to_numpy()) for name in ("pre", "post"))
    found = categories(
        before,
        after,
        rule.threshold,
        higher_is_better=better,
        cut_off=rule.cut_off,
        at_least=rule.at_least,
        expected=rule.computed.expected(before) if rule.computed else None,
    )
    return [str(category) for category in found]


def _counts(people: pl.DataFrame, rule: Criterion) -> dict[str, int | None]:
    exists = [box for box in BOXES if rule.cut_off is not None or box not in _OF_CUT_OFF]
    return {box: int(people["category"].is_in(BOXES[box]).sum() or 0) if box in exists else None for box in BOXES}


def _as_written(rule: Criterion | NoRule) -> dict[str, object]:
    if isinstance(rule, NoRule):
        return dict.fromkeys(_SAID[2:]) | {"rule": rule.rule}
    return {
        "threshold": rule.threshold,
        "at_least": rule.at_least,
        "from_expected": rule.computed is not None and rule.computed.mean is not None,
        "cut_off": rule.cut_off,
        "rule": rule.rule,
    }
