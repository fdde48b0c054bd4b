"""Survey weights changed as little as possible so that they meet known totals, within bounds.

Generalised regression weights are those nearest to the design weights in chi-square distance
(Deville and Särndal 1992, Journal of the American Statistical Association 87). Without bounds some
turn out negative; here the ratio of new to old weight is held between two bounds. Unlike raking,
a constraint may be any number of a record: persons, children, pounds.

    x = indicator_matrix(households, targets.columns)
    calibrate(households["weight"], x, targets.loc["E01015693"], low=0.0, high=8.0)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.errors import UserError


class CalibrationError(UserError, ValueError):
    """No weights within the bounds meet the totals, or the totals cannot be used."""


@dataclass(frozen=True)
class Calibration:
    """Calibrated weights of one area.

    Parameters
    ----------
    weights
        One a record.
    ratio
        New weight over the scaled design weight; between the bounds.
    scale
        What the design weights were multiplied by first, so that bounds speak of shape, not size.
    miss
        Total given less total asked for, by constraint; zero unless `slack` allowed it.
    at_bound
        Share of records whose ratio lies on a bound.
    rounds
        Newton steps taken.
    """

    weights: NDArray[np.float64]
    ratio: NDArray[np.float64]
    scale: float
    miss: NDArray[np.float64]
    at_bound: float
    rounds: int


def indicator_matrix(records: pd.DataFrame, columns: pd.MultiIndex) -> NDArray[np.float64]:
    """Ones where a record has the category of a column, such as ("tenure", "social").

    Parameters
    ----------
    records
        With a column of categories for each variable.
    columns
        Two levels, (variable, category).

    Returns
    -------
    array of float, shape (records, columns)

    Raises
    ------
    CalibrationError
        A variable is not a column of `records`.
    """
    matrix = np.zeros((len(records), len(columns)))
    for place, (variable, category) in enumerate(columns):
        if variable not in records:
            raise CalibrationError(f'the records have no column "{variable}", which the totals constrain')
        matrix[:, place] = (records[variable] == category).to_numpy(dtype=float)
    return matrix


def calibrate(
    weights: ArrayLike,
    matrix: ArrayLike,
    totals: ArrayLike,
    *,
    low: float = 0.0,
    high: float = 10.0,
    slack: ArrayLike | None = None,
    names: Sequence[object] | None = None,
    tolerance: float = 1e-6,
    limit: int = 200,
) -> Calibration:
    """Calibrate design weights to totals with bounded ratios.

    Parameters
    ----------
    weights
        Design weights, zero or more.
    matrix
        Shape (records, constraints): what each record adds to each total.
    totals
        One a constraint.
    low, high
        Bounds of new over old weight, after the old are scaled to the size that best fits the
        totals; 0 <= low < 1 < high.
    slack
        Variance allowed to each total (a standard deviation squared, in its unit); 0 or left out
        means met exactly. Totals that conflict can be met only with slack.
    names
        What to call the constraints in messages.
    tolerance
        Largest miss, relative to the largest total.
    limit
        Most Newton steps.

    Returns
    -------
    Calibration
        Weights, ratios and misses.

    Raises
    ------
    CalibrationError
        Shapes disagree, bounds are not around 1, or the totals cannot be met within the bounds;
        the message names the constraint that is missed by most.
    """
    design = np.asarray(weights, dtype=float)
    x = np.asarray(matrix, dtype=float)
    wanted = np.asarray(totals, dtype=float)
    if x.shape != (len(design), len(wanted)):
        raise CalibrationError(
            f"a matrix of shape {x.shape} for {len(design)} weights and {len(wanted)} totals; "
            f"needed {(len(design), len(wanted))}"
        )
    if not (np.isfinite(design).all() and np.isfinite(x).all() and np.isfinite(wanted).all()):
        raise CalibrationError("weights, matrix and totals must be finite; leave out what is missing")
    if (design < 0).any() or design.sum() <= 0:
        raise CalibrationError("design weights must be zero or more with a sum above zero")
    if not 0.0 <= low < 1.0 < high:
        raise CalibrationError(f"the bounds are {low} and {high}; needed 0 <= low < 1 < high")
    give = np.zeros(len(wanted)) if slack is None else np.asarray(slack, dtype=float)
    start = design @ x
    scale = float(start @ wanted / (start @ start)) if (start @ start) > 0 else 1.0
    if scale <= 0:
        raise CalibrationError("the totals ask for no households at all; leave the area out")
    base = design * scale
    labels = list(names) if names is not None else [f"constraint {k + 1}" for k in range(len(wanted))]
    size = max(float(np.abs(wanted).max()), 1e-300)
    multiplier, rounds = _solve(base, x, wanted, low, high, give, tolerance * size, limit)
    ratio = np.clip(1.0 + x @ multiplier, low, high)
    miss = (base * ratio) @ x - wanted
    rest = np.abs(miss + give * multiplier)
    if rest.max() > tolerance * size:
        worst = int(np.argmax(rest))
        raise CalibrationError(
            f"{labels[worst]} cannot be met within ratios of {low:g} to {high:g}: asked for "
            f"{wanted[worst]:g}, came to {wanted[worst] + miss[worst]:g}; widen the bounds, allow "
            f"slack, or reconcile the totals"
        )
    bound = (ratio <= low) | (ratio >= high)
    return Calibration(base * ratio, ratio, scale, miss, float(bound.mean()), rounds)


def _solve(
    base: NDArray[np.float64],
    x: NDArray[np.float64],
    wanted: NDArray[np.float64],
    low: float,
    high: float,
    slack: NDArray[np.float64],
    tolerance: float,
    limit: int,
) -> tuple[NDArray[np.float64], int]:
    """Newton steps on the dual, which is convex and piecewise quadratic, with halving."""
    multiplier = np.zeros(len(wanted))

    def dual(at: NDArray[np.float64]) -> float:
        u = x @ at
        r = np.clip(u, low - 1.0, high - 1.0)
        return float(base @ (u * r - 0.5 * r * r + u) - wanted @ at + 0.5 * at @ (slack * at))

    value = dual(multiplier)
    for step in range(1, limit + 1):
        free = 1.0 + x @ multiplier
        ratio = np.clip(free, low, high)
        gradient = (base * ratio) @ x - wanted + slack * multiplier
        if np.abs(gradient).max() <= 0.1 * tolerance:
            return multiplier, step
        active = x * (base * ((free > low) & (free < high)))[:, None]
        curve = active.T @ x + np.diag(slack)
        # Indicators of several variables are collinear (each set sums to the households), and a
        # bound may empty a row: a trace of the identity keeps the step defined.
        ridge = 1e-10 * max(float(np.trace(curve)), float(base @ (x * x).sum(axis=1)) * 1e-4) / len(wanted)
        move = np.linalg.solve(curve + ridge * np.eye(len(wanted)), -gradient)
        length, descent = 1.0, float(gradient @ move)
        while length > 1e-12:
            after = multiplier + length * move
            reached = dual(after)
            if reached <= value + 1e-4 * length * descent:
                break
            length /= 2.0
        else:
            return multiplier, step
        multiplier, value = after, reached
    return multiplier, limit
