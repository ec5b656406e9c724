"""What is different between two forms of one survey: questions, their wording and order, choices and their numbers.

Two wordings are the same when two people would call them the same: case, white space, markup, the shape of quotation
marks and dashes, and a full stop or colon at the end do not count. Choices are compared only where both forms say what
they offer: most files do not.
"""

import html
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cfc_pipeline.sources.raw import Choice, RawColumn

# What an answer means may be different after these. The others are reported, and stop nothing.
TOUCHING = ("removed", "reworded", "choice added", "choice removed", "choice relabelled", "choice recoded")
KINDS = ("added", *TOUCHING, "choices in another order", "moved")

_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")
_VARIANTS = str.maketrans(
    {**dict.fromkeys("‘’‚‛`´′", "'"), **dict.fromkeys("“”„‟«»″", '"'), **dict.fromkeys("‐‑‒–—―−", "-")}
)


@dataclass(frozen=True)
class Difference:
    """One line of a plan. `was` and `now` are wordings, or a choice as "number = label"."""

    kind: str
    key: str
    was: str = ""
    now: str = ""


def wording(text: str) -> str:
    """A wording without what does not count."""
    plain = unicodedata.normalize("NFKC", html.unescape(_TAG.sub(" ", text))).translate(_VARIANTS)
    return " ".join(plain.split()).casefold().rstrip(" .:;")


def shown(column: RawColumn) -> str:
    return " | ".join(filter(None, (column.text, column.option)))


def offered(choice: Choice) -> str:
    return choice.label if choice.number is None else f"{choice.number} = {choice.label}"


def differences(before: Sequence[RawColumn], after: Sequence[RawColumn]) -> list[Difference]:
    """What turned `before` into `after`, in the order of `after`; removed questions first. Keys are unique in each."""
    pairs = _pairs(before, after)
    left = {was.key for was, _ in pairs.values()}
    found = [Difference("removed", one.key, was=shown(one)) for one in before if one.key not in left]
    moved = _moved(before, [was for was, _ in pairs.values()])
    for one in after:
        if one.key not in pairs:
            found.append(Difference("added", one.key, now=shown(one)))
            continue
        was, _ = pairs[one.key]
        if wording(shown(was)) != wording(shown(one)):
            found.append(Difference("reworded", one.key, shown(was), shown(one)))
        found += _choice_differences(one.key, was.choices, one.choices)
        if was.key in moved:
            found.append(Difference("moved", one.key, now=shown(one)))
    return found


def _pairs(before: Sequence[RawColumn], after: Sequence[RawColumn]) -> dict[str, tuple[RawColumn, RawColumn]]:
    """Key in `after`: the question before and after. Where the key is a heading, it may differ as wordings may."""
    by_key = {one.key: one for one in before}
    pairs = {one.key: (by_key[one.key], one) for one in after if one.key in by_key}
    free: dict[str, list[RawColumn]] = {}
    for one in before:
        if one.key not in pairs:
            free.setdefault(wording(one.key), []).append(one)
    for one in after:
        if one.key not in pairs and (same := free.get(wording(one.key))):
            pairs[one.key] = (same.pop(0), one)
    return {one.key: pairs[one.key] for one in after if one.key in pairs}


def _moved(before: Sequence[RawColumn], now: Sequence[RawColumn]) -> set[str]:
    """The fewest questions that must have been moved to bring those that stayed from one order into the other."""
    places = {one.key: place for place, one in enumerate(before)}
    order = [places[one.key] for one in now]
    return {before[order[i]].key for i in range(len(order))} - {before[place].key for place in _longest_rise(order)}


def _longest_rise(numbers: Sequence[int]) -> list[int]:
    """A longest rising part of different numbers."""
    ends: list[int] = []  # the smallest number that a rise of each length can end in
    before: dict[int, int | None] = {}
    for number in numbers:
        place = bisect_left(ends, number)
        before[number] = ends[place - 1] if place else None
        ends[place : place + 1] = [number]
    rise, last = [], ends[-1] if ends else None
    while last is not None:
        rise.append(last)
        last = before[last]
    return rise[::-1]


def _choice_differences(key: str, before: Sequence[Choice], after: Sequence[Choice]) -> Iterator[Difference]:
    """A choice is the same one by its label, else by the tool's id."""
    if not before or not after:
        return
    pairs = _choice_pairs(before, after)
    for was in before:
        if was not in [pair[0] for pair in pairs]:
            yield Difference("choice removed", key, was=offered(was))
    for now in after:
        if now not in [pair[1] for pair in pairs]:
            yield Difference("choice added", key, now=offered(now))
    for was, now in pairs:
        if wording(was.label) != wording(now.label):
            yield Difference("choice relabelled", key, offered(was), offered(now))
        elif _recoded(was, now):
            yield Difference("choice recoded", key, offered(was), offered(now))
    order = [before.index(was) for was, _ in pairs]
    if order != sorted(order):
        yield Difference("choices in another order", key, _listed(before), _listed(after))


def _recoded(was: Choice, now: Choice) -> bool:
    """A number that only one of both knows says nothing."""
    return None not in (was.number, now.number) and was.number != now.number


def _choice_pairs(before: Sequence[Choice], after: Sequence[Choice]) -> list[tuple[Choice, Choice]]:
    """Choices before and after, in the order of `after`; those with the same label and number find each other first."""
    left, found = list(before), {}
    ways = (
        lambda was, now: wording(was.label) == wording(now.label) and was.number == now.number,
        lambda was, now: wording(was.label) == wording(now.label),
        lambda was, now: was.id == now.id,
    )
    for same in ways:
        for place, now in enumerate(after):
            was = next((one for one in left if place not in found and same(one, now)), None)
            if was is not None:
                left.remove(was)
                found[place] = was
    return [(found[place], after[place]) for place in sorted(found)]


def _listed(choices: Sequence[Choice]) -> str:
    return "; ".join(map(offered, choices))
