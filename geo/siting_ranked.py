"""Every plan close to the best, one after another.

The candidates that no near-best plan can do without, or with, are settled once by the Lagrangian
bound; HiGHS then gives the best plan, the best plan that is not that one, and so on (no-good cuts),
until no plan within the tolerance is left or enough have been listed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from geo.siting_cover import covered_weight, find_max_cover, reduce_cover
from geo.siting_median import build_radius_model, find_median, settle, solve_model, weigh
from geo.siting_problem import (
    Found,
    Integers,
    Problem,
    Siting,
    assign_nearest,
    check_reach,
    check_rule,
    frame_problem,
    state_plan,
)
from geo.siting_search import bound_median
from geo.siting_solver import EXACT, Rows

_ROUNDS = 600


@dataclass(frozen=True)
class NearBest:
    """Plans close to the best one.

    Parameters
    ----------
    plans
        Best first; the first is the best. Where not `complete`, the best so many.
    within
        Share of the best objective by which a plan may fall short.
    complete
        True when these are all the plans within it.
    """

    plans: tuple[Siting, ...]
    within: float
    complete: bool


def rank_p_medians(
    cost: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    p: int | None = None,
    budget: float | None = None,
    prices: ArrayLike | None = None,
    keep: Sequence[int] = (),
    close: Sequence[int] = (),
    within: float = 0.02,
    most: int = 20,
    seed: int = 0,
    time_limit: float | None = None,
) -> NearBest:
    """List every p-median plan whose objective is close to the best, best first.

    Parameters
    ----------
    cost, weights, p, budget, prices, keep, close, seed, time_limit
        As in `solve_p_median`; the time is for each plan.
    within
        Share of the best objective by which a plan may be worse.
    most
        Stop after this many.

    Raises
    ------
    SitingError, UnreachableError
        As in `solve_p_median`.
    """
    begin = time.perf_counter()
    problem = frame_problem(cost, weights, p=p, budget=budget, prices=prices, keep=keep, close=close)
    check_rule(problem)
    check_reach(problem)
    found, complete = list_near_medians(problem, within=within, most=most, seed=seed, time_limit=time_limit)
    plans = tuple(
        state_plan("p-median", problem, plan, assign_nearest(problem, plan.sites), EXACT, seed, begin)
        for plan in found
    )
    return NearBest(plans, within, complete)


def rank_max_covers(
    cost: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    limit: float,
    p: int | None = None,
    budget: float | None = None,
    prices: ArrayLike | None = None,
    keep: Sequence[int] = (),
    close: Sequence[int] = (),
    within: float = 0.02,
    most: int = 20,
    seed: int = 0,
    time_limit: float | None = None,
) -> NearBest:
    """List every maximal-cover plan whose objective is close to the best, best first.

    Equal covers are ordered by weighted cost: the first has the shortest way of all of them where the list
    is complete, and of those found where there are more than `most`.

    Parameters
    ----------
    cost, weights, limit, p, budget, prices, keep, close, seed, time_limit
        As in `solve_max_cover`; the time is for each plan.
    within, most
        As in `rank_p_medians`.

    Raises
    ------
    SitingError
        As in `solve_p_median`.
    """
    begin = time.perf_counter()
    problem = frame_problem(cost, weights, p=p, budget=budget, prices=prices, keep=keep, close=close)
    check_rule(problem)
    found, complete = list_near_covers(
        problem, limit, within=within, most=most, seed=seed, time_limit=time_limit
    )
    plans = tuple(
        state_plan(
            "maximal cover",
            problem,
            plan,
            assign_nearest(problem, plan.sites, limit=limit),
            EXACT,
            seed,
            begin,
        )
        for plan in found
    )
    return NearBest(plans, within, complete)


def list_near_medians(
    problem: Problem, *, within: float, most: int, seed: int, time_limit: float | None
) -> tuple[list[Found], bool]:
    """List p-median plans whose cost is within a share of the best.

    Returns
    -------
    plans
        Best first; each with the best plan's bound, so that only the best is proven best.
    complete
        True when there are no others within the share.
    """
    best = find_median(problem, seed=seed, time_limit=time_limit, heuristic=False)
    places, complete = _list_plans(problem, best, best.cost * (1 + within), most, time_limit)
    work = weigh(problem)
    plans = [Found(problem.free[p], float(work[p].min(axis=0).sum()), best.bound) for p in places]
    return sorted(plans, key=lambda plan: (plan.cost, tuple(plan.sites))), complete


def list_near_covers(
    problem: Problem, limit: float, *, within: float, most: int, seed: int, time_limit: float | None
) -> tuple[list[Found], bool]:
    """List maximal-cover plans whose weight covered is within a share of the best.

    Those found that are equal are ordered by weighted cost. Returns as `list_near_medians`.
    """
    best = find_max_cover(problem, limit, seed=seed, time_limit=time_limit, heuristic=False)
    reduced = reduce_cover(problem, limit)
    work = weigh(reduced)
    uncovered = float(work[np.searchsorted(reduced.free, best.sites)].min(axis=0).sum())
    start = Found(best.sites, uncovered, uncovered - (best.bound - best.cost))
    places, complete = _list_plans(reduced, start, uncovered + within * best.cost, most, time_limit)
    finite = np.where(np.isfinite(problem.cost), problem.cost, 0.0)
    reach = np.where(np.isfinite(problem.cost), finite, finite.max(initial=0.0) * 2 + 1)

    def order(plan: Found) -> tuple[float, float, tuple[int, ...]]:
        way = float((problem.weights * reach[:, plan.sites].min(axis=1)).sum())
        return (-round(plan.cost, 9), way, tuple(plan.sites))

    plans = [
        Found(problem.free[p], covered_weight(problem, problem.free[p], limit), best.bound) for p in places
    ]
    return sorted(plans, key=order), complete


def _list_plans(
    problem: Problem, best: Found, ceiling: float, most: int, time_limit: float | None
) -> tuple[list[Integers], bool]:
    work = weigh(problem)
    free = problem.free
    slack = 1e-9 * max(abs(ceiling), 1.0)
    start = np.searchsorted(free, best.sites)
    kept = np.isin(free, problem.keep)
    if len(free) == problem.p:
        return [start], True
    if problem.p is None:
        model = build_radius_model(work, problem, np.arange(len(free)), np.flatnonzero(kept))
    else:
        bound, pay, reduced, _, _ = bound_median(
            work, problem.p, kept, start.astype(np.int64), ceiling + slack, _ROUNDS
        )
        model = settle(work, problem, bound, pay, reduced, ceiling + slack)
    # Plans may be alike in everything but a site nobody needs; each is still a plan of its own.
    found: list[Integers] = []
    cuts: list[Integers] = []
    while len(found) <= most:
        extra = Rows()
        for plan in cuts:
            inside = np.isin(model.candidates, plan)
            # At least one site leaves, or one that is not in the plan comes.
            extra.add(np.arange(len(inside)), np.where(inside, 1.0, -1.0), high=inside.sum() - 1.0)
        status, places, _ = solve_model(model, most=ceiling + slack, time_limit=time_limit, cuts=extra)
        if places is None:
            return found[:most], status == "infeasible"
        found.append(places)
        cuts.append(places)
    return found[:most], False
