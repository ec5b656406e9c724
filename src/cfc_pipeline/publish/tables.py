"""The tables of a release: from the analysts' database through disclosure control, and by no other way."""

import duckdb
import polars as pl

from cfc_pipeline.disclosure.attendance import protect_attendance
from cfc_pipeline.disclosure.attrition import protect_attrition
from cfc_pipeline.disclosure.categories import protect_reliable_change
from cfc_pipeline.disclosure.effects import protect_effects
from cfc_pipeline.disclosure.elsewhere import counted_elsewhere
from cfc_pipeline.disclosure.families import with_families
from cfc_pipeline.disclosure.feedback import protect_feedback
from cfc_pipeline.disclosure.flow import protect_flow
from cfc_pipeline.disclosure.impact import protect_impact_and_shares
from cfc_pipeline.disclosure.mixed import protect_mixed
from cfc_pipeline.disclosure.paired import protect_paired
from cfc_pipeline.disclosure.profile import load_profile
from cfc_pipeline.disclosure.quality import protect_quality
from cfc_pipeline.disclosure.sessions import protect_adherence, protect_response, protect_trend
from cfc_pipeline.disclosure.themes import protect_themes
from cfc_pipeline.disclosure.waves import protect_reliability
from cfc_pipeline.outcomes.levels import in_order
from cfc_pipeline.outcomes.themes import settled
from cfc_pipeline.programme import Programme
from cfc_pipeline.publish import words
from cfc_pipeline.publish.attendance_tables import attendance_change
from cfc_pipeline.publish.attrition_tables import attrition, attrition_change
from cfc_pipeline.publish.effect_tables import effect_sizes
from cfc_pipeline.publish.impact_tables import impact_shares, perceived_impact
from cfc_pipeline.publish.layout import About
from cfc_pipeline.publish.mixed_tables import mixed_model
from cfc_pipeline.publish.model import PublishedTable
from cfc_pipeline.publish.outcome_tables import cohort_outcomes, later_outcomes, multi_year_outcomes
from cfc_pipeline.publish.people_tables import (
    data_quality,
    response_flow,
    session_feedback,
)
from cfc_pipeline.publish.scale_tables import reliability, reliable_change
from cfc_pipeline.publish.session_tables import session_adherence, session_response, session_trend
from cfc_pipeline.publish.theme_tables import Themes, approved_comments, comment_themes
from schemas.tables import TABLES, polars_schema


