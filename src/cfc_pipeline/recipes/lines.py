"""Lines of the CSV files in which people decide about rows or comments, such as corrections.csv."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from cfc_pipeline.identity.sealed import overwrite
from cfc_pipeline.sources.decided import open_decided


def lines_about(path: Path, places: Iterable[tuple[str, str]], records: set[tuple[str, str]]) -> list[dict[str, str]]:
    """Those that name one of `records` (survey, record) in one of `places`, which are pairs of columns; "" is no column
    and holds nothing."""
    if not path.exists():
        return []
    with open_decided(path) as file:
        rows = list(csv.DictReader(file))
    return [row for row in rows if any((row.get(s, ""), row.get(r)) in records for s, r in places)]


def without_lines(path: Path, lines: set[int]) -> int:
    """Write a CSV file without these lines, over the bytes that it had; returns how many."""
    if not lines:
        return 0
    with open_decided(path) as file:
        reader = csv.reader(file)
        left = [row for row in reader if reader.line_num not in lines]
    text = io.StringIO()
    csv.writer(text).writerows(left)
    building = path.with_name(f".{path.name}.new")
    building.touch(mode=path.stat().st_mode & 0o777)
    building.write_text(text.getvalue(), encoding="utf-8", newline="")
    with path.open("r+b") as old:
        building.replace(path)
        overwrite(old)
    return len(lines)
