"""Commands for whoever answers for data protection: erasure, access, retention, keys, backups, proof."""

import getpass
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cfc_pipeline.cli.shared import AsJson, DryRun, Folder, say
from cfc_pipeline.cli.start import app


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
def rotate_key(*, folder: Folder, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Exchange the secret key: every sealed file and every pseudonym changes; answers, links and decisions stay.

    Example: cfc-pipeline -p my-programme rotate-key --dry-run
    """
    from cfc_pipeline.recipes.rotate import rotate_key as recipe

    done = recipe(folder, os.environ, dry_run=dry_run)
    say(done.in_words(), as_json, **asdict(done))


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
def verify(
    *, folder: Folder, privacy: Annotated[bool, Parameter(negative="")] = False, as_json: AsJson = False
) -> None:
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

    lines = list(leak_test().in_words() if privacy else recipe(folder, os.environ))
    say("\n".join(lines), as_json, checked=lines)
