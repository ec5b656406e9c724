"""Files in which the tool's ids belong to other responses than before.

Microsoft Forms, LimeSurvey and REDCap number the responses of each form from 1. A copy of a form, such as next year's,
begins at 1 again and fits the same survey entry: taken for a newer version of the same responses, it would put every
answer from before out of count.
"""

import polars as pl

from cfc_pipeline.errors import ExportError

_BEFORE = "_before"
_FEW = 3  # responses without a person that are edited at once in good faith, day and all


def refuse_other_responses(before: list[pl.DataFrame], now: pl.DataFrame) -> None:
    """ExportError when most records that came in `before` are other responses `now`. Frames of canonical answers of one
    survey, in the order of their arrival.

    Another response is by another person on another day, or, where people or days are not known, answers otherwise. One
    such record may be a correction; most of them are another form.
    """
    here = _responses(now).unique("record", keep="last")
    earlier = [_responses(rows).filter(pl.col("record").is_in(here["record"].implode())) for rows in before]
    if not any(rows.height for rows in earlier):
        return
    last = pl.concat(earlier, how="diagonal_relaxed").unique("record", keep="last", maintain_order=True)
    both = here.join(last, on="record", suffix=_BEFORE)
    answers = [column for column in now.columns if ":" in column]
    found = both.select(other=_is_other(answers), named=_differs("person").is_not_null())
    others = found.filter("other")
    if others.height * 2 > found.height and (others["named"].any() or others.height >= _FEW):
        raise ExportError(
            "The ids of this file are those of other responses, which came in before.",
            where=f"{others.height} of the {found.height} responses whose ids are known are by other people, or were "
            "sent in at another time",
            next_step="if this is a copy of the form, for another year or group, give it a survey entry of its own and "
            "take it in with `cfc-pipeline ingest FILE --survey ID`",
        )


def _responses(rows: pl.DataFrame) -> pl.DataFrame:
    said = rows.filter(~pl.col("test") & ~pl.col("empty") & pl.col("record").is_not_null())
    return said.select("record", "person", "submitted_at", *(column for column in rows.columns if ":" in column))


def _is_other(answers: list[str]) -> pl.Expr:
    """Null counts as no difference: a form that was sent in unfinished and finished later is one response."""
    otherwise = pl.any_horizontal(pl.lit(False), *(_differs(item).fill_null(False) for item in answers))
    day, person = _differs("submitted_at"), _differs("person")
    return pl.when(day.is_null()).then(person.fill_null(True) & otherwise).otherwise(day & person.fill_null(otherwise))


def _differs(column: str) -> pl.Expr:
    return pl.col(column) != pl.col(column + _BEFORE)
