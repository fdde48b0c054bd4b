"""What a siting question is, and what its answer holds.

A question is a matrix of costs (a row for each place where people live, a column for each
candidate site), a weight for each row, and rules for which sites may be open. It is checked once,
here, so that no solver meets a negative weight, a cost that is not a number, or more sites than
there are candidates.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import UserError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: In `Siting.assignment`: served by nobody.
UNSERVED = -1
#: A plan counts as proven when the bound is this close, as a share of the objective.
PROVEN = 1e-6
_NAMED = 5


class SitingError(UserError, ValueError):
    """The question cannot be put: something in the input is wrong."""


class UnreachableError(SitingError):
    """Somebody has no site within reach, under any choice that the rules allow.

    Attributes
    ----------
    demand : tuple of int
        Rows of the cost matrix; empty when each can be reached, but not all at once.
    """

    def __init__(self, message: str, demand: Sequence[int] | Integers = ()) -> None:
        super().__init__(message)
        self.demand = tuple(int(row) for row in demand)


class CapacityError(SitingError):
    """The sites cannot hold everybody.

    Attributes
    ----------
    shortfall : float
        How many have no place, in the unit of the loads.
    """

    def __init__(self, message: str, shortfall: float) -> None:
        super().__init__(message)
        self.shortfall = shortfall


class Rule(TypedDict):
    """How many sites are open, and which of them are settled; passed as ``**rule``."""

    p: int
    keep: tuple[int, ...]
    close: tuple[int, ...]


@dataclass(frozen=True)
class Siting:
    """A plan: which sites are open, whom each serves, and how sure it is that none is better.

    Parameters
    ----------
    model
        ``p-median``, ``p-center``, ``set cover``, ``maximal cover``, ``capacitated p-median`` or
        ``capacitated maximal cover``.
    sites
        Open sites as columns of the cost matrix, in the order of the candidates.
    kept, closed
        Columns that the caller had fixed open, and fixed shut.
    assignment
        For each row the open site that serves it, else `UNSERVED`. The nearest open site, unless
        sites have capacities. Under a limit, only a site within it.
    objective
        In the model's own unit: weight times cost, largest cost, sites (or their price), or weight
        covered.
    bound
        No plan under the same rules is better than this.
    gap
        Distance between objective and bound as a share of the objective; 0.0 when proven.
    proven
        True when no plan under the same rules is better by more than one part in a million.
    method
        ``exact (HiGHS)``, or the name of the heuristic that was asked for.
    seed
        Of the heuristic's starts; it decides between equally good plans only.
    seconds
        How long it took; not part of equality.
    """

    model: str
    sites: tuple[int, ...]
    kept: tuple[int, ...]
    closed: tuple[int, ...]
    assignment: tuple[int, ...]
    objective: float
    bound: float
    gap: float
    proven: bool
    method: str
    seed: int
    seconds: float = field(compare=False)


@dataclass(frozen=True)
class Problem:
    """A checked question; made by `frame_problem` only.

    Parameters
    ----------
    cost
        Shape (demand, candidate), infinite where there is no way.
    weights
        Shape (demand,), not negative.
    p, budget, prices
        Exactly `p` sites, or sites whose prices add to at most `budget`.
    keep, close
        Columns fixed open and fixed shut, ascending.
    demand_names, site_names
        For messages.
    """

    cost: Floats
    weights: Floats
    p: int | None
    budget: float | None
    prices: Floats
    keep: tuple[int, ...]
    close: tuple[int, ...]
    demand_names: tuple[str, ...]
    site_names: tuple[str, ...]

    @property
    def free(self) -> Integers:
        """Columns that may be open, ascending: all but the closed."""
        return np.setdiff1d(np.arange(self.cost.shape[1]), np.array(self.close, dtype=np.int64))

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Rows that somebody lives in: weight above zero."""
        return self.weights > 0

    def name_rows(self, rows: Sequence[int] | Integers) -> str:
        """Name the first few rows, for a message."""
        named = ", ".join(self.demand_names[int(row)] for row in rows[:_NAMED])
        return named if len(rows) <= _NAMED else f"{named} and {len(rows) - _NAMED} more"


@dataclass(frozen=True)
class Found:
    """What a solver gives: open sites as columns, the value of the plan, and the bound on all."""

    sites: Integers
    cost: float
    bound: float


