"""Commands for a new programme or machine: a folder, survey entries, checks, the server, the demo."""

import json
import os
import subprocess
import sys
from pathlib import Path

from cfc_pipeline.cli.shared import AsJson, DryRun, Folder, say
from cfc_pipeline.cli.start import app
from cfc_pipeline.errors import ConfigError


@app.command
def init(directory: Path, /, *, name: str | None = None, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Make a programme folder that works at once, with comments that teach.

    Example: cfc-pipeline init my-programme --name "Compassion Focused Coaching"

    Parameters
    ----------
    directory
        The folder to make. What is in it already stays.
    name
        What pages and the email call the programme. Default: the folder's name.
    """
    from cfc_pipeline.programme_folder import init as make

    made = make(directory, name, dry_run=dry_run)
    lines = [f"{'would make' if dry_run else 'made'} {path}" for path in made]
    if not dry_run:
        settings, inbox = directory / "programme.yaml", directory / "inbox"
        lines.append(f"Next: open {settings}, name your cohorts, and drop a roster into {inbox}.")
    say("\n".join(lines), as_json, made=[str(path) for path in made], dry_run=dry_run)


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
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Read an export, or a survey in its tool, and draft an entry for it. A person checks the draft.

    Example: cfc-pipeline -p my-programme add-survey inbox/baseline.csv

    Parameters
    ----------
    file
        The export to read.
    tool
        Instead of a file: the survey tool, such as surveymonkey.
    survey
        The tool's own id of the survey, as its web address shows it.
    server
        The tool's web address, where it has several or is your own.
    account
        The token then is in the variable CFC_TOKEN_ and this name, instead of the tool's name.
    """
    from cfc_pipeline.programme import Fetch
    from cfc_pipeline.recipes.add_survey import draft, draft_fetched

    if file and not (tool or survey):
        written = draft(folder, file, dry_run=dry_run)
    elif tool and survey and not file:
        found = Fetch(survey=survey, server=server, account=account)
        written = draft_fetched(folder, os.environ, tool, found, dry_run=dry_run)
    else:
        raise ConfigError(
            "Name either a file, or a tool and its survey.",
            where="add-survey",
            next_step="for example `cfc-pipeline add-survey --tool surveymonkey --survey 318754279`",
        )
    todo = (
        "Complete every line marked `TODO`, check every line marked `check`, then copy the entry into programme.yaml."
    )
    words = written.text if dry_run else f"Wrote {written.path}. {todo}"
    say(words, as_json, draft=written.path, entry=written.text, dry_run=dry_run)


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

    Parameters
    ----------
    port
        Of Prefect's page on this machine.
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

    Parameters
    ----------
    directory
        Where to build it.
    fresh
        Delete an earlier demo there first.
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
