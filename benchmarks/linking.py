"""How well codes that people made themselves are linked: simulated groups of 10 to 5,000 people, whose truth is known.

Everybody makes a code of seven elements before and, if they come again, after; some are new, and some share a home, so
that siblings' codes agree in much. The second time, elements are forgotten, mistyped or answered in another way, by
some people far more often than by others. Prints, for each size and share of codes with an error, the true pairs that
were found, the links that are false, those that wait for a person, and the false links that the model itself expected.
Nobody is behind these codes.
"""

import sys
import time
from dataclasses import dataclass

import numpy as np
import polars as pl

from cfc_pipeline.identity.likeness import SEPARATOR
from cfc_pipeline.identity.linking import CODES, DECIDED, link

ELEMENTS = {
    "mother": "letters",  # the first two letters of her first name
    "day": "day",
    "month": "month",
    "middle": "letters",  # initial
    "older": "number",  # older brothers and sisters, living and deceased
    "birthplace": "letters",  # its first two letters
    "street": "letters",  # the first three letters of the street of childhood
}
SHORT = ("day", "month", "middle", "older")  # a code of four elements, as many forms ask for
SIZES = (10, 20, 40, 100, 300, 1000, 2500, 5000)
CODES_WITH_ERRORS = (0.05, 0.18, 0.25, 0.6)
_AGAIN, _NEW, _SIBLINGS = 0.8, 0.1, 0.02
_LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))
# Names and places do not begin with every letter equally often: Zipf's law over shuffled letters.
_OFTEN = (1 / np.arange(1, 27)) / (1 / np.arange(1, 27)).sum()


@dataclass(frozen=True)
class Outcome:
    """Of one simulated group, or of several added up."""

    true_pairs: int
    found: int
    false: int
    exact: int
    waiting: int
    expected_false: float
    seconds: float

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(*(a + b for a, b in zip(self.__dict__.values(), other.__dict__.values(), strict=True)))

    @property
    def recall(self) -> float:
        return self.found / max(self.true_pairs, 1)

    @property
    def false_share(self) -> float:
        return self.false / max(self.found + self.false, 1)


def people(n: int, asked: tuple[str, ...], random: np.random.Generator) -> list[list[str]]:
    """Codes as everybody means them, as lists of the elements that are asked for."""
    order = random.permutation(26)

    def letters(count: int) -> list[str]:
        drawn = _LETTERS[order[random.choice(26, size=(n, count), p=_OFTEN * 0.7 + 0.3 / 26)]]
        return ["".join(row) for row in drawn]

    columns = [
        letters(2),
        [str(d) for d in random.integers(1, 32, n)],
        [str(m) for m in random.integers(1, 13, n)],
        letters(1),
        [str(k) for k in random.choice(5, n, p=(0.42, 0.33, 0.15, 0.07, 0.03))],
        letters(2),
        letters(3),
    ]
    made = [list(row) for row in zip(*columns, strict=True)]
    for i in np.flatnonzero(random.random(n) < _SIBLINGS):
        j = int(random.integers(n))
        made[i] = [made[j][0], made[i][1], made[i][2], made[i][3], made[i][4], made[j][5], made[j][6]]
    places = [list(ELEMENTS).index(name) for name in asked]
    return [[row[place] for place in places] for row in made]


def written(code: list[str], others: list[list[str]], chance: float, random: np.random.Generator) -> list[str]:
    """The code as it is written the second time, where each element goes wrong with this chance."""
    return [
        _wrong(value, others[int(random.integers(len(others)))][place], random) if random.random() < chance else value
        for place, value in enumerate(code)
    ]


def _wrong(value: str, another: str, random: np.random.Generator) -> str:
    """Forgotten, mistyped, or, half of the time, another answer."""
    kind = random.random()
    if kind < 0.15:
        return ""
    if kind < 0.5:
        place = int(random.integers(len(value)))
        pool = "123456789" if value.isdigit() else "".join(_LETTERS)
        return value[:place] + pool[int(random.integers(len(pool)))] + value[place + 1 :]
    return another


def _element_error(codes_with_error: float, elements: int) -> float:
    return float(1 - (1 - codes_with_error) ** (1 / elements))


def simulate(n: int, codes_with_error: float, seed: int, asked: tuple[str, ...] = tuple(ELEMENTS)) -> Outcome:
    """One group of n people before, of whom most come again."""
    random = np.random.default_rng([n, int(codes_with_error * 100), seed])
    everybody = people(n + max(1, round(_NEW * n)), asked, random)
    before = list(range(n))
    after = [i for i in before if random.random() < _AGAIN] + list(range(n, len(everybody)))
    mean = _element_error(codes_with_error, len(asked))
    # Some are careful and some are not: a gamma of shape 2 around the mean.
    care = np.minimum(random.gamma(2, mean / 2, len(everybody)), 0.6)
    first = {i: SEPARATOR.join(everybody[i]) for i in before}
    second = {i: SEPARATOR.join(written(everybody[i], everybody, care[i], random)) for i in after}
    rows = [("g", 0, code) for code in first.values()] + [("g", 1, code) for code in second.values()]
    start = time.perf_counter()
    kinds = {name: ELEMENTS[name] for name in asked}
    linked = link(pl.DataFrame(rows, schema=CODES, orient="row"), kinds, pl.DataFrame(schema=DECIDED))
    return _judge(linked.people, linked.pairs, first, second, time.perf_counter() - start)


def _judge(
    people: pl.DataFrame, pairs: pl.DataFrame, first: dict[int, str], second: dict[int, str], seconds: float
) -> Outcome:
    # Two people with one code at one time: the later form counts, as in the pipeline.
    who_before, who_after = ({code: i for i, code in codes.items()} for codes in (first, second))
    links = people.filter(pl.col("occasion") == 1, pl.col("how") != "first")
    right = [who_before[person] == who_after[code] for person, code in links.select("person", "code").iter_rows()]
    return Outcome(
        true_pairs=len(first.keys() & second.keys()),
        found=sum(right),
        false=len(right) - sum(right),
        exact=links.filter(how="exact").height,
        waiting=pairs.filter(state="waiting")["code"].n_unique(),
        expected_false=float((1 - links["chance"]).sum()),
        seconds=seconds,
    )


def groups(n: int, codes_with_error: float, people_in_all: int, asked: tuple[str, ...] = tuple(ELEMENTS)) -> Outcome:
    """Groups of n people, as many as make `people_in_all`, added up."""
    runs = [simulate(n, codes_with_error, 1 + i, asked) for i in range(max(1, people_in_all // n))]
    return sum(runs[1:], runs[0])


def main(people_in_all: int = 10_000) -> None:
    print("| elements | with an error | group of | true pairs | equal codes | found | false links | expected | ask |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for asked in (tuple(ELEMENTS), SHORT):
        for errors in CODES_WITH_ERRORS:
            for n in SIZES:
                print(_row(n, errors, groups(n, errors, people_in_all, asked), len(asked)), flush=True)


def _row(n: int, errors: float, found: Outcome, elements: int) -> str:
    pairs, links = max(found.true_pairs, 1), max(found.found + found.false, 1)
    return (
        f"| {elements} | {errors:.0%} | {n:,} | {found.true_pairs:,} | {found.exact / pairs:.1%} | "
        f"{found.recall:.1%} | "
        f"{found.false_share:.2%} | {found.expected_false / links:.2%} | {found.waiting / pairs:.1%} |"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
