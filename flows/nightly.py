"""Everything in order: ingest, and if there is something new, publish and email."""

from pathlib import Path

from flows.safety import check_settings, value_free  # isort: skip  (sets Prefect up before it is imported)
from prefect import flow

from cfc_pipeline.programme_file import load_programme
from flows.email_summary import email_summary
from flows.ingest import ingest
from flows.publish import publish


@flow(name="nightly", persist_result=False)
def nightly(programme: Path) -> None:
    """Take in what arrived; if that changes what a release shows, publish one and email its summary. Stops where one of
    them refuses. With `schedule: publish: false` in programme.yaml it only takes in.

    Args:
        programme: The programme's folder on the machine that runs this.
    """
    check_settings()
    ingest(programme)
    if not _publishes(programme):
        print("programme.yaml has `schedule: publish: false`, so nothing is published at night.")
    elif not publish(programme, if_new=True).nothing_new:
        email_summary(programme)


@value_free
def _publishes(folder: Path) -> bool:
    return load_programme(folder).schedule.publish
