"""Forms of people who answered the same thing twice, side by side: the one that counts, the other, and what differs.

Without names, by what the analysts' copy holds. Which one counts follows from `policy: duplicates`; every run works it
out anew, so that changing the policy, and changing it back, gives the same tables as before.
"""

from itertools import groupby, zip_longest
from operator import itemgetter
from pathlib import Path
from typing import Any

from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.warehouse.store import reading

_PAIRS = """
    SELECT participant_id, cohort_id, coalesce(other.time_point, 'session ' || other.session_number) AS time_point,
        counts.survey_id || coalesce(' ' || counts.submitted_on, '') AS counts,
        other.survey_id || coalesce(' ' || other.submitted_on, '') AS other,
        instrument, mine.answers AS mine, theirs.answers AS theirs, counts.response_id, other.response_id AS other_id
    FROM response AS other JOIN response AS counts USING (participant_id, cohort_id, kind)
    JOIN answer_sheet AS theirs ON theirs.response_id = other.response_id
    JOIN answer_sheet AS mine USING (instrument)
    WHERE other.status = 'superseded' AND counts.status = 'counted' AND mine.response_id = counts.response_id
        AND other.time_point IS NOT DISTINCT FROM counts.time_point
        AND other.session_number IS NOT DISTINCT FROM counts.session_number
    ORDER BY cohort_id, participant_id, 3, 5, other_id, instrument
"""
_PAIR = ["participant_id", "cohort_id", "time_point", "counts", "other", "response_id", "other_id"]


def answered_twice(folder: Path) -> list[dict[str, Any]]:
    """A dict for each form that does not count: participant_id, cohort_id, time_point, counts and other (survey and
    day), same (how many answers), and differ: instrument, item, counts, other."""
    with reading(load_programme(folder).analysis) as con:
        found = con.execute(_PAIRS).pl()
    return [_compared(part.rows(named=True)) for _, part in found.group_by(_PAIR, maintain_order=True)]


def in_words(pair: dict[str, Any]) -> str:
    lines = [
        f"{pair['participant_id']}, cohort {pair['cohort_id']}, {pair['time_point']}",
        f"  counts: {pair['counts']}",
        f"  other:  {pair['other']}",
        f"  {pair['same']} answers are the same" + ("; these differ (item: counts/other)" if pair["differ"] else ""),
    ]
    for instrument, items in groupby(pair["differ"], key=itemgetter("instrument")):
        told = (f"{one['item']}: {_shown(one['counts'])}/{_shown(one['other'])}" for one in items)
        lines.append(f"    {instrument}  {', '.join(told)}")
    return "\n".join(lines)


def _compared(sheets: list[dict[str, Any]]) -> dict[str, Any]:
    items = [
        {"instrument": sheet["instrument"], "item": item, "counts": mine, "other": theirs}
        for sheet in sheets
        # A sheet ends with the last item that anybody answered in its run, so one may be shorter.
        for item, (mine, theirs) in enumerate(zip_longest(sheet["mine"], sheet["theirs"]), start=1)
    ]
    same = sum(one["counts"] == one["other"] is not None for one in items)
    differ = [one for one in items if one["counts"] != one["other"]]
    return {name: sheets[0][name] for name in _PAIR[:5]} | {"same": same, "differ": differ}


def _shown(answer: int | None) -> str:
    return "blank" if answer is None else str(answer)
