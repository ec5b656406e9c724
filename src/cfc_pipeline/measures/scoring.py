"""Fills `scale_score` from answer sheets, by the keys in schemas/instruments/.

One pass over the sheets per instrument, in SQL written from its key: reversal, sums and counts of all its subscales at
once. Spreading the sheets out to a row for each answer first would be shorter to write and many times slower.
"""

from collections.abc import Mapping

import duckdb

from cfc_pipeline.errors import ConfigError, StoreError
from schemas.instruments import Instrument, Subscale

# No consent, no scoring: who did not agree, or withdrew, has no score even if an answer of theirs were stored.
_COUNTED = """
    CREATE OR REPLACE TEMP TABLE counted_response AS
    SELECT response_id, participant_id, cohort_id, time_point
    FROM response SEMI JOIN (FROM participant WHERE consented AND NOT withdrawn) USING (participant_id, cohort_id)
    WHERE kind = 'scale' AND status = 'counted'
"""


def score(con: duckdb.DuckDBPyConnection, instruments: Mapping[str, Instrument]) -> None:
    """Empties and refills `scale_score` from `response`, `answer_sheet` and `participant`.

    A row for each subscale of each instrument of which the response answered at least one item; ordered by instrument,
    response and the key's order of subscales. Raises ConfigError for answers to an instrument without a key, and
    StoreError for answers that their key does not allow, which intake refuses.
    """
    _refuse_impossible_answers(con, instruments)
    con.execute(_COUNTED)
    answered = con.execute(
        "SELECT DISTINCT instrument FROM answer_sheet SEMI JOIN counted_response USING (response_id)"
    )
    present = {instrument for (instrument,) in answered.fetchall()}
    con.execute("DELETE FROM scale_score")
    # Never an INSERT of no rows: after a DELETE in the same transaction, DuckDB 1.5.6 and 2.0.0 then lose the rows of
    # the next large INSERT (tests/unit/test_measures_scoring.py has the case).
    scored = [key for key in instruments.values() if key.kind == "scale" and key.id in present]
    written = sum(_one_number(con, _insert_scores(key)) for key in scored)
    if written != _one_number(con, "SELECT count(*) FROM scale_score"):
        raise StoreError("the database did not keep all scores", next_step="report it as a defect; nothing was changed")
    con.execute("DROP TABLE counted_response")


def _one_number(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    """The count that a query or an INSERT returns."""
    return int(con.execute(sql).fetchall()[0][0])


def _refuse_impossible_answers(con: duckdb.DuckDBPyConnection, instruments: Mapping[str, Instrument]) -> None:
    found = con.execute("""
        SELECT instrument, min(list_min(answers)), max(list_max(answers)), max(len(answers)), sum(list_count(answers))
        FROM answer_sheet GROUP BY instrument ORDER BY instrument
    """).fetchall()
    for instrument, lowest, highest, items, answers in found:
        key = instruments.get(instrument)
        if key is None:
            raise ConfigError(
                "answers without a scoring key",
                where=f"instrument {instrument}: {answers} answers",
                next_step=f"put {instrument}.yaml back into the programme's instruments/ folder",
            )
        if lowest < key.lowest or highest > key.highest or items > key.items:
            raise StoreError(
                "stored answers that their key does not allow",
                where=f"instrument {instrument}: allowed are {key.lowest} to {key.highest} and items 1 to {key.items}",
                next_step="if the key was changed, give the new one another id; otherwise rebuild the warehouse",
            )


def _insert_scores(key: Instrument) -> str:
    """The INSERT for one instrument. Everything written into it is a number or an id whose form the key's model
    checks, so that no quoting is needed."""
    subscales = list(key.subscales.values())
    # One column for each subscale, then one row for each: sorting the forms before they are spread out is much less
    # work than sorting the rows, and unnest keeps the order.
    totals = [_total([_answer(item, key) for item in s.items]) for s in subscales]
    counts = [_total([f"(answers[{item}] IS NOT NULL)::INTEGER" for item in s.items]) for s in subscales]
    return f"""
        INSERT INTO scale_score BY NAME
        WITH form AS (
            SELECT response_id, {_columns("total", totals)}, {_columns("answered", counts)}
            FROM answer_sheet WHERE instrument = '{key.id}'
        ), sorted AS (
            SELECT * FROM form JOIN counted_response USING (response_id) ORDER BY response_id
        ), line AS (
            SELECT response_id, participant_id, cohort_id, time_point,
                   unnest({list(key.subscales)}) AS subscale,
                   unnest([{_names("total", subscales)}]) AS total,
                   unnest([{_names("answered", subscales)}]) AS items_answered,
                   unnest({[len(s.items) for s in subscales]}) AS items_expected,
                   unnest({[s.max_missing for s in subscales]}) AS max_missing
            FROM sorted
        )
        SELECT response_id, participant_id, cohort_id, time_point, '{key.id}' AS instrument, subscale,
               items_answered, items_expected,
               CASE WHEN items_expected - items_answered > max_missing THEN 'too_few_items'
                    WHEN items_answered < items_expected THEN 'prorated' ELSE 'scored' END AS state,
               CASE WHEN state <> 'too_few_items' THEN {_aggregate(key)} END AS score
        FROM line
    """


def _aggregate(key: Instrument) -> str:
    """How a total becomes the score. What was answered stands in for what was left blank: a sum is scaled up to all
    items, a mean is taken over the answered ones."""
    if key.aggregate == "table":
        return f"MAP {key.table}[total]"
    return "total * items_expected / items_answered" if key.aggregate == "sum" else "total / items_answered"


def _answer(item: int, key: Instrument) -> str:
    """Blank items add nothing."""
    answer = f"answers[{item}]::INTEGER"
    return f"coalesce({f'{key.lowest + key.highest} - {answer}' if item in key.reverse else answer}, 0)"


def _total(terms: list[str]) -> str:
    return " + ".join(terms)


def _columns(name: str, expressions: list[str]) -> str:
    return ", ".join(f"{expression} AS {name}_{place}" for place, expression in enumerate(expressions))


def _names(name: str, subscales: list[Subscale]) -> str:
    return ", ".join(f"{name}_{place}" for place in range(len(subscales)))
