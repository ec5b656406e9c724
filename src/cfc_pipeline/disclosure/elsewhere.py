"""How many people of the flow's boxes other tables count: who is behind a mean change has answered both times, who
answered an item on perceived impact agreed and stayed, who was present at a session is enrolled.

A number that is shown elsewhere is a floor under the box that its people belong to. With 38 answers to an item and 40
people enrolled, no more than two can have refused, though no sum says so. Where a total is shown and some of its parts
are hidden, what the others leave over is a floor under the boxes of the hidden ones together.
"""

import polars as pl

from cfc_pipeline.disclosure.protected import Protected, Reason
from cfc_pipeline.outcomes.levels import GROUP

# Of whom the people with a change to this time point are part.
_BOXES_OF_CHANGE = {"post": "paired", "mid": "pre_and_mid", "follow_up": "pre_and_follow_up"}
_WHOLES = (("year", "cohort", ["key", "academic_year"]), ("all", "year", ["key"]))


def counted_elsewhere(paired: Protected, impact: Protected, ratings: Protected, response: Protected) -> pl.DataFrame:
    """Floors of boxes of `response_flow`, from tables after disclosure control: a row for each member of a group of
    people, GROUP, with `sum` (which group), `figure` (the box) and `at_least`, the floor under the members together.

    Taken to be true although it need not be: that an anonymous form is of somebody who agreed, and that nobody was
    present at a session who is not enrolled. Where that is not so a floor may be too high, and one that is above its
    box is left out.
    """
    sessions = response.values.filter(pl.col("session_number").is_not_null())
    tables = [
        *((_of_change(paired, time), "n_paired", box) for time, box in _BOXES_OF_CHANGE.items()),
        (_keyed(impact.values.filter(pl.col("level") != "cohort"), "instrument", "item"), "base", "remaining"),
        (_keyed(ratings.values, "session_number", "question"), "n", "enrolled"),
        (_keyed(sessions, "session_number"), "forms", "enrolled"),
        (_keyed(sessions, "session_number"), "attendance", "enrolled"),
    ]
    parts = [
        floors.with_columns(pl.format("{}|{}|{}", pl.lit(number), pl.lit(box), "sum").alias("sum"), figure=pl.lit(box))
        for number, (rows, count, box) in enumerate(tables)
        for floors in _floors(rows.select(*GROUP, "key", n=pl.col(count).cast(pl.Int64)).unique())
    ]
    return pl.concat(parts)


def with_floors(
    cells: pl.DataFrame, members: pl.DataFrame, elsewhere: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Floors under cells, and under sums of cells; such a sum is one more cell, in no table. `cells` and `members` as
    for count_reasons, with `aside`."""
    told = elsewhere.join(cells.select(*GROUP, "figure", "cell", "value"), on=[*GROUP, "figure"], nulls_equal=True)
    alone = pl.len().over("sum") == 1
    single = told.filter(alone).group_by("cell").agg(pl.col("at_least").max())
    groups = told.filter(~alone).with_columns(number=pl.col("sum").rank("dense").cast(pl.UInt32) - 1 + cells.height)
    sums = groups.group_by("number", maintain_order=True).agg(pl.col("value").sum(), pl.col("at_least").first())
    extra = sums.select(
        "value", "at_least", cell="number", aside=True, reason=pl.lit(Reason.GIVES_AWAY.name), dear=pl.lit(10_000)
    )
    cells = cells.join(single, on="cell", how="left", maintain_order="left").with_columns(
        pl.col("at_least").fill_null(0)
    )
    key = pl.format("counted elsewhere|{}", "number").alias("sum")
    within = [groups.select(key, "cell", sign=1.0), sums.select(key, pl.col("number").alias("cell"), sign=-1.0)]
    return pl.concat([cells, extra.sort("cell")], how="diagonal_relaxed"), pl.concat(
        [members, *within], how="vertical_relaxed"
    )


def _of_change(paired: Protected, time_point: str) -> pl.DataFrame:
    """As published: the pooled change is of people of all years, and of cohorts there is only the change to after."""
    rows = paired.values.filter(
        pl.col("to_time_point") == time_point, (pl.col("level") != "cohort") | pl.lit(time_point == "post")
    )
    pooled = pl.when(pl.col("level") == "pooled").then(pl.lit("all")).otherwise("level")
    return _keyed(rows.with_columns(level=pooled), "instrument", "subscale")


def _keyed(rows: pl.DataFrame, *by: str) -> pl.DataFrame:
    return rows.with_columns(key=pl.concat_str(by, separator="|"))


def _floors(rows: pl.DataFrame) -> list[pl.DataFrame]:
    """Under each group whose number is shown; and under the hidden parts of a shown total together."""
    shown = pl.col("n").is_not_null()
    name = pl.format("{}|{}|{}", "level", pl.coalesce("cohort_id", "academic_year", pl.lit("")), pl.lit("itself"))
    own = rows.filter(shown).group_by(GROUP).agg(at_least=pl.col("n").max()).with_columns(sum=name)
    found = [own.select(*GROUP, "sum", "at_least")]
    for whole, part, by in _WHOLES:
        parts = rows.filter(pl.col("level") == part)
        left = parts.group_by(by).agg(told=pl.col("n").sum(), hidden=pl.col("n").is_null().sum())
        wholes = rows.filter(shown, pl.col("level") == whole).join(left, on=by)
        rest = wholes.filter(pl.col("told") > 0, pl.col("hidden") > 0, pl.col("n") > pl.col("told"))
        rest = rest.select(*by, at_least=pl.col("n") - pl.col("told"))
        members = parts.filter(pl.col("n").is_null()).join(rest, on=by)
        name = pl.concat_str(pl.lit(whole), *by, separator="|")
        found.append(members.select(*GROUP, sum=name, at_least="at_least"))
    return found
