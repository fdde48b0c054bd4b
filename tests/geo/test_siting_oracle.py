"""Every model against trying every plan, on questions small enough for that."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo.siting import (
    UNSERVED,
    CapacityError,
    Rule,
    SitingError,
    UnreachableError,
    add_to,
    close_from,
    rank_max_covers,
    rank_p_medians,
    solve_capacitated_cover,
    solve_capacitated_median,
    solve_max_cover,
    solve_p_center,
    solve_p_median,
    solve_set_cover,
)

Floats = NDArray[np.float64]
ROUNDS = settings(max_examples=25, deadline=None)


@st.composite
def questions(draw: st.DrawFn, *, gaps: bool = True) -> tuple[Floats, Floats, Rule]:
    """Costs, weights and a rule; some ways missing, some weights zero, some sites settled."""
    rows, columns = draw(st.integers(2, 9)), draw(st.integers(2, 7))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cost = random.integers(0, 30, (rows, columns)) / draw(st.sampled_from([1, 4, 3]))
    if gaps:
        cost[random.random((rows, columns)) < 0.15] = np.inf
    weights = random.integers(0, 6, rows) * draw(st.sampled_from([1.0, 0.37]))
    weights[0] += 1
    kind = draw(st.sampled_from(["free", "add", "close", "mixed"]))
    existing = sorted(random.choice(columns, draw(st.integers(1, columns - 1)), replace=False).tolist())
    if kind == "add":
        return cost, weights, add_to(existing, draw(st.integers(0, columns - len(existing))))
    if kind == "close":
        return (
            cost,
            weights,
            close_from(existing, draw(st.integers(0, len(existing) - 1)), candidates=columns),
        )
    p = draw(st.integers(1, columns))
    if kind == "free" or p < 2 or p == columns:
        return cost, weights, Rule(p=p, keep=(), close=())
    return cost, weights, Rule(p=p, keep=(existing[0],), close=((existing[0] + 1) % columns,))


def plans(columns: int, rule: Rule) -> Iterator[list[int]]:
    for sites in combinations([site for site in range(columns) if site not in rule["close"]], rule["p"]):
        if set(rule["keep"]) <= set(sites):
            yield list(sites)


def median_of(cost: Floats, weights: Floats, sites: list[int]) -> float:
    lives = weights > 0
    return float((cost[lives][:, sites].min(axis=1) * weights[lives]).sum())


def center_of(cost: Floats, weights: Floats, sites: list[int]) -> float:
    return float(cost[weights > 0][:, sites].min(axis=1).max())


def cover_of(cost: Floats, weights: Floats, sites: list[int], limit: float) -> float:
    return float(weights[cost[:, sites].min(axis=1) <= limit].sum())


@ROUNDS
@given(questions())
def test_no_plan_has_less_weighted_cost(question: tuple[Floats, Floats, Rule]) -> None:
    cost, weights, rule = question
    best = min(median_of(cost, weights, sites) for sites in plans(cost.shape[1], rule))
    if np.isinf(best):
        with pytest.raises(UnreachableError):
            solve_p_median(cost, weights, **rule)
        return
    plan = solve_p_median(cost, weights, **rule)
    assert plan.objective == pytest.approx(best)
    assert plan.proven
    assert median_of(cost, weights, list(plan.sites)) == pytest.approx(best)
    assert set(rule["keep"]) <= set(plan.sites)
    assert not set(rule["close"]) & set(plan.sites)


@ROUNDS
@given(questions())
def test_no_plan_has_its_farthest_nearer(question: tuple[Floats, Floats, Rule]) -> None:
    cost, weights, rule = question
    best = min(center_of(cost, weights, sites) for sites in plans(cost.shape[1], rule))
    if np.isinf(best):
        with pytest.raises(UnreachableError):
            solve_p_center(cost, weights, **rule)
        return
    plan = solve_p_center(cost, weights, **rule)
    assert plan.objective == best
    assert plan.proven
    assert len(plan.sites) == rule["p"]
    assert set(rule["keep"]) <= set(plan.sites)


@ROUNDS
@given(questions(), st.sampled_from([0.0, 3.0, 5.0, 10.0]))
def test_no_plan_covers_more(question: tuple[Floats, Floats, Rule], limit: float) -> None:
    cost, weights, rule = question
    best = max(cover_of(cost, weights, sites, limit) for sites in plans(cost.shape[1], rule))
    plan = solve_max_cover(cost, weights, limit=limit, **rule)
    assert plan.objective == pytest.approx(best)
    assert plan.proven
    assert weights[np.array(plan.assignment) != UNSERVED].sum() == pytest.approx(best)


@ROUNDS
@given(questions(), st.sampled_from([4.0, 8.0, 12.0]), st.sampled_from(["none", "most", "all"]))
def test_no_plan_covers_all_with_fewer(
    question: tuple[Floats, Floats, Rule], limit: float, backup: str
) -> None:
    cost, weights, rule = question
    need = 2 if backup == "all" else 1
    near = cost[weights > 0] <= limit
    columns = cost.shape[1]
    able = [
        sites
        for p in range(1, columns + 1)
        for sites in plans(columns, Rule(p=p, keep=rule["keep"], close=rule["close"]))
        if (near[:, sites].sum(axis=1) >= need).all()
    ]
    settled = {"keep": rule["keep"], "close": rule["close"]}
    if not able:
        with pytest.raises(UnreachableError):
            solve_set_cover(cost, weights, limit=limit, backup=backup, **settled)
        return
    plan = solve_set_cover(cost, weights, limit=limit, backup=backup, **settled)
    fewest = min(len(sites) for sites in able)
    assert plan.objective == fewest == len(plan.sites)
    assert plan.proven
    if backup == "most":

        def twice(sites: list[int]) -> float:
            return float(weights[weights > 0][near[:, sites].sum(axis=1) >= 2].sum())

        most = max(twice(sites) for sites in able if len(sites) == fewest)
        assert twice(list(plan.sites)) == pytest.approx(most)


@ROUNDS
@given(questions(gaps=False), st.floats(1, 20))
def test_a_budget_is_spent_as_well_as_can_be(question: tuple[Floats, Floats, Rule], budget: float) -> None:
    cost, weights, _ = question
    columns = cost.shape[1]
    prices = 1.0 + np.arange(columns) * 1.5
    able = [
        list(sites)
        for p in range(1, columns + 1)
        for sites in combinations(range(columns), p)
        if prices[list(sites)].sum() <= budget
    ]
    median = solve_p_median(cost, weights, budget=budget, prices=prices)
    center = solve_p_center(cost, weights, budget=budget, prices=prices)
    cover = solve_max_cover(cost, weights, limit=5, budget=budget, prices=prices)
    assert median.objective == pytest.approx(min(median_of(cost, weights, sites) for sites in able))
    assert center.objective == min(center_of(cost, weights, sites) for sites in able)
    assert cover.objective == pytest.approx(max(cover_of(cost, weights, sites, 5) for sites in able))
    for plan in (median, center, cover):
        assert prices[list(plan.sites)].sum() <= budget


@ROUNDS
@given(questions(), st.sampled_from([0.0, 0.05, 0.3]))
def test_the_near_best_plans_are_all_of_them(question: tuple[Floats, Floats, Rule], within: float) -> None:
    cost, weights, rule = question
    every = list(plans(cost.shape[1], rule))
    medians = {tuple(sites): median_of(cost, weights, sites) for sites in every}
    if np.isfinite(best := min(medians.values())):
        listed = rank_p_medians(cost, weights, within=within, most=50, **rule)
        assert {plan.sites for plan in listed.plans} == {
            sites for sites, value in medians.items() if value <= best * (1 + within) + 1e-9
        }
        assert listed.complete
        assert [plan.objective for plan in listed.plans] == sorted(plan.objective for plan in listed.plans)
        assert [plan.proven for plan in listed.plans[:1]] == [True]
    covers = {tuple(sites): cover_of(cost, weights, sites, 5) for sites in every}
    listed = rank_max_covers(cost, weights, limit=5, within=within, most=50, **rule)
    most = max(covers.values())
    assert {plan.sites for plan in listed.plans} == {
        sites for sites, value in covers.items() if value >= most * (1 - within) - 1e-9
    }
    assert listed.complete


def served(
    cost: Floats, loads: Floats, room: Floats, sites: list[int], limit: float, *, all_served: bool
) -> Iterator[tuple[int, ...]]:
    choices = [[site for site in sites if cost[row, site] <= limit] for row in range(len(cost))]
    if not all_served:
        choices = [[UNSERVED, *some] for some in choices]
    for assignment in product(*choices):
        places = np.array(assignment)
        if all(loads[places == site].sum() <= room[site] for site in sites):
            yield assignment


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_no_plan_within_capacity_is_better(seed: int, p: int) -> None:
    random = np.random.default_rng(seed)
    cost = random.integers(1, 20, (5, 4)).astype(float)
    weights = random.integers(1, 6, 5).astype(float)
    loads, room = random.integers(1, 6, 5).astype(float), random.integers(3, 14, 4).astype(float)
    costs, gains = [], []
    for sites in combinations(range(4), p):
        for plan in served(cost, loads, room, list(sites), np.inf, all_served=True):
            costs.append(sum(weights[row] * cost[row, site] for row, site in enumerate(plan)))
        for plan in served(cost, loads, room, list(sites), 9, all_served=False):
            gains.append(sum(weights[row] for row, site in enumerate(plan) if site != UNSERVED))
    cover = solve_capacitated_cover(cost, weights, limit=9, capacities=room, loads=loads, p=p)
    assert cover.objective == max(gains)
    assert cover.proven
    if not costs:
        with pytest.raises(CapacityError) as caught:
            solve_capacitated_median(cost, weights, capacities=room, loads=loads, p=p)
        assert 0 < caught.value.shortfall <= loads.sum()
        return
    median = solve_capacitated_median(cost, weights, capacities=room, loads=loads, p=p)
    assert median.objective == pytest.approx(min(costs))
    assert median.proven
    for site in median.sites:
        assert loads[np.array(median.assignment) == site].sum() <= room[site]


def test_a_rule_that_cannot_be_is_refused() -> None:
    with pytest.raises(SitingError, match="3 sites to close, but 3 exist"):
        close_from([0, 1, 2], 3, candidates=5)
    with pytest.raises(SitingError, match="-1 sites to add"):
        add_to([0], -1)


@ROUNDS
@given(questions(gaps=False), st.floats(3, 12))
def test_the_near_best_plans_of_a_budget_are_all_of_them(
    question: tuple[Floats, Floats, Rule], budget: float
) -> None:
    cost, weights, _ = question
    columns = cost.shape[1]
    prices = 1.0 + np.arange(columns) * 1.5
    able = [
        sites
        for p in range(1, columns + 1)
        for sites in combinations(range(columns), p)
        if prices[list(sites)].sum() <= budget
    ]
    values = {sites: median_of(cost, weights, list(sites)) for sites in able}
    listed = rank_p_medians(cost, weights, budget=budget, prices=prices, within=0.1, most=200)
    limit = min(values.values()) * 1.1 + 1e-9
    assert {plan.sites for plan in listed.plans} == {
        sites for sites, value in values.items() if value <= limit
    }
    assert listed.complete
