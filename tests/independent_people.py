"""The referee's view of who left: person by person from the raw demo files. Shares no code with the package, like
independent.py."""

import math
import statistics
from collections import defaultdict
from pathlib import Path

from scipy import special, stats

from tests.independent import answered, counted, read_folder
from tests.independent_figures import Figures, Scores, score

Leavers = dict[tuple[str, str | None, str, str], Figures]  # level, cohort or year, instrument, subscale
# More is better on each of the demo's scales, so the worst score is the lowest.
WORST = {"engagement": 6.0, "action": 4.0, "total": 10.0, "brs": 1.0, "swemwbs": 7.0}


def attrition(path: Path) -> Leavers:
    folder = read_folder(path)
    years = {c["id"]: c["academic_year"] for c in folder.setup["cohorts"]}
    responses = counted(answered(folder))
    scores: dict[tuple[str, str, str], Scores] = defaultdict(dict)
    for r in responses:
        for instrument in sorted({name for name, _ in r.answers}):
            scores[r.person, r.cohort, r.point] |= score(r.answers, instrument)
    finished = {r.cohort for r in responses if r.point == "post"}
    both: dict[tuple[str, str], dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    gone: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for (person, cohort, point), before in sorted(scores.items()):
        later = scores.get((person, cohort, "post"), {})
        for measure, value in before.items() if point == "pre" and cohort in finished else ():
            if value is not None and (after := later.get(measure)) is not None:
                both[measure][cohort].append((value, after))
            elif value is not None:
                gone[measure][cohort].append(value)
    return {
        (level, name, *measure): _figures(measure, by_cohort, gone[measure], members)
        for measure, by_cohort in both.items()
        for level, name, members in _groups(years, set(by_cohort) | set(gone[measure]))
    }


def _groups(years: dict[str, str], cohorts: set[str]) -> list[tuple[str, str | None, list[str]]]:
    found: list[tuple[str, str | None, list[str]]] = [("cohort", cohort, [cohort]) for cohort in sorted(cohorts)]
    for year in sorted({years[cohort] for cohort in cohorts}):
        found.append(("year", year, [cohort for cohort in sorted(cohorts) if years[cohort] == year]))
    return [*found, ("all", None, sorted(cohorts))]


def _figures(
    measure: tuple[str, str],
    both: dict[str, list[tuple[float, float]]],
    gone: dict[str, list[float]],
    members: list[str],
) -> Figures:
    pairs = [pair for cohort in members for pair in both.get(cohort, [])]
    stayed, left = [b for b, _ in pairs], [b for cohort in members for b in gone.get(cohort, [])]
    figures: Figures = {
        "n_stayed": len(stayed),
        "n_left": len(left),
        "stayed_mean": statistics.fmean(stayed) if stayed else None,
        "stayed_sd": statistics.stdev(stayed) if len(stayed) > 1 else None,
        "left_mean": statistics.fmean(left) if left else None,
        "left_sd": statistics.stdev(left) if len(left) > 1 else None,
    }
    change = statistics.fmean([a - b for b, a in pairs]) if pairs else None
    return figures | _welch(stayed, left) | _what_if(measure, len(stayed), left, change)


def _welch(stayed: list[float], left: list[float]) -> Figures:
    figures: Figures = dict.fromkeys(("difference", "ci_low", "ci_high", "g"))
    if stayed and left:
        figures["difference"] = statistics.fmean(left) - statistics.fmean(stayed)
    if len(stayed) > 1 and len(left) > 1 and statistics.variance(stayed) + statistics.variance(left) > 0:
        # From its definition: scipy's own interval (compared in tests/unit) warns where a group has no spread.
        errors = [statistics.variance(group) / len(group) for group in (stayed, left)]
        parts = [error**2 / (len(group) - 1) for error, group in zip(errors, (stayed, left), strict=True)]
        half = float(stats.t.ppf(0.975, sum(errors) ** 2 / sum(parts))) * math.sqrt(sum(errors))
        middle = float(figures["difference"] or 0)
        figures |= {"ci_low": middle - half, "ci_high": middle + half}
        m = len(stayed) + len(left) - 2
        squares = sum((x - statistics.fmean(group)) ** 2 for group in (stayed, left) for x in group)
        j = math.exp(special.gammaln(m / 2) - special.gammaln((m - 1) / 2)) / math.sqrt(m / 2)
        figures["g"] = j * float(figures["difference"] or 0) / math.sqrt(squares / m)
    return figures


def _what_if(measure: tuple[str, str], stayed: int, left: list[float], change: float | None) -> Figures:
    """As if everybody's change were written down one by one."""
    figures: Figures = {"mean_change": change, "if_unchanged": None, "if_worst": None, "would_need": None}
    if change is None:
        return figures
    worst = WORST[measure[0] if measure[0] in WORST else measure[1]]
    as_they_did = [change] * stayed
    figures["if_unchanged"] = statistics.fmean(as_they_did + [0.0] * len(left))
    figures["if_worst"] = statistics.fmean(as_they_did + [worst - b for b in left])
    figures["would_need"] = -sum(as_they_did) / len(left) if left else None
    return figures
