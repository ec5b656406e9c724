"""`cfc-pipeline review themes`, `sheet` and `codes`: two coders sort comments into themes."""

import json
import os
from dataclasses import asdict

from cfc_pipeline.cli.review import review
from cfc_pipeline.cli.shared import AsJson, DryRun, Folder, say

__all__ = ["review"]


@review.command(name="themes")
def review_themes(*, folder: Folder, as_json: AsJson = False) -> None:
    """Say which comments are not sorted into themes by both coders, where the two differ, and how far they agree.

    Example: cfc-pipeline -p my-programme review themes
    """
    from cfc_pipeline.recipes.themes import overview

    found = overview(folder, os.environ)
    print(json.dumps(asdict(found)) if as_json else found.in_words())


@review.command
def sheet(coder: str, /, *, folder: Folder, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Write a sheet of redacted comments for a coder to sort, or for `agreed` the ones on which two coders differ.

    Example: cfc-pipeline -p my-programme review sheet k1

    Parameters
    ----------
    coder
        Initials or a number, not a name. The column `themes` takes ids of themes.csv, or `none`.
    """
    from cfc_pipeline.recipes.themes import write_sheet

    path, count = write_sheet(folder, os.environ, coder, dry_run=dry_run)
    words = f"{path} {'would hold' if dry_run else 'holds'} {count} comments. They are not for passing on."
    say(words, as_json, sheet=path, comments=count, dry_run=dry_run)


@review.command
def codes(coder: str, /, *, folder: Folder, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Take a coder's filled sheet over into codes.csv.

    Example: cfc-pipeline -p my-programme review codes k1
    """
    from cfc_pipeline.recipes.themes import read_sheet

    sorted_, left = read_sheet(folder, os.environ, coder, dry_run=dry_run)
    verb = "would be" if dry_run else "were"
    words = f"{sorted_} comments {verb} taken over, {left} are left to sort. They count from the next ingest on."
    say(words, as_json, taken_over=sorted_, left=left, dry_run=dry_run)
