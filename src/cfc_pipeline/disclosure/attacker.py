"""Somebody who knows every shown count and every sum among them, and solves for the hidden ones exactly.

A linear programme finds the lowest and the highest value that a hidden count can have, which is the usual definition of
what an attacker learns from a table with hidden cells (Fischetti and Salazar 2000 [K]). Two programmes for each cell
would be slow, so one solution serves as a witness for as many cells as it can: a possible table in which ten cells are
1 clears all ten at once.
"""

from typing import Literal

import numpy as np

from cfc_pipeline.disclosure.sums import Flags, Numbers, Places, Sums
from cfc_pipeline.errors import DisclosureRefusal

ROUNDING = 1e-6  # the solver's tolerance is 1e-7, and counts are whole numbers
End = Literal["low", "high"]


class Attacker:
    """What is shown, as a system of equations in the hidden cells, none of which is below its floor."""

    def __init__(self, values: Numbers, shown: Flags, sums: Sums, floors: Numbers) -> None:
        # Imported when there is something to attack: scipy.optimize takes a noticeable part of a short run to load.
        from scipy.sparse import csr_array

        self.hidden = np.flatnonzero(~shown)
        self.floors = floors[self.hidden]
        self.place = np.full(len(values), -1)
        self.place[self.hidden] = np.arange(len(self.hidden))
        everything = csr_array((sums.sign, (sums.number, sums.cell)), shape=(sums.count, len(values)))
        self.all_cells = everything
        self.matrix = everything[:, self.hidden]
        self.constants = -(everything @ np.where(shown, values, 0.0))

    def first_exposed(self, cells: Places, limits: Numbers, end: End, waiting: Places) -> tuple[Places | None, Places]:
        """The cells whose shown values say that one of `cells` cannot reach its limit, the lowest (or highest) value
        that it must be able to have; None when every one may reach it. And which of `waiting`, places in `cells`, are
        still to be looked at: the others stay open when more is hidden, since the table that shows it stays possible.
        """
        while len(waiting):
            table, _ = self._extreme(cells[waiting], limits[waiting], end)
            left = waiting[~self._reached(table, cells[waiting], limits[waiting], end)]
            if len(left) == len(waiting):  # they stand in each other's way: ask about one alone
                alone = waiting[:1]
                table, weights = self._extreme(cells[alone], limits[alone], end)
                if not self._reached(table, cells[alone], limits[alone], end).all():
                    return np.flatnonzero(np.abs(weights) > ROUNDING), waiting
                left = waiting[1:]
            waiting = left
        return None, waiting

    def _reached(self, table: Numbers, cells: Places, limits: Numbers, end: End) -> Flags:
        found = table[self.place[cells]]
        reached: Flags = found <= limits + ROUNDING if end == "low" else found >= limits - ROUNDING
        return reached

    def _extreme(self, cells: Places, limits: Numbers, end: End) -> tuple[Numbers, Numbers]:
        """A possible table in which the sum of `cells` is extreme, and how much each cell's value weighs in that."""
        from scipy.optimize import linprog

        objective = np.zeros(len(self.hidden))
        objective[self.place[cells]] = 1.0 if end == "low" else -1.0
        ceiling = np.full(len(self.hidden), np.inf)
        if end == "high":  # no further than needed, so that one cell does not take what the others could have
            ceiling[self.place[cells]] = limits
        bounds = np.column_stack([self.floors, ceiling])
        answer = linprog(objective, A_eq=self.matrix, b_eq=self.constants, bounds=bounds, method="highs")
        if answer.status != 0:
            raise DisclosureRefusal(
                "It cannot be checked what the shown counts give away",
                where="a results table",
                next_step="report this as a defect; nothing was published",
            )
        return answer.x, self.all_cells.T @ answer.eqlin.marginals
