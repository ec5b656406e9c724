"""The trend of session feedback and its response rate, after disclosure control.

The trend is worked out from what is shown of single sessions, so that it says nothing else: with one session of a
cohort hidden, the mean over all of them would tell it; with four hidden, the mean, the slope and their intervals.
"""

import numpy as np
import polars as pl

from cfc_pipeline.disclosure.counts import choose_shown
from cfc_pipeline.disclosure.hiding import protected, unprotected
from cfc_pipeline.disclosure.profile import Profile
from cfc_pipeline.disclosure.protected import Protected, Reason
from cfc_pipeline.disclosure.sums import sums_of, sums_over_levels
from cfc_pipeline.outcomes.levels import GROUP
from cfc_pipeline.outcomes.sessions import above, session_trend, with_rates

TREND = (
    *("n_cohorts", "n_sessions", "mean", "mean_low", "mean_high", "slope", "slope_low", "slope_high"),
    *("sd_forms", "sd_sessions", "sd_cohorts"),
)
ADHERENCE = ("n_cohorts", "n_sessions", "n_rated", "adherence")
RATES = ("percent", "ci_low", "ci_high")
RESPONSE = ("n_sessions", "attendance", "forms", *RATES)


def protect_trend(
    trend: pl.DataFrame, feedback: Protected, profile: Profile, off_because: str | None = None
) -> Protected:
    """`session_trend` over the sessions that `feedback` shows; hidden where too few of them are."""
    keys = (*GROUP, "question")
    if off_because:
        return unprotected(trend.select(*keys, *TREND), TREND, off_because)
    seen = feedback.values.filter(pl.col("n").is_not_null())
    shown = session_trend(seen).select(*keys, *TREND)
    values = trend.select(keys).join(shown, on=keys, how="left", nulls_equal=True, maintain_order="left")
    return protected(values, _absent(trend, values, TREND), profile)


def protect_response(
    response: pl.DataFrame, feedback: Protected, profile: Profile, off_because: str | None = None
) -> Protected:
    """`session_response` with hidden counts of forms and of people present, and totals that give none of them away.

    Forms of a session are hidden where `feedback` hides how many rated any of its questions, which are mostly the same
    forms. A cohort's total stays where no hidden session follows from it and from what `feedback` shows; totals of
    years are over the cohorts whose total is shown. Risk accepted: how many of those present sent none follows from the
    two counts, as it does from `session_feedback`; forms are anonymous.
    """
    keys = (*GROUP, "session_number")
    if off_because:
        return unprotected(response.select(*keys, *RESPONSE), RESPONSE, off_because)
    response = response.filter(pl.lit(feedback.values.height > 0))  # no form at all: nobody was asked
    marked = response.with_columns(few=pl.col("n_schools") < profile.schools_behind_figure)
    sessions = _sessions(marked, feedback, profile)
    cohorts = _cohorts(marked, sessions, feedback, profile)
    shown = with_rates(pl.concat([sessions, cohorts, *above(cohorts)], how="diagonal_relaxed"))
    enough = pl.col("attendance") >= profile.base_of_percentage
    shown = shown.with_columns(pl.when(enough).then(rate).alias(rate) for rate in RATES).select(*keys, *RESPONSE)
    values = response.select(keys).join(shown, on=keys, how="left", nulls_equal=True, maintain_order="left")
    return protected(values, _absent(response, values, RESPONSE).with_columns(_of_rates(response, values)), profile)


def protect_adherence(
    adherence: pl.DataFrame, profile: Profile, off_because: str | None = None, *, agreed: bool = False
) -> Protected:
    """`session_adherence` without cohorts, unless the facilitators `agreed`: a cohort has one facilitator, whom
    everybody knows by name. Years and all years need as many cohorts as a figure needs schools, and so does what the
    shown years leave over of all years."""
    if off_because or agreed:
        keys = adherence.select(*GROUP, *ADHERENCE)
        return unprotected(keys, ADHERENCE, off_because) if off_because else _nothing_hidden(keys, profile)
    results = adherence.filter(pl.col("level") != "cohort").select(*GROUP, *ADHERENCE)
    cohorts, enough = pl.col("n_cohorts"), profile.schools_behind_figure
    shown_years = results.filter(pl.col("level") == "year", cohorts >= enough)["n_cohorts"].sum()
    rest = cohorts - pl.when(pl.col("level") == "all").then(shown_years).otherwise(0)
    few = (cohorts < enough) | ((pl.col("level") == "all") & (rest > 0) & (rest < enough))
    why = results.select(pl.when(few).then(pl.lit(Reason.GIVES_AWAY.name))).to_series()
    return protected(results, pl.DataFrame(dict.fromkeys(ADHERENCE, why)), profile)


def _nothing_hidden(rows: pl.DataFrame, profile: Profile) -> Protected:
    nothing = pl.Series([None] * rows.height, dtype=pl.String)
    return protected(rows, pl.DataFrame(dict.fromkeys(ADHERENCE, nothing)), profile)


