"""A survey tool's answer -> raw records. One file per tool, each with `recognises` and `read`."""

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources import (
    formbricks,
    google_forms,
    jisc,
    kobo,
    limesurvey,
    ms_forms,
    odk,
    qualtrics,
    redcap,
    smartsurvey,
    spss,
    stata,
    surveymonkey,
    table,
    typeform,
)
from cfc_pipeline.sources.grid import Grid, open_grid
from cfc_pipeline.sources.raw import RawTable

__all__ = ["TITLES", "TOOLS", "read_export", "read_file"]

# What takes a file that no tool's reader knows, and the readers that take files of statistics programs.
_GENERAL = {"cells": "table", "spss": "spss", "stata": "stata"}
_STATISTICS = ("jisc", "spss", "stata")


class Reader(Protocol):
    """What each tool's module is."""

    def recognises(self, grid: Grid) -> bool: ...

    def read(self, grid: Grid) -> RawTable: ...


# In order of recognition; `table` takes what no other does.
TOOLS: dict[str, Reader] = {
    "qualtrics": qualtrics,
    "surveymonkey": surveymonkey,
    "limesurvey": limesurvey,
    "ms_forms": ms_forms,
    "google_forms": google_forms,
    "jisc": jisc,
    "redcap": redcap,
    "typeform": typeform,
    "kobo": kobo,
    "odk": odk,
    "formbricks": formbricks,
    "smartsurvey": smartsurvey,
    "spss": spss,
    "stata": stata,
    "table": table,
}
TITLES = {
    "qualtrics": "Qualtrics",
    "surveymonkey": "SurveyMonkey",
    "limesurvey": "LimeSurvey",
    "ms_forms": "Microsoft Forms",
    "google_forms": "Google Forms",
    "jisc": "Jisc Online Surveys",
    "redcap": "REDCap",
    "typeform": "Typeform",
    "kobo": "KoboToolbox",
    "odk": "ODK Central",
    "formbricks": "Formbricks",
    "smartsurvey": "SmartSurvey",
    "spss": "SPSS",
    "stata": "Stata",
    "table": "a plain table",
}


def read_file(path: Path) -> bytes:
    """The bytes of a file that a person named. The error does not name it: people put names into file names too."""
    try:
        return path.read_bytes()
    except OSError:
        raise ExportError(
            "The file cannot be opened.", where="the file that was named", next_step="check its path; name one file"
        ) from None


def read_export(data: bytes, name: str, tool: str | None = None, used: Collection[str] = ()) -> RawTable:
    """A file as raw records. `name` is only for messages; the tool is recognised by content unless it is given. A file
    that could be of several tools is of the one among `used`, the tools that the programme has, if there is one.

    ExportError when the file cannot be read, is not of the given tool, or could be of two.
    """
    grid = open_grid(data, name)
    if tool is None:
        return TOOLS[_recognised(grid, used)].read(grid)
    if not _recognises(tool, grid):
        raise ExportError(
            f"The file is not an export of {TITLES[tool]}; it looks like {TITLES[_recognised(grid)]}.",
            where=grid.name,
            next_step="set `tool:` in the survey entry, or put the right file in the inbox",
        )
    return TOOLS[tool].read(grid)


def _recognised(grid: Grid, used: Collection[str] = ()) -> str:
    found = [tool for tool in TOOLS if tool not in _GENERAL.values() and _recognises(tool, grid)]
    if len(found) > 1 and "ms_forms" in found and not ms_forms.known_by_name(grid):
        found.remove("ms_forms")  # where its columns stand says less than another tool's names
    if len(found) > 1:
        found = [tool for tool in found if tool in used] or found
    if len(found) > 1:
        raise ExportError(
            f"The file could be of {' or '.join(TITLES[tool] for tool in found)}.",
            where=grid.name,
            next_step="say which with `tool:` in its survey entry, and if several are used, which entry with --survey",
        )
    return found[0] if found else _GENERAL[grid.kind]


def _recognises(tool: str, grid: Grid) -> bool:
    """Other readers would take a statistics file's second heading for a row of answers."""
    known = grid.kind == "cells" or tool in _STATISTICS
    return known and TOOLS[tool].recognises(grid)