def build_tables(con: duckdb.DuckDBPyConnection, programme: Programme) -> list[PublishedTable]:
    """Every table of a release, from the tables of schemas/tables in `con`. A table without rows is left out.

    Raises ConfigError for an unknown disclosure profile, and DisclosureRefusal where it cannot be checked what a table
    gives away; then nothing is published.
    """
    profile, off = load_profile(programme.policy.disclosure.profile), programme.policy.disclosure.off_because
    names = ("cohort", "instrument", "item", "trend_break")
    cohorts, instruments, items, breaks = (_read(con, name) for name in names)
    notes = (*((words.SYNTHETIC,) if programme.synthetic else ()), *words.MARKS)
    change = _read(con, "paired_change")
    own_codes = words.own_codes(change, cohorts, profile.smallest_count)
    about = About(_source(con, programme), cohorts, instruments, items, breaks, notes, own_codes, programme.families)
    parts = composites(items)
    paired = protect_paired(change, _support(con, "paired_support"), parts, profile, off)
    effects = protect_effects(_read(con, "effect_sizes"), change, paired, profile, off)
    paired = with_families(paired, programme.families)
    impact, shares = _read(con, "impact_distribution"), _read(con, "impact_share")
    impact_seen, shares_seen = protect_impact_and_shares(impact, shares, profile, off)
    ratings = protect_feedback(_read(con, "feedback_summary"), profile, off)
    sent = protect_response(_read(con, "session_response"), ratings, profile, off)
    elsewhere = counted_elsewhere(paired, impact_seen, ratings, sent)
    flow = protect_flow(_read(con, "response_flow"), profile, off, elsewhere)
    who_left = _read(con, "attrition"), _support(con, "attrition_support")
    reliable = protect_reliable_change(_read(con, "reliable_change"), paired, _spans(instruments), profile, off)
    waves = protect_reliability(_read(con, "reliability"), change, flow, profile, off)
    mixed = protect_mixed(_read(con, "mixed_model"), change, paired, flow, parts, profile, off)
    came = _read(con, "attendance_change"), _read(con, "attendance_support")
    attended = protect_attendance(*came, paired, parts, profile, off)
    left = protect_attrition(*who_left, paired, flow, instruments, parts, profile, off)
    themes = Themes(
        _read(con, "theme"), *protect_themes(_read(con, "theme_count"), _read(con, "theme_agreement"), profile, off)
    )
    quoted = settled(_read(con, "comment_code"))
    agreed = programme.policy.disclosure.facilitators_agreed
    apart = {survey.id for survey in programme.surveys if survey.kind not in ("scale", "roster")}
    tables = (
        response_flow(flow, about),
        cohort_outcomes(paired, about),
        multi_year_outcomes(paired, about),
        later_outcomes(paired, about),
        attrition(left, about),
        attrition_change(left, about),
        effect_sizes(effects, about),
        mixed_model(mixed, about),
        attendance_change(attended, about, programme.attended_often),
        session_feedback(ratings, about),
        session_trend(protect_trend(_read(con, "session_trend"), ratings, profile, off), about),
        session_response(sent, about),
        session_adherence(protect_adherence(_read(con, "session_adherence"), profile, off, agreed=agreed), about),
        perceived_impact(impact_seen, about),
        impact_shares(shares_seen, about),
        comment_themes(themes, about),
        approved_comments(_read(con, "comment"), quoted, themes.shown, about),
        reliable_change(reliable, about),
        reliability(waves, about),
        data_quality(protect_quality(_read(con, "data_quality"), flow, apart, profile, off), about),
    )
    return [table for table in tables if table.values.height]


def _spans(instruments: pl.DataFrame) -> pl.DataFrame:
    """The possible scores of each measure, and whether more is better."""
    better = (pl.col("direction") == "higher_is_better").alias("better")
    return instruments.select("instrument", "subscale", "lowest", "highest", better)


def _read(con: duckdb.DuckDBPyConnection, name: str) -> pl.DataFrame:
    return in_order(con.table(name).pl(), TABLES[name])


def _support(con: duckdb.DuckDBPyConnection, name: str) -> pl.DataFrame:
    """A table of people by school, which is only ever added up: in a large programme to sort it takes seconds."""
    rows: pl.DataFrame = con.table(name).pl()
    return rows.select(pl.col(column).cast(type_) for column, type_ in polars_schema(TABLES[name]).items())


def _source(con: duckdb.DuckDBPyConnection, programme: Programme) -> str:
    runs = con.execute("SELECT run_id, version FROM pipeline_run ORDER BY run_id DESC LIMIT 1").fetchall()
    made = f"run {runs[0][0]} of cfc-pipeline {runs[0][1]}" if runs else "no run noted"
    return f"{programme.name}: data/analysis.duckdb, {made}."


def composites(items: pl.DataFrame) -> pl.DataFrame:
    """Which subscales hold all items of another one and more: `instrument`, `subscale`, `part`."""
    scored = items.select("instrument", "item", subscale=pl.col("subscales").str.split(","))
    scored = scored.explode("subscale", empty_as_null=True).filter(pl.col("subscale") != "")
    sizes = scored.group_by("instrument", "subscale").agg(size=pl.len())
    shared = (
        scored.join(scored.rename({"subscale": "part"}), on=["instrument", "item"])
        .group_by("instrument", "subscale", "part")
        .agg(shared=pl.len())
        .join(sizes, on=["instrument", "subscale"])
        .join(sizes.rename({"subscale": "part", "size": "size_of_part"}), on=["instrument", "part"])
    )
    held = (pl.col("shared") == pl.col("size_of_part")) & (pl.col("size_of_part") < pl.col("size"))
    return shared.filter(held).select("instrument", "subscale", "part").sort(pl.all())
