"""What is there, in counts: for a manager's first look in the morning."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cfc_pipeline.identity.keys import load_keys
from cfc_pipeline.identity.links import read_kept
from cfc_pipeline.identity.quarantine import read_quarantine
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import heartbeat
from cfc_pipeline.recipes.forms import read_plans
from cfc_pipeline.warehouse.store import reading, value


def status(folder: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    """Counts and ids, by what they are; reads the analysts' copy and sealed files, so it never waits for a run."""
    programme = load_programme(folder)
    keys = load_keys(programme.restricted, environ)
    held = read_quarantine(programme.restricted, keys)
    inbox = programme.inbox.iterdir() if programme.inbox.exists() else []
    latest = programme.releases / "latest"
    found: dict[str, Any] = {
        "programme": programme.name,
        "cohorts": len(programme.cohorts),
        "files_in_the_inbox": sum(p.is_file() and not p.name.startswith(".") for p in inbox),
        "rows_in_quarantine": held.select("survey_id", "file", "row").n_unique() if held.height else 0,
        "changed_forms_waiting": sum(bool(plan.waits) for plan in read_plans(programme.restricted, keys)),
        "links_waiting": read_kept(programme.restricted, keys).queue.filter(state="waiting").height,
        "last_night": heartbeat.in_words(heartbeat.read(folder).get("night")),
        "latest_release": latest.resolve().name if latest.exists() else "none",
    }
    return found | (_from_analysis(programme.analysis) if programme.analysis.exists() else {"last_run": "none"})


def _from_analysis(path: Path) -> dict[str, Any]:
    with reading(path) as con:
        return {
            "last_run": value(con, "SELECT max(run_id) FROM pipeline_run"),
            "counted_responses": value(con, "SELECT count(*) FROM response WHERE status = 'counted'"),
            "comments_waiting": value(con, "SELECT count(*) FROM comment WHERE state = 'waiting'"),
        }