def _of_rates(response: pl.DataFrame, values: pl.DataFrame) -> list[pl.Series]:
    """A rate lacks a count, or its base is small. Its interval is hidden with it even where it does not exist: that
    would say that there were more forms than people."""
    counted = values["forms"].is_not_null() & values["attendance"].is_not_null()
    exists = response["percent"].is_not_null() & values["percent"].is_null()
    why = pl.when(counted).then(pl.lit(Reason.SMALL_BASE.name)).otherwise(pl.lit(Reason.GIVES_AWAY.name))
    single = response["session_number"].is_not_null()
    found = pl.select(
        percent=pl.when(exists).then(why),
        ci_low=pl.when(exists & single).then(why),
        ci_high=pl.when(exists & single).then(why),
    )
    return found.get_columns()


def _sessions(marked: pl.DataFrame, feedback: Protected, profile: Profile) -> pl.DataFrame:
    """Single sessions of cohorts with what may be shown of them; `true_forms` beside it."""
    n = feedback.values.filter(pl.col("level") == "cohort").group_by("cohort_id", "session_number")
    untold = n.agg(untold=pl.col("n").is_null().any(), told=pl.col("n").is_not_null().any())
    small = {count: pl.col(count).is_between(1, profile.smallest_count - 1) for count in ("forms", "attendance")}
    return (
        marked.filter(pl.col("session_number").is_not_null())
        .join(untold, on=["cohort_id", "session_number"], how="left", maintain_order="left")
        .with_columns(true_forms="forms")
        .with_columns(
            forms=pl.when(~(pl.col("few") | small["forms"] | pl.col("untold").fill_null(False))).then("forms"),
            attendance=pl.when(~(pl.col("few") | small["attendance"])).then("attendance"),
        )
    )


def _cohorts(marked: pl.DataFrame, sessions: pl.DataFrame, feedback: Protected, profile: Profile) -> pl.DataFrame:
    """Totals of cohorts that may be shown."""
    cohorts = marked.filter(pl.col("level") == "cohort", pl.col("session_number").is_null(), ~pl.col("few"))
    # What a total counts as forms it counts as people present as well; one session of the two may be hidden.
    untold = sessions.filter(pl.col("attendance").is_null())
    cohorts = cohorts.join(untold, on="cohort_id", how="anti", maintain_order="left")
    return cohorts.filter(pl.col("cohort_id").is_in(_safe_totals(cohorts, sessions, feedback, profile).implode()))


def _safe_totals(cohorts: pl.DataFrame, sessions: pl.DataFrame, feedback: Protected, profile: Profile) -> pl.Series:
    """Cohorts whose total of forms tells no hidden session, beside all that `feedback` shows of the same forms."""
    forms = sessions.select(
        *("level", "cohort_id", "academic_year", "session_number", "few"),
        value="true_forms",
        shown=pl.col("forms").is_not_null() | pl.col("told").fill_null(False),
    )
    told = feedback.values.group_by(*GROUP, "session_number").agg(shown=pl.col("n").is_not_null().any())
    wholes = [
        forms.group_by(by, maintain_order=True)
        .agg(pl.col("value").sum())
        .with_columns(level=pl.lit(level), cohort_id=pl.lit(None, pl.String))
        for level, by in (("year", ["academic_year", "session_number"]), ("all", ["session_number"]))
    ]
    above_cohorts = pl.concat(wholes, how="diagonal_relaxed").join(
        told, on=[*GROUP, "session_number"], how="left", nulls_equal=True, maintain_order="left"
    )
    every = cohorts.select("cohort_id", level=pl.lit("total"), value="forms", shown=pl.lit(False))
    cells = pl.concat(
        [forms, above_cohorts.with_columns(pl.col("shown").fill_null(False)), every], how="diagonal_relaxed"
    )
    cells = cells.with_row_index("cell").with_columns(key=pl.col("session_number").cast(pl.String))
    if cells.is_empty():
        return cohorts["cohort_id"]
    down = pl.concat_str(pl.lit("total"), "cohort_id", separator="|").alias("sum")
    sign = pl.when(pl.col("level") == "total").then(-1.0).otherwise(1.0)
    of_totals = cells.filter(pl.col("level").is_in(["cohort", "total"])).select(down, "cell", sign=sign)
    members = pl.concat([sums_over_levels(cells.filter(pl.col("level") != "total"), "key"), of_totals])
    fixed, asked = cells["shown"].to_numpy(), (cells["level"] == "total").to_numpy()
    values = cells["value"].cast(pl.Float64).to_numpy()
    secret = ~fixed & ~asked
    guarded = secret & (values > 0) & ((values < profile.smallest_count) | cells["few"].fill_null(False).to_numpy())
    order = [np.flatnonzero(fixed), np.flatnonzero(asked)]
    shown = choose_shown(values, secret, guarded, order, sums_of(members), profile.smallest_count)
    # If not even what is shown already leaves all of them open, nothing is added to it.
    safe = asked & shown & bool(shown[fixed].all())
    return cells.filter(pl.Series(safe))["cohort_id"]


def _absent(true: pl.DataFrame, values: pl.DataFrame, figures: tuple[str, ...]) -> pl.DataFrame:
    """What exists and is not shown. A session is hidden for few forms, few schools or what it gives away; which of
    these is said beside the session itself."""
    gives_away = pl.lit(Reason.GIVES_AWAY.name)
    reasons = [
        pl.select(pl.when(true[figure].is_not_null() & values[figure].is_null()).then(gives_away)).to_series()
        for figure in figures
    ]
    return pl.DataFrame(dict(zip(figures, (reason.cast(pl.String) for reason in reasons), strict=True)))
