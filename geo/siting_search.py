"""The two halves of a p-median proof, compiled: a good plan, and a bound on all plans.

Vertex substitution (Teitz and Bart 1968, with the fast exchange of Whitaker 1983) finds a plan;
Lagrangian relaxation of "each row is served once", by subgradient, bounds every plan from below.
Where the two meet, the plan is proven; where they do not, `geo.siting_median` goes on.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from geo.siting_problem import Floats, Integers

_SLACK = 1e-9


@nb.njit(cache=True)
def _serve(work: Floats, sites: Integers, row: int, nearest: Integers, first: Floats, second: Floats) -> None:
    best, next_best, place = np.inf, np.inf, 0
    for k in range(len(sites)):
        value = work[sites[k], row]
        if value < best:
            next_best = best
            best = value
            place = k
        elif value < next_best:
            next_best = value
    nearest[row] = place
    first[row] = best
    second[row] = next_best


@nb.njit(cache=True)
def _descend(work: Floats, sites: Integers, locked: NDArray[np.bool_]) -> float:
    """Exchange sites in place until no single exchange is better; give the plan's cost."""
    candidates, rows = work.shape
    count = len(sites)
    is_open = np.zeros(candidates, dtype=np.bool_)
    for site in sites:
        is_open[site] = True
    nearest = np.zeros(rows, dtype=np.int64)
    first = np.empty(rows)
    second = np.empty(rows)
    for row in range(rows):
        _serve(work, sites, row, nearest, first, second)
    loss = np.empty(count)
    since = 0
    candidate = 0
    while since < candidates:
        candidate = (candidate + 1) % candidates
        since += 1
        if is_open[candidate]:
            continue
        gain = 0.0
        loss[:] = 0.0
        for row in range(rows):
            value = work[candidate, row]
            if value < first[row]:
                gain += first[row] - value
            else:
                loss[nearest[row]] += min(value, second[row]) - first[row]
        leaving = -1
        least = np.inf
        for k in range(count):
            if not locked[k] and loss[k] < least:
                least = loss[k]
                leaving = k
        if leaving < 0 or least - gain >= -_SLACK * (1.0 + abs(gain)):
            continue
        since = 0
        is_open[sites[leaving]] = False
        is_open[candidate] = True
        gone = sites[leaving]
        sites[leaving] = candidate
        for row in range(rows):
            value = work[candidate, row]
            touched = nearest[row] == leaving or work[gone, row] <= second[row] or value < second[row]
            if touched:
                _serve(work, sites, row, nearest, first, second)
    return first.sum()


