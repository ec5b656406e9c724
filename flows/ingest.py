"""Take in what survey tools have that is new, and everything in a programme's inbox."""

from pathlib import Path
from typing import Any

from flows.safety import check_settings, value_free  # isort: skip  (sets Prefect up before it is imported)
from prefect import Task, flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.runtime import task_run

from cfc_pipeline.errors import SourceBusy
from cfc_pipeline.recipes import fetch as fetching
from cfc_pipeline.recipes import ingest as recipe
from cfc_pipeline.recipes.report import IngestReport, in_words
from flows.secrets import Secrets

_RETRIES = 2


def _is_busy(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    """A wrong setting or a revoked token is as wrong a minute later."""
    return isinstance(state.result(raise_on_failure=False), SourceBusy)


@task(
    name="fetch",
    retries=_RETRIES,
    retry_delay_seconds=60,
    retry_condition_fn=_is_busy,
    persist_result=False,
    cache_policy=NO_CACHE,
)
@value_free
def fetch(folder: Path, survey: str | None, audit: bool, dry_run: bool) -> fetching.FetchReport:
    """Only trouble with a tool is worth another try; after the last one the other surveys go on without it."""
    report = fetching.fetch(folder, Secrets(), survey_id=survey, everything=audit, dry_run=dry_run)
    trouble = [r.error for r in report.refused if isinstance(r.error, SourceBusy)]
    if trouble and task_run.run_count <= _RETRIES:
        raise trouble[0]
    return report


@task(name="take in files", persist_result=False, cache_policy=NO_CACHE)
@value_free
def take_in(folder: Path, survey: str | None, dry_run: bool) -> IngestReport:
    return recipe.ingest(folder, Secrets(), survey_id=survey, dry_run=dry_run)


@flow(name="ingest", persist_result=False)
def ingest(programme: Path, survey: str | None = None, audit: bool = False, dry_run: bool = False) -> IngestReport:
    """Fetch what is new in the survey tools, take in the files in the inbox, check everything, remove what identifies
    people, and work out all results anew.

    Args:
        programme: The programme's folder on the machine that runs this.
        survey: Id of the survey entry to fetch, or that the files belong to. Left empty: all of them.
        audit: Compare every response in the survey tools with what was fetched before.
        dry_run: Only say what would happen; change nothing.
    """
    # Check
    check_settings()
    # Load and store
    found = fetch(programme, survey, audit, dry_run)
    report = take_in(programme, survey, dry_run)
    report.news, report.refused = found.news, [*found.refused, *report.refused]
    # Save
    create_markdown_artifact(f"## Intake\n\n```\n{in_words(report)}\n```", key="intake", description="What arrived")
    print(in_words(report))
    return report
