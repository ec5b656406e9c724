"""Writes the parts of the documentation that the contracts say already: `make docs` runs it, a test checks that it was
run.

A page has a place for such a part between two comments, `<!-- generated: NAME -->` and `<!-- end -->`; what stands
around them is written by hand.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import date
from inspect import cleandoc
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import schemas
from benchmarks import redaction as measure
from cfc_pipeline import errors, programme
from cfc_pipeline.cli import app
from cfc_pipeline.cli.review import review
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.measures.pages import one_line as _line
from cfc_pipeline.measures.pages import page as instrument_page
from cfc_pipeline.measures.pages import table as _table
from cfc_pipeline.programme_file import programme_schema
from cfc_pipeline.publish.meaning import figure_groups
from cfc_pipeline.warehouse.layout import codebook
from schemas.fields import ROSTER, SESSION_LOG
from schemas.instruments import Instrument

DOCS = Path(__file__).parent
PLACE = re.compile(r"(<!-- generated: (?P<name>[\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
# Where each group of settings stands in programme.yaml, in the order of the page.
GROUPS: dict[type[BaseModel], str] = {
    programme.Programme: "The whole file",
    programme.Cohort: "A cohort",
    programme.Survey: "A survey",
    programme.Fetch: "fetch",
    programme.Person: "person",
    programme.Element: "an element of a code",
    programme.FromColumn: "A value from a column",
    programme.Submitted: "submitted",
    programme.Consent: "consent in the form",
    programme.Scale: "A scale",
    programme.Policy: "policy",
    programme.Disclosure: "disclosure",
    programme.Retention: "retention",
    programme.Calendar: "calendar",
    programme.Break: "A break",
    programme.ReliableRule: "A rule for reliable change",
    programme.Email: "email",
    programme.Smtp: "smtp",
    programme.Schedule: "schedule",
}
SIMPLE = {str: "text", int: "whole number", float: "number", bool: "`true` or `false`", date: "day, such as 2025-09-15"}


def commands() -> str:
    """A row for each command: what it does, and an example."""
    listed = [(f"cfc-pipeline {name}", found.help) for name, found in _commands(app)]
    listed += [(f"cfc-pipeline review {name}", found.help) for name, found in _commands(review)]
    rows = []
    for name, help_ in sorted(listed):
        does, _, example = cleandoc(help_).partition("Example: ")
        rows.append((f"`{name}`", _line(does), f"`{example.splitlines()[0]}`"))
    return _table(("command", "what it does", "example"), rows)


def _commands(of: Any) -> Iterator[tuple[str, Any]]:
    return ((name, of[name]) for name in of if not name.startswith("-"))


def exit_codes() -> str:
    kinds = errors.kinds()
    # Other rooms derive errors of their own from these, with the same code.
    own = [kind for kind in kinds if kind.__module__ == errors.__name__]
    rows = [(str(kind.exit_code), f"`{kind.__name__}`", _line(kind.__doc__ or "")) for kind in own]
    return _table(("code", "error", "meaning"), [("0", "", "Everything was done."), *rows])


def profiles() -> str:
    """The disclosure profiles: every setting with its number, meaning and source."""
    found = yaml.safe_load(schemas.DISCLOSURE.read_text(encoding="utf-8"))
    parts = []
    for name, profile in found.items():
        like = f" Everything else is as in `{profile['like']}`." if "like" in profile else ""
        rows = [
            (f"`{key}`", f"{_code(s['value'])}", _line(s["meaning"]), _line(s["source"]))
            for key, s in profile["settings"].items()
        ]
        table = _table(("setting", "value", "meaning", "source"), rows)
        parts.append(f"### `{name}`\n\n{_line(profile['meaning'])}{like}\n\n{table}")
    return "\n\n".join(parts)


def instruments() -> str:
    """A line for each key, with a link to its page."""
    rows = [
        (f"[`{key.id}`](instruments/{key.id}.md)", key.title, str(key.items), _scores(key))
        for key in load_instruments().values()
    ]
    return _table(("id", "instrument", "items", "scores"), rows)


def _scores(key: Instrument) -> str:
    return ", ".join(subscale.title for subscale in key.subscales.values()) or "single items"


def instrument_pages() -> dict[Path, str]:
    """Where the page of each key is, and what stands on it."""
    return {DOCS / "instruments" / f"{key.id}.md": instrument_page(key) for key in load_instruments().values()}


def settings() -> str:
    """Every setting of programme.yaml, group by group."""
    parts = []
    for model, title in GROUPS.items():
        rows = [
            (f"`{name}`", _words(field.annotation), _default(field), field.description or "")
            for name, field in model.model_fields.items()
            if name != "folder"
        ]
        about = _line(model.__doc__ or "") if model.__doc__ and model is not programme.Programme else ""
        table = _table(("setting", "what may stand there", "if left out", "meaning"), rows)
        parts.append("\n\n".join(filter(None, [f"### {title}", about, table])))
    return "\n\n".join(parts)


def fields() -> str:
    """What a roster and a session log may hold."""
    kinds = {"Roster": ROSTER, "Session log": SESSION_LOG}
    return "\n\n".join(
        f"### {title}\n\n{_table(('field', 'meaning'), [(f'`{k}`', v) for k, v in known.items()])}"
        for title, known in kinds.items()
    )


def _words(kind: Any) -> str:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return "short name" if kind == programme.Slug else _words(parts[0])
    if origin is Literal:
        return ", ".join(f"`{part}`" for part in parts)
    if origin in (Union, UnionType):
        return " or ".join(_words(part) for part in parts if part is not NoneType)
    if origin is list:
        return f"list: {_words(parts[0])}"
    if origin is dict:
        return f"{_words(parts[0])}: {_words(parts[1])}"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return f"[{GROUPS[kind]}](#{GROUPS[kind].lower().replace(' ', '-')})"
    return SIMPLE[kind]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    empty = field.default is None or isinstance(field.default, BaseModel) or field.default in ([], {})
    return "" if empty else _code(field.default)


def _code(value: Any) -> str:
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def figures() -> str:
    """What each printed figure is, group of tables by group of tables."""
    parts = []
    for about, tables, known in figure_groups():
        rows = [
            (f"`{key}`", m.meaning, f"{m.formula}" + (f". {m.source}" if m.source else "")) for key, m in known.items()
        ]
        named = ", ".join(f"`{table}`" for table in tables)
        parts.append(f"## {about}\n\nIn {named}.\n\n{_table(('figure', 'what it is', 'formula, source'), rows)}")
    return "\n\n".join(parts)


def redaction() -> str:
    """What redaction finds in the labelled comments."""
    parts = [list(measure.rows(measure.measured(part))) for part in measure.PARTS]
    rows = [
        (name, *(f"{right} of {of} ({100 * right / of:.0f} %)" if of else "" for right, of in ((r, o), (s, p))))
        for (name, r, o), (_, s, p) in zip(*parts, strict=True)
        if o or p
    ]
    return _table(("", *measure.PARTS), rows)


PARTS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "exit codes": exit_codes,
    "profiles": profiles,
    "figures": figures,
    "redaction": redaction,
    "instruments": instruments,
    "settings": settings,
    "fields": fields,
    "tables": lambda: codebook().strip(),
}


def renewed(page: str) -> str:
    """A page with every generated part as the contracts have it now."""
    return PLACE.sub(lambda found: f"{found[1]}\n{PARTS[found['name']]()}\n\n{found[3]}", page)


def schema_text() -> str:
    """schemas/programme.schema.json, which editors read."""
    return json.dumps(programme_schema(), indent=2, sort_keys=True) + "\n"


def main() -> None:
    for path in sorted(DOCS.glob("*.md")):
        path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
    (DOCS / "instruments").mkdir(exist_ok=True)
    for path, text in instrument_pages().items():
        path.write_text(text, encoding="utf-8")
    schemas.PROGRAMME_SCHEMA.write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
