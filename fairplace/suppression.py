"""Secondary suppression: which more cells must be hidden so that no hidden one can be worked out.

Whoever reads a table with totals can subtract. A hidden cell is safe when another table, of whole
numbers and with the same visible cells and the same sums, has a harmless number in its place: nobody
can then tell the two tables apart. Such tables are looked for one hidden cell at a time, at the least
cost in further cells hidden (the network approach of Cox 1980, JASA 75, 377, and of Fischetti and
Salazar 2001, Management Science 47, 1008, as a whole-number program).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, hstack
from scipy.sparse.csgraph import connected_components

from geo.errors import UserError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Cost of hiding a cell that is hidden anyway, against 1 or more of one that is not.
_HIDDEN_ANYWAY = 1e-3
_WHOLE = 1e-6
#: In place of a total's position: no row shows it, and readers have it from elsewhere.
ELSEWHERE = -1


class SuppressionError(UserError, ValueError):
    """A table cannot be protected: its sums do not hold, or it is of no whole numbers."""


@dataclass(frozen=True)
class Total:
    """A sum that a reader knows.

    Parameters
    ----------
    whole
        Position of the total among the cells, or `ELSEWHERE`.
    parts
        Positions of what adds up to it, or to what is left when an unlisted rest is taken away. The
        rest counts as known, which is the worst case.
    """

    whole: int
    parts: tuple[int, ...]


def protect(
    values: Floats,
    totals: Sequence[Total],
    *,
    small: Bools,
    hide_up_to: int | Floats,
    costs: Floats | None = None,
    caps: Floats | None = None,
    almost_all: Bools | None = None,
) -> Bools:
    """Choose the cells to hide: the small ones, and as many more as keep them from being worked out.

    Parameters
    ----------
    values : array of float, shape (cell,)
        Whole numbers of 0 or more. Zeros are shown, and whoever reads the table knows that a hidden
        cell is not one.
    totals
        Every sum among the cells.
    small
        Cells to hide in any case.
    hide_up_to
        A reader must not be able to tell that a small cell is at most this; one for all or one a cell.
    costs
        Of hiding each cell beyond the small ones, 1 or more; equal if left out.
    caps
        What each cell is known not to exceed (the base it is a part of); infinite where nothing is.
    almost_all
        Small cells whose *rest* is what is small: a reader must not be able to tell that the cap less
        the cell is at most `hide_up_to`.

    Returns
    -------
    array of bool
        Hidden cells, among them all of `small`.

    Raises
    ------
    SuppressionError
        A value is not a whole number of 0 or more, or parts add to more than their total.
    """
    _check(values, totals)
    hidden = small & (values > 0)
    if not hidden.any():
        return hidden
    room = np.full(len(values), np.inf) if caps is None else caps - values
    price = np.ones(len(values)) if costs is None else costs
    rest = np.zeros(len(values), dtype=bool) if almost_all is None else almost_all
    limit = np.broadcast_to(np.asarray(hide_up_to, dtype=np.float64), values.shape)
    usable = np.flatnonzero(values > 0)
    sums = _matrix(totals, len(values))[:, usable]
    sums = hstack([sums, -sums], format="csr")
    linked = _linked(totals, len(values))
    found: list[Floats] = []
    # The smallest first: the table found for it often serves the others too.
    for cell in sorted(np.flatnonzero(hidden), key=lambda one: (values[one], one)):
        low = float(limit[cell] + 1 - values[cell])
        if low > 0 and not any(move[cell] >= low for move in found):
            found.append(_move(int(cell), low, values, room, usable, hidden, price, sums, linked))
            hidden = hidden | (found[-1] != 0)
        down = float(limit[cell] + 1 - room[cell])
        if rest[cell] and down > 0 and not any(move[cell] <= -down for move in found):
            found.append(_move(int(cell), -down, values, room, usable, hidden, price, sums, linked))
            hidden = hidden | (found[-1] != 0)
    return hidden


def _check(values: Floats, totals: Sequence[Total]) -> None:
    if not (np.isfinite(values) & (values >= 0) & (values == np.round(values))).all():
        raise SuppressionError("cells must be whole numbers of 0 or more; round what was shared out first")
    for total in totals:
        if total.whole != ELSEWHERE and values[list(total.parts)].sum() > values[total.whole]:
            raise SuppressionError(
                f"parts add to {values[list(total.parts)].sum():g} and their total is "
                f"{values[total.whole]:g}, which is less; give the sums that hold"
            )


def _matrix(totals: Sequence[Total], cells: int) -> csr_array:
    rows, columns, signs = [], [], []
    for number, total in enumerate(totals):
        shown = [] if total.whole == ELSEWHERE else [total.whole]
        rows += [number] * (len(total.parts) + len(shown))
        columns += [*shown, *total.parts]
        signs += [-1.0] * len(shown) + [1.0] * len(total.parts)
    return csr_array((signs, (rows, columns)), shape=(len(totals), cells))


def _linked(totals: Sequence[Total], cells: int) -> NDArray[np.int32]:
    """Give one number to all cells that sums join, however far apart."""
    rows, columns = [], []
    for total in totals:
        members = [at for at in (total.whole, *total.parts) if at != ELSEWHERE]
        rows += [members[0]] * len(members)
        columns += members
    ties = csr_array((np.ones(len(rows)), (rows, columns)), shape=(cells, cells))
    return np.asarray(connected_components(ties, directed=False)[1], dtype=np.int32)


def _move(
    cell: int,
    by: float,
    values: Floats,
    room: Floats,
    usable: NDArray[np.int64],
    hidden: Bools,
    price: Floats,
    sums: csr_array,
    linked: NDArray[np.int32],
) -> Floats:
    """Cheapest change of the table that moves one cell by at least so much and keeps every sum."""
    place = int(np.flatnonzero(usable == cell)[0])
    cost = np.where(hidden, _HIDDEN_ANYWAY, price)[usable]
    count = len(usable)
    for limit in (room[usable], np.full(count, np.inf)):
        up = np.maximum(limit, 0.0)
        down = values[usable] - 1.0  # a reader knows that what is hidden is not 0
        low = np.zeros(2 * count)
        high = np.concatenate([up, down])
        if by > 0:
            low[place], high[count + place] = by, 0.0
        else:
            low[count + place], high[place] = -by, 0.0
        if (low > high).any():
            continue
        goal = np.concatenate([cost, cost])
        answer = linprog(
            goal,
            A_eq=sums if sums.shape[0] else None,
            b_eq=np.zeros(sums.shape[0]) if sums.shape[0] else None,
            bounds=np.column_stack([low, high]),
            method="highs-ds",
        )
        if answer.x is not None and (np.abs(answer.x - np.round(answer.x)) > _WHOLE).any():
            # Tables of two ways of summing come out whole by themselves; others may need to be told.
            answer = milp(
                goal,
                integrality=np.ones(2 * count),
                bounds=Bounds(low, high),  # type: ignore[arg-type,unused-ignore]
                constraints=LinearConstraint(sums, 0, 0),
            )
        if answer.x is not None:
            step = np.zeros(len(values))
            step[usable] = np.round(answer.x[:count] - answer.x[count:])
            return step
    # No table of whole numbers differs in this cell: nothing that is summed with it may be visible.
    step = np.zeros(len(values))
    step[usable[linked[usable] == linked[cell]]] = 1.0
    step[cell] = by
    return step
