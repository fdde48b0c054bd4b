"""Whole households: totals exact, floors and ceilings kept, chances fair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mis.integer import IntegerError, apportion, integerise

WEIGHTS = st.lists(st.floats(0, 40), min_size=1, max_size=60)


@given(WEIGHTS, st.integers(0, 2**31))
@settings(deadline=None, max_examples=300)
def test_the_total_is_exact_and_no_weight_leaves_its_floor_and_ceiling(
    weights: list[float], seed: int
) -> None:
    whole = integerise(weights, seed=seed)
    assert whole.sum() == round(sum(weights)) or abs(sum(weights) % 1 - 0.5) < 1e-6
    assert (whole >= np.floor(weights)).all()
    assert (whole <= np.ceil(weights)).all()


@given(WEIGHTS, st.integers(0, 2**31))
@settings(deadline=None)
def test_the_same_seed_gives_the_same_households(weights: list[float], seed: int) -> None:
    assert (integerise(weights, seed=seed) == integerise(weights, seed=seed)).all()


def test_published_examples() -> None:
    for seed in range(50):
        one = integerise([0.333, 0.667, 3.0], seed=seed)
        assert one.sum() == 4
        assert one[2] == 3
        two = integerise([1.333, 1.333, 1.333], seed=seed)
        assert two.sum() == 4
        assert set(two.tolist()) == {1, 2}


def test_a_weight_of_two_point_three_becomes_three_three_times_in_ten() -> None:
    weights = np.array([2.3, 0.9, 1.5, 0.3])
    draws = np.array([integerise(weights, seed=seed) for seed in range(4000)])
    # Standard error of a share of 4,000 is at most 0.008.
    assert draws.mean(axis=0) == pytest.approx(weights, abs=0.03)


def test_a_total_out_of_reach_is_refused() -> None:
    assert integerise([0.4, 0.4], seed=1, total=2).tolist() == [1, 1]
    with pytest.raises(IntegerError, match="from 0 to 2, not to 3"):
        integerise([0.4, 0.4], seed=1, total=3)
    with pytest.raises(IntegerError, match="weight 2 is -1"):
        integerise([0.4, -1.0], seed=1)


@given(st.lists(st.floats(0, 9), min_size=1, max_size=30), st.integers(0, 500))
@settings(deadline=None)
def test_portions_sum_to_the_total_and_stay_within_one(shares: list[float], total: int) -> None:
    if sum(shares) <= 1e-9:
        return
    whole = apportion(shares, total=total)
    assert whole.sum() == total
    assert (np.abs(whole - np.array(shares) / sum(shares) * total) < 1 + 1e-6).all()
    with pytest.raises(IntegerError, match="every share is zero"):
        apportion([0.0, 0.0], total=3)
