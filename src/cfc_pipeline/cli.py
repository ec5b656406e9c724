"""The command line: one function for each command, each reads like a recipe. `cfc-pipeline COMMAND --help` explains."""

import getpass
import json
import os
import resource
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from cfc_pipeline import __version__
from cfc_pipeline.cli_shared import AsJson, DryRun, Folder
from cfc_pipeline.cli_themes import review
from cfc_pipeline.errors import ConfigError, PipelineError, unexpected

app = App(
    name="cfc-pipeline",
    help="From survey exports to published outcome tables: validated, pseudonymised, explained.",
    version=__version__,
)
app.command(review)


@app.meta.default
def _launch(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    programme: Annotated[
        Path, Parameter(name=["--programme", "-p"], env_var="CFC_PROGRAMME", help="The programme's folder.")
    ] = Path(),
) -> int:
    command, bound, ignored = app.parse_args(tokens)
    if "folder" in ignored:
        bound.arguments["folder"] = programme
    return command(*bound.args, **bound.kwargs) or 0


def main() -> None:
    """Run a command; show a person what is wrong without a traceback, and give each kind of error its exit code."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file of a crash would hold everybody's answers
    try:
        sys.exit(app.meta(sys.argv[1:]))
    except PipelineError as error:
        _complain(error)
    except BrokenPipeError:  # whoever read the output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # a panic of polars' is not an Exception
        if os.environ.get("CFC_DEBUG") == "1":  # a developer's machine, with synthetic data
            raise
        _complain(unexpected(error))


def _complain(error: PipelineError) -> None:
    from rich.console import Console

    Console(stderr=True).print(str(error), style="red", markup=False, highlight=False)
    sys.exit(error.exit_code)


@app.command
def init(directory: Path, /, *, name: str | None = None) -> None:
    """Make a programme folder that works at once, with comments that teach.

    Example: cfc-pipeline init my-programme --name "Compassion Focused Coaching"
    """
    from cfc_pipeline.programme_folder import init as make

    for path in make(directory, name):
        print(f"made {path}")
    print(
        f"Next: open {directory / 'programme.yaml'}, name your cohorts, and drop a roster into {directory / 'inbox'}."
    )


@app.command
def doctor(*, folder: Folder, as_json: AsJson = False) -> int:
    """Check the settings, the key, the files' modes and the databases.

    Example: cfc-pipeline -p my-programme doctor
    """
    from cfc_pipeline.recipes.doctor import examine

    findings = examine(folder, os.environ)
    print(json.dumps(findings) if as_json else "\n".join(findings))
    return 1 if any(f.startswith("mend:") for f in findings) else 0


@app.command
def add_survey(
    file: Path | None = None,
    /,
    *,
    folder: Folder,
    tool: str | None = None,
    survey: str | None = None,
    server: str | None = None,
    account: str | None = None,
) -> None:
    """Read an export, or a survey in its tool, and draft an entry for it. A person checks the draft.

    Example: cfc-pipeline -p my-programme add-survey inbox/baseline.csv

    Parameters
    ----------
    tool
        Instead of a file: the survey tool, such as surveymonkey.
    survey
        The tool's own id of the survey, as its web address shows it.
    server
        The tool's web address, where it has several or is your own.
    account
        The token then is in CFC_TOKEN_<ACCOUNT> instead of CFC_TOKEN_<TOOL>.
    """
    from cfc_pipeline.programme import Fetch
    from cfc_pipeline.recipes.add_survey import draft, draft_fetched

    if file and not (tool or survey):
        path = draft(folder, file)
    elif tool and survey and not file:
        path = draft_fetched(folder, os.environ, tool, Fetch(survey=survey, server=server, account=account))
    else:
        raise ConfigError(
            "Name either a file, or a tool and its survey.",
            where="add-survey",
            next_step="for example `cfc-pipeline add-survey --tool surveymonkey --survey 318754279`",
        )
    print(f"Wrote {path}. Check every line marked `check`, then move the entry into programme.yaml.")


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
        Id of the survey entry that the files belong to, or of the only one to fetch.
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
def publish(*, folder: Folder, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Write a release: tables, charts, one page to read.

    Example: cfc-pipeline -p my-programme publish
    """
    from cfc_pipeline.recipes.publish import publish as recipe

    release = recipe(folder, dry_run=dry_run)
    facts = {
        "release": str(release.path),
        "dry_run": dry_run,
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
    from cfc_pipeline.recipes.explain import contents
    from cfc_pipeline.recipes.explain import explain as recipe

    if table is None or cell is None:
        print(contents(folder, table, release=release))
        return
    found = recipe(folder, table, cell, release=release, inside=inside)
    print(json.dumps(found.in_json()) if as_json else found.in_words())


@app.command
def email(*, folder: Folder, preview: Path | None = None, dry_run: DryRun = False) -> None:
    """Email the summary of the latest release to the recipients in programme.yaml, once.

    Example: cfc-pipeline -p my-programme email --preview summary.eml

    Parameters
    ----------
    preview
        Write the email into this file, which mail programs open, and send nothing.
    """
    from cfc_pipeline.recipes.email import email_summary, save

    print(save(folder, preview) if preview else email_summary(folder, os.environ, dry_run=dry_run))


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
    leave_out
        What a colleague may know of a person and the data shall not hold: academic_year, cohort_id, school_id, role,
        phase, region.
    reason
        Why groups that are too small have to be told apart. It is kept beside the data and in the audit log.
    """
    from cfc_pipeline.recipes.export import export as recipe

    done = recipe(folder, directory, format_=format_, leave_out=leave_out or [], reason=reason, dry_run=dry_run)
    print(json.dumps(asdict(done)) if as_json else done.in_words())


@app.command
def erase(*, folder: Folder, participant: str | None = None, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Take a person out of everything in the folder for good, prove it, and keep them out of every later run.

    It asks for their address or code, or reads it from standard input, because what is typed into a command stays in
    the shell's history.

    Example: cfc-pipeline -p my-programme erase --dry-run < address.txt

    Parameters
    ----------
    participant
        The id in the analysts' copy, for somebody of whom neither address nor code is known.
    """
    from cfc_pipeline.recipes.erase import erase as recipe

    who = participant or (getpass.getpass("Address or code: ") if sys.stdin.isatty() else sys.stdin.readline())
    done = recipe(folder, os.environ, who, dry_run=dry_run)
    print(json.dumps(asdict(done)) if as_json else done.in_words())


@app.command
def about(*, folder: Folder, participant: str | None = None, out: Path | None = None, as_json: AsJson = False) -> None:
    """Print all that is held about one person, for that person: a subject access request.

    It asks for their address or code, or reads it from standard input, as `erase` does.

    Example: cfc-pipeline -p my-programme about < address.txt

    Parameters
    ----------
    participant
        The id in the analysts' copy, for somebody of whom neither address nor code is known.
    out
        Instead of the screen: a new folder, for about.txt to read and about.json for machines.
    """
    from cfc_pipeline.recipes.about import about as recipe

    who = participant or (getpass.getpass("Address or code: ") if sys.stdin.isatty() else sys.stdin.readline())
    found = recipe(folder, os.environ, who, out=out)
    if out:
        print(f"Wrote {out / 'about.txt'} and {out / 'about.json'}. They are personal: hand them to that person only.")
    else:
        print(json.dumps(found.in_json(), default=str) if as_json else found.in_words())


@app.command
def retain(*, folder: Folder, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Remove what was kept for as long as `policy: retention` allows: releases, backups, raw input.

    Example: cfc-pipeline -p my-programme retain --dry-run
    """
    from cfc_pipeline.recipes.retain import retain as recipe

    done = recipe(folder, os.environ, dry_run=dry_run)
    print(json.dumps(asdict(done)) if as_json else done.in_words())


@app.command
def rotate_key(*, folder: Folder, dry_run: DryRun = False) -> None:
    """Exchange the secret key: every sealed file and every pseudonym changes; answers, links and decisions stay.

    Example: cfc-pipeline -p my-programme rotate-key --dry-run
    """
    from cfc_pipeline.recipes.rotate import rotate_key as recipe

    print(recipe(folder, os.environ, dry_run=dry_run).in_words())


@app.command
def backup(file: Path | None = None, /, *, folder: Folder, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Put everything that cannot be made again into one sealed file. The key is not in it.

    Example: cfc-pipeline -p my-programme backup

    Parameters
    ----------
    file
        A new file outside the programme, best on another machine. Left out, it is put into data/backups/.
    """
    from cfc_pipeline.recipes.backup import backup as recipe

    done = recipe(folder, os.environ, file, dry_run=dry_run)
    print(json.dumps(asdict(done)) if as_json else done.in_words())


@app.command
def restore(
    file: Path,
    directory: Path,
    /,
    *,
    key: Path | None = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup into a new folder. With --dry-run it is only checked that it is whole and can be opened.

    Example: cfc-pipeline restore our.backup our-programme --key our-safe-copy-of-the.key

    Parameters
    ----------
    key
        The file with your safe copy of the secret key; left out, the key comes from CFC_SECRET_KEY.
    """
    from cfc_pipeline.recipes.backup import restore as recipe

    done = recipe(file, directory, os.environ, key=key, dry_run=dry_run)
    print(json.dumps(asdict(done)) if as_json else done.in_words())


@app.command
def verify(*, folder: Folder, privacy: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Check that the audit log is whole, and that sealed copies and releases are as they were written.

    Example: cfc-pipeline -p my-programme verify

    Parameters
    ----------
    privacy
        Instead: plant personal data in every place of a synthetic programme in a scratch folder, run everything, also
        badly, and search every byte that was written. Takes one to two minutes and reads nothing of yours.
    """
    from cfc_pipeline.demo.leaktest import leak_test
    from cfc_pipeline.recipes.verify import verify as recipe

    for line in leak_test().in_words() if privacy else recipe(folder, os.environ):
        print(line)


@app.command
def codebook(*, as_json: AsJson = False) -> None:
    """Print what every table and column of the analysts' database holds.

    Example: cfc-pipeline codebook
    """
    from cfc_pipeline.warehouse.layout import codebook as pages
    from cfc_pipeline.warehouse.layout import dictionary

    print(dictionary().write_json() if as_json else pages())


@app.command
def serve(*, folder: Folder, port: int = 4200) -> None:
    """Keep Prefect running on this machine: its page with a Run button, and the schedule in programme.yaml.

    Example: cfc-pipeline -p my-programme serve
    """
    from cfc_pipeline.programme_file import load_programme

    load_programme(folder)  # so that a mistake in it is told as everywhere, before a server starts
    # Prefect lives in flows/ only. This process becomes that one, so that stopping it stops everything.
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "flows.serve", str(folder), str(port)])


@app.command
def demo(directory: Path = Path("demo"), /, *, fresh: bool = False) -> int:
    """Build a synthetic programme, run the real flows on it, and say what to open.

    Example: cfc-pipeline demo demo
    """
    from cfc_pipeline.demo.build import build_demo, clear_demo

    if fresh:
        clear_demo(directory)
    if directory.exists() and any(directory.iterdir()):
        raise ConfigError(
            "This folder is not empty.",
            where=str(directory),
            next_step="name another folder, or add --fresh to replace an earlier demo",
        )
    print("Building a synthetic programme ...", flush=True)
    build_demo(directory)
    return subprocess.call([sys.executable, "-m", "flows.demo", str(directory)])


if __name__ == "__main__":
    main()
