"""`cfc-pipeline review`: what waits for a person, and what a person decides."""

import getpass
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from cfc_pipeline.cli.shared import AsJson, By, DryRun, Folder, Note, say, show_rows
from cfc_pipeline.cli.start import app

review = App(
    name="review",
    help="See what waits for a person: rows in quarantine, comments, changed forms, unclear codes.\n\n"
    "Example: cfc-pipeline -p my-programme review",
)
app.command(review)


@review.default
def review_rows(*, folder: Folder, values: bool = False, as_json: AsJson = False) -> None:
    """List rows in quarantine, with every reason. Mend them in corrections.csv, or at the source.

    Example: cfc-pipeline -p my-programme review

    Parameters
    ----------
    values
        Also show what the cells hold. They may be personal: mind who looks at your screen.
    """
    from cfc_pipeline.recipes.review import quarantined_rows

    rows = quarantined_rows(folder, os.environ, values=values).rows(named=True)
    show_rows(rows, "Nothing is in quarantine.", as_json)


@review.command(name="comments")
def review_comments(
    *, folder: Folder, state: Literal["waiting", "approved", "rejected"] = "waiting", as_json: AsJson = False
) -> None:
    """Show redacted comments that wait for approval.

    Example: cfc-pipeline -p my-programme review comments
    """
    from cfc_pipeline.recipes.review import comments

    show_rows(comments(folder, os.environ, state).rows(named=True), f"No comments are {state}.", as_json)


