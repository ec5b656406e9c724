"""Schools in free text: the roster's, in the forms that people give them, and whatever is called a school."""

import re

import polars as pl

from cfc_pipeline.identity.patterns import NAME, SCHOOL, UNDERSCORE, WORDS
from cfc_pipeline.identity.words import fold, replace_any, replace_words

_KINDS = set(WORDS["school_kinds"].split())
_OTHER = set(WORDS["school_words"].split())
_NO_NAME = _KINDS | _OTHER | set(WORDS["not_a_school"].split())
_EVERYDAY = set(WORDS["everyday_words"].split())
_ACRONYMS = set(WORDS["acronyms"].split())
_PLURAL = "(?:'?s)?"
_GAP = rf"[\s.',(){UNDERSCORE}-]{{0,3}}"
# ", Church of England Primary School" after a name: any such words, and a kind of school at the end.
_KIND = f"(?:(?:{_GAP}\\b(?:{'|'.join(sorted(_KINDS | _OTHER))})\\b){{0,8}}{_GAP}\\b(?:{'|'.join(sorted(_KINDS))})\\b)"
_CALLED_SCHOOL = (
    rf"(?:(?:\p{{Lu}}[\p{{L}}'.-]*|{NAME}) ){{1,5}}(?:[Ss]chool|SCHOOL|[Aa]cademy|ACADEMY|[Cc]ollege|COLLEGE"
    r"|Primary|Infants?|Juniors?|Grammar|High|Nursery|Secondary|Sixth Form|Prep)\b"
)
_SAINT = r"\b(?:St|Saint)\.? \p{Lu}[\p{L}]+(?:'s)?"  # a school, a church or a town


def redact_schools(text: pl.Series, names: list[list[str]], words: set[str]) -> pl.Series:
    """The texts, with schools marked. `names` are the schools' in folded words; `words` are the texts' own: schools
    whose words are not in them cost nothing.

    Of a name of several words, any case will do. One word alone must have a capital, and an everyday word must be
    called a school as well: "park" is not the Park School, nor is "Park".
    """
    known = _spellings(words)
    every = [core for name in names if (core := _core(name))]
    cores = [core for core in [*every, *_parts(every)] if _may_occur(core, known)]
    long = [_GAP.join(_word(word, known) for word in core) for core in cores if len(core) > 1]
    single = {core[0] for core in cores if len(core) == 1}
    everyday = {word for word in single if word in _EVERYDAY or len(word) < 4}
    short = [_word(word, known) for word in single - everyday]
    # "Hawthorn Park School" is another school than the roster's Park School, but a school all the same.
    text = replace_any(text, everyday, r"(?:\b\p{Lu}[\p{L}'-]* ){0,3}\b(?i:", f"{_KIND})", SCHOOL)
    text = replace_any(text, long + short, r"(?i)\b", _KIND, SCHOOL)
    text = replace_any(text, long, r"(?i)\b", r"\b", SCHOOL)
    capitals = [
        f"{form[0].upper()}(?i:{form[1:]}){_PLURAL}" for word in single - everyday for form in known.get(word, [])
    ]
    telling = (
        {word for core in every if len(core) > 1 for word in core if len(word) > 4} - _EVERYDAY - _NO_NAME - single
    )
    capitals += [f"{form[0].upper()}(?i:{form[1:]}){_PLURAL}" for word in telling for form in known.get(word, [])]
    text = replace_any(text, capitals, r"\b", rf"(?:{_KIND}|\b)", SCHOOL)
    initials = {_initials(name) for name in names} - {acronym.upper() for acronym in _ACRONYMS}
    text = replace_words(text, {word for word in initials & words if len(word) > 2}, r"\b", r"\b", SCHOOL)
    text = replace_words(text, _called_school(text), "", r"\b", SCHOOL)
    return text.str.replace_all(_SAINT + f"(?:{_KIND})?", SCHOOL)


def _core(name: list[str]) -> list[str]:
    """What is left of a school's name without the words that many schools have at either end."""
    core = list(name)
    while core and core[-1] in _KINDS | _OTHER:
        core.pop()
    while core and core[0] in _KINDS | _OTHER:
        core.pop(0)
    return core


def _parts(cores: list[list[str]]) -> list[list[str]]:
    """What people leave of a long name: "Our Lady" of Lourdes, "St Oswald's" and St Aidan's."""
    ends = [next((i for i, word in enumerate(core) if word in ("and", "le", "of", "with")), 0) for core in cores]
    return [core[:end] for core, end in zip(cores, ends, strict=True) if end > 1]


def _spellings(words: set[str]) -> dict[str, list[str]]:
    """The words of the texts by their folded form, as they are spelt there: with and without accents, small letters."""
    spellings: dict[str, list[str]] = {}
    for word in sorted({word.lower() for word in words}):
        spellings.setdefault(fold(word), []).append(word)
        spellings.setdefault(fold(word).removesuffix("s"), []).append(word.removesuffix("s"))
    return spellings


def _may_occur(core: list[str], known: dict[str, list[str]]) -> bool:
    """Whether all its longer words are in the texts, in one piece, without their last s, or run together."""
    longer = [word for word in core if len(word) > 3]
    return all(word in known or word.removesuffix("s") in known for word in longer) or "".join(core) in known


def _word(word: str, known: dict[str, list[str]]) -> str:
    """One word as the texts spell it, with or without its apostrophe and plural; a saint in either spelling."""
    if word in ("st", "saint"):
        return r"(?:saint|st)"
    if word == "and":
        return "(?:and|&)"
    if word == "road":
        return "(?:road|rd)"
    stem = word.removesuffix("s") if len(word) > 3 else word
    return f"(?:{'|'.join(sorted({stem, *known.get(stem, [])}))}){_PLURAL}"


def _initials(name: list[str]) -> str:
    return "".join(word[0] for word in name if word not in ("of", "the", "and", "for")).upper()


def _called_school(text: pl.Series) -> set[str]:
    """Phrases such as "Oakfield Park Academy" that are in the texts; not "The Primary School" or "Our School"."""
    found = text.str.extract_all(_CALLED_SCHOOL).explode(empty_as_null=True).drop_nulls().unique()
    return {phrase for phrase in found if NAME in phrase or not set(map(fold, re.split(r"[\s-]+", phrase))) <= _NO_NAME}
