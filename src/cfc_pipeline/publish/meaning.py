"""What each printed figure is: its meaning, formula and source, from schemas/figures.yaml."""

import re
from dataclasses import dataclass
from functools import cache

import yaml

from schemas import FIGURES

# The beginning of a key that only says which year, question or group a figure is of.
_BLOCK = re.compile(r"^(y\d{4}_\d{2,4}|all|q\d+|pooled)_")


@dataclass(frozen=True)
class Meaning:
    """What a figure is; `formula` and `source` are empty where it is only counted."""

    meaning: str
    formula: str = ""
    source: str = ""


def meaning_of(table: str, key: str) -> Meaning | None:
    """Of a column of a published table; None for figures that nobody has explained, which a test rules out."""
    known = _meanings().get(table, {})
    return known.get(key) or known.get(figure_of(key))


def figure_of(key: str) -> str:
    """As in mean_change of y2023_24_mean_change."""
    return _BLOCK.sub("", key)


@cache
def _meanings() -> dict[str, dict[str, Meaning]]:
    groups = yaml.load(FIGURES.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return {
        table: {key: Meaning(**texts) for key, texts in group["figures"].items()}
        for group in groups
        for table in group["tables"]
    }


def figure_groups() -> list[tuple[str, list[str], dict[str, Meaning]]]:
    """For the documentation: what a group of tables is about, their names, and their figures."""
    groups = yaml.load(FIGURES.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return [(group["about"], group["tables"], _meanings()[group["tables"][0]]) for group in groups]