@nb.njit(cache=True)
def _search(
    work: Floats, starts: Integers, locked: NDArray[np.bool_], shakes: Integers
) -> tuple[float, Integers]:
    best_cost = np.inf
    best = starts[0].copy()
    for start in range(len(starts)):
        sites = starts[start].copy()
        cost = _descend(work, sites, locked)
        if cost < best_cost:
            best_cost = cost
            best = sites
    candidates = len(work)
    count = len(best)
    is_open = np.zeros(candidates, dtype=np.bool_)
    for shake in range(len(shakes)):
        sites = best.copy()
        is_open[:] = False
        for site in sites:
            is_open[site] = True
        for step in range(shakes.shape[1]):
            incoming = shakes[shake, step] % candidates
            leaving = (shakes[shake, step] // candidates) % count
            if not is_open[incoming] and not locked[leaving]:
                is_open[sites[leaving]] = False
                is_open[incoming] = True
                sites[leaving] = incoming
        cost = _descend(work, sites, locked)
        if cost < best_cost * (1 - 1e-12):
            best_cost = cost
            best = sites
    return best_cost, best


@nb.njit(cache=True)
def bound_median(
    work: Floats, count: int, kept: NDArray[np.bool_], sites: Integers, target: float, rounds: int
) -> tuple[float, Floats, Floats, float, Integers]:
    """Bound every plan from below by Lagrangian relaxation.

    Parameters
    ----------
    work : array of float, shape (candidate, demand)
        Weight times cost; infinite where there is no way.
    count
        Number of open sites.
    kept
        Candidates that are open in every plan.
    sites
        A plan that serves everybody; the multipliers start from its second-nearest costs.
    target
        Stop once the bound is above this.
    rounds
        Most subgradient steps.

    Returns
    -------
    bound : float
        No plan costs less.
    multipliers, reduced : arrays of float
        At that bound: what each row pays at most, and the reduced cost of each candidate.
    found, plan
        Cost and sites of the best plan met on the way.
    """
    candidates, rows = work.shape
    first = np.empty(rows)
    second = np.empty(rows)
    nearest = np.zeros(rows, dtype=np.int64)
    for row in range(rows):
        _serve(work, sites, row, nearest, first, second)
    found = first.sum()
    plan = sites.copy()
    pay = np.where(np.isfinite(second), 0.5 * (first + second), first)
    best_pay = pay.copy()
    reduced = np.zeros(candidates)
    best_reduced = reduced.copy()
    bound = -np.inf
    step = 1.5
    stale = 0
    direction = np.zeros(rows)
    served = np.empty(rows)
    for _ in range(rounds):
        for candidate in range(candidates):
            total = 0.0
            for row in range(rows):
                saving = work[candidate, row] - pay[row]
                if saving < 0.0:
                    total += saving
            reduced[candidate] = total
        ranked = np.argsort(np.where(kept, -np.inf, reduced))[:count]
        value = pay.sum()
        served[:] = 1.0
        for candidate in ranked:
            value += reduced[candidate]
            for row in range(rows):
                if work[candidate, row] < pay[row]:
                    served[row] -= 1.0
        if value > bound + 1e-7 * abs(bound):
            stale = 0
        else:
            stale += 1
        if value > bound:
            bound = value
            best_pay[:] = pay
            best_reduced[:] = reduced
            if bound > target:
                break
            # The sites of a good bound are often a good plan.
            cost = 0.0
            for row in range(rows):
                least = np.inf
                for candidate in ranked:
                    least = min(least, work[candidate, row])
                cost += least
            if cost < found * (1 - 1e-12):
                found = cost
                plan[:] = ranked
        if stale >= 20:
            step *= 0.6
            stale = 0
            pay[:] = best_pay
            direction[:] = 0.0
            if step < 1e-3:
                break
            continue
        direction[:] = served + 0.5 * direction
        length = (direction * direction).sum()
        if length < 1e-12:
            break
        move = step * max(found - value, 1e-6 * abs(found)) / length
        pay += move * direction
        pay[:] = np.maximum(pay, 0.0)
    return bound, best_pay, best_reduced, found, plan


def search_median(
    work: Floats, *, count: int, kept: Integers, seed: int, starts: int = 20, shakes: int = 60
) -> tuple[float, Integers]:
    """Find a good p-median plan by vertex substitution.

    Parameters
    ----------
    work : array of float, shape (candidate, demand)
        Weight times cost. An infinite entry is replaced by more than any plan can cost, so that
        a plan leaving somebody unserved is chosen only when no exchange mends it.
    count
        Number of open sites.
    kept
        Candidates that stay open.
    seed
        Of the random starts and the shake-ups (three random exchanges, then substitution).

    Returns
    -------
    cost, sites
        Cost is infinite if the plan leaves somebody unserved.
    """
    candidates = len(work)
    finite = work[np.isfinite(work)]
    filled = np.where(np.isfinite(work), work, 1.0 + finite.max(initial=0.0) * work.shape[1])
    random = np.random.default_rng(seed)
    others = np.setdiff1d(np.arange(candidates), kept)
    begin = np.array(
        [np.concatenate([kept, random.permutation(others)[: count - len(kept)]]) for _ in range(starts)]
    )
    locked = np.arange(count) < len(kept)
    moves = random.integers(0, candidates * count, size=(shakes, 3))
    _, sites = _search(np.ascontiguousarray(filled), begin.astype(np.int64), locked, moves)
    return float(work[sites].min(axis=0).sum()), np.sort(sites)
