"""An attacker who knows the tables of change and of those who left, exactly, and solves the mixed model for the rest.

Shares no code with disclosure/: the weights of people's scores in the model come from the textbook's matrices.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations

import numpy as np
import polars as pl
import pytest

from cfc_pipeline.disclosure.flow import protect_flow
from cfc_pipeline.disclosure.mixed import protect_mixed
from cfc_pipeline.disclosure.paired import protect_paired
from cfc_pipeline.disclosure.profile import load_profile
from cfc_pipeline.disclosure.protected import Protected
from cfc_pipeline.outcomes.flow import response_flow
from cfc_pipeline.outcomes.mixed import mixed_model
from cfc_pipeline.outcomes.paired import paired_change
from schemas.tables import TIME_POINTS
from tests import small_warehouse as w

PROFILE = load_profile("default")
PRE, MID, POST = 0, 1, 2
Pattern = tuple[int, ...]
Group = tuple[str, Pattern]  # cohort, and the time points at which its people have a score


def weights(people: Mapping[Group, int], ratio: float, to: int) -> dict[tuple[Group, int], float]:
    """By which weight each person's score goes into the model's change: X'V⁻¹ of one person times (ΣX'V⁻¹X)⁻¹."""
    used = sorted({time for _, pattern in people for time in pattern})
    rows = {pattern: np.eye(len(used))[[used.index(t) for t in pattern]] for _, pattern in people}
    inverse = {p: np.linalg.inv(np.eye(len(p)) + ratio * np.ones((len(p), len(p)))) for p in rows}
    information = sum(n * rows[p].T @ inverse[p] @ rows[p] for (_, p), n in people.items())
    wanted = np.zeros(len(used))
    wanted[used.index(to)], wanted[used.index(PRE)] = 1, -1
    kappa = np.linalg.solve(information, wanted)
    found = {p: inverse[p] @ rows[p] @ kappa for p in rows}
    return {((c, p), t): found[p][i] for c, p in people for i, t in enumerate(p)}


def other_figures(people: Mapping[Group, int]) -> Iterator[dict[tuple[Group, int], float]]:
    """What other tables tell of sums of scores, taken to be shown everywhere: of each cohort those before and after of
    people with both, the changes to other times, and those before of people without one after."""
    for cohort in sorted({cohort for cohort, _ in people}):
        here = [(c, p) for c, p in people if c == cohort]
        both = [g for g in here if {PRE, POST} <= set(g[1])]
        for time in (PRE, POST):
            yield {(g, time): 1.0 for g in both}
        for later in (MID, 3):
            pairs = [g for g in here if {PRE, later} <= set(g[1])]
            yield {(g, time): sign for g in pairs for time, sign in ((PRE, -1.0), (later, 1.0))}
        yield {(g, PRE): 1.0 for g in here if PRE in g[1] and POST not in g[1]}


def few_who_follow(people: Mapping[Group, int], shown: Sequence[int], ratio: float, fewest: int) -> list[set[Group]]:
    """Sets of fewer than `fewest` people, a sum of whose scores follows from the model's changes and the rest."""
    cells = [(g, t) for g in people for t in g[1]]
    known = np.array([[row.get(cell, 0.0) for cell in cells] for row in other_figures(people)])
    model = np.array([[weights(people, ratio, to)[cell] for cell in cells] for to in shown])
    groups = [g for g in people if people[g] < fewest]
    subsets = chain.from_iterable(combinations(groups, size) for size in range(len(groups) + 1))
    few = [set(s) for s in subsets if sum(people[g] for g in s) < fewest]
    found = []
    for some in few:
        outside = [i for i, (g, _) in enumerate(cells) if g not in some]
        rest = np.vstack([known, model])[:, outside]
        if np.linalg.matrix_rank(rest, tol=1e-9) < np.linalg.matrix_rank(known[:, outside], tol=1e-9) + len(shown):
            found.append(some)
    return found


