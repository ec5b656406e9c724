"""Two synthetic coders: they sort the demo's comments by words in them, differ now and then, and settle some of it. A
third hand approves a few comments. Nobody read anything; the demo's pages say that all of it is invented."""

import hashlib
import os
from pathlib import Path

from cfc_pipeline.identity.themes import add_codes
from cfc_pipeline.recipes.review import comments, decide
from schemas.tables.answers import AGREED, NO_THEME

CODEBOOK = """id,label,definition
group,Being with others,"Synthetic: kindness, listening and safety in the group."
practice,Practices,"Synthetic: exercises such as breathing, and trying them out elsewhere."
time,Time and pace,"Synthetic: how long and how fast sessions are."
place,Room and materials,"Synthetic: the room, reading and notes."
"""
_WORDS = {
    "group": ("kind", "thank", "word from", "safer", "hearing"),
    "practice": ("breathing", "listening exercise", "pauses"),
    "time": ("pace", "more time", "half term"),
    "place": ("room", "reading", "notes"),
}
_APPROVED = 6


def sort_and_approve(folder: Path) -> int:
    """Give every waiting comment its themes, and approve a few that hold nothing about anybody. Returns how many
    comments were sorted. It counts from the next ingest on."""
    rows = comments(folder, os.environ).rows(named=True)
    given = {row["comment_id"]: _themes(row["text"]) for row in rows}
    other = {comment: _as_the_other(comment, themes) for comment, themes in given.items()}
    apart = [comment for comment in given if set(given[comment]) != set(other[comment])]
    add_codes(folder, "k1", given)
    add_codes(folder, "k2", other)
    add_codes(folder, AGREED, {comment: given[comment] for comment in apart if _chance(f"{comment} settled") % 2})
    plain = {row["text"]: row["comment_id"] for row in rows if "[" not in row["text"] and "\n" not in row["text"]}
    decide(folder, os.environ, [plain[text] for text in sorted(plain)[:_APPROVED]], "approved", "synthetic demo")
    return len(given)


def _themes(text: str) -> list[str]:
    said = text.lower()
    return [theme for theme, words in _WORDS.items() if any(word in said for word in words)] or [NO_THEME]


def _as_the_other(comment: str, themes: list[str]) -> list[str]:
    """One comment in nine is sorted otherwise: without its first theme, or under a theme that it was not given."""
    if _chance(comment) % 9:
        return themes
    return themes[1:] or [NO_THEME if themes != [NO_THEME] else "group"]


def _chance(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0]
