"""The referee's own scores and statistics: published keys written out again, formulas from their definitions."""

import math
import statistics

import numpy as np
from scipy import optimize, special, stats

Figures = dict[str, float | int | None]
Scores = dict[tuple[str, str], float | None]  # instrument and subscale

# The published keys, written out again.
ENGAGEMENT, ACTION = (1, 2, 4, 5, 6, 8), (9, 10, 12, 13)
CEAS = ("ceas_self", "ceas_to_others", "ceas_from_others")
RANGES = {**dict.fromkeys(CEAS, 10), "brs": 5, "swemwbs": 5, "cfc_perceived_impact": 5}
# Metric scores of the raw sums 7 to 35.
SWEMWBS = (
    7.00, 9.51, 11.25, 12.40, 13.33, 14.08, 14.75, 15.32, 15.84, 16.36, 16.88, 17.43, 17.98, 18.59, 19.25, 19.98,
    20.73, 21.54, 22.35, 23.21, 24.11, 25.03, 26.02, 27.03, 28.13, 29.31, 30.70, 32.55, 35.00,
)  # fmt: skip


def score(answers: dict[tuple[str, int], int], instrument: str) -> Scores:
    """Subscale scores of one response; None where too few items were answered."""
    given = {item: value for (name, item), value in answers.items() if name == instrument}
    if instrument in CEAS:
        parts = {"engagement": ENGAGEMENT, "action": ACTION, "total": ENGAGEMENT + ACTION}
        return {
            (instrument, part): float(sum(given[i] for i in items)) if all(i in given for i in items) else None
            for part, items in parts.items()
        }
    if instrument == "brs":
        turned = [6 - v if item in (2, 4, 6) else v for item, v in given.items()]
        return {(instrument, "total"): sum(turned) / len(turned) if len(turned) >= 4 else None}
    assert instrument == "swemwbs"
    return {(instrument, "total"): SWEMWBS[sum(given.values()) - 7] if len(given) == 7 else None}


# What cannot be said of a single pair.
UNKNOWN = (
    *("pre_sd", "post_sd", "change_sd", "correlation", "ci_low", "ci_high"),
    *("g_z", "g_z_low", "g_z_high", "t_value", "p_value"),
)


def paired(before: list[float], after: list[float]) -> Figures:
    """Paired figures of one group, as the contract of paired_change names them."""
    n = len(before)
    change = [b - a for a, b in zip(before, after, strict=True)]
    figures: Figures = {"n_paired": n, "pre_mean": None, "post_mean": None, "mean_change": None}
    if n:
        figures |= {
            "pre_mean": statistics.fmean(before),
            "post_mean": statistics.fmean(after),
            "mean_change": statistics.fmean(change),
        }
    figures |= dict.fromkeys(UNKNOWN)
    if n < 2:
        return figures
    sd = statistics.stdev(change)
    figures |= {"pre_sd": statistics.stdev(before), "post_sd": statistics.stdev(after), "change_sd": sd}
    if figures["pre_sd"] and figures["post_sd"]:
        figures["correlation"] = float(np.corrcoef(before, after)[0, 1])
    if sd == 0:
        return figures
    test = stats.ttest_rel(after, before)
    interval = test.confidence_interval(0.95)
    figures |= {"t_value": float(test.statistic), "p_value": float(test.pvalue)}
    figures |= {"ci_low": float(interval.low), "ci_high": float(interval.high)}
    return figures | standardised(float(test.statistic), n)


def further(before: list[float], after: list[float]) -> Figures:
    """What effect_sizes says of two people and more whose scores and changes vary."""
    change = [b - a for a, b in zip(before, after, strict=True)]
    n, mean = len(change), statistics.fmean(change)
    sds = [statistics.stdev(x) if n > 1 else 0.0 for x in (before, after, change)]
    if min(sds) < 1e-9:
        return {}
    m, d_z = n - 1, mean / sds[2]
    figures: Figures = {"d_z": d_z, "d_av": 2 * mean / (sds[0] + sds[1]), "d_before": mean / sds[0]}
    figures["d_rm"] = d_z * math.sqrt(2 * (1 - float(np.corrcoef(before, after)[0, 1])))
    if m > 1:
        figures["g_before"] = mean / sds[0] * math.gamma(m / 2) / math.gamma((m - 1) / 2) / math.sqrt(m / 2)
    return figures


def ranked(before: list[float], after: list[float]) -> Figures:
    """Wilcoxon's test of one cohort, by counting how often each rank sum comes up."""
    change = [round(b - a, 9) for a, b in zip(before, after, strict=True)]
    moved = [c for c in change if c]
    if not moved:
        return {"n_changed": 0, "rank_biserial": None, "rank_p": None}
    ranks = [float(r) for r in stats.rankdata([abs(c) for c in moved])]
    up = sum(r for r, c in zip(ranks, moved, strict=True) if c > 0)
    ways: dict[float, int] = {0.0: 1}
    for rank in ranks:
        more = dict(ways)
        for total, count in ways.items():
            more[total + rank] = more.get(total + rank, 0) + count
        ways = more
    below = sum(count for total, count in ways.items() if total <= up)
    above = sum(count for total, count in ways.items() if total >= up)
    p = min(1.0, 2 * min(below, above) / 2 ** len(moved))
    return {"n_changed": len(moved), "rank_biserial": 2 * up / sum(ranks) - 1, "rank_p": p}


