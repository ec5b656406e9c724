"""Trusts and towns in free text: the roster's, and whatever is called a trust or a federation."""

import polars as pl

from cfc_pipeline.identity.patterns import NAME, PLACE, SCHOOL, TRUST, WORDS
from cfc_pipeline.identity.words import fold, replace_any, replace_words

_TRUST = set(WORDS["trust_words"].split())
_NO_NAME = set(WORDS["not_a_school"].split())
_EVERYDAY = set(WORDS["everyday_words"].split())
_ACRONYMS = set(WORDS["acronyms"].split())
_LINK = r"[\s,&-]{1,3}"
_KIND = rf"(?:{_LINK}\b(?i:{'|'.join(sorted(_TRUST))})\b)*"
_CALLED_TRUST = (
    rf"\b(?:(?:\p{{Lu}}[\p{{L}}'-]+|{NAME}|{SCHOOL}) ){{1,4}}"
    r"(?:(?:Multi|Academy|Learning|Education|Schools) )*(?:Trust|Federation|MAT|Academies)\b"
)
_NEAR = r"\b((?i:around|at|for|from|in|near|of|outside|over|to|towards) )"


def redact_trusts(text: pl.Series, names: list[list[str]], words: set[str]) -> pl.Series:
    """The texts, with trusts marked. `names` are the trusts' words as they are written; `words` are the texts' own."""
    cores = [core for name in names if (core := _core(name))]
    long = [_LINK.join(_either(word) for word in core) for core in cores if len(core) > 1]
    text = replace_any(text, long, r"(?i)\b", _KIND, TRUST)
    short = [core[0] for core in cores if len(core) == 1]
    text = replace_words(text, short, r"\b", rf"(?:{_LINK}\b(?i:{'|'.join(sorted(_TRUST))})\b)+", TRUST)
    initials = {"".join(word[0] for word in name).upper() for name in names}
    known = {word for word in initials & words if len(word) > 2 and word.lower() not in _ACRONYMS}
    text = replace_words(text, known, r"\b", r"\b", TRUST)
    return replace_words(text, _called_trust(text), r"", r"\b", TRUST)


def _called_trust(text: pl.Series) -> set[str]:
    """Phrases such as "Larkspur Federation" that are in the texts; not "Multi Academy Trust"."""
    found = text.str.extract_all(_CALLED_TRUST).explode(empty_as_null=True).drop_nulls().unique()
    return {phrase for phrase in found if not {fold(word) for word in phrase.split()} <= _TRUST | _NO_NAME}


def redact_towns(text: pl.Series, towns: list[list[str]]) -> pl.Series:
    """The texts, with the roster's towns marked: with a capital, and an everyday word only after "in" and the like."""
    single = {town[0] for town in towns if len(town) == 1}
    everyday = {town for town in single if fold(town) in _EVERYDAY}
    long = ["[ -]".join(map(_either, town)) for town in towns if len(town) > 1]
    text = replace_any(text, long, r"(?i)\b", r"\b", PLACE)
    text = replace_words(text, single - everyday, r"\b", r"\b", PLACE)
    return replace_words(text, everyday, _NEAR, r"\b", "${1}" + PLACE)


def _core(name: list[str]) -> list[str]:
    """Without the words at either end that many trusts have."""
    core = list(name)
    while core and fold(core[-1]) in _TRUST:
        core.pop()
    while core and fold(core[0]) in _TRUST:
        core.pop(0)
    return core


def _either(word: str) -> str:
    return {"and": "(?:and|&)", "st": r"(?:saint|st)\.?", "saint": r"(?:saint|st)\.?"}.get(word.lower(), word)
