"""Households of each type and tenure in each area, from margins that disagree.

Published margins count different things, are perturbed one by one, and some describe persons, not
households. So the composition is the one nearest to a national seed (in Kullback-Leibler distance)
that pays a penalty for missing each margin, small for what is known well and large for what is known
nearly exactly. Minimise over cells c of an area

    sum_c w_c ln(w_c / s_c) - w_c + 1/2 sum_j (X_j . w - b_j)^2 / D_j

which is smooth and convex; the dual has one unknown a margin and is solved by Newton's method for all
areas at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ITERATIONS = 60
_LARGEST_STEP = 4.0


@dataclass(frozen=True)
class PenalisedFit:
    """Compositions nearest to their seeds.

    Parameters
    ----------
    weights
        Households, shape (area, cell).
    missed
        Margin given by `weights` less the margin wanted, shape (area, margin).
    iterations
        Newton steps taken.
    converged
        False if an area had not settled after the last step.
    """

    weights: Floats
    missed: Floats
    iterations: int
    converged: bool


def rake_with_penalties(
    seed: Floats, design: Floats, margins: Floats, tolerance: Floats, *, accuracy: float = 1e-9
) -> PenalisedFit:
    """Composition of each area nearest to its seed that pays for missing its margins.

    Parameters
    ----------
    seed
        Households expected before looking at the area, shape (area, cell); zero stays zero.
    design
        What one household of a cell adds to each margin, shape (margin, cell).
    margins
        Margins wanted, shape (area, margin).
    tolerance
        Standard deviation of each margin, in its own units, shape (area, margin); a margin that is not
        wanted gets infinity.

    Returns
    -------
    PenalisedFit

    Notes
    -----
    With ``w = s exp(X' eta)`` the optimum has ``eta = (b - X w) / D``. Newton's method on this
    equation, with the step cut where an exponent would jump, converges from zero.
    """
    areas, count = margins.shape
    wanted = np.isfinite(tolerance)
    variance = np.where(wanted, np.square(np.where(wanted, tolerance, 1.0)), 1.0)
    variance = np.maximum(variance, 1e-12)
    target = np.where(wanted, margins, 0.0)
    eta = np.zeros((areas, count))
    scale = np.maximum(np.abs(target), 1.0)
    unit = np.eye(count)
    weights = seed.astype(float).copy()
    active = np.arange(areas)
    steps = 0
    while steps < _ITERATIONS:
        steps += 1
        w = seed[active] * np.exp(np.clip(eta[active] @ design, -60.0, 60.0))
        on = wanted[active]
        gradient = np.where(on, w @ design.T + variance[active] * eta[active] - target[active], 0.0)
        settled = (np.abs(gradient) <= accuracy * scale[active]).all(axis=1)
        weights[active] = w
        active, w, gradient, on = active[~settled], w[~settled], gradient[~settled], on[~settled]
        if not len(active):
            break
        curvature = np.einsum("nc,jc,kc->njk", w, design, design, optimize=True)
        curvature = curvature * (on[:, :, None] & on[:, None, :])
        curvature += unit * np.where(on, variance[active], 1.0)[:, :, None]
        step = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
        change = np.abs(step @ design).max(axis=1)
        eta[active] -= step * np.minimum(1.0, _LARGEST_STEP / np.maximum(change, 1e-30))[:, None]
    else:
        weights[active] = seed[active] * np.exp(np.clip(eta[active] @ design, -60.0, 60.0))
    missed = np.where(wanted, weights @ design.T - target, 0.0)
    return PenalisedFit(weights, missed, steps, not len(active))


def rake_exactly(seed: Floats, rows: Floats, columns: Floats, *, iterations: int = 200) -> Floats:
    """Table nearest to a seed with the given row and column sums (iterative proportional fitting).

    Parameters
    ----------
    seed
        Shape (row, column), not negative.
    rows, columns
        Sums wanted; their totals agree.
    """
    table = seed.astype(float).copy()
    for _ in range(iterations):
        table *= (rows / np.maximum(table.sum(axis=1), 1e-300))[:, None]
        table *= (columns / np.maximum(table.sum(axis=0), 1e-300))[None, :]
    return table
