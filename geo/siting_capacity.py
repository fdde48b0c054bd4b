"""Siting with rooms that fill up: capacitated p-median and capacitated maximal cover.

Each row goes to one open site, whole, or (in maximal cover) to none. A site takes no more than its
capacity. Written with a variable a row and site, and solved by HiGHS.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.siting_problem import UNSERVED, CapacityError, Floats, Integers, Problem, out_of_time
from geo.siting_solver import Rows, minimise


@dataclass(frozen=True)
class Filled:
    """Open sites, the site of each row, and value and bound of the plan."""

    sites: Integers
    assignment: tuple[int, ...]
    value: float
    bound: float


def find_capacitated_median(
    problem: Problem, capacities: Floats, loads: Floats, *, time_limit: float | None
) -> Filled:
    """Solve the capacitated p-median.

    Parameters
    ----------
    problem
        The question; everybody can be reached by some site.
    capacities
        One for each candidate, in the unit of the loads.
    loads
        One for each row: places it takes.
    time_limit
        Seconds; None for as long as it takes.

    Raises
    ------
    CapacityError
        The sites cannot hold everybody, and by how much.
    """
    _check_total(problem, capacities, loads)
    work = problem.cost * problem.weights[:, None]
    pairs = problem.counted[:, None] & np.isfinite(problem.cost) & (loads[:, None] <= capacities[None, :])
    filled = _fill_sites(problem, capacities, loads, pairs, work, all_served=True, time_limit=time_limit)
    if filled is None:
        placed = find_capacitated_cover(problem, capacities, loads, loads, np.inf, time_limit=time_limit)
        total = float(loads[problem.counted].sum())
        missing = total - float(loads[np.array(placed.assignment) != UNSERVED].sum())
        without = [row for row, site in enumerate(placed.assignment) if site == UNSERVED and loads[row] > 0]
        raise CapacityError(
            f"no choice of sites holds everybody: at best {missing:g} of {total:g} places are missing, for "
            f"instance for {problem.name_rows(without)}; allow more sites or more capacity",
            missing,
        )
    return filled


def find_capacitated_cover(
    problem: Problem,
    capacities: Floats,
    loads: Floats,
    gains: Floats,
    limit: float,
    *,
    time_limit: float | None,
) -> Filled:
    """Solve capacitated maximal cover: the most `gains` served within the limit and the capacities."""
    near = np.isfinite(problem.cost) & (problem.cost <= limit)
    pairs = problem.counted[:, None] & near & (loads[:, None] <= capacities[None, :])
    value = np.where(pairs, -gains[:, None], 0.0)
    filled = _fill_sites(problem, capacities, loads, pairs, value, all_served=False, time_limit=time_limit)
    if filled is None:  # only when time ran out before any plan: the kept sites, serving nobody
        nobody = (UNSERVED,) * len(loads)
        return Filled(np.array(problem.keep, dtype=np.int64), nobody, 0.0, float(gains.sum()))
    return Filled(filled.sites, filled.assignment, -filled.value, -filled.bound)


def find_filled_assignment(
    problem: Problem,
    sites: Integers,
    capacities: Floats,
    loads: Floats,
    *,
    limit: float,
    covered: float,
    time_limit: float | None,
) -> tuple[int, ...] | None:
    """Send rows to open sites with room, also beyond the limit, at the least cost (to a thousandth).

    Parameters
    ----------
    problem
        Costs and weights.
    sites
        Columns of the open sites.
    capacities, loads
        As in `find_capacitated_median`.
    limit, covered
        At least this much weight stays within the limit.
    time_limit
        Seconds; None for as long as it takes.

    Returns
    -------
    tuple or None
        A site or `UNSERVED` for each row: somebody is sent anywhere rather than nowhere, because having
        no place weighs ten times the longest way. None where time ran out.
    """
    near = np.isfinite(problem.cost) & (loads[:, None] <= capacities[None, :]) & problem.counted[:, None]
    allowed = np.zeros_like(near)
    allowed[:, sites] = near[:, sites]
    row_of, site_of = np.nonzero(allowed)
    if not len(row_of):
        return (UNSERVED,) * len(loads)
    ways = problem.cost[row_of, site_of]
    weight = problem.weights[row_of]
    rows = Rows()
    for row in np.unique(row_of):
        rows.add(np.flatnonzero(row_of == row), 1.0, high=1.0)
    for site in sites:
        members = np.flatnonzero(site_of == site)
        rows.add(members, loads[row_of[members]], high=float(capacities[site]))
    within = np.flatnonzero(ways <= limit)
    rows.add(within, weight[within], low=covered * (1 - 1e-9))
    # Never nought, or who weighs nothing would have no reason to go.
    costs = np.maximum(weight, 1e-6 * weight.max()) * (ways - 10 * max(float(ways.max()), 1.0))
    answer = minimise(
        costs / float(np.abs(costs).mean()),
        rows.constraint(len(row_of)),
        whole=np.ones(len(row_of), dtype=bool),
        time_limit=time_limit,
        gap=1e-3,
    )
    if answer.values is None:
        return None
    assignment = np.full(len(loads), UNSERVED)
    chosen = answer.values > 0.5
    assignment[row_of[chosen]] = site_of[chosen]
    return tuple(int(site) for site in assignment)


def _fill_sites(
    problem: Problem,
    capacities: Floats,
    loads: Floats,
    pairs: NDArray[np.bool_],
    value: Floats,
    *,
    all_served: bool,
    time_limit: float | None,
) -> Filled | None:
    allowed = pairs.copy()
    allowed[:, list(problem.close)] = False
    row_of, site_of = np.nonzero(allowed)
    width = problem.cost.shape[1]
    variable = width + np.arange(len(row_of))
    rows = Rows()
    for row in np.flatnonzero(problem.counted):
        rows.add(variable[row_of == row], 1.0, low=1.0 if all_served else -np.inf, high=1.0)
    for site in problem.free:
        members = variable[site_of == site]
        # No more than is asked for, or a very large capacity would make the row meaningless.
        room = min(float(capacities[site]), float(loads.sum()))
        rows.add(np.append(members, site), np.append(loads[row_of[site_of == site]], -room), high=0.0)
    for number, site in zip(variable, site_of, strict=True):
        rows.add([int(number), int(site)], [1.0, -1.0], high=0.0)
    if problem.p is not None:
        rows.add(np.arange(width), 1.0, low=problem.p, high=problem.p)
    if problem.budget is not None:
        rows.add(np.arange(width), problem.prices, high=problem.budget)
    low, high = np.zeros(width + len(row_of)), np.ones(width + len(row_of))
    low[list(problem.keep)] = 1.0
    high[list(problem.close)] = 0.0
    costs = value[row_of, site_of]
    scale = float(np.abs(costs).mean()) or 1.0 if len(costs) else 1.0
    answer = minimise(
        np.concatenate([np.zeros(width), costs / scale]),
        rows.constraint(width + len(row_of)),
        whole=np.ones(width + len(row_of), dtype=bool),
        low=low,
        high=high,
        time_limit=time_limit,
    )
    if answer.values is None:
        if answer.status == "limit" and all_served:
            raise out_of_time("serves everybody", time_limit)
        return None
    chosen = answer.values[width:] > 0.5
    assignment = np.full(len(loads), UNSERVED)
    assignment[row_of[chosen]] = site_of[chosen]
    total = float(costs[chosen].sum())
    sites = np.flatnonzero(answer.values[:width] > 0.5)
    return Filled(sites, tuple(int(site) for site in assignment), total, min(answer.bound * scale, total))


def _check_total(problem: Problem, capacities: Floats, loads: Floats) -> None:
    if problem.p is None:
        return
    others = np.setdiff1d(problem.free, np.array(problem.keep, dtype=np.int64))
    largest = np.sort(capacities[others])[::-1][: problem.p - len(problem.keep)]
    room = float(capacities[list(problem.keep)].sum() + largest.sum())
    total = float(loads[problem.counted].sum())
    if room < total:
        raise CapacityError(
            f"{total:g} places are needed, and the {problem.p} largest sites that may be open hold {room:g}: "
            f"{total - room:g} too few; allow more sites or more capacity",
            total - room,
        )
