"""Penalised raking: nearest to the seed, exact where asked, quiet where margins disagree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from mis.composition import rake_exactly, rake_with_penalties


def test_it_finds_the_minimum_that_a_general_optimiser_finds() -> None:
    seed = np.array([[40.0, 30.0, 20.0, 10.0]])
    design = np.array([[1.0, 1, 0, 0], [0, 0, 1, 1], [2.0, 1, 0, 3]])
    margin = np.array([[60.0, 45.0, 130.0]])
    spread = np.array([[2.0, 5.0, 10.0]])

    def objective(log_weight: np.ndarray) -> float:
        w = np.exp(log_weight)
        distance = float((w * np.log(w / seed[0]) - w).sum())
        return distance + 0.5 * float((((design @ w - margin[0]) / spread[0]) ** 2).sum())

    found = minimize(objective, np.log(seed[0]), method="BFGS", options={"gtol": 1e-9})
    fit = rake_with_penalties(seed, design, margin, spread)
    assert fit.converged
    assert fit.weights[0] == pytest.approx(np.exp(found.x), rel=1e-5)


def test_nearly_exact_margins_give_iterative_proportional_fitting() -> None:
    # A published vector: the four-fold table of ones with margins (52, 48) and (87, 13).
    design = np.array([[1.0, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]])
    margin = np.array([[52.0, 48.0, 87.0, 13.0]])
    fit = rake_with_penalties(np.ones((1, 4)), design, margin, np.full((1, 4), 1e-4))
    assert fit.weights[0] == pytest.approx([45.24, 6.76, 41.76, 6.24], abs=1e-3)
    assert rake_exactly(np.ones((2, 2)), margin[0, :2], margin[0, 2:]).ravel() == pytest.approx(
        [45.24, 6.76, 41.76, 6.24]
    )


def test_margins_that_contradict_each_other_are_met_halfway() -> None:
    design = np.array([[1.0, 1.0], [1.0, 1.0]])
    fit = rake_with_penalties(np.full((1, 2), 50.0), design, np.array([[90.0, 110.0]]), np.full((1, 2), 1.0))
    assert fit.converged
    assert fit.weights.sum() == pytest.approx(100.0)


def test_an_unwanted_margin_changes_nothing() -> None:
    seed = np.array([[10.0, 20.0]])
    design = np.array([[1.0, 0.0], [0.0, 1.0]])
    fit = rake_with_penalties(seed, design, np.array([[15.0, 99.0]]), np.array([[1e-3, np.inf]]))
    assert fit.weights[0] == pytest.approx([15.0, 20.0], rel=1e-4)


def test_an_area_without_households_keeps_none() -> None:
    fit = rake_with_penalties(np.zeros((1, 2)), np.eye(2), np.zeros((1, 2)), np.ones((1, 2)))
    assert fit.weights.sum() == 0.0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_it_converges_wherever_the_margins_are(seed_number: int) -> None:
    random = np.random.default_rng(seed_number)
    seed = random.gamma(1.0, 10.0, (5, 12))
    design = random.gamma(1.0, 1.0, (6, 12)) * (random.random((6, 12)) < 0.5)
    margin = random.gamma(0.5, 100.0, (5, 6))
    fit = rake_with_penalties(seed, design, margin, 0.05 * margin + 1.0)
    assert fit.converged
    assert (fit.weights >= 0).all()
