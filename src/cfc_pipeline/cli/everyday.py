"""Commands of every week: answers in, releases, explanations and emails out."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from cfc_pipeline.cli.shared import AsJson, DryRun, Folder, say
from cfc_pipeline.cli.start import app


@app.command
def ingest(
    files: list[Path] | None = None,
    /,
    *,
    folder: Folder,
    survey: str | None = None,
    audit: Annotated[bool, Parameter(negative="")] = False,
    accept_deletions: Annotated[bool, Parameter(negative="")] = False,
    offline: Annotated[bool, Parameter(negative="")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Take in FILES, or everything in the inbox and what survey tools have that is new, and work out all results anew.

    Example: cfc-pipeline -p my-programme ingest --dry-run

    Parameters
    ----------
    survey
        Id of the survey entry that the files belong to, or of the only one to fetch. FILES that came in before
        under another entry are moved to this one.
    audit
        Compare every response in the survey tools with what was fetched before, and print the difference.
    accept_deletions
        Responses that are gone from their tool do not count any more, also where most of a survey is gone.
    offline
        Ask no survey tool; only take in files.
    """
    from cfc_pipeline.recipes.fetch import FetchReport, fetch
    from cfc_pipeline.recipes.ingest import ingest as recipe
    from cfc_pipeline.recipes.report import in_json, in_words

    found = FetchReport()
    if not files and not offline:
        found = fetch(
            folder,
            os.environ,
            survey_id=survey,
            everything=audit or accept_deletions,
            accept_deletions=accept_deletions,
            dry_run=dry_run,
        )
    report = recipe(folder, os.environ, files=files or None, survey_id=survey, dry_run=dry_run)
    report.news, report.refused = found.news, [*found.refused, *report.refused]
    print(json.dumps(in_json(report)) if as_json else in_words(report))
    # The rest was taken in, but a schedule should notice that something waits for a person.
    return report.refused[0].error.exit_code if report.refused else 0


@app.command
def status(*, folder: Folder, as_json: AsJson = False) -> None:
    """Say what is there: the last run, what waits, the latest release.

    Example: cfc-pipeline -p my-programme status
    """
    from cfc_pipeline.recipes.status import status as recipe

    found = recipe(folder, os.environ)
    if as_json:
        print(json.dumps(found))
        return
    for line, value in found.items():
        print(f"{line.replace('_', ' ')}: {value}")


@app.command
def publish(
    *,
    folder: Folder,
    if_new: Annotated[bool, Parameter(negative="")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Write a release: tables, charts, one page to read.

    Example: cfc-pipeline -p my-programme publish

    Parameters
    ----------
    if_new
        Write nothing while the latest release shows the same, or while what changed is what a few people answered.
    """
    from cfc_pipeline.recipes.publish import publish as recipe

    release = recipe(folder, if_new=if_new, dry_run=dry_run)
    facts = {
        "release": str(release.path),
        "dry_run": dry_run,
        "nothing_new": release.nothing_new,
        "of_few": release.of_few,
        "waits": release.waits,
        "tables": release.tables,
        "shown": release.shown,
        "hidden": release.hidden,
    }
    print(json.dumps(facts) if as_json else release.in_words())


@app.command
def explain(
    table: str | None = None,
    cell: str | None = None,
    /,
    *,
    folder: Folder,
    release: str = "latest",
    inside: Annotated[bool, Parameter(negative="")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a published figure is: formula, source, rule, and why it is hidden. Without CELL, what TABLE holds.

    Example: cfc-pipeline -p my-programme explain multi_year_outcomes F4

    Parameters
    ----------
    table
        A table of the release, such as cohort_outcomes.
    cell
        Its place in tables.xlsx, or words that stand in its row and heading, with commas between them.
    release
        Another release than the latest.
    inside
        Also say how many people it counts and why others are not in it, exactly. Not for passing on.
    """
    from cfc_pipeline.recipes.explain import contents, in_lines
    from cfc_pipeline.recipes.explain import explain as recipe

    if table is None or cell is None:
        found = contents(folder, table, release=release)
        say(in_lines(found), as_json, **found)
        return
    figure = recipe(folder, table, cell, release=release, inside=inside)
    print(json.dumps(figure.in_json()) if as_json else figure.in_words())


@app.command
def email(*, folder: Folder, preview: Path | None = None, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Email the summary of the latest release to the recipients in programme.yaml, once.

    Example: cfc-pipeline -p my-programme email --preview summary.eml

    Parameters
    ----------
    preview
        Write the email into this file, which mail programs open, and send nothing.
    """
    from cfc_pipeline.recipes.email import email_summary, save

    words = save(folder, preview) if preview else email_summary(folder, os.environ, dry_run=dry_run)
    say(words, as_json, said=words, dry_run=dry_run)


@app.command
def export(
    directory: Path,
    /,
    *,
    folder: Folder,
    format_: Annotated[Literal["parquet", "csv", "spss"], Parameter(name="--format")] = "parquet",
    leave_out: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    reason: str | None = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Write data about single people for an analysis outside, with the risk that somebody is found again in them.

    Example: cfc-pipeline -p my-programme export for-analysis --leave-out school_id role phase region cohort_id

    Parameters
    ----------
    directory
        A new folder for it.
    format_
        parquet, csv, or spss (.sav files).
    leave_out
        What a colleague may know of a person and the data shall not hold: academic_year, cohort_id, school_id, role,
        phase, region.
    reason
        Why groups that are too small have to be told apart. It is kept beside the data and in the audit log.
    """
    from cfc_pipeline.recipes.export import export as recipe

    done = recipe(folder, directory, format_=format_, leave_out=leave_out or [], reason=reason, dry_run=dry_run)
    print(json.dumps(asdict(done)) if as_json else done.in_words())
