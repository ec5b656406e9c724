"""How many people changed reliably, after disclosure control.

Four counts that add up to n, in each year and over all: as for perceived impact, every sum among them is known to the
reader. What is known besides is the mean and SD of the same people's changes, which moments.py looks at.
"""

import polars as pl

from cfc_pipeline.disclosure.hiding import DEAREST_LEVELS, as_cells, count_reasons, protected, unprotected
from cfc_pipeline.disclosure.moments import Changes, leaves_open
from cfc_pipeline.disclosure.profile import Profile
from cfc_pipeline.disclosure.protected import Protected, Reason
from cfc_pipeline.disclosure.sums import sums_over_levels

ROW = ("level", "academic_year", "instrument", "subscale")
BOXES = ("improved", "deteriorated", "recovered", "unchanged")  # dearest first
SHARES = tuple(f"{box}_percent" for box in BOXES)
FIGURES = ("n_paired", *BOXES, *SHARES)
_SCORE = ["instrument", "subscale"]


def protect_reliable_change(
    change: pl.DataFrame,
    paired: Protected,
    spans: pl.DataFrame,
    profile: Profile,
    off_because: str | None = None,
) -> Protected:
    """`reliable_change` from before to after, with small counts hidden, rows in which all changed alike, rows of few
    people or schools, and what would give these away within a row or between years.

    `paired` is `paired_change` after disclosure control: a row of people whose number is hidden there, or whose mean
    change is, is hidden here. `spans` has `lowest` and `highest` of every score. Risks accepted: several scores of the
    same people are not compared, since no sum ties who improved on one to who improved on another; that a row is hidden
    says to somebody who knows these rules that one of its counts is small, or all but one are.
    """
    results = _with_shares(change.filter(pl.col("to_time_point") == "post"))
    if off_because:
        return unprotected(results, FIGURES, off_because)
    rows = results.with_row_index("row").join(
        _known(paired), on=ROW, how="left", nulls_equal=True, maintain_order="left"
    )
    rows = rows.join(spans, on=_SCORE, how="left", maintain_order="left").with_columns(told=_withheld(profile))
    while True:
        reasons = _reasons(rows, profile)
        telling = _telling(rows, reasons, profile)
        if telling.is_empty():
            return protected(results.select(*_TEXTS, *FIGURES), _by_figure(rows, reasons), profile)
        rows = rows.with_columns(told=pl.col("told") | pl.col("row").is_in(telling.implode()))


_TEXTS = (*ROW, "threshold", "at_least", "from_expected", "cut_off", "rule")


def _with_shares(change: pl.DataFrame) -> pl.DataFrame:
    shares = ((100 * pl.col(box) / pl.col("n_paired")).alias(share) for box, share in zip(BOXES, SHARES, strict=True))
    # How many people there are is in the tables of change; where there is no rule, nobody is counted here.
    counted = pl.when(pl.col("improved").is_not_null()).then("n_paired").alias("n_paired")
    return change.with_columns(*shares).with_columns(counted)


def _known(paired: Protected) -> pl.DataFrame:
    """What is shown of the same people's change in other tables, and whether that is enough to show more."""
    hidden = paired.hidden.select(
        hides_n=pl.col("n_paired").is_not_null(), hides_mean=pl.col("mean_change").is_not_null()
    )
    shown = paired.values.hstack(hidden).filter(level="year", to_time_point="post")
    return shown.select(*ROW, "mean_change", "ci_low", "ci_high", "hides_n", "hides_mean")


def _withheld(profile: Profile) -> pl.Expr:
    """Rows that are hidden whole."""
    boxes = [pl.col(box).fill_null(0) for box in BOXES]
    few = (pl.col("n_paired") < profile.base_of_percentage) | (pl.col("n_schools") < profile.schools_behind_figure)
    alike = (pl.max_horizontal(boxes) == pl.col("n_paired")) & profile.hide_unanimous
    hidden_elsewhere = pl.col("hides_n").fill_null(False) | pl.col("hides_mean").fill_null(False)
    not_there = (pl.col("level") == "year") & pl.col("hides_n").is_null()
    return few | alike | hidden_elsewhere | not_there


