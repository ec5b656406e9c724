"""Whom a printed figure counts and whom it leaves out, step by step, from the analysts' copy. Exact and unhidden: it
stays in the house. People are pseudonyms."""

import json
from collections.abc import Callable
from pathlib import Path

import duckdb

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.programme import Programme
from cfc_pipeline.publish.model import Column, PublishedTable
from cfc_pipeline.recipes.contributors import attendance, model, people, scores, sessions
from cfc_pipeline.recipes.contributors.inside import Connection, Inside, Row

__all__ = ["Inside", "behind"]

_BEHIND: dict[str, Callable[[Connection, PublishedTable, Row, Column], Inside]] = {
    "cohort_outcomes": scores.change,
    "multi_year_outcomes": scores.change,
    "later_outcomes": scores.change,
    "effect_sizes": scores.change,
    "attrition": scores.attrition,
    "attrition_change": scores.attrition,
    "mixed_model": model.change,
    "attendance_change": attendance.change,
    "reliability": scores.reliability,
    "reliable_change": scores.reliable,
    "response_flow": people.flow,
    "session_feedback": sessions.feedback,
    "session_trend": sessions.trend,
    "session_adherence": sessions.adherence,
    "session_response": sessions.response,
    "perceived_impact": people.impact,
    "impact_shares": people.shares,
    "comment_themes": people.themes,
    "data_quality": people.quality,
}


def behind(programme: Programme, release: Path, table: PublishedTable, row: Row, column: Column) -> Inside:
    """ConfigError when the analysts' copy is not the one that the release was made from, or nothing is kept of such a
    table. BalanceError when those counted are not as many as the result says."""
    if table.name not in _BEHIND:
        raise ConfigError(
            "Nothing more is kept about this table.",
            where=f"table {table.name}",
            next_step="leave --inside out, or ask data/analysis.duckdb",
        )
    with duckdb.connect(programme.analysis, read_only=True) as con:
        _same_run(con, release)
        return _BEHIND[table.name](con, table, row, column)


def _same_run(con: Connection, release: Path) -> None:
    made_from = json.loads((release / "release.json").read_text(encoding="utf-8"))["source"]["run"]
    ((run,),) = con.execute("SELECT max(run_id) FROM pipeline_run").fetchall()
    if run != made_from:
        raise ConfigError(
            "The data are from another run than this release, so they do not explain it.",
            where=f"releases/{release.name}",
            next_step="publish again, and ask about the new release",
        )