@review.command
def approve(
    comments: list[str], /, *, folder: Folder, by: By = None, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Approve comments for releases, after reading them.

    Example: cfc-pipeline -p my-programme review approve c-0123456789abcdef0123
    """
    _decide(folder, comments, "approved", by, dry_run, as_json)


@review.command
def reject(
    comments: list[str], /, *, folder: Folder, by: By = None, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Keep comments out of releases for good.

    Example: cfc-pipeline -p my-programme review reject c-0123456789abcdef0123
    """
    _decide(folder, comments, "rejected", by, dry_run, as_json)


@review.command
def edit(
    comment: str, text: str, /, *, folder: Folder, by: By = None, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Approve a comment in other words: shorter, or without what would tell who wrote it.

    Example: cfc-pipeline -p my-programme review edit c-0123456789abcdef0123 "The breathing helped."
    """
    from cfc_pipeline.recipes.review import decide, taken_out

    decide(folder, os.environ, [comment], "approved", by or getpass.getuser(), text=text, dry_run=dry_run)
    found = taken_out(text)
    told = f"{found} passages look like a name, a number or an address, and will be replaced.\n" if found else ""
    words = told + _decided("The comment", "approved in these words", dry_run)
    say(words, as_json, decision="approved", count=1, replaced=found, dry_run=dry_run)


def _decide(folder: Path, comments: list[str], decision: str, by: str | None, dry_run: bool, as_json: bool) -> None:
    from cfc_pipeline.recipes.review import decide

    count = decide(folder, os.environ, comments, decision, by or getpass.getuser(), dry_run=dry_run)
    say(_decided(str(count), decision, dry_run), as_json, decision=decision, count=count, dry_run=dry_run)


def _decided(what: str, decision: str, dry_run: bool) -> str:
    if dry_run:
        return f"{what} would be {decision}."
    return f"{what} {decision}. It takes effect with the next `cfc-pipeline ingest`."


@review.command(name="due")
def review_due(*, folder: Folder, show: bool = False, as_json: AsJson = False) -> None:
    """Count whose questionnaire is still to come, in each cohort and time point that somebody has begun to answer.

    Example: cfc-pipeline -p my-programme review due

    Parameters
    ----------
    show
        Show who they are, so that somebody can be reminded. That is personal: mind who looks at your screen.
    """
    from cfc_pipeline.recipes import due

    found = due.named(folder, os.environ) if show else due.counted(folder, os.environ)
    show_rows(found.rows(named=True), "Nobody is due.", as_json)


@review.command(name="twice")
def review_twice(*, folder: Folder, as_json: AsJson = False) -> None:
    """Show forms of people who answered the same thing twice side by side: which one counts, and what differs.

    Example: cfc-pipeline -p my-programme review twice
    """
    from cfc_pipeline.recipes.side_by_side import answered_twice, in_words

    found = answered_twice(folder)
    print(json.dumps(found) if as_json else "\n".join(map(in_words, found)) or "Nobody answered the same thing twice.")


@review.command(name="forms")
def review_forms(*, folder: Folder, as_json: AsJson = False) -> None:
    """Show how forms changed, as a diff, and what waits for a decision because of it.

    Example: cfc-pipeline -p my-programme review forms
    """
    from cfc_pipeline.recipes.forms import as_diff, listed

    found = listed(folder, os.environ)
    if as_json:
        print(json.dumps([asdict(plan) for plan in found]))
    else:
        print("\n\n".join(map(as_diff, found)) or "No form has changed.")


@review.command
def accept(
    survey: str,
    version: str,
    /,
    *,
    folder: Folder,
    as_: Annotated[Literal["same", "break"], Parameter(name="--as")],
    by: str | None = None,
    note: str = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let a changed form count: as the same, or as a break, which marks the trend.

    Example: cfc-pipeline -p my-programme review accept wellbeing-before f-0123456789 --as same

    Parameters
    ----------
    survey
        Id of the survey entry.
    version
        The form's version, as `review forms` lists it.
    as_
        same: the answers mean what they meant. break: they count, and the trend is marked.
    by
        Who decides, for form_changes.csv. Default: your account on this machine.
    note
        Why, for form_changes.csv.
    """
    from cfc_pipeline.recipes.forms import accept as recipe

    about = recipe(folder, os.environ, survey, version, as_, by or getpass.getuser(), note, dry_run=dry_run)
    words = _decided(", ".join(about), f"accepted as {as_}", dry_run)
    say(words, as_json, decision=as_, about=about, dry_run=dry_run)


@review.command(name="links")
def review_links(
    *,
    folder: Folder,
    state: Literal["waiting", "linked", "apart"] = "waiting",
    show: bool = False,
    as_json: AsJson = False,
) -> None:
    """List codes that people made themselves and that may be one person's: which of their elements agree.

    Example: cfc-pipeline -p my-programme review links

    Parameters
    ----------
    state
        waiting for a decision, linked by a slip or by a decision, or kept apart by a decision.
    show
        Also show the codes. They are personal: mind who looks at your screen.
    """
    from cfc_pipeline.recipes.links import listed

    rows = listed(folder, os.environ, state, show=show).rows(named=True)
    show_rows(rows, f"No links are {state}.", as_json)


@review.command
def accept_link(
    links: list[str],
    /,
    *,
    folder: Folder,
    by: By = None,
    note: Note = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Say that two codes are one person's.

    Example: cfc-pipeline -p my-programme review accept-link l-0123456789abcdef0123
    """
    _decide_links(folder, links, "same", by, note, dry_run, as_json)


@review.command
def reject_link(
    links: list[str],
    /,
    *,
    folder: Folder,
    by: By = None,
    note: Note = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Say that two codes are two people's; also parts what was linked by itself.

    Example: cfc-pipeline -p my-programme review reject-link l-0123456789abcdef0123
    """
    _decide_links(folder, links, "different", by, note, dry_run, as_json)


@review.command
def undo_link(
    links: list[str],
    /,
    *,
    folder: Folder,
    by: By = None,
    note: Note = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take a decision about two codes back; the next ingest gives the tables as they were before it.

    Example: cfc-pipeline -p my-programme review undo-link l-0123456789abcdef0123
    """
    _decide_links(folder, links, "undone", by, note, dry_run, as_json)


def _decide_links(
    folder: Path, links: list[str], decision: str, by: str | None, note: str, dry_run: bool, as_json: bool
) -> None:
    from cfc_pipeline.recipes.links import decide

    count = decide(folder, os.environ, links, decision, by or getpass.getuser(), note, dry_run=dry_run)
    say(_decided(str(count), decision, dry_run), as_json, decision=decision, count=count, dry_run=dry_run)
