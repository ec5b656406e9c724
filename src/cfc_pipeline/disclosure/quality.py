"""What became of the rows, after disclosure control. Rows of files are forms of people: one form left out for want of
consent is one person who said no. The exact figures are in the intake report, which stays with the programme."""

from collections.abc import Collection

import polars as pl

from cfc_pipeline.disclosure.flow import COUNTS
from cfc_pipeline.disclosure.hiding import as_cells, count_reasons, protected, reasons_by_figure, unprotected
from cfc_pipeline.disclosure.profile import Profile
from cfc_pipeline.disclosure.protected import Protected, Reason
from schemas.tables import FATES

FIGURES = ("rows_in", *FATES)
_PLACES = ("all", "survey", "reason")
_FORMS = ("rows_in", "stored", "unchanged")


def protect_quality(
    quality: pl.DataFrame, flow: Protected, apart: Collection[str], profile: Profile, off_because: str | None = None
) -> Protected:
    """`data_quality` added up over files, with small counts of forms hidden and what would give them away.

    The forms before and after of a cohort are twice those who answered both times and once those who answered only
    once, and a roster has a row for everybody enrolled. So where `flow`, the response_flow that is shown, hides a
    count, the rows of such surveys are hidden, and of all surveys together; not of those that are `apart`, whose
    rows are not counted there.

    Rows: one `about` all surveys, one for each survey, and one for each reason over all surveys (`survey_id` or
    `reason` filled). Schools are not counted: files are about surveys, not about groups of people.
    """
    results = _added_up(quality)
    if off_because:
        return unprotected(results, FIGURES, off_because)
    rank = pl.col("about").replace_strict({place: 10 * i for i, place in enumerate(_PLACES)})
    dear = rank + pl.col("figure").replace_strict({figure: i for i, figure in enumerate(FIGURES)})
    cells = as_cells(results, FIGURES).with_columns(reason=pl.lit(None, pl.String), dear=dear)
    cells = count_reasons(cells, _sums(cells), profile)
    if flow.hidden.select(pl.any_horizontal(pl.col(COUNTS).is_not_null()).any()).item():
        cells = cells.with_columns(reason=_with_forms(cells, apart))
    hidden = reasons_by_figure(cells, FIGURES, results.height)
    return protected(results, hidden, profile)


def _with_forms(cells: pl.DataFrame, apart: Collection[str]) -> pl.Expr:
    """A survey that nobody knows any more is not apart. To hide more than the sums ask for gives nothing away."""
    counted = (pl.col("about") == "survey") & ~pl.col("survey_id").is_in(list(apart))
    if cells.filter(counted).is_empty():
        return pl.col("reason")
    told = (counted | (pl.col("about") == "all")) & pl.col("figure").is_in(_FORMS) & (pl.col("value") > 0)
    return pl.when(told).then(pl.coalesce("reason", pl.lit(Reason.SMALL_COUNT.name))).otherwise("reason")


def _added_up(quality: pl.DataFrame) -> pl.DataFrame:
    fates = [pl.col("rows").filter(pl.col("outcome") == fate).sum().alias(fate) for fate in FATES]
    everything = quality.select(pl.col("rows").sum().alias("rows_in"), *fates).head(quality.height)
    surveys = quality.group_by("survey_id").agg(pl.col("rows").sum().alias("rows_in"), *fates).sort("survey_id")
    # A reason belongs to rows that were held back or left out; the other two do not exist for it.
    held = quality.filter(pl.col("outcome").is_in(["quarantined", "excluded"]))
    reasons = (
        held.group_by("reason")
        .agg(fates[2:])
        .sort("reason")
        .with_columns(pl.when(pl.col(fate) > 0).then(fate).alias(fate) for fate in FATES[2:])
    )
    named = [
        frame.with_columns(about=pl.lit(place))
        for place, frame in zip(_PLACES, (everything, surveys, reasons), strict=True)
    ]
    columns = ["about", "survey_id", "reason", *FIGURES]
    empty = pl.DataFrame(schema=dict.fromkeys(columns[:3], pl.String) | dict.fromkeys(columns[3:], pl.Int64))
    return pl.concat([empty, *named], how="diagonal_relaxed").select(columns)


def _sums(cells: pl.DataFrame) -> pl.DataFrame:
    within = cells.filter(pl.col("about") != "reason").select(
        pl.concat_str(pl.lit("row"), "row", separator="|").alias("sum"),
        "cell",
        sign=pl.when(pl.col("figure") == "rows_in").then(-1.0).otherwise(1.0),
    )
    down = [
        cells.filter(pl.col("about").is_in(["all", place])).select(
            pl.concat_str(pl.lit(place), "figure", separator="|").alias("sum"),
            "cell",
            sign=pl.when(pl.col("about") == "all").then(-1.0).otherwise(1.0),
        )
        for place in _PLACES[1:]
    ]
    # Surveys leave no reason for stored rows, so that total has surveys as its only parts.
    return pl.concat([within, *down])
