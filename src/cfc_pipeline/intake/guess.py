"""What the columns of a new file seem to be, by their names and by the shape of their cells.

These are guesses for a person to confirm, so each is all or nothing: an instrument counts as found only when every one
of its items is there exactly once, a day order only when the dates themselves prove it. Names are in
schemas/forms/names.yaml. No cell leaves this module, except labels of scales that several rows share.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict

from cfc_pipeline.intake.cells import tidy
from cfc_pipeline.sources.raw import ROW, RawColumn
from schemas import FORMS
from schemas.instruments import Instrument

Vocabulary = dict[str, list[str]]
Texts = dict[tuple[str, int], set[int]]

FEW = 12  # different answers at most, for something that looks like a rating
SHORT = 40  # characters at most, for an answer that looks like a label
SENTENCE = 12  # words from which on a text is no name, school or address
_WORD = re.compile(r"[^\W\d_]+|\d+")
_BETWEEN = r"[\W_]*"
# `BRS_2R` is an item that somebody has turned round already; scoring it would turn it round again.
_TURNED = r"(?![\W_]*(?:r|rev|reversed?|rec|recoded?)(?![^\W_]))"


class Names(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    instruments: Vocabulary
    item_words: list[str]
    roster: Vocabulary
    session_log: Vocabulary
    person: Vocabulary
    asked: Vocabulary
    personal: list[str]
    titles: list[str]


@cache
def names() -> Names:
    return Names.model_validate(yaml.load((FORMS / "names.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader))


@dataclass(frozen=True)
class Blocks:
    """Instruments by id: the column of each item; or, for those whose numbers do not add up, what is wrong."""

    whole: dict[str, dict[int, RawColumn]]
    doubts: dict[str, str]


def find_blocks(columns: Iterable[RawColumn], instruments: Mapping[str, Instrument]) -> Blocks:
    """Which columns are named like items of which instrument. A column whose names disagree is nobody's item."""
    patterns = [(len(name), key, _item_pattern(name)) for key in instruments for name in _names_of(instruments[key])]
    found: dict[str, dict[int, list[RawColumn]]] = defaultdict(lambda: defaultdict(list))
    for column in columns:
        hits = [*_numbered(column, patterns), *_short_named(column, instruments)]
        longest = max((length for length, _, _ in hits), default=0)
        best = {(key, item) for length, key, item in hits if length == longest}
        if len(best) == 1:
            key, item = best.pop()
            found[key][item].append(column)
    doubts = {key: doubt for key, items in found.items() if (doubt := _doubt(items, instruments[key].items))}
    whole = {key: {item: items[item][0] for item in sorted(items)} for key, items in found.items() if key not in doubts}
    return Blocks(dict(sorted(whole.items())), dict(sorted(doubts.items())))


def _names_of(key: Instrument) -> set[str]:
    return {" ".join(_words(name)) for name in (key.id, key.title, *names().instruments.get(key.id, []))}


def _item_pattern(name: str) -> re.Pattern[str]:
    skipped = "|".join(names().item_words)
    letters = _BETWEEN.join(re.escape(word) for word in name.split())
    number = rf"(?:(?:{skipped}){_BETWEEN})*0*(\d{{1,3}})(?![_.\-]*\d)"
    return re.compile(rf"(?<![^\W\d_]){letters}{_BETWEEN}{number}{_TURNED}")


def _numbered(column: RawColumn, patterns: list[tuple[int, str, re.Pattern[str]]]) -> Iterable[tuple[int, str, int]]:
    texts = {text.casefold() for text in (column.key, column.tag, column.text, f"{column.text} {column.option}")}
    for length, key, pattern in patterns:
        for text in texts:
            yield from ((length, key, int(number)) for number in pattern.findall(text))


def _short_named(column: RawColumn, instruments: Mapping[str, Instrument]) -> Iterable[tuple[int, str, int]]:
    """Items of a programme's own forms go by what they ask about. Qualtrics puts the block's title before it."""
    asked = column.option or column.text
    texts = (column.key, column.tag, asked, asked.rsplit(" - ")[-1])
    said = {" ".join(_words(text)) for text in texts}
    for key in instruments.values():
        for item, name in key.short_names.items():
            if (short := " ".join(_words(name))) in said:
                yield len(short), key.id, item


def _doubt(items: Mapping[int, list[RawColumn]], last: int) -> str:
    wrong = {
        "missing": [n for n in range(1, last + 1) if n not in items],
        "there more than once": [n for n in sorted(items) if len(items[n]) > 1],
        f"not between 1 and {last}": [n for n in sorted(items) if not 1 <= n <= last],
    }
    return "; ".join(f"{what}: {', '.join(map(str, numbers))}" for what, numbers in wrong.items() if numbers)


def by_heading(columns: Iterable[RawColumn], vocabulary: Vocabulary) -> dict[str, list[RawColumn]]:
    """Our field: the columns that are called so. One with exactly that name pushes out those that only contain it."""
    found: dict[str, list[RawColumn]] = defaultdict(list)
    for column in columns:
        if field := _field_of(column, vocabulary):
            found[field].append(column)
    return {field: _exact(found[field], vocabulary[field]) or found[field] for field in vocabulary if found[field]}


