"""Free text -> text in which the people and schools that can be found are placeholders such as [name].

What is known is found first (the roster's names and schools, in the forms that people give them), then what has the
form of an identifier. It works on the words that occur in the texts: each is decided on once, so that thousands of
names cost no more than a few. It cannot find everything: a person known by what happened to them, or a stranger's
unusual name without a title, stays. So nobody sees a comment before a person has read and approved it.
"""

import html
import re
from functools import lru_cache
from pathlib import PurePath

import polars as pl

from cfc_pipeline.identity.known import GIVEN, MORE_GIVEN, Known
from cfc_pipeline.identity.patterns import ANY_MARK, CODE, DATE, NAME, NUMBER, PATTERNS, PLACEHOLDERS, UNDERSCORE, WORDS
from cfc_pipeline.identity.places import redact_towns, redact_trusts
from cfc_pipeline.identity.schools import redact_schools
from cfc_pipeline.identity.strangers import ORDINARY, redact_strangers
from cfc_pipeline.identity.words import fold, replace_words, words_in

_SMALL = 6  # shorter names are not looked for misspelt: too many words are one letter away from them
_LONG = 9  # in these two slips are forgiven
_SHORTENED = 4  # letters that are left of a name when people cut it short, such as Fitz
_EVERYDAY = set(WORDS["everyday_words"].split())
_ACRONYMS = set(WORDS["acronyms"].split())
_INSIDE_SENTENCE = r"([^\s.!?:\"'(\[-][\"'(]? +)"

# "Will was" can only be a person at the start of a sentence; "Will the" need not be.
_DOES = (
    r"('s| (?:and|asked|brought|came|cried|did|does|gave|had|has|helped|is|kept|knows|laughed|leads|led|lent|listened"
    r"|made|rang|read|reminded|runs|said|says|sat|spoke|talked|taught|told|took|was|who|wrote)\b)"
)

# Markup, character forms and invisible characters, made plain in this order.
_MARKUP = (
    (r"(?is)<(?:script|style)\b.*?</(?:script|style)\s*>|<!--.*?-->", " "),
    (r"(?i)</?(?:a|abbr|b|em|font|i|mark|s|small|span|strong|sub|sup|u|wbr)(?:\s[^<>]*)?/?>", ""),
    (r"</?[A-Za-z!][^<>]*>", " "),
)
_CHARACTERS = (
    (r"\r\n?|\u{2028}|\u{2029}", "\n"),
    (r"[\p{Cf}\p{Co}\u{300}-\u{36f}]", ""),
    (r"[\p{Cc}--\n]", " "),
    (r"[\u{2018}\u{2019}\u{02bc}\u{0060}\u{00b4}\u{2032}]", "'"),
    (r"[\u{201c}\u{201d}]", '"'),
    (r"[\u{2010}-\u{2013}\u{2212}]", "-"),
    (r"[\p{Zs}]+", " "),
)


def redact(texts: pl.Series, known: Known, *, strangers: bool = False) -> pl.DataFrame:
    """`text` without markup and with placeholders, and `redactions`, how many there are in it; a row for each text.

    With `strangers`, for what people wrote freely, also words that only look like somebody's name. Labels and wordings
    are full of words with capitals that are nobody's.

    Quotation marks, hyphens and character widths are made plain on the way. A text of which nothing is left is null.
    """
    text = _codes(_replaced(_plain(texts), PATTERNS), known.code_words).str.replace_all("_", UNDERSCORE)
    text = redact_schools(text, known.school_words, words_in(text))
    text = redact_trusts(text, known.trust_words, words_in(text))
    text = _names(redact_towns(text, known.town_words), known.name_words)
    if strangers:
        text = _replaced(redact_strangers(text, words_in(text)), _AROUND_NAMES)
    return _finished(text)


def redact_file_name(name: str, known: Known | None = None) -> str:
    """A file's name as it may be shown. Its dates and numbers stay, because files are told apart by them.

    Accepted: without the roster, an unusual surname in a file's name is not known for what it is.
    """
    suffix = match[0] if (match := re.search(r"\.[A-Za-z]{1,5}\Z", name)) else ""
    patterns = tuple((pattern, mark) for pattern, mark in PATTERNS if mark not in (NUMBER, DATE))
    plain = _plain(pl.Series([PurePath(name).name.removesuffix(suffix)])).str.replace_all(r"\s+", " ")
    # Twice: an address may have _ in it, and words may be kept apart by it.
    text = _replaced(_replaced(plain, patterns).str.replace_all(r"[_+]", " "), patterns)
    text = redact_schools(text, known.school_words if known else [], words_in(text))
    # File names are often in small letters, so any given name is taken for one there, with the word after it.
    given = {name for group in GIVEN for name in group if name not in _EVERYDAY}
    text = _names(text, given | known.name_words if known else given)
    found = _finished(text.str.replace_all(rf"{NAME}[ .-]?\p{{L}}{{2,}}", NAME))
    return f"{(found if found['redactions'][0] else plain.to_frame('text'))['text'][0] or ''}{suffix}"


def _replaced(text: pl.Series, patterns: tuple[tuple[str, str], ...]) -> pl.Series:
    for pattern, replacement in patterns:
        text = text.str.replace_all(pattern, replacement)
    return text


def _plain(texts: pl.Series) -> pl.Series:
    """No markup, no invisible characters, one form of each character."""
    text = _unescaped(_unescaped(texts.cast(pl.String)))
    return _replaced(_replaced(text, _MARKUP).str.normalize("NFKC"), _CHARACTERS)


