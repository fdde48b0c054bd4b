"""Bounded calibration: totals met, bounds held, nearest of all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from mis.calibration_weights import CalibrationError, calibrate, indicator_matrix


def _town(seed: int, size: int = 150) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    tenure = np.eye(3)[rng.integers(0, 3, size)]
    work = np.eye(2)[rng.integers(0, 2, size)]
    persons = rng.integers(1, 7, (size, 1)).astype(float)
    matrix = np.hstack([tenure, work, persons])
    weights = rng.uniform(0.5, 3.0, size)
    ratio = np.clip(1 + matrix @ rng.normal(0, 0.08, 6), 0.35, 2.5)
    return weights, matrix, (weights * ratio) @ matrix


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000))
def test_totals_are_met_and_bounds_held(seed: int) -> None:
    weights, matrix, totals = _town(seed)
    got = calibrate(weights, matrix, totals, low=0.2, high=4.0)
    assert np.abs(got.weights @ matrix - totals).max() < 1e-5 * totals.max()
    assert (got.ratio >= 0.2).all()
    assert (got.ratio <= 4.0).all()
    assert (got.weights >= 0).all()


def test_without_active_bounds_the_weights_are_those_of_the_regression_formula() -> None:
    weights, matrix, totals = _town(4)
    matrix, totals = matrix[:, [0, 1, 3, 5]], totals[[0, 1, 3, 5]]
    got = calibrate(weights, matrix, totals, low=0.0, high=50.0)
    base = weights * got.scale
    factor = np.linalg.solve((matrix.T * base) @ matrix, totals - base @ matrix)
    assert got.at_bound == 0
    assert got.weights == pytest.approx(base * (1 + matrix @ factor), rel=1e-6)


def test_with_active_bounds_no_other_weights_are_nearer() -> None:
    rng = np.random.default_rng(8)
    weights = rng.uniform(0.5, 2.0, 12)
    matrix = np.column_stack([np.ones(12), rng.normal(size=12)])
    totals = np.array([weights.sum(), (weights * matrix[:, 1]).sum() + 6.0])
    got = calibrate(weights, matrix, totals, low=0.3, high=2.0)
    assert got.at_bound > 0
    base = weights * got.scale

    def distance(w: np.ndarray) -> float:
        return float(((w - base) ** 2 / base).sum())

    other = minimize(
        distance,
        base,
        bounds=[(0.3 * b, 2.0 * b) for b in base],
        constraints={"type": "eq", "fun": lambda w: w @ matrix - totals},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    assert distance(got.weights) == pytest.approx(distance(other.x), rel=1e-5)


def test_totals_out_of_reach_name_the_constraint() -> None:
    weights, matrix, totals = _town(5)
    totals = totals.copy()
    totals[5] *= 4
    names = ["own", "social", "private", "work", "none", "persons"]
    with pytest.raises(CalibrationError, match=r"cannot be met within ratios of 0.5 to 2.*allow slack"):
        calibrate(weights, matrix, totals, low=0.5, high=2.0, names=names)


def test_slack_meets_conflicting_totals_half_way() -> None:
    # Ten households asked to be both 8 and 12: with equal slack they come to 10.
    got = calibrate(np.ones(10), np.ones((10, 2)), [8.0, 12.0], slack=[1.0, 1.0])
    assert got.weights.sum() == pytest.approx(10.0)
    assert got.miss == pytest.approx([2.0, -2.0], abs=1e-4)
    with pytest.raises(CalibrationError, match="cannot be met"):
        calibrate(np.ones(10), np.ones((10, 2)), [8.0, 12.0])


def test_indicators_and_refusals() -> None:
    records = pd.DataFrame({"tenure": ["own", "rent", "own"]})
    columns = pd.MultiIndex.from_product([["tenure"], ["own", "rent"]])
    assert indicator_matrix(records, columns).tolist() == [[1, 0], [0, 1], [1, 0]]
    with pytest.raises(CalibrationError, match='no column "tenure"'):
        indicator_matrix(records.rename(columns={"tenure": "t"}), columns)
    for options, message in (
        ({"low": 1.2}, "0 <= low < 1 < high"),
        ({"weights": [1.0, -1.0, 1.0]}, "zero or more"),
        ({"totals": [0.0, 0.0]}, "no households at all"),
    ):
        call = {"weights": [1.0, 1.0, 1.0], "totals": [4.0, 2.0]} | options
        with pytest.raises(CalibrationError, match=message):
            calibrate(matrix=indicator_matrix(records, columns), **call)  # type: ignore[arg-type]
