"""Counts in sentences."""


def several(count: int, one: str, many: str) -> str:
    """`1 row waits`, `2 rows wait`."""
    return f"{count} {one if count == 1 else many}"
