"""An attacker who writes every number of a release into one system and solves it: counts that no table ties together
are tied here, since who is in one group is in another (who answered halfway had agreed). Shares no code with
disclosure/, and reads nothing but the tables as they are published."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

Terms = Mapping[Hashable, float]  # unknown whole number: weight


@dataclass
class System:
    """Sums of unknown whole numbers, none below 0, and between what each sum lies."""

    numbers: dict[Hashable, int] = field(default_factory=dict)
    sums: list[tuple[Terms, float, float]] = field(default_factory=list)

    def between(self, terms: Terms, low: float, high: float) -> None:
        for unknown in terms:
            self.numbers.setdefault(unknown, len(self.numbers))
        self.sums.append((terms, low, high))

    def equal(self, terms: Terms, value: float) -> None:
        self.between(terms, value, value)

    def at_most(self, part: Terms, whole: Terms) -> None:
        """A group is part of another one."""
        self.between(added(part, whole, -1.0), -np.inf, 0)

    def exposed(self, secrets: Mapping[Hashable, tuple[Terms, int]], smallest: int) -> Iterator[tuple[Hashable, str]]:
        """Of `secrets`, sums whose true value is small, those of which not both 1 and `smallest` are possible."""
        matrix, low, high = self._matrix()
        rows = {name: self._row(terms) for name, (terms, _) in secrets.items()}
        for sign, limit in ((1.0, 1.0), (-1.0, -float(smallest))):
            waiting = dict(rows)
            while waiting:
                name, row = next(iter(waiting.items()))
                answer = milp(
                    sign * row,
                    constraints=LinearConstraint(matrix, low, high) if self.sums else (),
                    integrality=np.ones(len(row)),
                    bounds=Bounds(0, 10_000),
                )
                assert answer.status == 0, f"no such people: {answer.message}"
                if sign * row @ answer.x > limit + 1e-6:
                    yield name, f"{'at least' if sign > 0 else 'at most'} {row @ answer.x:.0f}"
                # One possible world answers for every secret that reaches its limit in it.
                waiting = {n: r for n, r in waiting.items() if n != name and sign * r @ answer.x > limit + 1e-6}

    def _row(self, terms: Terms) -> np.ndarray:
        row = np.zeros(len(self.numbers))
        for unknown, weight in terms.items():
            row[self.numbers[unknown]] += weight
        return row

    def _matrix(self) -> tuple[csr_array, np.ndarray, np.ndarray]:
        cells = [(i, self.numbers[u], w) for i, (terms, _, _) in enumerate(self.sums) for u, w in terms.items()]
        at, of, weights = zip(*cells, strict=True) if cells else ((), (), ())
        matrix = csr_array((weights, (at, of)), shape=(len(self.sums), len(self.numbers)))
        return matrix, np.array([s[1] for s in self.sums]), np.array([s[2] for s in self.sums])


def added(one: Terms, other: Terms, weight: float = 1.0) -> Terms:
    total = dict(one)
    for unknown, w in other.items():
        total[unknown] = total.get(unknown, 0.0) + weight * w
    return total