def _field_of(column: RawColumn, vocabulary: Vocabulary) -> str | None:
    """The field with the longest name in the heading; None when two are equally long."""
    hits = [
        (len(name), field)
        for field, known in vocabulary.items()
        for name in known
        if any(_says(heading, name) for heading in _headings(column))
    ]
    longest = {field for length, field in hits if length == max(hits)[0]}
    return longest.pop() if len(longest) == 1 else None


def _says(heading: str, name: str) -> bool:
    """Whether the heading holds the name. One word alone says nothing in a long question: `... in this session?`."""
    said = f" {name} " in f" {heading} "
    return said and (" " in name or heading.count(" ") < 3)


def _exact(columns: list[RawColumn], known: list[str]) -> list[RawColumn]:
    return [column for column in columns if _headings(column) & set(known)]


def _headings(column: RawColumn) -> set[str]:
    return {" ".join(_words(text)) for text in (column.key, column.tag, column.text)}


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


@dataclass(frozen=True)
class Shape:
    """What the cells of a column look like, without any of them."""

    filled: int
    distinct: int
    longest: int  # characters
    words: float  # in the middle one of the cells


def shape(cells: pl.Series) -> Shape:
    cells = cells.drop_nulls()
    longest, words = cells.str.len_chars().max(), cells.str.count_matches(r"\S+").median()
    return Shape(len(cells), cells.n_unique(), int(str(longest or 0)), float(str(words or 0)))


def is_comment(column: RawColumn, seen: Shape) -> bool:
    """Long texts that differ. Under a heading about people or places only whole sentences count: a name or an address
    that passed for a comment would be stored."""
    long = seen.longest > SHORT and seen.distinct * 2 > seen.filled
    return long and (not _mentions(column, names().personal) or seen.words >= SENTENCE)


def is_rating(column: RawColumn, seen: Shape) -> bool:
    """Few short answers. A heading with a title names somebody, and is not to be shown."""
    few = 1 < seen.distinct <= FEW and seen.distinct < seen.filled
    return few and seen.longest <= SHORT and not _mentions(column, names().titles)


def _mentions(column: RawColumn, known: list[str]) -> bool:
    return any(word in heading.split() for heading in _headings(column) for word in known)


@dataclass(frozen=True)
class Labels:
    """Answers of one instrument that are not numbers in its range. `hidden` are not shown, for the reason given."""

    shown: list[str]
    hidden: int = 0
    reason: str = ""


def labels(rows: pl.DataFrame, columns: Iterable[RawColumn], key: Instrument) -> Labels:
    """Labels that may stand in a draft: few, short, and each the form's own or used in two rows at least, so that no
    free text is among them.

    With a number outside the range all answers are listed: the tool's codes are then not the instrument's numbers.
    """
    cells = pl.concat(pl.DataFrame({"row": rows[ROW], "cell": rows.get_column(c.key)}) for c in columns).drop_nulls()
    tidied = pl.col("cell").str.replace_all(r"[\s\u00a0]+", " ").str.strip_chars()
    answers = cells.group_by(tidied).agg(rows=pl.col("row").n_unique()).sort("cell")
    number = answers["cell"].str.to_integer(strict=False)
    inside = number.is_between(key.lowest, key.highest)
    if (number.is_not_null() & ~inside).any() is not True:
        answers = answers.filter(number.is_null())
    if len(answers) > FEW or (answers["cell"].str.len_chars() > SHORT).any():
        return Labels([], len(answers), f"more than {FEW}, or longer than {SHORT} characters: is this free text?")
    own = {tidy(label) for label in key.labels}
    shared = [cell for cell, used in answers.iter_rows() if used > 1 or tidy(cell) in own]
    return Labels(shared, len(answers) - len(shared), "used in one row only")


_SLASHED = r"^(\d{1,2})[/.-](\d{1,2})[/.-]\d{2,4}\b"


def day_order(cells: pl.Series) -> tuple[str | None, str]:
    """ymd, dmy or mdy, or None; and why. Only a day above 12 tells the two apart."""
    cells = cells.drop_nulls()
    pairs = cells.str.extract_groups(_SLASHED).struct.unnest().cast(pl.Int8).drop_nulls()
    if pairs.is_empty():
        years_first = int(cells.str.contains(r"^\d{4}[-/]\d").sum())
        return ("ymd", "its dates begin with the year") if years_first else (None, "no dates were found")
    first, second = (int((pairs.to_series(position) > 12).sum()) for position in (0, 1))
    if first and second:
        return None, f"{first} dates can only be day/month, {second} only month/day"
    if first or second:
        return (
            ("dmy", f"{first} dates have a day above 12 first")
            if first
            else (
                "mdy",
                f"{second} dates have a day above 12 in second place",
            )
        )
    return None, "no date has a day above 12, which would tell"


def year(cells: pl.Series) -> int | None:
    """The year that most of these dates are in, where it is written with four digits, or with two at a date's end."""
    whole = pl.col("d").str.extract(r"\b(20\d{2})\b")
    short = pl.concat_str(pl.lit("20"), pl.col("d").str.extract(r"^\d{1,2}[/.-]\d{1,2}[/.-](\d{2})\b"))
    years = pl.DataFrame({"d": cells}).select(pl.coalesce(whole, short)).to_series().drop_nulls()
    return None if years.is_empty() else int(str(years.mode().max()))
