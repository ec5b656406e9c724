"""Take in everything in a programme's inbox."""

import os
from pathlib import Path

from flows.safety import check_settings, value_free  # isort: skip  (sets Prefect up before it is imported)
from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from cfc_pipeline.recipes import ingest as recipe
from cfc_pipeline.recipes.report import IngestReport, in_words


@task(name="take in files", persist_result=False, cache_policy=NO_CACHE)
@value_free
def take_in(folder: Path, survey: str | None, dry_run: bool) -> IngestReport:
    return recipe.ingest(folder, os.environ, survey_id=survey, dry_run=dry_run)


@flow(name="ingest", persist_result=False)
def ingest(programme: Path, survey: str | None = None, dry_run: bool = False) -> IngestReport:
    """Take in every file in the inbox, check it, remove what identifies people, and work out all results anew.

    Args:
        programme: The programme's folder on the machine that runs this.
        survey: Id of the survey entry that the files belong to. Only needed when two surveys look the same.
        dry_run: Only say what would happen; change nothing.
    """
    # Check
    check_settings()
    # Load and store
    report = take_in(programme, survey, dry_run)
    # Save
    create_markdown_artifact(f"## Intake\n\n```\n{in_words(report)}\n```", key="intake", description="What arrived")
    print(in_words(report))
    return report
