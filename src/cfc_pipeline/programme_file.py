"""Reads programme.yaml: one typed object, or every mistake in the file with its line and what to write instead."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cfc_pipeline import programme_checks, programme_yaml
from cfc_pipeline.errors import ConfigError, did_you_mean
from cfc_pipeline.programme import Programme
from cfc_pipeline.programme_yaml import Document, Mistake, Place

FILE = "programme.yaml"
_SECRET = re.compile(r"(?i)pass(word|wd|phrase)?$|token|secret|api_?key|private_?key|credential")
_KEY = "[key]"  # pydantic's mark for what is wrong with a name rather than with its value
_LONGEST_SHOWN = 40  # a longer value is not shown: it may be an export that somebody pasted

# What a kind of mistake is called. {} are the limits that the setting has.
_WORDS = {
    "missing": "is missing",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be a text",
    "list_type": "must be a list: one line for each entry, starting with `- `",
    "dict_type": "must be a group of settings, indented below it",
    "model_type": "must be a group of settings, indented below it",
    "date_type": "must be a date such as 2025-09-15",
    "date_parsing": "must be a date such as 2025-09-15",
    "date_from_datetime_parsing": "must be a date such as 2025-09-15",
    "date_from_datetime_inexact": "must be a date such as 2025-09-15",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "too_short": "must have at least {min_length} entry",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
}
_SIMPLE_FORMS = {"int_parsing": ["a whole number"], "int_type": ["a whole number"], "string_type": ["a text"]}
_PATTERNS = {
    r"^[a-z0-9][a-z0-9_-]*$": "may only have small letters, digits, - and _, and starts with a letter or digit",
    r"^\d{4}/\d{2}$": "must be written like 2025/26",
    r"^[a-z0-9][a-z0-9_]*(/[a-z0-9][a-z0-9_]*)?$": "must be an instrument, or `instrument/subscale`",
}


def load_programme(folder: Path) -> Programme:
    """The programme in `folder`. Raises one ConfigError that names all mistakes, in the order of the file."""
    document = programme_yaml.read_yaml(_text(folder / FILE))
    mistakes = document.mistakes
    if not mistakes or document.data is not None:
        data = _settings(document)
        mistakes += [*_form_mistakes(data), *programme_checks.mistakes(data)]
    if mistakes:
        raise _refusal(folder / FILE, document, mistakes)
    return Programme.model_validate(data | {"folder": folder})


def refuse(folder: Path, mistakes: list[Mistake]) -> None:
    """Raise one ConfigError for what is wrong in `folder`'s settings beside something else, each with its line."""
    if mistakes:
        raise _refusal(folder / FILE, programme_yaml.read_yaml(_text(folder / FILE)), mistakes)


