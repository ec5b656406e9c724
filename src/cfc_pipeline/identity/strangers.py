"""People in free text whom no roster knows: by a capital where ordinary words have none, and by what only people do.

It goes by the word and what stands beside it, never by the other texts: a comment that a person has approved must not
read differently because another one came in.
"""

import polars as pl

from cfc_pipeline.identity.patterns import NAME, UNDERSCORE, WORDS
from cfc_pipeline.identity.words import fold, replace_words

# Words that have a capital for another reason than being somebody's name.
ORDINARY = {*WORDS["capital_words"].split(), "april", "august", "june", "may", "sunday"}
_LISTS = ("everyday_words", "school_kinds", "school_words", "not_a_school", "trust_words", "acronyms")
_NO_NAMES = ORDINARY | {word for key in _LISTS for word in WORDS[key].split()}
_NO_NAMES |= {*WORDS["titles"], *WORDS["particles"]}
_SAYERS = set(WORDS["says_who"].split()) | _NO_NAMES
_INSIDE_SENTENCE = rf"([^\s.!?:;\"'(\[{UNDERSCORE}-][\"'(]? +)"
_SAYS = r"('s | (?:asked|asks|knows|laughed|rang|said|says|still|taught|tells|thinks|told|voted|wants|wrote)\b)"


def redact_strangers(text: pl.Series, words: set[str]) -> pl.Series:
    """`words` are the texts' own."""
    may_be = {word for word in words if len(word) > 2 and word[0].isupper() and not word[1:].isupper()}
    names = {word for word in may_be if not _ordinary(word, _NO_NAMES)}
    # Twice, so that both words of "with Naveed Akhtar" have their turn.
    for _ in range(2):
        text = replace_words(text, names, _INSIDE_SENTENCE, r"\b", "${1}" + NAME)
    who = {word for word in may_be if not _ordinary(word, _SAYERS)}
    return replace_words(text, who, r"(^|[.!?\n] *)", _SAYS, "${1}" + NAME + "${2}")


def _ordinary(word: str, known: set[str]) -> bool:
    """Also in the plural, or made from an ordinary word."""
    folded = fold(word)
    return folded in known or any(folded.removesuffix(end) in known for end in ("s", "ed", "ing", "ly"))