def add_to(existing: Sequence[int], count: int) -> Rule:
    """Rule that keeps every existing site and adds `count` more.

    Raises
    ------
    SitingError
        `count` is negative.
    """
    if count < 0:
        raise SitingError(f"{count} sites to add; give 0 or more, or use close_from to close some")
    kept = tuple(sorted(set(existing)))
    return Rule(p=len(kept) + count, keep=kept, close=())


def close_from(existing: Sequence[int], count: int, *, candidates: int) -> Rule:
    """Rule that opens nothing new and closes `count` of the existing sites.

    Raises
    ------
    SitingError
        `count` is negative, or leaves no site open.
    """
    kept = set(existing)
    if not 0 <= count < len(kept):
        raise SitingError(
            f"{count} sites to close, but {len(kept)} exist; one at least must stay, so close "
            f"between 0 and {max(len(kept) - 1, 0)}"
        )
    return Rule(
        p=len(kept) - count, keep=(), close=tuple(site for site in range(candidates) if site not in kept)
    )


def frame_problem(
    cost: ArrayLike,
    weights: ArrayLike | None,
    *,
    p: int | None = None,
    budget: float | None = None,
    prices: ArrayLike | None = None,
    keep: Sequence[int] = (),
    close: Sequence[int] = (),
    demand_names: Sequence[str] | None = None,
    site_names: Sequence[str] | None = None,
) -> Problem:
    """Check a question.

    Parameters
    ----------
    cost, weights, p, budget, prices, keep, close
        As in `Problem`. Without weights each row counts once; without prices each site costs 1.
    demand_names, site_names
        Unique; the row and column numbers where left out.

    Raises
    ------
    SitingError
        A cost is not a number or negative, a weight is negative or not finite, names repeat, a
        site is both kept and closed, or the rules ask for more sites than there are.
    """
    matrix = np.array(cost, dtype=np.float64)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise SitingError(
            f"costs have the shape {matrix.shape}; give a row for each demand and a column a site"
        )
    rows, columns = matrix.shape
    people = _names(demand_names, rows, "demand")
    sites = _names(site_names, columns, "candidate")
    bad = np.argwhere(np.isnan(matrix) | (matrix < 0))
    if len(bad):
        row, column = bad[0]
        raise SitingError(
            f"cost from {people[row]} to {sites[column]} is {matrix[row, column]:g}; give 0 or more, and "
            f"infinity where there is no way ({len(bad)} such)"
        )
    mass = np.ones(rows) if weights is None else np.array(weights, dtype=np.float64)
    if mass.shape != (rows,):
        raise SitingError(f"{mass.size} weights for {rows} rows of costs; give one weight a row")
    wrong = np.flatnonzero(~np.isfinite(mass) | (mass < 0))
    if len(wrong):
        raise SitingError(
            f"weight of {people[wrong[0]]} is {mass[wrong[0]]:g}; give 0 or more people ({len(wrong)} such)"
        )
    if not mass.any():
        raise SitingError(
            "all weights are zero, so every plan is as good as any other; give weights above zero"
        )
    price = np.ones(columns) if prices is None else np.array(prices, dtype=np.float64)
    if price.shape != (columns,) or not np.isfinite(price).all() or (price < 0).any():
        raise SitingError(f"prices {prices!r}: give {columns} prices of 0 or more, one for each candidate")
    kept, closed = _columns(keep, columns, "keep"), _columns(close, columns, "close")
    if both := set(kept) & set(closed):
        raise SitingError(f"{sites[min(both)]} is both kept and closed; choose one")
    _check_count(p, budget, price, kept, closed)
    return Problem(matrix, mass, p, budget, price, kept, closed, people, sites)


def check_rule(problem: Problem) -> None:
    """Refuse a question that says neither how many sites nor how much they may cost.

    Raises
    ------
    SitingError
        Neither is given.
    """
    if problem.p is None and problem.budget is None:
        raise SitingError("neither a number of sites nor a budget is given; give one of them")


def check_reach(problem: Problem, *, limit: float = np.inf) -> None:
    """Refuse a question in which somebody has no site that may serve them.

    Parameters
    ----------
    problem
        The question; rows of weight zero are nobody.
    limit
        Largest cost at which a site serves a row.

    Raises
    ------
    UnreachableError
        Names the rows, and for the farthest of them the nearest site.
    """
    nearest = problem.cost[:, problem.free].min(axis=1)
    far = np.flatnonzero(problem.counted & ((nearest > limit) | np.isinf(nearest)))
    if not len(far):
        return
    reach = "any site" if np.isinf(limit) else f"{limit:g} of any site"
    worst = far[np.argmax(nearest[far])]
    tail = (
        f"{problem.demand_names[worst]} has no way to any of them"
        if np.isinf(nearest[worst])
        else f"the farthest is {problem.demand_names[worst]}, {nearest[worst]:g} from the nearest site"
    )
    raise UnreachableError(
        f"nobody in {problem.name_rows(far)} can be served within {reach}: {tail}; add a candidate near "
        "them, allow a larger limit, or leave them out and say so",
        far,
    )