def programme_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of programme.yaml, for editors that check while somebody types."""
    schema = Programme.model_json_schema()
    del schema["properties"]["folder"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "programme.yaml"}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        next_step = "Say where the programme is with --programme, or make one: cfc-pipeline init DIR"
        raise ConfigError("There is no programme here.", where=str(path), next_step=next_step) from None
    except (UnicodeDecodeError, OSError):
        next_step = "Save it as plain text in UTF-8."
        raise ConfigError(f"{FILE} cannot be read as text.", where=str(path), next_step=next_step) from None


def _settings(document: Document) -> dict[str, Any]:
    """The top level. A section whose lines are all comments is as good as not there."""
    if not isinstance(document.data, dict):
        document.mistakes.append(Mistake((), "settings such as `name: Our programme` are expected"))
        return {}
    return {name: value for name, value in document.data.items() if value is not None}


def _refusal(path: Path, document: Document, mistakes: list[Mistake]) -> ConfigError:
    lines = {f"{FILE} line {document.line(m.place)}: {_sentence(m)}": document.line(m.place) for m in mistakes}
    found = sorted(lines, key=lambda text: lines[text])
    count = f"{len(found)} mistake{'s' if len(found) > 1 else ''}"
    return ConfigError(
        "\n".join([f"{FILE} has {count}.", *found]),
        where=str(path),
        next_step=f"Mend {'them' if len(found) > 1 else 'it'} in any text editor and run the command again.",
    )


def _sentence(mistake: Mistake) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in mistake.place)
    where = "".join(steps).removeprefix(".")
    return f"{where}: {mistake.text}" if where else mistake.text


def _form_mistakes(data: dict[str, Any]) -> Iterator[Mistake]:
    """What the types of programme.py refuse, in plain words."""
    if "folder" in data:  # the only field of a programme that is not a setting
        yield Mistake(("folder",), _unknown(("folder",)))
    try:
        Programme.model_validate({name: value for name, value in data.items() if name != "folder"})
    except ValidationError as error:
        details = error.errors(include_url=False)
    else:
        return
    choices: dict[Place, list[ErrorDetails]] = {}
    for detail in details:
        place, value, form = _place(detail, data)
        if not form:
            yield Mistake(place, _wording(detail, place, value))
        elif not isinstance(value, dict):
            choices.setdefault(place, []).append(detail)
        elif form in (model.__name__ for model in _models_at(place)):
            yield Mistake(place, _wording(detail, place, value))
    yield from (Mistake(place, _choice(place, found, data)) for place, found in choices.items())


def _place(detail: ErrorDetails, data: Any) -> tuple[Place, Any, str]:
    """Where an error is in the file, the value there, and, for a setting that may have several forms, which of them
    pydantic tried: a name that its location has and the file has not."""
    location = [step for step in detail["loc"] if step != _KEY]
    if detail["type"] == "missing":
        location.pop()
    place: Place = ()
    form = ""
    for step in location:
        inside = step in data if isinstance(data, dict) else isinstance(data, list) and isinstance(step, int)
        form = "" if inside else str(step)
        if inside:
            place, data = (*place, step), data[step]
    return place, place[-1] if detail["loc"][-1:] == (_KEY,) else data, form


def _wording(detail: ErrorDetails, place: Place, value: Any) -> str:
    kind, limits = detail["type"], detail.get("ctx", {})
    if kind == "missing":
        return f"`{detail['loc'][-1]}` is missing"
    if kind == "extra_forbidden":
        return _unknown(place)
    if kind == "value_error":
        return str(limits["error"])
    if kind == "literal_error":
        return f"must be {_plain(limits)}{_shown(value)}{_meant(value, _words_in(limits))}"
    if kind == "string_pattern_mismatch":
        return f"{_PATTERNS.get(limits['pattern'], 'is not written as it must be')}{_shown(value)}"
    return f"{_WORDS.get(kind, detail['msg']).format(**limits)}{_shown(value)}"


def _choice(place: Place, found: list[ErrorDetails], data: Any) -> str:
    """One sentence for a setting that fits none of its forms."""
    value, words, forms = data, [], []
    for step in place:
        value = value[step]
    for detail in found:
        words += _words_in(detail.get("ctx", {}))
        forms += _SIMPLE_FORMS.get(detail["type"], [])
    own = " and ".join(f"`{name}`" for model in _models_at(place) for name in model.model_fields)
    forms = [*(f"`{word}`" for word in words), *forms, f"settings {own} below it"]
    return f"must be {', '.join(forms[:-1])} or {forms[-1]}{_shown(value)}{_meant(value, words)}"


def _unknown(place: Place) -> str:
    name = str(place[-1])
    if _SECRET.search(name):
        return "secrets do not belong in this file; set them in the environment, such as CFC_SMTP_PASSWORD"
    known = [name for model in _models_at(place[:-1]) for name in model.model_fields if name != "folder"]
    return f"unknown setting{_meant(name, known) or '; known are ' + ', '.join(f'`{k}`' for k in known)}"


def _models_at(place: Place) -> list[type[BaseModel]]:
    """The models whose settings may stand at `place`."""
    models: list[type[BaseModel]] = [Programme]
    for step in place:
        if isinstance(step, str):
            fields = [model.model_fields[step] for model in models if step in model.model_fields]
            models = [model for field in fields for model in _models_in(field.annotation)]
    return models


def _models_in(kind: Any) -> list[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [model for part in get_args(kind) for model in _models_in(part)]


def _words_in(limits: dict[str, Any]) -> list[str]:
    return re.findall(r"'([^']*)'", str(limits.get("expected", "")))


def _plain(limits: dict[str, Any]) -> str:
    words = [f"`{word}`" for word in _words_in(limits)]
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _shown(value: Any) -> str:
    short = isinstance(value, str) and 0 < len(value) <= _LONGEST_SHOWN and value.isprintable()
    return f", not `{value}`" if short else ""


def _meant(value: Any, known: list[str]) -> str:
    return did_you_mean(value.lower().replace("-", "_"), known) if isinstance(value, str) else ""
