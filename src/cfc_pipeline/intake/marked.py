"""Lines of a draft: what was guessed, what is still open, and texts of a file made safe to stand there."""

from collections.abc import Iterable

import yaml

from cfc_pipeline.sources.raw import RawColumn

Lines = list[str]


def check(setting: str, why: str) -> str:
    return f"{setting} # check: {why}"


def todo(setting: str, what: str) -> str:
    return f"# {setting} # TODO: {what}"


def under(group: str, lines: Lines) -> Lines:
    """A group of settings; its heading stays a comment while nothing but comments is below it."""
    if not lines:
        return []
    empty = all(line.lstrip().startswith("#") for line in lines)
    return [todo(group, "with what is below") if empty else group, *(f"  {line}" for line in lines)]


def quoted(text: str) -> str:
    """Any text on one line, as a YAML value or as part of a comment."""
    return str(yaml.dump(text, default_style='"', allow_unicode=True, width=10**9)).strip()


def heading(column: RawColumn) -> str:
    """What a person knows a column by, for comments."""
    text = f"{column.text} | {column.option}" if column.option else column.text or column.key
    text = f"{column.tag}: {text}" if column.tag else text
    return quoted(text if len(text) <= 80 else f"{text[:77]}...")


def headings(columns: Iterable[RawColumn]) -> str:
    return ", ".join(map(heading, columns))
