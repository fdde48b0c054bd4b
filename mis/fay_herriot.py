"""Direct survey estimates of areas, drawn towards what their covariates predict.

Fay and Herriot (1979, Journal of the American Statistical Association 74): an area's direct
estimate is the regression on its covariates, plus an area effect of variance A, plus sampling
error of known variance. The better the direct estimate, the more of it is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import UserError


class AreaModelError(UserError, ValueError):
    """Estimates, variances or covariates cannot carry an area model."""


@dataclass(frozen=True)
class AreaModel:
    """A fitted Fay-Herriot model.

    Parameters
    ----------
    variance
        A, variance of the area effects; 0 where sampling error explains all differences.
    coefficients, errors
        Regression coefficients and their standard errors.
    estimate
        Empirical best linear unbiased predictor, by area; the regression alone where the direct
        estimate is missing.
    mse
        Its mean squared error, by area.
    kept
        Share of the direct estimate that is kept, by area, 0 to 1.
    rounds
        Scoring steps taken.
    """

    variance: float
    coefficients: NDArray[np.float64]
    errors: NDArray[np.float64]
    estimate: NDArray[np.float64]
    mse: NDArray[np.float64]
    kept: NDArray[np.float64]
    rounds: int


def fit_area_model(
    direct: ArrayLike,
    variance: ArrayLike,
    covariates: ArrayLike,
    *,
    tolerance: float = 1e-10,
    limit: int = 200,
) -> AreaModel:
    """Fit a Fay-Herriot model by restricted maximum likelihood.

    Parameters
    ----------
    direct
        Direct estimate by area, in any unit; NaN in an area without survey records.
    variance
        Sampling variance of each, taken as known; not read where `direct` is NaN.
    covariates
        Shape (areas, coefficients), with a column of ones if an intercept is meant.
    tolerance
        Change of A, relative to the mean sampling variance, at which scoring ends.
    limit
        Most scoring steps.

    Returns
    -------
    AreaModel
        Variance, coefficients, predictors and their mean squared errors.

    Raises
    ------
    AreaModelError
        Shapes disagree, a variance is not above zero, covariates are missing or collinear, there
        are no more areas with estimates than coefficients, or scoring does not settle.

    Notes
    -----
    Mean squared errors follow Datta and Lahiri (2000), Statistica Sinica 10: leading term, cost of
    estimating the coefficients, and twice the cost of estimating A. They hold for many areas; with
    fewer than about 30 they are a guide.
    """
    y = np.asarray(direct, dtype=float)
    known = np.asarray(variance, dtype=float)
    design = np.asarray(covariates, dtype=float)
    if design.ndim != 2 or len(design) != len(y) or known.shape != y.shape:
        raise AreaModelError(
            f"{len(y)} estimates, {known.size} variances and covariates of shape {design.shape}; "
            f"give one of each an area"
        )
    if not np.isfinite(design).all():
        row = int(np.argwhere(~np.isfinite(design))[0][0])
        raise AreaModelError(f"area {row + 1} lacks a covariate; every area needs all of them")
    seen = ~np.isnan(y)
    bad = seen & (~np.isfinite(known) | (known <= 0))
    if bad.any():
        at = int(np.argmax(bad))
        raise AreaModelError(
            f"area {at + 1} has the sampling variance {known[at]}; needed one above zero: "
            f"smooth the variances, or leave the direct estimate out (NaN)"
        )
    x, d, z = design[seen], known[seen], y[seen]
    if len(z) <= x.shape[1] or np.linalg.matrix_rank(x) < x.shape[1]:
        raise AreaModelError(
            f"{len(z)} areas with estimates and {x.shape[1]} covariates of rank "
            f"{np.linalg.matrix_rank(x)}; needed more areas than covariates, and no covariate that "
            f"is a sum of others"
        )
    a, rounds = _score(z, d, x, tolerance * float(d.mean()), limit)

    inverse = 1.0 / (a + d)
    spread = np.linalg.inv((x.T * inverse) @ x)
    beta = spread @ (x.T @ (inverse * z))
    kept = np.zeros(len(y))
    kept[seen] = a * inverse
    regression = design @ beta
    estimate = regression + kept * np.where(seen, np.nan_to_num(y) - regression, 0.0)

    leverage = np.einsum("ij,jk,ik->i", design, spread, design)
    of_variance = 2.0 / float(np.sum(inverse**2))
    first = np.full(len(y), a)
    first[seen] = a * d * inverse
    third = np.zeros(len(y))
    third[seen] = d**2 * inverse**3 * of_variance
    mse = first + (1.0 - kept) ** 2 * leverage + 2.0 * third
    return AreaModel(a, beta, np.sqrt(np.diag(spread)), estimate, mse, kept, rounds)


def _score(
    y: NDArray[np.float64], d: NDArray[np.float64], x: NDArray[np.float64], tolerance: float, limit: int
) -> tuple[float, int]:
    """Fisher scoring on the restricted likelihood; A is held at zero or more."""
    a = float(np.median(d))
    for step in range(1, limit + 1):
        inverse = 1.0 / (a + d)
        weighted = x * inverse[:, None]
        project = np.diag(inverse) - weighted @ np.linalg.solve(x.T @ weighted, weighted.T)
        py = project @ y
        slope = 0.5 * (float(py @ py) - float(np.trace(project)))
        information = 0.5 * float(np.sum(project * project))
        after = max(a + slope / information, 0.0)
        if abs(after - a) <= tolerance:
            return after, step
        a = after
    raise AreaModelError(
        f"the variance of the area effects did not settle in {limit} steps; look for an area whose "
        f"sampling variance is far too small"
    )
