"""Reads the documentation: its pages, fenced blocks, links and headings."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<why>[^\n]+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_GENERATED = re.compile(r"<!-- generated: .*?<!-- end -->", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block. `why` is the reason why it is not run, or empty."""

    page: Path
    language: str
    text: str
    why: str


def blocks(language: str, page: Path | None = None) -> list[Block]:
    return [
        Block(path, found["language"], found["text"], found["why"] or "")
        for path in ([page] if page else PAGES)
        for found in _BLOCK.finditer(path.read_text(encoding="utf-8"))
        if found["language"] == language
    ]


def prose(page: Path) -> str:
    """A page without its blocks, which hold no links."""
    return _BLOCK.sub("", page.read_text(encoding="utf-8"))


def by_hand(page: Path) -> str:
    """A page without its generated parts, which mention everything anyway."""
    return _GENERATED.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", prose(page))


def anchors(page: Path) -> set[str]:
    """What a link may name after #, as code hosts make it from headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
