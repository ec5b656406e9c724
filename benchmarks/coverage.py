"""How often each interval holds the truth, how often a test is wrong, how often the key checks are right: simulated.

Everything is drawn anew from a seed, so the same command gives the same figures. Intervals come from the functions that
releases are made with.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks import coverage_mixed as mixed
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.outcomes.bootstrap import bootstrap_intervals
from cfc_pipeline.outcomes.clusters import with_cluster_intervals
from cfc_pipeline.outcomes.formulas import hedges_correction, noncentrality_interval, t_quantile, two_sided_p
from cfc_pipeline.outcomes.intervals import wilson
from cfc_pipeline.outcomes.key_checks import doubts, keyed
from cfc_pipeline.outcomes.levels import MEASURE
from cfc_pipeline.outcomes.pooled import pooled_row
from cfc_pipeline.outcomes.reliability import alpha, feldt_interval
from cfc_pipeline.outcomes.sessions import session_trend
from schemas.instruments import Instrument

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, int]], Floats]
SEED = 20261124
GROUPS = (8, 11, 13, 20, 40)
COHORTS = (2, 3, 4, 6, 9)
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
    rows = [(str(n), *(_percent(bootstrap(draw, n, times // 4)) for draw in changes.values())) for n in GROUPS]
    yield "95 % bootstrap interval of the mean change holds the truth, of those that are given", ("n", *changes), rows
    effects = (0.0, 0.5, 1.0)
    rows = [(str(n), *(_percent(g_z(n, effect, times)) for effect in effects)) for n in GROUPS]
    yield "95 % interval of g_z holds the true standardised change", ("n", *map(str, effects)), rows
    shares = (0.1, 0.3, 0.5)
    rows = [(str(n), *(_percent(of_share(n, share, times)) for share in shares)) for n in GROUPS]
    yield "95 % interval of a share (Wilson)", ("n", *(f"{100 * s:.0f} %" for s in shares)), rows
    for title, judge, sizes, skewed in CLUSTERED:
        header = (f"cohorts of {sizes[0]} to {sizes[1]}", *(f"{100 * share:.0f} % between cohorts" for share in SHARES))
        rows = [
            (str(k), *(_percent(clustered(judge, k, share, times // 4, sizes, skewed)) for share in SHARES))
            for k in COHORTS
        ]
        yield title, header, rows
    header = ("cohorts of 8 to 14", *(f"{100 * share:.0f} % between cohorts" for share in SHARES))
    rows = [
        (str(k), *(" of ".join(map(_percent, one_more(k, share, times // 4))) for share in SHARES)) for k in COHORTS[1:]
    ]
    yield "The prediction interval holds another cohort's true change, of how often it is given", header, rows
    header = ("cohorts", "level of one cohort", "pooled level", "trend of one cohort", "pooled trend")
    rows = [(str(k), *(_percent(rate) for rate in sessions(k, times // 20))) for k in COHORTS]
    yield "95 % intervals over eight sessions, forms of 8 to 14 people of whom 80 % answer each time", header, rows
    header = ("n", *(f"{who}, leaving {how}" for how in mixed.LEAVING for who in ("model", "those with both")))
    yield (
        "95 % interval of the change by the mixed model, one cohort",
        header,
        list(mixed.rows(GROUPS, times // 4, _random)),
    )
    for leaving in mixed.LEAVING[:2]:
        rows = [
            (str(k), *(_percent(mixed.of_cohorts(_random("mixed", k, s), k, s, leaving, times // 20)) for s in SHARES))
            for k in COHORTS
        ]
        header = ("cohorts of 8 to 14", *(f"{100 * share:.0f} % between cohorts" for share in SHARES))
        yield f"The same over several cohorts, people leaving {leaving}", header, rows
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


def mean_change(draw: Draw, n: int, times: int) -> float:
    random = _random(draw.__name__, n)
    truth = _truth(draw, random)
    mean, half, _ = _t(draw(random, (times, n)))
    return float((np.abs(mean - truth) <= half).mean())


def bootstrap(draw: Draw, n: int, times: int) -> float:
    random = _random("bootstrap", draw.__name__, n)
    truth = _truth(draw, random)
    low, high = bootstrap_intervals(draw(random, (times, n)))
    given = np.isfinite(low)
    return float(((low <= truth) & (truth <= high))[given].mean())


def _truth(draw: Draw, random: np.random.Generator) -> float:
    return float(draw(random, (1, 2_000_000)).mean()) if draw is _whole else 0.4


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


def _clusters(k: int, share: float, times: int, sizes: tuple[int, int], skewed: bool) -> pl.DataFrame:
    """Cohorts as rows of `paired_change`, k for each `group`, with the true mean change 0.4 and variance 1, of which
    `share` is between cohorts."""
    random = _random("clusters", k, share, *sizes, skewed)
    n = random.integers(sizes[0], sizes[1] + 1, k * times)
    shape = (k * times, sizes[1])
    within = (random.gamma(2, 1, shape) - 2) / np.sqrt(2) if skewed else random.normal(0, 1, shape)
    changes = 0.4 + random.normal(0, np.sqrt(share), (k * times, 1)) + np.sqrt(1 - share) * within
    changes[np.arange(sizes[1]) >= n[:, None]] = np.nan
    columns = {
        "group": np.repeat(np.arange(times), k),
        "cohort_id": np.tile(np.arange(k), times),
        "n_paired": n,
        "mean_change": np.nanmean(changes, axis=1),
        "change_sd": np.nanstd(changes, axis=1, ddof=1),
    }
    return pl.DataFrame(columns).with_columns(pl.lit("x").alias(name) for name in MEASURE)


def _years(cohorts: pl.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Mean over each group's people, half of the interval as if they were independent, and of that for cohorts."""
    n, mean, sd = pl.col("n_paired"), pl.col("mean_change"), pl.col("change_sd")
    middle = (n * mean).sum() / n.sum()
    squares = ((n - 1) * sd**2 + n * (mean - middle) ** 2).sum()
    years = cohorts.group_by("group", maintain_order=True).agg(n.sum(), squares=squares, mean_change=middle)
    people = years["n_paired"].to_numpy().astype(np.float64)
    half = t_quantile(people - 1) * np.sqrt(years["squares"].to_numpy() / (people - 1) / people)
    ends = {"ci_low": pl.col("mean_change") - half, "ci_high": pl.col("mean_change") + half}
    clusters = cohorts.select("group", "cohort_id", "n_paired", "mean_change")
    found = with_cluster_intervals(years.with_columns(**ends), clusters, ["group"])
    return found["mean_change"].to_numpy(), half, ((found["cluster_high"] - found["cluster_low"]) / 2).to_numpy()


