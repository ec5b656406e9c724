"""How far two or more people agree who sorted the same things into categories."""

from collections import Counter
from collections.abc import Sequence
from math import isnan
from statistics import NormalDist

_Z = NormalDist().inv_cdf(0.975)


def kappa(first: Sequence[str], second: Sequence[str]) -> float:
    """Cohen's kappa; NaN if both used one and the same category throughout."""
    pairs = list(zip(first, second, strict=True))
    n, one, other = len(pairs), Counter(first), Counter(second)
    observed = sum(a == b for a, b in pairs) / n
    expected = sum(one[category] * other[category] for category in one) / n**2
    return (observed - expected) / (1 - expected) if expected < 1 else float("nan")


def kappa_interval(first: Sequence[str], second: Sequence[str]) -> tuple[float, float]:
    """The 95 % interval of kappa: kappa ± 1.96 standard errors for large samples, no further than -1 and 1. Fleiss,
    Cohen & Everitt 1969, doi 10.1037/h0028106 [K]. NaN where kappa is."""
    pairs, k = list(zip(first, second, strict=True)), kappa(first, second)
    n, one, other = len(pairs), Counter(first), Counter(second)
    if isnan(k):
        return k, k
    expected = sum(one[category] * other[category] for category in one) / n**2
    same = sum((1 - (one[a] + other[a]) / n * (1 - k)) ** 2 for a, b in pairs if a == b) / n
    apart = sum((other[a] + one[b]) ** 2 for a, b in pairs if a != b) / n**3 * (1 - k) ** 2
    variance = (same + apart - (k - expected * (1 - k)) ** 2) / (1 - expected) ** 2 / n
    half = _Z * max(0.0, variance) ** 0.5
    return max(-1.0, k - half), min(1.0, k + half)


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