def standardised(t: float, n: int) -> Figures:
    """g_z = J t / sqrt(n), with its interval from the non-centrality parameters that put t at 2.5 and 97.5 %."""
    m = n - 1
    j = math.exp(special.gammaln(m / 2) - special.gammaln((m - 1) / 2)) / math.sqrt(m / 2) if m > 1 else None
    if j is None:
        return {}

    def centre(share: float) -> float:
        return float(
            optimize.brentq(lambda c: noncentral_t(t, m, c) - share, t - 4 - abs(t), t + 4 + abs(t), xtol=1e-11)
        )

    factor = j / math.sqrt(n)
    return {"g_z": factor * t, "g_z_low": factor * centre(0.975), "g_z_high": factor * centre(0.025)}


NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)


def noncentral_t(t: float, df: int, centre: float) -> float:
    """P(T <= t) from the definition: normal over root chi-square, integrated over the latter (u = sqrt(chi2 / df))."""
    low, high = (math.sqrt(x / df) for x in (stats.chi2.ppf(1e-16, df), stats.chi2.isf(1e-16, df)))
    u = (high + low) / 2 + (high - low) / 2 * NODES
    log_density = math.log(2) + df / 2 * math.log(df / 2) - special.gammaln(df / 2)
    density = np.exp(log_density + (df - 1) * np.log(u) - df * u * u / 2)
    return float((high - low) / 2 * (WEIGHTS * special.ndtr(t * u - centre) * density).sum())


def pooled(groups: list[list[float]]) -> Figures:
    """DerSimonian-Laird with the Hartung-Knapp interval over cohorts' mean changes, from 2 people on; one variance of
    changes within cohorts for all."""
    usable = [g for g in groups if len(g) >= 2 and statistics.variance(g) > 0]
    if len(usable) < 2:
        return {}
    effects = [statistics.fmean(g) for g in usable]
    squares = sum(statistics.variance(g) * (len(g) - 1) for g in usable)
    within = squares / sum(len(g) - 1 for g in usable)
    variances = [within / len(g) for g in usable]
    tau2, i2 = _between(effects, variances)
    weights = [1 / (v + tau2) for v in variances]
    mean = sum(w * y for w, y in zip(weights, effects, strict=True)) / sum(weights)
    df = len(usable) - 1
    spread = sum(w * (y - mean) ** 2 for w, y in zip(weights, effects, strict=True))
    spread = max(1.0, spread / df) if df == 1 else spread / df  # two cohorts may agree by chance
    se = math.sqrt(spread / sum(weights))
    t = mean / se
    usual = 1 / math.sqrt(sum(weights))
    half = max(float(stats.t.ppf(0.975, df)) * se, float(stats.norm.ppf(0.975)) * usual)
    one_more = (
        float(stats.t.ppf(0.975, df - 1)) * math.hypot(math.sqrt(tau2), max(se, usual)) if df > 1 and tau2 else None
    )
    return {
        "n_paired": sum(map(len, usable)),
        "n_cohorts": len(usable),
        "mean_change": mean,
        "ci_low": mean - half,
        "ci_high": mean + half,
        "t_value": t,
        "p_value": 2 * max(float(stats.t.sf(abs(t), df)), float(stats.norm.sf(abs(mean) / usual))),
        "tau2": tau2,
        "i2": i2,
        "prediction_low": None if one_more is None else mean - one_more,
        "prediction_high": None if one_more is None else mean + one_more,
    }


def clustered(groups: list[list[float]]) -> Figures:
    """The interval of the mean over everybody, with people's errors alike within their cohort: CR2 and Satterthwaite,
    from the matrices that define them, and never narrower than the usual interval; of one cohort that one."""
    changes = np.concatenate([np.asarray(g) for g in groups])
    n, mean = len(changes), changes.mean()
    independent = None
    if n > 1 and np.ptp(changes) > 1e-9:
        independent = float(stats.t.ppf(0.975, n - 1) * changes.std(ddof=1) / math.sqrt(n))
    half = independent if len(groups) == 1 else _cr2(groups, changes)
    if half is not None and independent is not None:
        half = max(half, independent)
    if half is None or half < 1e-9:
        return {"cluster_low": None, "cluster_high": None}
    return {"cluster_low": float(mean - half), "cluster_high": float(mean + half)}


def _cr2(groups: list[list[float]], changes: np.ndarray) -> float:
    """Design: a column of ones. Residuals of each cohort times the inverse root of their block of I - H."""
    n = len(changes)
    hat = np.full((n, n), 1 / n)
    ends = np.cumsum([len(g) for g in groups])
    variance, forms = 0.0, []
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        values, vectors = np.linalg.eigh(np.eye(end - start) - hat[start:end, start:end])
        root = vectors @ np.diag(values**-0.5) @ vectors.T
        adjusted = np.ones(end - start) @ root @ (np.eye(n) - hat)[start:end] / n  # as weights of all residuals
        forms.append(adjusted)
        variance += float(adjusted @ changes) ** 2
    inner = np.array(forms) @ np.array(forms).T  # of the estimates' parts, if everybody's changes varied alike
    df = float(np.trace(inner) ** 2 / np.sum(inner**2))
    return float(stats.t.ppf(0.975, df) * math.sqrt(variance))


def _between(effects: list[float], variances: list[float]) -> tuple[float, float]:
    weights = [1 / v for v in variances]
    fixed = sum(w * y for w, y in zip(weights, effects, strict=True)) / sum(weights)
    q = sum(w * (y - fixed) ** 2 for w, y in zip(weights, effects, strict=True))
    df = len(effects) - 1
    c = sum(weights) - sum(w * w for w in weights) / sum(weights)
    return max(0.0, (q - df) / c), max(0.0, 100 * (q - df) / q)