def _unescaped(text: pl.Series) -> pl.Series:
    """`&amp;` as `&`. Row by row, but only the rows that have one; twice, because tools escape what is escaped."""
    escaped = text.filter(text.str.contains(r"&#?\w+;")).unique()
    if escaped.is_empty():
        return text
    return text.replace(escaped, pl.Series([html.unescape(value) for value in escaped]))


def _codes(text: pl.Series, codes: pl.Series) -> pl.Series:
    if codes.is_empty():
        return text
    # Nearly all codes are one word, which is in the texts or is not.
    words = text.str.extract_all(r"\w+").explode(empty_as_null=True).str.to_lowercase().unique()
    may_occur = ~codes.str.contains("^[A-Za-z0-9]+$") | codes.str.to_lowercase().is_in(words.implode())
    return replace_words(text, codes.filter(may_occur), r"(?i)\b", r"\b", CODE)


def _names(text: pl.Series, parts: set[str]) -> pl.Series:
    sure, careful = _forms(words_in(text), parts)
    text = replace_words(text, sure, r"\b", r"\b", NAME)
    # Twice, so that both words of "thank Grace Hope" have their turn.
    for _ in range(2):
        text = replace_words(text, careful, _INSIDE_SENTENCE, r"\b", "${1}" + NAME)
    text = replace_words(text, careful, r"\b", _DOES, NAME + "${1}")
    text = replace_words(text, careful, r"\b", rf" (?:{NAME}|\p{{Lu}}\p{{Ll}}[\p{{L}}'-]*|[A-HJ-Z]\b)", NAME)
    return _replaced(text, _AROUND_NAMES)


# What belongs to a name that was found: particles, initials, a surname that is not on the roster, and a second name.
_AROUND_NAMES = (
    (rf"(?i)\b(?:(?:mac|mc|al|el|bin|ibn|de|del|da|di|van|von|der|den|la|le|o|d)['\- ])+{NAME}", NAME),
    (rf"{NAME}[ -]\p{{Lu}}\p{{Ll}}[\p{{L}}'-]*", NAME),
    (rf"{NAME}(?:{UNDERSCORE}\p{{L}}|\.\p{{Ll}})\p{{L}}*", NAME),  # jane_smith, jane.smith
    (rf"\b[B-HJ-Z]\.? ?{NAME}", NAME),
    (rf"{NAME} (?:[B-HJ-Z]|[b-hj-z])\b\.?(?P<rest>[^'])", f"{NAME}$rest"),  # Raj P
    (rf"{NAME} (?:[B-HJ-Z]|[b-hj-z])\.?$", NAME),
    (rf"{NAME}(?:(?: +|[.'-]|{UNDERSCORE}){NAME})+", NAME),
)


def _forms(words: set[str], parts: set[str]) -> tuple[set[str], set[str]]:
    """Of the words in the texts: those that are names wherever they stand, and those that may be. `parts` are the words
    of known names."""
    often = {name for group in GIVEN for name in group} | MORE_GIVEN
    strangers = often - _EVERYDAY - parts
    everyday = (often & _EVERYDAY) - ORDINARY
    misspelt = _one_letter_off(frozenset(part for part in parts if len(part) >= _SMALL))
    cut = {part[:n] for part in parts if len(part) > _SMALL for n in range(_SHORTENED, len(part))}
    sure, careful = set(), set()
    for word in words:
        folded, capital = fold(word), word[0].isupper()
        singular = folded.removesuffix("s")
        if folded in parts or (capital and singular in parts):
            known = folded if folded in parts else singular
            if known not in _EVERYDAY and (capital or len(known) > 2):
                sure.add(word)
            elif capital:
                careful.add(word)
        elif capital and folded in strangers and not (word.isupper() and folded in _ACRONYMS):
            sure.add(word)
        elif capital and (folded in everyday or (folded in cut and folded not in ORDINARY)):
            careful.add(word)
        elif capital and len(folded) >= _SMALL - 1 and not misspelt.isdisjoint(_shorter(folded)):
            (careful if word.lower() in words or folded in _EVERYDAY else sure).add(word)
    return sure, careful


def _shorter(word: str) -> set[str]:
    """The word, and the word without each of its letters: two words that share one of these are about a letter apart
    (one missing, added, changed or moved)."""
    return {word} | {word[:i] + word[i + 1 :] for i in range(len(word))}


# A run asks about its roster's names again for every kind of text and every file's name, and there are many forms.
@lru_cache(maxsize=2)
def _one_letter_off(names: frozenset[str]) -> set[str]:
    once = {form for name in names for form in _shorter(name)}
    return once | {form for name in names if len(name) >= _LONG for less in _shorter(name) for form in _shorter(less)}


def _finished(text: pl.Series) -> pl.DataFrame:
    """Marks as placeholders, counted; white space tidied."""
    named = [*PLACEHOLDERS.items(), (UNDERSCORE, "_")]
    shown = pl.col("text").str.replace_many([mark for mark, _ in named], [word for _, word in named])
    tidy = shown.str.replace_all(r"[ \t]+", " ").str.replace_all(r" ?\n ?", "\n").str.strip_chars()
    return (
        text.alias("text")
        .to_frame()
        .select(
            pl.when(tidy != "").then(tidy).alias("text"),
            pl.col("text").str.count_matches(ANY_MARK).fill_null(0).cast(pl.Int64).alias("redactions"),
        )
    )
