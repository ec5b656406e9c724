"""Everything in order: ingest, publish, email."""

from pathlib import Path

from flows.safety import check_settings  # isort: skip  (sets Prefect up before it is imported)
from prefect import flow

from flows.email_summary import email_summary
from flows.ingest import ingest
from flows.publish import publish


@flow(name="nightly", persist_result=False)
def nightly(programme: Path) -> None:
    """Take in what arrived, publish a release, and email its summary. Stops where one of them refuses.

    Args:
        programme: The programme's folder on the machine that runs this.
    """
    check_settings()
    ingest(programme)
    publish(programme)
    email_summary(programme)
