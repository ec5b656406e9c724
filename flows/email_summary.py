"""Email the summary of the latest release."""

from pathlib import Path

from flows.safety import check_settings, value_free  # isort: skip  (sets Prefect up before it is imported)
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from cfc_pipeline.recipes import email as recipe
from flows.secrets import Secrets


@task(
    name="send email",
    persist_result=False,
    cache_policy=NO_CACHE,
    # The mail server may be away for a moment. The recipe refuses to send one release twice, so a retry is safe.
    retries=3,
    retry_delay_seconds=[10, 60, 300],
    retry_condition_fn=lambda task, run, state: recipe.may_try_again(state.result(raise_on_failure=False)),
)
@value_free
def send(folder: Path) -> str:
    return recipe.email_summary(folder, Secrets())


@flow(name="email-summary", persist_result=False)
def email_summary(programme: Path) -> str:
    """Send the summary of the latest release to the recipients in programme.yaml, once.

    Args:
        programme: The programme's folder on the machine that runs this.
    """
    check_settings()
    outcome: str = send(programme)
    print(outcome)
    return outcome
