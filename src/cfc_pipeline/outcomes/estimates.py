"""Every estimate into its table, so that releases, analysts and checks read the same numbers."""

from collections.abc import Mapping, Sequence

from cfc_pipeline.outcomes.attendance import attendance_change
from cfc_pipeline.outcomes.attrition import ATTRITION_SUPPORT, attrition
from cfc_pipeline.outcomes.categories import reliable_change
from cfc_pipeline.outcomes.effects import effect_sizes
from cfc_pipeline.outcomes.feedback import feedback_summary
from cfc_pipeline.outcomes.flow import response_flow
from cfc_pipeline.outcomes.impact import impact_distribution
from cfc_pipeline.outcomes.links import with_links
from cfc_pipeline.outcomes.mixed import mixed_model
from cfc_pipeline.outcomes.paired import PAIRED_SUPPORT, paired_change
from cfc_pipeline.outcomes.rules import criteria
from cfc_pipeline.outcomes.sessions import session_adherence, session_response, session_trend
from cfc_pipeline.outcomes.shares import impact_share
from cfc_pipeline.outcomes.waves import reliability_per_wave
from cfc_pipeline.programme import ReliableRule
from cfc_pipeline.warehouse.store import Connection
from cfc_pipeline.warehouse.write import fill_table, replace_table
from schemas.instruments import Instrument


def write(
    con: Connection,
    instruments: Mapping[str, Instrument],
    role_groups: Mapping[str, Sequence[str]] | None = None,
    own_rules: Mapping[str, ReliableRule] | None = None,
    attended_often: int | None = None,
) -> None:
    """Work everything out anew from the scores and answers in the warehouse."""
    change = paired_change(con)
    replace_table(con, "paired_change", with_links(con, change))
    fill_table(con, "paired_support", PAIRED_SUPPORT)
    replace_table(con, "effect_sizes", effect_sizes(con, change))
    replace_table(con, "attrition", attrition(con, change))
    fill_table(con, "attrition_support", ATTRITION_SUPPORT)
    replace_table(con, "mixed_model", mixed_model(con, change))
    for name, rows in zip(
        ("attendance_change", "attendance_support"), attendance_change(con, attended_often), strict=True
    ):
        replace_table(con, name, rows)
    replace_table(con, "response_flow", response_flow(con))
    feedback = feedback_summary(con)
    replace_table(con, "feedback_summary", feedback)
    replace_table(con, "session_trend", session_trend(feedback))
    replace_table(con, "session_response", session_response(con))
    replace_table(con, "session_adherence", session_adherence(con))
    impact = impact_distribution(con, instruments)
    replace_table(con, "impact_distribution", impact)
    replace_table(con, "impact_share", impact_share(con, impact, instruments, role_groups))
    replace_table(con, "reliability", reliability_per_wave(con, instruments))
    replace_table(con, "reliable_change", reliable_change(con, change, instruments, criteria(instruments, own_rules)))
