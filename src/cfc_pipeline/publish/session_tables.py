"""The tables of feedback over the sessions: level and trend of each question, and how many of those present
answered."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from cfc_pipeline.disclosure.protected import NOT_APPLICABLE, Protected
from cfc_pipeline.publish import words
from cfc_pipeline.publish.figures import digits, signed, with_possible
from cfc_pipeline.publish.layout import COHORT, POSSIBLE, YEAR, About, counted, in_order, labelled
from cfc_pipeline.publish.model import ALL_YEARS, Column, Line, PublishedTable, ShortTable
from schemas.tables import label
from schemas.tables.results import SessionAdherence, SessionResponse, SessionTrend

ALL_SESSIONS = "All sessions"
QUESTION = Column("question", "Question", "text")
SESSION = Column("session_number", label(SessionResponse, "session_number"), "text")
SPREAD = {"sd_forms": "of forms", "sd_sessions": "of sessions", "sd_cohorts": "of cohorts"}
INTERVAL = "95 % interval"


def session_trend(trend: Protected, about: About) -> PublishedTable:
    """Rows: for each question the cohorts of each year, the year and all years."""
    rows = in_order(labelled(trend, about.cohorts), "question")
    possible = rows.values.join(_possible(about.items), on="question", how="left", maintain_order="left")
    figures = (
        *(Column(key, label(SessionTrend, key), "count") for key in ("n_cohorts", "n_sessions")),
        *_with_interval("mean", "Level", 2),
        *_with_interval("slope", "From one session to the next", 3),
        *(Column(key, name, "number", "SD", 2) for key, name in SPREAD.items()),
    )
    return about.table(
        rows,
        (QUESTION, YEAR, COHORT, *figures, POSSIBLE),
        (possible, rows.hidden),
        words.TREND,
        name="session_trend",
        title="Ratings over the sessions: level and trend",
        shows="For each question, the mean rating over the sessions, and how much it changed from one session to the "
        "next: by cohort, by year and over all years.",
        people="From the mean ratings of the sessions in the table of session feedback that are not hidden there.",
        row_group=QUESTION.key,
    )


def session_response(response: Protected, about: About) -> PublishedTable:
    """Rows: sessions of each cohort, then its total; last the totals of the year, and of all years."""
    rows = labelled(response, about.cohorts)
    # Cohorts stay in their order; a total has no number, and comes after what it is the total of.
    place = rows.values.select(pl.int_range(pl.len()))
    rows = replace(rows, values=rows.values.with_columns(place=place.to_series()))
    last = pl.col("session_number").fill_null(pl.lit(1_000))
    rows = in_order(rows, *(pl.col("place").min().over("academic_year", *of) for of in ((), ("cohort",))), last)
    named = pl.col("session_number").cast(pl.String).fill_null(ALL_SESSIONS)
    rows = replace(rows, values=rows.values.with_columns(session_number=named))
    figures = (
        *(Column(key, label(SessionResponse, key), "count") for key in ("n_sessions", "attendance", "forms")),
        Column("percent", "Response", "percent"),
        *(Column(f"ci_{end}", name, "percent", interval=INTERVAL) for end, name in (("low", "from"), ("high", "to"))),
    )
    return about.table(
        rows,
        (YEAR, COHORT, SESSION, *figures),
        (rows.values, rows.hidden),
        (*_wrong(rows.values), *words.RESPONSE),
        name="session_response",
        title="How many of those present sent a form",
        shows="Anonymous forms after each session, and the share that they are of the people present.",
        people="From anonymous forms, and from the people present according to the session log.",
        row_group=YEAR.key,
    )


def session_adherence(adherence: Protected, about: About) -> PublishedTable:
    """Rows: years, and all years; cohorts only where their facilitators agreed."""
    rows = labelled(adherence, about.cohorts)
    cohorts = (COHORT,) if (rows.values["level"] == "cohort").any() else ()
    counts = (Column(key, label(SessionAdherence, key), "count") for key in ("n_cohorts", "n_sessions", "n_rated"))
    return about.table(
        rows,
        (YEAR, *cohorts, *counts, Column("adherence", f"{label(SessionAdherence, 'adherence')}, %", "percent")),
        (rows.values, rows.hidden),
        words.ADHERENCE,
        name="session_adherence",
        title="How closely sessions followed the manual",
        shows="Facilitators' own rating of how closely each session followed the manual, 0 to 100.",
        people="From the session log, which facilitators fill in; every cohort counts alike.",
        row_group=YEAR.key if cohorts else "",
    )


def trend_in_short(table: PublishedTable) -> ShortTable:
    """Level and trend of each question of `session_trend`, over all years."""
    headings = ("Mean rating", INTERVAL, "Sessions", "From one session to the next", INTERVAL)
    return ShortTable("How sessions were rated", headings, list(_lines(table)), QUESTION.label)


def ratings_in_words(table: PublishedTable) -> list[str]:
    """One sentence on `session_trend` over all years: the highest and the lowest mean rating, of questions with the
    same possible ratings."""
    column = next(c for c in table.columns if c.key == "mean")
    whole = table.values.filter(pl.col(YEAR.key) == ALL_YEARS, pl.col("mean").is_not_null()).sort("mean")
    possible = whole[POSSIBLE.key].unique().to_list() if POSSIBLE.key in whole.columns else []
    if len(possible) != 1 or possible[0] is None:
        return []
    means = [f"{digits(row['mean'], column)} ({row['question']})" for row in whole.iter_rows(named=True)]
    spread = means[0] if len(means) == 1 else f"from {means[0]} to {means[-1]}"
    return [f"Sessions: mean rating {spread}, where {possible[0]} is possible."]


def response_in_words(table: PublishedTable) -> list[str]:
    """One sentence on `session_response` over all years, and the sessions whose counts cannot both be right."""
    columns = {column.key: column for column in table.columns}
    whole = table.values.filter(pl.col(YEAR.key) == ALL_YEARS, pl.col("percent").is_not_null()).rows(named=True)
    said = [
        f"{row['forms']:,} forms came back from {counted(row['n_sessions'], 'session')}, which is "
        f"{digits(row['percent'], columns['percent'])} % of those present."
        for row in whole
    ]
    return [*said, *_wrong(table.values)]


def _lines(table: PublishedTable) -> Iterator[Line]:
    columns = {column.key: column for column in table.columns}
    for row in table.values.filter(pl.col(YEAR.key) == ALL_YEARS, pl.col("mean").is_not_null()).iter_rows(named=True):
        level = digits(row["mean"], columns["mean"]), _interval(row, "mean", columns), f"{row['n_sessions']:,}"
        slope = signed(row["slope"], columns["slope"]), _interval(row, "slope", columns)
        yield Line("", with_possible(row["question"], row.get(POSSIBLE.key)), (*level, *slope), _direction(row))


def _interval(row: dict[str, float], key: str, columns: dict[str, Column]) -> str:
    ends = [row[f"{key}_{end}"] for end in ("low", "high")]
    if None in ends:
        return NOT_APPLICABLE
    low, high = (digits(end, columns[key]) for end in ends)
    return f"{low} to {high}"


def _direction(row: dict[str, float]) -> str:
    if row["slope_low"] is None or row["slope_low"] <= 0 <= row["slope_high"]:
        return "not clear: could be a rise or a fall"
    return "higher in later sessions" if row["slope_low"] > 0 else "lower in later sessions"


def _possible(items: pl.DataFrame) -> pl.DataFrame:
    """The lowest and highest possible rating of each question; not where two forms ask it with different answers."""
    asked = items.select(question="short_name", possible=words.possible()).drop_nulls().unique()
    return asked.filter(pl.col("question").is_unique())


def _wrong(rows: pl.DataFrame) -> Sequence[str]:
    """A note on sessions with more forms than people present, of counts that are shown."""
    wrong = rows.filter(pl.col("forms") > pl.col("attendance"), pl.col("n_sessions") == 1)
    wrong = wrong.filter(pl.col("session_number") != ALL_SESSIONS)
    each = pl.format("{} ({}) session {}", "cohort", "academic_year", "session_number")
    listed = wrong.select(each.alias("which"))["which"].to_list()
    if not listed:
        return ()
    return (f"More forms than people present, so one of the two counts is wrong: {'; '.join(listed)}.",)


def _with_interval(key: str, group: str, decimals: int) -> tuple[Column, ...]:
    ends = (("low", "from"), ("high", "to"))
    figure = Column(key, "Mean" if key == "mean" else "Change", "number", group, decimals)
    return figure, *(Column(f"{key}_{end}", name, "number", group, decimals, INTERVAL) for end, name in ends)
