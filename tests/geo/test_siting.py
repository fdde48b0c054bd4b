"""Laws that hold for any question, questions that cannot be put, and what an answer says."""

from __future__ import annotations

import os
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo.siting import (
    UNSERVED,
    CapacityError,
    SitingError,
    UnreachableError,
    rank_p_medians,
    share_covered,
    solve_capacitated_cover,
    solve_capacitated_median,
    solve_max_cover,
    solve_p_center,
    solve_p_median,
    solve_set_cover,
)
from geo.siting_solver import Answer, minimise

Floats = NDArray[np.float64]
LAWS = settings(max_examples=20, deadline=None)

#  Four places a unit apart on a line, and a candidate at each:  A --- B --- C --- D
LINE = np.abs(np.subtract.outer(np.arange(4.0), np.arange(4.0)))


@st.composite
def towns(draw: st.DrawFn) -> tuple[Floats, Floats]:
    """Straight-line distances in a square town and whole numbers of people."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    homes, halls = random.random((draw(st.integers(3, 40)), 2)), random.random((draw(st.integers(3, 12)), 2))
    cost = np.hypot(*(homes[:, None] - halls[None]).transpose(2, 0, 1))
    return np.round(cost * 100, 2), random.integers(1, 50, len(homes)).astype(float)


def test_the_middle_serves_a_line_with_most_people_in_it() -> None:
    # One site: at B the ways are 1, 0, 1, 2 for 1, 5, 1, 1 people = 1 + 0 + 1 + 2 = 4.
    plan = solve_p_median(LINE, [1, 5, 1, 1], p=1)
    assert (plan.sites, plan.objective, plan.assignment) == ((1,), 4.0, (1, 1, 1, 1))


def test_ways_of_missing_length_are_never_used() -> None:
    cost = LINE.copy()
    cost[3, :3] = np.inf  # D can be reached from D only
    assert 3 in solve_p_median(cost, p=2).sites
    assert solve_p_center(cost, p=2).objective == 1
    plan = solve_max_cover(cost, [9, 9, 9, 1], p=1, limit=1)
    assert (plan.objective, plan.assignment[3]) == (27, UNSERVED)


def test_kept_sites_stay_where_only_a_rare_choice_serves_everybody() -> None:
    # Each of 12 islands has its own site and a bridge to a twin island; the first two sites are kept.
    random = np.random.default_rng(7)
    cost = np.full((24, 24), np.inf)
    for island in range(0, 24, 2):
        cost[island : island + 2, island : island + 2] = random.integers(1, 9, (2, 2))
    for seed in range(5):
        plan = solve_p_median(cost, p=13, keep=(0, 1), seed=seed)
        assert {0, 1} <= set(plan.sites)
        assert min(plan.assignment) >= 0


def test_a_row_where_nobody_lives_decides_nothing() -> None:
    cost = np.vstack([LINE, np.full(4, np.inf)])
    plan = solve_p_center(cost, [1, 1, 1, 1, 0], p=1)
    assert plan.objective == 2
    assert plan.assignment[4] == UNSERVED


@LAWS
@given(towns())
def test_more_sites_are_never_worse(town: tuple[Floats, Floats]) -> None:
    cost, people = town
    ps = range(1, cost.shape[1] + 1)
    for values in (
        [solve_p_median(cost, people, p=p).objective for p in ps],
        [solve_p_center(cost, people, p=p).objective for p in ps],
        [-solve_max_cover(cost, people, p=p, limit=25).objective for p in ps],
    ):
        assert all(after <= before + 1e-9 for before, after in pairwise(values))


@LAWS
@given(towns(), st.integers(1, 3), st.integers(0, 2))
def test_a_site_fixed_beforehand_never_improves_the_best(
    town: tuple[Floats, Floats], p: int, fixed: int
) -> None:
    cost, people = town
    median, center = solve_p_median(cost, people, p=p), solve_p_center(cost, people, p=p)
    assume(p < cost.shape[1])
    for rule in ({"keep": [fixed]}, {"close": [fixed]}):
        assert solve_p_median(cost, people, p=p, **rule).objective >= median.objective - 1e-9
        assert solve_p_center(cost, people, p=p, **rule).objective >= center.objective


@LAWS
@given(towns())
def test_with_every_site_open_each_goes_to_the_nearest(town: tuple[Floats, Floats]) -> None:
    cost, people = town
    plan = solve_p_median(cost, people, p=cost.shape[1])
    assert plan.objective == pytest.approx((cost.min(axis=1) * people).sum())
    assert solve_p_center(cost, people, p=cost.shape[1]).objective == cost.min(axis=1).max()
    assert solve_max_cover(cost, people, p=1, limit=np.inf).objective == people.sum()
    np.testing.assert_allclose(cost[np.arange(len(cost)), plan.assignment], cost.min(axis=1))


@LAWS
@given(towns(), st.integers(1, 3), st.floats(20, 120))
def test_p_sites_reach_everybody_exactly_when_a_cover_needs_no_more(
    town: tuple[Floats, Floats], p: int, limit: float
) -> None:
    cost, people = town
    assume(cost.min(axis=1).max() <= limit)
    reached = solve_p_center(cost, people, p=p).objective <= limit
    assert reached == (solve_set_cover(cost, people, limit=limit).objective <= p)


@LAWS
@given(towns(), st.integers(1, 3), st.sampled_from([0.25, 3.0, 1000.0]))
def test_counting_people_in_another_unit_scales_only_the_objective(
    town: tuple[Floats, Floats], p: int, unit: float
) -> None:
    cost, people = town
    one, other = solve_p_median(cost, people, p=p), solve_p_median(cost, people * unit, p=p)
    assert other.objective == pytest.approx(one.objective * unit)
    assert rank_p_medians(cost, people, p=p, within=0).plans[0].sites in {
        plan.sites for plan in rank_p_medians(cost, people * unit, p=p, within=0).plans
    }
    cover, scaled = (solve_max_cover(cost, w, p=p, limit=30) for w in (people, people * unit))
    assert scaled.objective == pytest.approx(cover.objective * unit)


@LAWS
@given(towns(), st.integers(1, 3))
def test_the_heuristic_is_named_and_keeps_to_its_bound(town: tuple[Floats, Floats], p: int) -> None:
    cost, people = town
    exact, told = solve_p_median(cost, people, p=p), solve_p_median(cost, people, p=p, heuristic=True)
    assert exact.method == "exact (HiGHS)"
    assert "heuristic" in told.method
    assert told.bound <= exact.objective * (1 + 1e-9)
    assert exact.objective <= told.objective * (1 + 1e-9)
    assert told.proven == (told.gap == 0)


def test_the_same_question_has_the_same_answer_however_long_it_took() -> None:
    plans = [solve_p_median(LINE, p=2), solve_p_median(LINE, p=2)]
    assert plans[0] == plans[1]
    assert all(plan.seconds > 0 for plan in plans)


def test_out_of_time_is_not_called_proven() -> None:
    random = np.random.default_rng(1)
    places = random.random((150, 2))
    cost = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    room = np.full(150, 12.0)
    plan = solve_capacitated_cover(cost, p=15, limit=0.12, capacities=room, time_limit=0.5)
    assert plan.proven == (plan.gap == 0)
    assert plan.bound >= plan.objective


def test_a_plan_without_enough_places_says_how_many_are_missing() -> None:
    # 4 + 4 places for 10 children; and 3 + 3 places that three families of 2 cannot share out.
    with pytest.raises(CapacityError, match=r"10 places are needed.*hold 8: 2 too few") as caught:
        solve_capacitated_median(LINE, [3, 3, 2, 2], p=2, capacities=[4, 4, 4, 4])
    assert caught.value.shortfall == 2
    with pytest.raises(CapacityError, match="2 of 6 places are missing"):
        solve_capacitated_median(LINE[:3, :2], [2, 2, 2], p=2, capacities=[3, 3])


def test_people_are_named_who_have_no_way_to_any_site() -> None:
    cost = LINE.copy()
    cost[2] = np.inf
    names = ["Hill", "Mill", "Holme island", "Quay"]
    with pytest.raises(UnreachableError, match=r"Holme island .*has no way to any of them") as caught:
        solve_p_median(cost, p=2, demand_names=names)
    assert caught.value.demand == (2,)
    with pytest.raises(UnreachableError, match="Holme island"):
        solve_set_cover(cost, limit=3, demand_names=names)
    assert solve_max_cover(cost, p=1, limit=3).objective == 3


def test_too_few_sites_for_everybody_is_said() -> None:
    apart = np.where(np.eye(3, dtype=bool), 1.0, np.inf)
    with pytest.raises(UnreachableError, match="no choice of 2 sites serves everybody"):
        solve_p_median(apart, p=2)
    with pytest.raises(UnreachableError, match="no choice of 2 sites reaches everybody"):
        solve_p_center(apart, p=2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"p": 5}, "5 sites asked for, but only 4 may be open"),
        ({"p": 4, "close": [0]}, "4 sites asked for, but only 3 may be open"),
        ({"p": 0}, "0 sites asked for"),
        ({"p": 1, "keep": [0, 1]}, "1 sites asked for, but 2 are kept"),
        ({"p": 2, "keep": [0], "close": [0]}, "candidate 0 is both kept and closed"),
        ({"p": 2, "keep": [7]}, "keep names column 7, but there are 4 candidates"),
        ({}, "neither a number of sites nor a budget"),
        ({"p": 1, "budget": 3.0}, "both a number of sites and a budget"),
        ({"budget": 1.0, "keep": [0, 1]}, "kept sites cost 2, over the budget of 1"),
        (
            {"budget": 2.0, "prices": [1, 3, 4, 5], "close": [0]},
            "a budget of 2 is under the price of the .* 3",
        ),
        ({"budget": 2.0, "prices": [1, -1, 1, 1]}, "prices"),
        ({"p": 1, "weights": [1, -2, 1, 1]}, "weight of demand 1 is -2"),
        ({"p": 1, "weights": [1, np.nan, 1, 1]}, "weight of demand 1 is nan"),
        ({"p": 1, "weights": [1, 1]}, "2 weights for 4 rows"),
        ({"p": 1, "weights": [0, 0, 0, 0]}, "all weights are zero"),
        ({"p": 1, "demand_names": ["a", "b", "b", "c"]}, "demand id b is given 2 times"),
        ({"p": 1, "site_names": ["a", "a", "b", "c"]}, "candidate id a is given 2 times"),
    ],
)
def test_a_question_that_cannot_be_put_is_refused(change: dict[str, object], words: str) -> None:
    weights = change.pop("weights", None)
    with pytest.raises(SitingError, match=words):
        solve_p_median(LINE, weights, **change)


@pytest.mark.parametrize(("value", "words"), [(np.nan, "is nan"), (-1.0, "is -1")])
def test_a_cost_that_is_no_length_is_refused_by_name(value: float, words: str) -> None:
    cost = LINE.copy()
    cost[1, 2] = value
    with pytest.raises(SitingError, match=f"cost from Mill to Library {words}"):
        solve_p_center(
            cost,
            p=1,
            demand_names=["Hill", "Mill", "Holme", "Quay"],
            site_names=["School", "Church", "Library", "Gym"],
        )


def test_cover_is_a_share_of_people() -> None:
    assert share_covered(LINE, [8, 1, 0.5, 0.5], [0], limit=0) == 0.8


def test_the_solver_prints_nothing_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    # Without care HiGHS prints a line in one of these in two; it is C that prints, hence capfd.
    random = np.random.default_rng(0)
    for _ in range(4):
        homes, halls = random.random((60, 2)), random.random((15, 2))
        cost = np.hypot(*(homes[:, None] - halls[None]).transpose(2, 0, 1))
        need = random.integers(1, 20, 60).astype(float)
        solve_capacitated_median(cost, need, capacities=np.full(15, need.sum() / 4), p=5)
    os.write(1, b"heard\n")
    assert capfd.readouterr().out == "heard\n"


def test_out_of_time_is_not_called_impossible(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: object, **__: object) -> Answer:
        return Answer("limit", None, np.inf, -np.inf)

    random = np.random.default_rng(5)
    cost = random.random((40, 12)) * 30
    rule = {"budget": 3.0, "prices": np.ones(12), "time_limit": 0.01}
    monkeypatch.setattr("geo.siting_median.minimise", late)
    with pytest.raises(SitingError, match=r"serves everybody was found within 0\.01 seconds") as caught:
        solve_p_median(cost, **rule)
    assert not isinstance(caught.value, UnreachableError)
    # Kept sites are a plan of their own, and the answer says how far off the best could be.
    plan = solve_p_median(cost, **rule, keep=[2])
    assert (plan.sites, plan.proven) == ((2,), False)
    assert cost.min(axis=1).sum() <= plan.bound <= plan.objective == pytest.approx(cost[:, 2].sum())
    assert np.isfinite(plan.gap)
    cover = solve_max_cover(cost, limit=5.0, **rule, keep=[2])
    assert (cover.sites, cover.proven) == ((2,), False)

    def only_fractions(costs: object, *rest: object, whole: np.ndarray, **more: object) -> Answer:
        return late() if whole.any() else minimise(costs, *rest, whole=whole, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("geo.siting_cover.minimise", only_fractions)
    with pytest.raises(SitingError, match="no plan that reaches everybody was found") as caught:
        solve_p_center(cost, **rule)
    assert not isinstance(caught.value, UnreachableError)
    center = solve_p_center(cost, **rule, keep=[2])
    assert (center.sites, center.proven) == ((2,), False)
    assert center.bound < center.objective == cost[:, 2].max()
