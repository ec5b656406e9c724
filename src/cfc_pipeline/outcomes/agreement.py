"""How far two or more people agree who sorted the same things into categories."""

from collections import Counter
from collections.abc import Sequence


def kappa(first: Sequence[str], second: Sequence[str]) -> float:
    """Cohen's kappa; NaN if both used one and the same category throughout."""
    pairs = list(zip(first, second, strict=True))
    n, one, other = len(pairs), Counter(first), Counter(second)
    observed = sum(a == b for a, b in pairs) / n
    expected = sum(one[category] * other[category] for category in one) / n**2
    return (observed - expected) / (1 - expected) if expected < 1 else float("nan")


def krippendorff(units: Sequence[Sequence[str | None]]) -> float:
    """Krippendorff's alpha for categories without an order. A unit has one entry for each coder, None where that coder
    did not judge it; units that fewer than two judged are left out. NaN if only one category was used."""
    judged = [[category for category in unit if category is not None] for unit in units]
    counts = [Counter(unit) for unit in judged if len(unit) >= 2]
    total: Counter[str] = sum(counts, Counter())
    n = total.total()
    disagreed = sum((c.total() ** 2 - sum(m**2 for m in c.values())) / (c.total() - 1) for c in counts)
    by_chance = n**2 - sum(m**2 for m in total.values())
    return 1 - (n - 1) * disagreed / by_chance if by_chance else float("nan")
