"""How much of what identifies somebody redaction finds in 400 labelled synthetic comments, and what it takes wrongly.

A marked passage is found when none of the words that identify is left; the words that do not, such as "Mrs" or "Primary
School", may stay. A placeholder is right when it stands where something was marked. Run without arguments it prints the
figures; with `--missed` also what was missed and what was taken, of the comments that may be looked at.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))  # for the comments, which are no part of the package

from cfc_pipeline.identity.known import Known
from cfc_pipeline.identity.patterns import PLACEHOLDERS, WORDS
from cfc_pipeline.identity.redaction import redact

COMMENTS = Path(__file__).parents[1] / "tests" / "privacy" / "comments"
PARTS = ("tuned", "held-out")
KINDS = {
    "p": "people on the roster",
    "s": "schools on the roster",
    "x": "people who are not on the roster",
    "o": "schools that are not on the roster",
    "t": "trusts and federations",
    "w": "towns",
    "e": "email addresses",
    "f": "telephone numbers",
    "c": "postcodes",
    "u": "web addresses and handles",
    "n": "other numbers",
}
_MARK = re.compile(r"\[([a-z]):([^\]]+)\]")
_TOKEN = re.compile(rf"{'|'.join(map(re.escape, PLACEHOLDERS.values()))}|\w+|[^\w\s]")
# Words inside a marked passage that identify nobody.
_NOBODY = {
    *WORDS["titles"],
    *WORDS["particles"],
    *WORDS["school_kinds"].split(),
    *WORDS["school_words"].split(),
    *("academies", "aunt", "dad", "federation", "mat", "miss", "monsignor", "mr", "mrs", "ms", "mum", "nan", "pru"),
    *("rd", "reverend", "road", "s", "sir", "uncle"),
}


@dataclass(frozen=True)
class Comment:
    text: str
    marks: tuple[tuple[int, int, str], ...]  # from, to, kind


@dataclass(frozen=True)
class Outcome:
    """What became of one comment. `found` and `placeholders`: kind or placeholder, words, whether that is right."""

    found: tuple[tuple[str, str, bool], ...]
    placeholders: tuple[tuple[str, str, bool], ...]
    words: int  # that were not marked
    lost: int  # of these


def main(words: Sequence[str]) -> int:
    for part in PARTS:
        outcomes = measured(part)
        print(f"{part}: {len(outcomes)} comments\n{in_words(outcomes)}\n")
        if "--missed" in words and part == "tuned":
            for one in outcomes:
                print(*(f"missed {k}: {text}\n" for k, text, right in one.found if not right), sep="", end="")
                print(*(f"taken {k}: {text}\n" for k, text, right in one.placeholders if not right), sep="", end="")
    return 0


def read(part: str) -> list[Comment]:
    lines = [line for path in sorted(COMMENTS.glob(f"{part}-*.txt")) for line in path.read_text("utf-8").splitlines()]
    return [_parsed(line.replace(" / ", "\n")) for line in lines]


def _parsed(line: str) -> Comment:
    text, marks, at = "", [], 0
    for mark in _MARK.finditer(line):
        text += line[at : mark.start()]
        marks.append((len(text), len(text) + len(mark[2]), mark[1]))
        text, at = text + mark[2], mark.end()
    return Comment(text + line[at:], tuple(marks))


def roster() -> Known:
    rows = pl.read_csv(COMMENTS / "roster.csv", infer_schema=False)
    return Known(pl.concat([rows["name"], rows["nickname"]]), rows["school"], None, rows["trust"], rows["town"])


def measured(part: str) -> list[Outcome]:
    comments = read(part)
    texts = redact(pl.Series([comment.text for comment in comments]), roster(), strangers=True)["text"]
    return [_compared(comment, text or "") for comment, text in zip(comments, texts, strict=True)]


def _compared(comment: Comment, redacted: str) -> Outcome:
    before = list(_TOKEN.finditer(comment.text))
    after = _TOKEN.findall(redacted)
    changes = SequenceMatcher(None, [token[0] for token in before], after, autojunk=False).get_opcodes()
    kept = {i for tag, i1, i2, *_ in changes if tag == "equal" for i in range(i1, i2)}
    marked = {i: mark for i, token in enumerate(before) for mark in comment.marks if mark[0] <= token.start() < mark[1]}
    plain = [i for i, token in enumerate(before) if i not in marked and token[0][0].isalnum()]
    placeholders = tuple(
        (word, " ".join(token[0] for token in before[i1:i2]), any(i in marked for i in range(i1, i2)))
        for tag, i1, i2, j1, j2 in changes
        if tag != "equal"
        for word in after[j1:j2]
        if word in PLACEHOLDERS.values()
    )
    found = tuple(_mark(comment, mark, before, kept) for mark in comment.marks)
    return Outcome(found, placeholders, len(plain), sum(i not in kept for i in plain))


def _mark(
    comment: Comment, mark: tuple[int, int, str], before: list[re.Match[str]], kept: set[int]
) -> tuple[str, str, bool]:
    start, end, kind = mark
    inside = [i for i, token in enumerate(before) if start <= token.start() < end and token[0][0].isalnum()]
    telling = [i for i in inside if before[i][0].lower() not in _NOBODY] or inside
    return kind, comment.text[start:end], kept.isdisjoint(telling)


def recall(outcomes: Sequence[Outcome], kinds: str) -> tuple[int, int]:
    """Found, and marked, of these kinds."""
    marks = [right for one in outcomes for kind, _, right in one.found if kind in kinds]
    return sum(marks), len(marks)


def precision(outcomes: Sequence[Outcome], placeholder: str | None = None) -> tuple[int, int]:
    """Right, and all, placeholders."""
    made = [right for one in outcomes for word, _, right in one.placeholders if placeholder in (None, word)]
    return sum(made), len(made)


def rows(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, int, int]]:
    """What was measured, how many were right, of how many; in the order of a table."""
    for kind, name in KINDS.items():
        yield f"found: {name}", *recall(outcomes, kind)
    for placeholder in PLACEHOLDERS.values():
        yield f"right: {placeholder}", *precision(outcomes, placeholder)
    yield "right: all placeholders", *precision(outcomes)
    words = sum(one.words for one in outcomes)
    yield "other words kept", words - sum(one.lost for one in outcomes), words


def in_words(outcomes: Sequence[Outcome]) -> str:
    shown = [(name, right, of) for name, right, of in rows(outcomes) if of]
    return "\n".join(f"{name:45}{right:6} of {of:5}  {right / of:6.1%}" for name, right, of in shown)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
