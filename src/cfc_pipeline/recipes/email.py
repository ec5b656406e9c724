"""The summary of the latest release, as an email."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from cfc_pipeline.errors import ConfigError, ReleaseError
from cfc_pipeline.programme import Programme
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.publish.email import NotSent, build_message, is_owed, owe, save_preview, send_once, was_sent
from cfc_pipeline.publish.release import read_release


def email_summary(
    folder: Path, environ: Mapping[str, str], *, dry_run: bool = False, now: datetime | None = None
) -> str:
    """Send the summary once to the recipients in programme.yaml; says what happened, for people.

    With `dry_run` the message is made, nobody is sent anything, and no connection to the mail server is tried.
    """
    programme = load_programme(folder)
    if programme.email is None:
        return "programme.yaml has no `email:`, so nothing was sent."
    release = _latest(programme)
    message = build_message(programme, read_release(release), release.name)
    recipients = f"{len(programme.email.to)} recipient{'s' if len(programme.email.to) > 1 else ''}"
    if dry_run and not was_sent(programme, release.name):
        return f"The summary of release {release.name} would be sent to {recipients}. Nothing was sent."
    if dry_run or not send_once(programme, message, release.name, environ, now=now or datetime.now(UTC)):
        return f"The summary of release {release.name} was sent before; nothing was sent again."
    return f"The summary of release {release.name} was sent to {recipients}."


def save(folder: Path, path: Path) -> str:
    """Write the email that would be sent to `path`, without sending it."""
    programme = load_programme(folder)
    if programme.email is None:
        raise ConfigError(
            "There is no email to preview.",
            where="programme.yaml has no `email:`",
            next_step="add sender, recipients and mail server; the template shows how",
        )
    release = _latest(programme)
    save_preview(build_message(programme, read_release(release), release.name), path)
    return f"Wrote {path}. Nothing was sent."


def owe_summary(folder: Path) -> None:
    """Note that the summary of the latest release is to go out."""
    programme = load_programme(folder)
    if programme.email is not None:
        owe(programme, _latest(programme).name)


def owes_summary(folder: Path) -> bool:
    """Whether the summary of the latest release was to go out and certainly has not."""
    programme = load_programme(folder)
    latest = programme.releases / "latest"
    return programme.email is not None and latest.exists() and is_owed(programme, latest.resolve().name)


def may_try_again(error: object) -> bool:
    """Whether an email certainly did not go out, so that trying again cannot send it twice."""
    return isinstance(error, NotSent)


def _latest(programme: Programme) -> Path:
    latest = programme.releases / "latest"
    if not latest.exists():
        raise ReleaseError("There is no release yet.", where="releases/", next_step="run `cfc-pipeline publish` first")
    return latest.resolve()
