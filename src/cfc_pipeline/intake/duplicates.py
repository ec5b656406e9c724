"""One person answering the same thing twice: which response counts. Nothing is thrown away; the rest is superseded.

A form is late when it came in after its time: by the calendar, or on or after the day of the same person's next one. It
does not take the place of one that came in time, because links are sent out again by mistake, and answers of summer are
not those of before. And a page that was opened again and left does not take the place of a full form, also where the
tool does not say who finished; but a later form that leaves out a question or two does: people may take an answer back.
"""

from collections.abc import Mapping

import polars as pl

from cfc_pipeline.intake.answers import COMMENT
from cfc_pipeline.intake.calendar import time_points
from cfc_pipeline.programme import Programme, Survey
from schemas.tables import TIME_POINTS

# Sort keys, best last.
RULES = {
    "latest_complete": ["true", "full", "complete", "submitted_at", "file", "row"],
    "latest": ["submitted_at", "file", "row"],
    "first": ["full", "complete", "earliest", "earlier_file", "earlier_row"],
}
_FULL = 0.8  # of the answers of the person's fullest form
_SAME = ("person", "family", "cohort_id", "time_point", "session_number")


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


def settle(answers: dict[str, pl.DataFrame], programme: Programme) -> tuple[dict[str, pl.DataFrame], Mapping[str, int]]:
    """Accepted rows of every survey, with `status` counted or superseded. Anonymous rows always count.

    And how many superseded responses are `late`, and how many came later than the one that counts, which is `fuller`.
    """
    if not answers:
        return {}, {}
    family = families(programme.surveys)
    keys = ["person", "cohort_id", "time_point", "session_number", "complete", "submitted_at", "file", "row"]
    every = pl.concat(
        frame.select(*keys, survey=pl.lit(survey_id), family=pl.lit(family[survey_id]), index=pl.int_range(pl.len()))
        for survey_id, frame in answers.items()
    )
    several = every.filter(pl.col("person").is_not_null(), pl.struct(_SAME).is_duplicated())
    rule = programme.policy.duplicates
    ordered = _told_apart(several, every, answers, programme).sort(RULES[rule], nulls_last=False)
    superseded = ordered.filter(pl.struct(_SAME).is_last_distinct().not_())
    settled = {
        survey_id: frame.with_columns(status=_status(superseded.filter(survey=survey_id)["index"]))
        for survey_id, frame in answers.items()
    }
    return settled, _passed_over(ordered) if rule == "latest_complete" else dict.fromkeys(("late", "fuller"), 0)


def _told_apart(
    several: pl.DataFrame, every: pl.DataFrame, answers: dict[str, pl.DataFrame], programme: Programme
) -> pl.DataFrame:
    """With what rules go by. A form is `true` if it came in time and is `full`, not one that was left half-way."""
    several = several.join(_answered(several, answers), on=["survey", "index"], how="left", maintain_order="left")
    late = _late(several, every, programme)
    full = pl.col("answered") >= _FULL * pl.col("answered").max().over(_SAME)
    return several.with_columns(
        late=late,
        full=full,
        true=~late & full,
        earliest=-pl.col("submitted_at").dt.epoch("us"),
        earlier_file=-pl.col("file"),
        earlier_row=-pl.col("row"),
    )


def _answered(several: pl.DataFrame, answers: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """survey, index, answered: how many questions other than comments."""
    found = [pl.DataFrame(schema={"survey": pl.String, "index": pl.Int64, "answered": pl.Int64})]
    for (survey_id,), rows in several.group_by("survey", maintain_order=True):
        frame = answers[str(survey_id)][rows["index"]]
        items = [c for c in frame.columns if ":" in c and not c.startswith(COMMENT)]
        answered = pl.sum_horizontal(pl.lit(0), pl.col(items).is_not_null()).cast(pl.Int64)
        found.append(rows.select("survey", "index").with_columns(frame.select(answered=answered).to_series()))
    return pl.concat(found)


def _late(several: pl.DataFrame, every: pl.DataFrame, programme: Programme) -> pl.Series:
    """Days are compared, because in shredded files only days are left."""
    by_calendar = time_points(several, programme.cohorts, programme.policy.calendar)
    who = ["person", "family", "cohort_id"]
    day = pl.col("submitted_at").cast(pl.Date).alias("day")
    theirs = every.join(several.select(who).unique(), on=who, how="semi")
    theirs = theirs.select(*who, day, next_place=_place(pl.col("time_point")))
    placed = several.select("survey", "index", *who, day, place=_place(pl.col("time_point")))
    after = placed.join(theirs, on=who, suffix="_next").filter(
        pl.col("next_place") > pl.col("place"), pl.col("day_next") <= pl.col("day")
    )
    overtaken = pl.struct("survey", "index").is_in(after.select(both=pl.struct("survey", "index"))["both"].implode())
    beyond = _place(pl.lit(by_calendar)) > _place(pl.col("time_point"))
    return several.select(late=beyond.fill_null(False) | overtaken).to_series()


def _place(time_point: pl.Expr) -> pl.Expr:
    return time_point.replace_strict(TIME_POINTS, range(len(TIME_POINTS)), default=None, return_dtype=pl.Int8)


def _passed_over(ordered: pl.DataFrame) -> Mapping[str, int]:
    """Responses that would count if only their time did. `ordered` has the one that counts last."""
    last = pl.col("true", "submitted_at").last().over(_SAME)
    after = ordered.with_columns(last.name.suffix("_counted")).filter(
        pl.col("submitted_at") > pl.col("submitted_at_counted")
    )
    late = after.filter("late", "true_counted").height
    return {"late": late, "fuller": after.height - late}


def _status(superseded: pl.Series) -> pl.Expr:
    """Of every row, when those with these places are superseded."""
    here = pl.int_range(pl.len()).is_in(superseded.implode())
    return pl.when(here).then(pl.lit("superseded")).otherwise(pl.lit("counted"))
