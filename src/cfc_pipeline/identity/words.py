"""The words that occur in texts, and how words are compared: without case, accents or apostrophes."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

import polars as pl

_BATCH = 200_000  # texts whose words are in memory at once
_PER_PATTERN = 1_000  # alternatives in one regular expression
# Letters that do not come apart into a letter and an accent.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ß": "ss", "ı": "i"})


def words_in(texts: pl.Series) -> set[str]:
    """Every run of letters, as it is written."""
    found: set[str] = set()
    for start in range(0, len(texts), _BATCH):
        runs = texts.slice(start, _BATCH).str.extract_all(r"\p{L}+")
        found.update(runs.explode(empty_as_null=True).drop_nulls().unique().to_list())
    return found


def fold(word: str) -> str:
    """The word as it is compared: "O’Briën" and "obrien" are the same."""
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in apart if c.isalpha() and not unicodedata.combining(c)).translate(_LETTERS)


def folded_words(text: str) -> list[str]:
    """The words of a name, folded; apostrophes join, everything else separates."""
    return [folded for part in re.split(r"[^\w'’]|[\d_]", text) if (folded := fold(part))]


def replace_words(text: pl.Series, words: Iterable[str], before: str, after: str, replacement: str) -> pl.Series:
    """Replace each of `words`, exactly as written, where it stands between the patterns `before` and `after`."""
    for chunk in _chunks(sorted(words, key=lambda word: (-len(word), word))):
        anyone = "|".join(re.escape(word) for word in chunk)
        text = text.str.replace_all(f"{before}(?:{anyone}){after}", replacement)
    return text


def _chunks(words: list[str]) -> Iterator[list[str]]:
    yield from (words[i : i + _PER_PATTERN] for i in range(0, len(words), _PER_PATTERN))