def out_of_time(does: str, time_limit: float | None) -> SitingError:
    """Make the error of a search that ended before it found a plan, which is no proof that there is none."""
    within = "the time given" if time_limit is None else f"{time_limit:g} seconds"
    return SitingError(
        f"no plan that {does} was found within {within}, nor proof that there is none; allow more time"
    )


def assign_nearest(
    problem: Problem, sites: Sequence[int] | Integers, *, limit: float = np.inf
) -> tuple[int, ...]:
    """Give each row its nearest open site; `UNSERVED` beyond the limit or where there is no way."""
    columns = np.array(sites, dtype=np.int64)
    if not len(columns):
        return (UNSERVED,) * len(problem.cost)
    near = problem.cost[:, columns]
    place = near.argmin(axis=1)
    value = near[np.arange(len(near)), place]
    served = np.isfinite(value) & (value <= limit)
    return tuple(int(site) for site in np.where(served, columns[place], UNSERVED))


def state_plan(
    model: str,
    problem: Problem,
    found: Found,
    assignment: tuple[int, ...],
    method: str,
    seed: int,
    begin: float,
) -> Siting:
    """Put a solver's answer into words; `begin` is `time.perf_counter` at the start."""
    gap = state_gap(found.cost, found.bound)
    return Siting(
        model=model,
        sites=tuple(int(site) for site in np.sort(found.sites)),
        kept=problem.keep,
        closed=problem.close,
        assignment=assignment,
        objective=found.cost,
        bound=found.bound,
        gap=gap,
        proven=gap == 0.0,
        method=method,
        seed=seed,
        seconds=time.perf_counter() - begin,
    )


def state_gap(objective: float, bound: float) -> float:
    """Distance between objective and bound as a share of the objective; 0.0 when they meet."""
    distance = abs(objective - bound)
    if distance <= PROVEN * max(abs(objective), 1e-9):
        return 0.0
    return distance / max(abs(objective), 1e-9)


def _names(given: Sequence[str] | None, count: int, kind: str) -> tuple[str, ...]:
    if given is None:
        return tuple(f"{kind} {place}" for place in range(count))
    names = tuple(str(name) for name in given)
    if len(names) != count:
        raise SitingError(f"{len(names)} {kind} names for {count} in the costs; give one each")
    if len(set(names)) != count:
        twice = next(name for name in names if names.count(name) > 1)
        raise SitingError(f"{kind} id {twice} is given {names.count(twice)} times; ids must be unique")
    return names


def _columns(given: Sequence[int], columns: int, word: str) -> tuple[int, ...]:
    chosen = tuple(sorted({int(site) for site in given}))
    if chosen and not (chosen[0] >= 0 and chosen[-1] < columns):
        raise SitingError(f"{word} names column {chosen[-1]}, but there are {columns} candidates, from 0")
    return chosen


def _check_count(
    p: int | None, budget: float | None, prices: Floats, kept: tuple[int, ...], closed: tuple[int, ...]
) -> None:
    open_to_choice = len(prices) - len(closed)
    if p is not None and budget is not None:
        raise SitingError("both a number of sites and a budget are given; give one of them")
    if p is not None and p < 1:
        raise SitingError(f"{p} sites asked for; give 1 or more")
    if p is not None and p > open_to_choice:
        raise SitingError(f"{p} sites asked for, but only {open_to_choice} may be open; ask for fewer")
    if p is not None and p < len(kept):
        raise SitingError(f"{p} sites asked for, but {len(kept)} are kept; ask for more, or keep fewer")
    spent = float(prices[list(kept)].sum())
    if budget is not None and spent > budget:
        raise SitingError(
            f"the kept sites cost {spent:g}, over the budget of {budget:g}; raise it or keep fewer"
        )
    cheapest = float(prices[np.setdiff1d(np.arange(len(prices)), closed)].min(initial=np.inf))
    if budget is not None and not kept and budget < cheapest:
        raise SitingError(
            f"a budget of {budget:g} is under the price of the cheapest site, {cheapest:g}, and none is "
            "kept; raise it"
        )
