"""How often each interval holds the truth, how often a test is wrong, how often the key checks are right: simulated.

Everything is drawn anew from a seed, so the same command gives the same figures. Intervals come from the functions that
releases are made with.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.outcomes.formulas import hedges_correction, noncentrality_interval, pool, t_quantile, two_sided_p
from cfc_pipeline.outcomes.intervals import wilson
from cfc_pipeline.outcomes.key_checks import doubts, keyed
from cfc_pipeline.outcomes.reliability import alpha, feldt_interval
from schemas.instruments import Instrument

Floats = NDArray[np.float64]
SEED = 20261124
GROUPS = (8, 11, 13, 20, 40)
COHORTS = (3, 4, 6, 9)
SHARES = (0.0, 0.1, 0.3)  # of the changes' variance that is between cohorts


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20_000, help="groups that are drawn for each figure")
    options = parser.parse_args(words)
    for title, header, rows in report(options.times):
        print(f"\n{title}\n\n| {' | '.join(header)} |\n|{' --- |' * len(header)}")
        for row in rows:
            print(f"| {' | '.join(row)} |")
    return 0


def report(times: int) -> Iterator[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Title, header and rows of each table; percentages."""
    changes = {"normal": _normal, "skewed": _skewed, "whole points": _whole}
    header = ("n", *changes, "p below 0.05 though nothing changed")
    rows = [
        (str(n), *(_percent(mean_change(draw, n, times)) for draw in changes.values()), _percent(wrong(n, times)))
        for n in GROUPS
    ]
    yield "95 % interval of the mean change holds the truth, by the shape of the changes", header, rows
    effects = (0.0, 0.5, 1.0)
    rows = [(str(n), *(_percent(g_z(n, effect, times)) for effect in effects)) for n in GROUPS]
    yield "95 % interval of g_z holds the true standardised change", ("n", *map(str, effects)), rows
    shares = (0.1, 0.3, 0.5)
    rows = [(str(n), *(_percent(of_share(n, share, times)) for share in shares)) for n in GROUPS]
    yield "95 % interval of a share (Wilson)", ("n", *(f"{100 * s:.0f} %" for s in shares)), rows
    header = ("cohorts of 8 to 14", *(f"{100 * share:.0f} % between cohorts" for share in SHARES))
    rows = [(str(k), *(_percent(pooled(k, share, times // 4)) for share in SHARES)) for k in COHORTS]
    yield "95 % interval of the pooled change holds the true mean of cohorts", header, rows
    rows = [(str(k), *(_percent(one_group(k, share, times // 4)) for share in SHARES)) for k in COHORTS]
    yield "The same of the interval that treats a year's people as one group", header, rows
    rows = [(str(n), _percent(of_alpha(n, times // 10))) for n in (30, 40, 100)]
    yield "95 % interval of alpha (Feldt), six items", ("n", "alpha 0.8"), rows
    rows = [(str(n), *(_percent(rate) for rate in key_check_rates(n, times // 40))) for n in (30, 40, 60, 100)]
    header = ("complete forms", "false alarm", "one item the wrong way", "turned around already")
    yield "Key checks on the six items of the BRS, correlations between items about 0.35", header, rows


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _random(*about: object) -> np.random.Generator:
    return np.random.default_rng([SEED, *map(ord, repr(about))])


def _normal(random: np.random.Generator, shape: tuple[int, int]) -> Floats:
    return random.normal(0.4, 1, shape)


def _skewed(random: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Most change a little and a few a lot."""
    return random.gamma(2, 1, shape) - 2 + 0.4


def _whole(random: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """As sums of a few items change: by -3 to +3 points, 0.4 on average."""
    return random.choice(np.arange(-3, 4), shape, p=(0.02, 0.06, 0.14, 0.30, 0.28, 0.14, 0.06)).astype(np.float64)


def mean_change(draw: Callable[[np.random.Generator, tuple[int, int]], Floats], n: int, times: int) -> float:
    random = _random(draw.__name__, n)
    truth = float(draw(random, (1, 2_000_000)).mean()) if draw is _whole else 0.4
    mean, half, _ = _t(draw(random, (times, n)))
    return float((np.abs(mean - truth) <= half).mean())


def wrong(n: int, times: int) -> float:
    _, _, p = _t(_random("wrong", n).normal(0, 1, (times, n)))
    return float((p < 0.05).mean())


def _t(changes: Floats) -> tuple[Floats, Floats, Floats]:
    n = changes.shape[1]
    mean, error = changes.mean(axis=1), changes.std(axis=1, ddof=1) / np.sqrt(n)
    df = np.full(len(mean), n - 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):  # a group in which everybody changed alike
        return mean, t_quantile(df) * error, two_sided_p(mean / error, df)


def g_z(n: int, effect: float, times: int) -> float:
    changes = _random("g_z", n, effect).normal(effect, 1, (times, n))
    t = changes.mean(axis=1) / changes.std(axis=1, ddof=1) * np.sqrt(n)
    df = np.full(times, n - 1.0)
    low, high = noncentrality_interval(t, df)
    scale = hedges_correction(df) / np.sqrt(n)
    return float(((low * scale <= effect) & (effect <= high * scale)).mean())


def of_share(n: int, share: float, times: int) -> float:
    counts = _random("share", n, share).binomial(n, share, times)
    ends = np.array([wilson(count, n) for count in range(n + 1)])[counts]
    return float(((ends[:, 0] <= share) & (share <= ends[:, 1])).mean())


def _clusters(k: int, share: float, times: int, about: str) -> Iterator[tuple[Floats, NDArray[np.int64]]]:
    """Changes of k cohorts of 8 to 14 people each, with the true mean 0.4 and variance 1."""
    random = _random(about, k, share)
    for _ in range(times):
        sizes = random.integers(8, 15, k)
        between = np.repeat(random.normal(0, np.sqrt(share), k), sizes)
        yield 0.4 + between + random.normal(0, np.sqrt(1 - share), sizes.sum()), np.repeat(np.arange(k), sizes)


def pooled(k: int, share: float, times: int) -> float:
    right = 0
    for changes, cohort in _clusters(k, share, times, "pooled"):
        groups = [changes[cohort == i] for i in range(k)]
        means = np.array([group.mean() for group in groups])
        found = pool(means, np.array([group.var(ddof=1) / len(group) for group in groups]))
        right += found.ci_low <= 0.4 <= found.ci_high
    return right / times


def one_group(k: int, share: float, times: int) -> float:
    right = 0
    for changes, _ in _clusters(k, share, times, "one group"):
        mean, half, _ = _t(changes[None, :])
        right += abs(float(mean[0]) - 0.4) <= float(half[0])
    return right / times


def of_alpha(n: int, times: int) -> float:
    """Six items of which each pair correlates 0.4: alpha 0.8."""
    random, right = _random("alpha", n), 0
    for _ in range(times):
        items = np.sqrt(0.4) * random.normal(0, 1, (n, 1)) + np.sqrt(0.6) * random.normal(0, 1, (n, 6))
        low, high = feldt_interval(items)
        right += low <= 0.8 <= high
        assert low <= alpha(items) <= high
    return right / times


def key_check_rates(n: int, times: int) -> tuple[float, float, float]:
    """How often something is said of answers that fit, of a flipped item, and of items that were turned around."""
    key, random = load_instruments()["brs"], _random("key checks", n)
    turned = [item - 1 for item in key.reverse]
    said = np.zeros(3)
    for _ in range(times):
        given = _answers(random, n, key)
        flipped, already = given.copy(), given.copy()
        flipped[:, 2] = 6 - flipped[:, 2]
        already[:, turned] = 6 - already[:, turned]
        said += [_says(given, key), _says(flipped, key), _says(already, key)]
    return tuple(said / times)  # type: ignore[return-value]


def _answers(random: np.random.Generator, n: int, key: Instrument) -> Floats:
    level = np.sqrt(0.4) * random.normal(0, 1, (n, 1)) + np.sqrt(0.6) * random.normal(0, 1, (n, key.items))
    given = np.clip(np.rint(3.2 + level), key.lowest, key.highest)
    turned = [item - 1 for item in key.reverse]
    given[:, turned] = key.lowest + key.highest - given[:, turned]
    return given


def _says(given: Floats, key: Instrument) -> bool:
    return any(True for subscale in key.subscales.values() for _ in doubts(keyed(given, key, subscale), key, subscale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
