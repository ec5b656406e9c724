"""Reads the scoring keys: those that come with the pipeline and those of a programme's own `instruments/` folder.

What a key is made of is said in schemas/instruments/. A key that cannot be used as it is written is refused, with all
mistakes of all files at once: a wrong key would give wrong scores silently.
"""

from collections.abc import Hashable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from pydantic import ValidationError

from cfc_pipeline.errors import ConfigError
from schemas import INSTRUMENTS
from schemas.instruments import Instrument, Subscale
from schemas.tables import polars_schema, reference

__all__ = ["Instrument", "Subscale", "instrument_rows", "item_rows", "load_instruments"]

_PLAIN_WORDS = {"missing": "is missing", "extra_forbidden": "unknown setting"}


def load_instruments(*folders: Path) -> dict[str, Instrument]:
    """The pipeline's own keys and those in `folders`, by id and in the order of their ids.

    A folder that does not exist holds no keys. Two keys with one id are refused, so that nobody changes a published key
    without giving it another name. Raises ConfigError with the file and field of every mistake.
    """
    paths = [path for folder in dict.fromkeys((INSTRUMENTS, *folders)) for path in sorted(folder.glob("*.y*ml"))]
    found: dict[str, Instrument] = {}
    mistakes: list[str] = []
    for path in paths:
        key, wrong = _read_once(path) if path.parent == INSTRUMENTS else _read(path)
        if key is not None and key.id in found:
            wrong = [f"id: {key.id} is defined already; give this key another id"]
        mistakes += [f"{path.parent.name}/{path.name}: {mistake}" for mistake in wrong]
        if key is not None and not wrong:
            found[key.id] = key
    if mistakes:
        raise ConfigError(
            f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''} in instruments",
            where="\n         ".join(mistakes),
            next_step="mend the fields named above; schemas/instruments/brs.yaml is an example of a key",
        )
    return dict(sorted(found.items()))


def _read(path: Path) -> tuple[Instrument | None, list[str]]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)  # noqa: S506 a SafeLoader
        key = Instrument.model_validate(content)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return None, [f"line {line}: not readable as YAML: {error.problem}"]
    except UnicodeDecodeError:
        return None, ["not readable as UTF-8 text"]
    except ValidationError as error:
        return None, [_in_words(details) for details in error.errors(include_input=False, include_url=False)]
    return key, [] if key.id == path.stem else ["id: must be the file's name without its ending"]


# Those that come with the pipeline do not change while it runs, and reading them takes longer than a small run.
_read_once = cache(_read)


def _in_words(details: Any) -> str:
    field = ".".join(str(part) for part in details["loc"])
    message = _PLAIN_WORDS.get(details["type"], details["msg"].removeprefix("Value error, "))
    return f"{field}: {message}" if field else message


# Written in C: every command reads two dozen keys, and in Python that takes longer than all else that a small run does.
class _UniqueKeys(yaml.CSafeLoader):
    """YAML's own rule that a mapping names each key once, which PyYAML does not check: a table's row would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        mapping = super().construct_mapping(node, deep)
        if len(mapping) != len(node.value):
            raise yaml.constructor.ConstructorError(None, None, "a key is there twice", node.start_mark)
        return mapping


def instrument_rows(instruments: Mapping[str, Instrument]) -> pl.DataFrame:
    """Rows of the `instrument` table. Forms without scores have one row, subscale `items`."""
    rows = [
        {
            "instrument": key.id,
            "subscale": subscale_id,
            "title": key.title,
            "subscale_title": subscale.title,
            "version": key.version,
            **dict(zip(("lowest", "highest"), _score_range(key, subscale), strict=True)),
            "direction": subscale.direction or key.direction,
            "aggregate": key.aggregate or key.kind,
            "missing_rule": _missing_rule(key, subscale),
            "citation": key.citation,
            "doi": key.doi,
            "licence": key.licence,
            "advised_people": key.advised_people,
        }
        for key in instruments.values()
        for subscale_id, subscale in (key.subscales or {"items": _single_items(key)}).items()
    ]
    return pl.DataFrame(rows, schema=polars_schema(reference.Instrument), orient="row")


def item_rows(instruments: Mapping[str, Instrument]) -> pl.DataFrame:
    """Rows of the `item` table."""
    rows = [
        {
            "instrument": key.id,
            "item": item,
            "lowest": key.lowest,
            "highest": key.highest,
            "reversed": item in key.reverse,
            "filler": item in key.fillers,
            "subscales": ",".join(name for name, subscale in key.subscales.items() if item in subscale.items),
            "short_name": key.short_names.get(item),
        }
        for key in instruments.values()
        for item in range(1, key.items + 1)
    ]
    return pl.DataFrame(rows, schema=polars_schema(reference.Item), orient="row")


def _single_items(key: Instrument) -> Subscale:
    return Subscale(title="Single items", items=list(range(1, key.items + 1)))


def _score_range(key: Instrument, subscale: Subscale) -> tuple[float, float]:
    if key.aggregate == "table":
        return min(key.table.values()), max(key.table.values())
    factor = len(subscale.items) if key.aggregate == "sum" else key.factor
    return float(factor * key.lowest), float(factor * key.highest)


def _missing_rule(key: Instrument, subscale: Subscale) -> str:
    if key.missing is None:
        return "Each item stands for itself; blank items do not count."
    if key.missing.rule == "complete_cases":
        return f"Scored only when every item is answered. {key.missing.basis}"
    return f"Mean of the answered items when at most {subscale.max_missing} are blank. {key.missing.basis}"
