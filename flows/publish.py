"""Make a release from the analysts' copy."""

from pathlib import Path

from flows.safety import check_settings, value_free  # isort: skip  (sets Prefect up before it is imported)
from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from cfc_pipeline.recipes import publish as recipe
from cfc_pipeline.recipes.publish import Published


@task(name="write release", persist_result=False, cache_policy=NO_CACHE)
@value_free
def write_release(folder: Path, if_new: bool) -> Published:
    return recipe.publish(folder, if_new=if_new)


@flow(name="publish", persist_result=False)
def publish(programme: Path, if_new: bool = False) -> Published:
    """Hide what could identify somebody, write all tables and charts, and make the new release the latest.

    Args:
        programme: The programme's folder on the machine that runs this.
        if_new: Write nothing while the latest release shows the same, or what changed is what a few people answered.
    """
    # Check
    check_settings()
    # Load and write
    release = write_release(programme, if_new)
    # Save
    create_markdown_artifact(
        f"## Release\n\n```\n{release.in_words()}\n```", key="release", description="What was published"
    )
    print(release.in_words())
    return release
