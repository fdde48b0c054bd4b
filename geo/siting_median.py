"""The p-median, solved to proven optimum.

A good plan by vertex substitution; a Lagrangian bound; candidates settled open or shut by their
reduced costs; and for what is left the radius formulation (Cornuéjols, Nemhauser and Wolsey 1980)
in HiGHS: instead of "who serves whom" it asks, for each row and each distance, whether any open
site is that near. Rows that see the same sites at a distance share one variable, and no distance
is kept that the bound rules out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.siting_problem import Floats, Found, Integers, Problem, UnreachableError, out_of_time
from geo.siting_search import bound_median, search_median
from geo.siting_solver import Rows, join_rows, minimise

_ROUNDS = 1500


@dataclass(frozen=True)
class Model:
    """A radius formulation ready for HiGHS: a variable a candidate first, then the rest."""

    costs: Floats
    rows: Rows
    candidates: Integers
    constant: float
    scale: float


def weigh(problem: Problem) -> Floats:
    """Weight times cost of the counted rows, shape (open candidate, row)."""
    rows = problem.counted
    return np.ascontiguousarray((problem.cost[rows] * problem.weights[rows, None])[:, problem.free].T)


def find_median(problem: Problem, *, seed: int, time_limit: float | None, heuristic: bool) -> Found:
    """Solve a p-median whose everybody can be reached by some site.

    Raises
    ------
    UnreachableError
        No choice of `p` sites (or within the budget) serves everybody.
    SitingError
        Time ran out before a plan was found.
    """
    work, free = weigh(problem), problem.free
    if problem.p is None:
        return _find_within_budget(problem, work, time_limit)
    kept = np.flatnonzero(np.isin(free, problem.keep))
    cost, sites = search_median(work, count=problem.p, kept=kept, seed=seed)
    if problem.p in (len(kept), len(free)):
        _check_served(problem, cost)
        return Found(free[sites], cost, cost)
    if np.isinf(cost):
        model = build_radius_model(work, problem, np.arange(len(free)), kept)
        return _finish(problem, work, model, None, -np.inf, time_limit)
    step = _unit(work)
    aim = cost - step
    bound, pay, reduced, better, plan = bound_median(
        work, problem.p, _mask(kept, len(free)), sites, aim, _ROUNDS
    )
    if better < cost:
        cost, sites, aim = better, np.sort(plan), better - step
    best = Found(free[sites], cost, min(bound, cost))
    if heuristic:
        return best
    if bound > aim:
        return Found(free[sites], cost, cost)
    model = settle(work, problem, bound, pay, reduced, aim)
    return _finish(problem, work, model, best, bound, time_limit)


def settle(work: Floats, problem: Problem, bound: float, pay: Floats, reduced: Floats, aim: float) -> Model:
    """Fix what no plan costing at most `aim` can have otherwise, and model the rest.

    Parameters
    ----------
    work
        As `weigh` gives it.
    problem
        With `p` given.
    bound, pay, reduced
        As `bound_median` gives them.
    aim
        Plans that cost more are of no interest.
    """
    kept = _mask(np.flatnonzero(np.isin(problem.free, problem.keep)), len(problem.free))
    count = int(problem.p or 0)
    order = np.argsort(np.where(kept, -np.inf, reduced), kind="stable")
    last_in, first_out = reduced[order[count - 1]], reduced[order[min(count, len(order) - 1)]]
    slack = 1e-9 * max(abs(aim), 1.0)
    chosen = _mask(order[:count], len(reduced))
    shut = ~chosen & (bound + reduced - last_in > aim + slack)
    # A kept site is open whatever its reduced cost says, so it never is the one to leave.
    sure = kept | (chosen & (bound + first_out - reduced > aim + slack))
    left = np.flatnonzero(~shut)
    radius = pay + max(aim - bound, 0.0) + slack
    return build_radius_model(work, problem, left, np.flatnonzero(sure), radius)


def build_radius_model(
    work: Floats, problem: Problem, left: Integers, sure: Integers, radius: Floats | None = None
) -> Model:
    """Write the radius formulation over the candidates that are left.

    Parameters
    ----------
    work
        Shape (open candidate, row).
    problem
        For its count or budget.
    left, sure
        Places in `work` that may be open, and of these the ones that are.
    radius
        No row is served at more than this; None for no such bound.
    """
    near = work[left]
    is_sure = np.isin(left, sure)
    rows = Rows()
    variables: dict[bytes, int] = {}
    sizes: list[float] = []
    cover: set[bytes] = set()
    constant = 0.0
    # With p sites open, a set that leaves out fewer than p candidates always holds one.
    most = len(left) if problem.p is None else len(left) - problem.p
    for row in range(near.shape[1]):
        order = np.argsort(near[:, row], kind="stable")
        order = order[: int(np.isfinite(near[:, row]).sum())]
        if not len(order):
            rows.add([], [], low=1.0)  # nobody left serves this row: no such plan
            break
        levels = near[order, row]
        ends = np.flatnonzero(np.append(np.diff(levels) > 0, True))
        constant += float(levels[0])
        inside = np.zeros(len(left), dtype=bool)
        begin = 0
        for end, beyond in zip(ends, [*levels[ends[1:]], np.inf], strict=True):
            inside[order[begin : end + 1]] = True
            begin = int(end) + 1
            if (inside & is_sure).any() or inside.sum() > most:
                break
            key = np.packbits(inside).tobytes()
            if np.isinf(beyond) or (radius is not None and beyond > radius[row]):
                if key not in cover:
                    cover.add(key)
                    rows.add(np.flatnonzero(inside), 1.0, low=1.0)
                break
            if key not in variables:
                variables[key] = len(sizes)
                sizes.append(0.0)
                members = np.append(np.flatnonzero(inside), len(left) + variables[key])
                rows.add(members, 1.0, low=1.0)
            sizes[variables[key]] += float(beyond - levels[end])
    if problem.p is not None:
        rows.add(np.arange(len(left)), 1.0, low=problem.p, high=problem.p)
    else:
        rows.add(np.arange(len(left)), problem.prices[problem.free[left]], high=float(problem.budget or 0.0))
    for place in np.flatnonzero(is_sure):
        rows.add([int(place)], 1.0, low=1.0)
    # HiGHS judges by absolute tolerances: a typical step of size one keeps them meaningful.
    scale = float(np.mean(sizes)) if sizes else 1.0
    costs = np.concatenate([np.zeros(len(left)), np.array(sizes) / scale])
    return Model(costs, rows, left, constant, scale)


def solve_model(
    model: Model, *, most: float, time_limit: float | None, cuts: Rows | None = None
) -> tuple[str, Integers | None, float]:
    """Ask HiGHS for the best plan costing at most `most`.

    Returns
    -------
    status, sites, bound
        Sites as places in `work`; None if there is no such plan.
    """
    variables = len(model.costs)
    constraint = model.rows.constraint(variables)
    extra = cuts or Rows()
    if np.isfinite(most):
        extra.add(np.arange(variables), model.costs, high=(most - model.constant) / model.scale + 1e-7)
    whole = np.arange(variables) < len(model.candidates)
    answer = minimise(
        model.costs, join_rows(constraint, extra.constraint(variables)), whole=whole, time_limit=time_limit
    )
    bound = answer.bound * model.scale + model.constant
    if answer.values is None:
        return answer.status, None, bound
    return answer.status, model.candidates[answer.values[: len(model.candidates)] > 0.5], bound


def _finish(
    problem: Problem, work: Floats, model: Model, best: Found | None, bound: float, time_limit: float | None
) -> Found:
    status, places, found_bound = solve_model(model, most=np.inf, time_limit=time_limit)
    if places is not None:
        sites = problem.free[places]
        cost = float(work[places].min(axis=0).sum())
        if best is None or cost < best.cost:
            best = Found(sites, cost, cost)
    if best is None and status == "limit":
        raise out_of_time("serves everybody", time_limit)
    if best is None:
        _check_served(problem, np.inf)
        raise AssertionError  # the line above always raises
    if status == "limit":
        # What was settled could only hide plans worse than the one in hand.
        return Found(best.sites, best.cost, min(best.cost, max(bound, found_bound)))
    return Found(best.sites, best.cost, best.cost)


def _find_within_budget(problem: Problem, work: Floats, time_limit: float | None) -> Found:
    places = np.arange(len(problem.free))
    kept = np.flatnonzero(np.isin(problem.free, problem.keep))
    model = build_radius_model(work, problem, places, kept)
    # The kept sites alone are a plan, if they serve everybody: what is known when time runs out.
    alone = float(work[kept].min(axis=0).sum()) if len(kept) else np.inf
    best = Found(problem.free[kept], alone, alone) if np.isfinite(alone) else None
    return _finish(problem, work, model, best, min(model.constant, alone), time_limit)


def _check_served(problem: Problem, cost: float) -> None:
    if np.isfinite(cost):
        return
    rule = f"{problem.p} sites" if problem.p is not None else f"a budget of {problem.budget:g}"
    raise UnreachableError(
        f"no choice of {rule} serves everybody, although each could be served by some site; allow more, "
        "or use maximal cover, which says who is left out"
    )


def _unit(work: Floats) -> float:
    """Least step between the costs of two plans, with a little held back: 0 when not whole numbers."""
    finite = work[np.isfinite(work)]
    if np.array_equal(finite, np.rint(finite)) and finite.max(initial=0.0) < 2.0**40:
        return 1.0 - 1e-6
    return 1e-9 * float(finite.max(initial=0.0))


def _mask(places: Integers, size: int) -> NDArray[np.bool_]:
    mask = np.zeros(size, dtype=bool)
    mask[places] = True
    return mask
