"""Makes the view `score_sheet`, from answer sheets and the keys in schemas/instruments/.

A score is worked out from its answers whenever somebody asks for it, so it cannot be out of date, and the view's own
text says how. All of an instrument's subscales are worked out at once from a sheet; spreading the sheets out to a row
for each answer first would be shorter to write and many times slower.
"""

from collections.abc import Collection, Mapping

import duckdb

from cfc_pipeline.errors import ConfigError, StoreError
from cfc_pipeline.warehouse.layout import create_view
from schemas.instruments import Instrument, Subscale


def score(
    con: duckdb.DuckDBPyConnection,
    instruments: Mapping[str, Instrument],
    not_asked: Collection[tuple[str, str, str]] = (),
) -> None:
    """Makes `score_sheet` anew: a view of `answer_sheet`. `scale_score` is a view of it, and of whose scores count.

    A row for each instrument of which the response answered at least one item. `not_asked` are survey, instrument and
    subscale of scores that a form cannot give: none is made, however many items were answered. Raises ConfigError for
    answers to an instrument without a key, and StoreError for answers that their key does not allow, which intake
    refuses.
    """
    answered = _refuse_impossible_answers(con, instruments)
    # Every further instrument in the view is read through by every query, so it holds those that were answered.
    scales = [instruments[name] for name in answered if instruments[name].kind == "scale"]
    sheets = " UNION ALL ".join(_scored_sheets(key, _lacking(key, not_asked)) for key in scales)
    if sheets:
        create_view(con, "score_sheet", sheets)


def _refuse_impossible_answers(con: duckdb.DuckDBPyConnection, instruments: Mapping[str, Instrument]) -> list[str]:
    """The instruments that there are answers to."""
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
    return [instrument for instrument, *_ in found]


def _lacking(key: Instrument, not_asked: Collection[tuple[str, str, str]]) -> dict[str, list[str]]:
    """Subscale: surveys that do not ask for it."""
    found: dict[str, list[str]] = {}
    for survey, instrument, subscale in sorted(not_asked):
        if instrument == key.id:
            found.setdefault(subscale, []).append(survey)
    return found


def _scored_sheets(key: Instrument, lacking: Mapping[str, list[str]]) -> str:
    """One instrument's sheets, with lists over its subscales. Everything written into it is a number or an id whose
    form the key's model checks, so that no quoting is needed."""
    subscales = list(key.subscales.values())
    totals = [_sum([_answer(item, key) for item in s.items]) for s in subscales]
    counts = [_sum([f"(answers[{item}] IS NOT NULL)::INTEGER" for item in s.items]) for s in subscales]
    scores = [_score(key, *parts) for parts in zip(subscales, totals, counts, strict=True)]
    asked = [_asked(lacking.get(name, [])) for name in key.subscales]
    scores = [made.format(score, "NULL") for made, score in zip(asked, scores, strict=True)]
    expected = [made.format(len(s.items), 0) for made, s in zip(asked, subscales, strict=True)]
    # Few forms leave something out; the others are spared the join.
    source = "answer_sheet JOIN response USING (response_id)" if lacking else "answer_sheet"
    return f"""
        SELECT response_id, instrument, {list(key.subscales)} AS subscales, [{", ".join(scores)}]::DOUBLE[] AS scores,
               [{", ".join(counts)}]::BIGINT[] AS answered, [{", ".join(expected)}]::BIGINT[] AS expected
        FROM {source} WHERE instrument = '{key.id}'
    """


def _asked(surveys: list[str]) -> str:
    """Pattern for what a score is, and what it is where it was not asked for."""
    listed = ", ".join(f"'{survey}'" for survey in surveys)
    return f"CASE WHEN survey_id IN ({listed}) THEN {{1}} ELSE {{0}} END" if surveys else "{0}"


def _answer(item: int, key: Instrument) -> str:
    """Blank items add nothing."""
    answer = f"answers[{item}]::INTEGER"
    return f"coalesce({f'{key.lowest + key.highest} - {answer}' if item in key.reverse else answer}, 0)"


def _score(key: Instrument, subscale: Subscale, total: str, answered: str) -> str:
    """How a total becomes the score. What was answered stands in for what was left blank: a sum is scaled up to all
    items, a mean is taken over the answered ones."""
    assert key.aggregate, "every key of kind scale says how"
    items = len(subscale.items)
    formulas = {
        "table": f"MAP {key.table}[{total}]",
        "sum": f"({total}) * {items} / ({answered})",
        "mean": f"({total}) * {key.factor} / ({answered})",
    }
    return f"CASE WHEN {items} - ({answered}) <= {subscale.max_missing} THEN {formulas[key.aggregate]} END"


def _sum(terms: list[str]) -> str:
    return " + ".join(terms)
