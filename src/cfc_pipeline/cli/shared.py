"""What the commands share: their common options, and how rows are shown to a person."""

import json
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

# Given once, before or after the command; every command that needs it gets it.
Folder = Annotated[Path, Parameter(parse=False)]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print for machines.")]
By = Annotated[str | None, Parameter(help="Who decides, for the records. Default: your account on this machine.")]
Note = Annotated[str, Parameter(help="Why, for the records.")]
DryRun = Annotated[bool, Parameter(negative="", help="Only say what would happen.")]


def say(words: str, as_json: bool, **facts: Any) -> None:
    """One sentence for a person, or the facts in it for machines."""
    print(json.dumps(facts, default=str) if as_json else words)


def show_rows(rows: list[dict[str, Any]], nothing: str, as_json: bool) -> None:
    if as_json:
        print(json.dumps(rows))
    elif not rows:
        print(nothing)
    else:
        # Loaded when there is a table to show: most commands print lines.
        from rich.console import Console
        from rich.table import Column, Table

        # Folded, never cut: people copy ids from here into corrections.csv.
        table = Table(*(Column(name, overflow="fold") for name in rows[0]))
        for row in rows:
            table.add_row(*(str(value) for value in row.values()))
        Console().print(table, markup=False)
