"""Everything in order: ingest, and if there is something new, publish and email."""

from pathlib import Path

from flows.safety import check_settings, value_free  # isort: skip  (sets Prefect up before it is imported)
from prefect import flow

from cfc_pipeline.errors import ExportError
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import email as recipe
from cfc_pipeline.recipes.heartbeat import beating
from cfc_pipeline.recipes.report import IngestReport
from flows.email_summary import email_summary
from flows.ingest import ingest
from flows.publish import publish


@flow(name="nightly", persist_result=False)
def nightly(programme: Path) -> None:
    """Take in what arrived; if that changes what a release shows, publish one and email its summary. Stops where one of
    them refuses, and where answers that counted before do not any more because a file cannot be read again. A summary
    that could not be sent goes out with the next night. With `schedule: publish: false` in programme.yaml it only takes
    in.

    Args:
        programme: The programme's folder on the machine that runs this.
    """
    check_settings()
    with beating(programme, "night"):
        report = ingest(programme)
        if not _publishes(programme):
            print("programme.yaml has `schedule: publish: false`, so nothing is published at night.")
            return
        _refuse_less_than_before(report)
        if publish(programme, if_new=True).written:
            value_free(recipe.owe_summary)(programme)
        if value_free(recipe.owes_summary)(programme):
            email_summary(programme)


@value_free
def _refuse_less_than_before(report: IngestReport) -> None:
    lost = sum(refused.known for refused in report.refused)
    if lost:
        raise ExportError(
            "Nothing is published tonight: answers that counted before do not count now.",
            where=f"{lost} files that came in before cannot be read as their survey entries say",
            next_step="mend what the intake report names; if it is meant, run `publish` by hand",
        )


@value_free
def _publishes(folder: Path) -> bool:
    return load_programme(folder).schedule.publish
