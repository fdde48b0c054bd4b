"""Changes of income asked about: who gets how many pounds a week, and what they come to in each cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from geo.errors import UserError
from mis.household_types import TENURES, household_types

Floats = NDArray[np.float64]
Whole = NDArray[np.int_]

#: Changes with a share of takers that may meet in one cell: two to the power of it outcomes each.
MOST_IN_ONE_CELL = 6


class WhatIfError(UserError, ValueError):
    """A change names no cell, an unknown one, or an impossible share or sum."""


@dataclass(frozen=True)
class Change:
    """Pounds a week for households of some types and tenures.

    Parameters
    ----------
    label
        In a reader's words, such as "£20 a week for each child".
    weekly
        Pounds a week for each household that gets it; negative for a loss, such as a rent rise.
    per_child
        True if `weekly` is for each dependent child.
    types
        Household types that get it; all if empty.
    tenures
        Tenures that get it; all if empty.
    uptake
        Share of those households that get it, 0 to 1: entitlement times take-up.
    paid
        True if somebody pays it, so that it counts in the cost; False for a change of rent, which enters
        as income only.
    """

    label: str
    weekly: float
    per_child: bool = False
    types: Sequence[str] = ()
    tenures: Sequence[str] = ()
    uptake: float = 1.0
    paid: bool = True

    def cells(self) -> tuple[Floats, Floats]:
        """Pounds a week, and the share of households that gets them, (type, tenure) each.

        Raises
        ------
        WhatIfError
            An unknown type or tenure, an uptake outside 0 to 1, or a sum that is not a number.
        """
        types = household_types()
        unknown = [name for name in self.types if name not in types.ids]
        if unknown:
            raise WhatIfError(f'"{unknown[0]}" is not a household type; use {", ".join(types.ids)}')
        unknown = [name for name in self.tenures if name not in TENURES]
        if unknown:
            raise WhatIfError(f'"{unknown[0]}" is not a tenure; use {", ".join(TENURES)}')
        if not 0 <= self.uptake <= 1:
            raise WhatIfError(f"uptake is {self.uptake}; give the share of households from 0 to 1")
        if not np.isfinite(self.weekly):
            raise WhatIfError(f"weekly is {self.weekly}; give pounds a week")
        chosen = np.array([not self.types or name in self.types for name in types.ids])
        tenures = np.array([not self.tenures or name in self.tenures for name in TENURES])
        each = self.weekly * (types.children if self.per_child else np.ones(len(types)))
        cells = chosen[:, None] & tenures[None, :] & (each != 0)[:, None]
        return np.where(cells, each[:, None], 0.0), np.where(cells, self.uptake, 0.0)


@dataclass(frozen=True)
class Outcomes:
    """What happens to the households of every cell that some change touches.

    Parameters
    ----------
    cells
        Type and tenure of each touched cell, (cell, 2).
    start
        First outcome of each cell, and their number at the end, (cell + 1,).
    gain, chance
        Pounds a week, and the share of the cell's households it happens to, (outcome,). Households to
        which nothing happens have no outcome.
    paid
        Pounds a week paid to a household of the cell on average, (cell,).
    """

    cells: Whole
    start: Whole
    gain: Floats
    chance: Floats
    paid: Floats


def outcomes(changes: Sequence[Change]) -> Outcomes:
    """Join changes cell by cell; who takes up one is independent of who takes up another.

    Raises
    ------
    WhatIfError
        As `Change.cells`; no change was given; or more than `MOST_IN_ONE_CELL` of them, taken up in part,
        meet in one cell.
    """
    if not changes:
        raise WhatIfError("no change was given; add one, such as 20 a week to private renters with children")
    tables = [one.cells() for one in changes]
    cells, start, gains, chances, paid = [], [0], [], [], []
    types = household_types()
    for h, j in product(range(len(types)), range(len(TENURES))):
        here = [
            (gain[h, j], share[h, j], one.paid)
            for one, (gain, share) in zip(changes, tables, strict=True)
            if share[h, j] > 0
        ]
        if sum(share < 1 for _, share, _ in here) > MOST_IN_ONE_CELL:
            raise WhatIfError(
                f"more than {MOST_IN_ONE_CELL} changes with an uptake meet among {types.ids[h]} in "
                f"{TENURES[j]}; ask in two steps"
            )
        found = {0.0: 1.0}
        for gain, share, _ in here:
            split: dict[float, float] = {}
            for known, chance in found.items():
                for total, part in ((known, 1 - share), (round(known + gain, 9), share)):
                    if part > 0:
                        split[total] = split.get(total, 0.0) + chance * part
            found = split
        found.pop(0.0, None)
        if found:
            cells.append((h, j))
            gains += list(found)
            chances += list(found.values())
            start.append(len(gains))
            paid.append(sum(gain * share for gain, share, counts in here if counts))
    return Outcomes(
        np.array(cells, dtype=np.int_).reshape(-1, 2),
        np.array(start, dtype=np.int_),
        np.array(gains, dtype=float),
        np.array(chances, dtype=float),
        np.array(paid, dtype=float),
    )
