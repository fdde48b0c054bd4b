"""Models of cover: everybody within a limit, the most within a limit, and the least largest cost.

Set cover (Toregas and others 1971) is reduced before HiGHS sees it: rows that see the same sites
are one row, a row whose sites include another row's is dropped, and so is a site that serves no
more than another. The p-center is a search for the least limit whose set cover needs no more than
`p` sites. Maximal cover (Church and ReVelle 1974) is a p-median whose costs are 0 within the limit
and 1 beyond, and is solved as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.siting_median import find_median
from geo.siting_problem import Floats, Found, Integers, Problem, UnreachableError, frame_problem, out_of_time
from geo.siting_search import search_median
from geo.siting_solver import Rows, minimise

Bools = NDArray[np.bool_]
Backup = Literal["none", "most", "all"]


def reduce_cover(problem: Problem, limit: float) -> Problem:
    """Maximal cover as a p-median: cost 0 within the limit, 1 beyond, equal rows put together.

    Rows within reach of no site, or of a kept one, are the same in every plan and are left out;
    if nothing remains, one row that every site serves stands for them.
    """
    near = (problem.cost <= limit) & np.isfinite(problem.cost)
    usable = near[:, problem.free].any(axis=1) & ~near[:, list(problem.keep)].any(axis=1)
    rows = np.flatnonzero(problem.counted & usable)
    if not len(rows):
        whole = np.zeros((1, problem.cost.shape[1]))
        return replace(problem, cost=whole, weights=np.ones(1), demand_names=("all",))
    sets, place = np.unique(near[rows], axis=0, return_inverse=True)
    weights = np.bincount(place.ravel(), problem.weights[rows]).astype(np.float64)
    names = tuple(f"set {number}" for number in range(len(sets)))
    return replace(problem, cost=1.0 - sets.astype(np.float64), weights=weights, demand_names=names)


def covered_weight(problem: Problem, sites: Integers | tuple[int, ...], limit: float) -> float:
    """Weight of the rows with an open site within the limit: people, never rows."""
    if not len(sites):
        return 0.0
    near = problem.cost[:, list(sites)].min(axis=1)
    return float(problem.weights[(near <= limit) & np.isfinite(near)].sum())


def share_covered(cost: ArrayLike, weights: ArrayLike | None, sites: Sequence[int], *, limit: float) -> float:
    """Share (0 to 1) of the weight with an open site within the limit: people, never rows."""
    problem = frame_problem(cost, weights)
    return covered_weight(problem, tuple(sites), limit) / float(problem.weights.sum())


def find_max_cover(
    problem: Problem, limit: float, *, seed: int, time_limit: float | None, heuristic: bool
) -> Found:
    """Solve maximal cover; cost and bound are the weight covered."""
    reduced = reduce_cover(problem, limit)
    found = find_median(reduced, seed=seed, time_limit=time_limit, heuristic=heuristic)
    value = covered_weight(problem, found.sites, limit)
    return Found(found.sites, value, value + (found.cost - found.bound))


def find_cover(
    problem: Problem, limit: float, *, backup: Backup, time_limit: float | None
) -> tuple[Found, float]:
    """Solve set cover.

    Returns
    -------
    found
        Its cost is the sum of prices.
    twice
        Weight with two open sites within the limit.

    Raises
    ------
    UnreachableError
        With `backup` ``all``, somebody has fewer than two sites within the limit.
    """
    near = ((problem.cost <= limit) & np.isfinite(problem.cost))[problem.counted][:, problem.free]
    kept = np.isin(problem.free, problem.keep)
    prices = problem.prices[problem.free]
    need = 2 if backup == "all" else 1
    lonely = near.sum(axis=1) < need
    if lonely.any():
        who = np.flatnonzero(problem.counted)[lonely]
        raise UnreachableError(
            f"nobody in {problem.name_rows(who)} has {need} sites within {limit:g}; add candidates near "
            "them, allow a larger limit, or ask for backup where it can be had",
            who,
        )
    sites, bound = _fewest(near, prices, kept, need=need, time_limit=time_limit)
    cost = float(prices[sites].sum())
    if backup == "most":
        sites = _most_twice(near, problem.weights[problem.counted], prices, kept, cost, sites, time_limit)
    twice = near[:, sites].sum(axis=1) >= 2
    value = float(problem.weights[problem.counted][twice].sum())
    return Found(problem.free[sites], cost, min(bound, cost)), value


def find_center(problem: Problem, *, seed: int, time_limit: float | None) -> Found:
    """Solve the p-center: the least largest cost to the nearest of `p` sites, weights ignored.

    Raises
    ------
    UnreachableError
        No choice of `p` sites (or within the budget) reaches everybody.
    SitingError
        Time ran out before a plan was found.
    """
    cost = problem.cost[problem.counted][:, problem.free]
    kept = np.isin(problem.free, problem.keep)
    prices = np.ones(len(problem.free)) if problem.p is not None else problem.prices[problem.free]
    most = float(problem.p if problem.p is not None else problem.budget or 0.0)
    radii = np.unique(cost[np.isfinite(cost)])
    radii = radii[radii >= cost.min(axis=1).max()]
    best = _start_center(cost, kept, problem, seed)
    high = len(radii) if best is None else int(np.searchsorted(radii, _largest(cost, best)))
    low = _bisect_relaxed(cost, radii, high, prices, kept, most)
    late = False
    while low < high:
        middle = (low + high) // 2
        found = _cover_within(cost <= radii[middle], prices, kept, most, time_limit)
        if found is None:
            low = middle + 1
        elif not len(found):  # out of time: the bound reached so far stands
            late = True
            break
        else:
            best, high = found, int(np.searchsorted(radii, _largest(cost, found)))
    if best is None and late:
        raise out_of_time("reaches everybody", time_limit)
    if best is None or high == len(radii):
        rule = f"{problem.p} sites" if problem.p is not None else f"a budget of {problem.budget:g}"
        raise UnreachableError(
            f"no choice of {rule} reaches everybody, although each could be reached by some site; allow "
            "more, or use maximal cover, which says who is left out"
        )
    sites = _fill(cost, best, problem, kept)
    reached = _largest(cost, sites)
    return Found(problem.free[sites], reached, min(reached, float(radii[min(low, len(radii) - 1)])))


def _largest(cost: Floats, sites: Integers) -> float:
    return float(cost[:, sites].min(axis=1).max())


def _start_center(cost: Floats, kept: Bools, problem: Problem, seed: int) -> Integers | None:
    if problem.p is None:
        # Within a budget the kept sites alone are a plan, if they reach everybody.
        alone = np.flatnonzero(kept)
        return alone if len(alone) and np.isfinite(_largest(cost, alone)) else None
    work = np.ascontiguousarray(cost.T)
    places = np.flatnonzero(kept)
    # A high power of the cost is a sum that the largest dominates: a p-median close to a p-center.
    top = work[np.isfinite(work)].max(initial=1.0) or 1.0
    _, sites = search_median(
        (work / top) ** 12, count=problem.p, kept=places, seed=seed, starts=10, shakes=20
    )
    return sites if np.isfinite(_largest(cost, sites)) else None


def _fill(cost: Floats, sites: Integers, problem: Problem, kept: Bools) -> Integers:
    """Open more sites, if fewer than `p` do, each the one that shortens the total most."""
    chosen = sorted({int(site) for site in sites} | {int(site) for site in np.flatnonzero(kept)})
    while problem.p is not None and len(chosen) < problem.p:
        near = cost[:, chosen].min(axis=1, keepdims=True) if chosen else np.full((len(cost), 1), np.inf)
        total = np.minimum(near, cost).sum(axis=0)
        total[chosen] = np.inf
        if np.isinf(total).all():
            total = np.where(np.isin(np.arange(cost.shape[1]), chosen), np.inf, 0.0)
        chosen = sorted([*chosen, int(total.argmin())])
    return np.array(chosen, dtype=np.int64)


def _bisect_relaxed(cost: Floats, radii: Floats, high: int, prices: Floats, kept: Bools, most: float) -> int:
    """First radius at which even fractions of sites are enough."""
    low = 0
    while low < high:
        middle = (low + high) // 2
        rows, columns = shrink_cover(cost <= radii[middle], prices, kept)
        if _fractional(rows, prices[columns]) + prices[kept].sum() > most + 1e-6:
            low = middle + 1
        else:
            high = middle
    return low


def shrink_cover(near: Bools, prices: Floats, kept: Bools) -> tuple[Bools, Integers]:
    """Reduce a set cover until nothing more can be left out.

    Parameters
    ----------
    near : array of bool, shape (row, site)
        Which site serves which row.
    prices
        One for each site.
    kept
        Sites that are open anyway; the rows they serve are gone.

    Returns
    -------
    rows, columns
        What remains of `near`, and which sites its columns are.
    """
    rows = near[~near[:, kept].any(axis=1)]
    columns = np.flatnonzero(~kept)
    rows = rows[:, columns]
    while True:
        before = rows.shape
        rows = np.unique(rows, axis=0)
        rows = rows[~_includes_another(rows)]
        if rows.shape[0]:
            stay = ~_within_another(rows, prices[columns])
            rows, columns = rows[:, stay], columns[stay]
        if rows.shape == before:
            return rows, columns


def _includes_another(rows: Bools) -> Bools:
    whole = rows.astype(np.float32)
    size = whole.sum(axis=1)
    common = whole @ whole.T
    # Rows are unique, so a row that contains another is larger.
    return ((common >= size[None, :]) & (size[:, None] > size[None, :])).any(axis=1)


def _within_another(rows: Bools, prices: Floats) -> Bools:
    whole = rows.T.astype(np.float32)
    size = whole.sum(axis=1)
    within = (whole @ whole.T >= size[:, None]) & (prices[None, :] <= prices[:, None])
    np.fill_diagonal(within, val=False)
    # Of sites that serve the same at the same price the first stays.
    mutual = within & within.T
    earlier = np.tril(np.ones_like(within), -1)
    return (within & (~mutual | earlier)).any(axis=1)


def _fractional(rows: Bools, prices: Floats) -> float:
    if not len(rows):
        return 0.0
    answer = minimise(
        prices, _at_least(rows, 1).constraint(rows.shape[1]), whole=np.zeros(rows.shape[1], bool)
    )
    return answer.objective


def _at_least(rows: Bools, need: int) -> Rows:
    collected = Rows()
    for row in rows:
        collected.add(np.flatnonzero(row), 1.0, low=need)
    return collected


def _cover_within(
    near: Bools, prices: Floats, kept: Bools, most: float, time_limit: float | None
) -> Integers | None:
    """Sites whose prices stay within `most` and that serve all; None if there are none such.

    Empty when time ran out.
    """
    rows, columns = shrink_cover(near, prices, kept)
    always = np.flatnonzero(kept)
    if not len(rows):
        return always
    left = most - float(prices[kept].sum())
    constraint = _at_least(rows, 1)
    constraint.add(np.arange(len(columns)), prices[columns], high=left + 1e-9)
    whole = np.ones(len(columns), dtype=bool)
    answer = minimise(
        prices[columns], constraint.constraint(len(columns)), whole=whole, time_limit=time_limit
    )
    if answer.values is None:
        return None if answer.status == "infeasible" else np.zeros(0, dtype=np.int64)
    return np.union1d(always, columns[answer.values > 0.5])


def _fewest(
    near: Bools, prices: Floats, kept: Bools, *, need: int, time_limit: float | None
) -> tuple[Integers, float]:
    if need == 1:
        rows, columns = shrink_cover(near, prices, kept)
        already = np.zeros(len(rows))
    else:
        columns = np.flatnonzero(~kept)
        already = near[:, kept].sum(axis=1)
        rows, already = near[already < need][:, columns], already[already < need]
    always = np.flatnonzero(kept)
    spent = float(prices[kept].sum())
    if not len(rows):
        if not len(always):  # somebody must be served by something, however little is asked
            always = np.array([int(prices.argmin())])
        return always, spent
    collected = Rows()
    for row, has in zip(rows, already, strict=True):
        collected.add(np.flatnonzero(row), 1.0, low=need - has)
    whole = np.ones(len(columns), dtype=bool)
    answer = minimise(prices[columns], collected.constraint(len(columns)), whole=whole, time_limit=time_limit)
    if answer.values is None:
        # Out of time without a plan: all of them serve everybody, and the bound says how far off that is.
        return np.arange(near.shape[1]), spent + max(answer.bound, 0.0)
    return np.union1d(always, columns[answer.values > 0.5]), spent + answer.bound


def _most_twice(
    near: Bools,
    weights: Floats,
    prices: Floats,
    kept: Bools,
    spend: float,
    sites: Integers,
    time_limit: float | None,
) -> Integers:
    """Of the plans that serve all for `spend`, the one that serves the most weight twice."""
    sets, place = np.unique(near, axis=0, return_inverse=True)
    weight = np.bincount(place.ravel(), weights)
    count, width = sets.shape
    collected = Rows()
    for number, row in enumerate(sets):
        members = np.flatnonzero(row)
        collected.add(members, 1.0, low=1.0)
        collected.add(np.append(members, width + number), np.append(np.ones(len(members)), -1.0), low=1.0)
    collected.add(np.arange(width), prices, high=spend + 1e-9)
    answer = minimise(
        np.concatenate([np.zeros(width), -weight / weight.max()]),
        collected.constraint(width + count),
        whole=np.arange(width + count) < width,
        low=np.concatenate([kept.astype(float), np.zeros(count)]),
        time_limit=time_limit,
    )
    return sites if answer.values is None else np.flatnonzero(answer.values[:width] > 0.5)