def _reasons(rows: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """A row for each count: `row`, `figure` and `reason`. n comes first: the tables of change show it as well."""
    level = pl.col("level").replace_strict(DEAREST_LEVELS, return_dtype=pl.Int64)
    key = pl.concat_str(_SCORE, separator="|")
    few_schools = pl.col("n_schools") < profile.schools_behind_figure
    given = rows.select(*ROW, "told", "n_paired", *BOXES, hides_n=pl.col("hides_n").fill_null(few_schools))
    cells = as_cells(given, ["n_paired", *BOXES])
    dear = level + pl.col("figure").replace_strict(_DEAR, return_dtype=pl.Int64)
    secret = pl.when(pl.col("figure") == "n_paired").then("hides_n").otherwise("told")
    cells = cells.with_columns(
        reason=pl.when(secret).then(pl.lit(Reason.SMALL_COUNT.name)),
        dear=dear,
        key=pl.concat_str(key, "figure", separator="|"),
    )
    within = cells.select(
        pl.concat_str(pl.lit("row"), "row", separator="|").alias("sum"),
        "cell",
        sign=pl.when(pl.col("figure") == "n_paired").then(-1.0).otherwise(1.0),
    )
    found = count_reasons(cells, pl.concat([within, sums_over_levels(cells, "key")]), profile)
    return _nothing_of_scores_whose_n_would_tell(found)


_DEAR = {"n_paired": 0} | {box: 10 * place for place, box in enumerate(BOXES, start=1)}


def _nothing_of_scores_whose_n_would_tell(cells: pl.DataFrame) -> pl.DataFrame:
    """A year's n that is shown elsewhere and may not be beside these counts: then none of the score's counts is."""
    wrong = cells.filter(
        pl.col("figure") == "n_paired", pl.col("level") == "year", pl.col("reason").is_not_null(), ~pl.col("hides_n")
    )
    telling = pl.struct(_SCORE).is_in(wrong.select(pl.struct(_SCORE)).to_series().implode())
    return cells.with_columns(reason=pl.when(telling).then(pl.lit(Reason.SMALL_COUNT.name)).otherwise("reason"))


def _telling(rows: pl.DataFrame, reasons: pl.DataFrame, profile: Profile) -> pl.Series:
    """Rows whose shown counts, beside the mean and SD of the change, say too much of a hidden one. Where change is
    counted from an expected score, moments.py does not know what they say, so it is taken to be too much."""
    hidden = reasons.filter(pl.col("figure").is_in(BOXES), pl.col("reason").is_not_null())
    shown = reasons.filter(pl.col("figure").is_in(BOXES), pl.col("reason").is_null())
    partly = rows.filter(
        pl.col("row").is_in(hidden["row"].implode()) & pl.col("row").is_in(shown["row"].implode()),
        pl.col("mean_change").is_not_null() & ~pl.col("told"),
    )
    found = [
        row["row"]
        for row in partly.iter_rows(named=True)
        if row["from_expected"]
        or not leaves_open(
            Changes.of(row),
            {box: row[box] for box in BOXES if row[box] is not None},
            set(shown.filter(pl.col("row") == row["row"])["figure"]),
            profile.smallest_count,
        )
    ]
    return pl.Series(found, dtype=pl.UInt32)


def _by_figure(rows: pl.DataFrame, reasons: pl.DataFrame) -> pl.DataFrame:
    columns = {}
    for figure in ("n_paired", *BOXES):
        of = reasons.filter(pl.col("figure") == figure).select("row", "reason")
        columns[figure] = rows.join(of, on="row", how="left", maintain_order="left")["reason"]
    shares = {
        share: pl.select(pl.coalesce(columns[box], columns["n_paired"])).to_series()
        for box, share in zip(BOXES, SHARES, strict=True)
    }
    return pl.DataFrame(columns | shares)
