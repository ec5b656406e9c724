"""The tests that the documentation says compare figures to other programs are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/\S+\.py)::(\w+)`")


def test_every_named_test_is_there() -> None:
    named = NAMED.findall((ROOT / "docs" / "statistics.md").read_text(encoding="utf-8"))
    assert len(named) > 10
    missing = [name for file, name in named if f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8")]
    assert missing == []
