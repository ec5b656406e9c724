"""What a run tells of people who answered the same thing twice, or one time point after the next."""

from collections.abc import Mapping

from cfc_pipeline.recipes.plurals import several
from cfc_pipeline.warehouse.store import Connection, value
from schemas.tables import TIME_POINTS

_PLACE = "CASE {}.time_point " + " ".join(f"WHEN '{name}' THEN {place}" for place, name in enumerate(TIME_POINTS))
_OUT_OF_ORDER = f"""
    SELECT count(DISTINCT earlier.response_id) FROM response AS earlier JOIN response AS later
    USING (participant_id, cohort_id, kind)
    WHERE earlier.status = 'counted' AND later.status = 'counted' AND earlier.submitted_on > later.submitted_on
        AND {_PLACE.format("earlier")} END < {_PLACE.format("later")} END
"""


def told(con: Connection, passed_over: Mapping[str, int]) -> dict[str, int]:
    """How many responses are superseded; of these, how many came later than the one that counts; and how many count for
    a time point though they came after the same person's next one."""
    superseded = value(con, "SELECT count(*) FROM response WHERE status = 'superseded'")
    return {"superseded": superseded, **passed_over, "out of order": value(con, _OUT_OF_ORDER)}


def in_words(twice: Mapping[str, int]) -> list[str]:
    lines = []
    if superseded := twice.get("superseded"):
        lines.append(
            f"{several(superseded, 'response is', 'responses are')} superseded by another of the same person and time "
            "point; `cfc-pipeline review twice` shows what differs"
        )
    if fuller := twice.get("fuller"):
        lines.append(f"  later than the one that counts, but not finished, or with many questions left out: {fuller}")
    return lines


def to_do(twice: Mapping[str, int]) -> list[str]:
    lines = []
    if late := twice.get("late"):
        lines.append(
            f"To do: {late} responses came in when their time was over, from people who had answered in time; their "
            "earlier answers count. Find out whether an old link was sent out again. If these are answers for a later "
            "time point, `time_point: calendar` in the survey entry puts them there; if the last ones should count "
            "whatever their day, say `duplicates: latest` under `policy:`."
        )
    if crossed := twice.get("out of order"):
        lines.append(
            f"To do: {crossed} forms of an earlier time point came in after one of a later time point of the same "
            "person, and count for the earlier one. Find out whether a wrong link was sent out; `time_point: calendar` "
            "in the survey entry goes by the day instead."
        )
    return lines
