"""Where to open sites: each question has one function, and each answer says how sure it is.

All take a matrix of costs (minutes or metres; a row for each place where people live, a column for
each candidate) and a weight for each row. All are solved to proven optimum by HiGHS unless time
runs out or a heuristic is asked for, and the answer then says so. "Optimal" here is a statement
about the numbers put in: which sites are best for people is not a question this module can answer.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from geo.siting_capacity import (
    Filled,
    find_capacitated_cover,
    find_capacitated_median,
    find_filled_assignment,
)
from geo.siting_cover import Backup, find_center, find_cover, find_max_cover, share_covered
from geo.siting_median import find_median
from geo.siting_problem import (
    UNSERVED,
    CapacityError,
    Floats,
    Found,
    Problem,
    Rule,
    Siting,
    SitingError,
    UnreachableError,
    add_to,
    assign_nearest,
    check_reach,
    check_rule,
    close_from,
    frame_problem,
    state_plan,
)
from geo.siting_ranked import NearBest, rank_max_covers, rank_p_medians
from geo.siting_solver import EXACT

__all__ = [
    "UNSERVED",
    "CapacityError",
    "NearBest",
    "Rule",
    "Siting",
    "SitingError",
    "UnreachableError",
    "add_to",
    "close_from",
    "rank_max_covers",
    "rank_p_medians",
    "share_covered",
    "solve_capacitated_cover",
    "solve_capacitated_median",
    "solve_max_cover",
    "solve_p_center",
    "solve_p_median",
    "solve_set_cover",
]

SUBSTITUTION = "vertex substitution, 20 starts and 60 shake-ups (heuristic)"


def solve_p_median(
    cost: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    p: int | None = None,
    budget: float | None = None,
    prices: ArrayLike | None = None,
    keep: Sequence[int] = (),
    close: Sequence[int] = (),
    demand_names: Sequence[str] | None = None,
    site_names: Sequence[str] | None = None,
    heuristic: bool = False,
    seed: int = 0,
    time_limit: float | None = None,
) -> Siting:
    """Open sites so that the weighted cost to the nearest is least.

    Parameters
    ----------
    cost : array of float, shape (demand, candidate)
        Minutes or metres; infinite where there is no way.
    weights : array of float, shape (demand,)
        People or need; 1 for each row if left out. A row of weight 0 is nobody.
    p, budget
        Exactly `p` open sites, or any whose `prices` add to at most `budget`: one of them.
    prices : array of float, shape (candidate,)
        Cost of having a site open; 1 each if left out.
    keep, close
        Columns that are open, or shut, in every plan.
    demand_names, site_names
        Unique names, for messages.
    heuristic
        Stop at vertex substitution: the plan is then proven only if the bound happens to meet it.
    seed
        Of the random starts.
    time_limit
        Seconds for HiGHS; when they run out the best plan so far comes back, not proven.

    Returns
    -------
    Siting
        `objective` is the sum of weight times cost.

    Raises
    ------
    SitingError
        The question cannot be put: see `geo.siting_problem.frame_problem`.
    UnreachableError
        Somebody cannot be served, and who.

    Notes
    -----
    Hakimi (1964). Whole-number work (weight times cost) lets the proof stop one short of the next
    whole number; otherwise plans within one part in 10^9 of the largest term count as equal.
    """
    begin = time.perf_counter()
    problem = frame_problem(
        cost, weights, p=p, budget=budget, prices=prices, keep=keep, close=close,
        demand_names=demand_names, site_names=site_names,
    )  # fmt: skip
    check_rule(problem)
    if heuristic and budget is not None:
        raise SitingError(
            "the heuristic needs a number of sites; give p, or let the budget be solved exactly"
        )
    check_reach(problem)
    found = find_median(problem, seed=seed, time_limit=time_limit, heuristic=heuristic)
    assigned = assign_nearest(problem, found.sites)
    return state_plan("p-median", problem, found, assigned, SUBSTITUTION if heuristic else EXACT, seed, begin)


def solve_p_center(
    cost: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    p: int | None = None,
    budget: float | None = None,
    prices: ArrayLike | None = None,
    keep: Sequence[int] = (),
    close: Sequence[int] = (),
    demand_names: Sequence[str] | None = None,
    site_names: Sequence[str] | None = None,
    seed: int = 0,
    time_limit: float | None = None,
) -> Siting:
    """Open sites so that the farthest row is as near as it can be.

    Parameters
    ----------
    cost, p, budget, prices, keep, close, demand_names, site_names, seed, time_limit
        As in `solve_p_median`.
    weights
        Only whether each is above 0 matters: nobody counts for more than another.

    Returns
    -------
    Siting
        `objective` is the largest cost of any row with weight to its nearest open site.

    Raises
    ------
    SitingError, UnreachableError
        As in `solve_p_median`.

    Notes
    -----
    Least limit whose set cover needs no more than `p` sites (Minieka 1970), found by bisection.
    """
    begin = time.perf_counter()
    problem = frame_problem(
        cost, weights, p=p, budget=budget, prices=prices, keep=keep, close=close,
        demand_names=demand_names, site_names=site_names,
    )  # fmt: skip
    check_rule(problem)
    check_reach(problem)
    found = find_center(problem, seed=seed, time_limit=time_limit)
    return state_plan("p-center", problem, found, assign_nearest(problem, found.sites), EXACT, seed, begin)


def solve_set_cover(
    cost: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    limit: float,
    backup: Backup = "none",
    prices: ArrayLike | None = None,
    keep: Sequence[int] = (),
    close: Sequence[int] = (),
    demand_names: Sequence[str] | None = None,
    site_names: Sequence[str] | None = None,
    time_limit: float | None = None,
) -> Siting:
    """Open the fewest (or cheapest) sites that have everybody within the limit.

    Parameters
    ----------
    cost, keep, close, demand_names, site_names, time_limit
        As in `solve_p_median`.
    weights
        Rows of weight 0 need no site; otherwise used by `backup` ``most`` only.
    limit
        Largest cost at which a site serves a row, included.
    backup
        ``none``: one site each. ``most``: of the plans with the fewest sites, the one that has the
        most weight within the limit of two. ``all``: everybody has two.
    prices
        To find the cheapest instead of the fewest.

    Returns
    -------
    Siting
        `objective` is the number of sites, or the sum of their prices.

    Raises
    ------
    SitingError
        As in `solve_p_median`.
    UnreachableError
        Somebody has no site (or not two) within the limit, and who.
    """
    begin = time.perf_counter()
    problem = frame_problem(
        cost, weights, prices=prices, keep=keep, close=close,
        demand_names=demand_names, site_names=site_names,
    )  # fmt: skip
    check_reach(problem, limit=limit)
    found, _ = find_cover(problem, limit, backup=backup, time_limit=time_limit)
    assigned = assign_nearest(problem, found.sites, limit=limit)
    model = {"none": "set cover", "most": "set cover, then most backup", "all": "set cover with backup"}[
        backup
    ]
    return state_plan(model, problem, found, assigned, EXACT, 0, begin)


def solve_max_cover(
    cost: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    limit: float,
    p: int | None = None,
    budget: float | None = None,
    prices: ArrayLike | None = None,
    keep: Sequence[int] = (),
    close: Sequence[int] = (),
    demand_names: Sequence[str] | None = None,
    site_names: Sequence[str] | None = None,
    heuristic: bool = False,
    seed: int = 0,
    time_limit: float | None = None,
) -> Siting:
    """Open sites so that the most weight has one within the limit.

    Parameters
    ----------
    cost, weights, p, budget, prices, keep, close, demand_names, site_names, heuristic, seed, time_limit
        As in `solve_p_median`. Somebody out of reach of all sites is no error here.
    limit
        Largest cost at which a site serves a row, included.

    Returns
    -------
    Siting
        `objective` is the weight covered: people, not rows.

    Raises
    ------
    SitingError
        As in `solve_p_median`.
    """
    begin = time.perf_counter()
    problem = frame_problem(
        cost, weights, p=p, budget=budget, prices=prices, keep=keep, close=close,
        demand_names=demand_names, site_names=site_names,
    )  # fmt: skip
    check_rule(problem)
    if heuristic and budget is not None:
        raise SitingError(
            "the heuristic needs a number of sites; give p, or let the budget be solved exactly"
        )
    found = find_max_cover(problem, limit, seed=seed, time_limit=time_limit, heuristic=heuristic)
    assigned = assign_nearest(problem, found.sites, limit=limit)
    return state_plan(
        "maximal cover", problem, found, assigned, SUBSTITUTION if heuristic else EXACT, seed, begin
    )


def solve_capacitated_median(
    cost: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    capacities: ArrayLike,
    loads: ArrayLike | None = None,
    p: int | None = None,
    budget: float | None = None,
    prices: ArrayLike | None = None,
    keep: Sequence[int] = (),
    close: Sequence[int] = (),
    demand_names: Sequence[str] | None = None,
    site_names: Sequence[str] | None = None,
    time_limit: float | None = None,
) -> Siting:
    """Open sites so that the weighted cost is least and no site is over its capacity.

    Parameters
    ----------
    cost, weights, p, budget, prices, keep, close, demand_names, site_names, time_limit
        As in `solve_p_median`.
    capacities : array of float, shape (candidate,)
        Places at each site.
    loads : array of float, shape (demand,)
        Places that each row takes; its weight if left out. A row goes whole to one site.

    Returns
    -------
    Siting
        `assignment` is not always the nearest site.

    Raises
    ------
    SitingError, UnreachableError
        As in `solve_p_median`.
    CapacityError
        The sites cannot hold everybody, and by how much.
    """
    begin = time.perf_counter()
    problem = frame_problem(
        cost, weights, p=p, budget=budget, prices=prices, keep=keep, close=close,
        demand_names=demand_names, site_names=site_names,
    )  # fmt: skip
    check_rule(problem)
    check_reach(problem)
    room, taken = _places(problem, capacities, loads)
    filled = find_capacitated_median(problem, room, taken, time_limit=time_limit)
    return _state_filled("capacitated p-median", problem, filled, begin)


def solve_capacitated_cover(
    cost: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    limit: float,
    capacities: ArrayLike,
    loads: ArrayLike | None = None,
    p: int | None = None,
    budget: float | None = None,
    prices: ArrayLike | None = None,
    keep: Sequence[int] = (),
    close: Sequence[int] = (),
    demand_names: Sequence[str] | None = None,
    site_names: Sequence[str] | None = None,
    time_limit: float | None = None,
    shortest: bool = True,
) -> Siting:
    """Open sites so that the most weight is served within the limit and within capacity.

    Parameters
    ----------
    cost, weights, p, budget, prices, keep, close, demand_names, site_names, time_limit
        As in `solve_p_median`.
    limit
        Largest cost at which a row counts as served, included.
    capacities, loads
        As in `solve_capacitated_median`.
    shortest
        Send everybody the shortest way once the sites are settled, which takes a second program; False
        where only sites and objective are asked for, and then nobody is sent beyond the limit.

    Returns
    -------
    Siting
        `objective` is the weight served within the limit. `assignment` sends each row to the open site
        that has room, also beyond the limit, so that the way is shortest in all (to a thousandth) and
        nobody within the limit is given up; `UNSERVED` is who has no way, or no room.

    Raises
    ------
    SitingError
        As in `solve_p_median`.
    """
    begin = time.perf_counter()
    problem = frame_problem(
        cost, weights, p=p, budget=budget, prices=prices, keep=keep, close=close,
        demand_names=demand_names, site_names=site_names,
    )  # fmt: skip
    check_rule(problem)
    room, taken = _places(problem, capacities, loads)
    filled = find_capacitated_cover(problem, room, taken, problem.weights, limit, time_limit=time_limit)
    if not shortest:
        return _state_filled("capacitated maximal cover", problem, filled, begin)
    # Which sites open is settled; now everybody goes the shortest way to one that has room.
    sent = find_filled_assignment(
        problem, filled.sites, room, taken, limit=limit, covered=filled.value, time_limit=time_limit
    )
    filled = filled if sent is None else replace(filled, assignment=sent)
    return _state_filled("capacitated maximal cover", problem, filled, begin)


def _places(problem: Problem, capacities: ArrayLike, loads: ArrayLike | None) -> tuple[Floats, Floats]:
    rows, columns = problem.cost.shape
    room = np.array(capacities, dtype=np.float64)
    if room.shape != (columns,) or np.isnan(room).any() or (room < 0).any():
        raise SitingError(f"capacities: give {columns} numbers of 0 or more, one for each candidate")
    taken = problem.weights if loads is None else np.array(loads, dtype=np.float64)
    if taken.shape != (rows,) or not np.isfinite(taken).all() or (taken < 0).any():
        raise SitingError(f"loads: give {rows} numbers of 0 or more, one for each row")
    return room, taken


def _state_filled(model: str, problem: Problem, filled: Filled, begin: float) -> Siting:
    found = Found(filled.sites, filled.value, filled.bound)
    return state_plan(model, problem, found, filled.assignment, EXACT, 0, begin)
