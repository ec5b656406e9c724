"""The words that occur in texts, and how words are compared: without case, accents or apostrophes."""

import re
import unicodedata
from collections.abc import Iterable

import polars as pl

from cfc_pipeline.errors import PrivacyRefusal

_BATCH = 200_000  # texts whose words are in memory at once
_PER_PATTERN = 500  # alternatives in one regular expression; the engine refuses more than 10 MB
WORD = r"[\p{L}\p{Nl}\p{No}'’]+"  # of a name; apostrophes join, everything else separates
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
    if word.isascii() and word.isalpha():  # nearly all words, and much faster
        return word.lower()
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in apart if c.isalpha() and not unicodedata.combining(c)).translate(_LETTERS)


def replace_words(text: pl.Series, words: Iterable[str], before: str, after: str, replacement: str) -> pl.Series:
    """Replace each of `words`, exactly as written, where it stands between the patterns `before` and `after`."""
    return replace_any(text, map(re.escape, words), before, after, replacement)


def replace_any(text: pl.Series, patterns: Iterable[str], before: str, after: str, replacement: str) -> pl.Series:
    """Replace whatever one of `patterns` matches between `before` and `after`; longer patterns first."""
    ordered = sorted(patterns, key=lambda pattern: (-len(pattern), pattern))
    for start in range(0, len(ordered), _PER_PATTERN):
        anyone = "|".join(ordered[start : start + _PER_PATTERN])
        try:
            text = text.str.replace_all(f"{before}(?:{anyone}){after}", replacement)
        except pl.exceptions.ComputeError:  # it would quote the pattern, which is made of names
            raise PrivacyRefusal(
                "Free text could not be redacted: the names on the roster make too large a search.",
                where=f"{len(ordered)} names or schools",
                next_step="Split the roster by academic year, and report this as a defect.",
            ) from None
    return text
