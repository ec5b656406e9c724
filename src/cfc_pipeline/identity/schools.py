"""Schools in free text: the roster's, in the forms that people give them, and whatever is called a school."""

import re
from collections.abc import Iterator

import polars as pl

from cfc_pipeline.identity.patterns import NAME, SCHOOL, WORDS
from cfc_pipeline.identity.words import fold, folded_words, replace_words

_KINDS = set(WORDS["school_kinds"].split())
_OTHER = set(WORDS["school_words"].split())
_NO_NAME = _KINDS | _OTHER | set(WORDS["not_a_school"].split())
_EVERYDAY = set(WORDS["everyday_words"].split())
_ACRONYMS = set(WORDS["acronyms"].split())
_GAP = r"[\s.',-]{0,3}"
_PER_PATTERN = 100  # schools in one regular expression
# ", Church of England Primary School" after a name: any such words, and a kind of school at the end.
_KIND = f"(?:(?:{_GAP}\\b(?:{'|'.join(sorted(_KINDS | _OTHER))})\\b){{0,8}}{_GAP}\\b(?:{'|'.join(sorted(_KINDS))})\\b)"
_CALLED_SCHOOL = (
    rf"(?:(?:\p{{Lu}}[\p{{L}}'.-]*|{NAME}) ){{1,5}}(?:[Ss]chool|SCHOOL|[Aa]cademy|ACADEMY|[Cc]ollege|COLLEGE)\b"
)


def redact_schools(text: pl.Series, schools: pl.Series, words: set[str]) -> pl.Series:
    """The texts, with schools marked. `words` are the texts' own: schools whose words are not in them cost nothing."""
    known = {fold(word) for word in words}
    names = [folded_words(name.replace("&", " and ")) for name in schools.drop_nulls().unique().sort()]
    patterns = [pattern for name in names if _may_occur(name, known) for pattern in _patterns(_core(name))]
    for i in range(0, len(patterns), _PER_PATTERN):
        text = text.str.replace_all(rf"\b(?:{'|'.join(patterns[i : i + _PER_PATTERN])})", SCHOOL)
    initials = {_initials(name) for name in names} - {acronym.upper() for acronym in _ACRONYMS}
    text = replace_words(text, {word for word in initials & words if len(word) > 2}, r"\b", r"\b", SCHOOL)
    return replace_words(text, _called_school(text), "", r"\b", SCHOOL)


def _core(name: list[str]) -> list[str]:
    """What is left of a school's name without the words that many schools have at either end."""
    core = list(name)
    while core and core[-1] in _KINDS | _OTHER:
        core.pop()
    while core and core[0] in _KINDS | _OTHER:
        core.pop(0)
    return core


def _may_occur(name: list[str], known: set[str]) -> bool:
    """Whether all longer words of the core are in the texts, in one piece, without their last s, or run together."""
    core = [word for word in _core(name) if len(word) > 3]
    return all(word in known or word.removesuffix("s") in known for word in core) or "".join(_core(name)) in known


def _patterns(core: list[str]) -> Iterator[str]:
    """Of a core of several words, any case will do. One word alone must have a capital, and an everyday word must be
    called a school as well: "Park" is not the Park School."""
    letters = _GAP.join(_word(word) for word in core)
    if len(core) > 1:
        yield f"(?i:{letters}{_KIND}?)\\b"
    elif core:
        everyday = core[0] in _EVERYDAY or len(core[0]) < 4
        # "Hawthorn Park School" is another school than the roster's Park School, but a school all the same.
        yield rf"(?:(?:\p{{Lu}}[\p{{L}}'-]* ){{0,3}})(?i:{letters}{_KIND})" if everyday else f"(?i:{letters}{_KIND})"
        if not everyday:
            yield rf"(?:{letters[0].upper()}(?i:{letters[1:]}))\b"


def _word(word: str) -> str:
    """One word with or without its apostrophe and plural; a saint in either spelling."""
    if word in ("st", "saint"):
        return r"(?:saint|st)"
    if word == "and":
        return "(?:and|&)"
    stem = word.removesuffix("s")
    return f"{stem}(?:'?s)?" if len(stem) > 2 else word


def _initials(name: list[str]) -> str:
    return "".join(word[0] for word in name if word not in ("of", "the", "and", "for")).upper()


def _called_school(text: pl.Series) -> set[str]:
    """Phrases such as "Oakfield Park Academy" that are in the texts; not "The Primary School" or "Our School"."""
    found = text.str.extract_all(_CALLED_SCHOOL).explode(empty_as_null=True).drop_nulls().unique()
    return {phrase for phrase in found if NAME in phrase or not set(map(fold, re.split(r"[\s-]+", phrase))) <= _NO_NAME}
