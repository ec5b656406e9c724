"""An attacker for the tests: knows everything that is shown, how the figures add up, and how to solve for the rest.
Shares no code with disclosure/: the unknowns here are the smallest groups of people, not the cells of a table."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations

import numpy as np
from scipy.optimize import linprog

Group = frozenset[object]  # the smallest groups that a figure is about, or the sum of


def exposed_counts(cells: Mapping[Group, tuple[int, bool]], smallest: int) -> Iterator[tuple[Group, float, float]]:
    """Small counts that the shown cells pin down: not both 1 and `smallest` are possible.

    `cells` says for each group how many people it has and whether that is shown.
    """
    atoms = sorted(frozenset(chain.from_iterable(cells)), key=str)
    known = [(_row(group, atoms), count) for group, (count, shown) in cells.items() if shown]
    matrix = np.array([row for row, _ in known]).reshape(len(known), len(atoms))
    counts = np.array([count for _, count in known], dtype=float)
    for group, (count, _) in cells.items():
        if 1 <= count < smallest:
            low, high = (_extreme(_row(group, atoms), end, matrix, counts) for end in (1, -1))
            if low > 1 + 1e-6 or high < smallest - 1e-6:
                yield group, low, high


def _row(group: Group, atoms: Sequence[object]) -> np.ndarray:
    return np.array([atom in group for atom in atoms], dtype=float)


def _extreme(goal: np.ndarray, sign: int, matrix: np.ndarray, counts: np.ndarray) -> float:
    equalities = {"A_eq": matrix, "b_eq": counts} if len(counts) else {}
    answer = linprog(sign * goal, **equalities, bounds=(0, None), method="highs")
    assert answer.status in (0, 3), answer.message
    return float("inf") if answer.status == 3 else float(sign * answer.fun)


def known_groups(shown: Sequence[Group]) -> list[Group]:
    """Every group whose total follows from the totals of the shown groups by adding and subtracting."""
    atoms = sorted(frozenset(chain.from_iterable(shown)), key=str)
    if not atoms:
        return []
    matrix = np.array([_row(group, atoms) for group in shown])
    rank = np.linalg.matrix_rank(matrix)
    subsets = chain.from_iterable(combinations(atoms, size) for size in range(1, len(atoms) + 1))
    groups = [frozenset(subset) for subset in subsets]
    return [group for group in groups if np.linalg.matrix_rank(np.vstack([matrix, _row(group, atoms)])) == rank]
