"""Lines of the CSV files in which people decide about rows or comments, such as corrections.csv."""

import csv
from collections.abc import Iterable
from pathlib import Path


def lines_about(path: Path, places: Iterable[tuple[str, str]], records: set[tuple[str, str]]) -> list[dict[str, str]]:
    """Those that name one of `records` (survey, record) in one of `places`, which are pairs of columns; "" is no column
    and holds nothing."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row for row in rows if any((row.get(s, ""), row.get(r)) in records for s, r in places)]