def programme(late: int, leavers: int = 3) -> w.Connection:
    """Two cohorts of ten with all three scores, of whom one left out halfway; and those who left and who came late."""
    con, random = w.empty(), np.random.default_rng(late)
    for cohort in ("a", "b"):
        w.cohort(con, cohort)
        counts = {(PRE, MID, POST): 10, (PRE, POST): 1, (PRE,): leavers}
        counts |= {(POST,): late // 2 + (late % 2 if cohort == "a" else 0)}
        patterns = [p for p, n in counts.items() for _ in range(n)]
        ids = [f"p-{cohort}-{i}" for i in range(len(patterns))]
        w.people(con, pl.DataFrame({"participant_id": ids, "cohort_id": cohort, "school_id": [f"s-{i}" for i in ids]}))
        rows = [
            (ids[i], cohort, TIME_POINTS[t], float(random.integers(10, 30))) for i, p in enumerate(patterns) for t in p
        ]
        columns = ["participant_id", "cohort_id", "time_point", "score"]
        w.scores(con, pl.DataFrame(rows, schema=columns, orient="row"))
    return con


def published(con: w.Connection, off: str | None = None) -> Protected:
    change = paired_change(con)
    composites = pl.DataFrame(schema=dict.fromkeys(("instrument", "subscale", "part"), pl.String))
    paired = protect_paired(change, w.paired_support(con), composites, PROFILE, off)
    flow = protect_flow(response_flow(con), PROFILE, off)
    return protect_mixed(mixed_model(con, change), change, paired, flow, composites, PROFILE, off)


def test_without_the_rule_the_one_who_came_late_is_solved_for() -> None:
    con = programme(late=1)
    found = published(con, off="to show the attack").values.filter(to_time_point="post")
    scores = con.sql("""
        SELECT cohort_id, participant_id, list_position(['pre', 'mid', 'post'], time_point) - 1 AS time, score
        FROM scale_score WHERE score IS NOT NULL
    """).pl()
    times = scores.group_by("cohort_id", "participant_id").agg(pattern=pl.col("time").sort())
    everybody = {(row[0], tuple(row[2])): 0 for row in times.rows()}
    for cohort, _, pattern in times.rows():
        everybody[cohort, tuple(pattern)] += 1
    model = mixed_model(con, paired_change(con)).filter(level="all", to_time_point="post").row(0, named=True)
    weight = weights(everybody, (model["person_sd"] / model["rest_sd"]) ** 2, POST)
    sums = scores.join(times, on=["cohort_id", "participant_id"]).group_by("cohort_id", "pattern", "time")
    added = {((c, tuple(p)), t): total for c, p, t, total in sums.agg(pl.col("score").sum()).rows()}
    (late,) = [cell for cell in added if cell[0][1] == (POST,)]
    rest = sum(weight[cell] * total for cell, total in added.items() if cell != late)
    assert (found["change"].item() - rest) / weight[late] == pytest.approx(added[late], abs=1e-6)
    # What the attacker needs of the others is in the other tables: nobody but the late one is left over.
    assert {late[0]} in few_who_follow(everybody, [POST], 0.7, 2)


@pytest.mark.parametrize(("late", "shown"), [(0, False), (1, False), (7, False), (8, True)])
def test_the_change_is_shown_only_where_enough_came_late(late: int, shown: bool) -> None:
    seen = published(programme(late)).values.filter(to_time_point="post")
    assert (seen["change"].item() is not None) is shown
    assert published(programme(late)).values.filter(to_time_point="mid")["change"].item() is None


@pytest.mark.parametrize(("halfway_only", "shown"), [(0, True), (2, False)])
def test_how_many_have_a_score_does_not_tell_how_many_answered_neither_time(halfway_only: int, shown: bool) -> None:
    """Of 46 people six withdrew and two answered neither time, which the flow hides: the model counts 40 of them."""
    con = programme(late=10)
    for number in range(6):
        w.person(con, f"gone-{number}", "ab"[number % 2], f"s-gone-{number}", withdrawn=True)
    names = [w.person(con, f"half-{number}", "ab"[number], f"s-half-{number}") for number in range(halfway_only)]
    if names:
        rows = [(name, "ab"[i], TIME_POINTS[MID], 20.0) for i, name in enumerate(names)]
        w.scores(con, pl.DataFrame(rows, schema=["participant_id", "cohort_id", "time_point", "score"], orient="row"))
    seen = published(con).values
    assert (seen["n_people"].null_count() == 0) is shown


PATTERNS = [tuple(t for t in range(4) if code >> t & 1) for code in range(1, 16)]


@pytest.mark.parametrize("seed", range(25))
def test_no_sum_of_what_is_shown_is_about_fewer(seed: int) -> None:
    """Two cohorts, four time points, and whatever patterns; the model's changes that the rule shows, all together."""
    random = np.random.default_rng(seed)
    chosen = [(c, PATTERNS[i]) for c in "ab" for i in random.choice(15, 5, replace=False)]
    people = {group: int(random.integers(1, 10)) for group in chosen}
    people |= {(c, (0, 1, 2, 3)): 12 for c in "ab"}
    late = {to: sum(n for (_, p), n in people.items() if PRE not in p and to in p) for to in (1, 2, 3)}
    shown = [to for to, n in late.items() if n >= PROFILE.people_behind_estimate]
    if shown:
        assert few_who_follow(people, shown, float(random.uniform(0.1, 5)), PROFILE.people_behind_estimate) == []
