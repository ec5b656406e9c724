"""One person answering the same thing twice: which response counts. Nothing is thrown away; the rest is superseded."""

import polars as pl

from cfc_pipeline.programme import Survey

# Sort keys, best last.
RULES = {
    "latest_complete": ["complete", "submitted_at", "file", "row"],
    "latest": ["submitted_at", "file", "row"],
    "first": ["complete", "earliest", "earlier_file", "earlier_row"],
}


def families(surveys: list[Survey]) -> dict[str, str]:
    """Survey id -> id of the first survey that it shares an instrument with, directly or through others.

    Two entries that ask the same scale, such as one for each partner's tool, are one family: a person who filled in
    both has answered twice. Feedback forms are families by kind, because their sessions tell them apart.
    """
    family = {s.id: s.id for s in surveys}
    for one in surveys:
        for other in surveys:
            shared = {s.instrument for s in one.scales} & {s.instrument for s in other.scales}
            if shared and one.kind == other.kind and family[one.id] != family[other.id]:
                old, new = family[other.id], family[one.id]
                family = {survey: new if first == old else first for survey, first in family.items()}
    return family


def settle(answers: dict[str, pl.DataFrame], surveys: list[Survey], rule: str) -> dict[str, pl.DataFrame]:
    """Accepted rows of every survey, with `status` counted or superseded. Anonymous rows always count."""
    if not answers:
        return {}
    family = families(surveys)
    keys = ["person", "cohort_id", "time_point", "session_number", "complete", "submitted_at", "file", "row"]
    every = pl.concat(
        frame.select(*keys, survey=pl.lit(survey_id), family=pl.lit(family[survey_id]), index=pl.int_range(pl.len()))
        for survey_id, frame in answers.items()
    )
    same = ["person", "family", "cohort_id", "time_point", "session_number"]
    several = every.filter(pl.col("person").is_not_null(), pl.struct(same).is_duplicated())
    ordered = several.with_columns(
        earliest=-pl.col("submitted_at").dt.epoch("us"), earlier_file=-pl.col("file"), earlier_row=-pl.col("row")
    ).sort(RULES[rule], nulls_last=False)
    superseded = ordered.filter(pl.struct(same).is_last_distinct().not_())
    return {
        survey_id: frame.with_columns(status=_status(superseded.filter(survey=survey_id)["index"]))
        for survey_id, frame in answers.items()
    }


def _status(superseded: pl.Series) -> pl.Expr:
    """Of every row, when those with these places are superseded."""
    here = pl.int_range(pl.len()).is_in(superseded.implode())
    return pl.when(here).then(pl.lit("superseded")).otherwise(pl.lit("counted"))