def pooled(cohorts: pl.DataFrame) -> float:
    rows = [pooled_row(group) for group in cohorts.partition_by("group", maintain_order=True)]
    return float(np.mean([row["ci_low"] <= 0.4 <= row["ci_high"] for row in rows]))  # type: ignore[operator]


def one_group(cohorts: pl.DataFrame) -> float:
    mean, half, _ = _years(cohorts)
    return float((np.abs(mean - 0.4) <= half).mean())


def of_year(cohorts: pl.DataFrame) -> float:
    mean, _, half = _years(cohorts)
    return float((np.abs(mean - 0.4) <= half).mean())


Judge = Callable[[pl.DataFrame], float]
USUAL, UNEQUAL = (8, 14), (3, 25)
CLUSTERED: tuple[tuple[str, Judge, tuple[int, int], bool], ...] = (
    ("95 % interval of a year's mean change", of_year, USUAL, False),
    ("The same, cohorts of very unequal size", of_year, UNEQUAL, False),
    ("The same, skewed changes", of_year, USUAL, True),
    ("95 % interval of the pooled change", pooled, USUAL, False),
    ("The same, cohorts of very unequal size", pooled, UNEQUAL, False),
    ("The same, skewed changes", pooled, USUAL, True),
    ("As if a year's people were independent", one_group, USUAL, False),
)


def clustered(
    judge: Judge, k: int, share: float, times: int, sizes: tuple[int, int] = USUAL, skewed: bool = False
) -> float:
    """How often the interval of k cohorts holds the true mean change."""
    return judge(_clusters(k, share, times, sizes, skewed))


def one_more(k: int, share: float, times: int) -> tuple[float, float]:
    """How often the prediction interval holds the true mean change of one more cohort, where there is one; and how
    often there is one, because the cohorts seem to differ."""
    groups = _clusters(k, share, times, USUAL, False).partition_by("group", maintain_order=True)
    another = 0.4 + _random("one more", k, share).normal(0, np.sqrt(share), times)
    rows = [pooled_row(group) for group in groups]
    given = [(row, truth) for row, truth in zip(rows, another, strict=True) if row["prediction_low"] is not None]
    right = [row["prediction_low"] <= truth <= row["prediction_high"] for row, truth in given]  # type: ignore[operator]
    return float(np.mean(right)), len(given) / times


def sessions(k: int, times: int) -> tuple[float, ...]:
    """Whole ratings from 1 to 5 of people who are the same each time, in cohorts that differ in level and trend; how
    often the intervals of session_trend hold the truth. For one cohort that is the level and trend of its own people,
    for the pooled ones that of all cohorts. Ratings are hardly ever cut off at 1 or 5."""
    random, right = _random("sessions", k), np.zeros(4)
    number = np.arange(1, 9)
    for _ in range(times):
        truth, rows = [], []
        for cohort in range(k):
            level, slope = random.normal(3, 0.15), random.normal(0.03, 0.03)
            size = random.integers(8, 15)
            people, meetings = random.normal(0, 0.4, size), random.normal(0, 0.15, 8)
            truth.append((level + slope * 3.5 + people.mean(), slope))
            for place, session in enumerate(number):
                here = random.random(size) < 0.8
                here[0] |= not here.any()
                expected = level + slope * (session - 1) + meetings[place] + people[here]
                given = np.clip(np.rint(expected + random.normal(0, 0.5, here.sum())), 1, 5)
                sd = float(given.std(ddof=1)) if len(given) > 1 else 0.0
                rows.append(("cohort", f"c{cohort}", "2023/24", session, "q", len(given), float(given.mean()), sd))
        columns = ["level", "cohort_id", "academic_year", "session_number", "question", "n", "mean", "sd"]
        found = session_trend(pl.DataFrame(rows, schema=columns, orient="row")).rows(named=True)
        own, every = next(r for r in found if r["cohort_id"] == "c0"), next(r for r in found if r["level"] == "all")
        right += [
            own["mean_low"] <= truth[0][0] <= own["mean_high"],
            every["mean_low"] <= 3 + 0.03 * 3.5 <= every["mean_high"],
            own["slope_low"] <= truth[0][1] <= own["slope_high"],
            every["slope_low"] <= 0.03 <= every["slope_high"],
        ]
    return tuple(right / times)


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
