"""Levels of income by area: from published means to the level that a composition implies.

ONS gives the mean income of an MSOA relative to England. Inside an MSOA, means follow the
income-deprivation rate with a slope estimated between MSOAs. The level of an area is then *solved* so
that its modelled household mean is that mean, given who lives there; adding a slope on top of the
composition would count it twice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mis.distribution import Widths, mean_factor
from mis.household_types import household_types
from mis.inputs import Reconciled
from mis.parameters import Shape

Floats = NDArray[np.float64]

_RATE_LIMITS = (0.005, 0.995)

# Slope of log mean income on the logit of households deprived in two or more dimensions, as a multiple
# of that on the income-deprivation rate: 0.346 against 0.204 between MSOAs of one district, England.
_DEPRIVATION_SLOPE = 1.7


def covariate(tables: Reconciled) -> Floats:
    """Logit of the income-deprivation rate less its household-weighted mean inside the MSOA.

    Where no area has a rate, the share of households deprived in two or more dimensions (census) takes
    its place, scaled to the rate's slope. Zero where neither is known.
    """
    known = np.isfinite(tables.income_rate)
    rate = tables.income_rate
    scale = 1.0
    if not known.any() and tables.deprivation is not None:
        total = tables.deprivation.sum(axis=1)
        known = total > 0
        rate = np.divide(tables.deprivation[:, 2:].sum(axis=1), total, out=np.ones(len(total)), where=known)
        scale = _DEPRIVATION_SLOPE
    rate = np.clip(rate, *_RATE_LIMITS)
    return centred(np.nan_to_num(scale * np.log(rate / (1 - rate))), tables, known=known)


def centred(values: Floats, tables: Reconciled, *, known: NDArray[np.bool_] | None = None) -> Floats:
    """Values by area less their household-weighted mean inside each MSOA.

    Parameters
    ----------
    values
        Shape (area,) or (area, draw).
    known
        Areas whose value counts; the others come back as zero.
    """
    counts = np.ones(len(tables.codes), dtype=bool) if known is None else known
    weight = np.where(counts, tables.households, 0.0)
    _, group = np.unique(tables.msoa, return_inverse=True)
    total = np.bincount(group, weight)
    stacked = values if values.ndim == 2 else values[:, None]
    sums = np.zeros((len(total), stacked.shape[1]))
    np.add.at(sums, group, stacked * weight[:, None])
    mean = sums / np.where(total > 0, total, 1.0)[:, None]
    out = np.where(counts[:, None], stacked - mean[group], 0.0)
    return out if values.ndim == 2 else out[:, 0]


def spread_means(pattern: Floats, msoa_mean: Floats, tables: Reconciled) -> Floats:
    """Area means with a given pattern whose household-weighted mean is that of the MSOA.

    Parameters
    ----------
    pattern
        Relative means inside the MSOA, positive, shape (area,) or (area, draw).
    msoa_mean
        Mean of each area's MSOA, broadcastable to `pattern`.

    Returns
    -------
    array of float, the shape of `pattern`
    """
    stacked = pattern if pattern.ndim == 2 else pattern[:, None]
    _, group = np.unique(tables.msoa, return_inverse=True)
    weight = tables.households
    total = np.bincount(group, weight)
    sums = np.zeros((len(total), stacked.shape[1]))
    np.add.at(sums, group, stacked * weight[:, None])
    mean = sums / np.where(total > 0, total, 1.0)[:, None]
    mean = np.where(mean > 0, mean, 1.0)
    out = stacked / mean[group] * (msoa_mean if msoa_mean.ndim == 2 else msoa_mean[:, None])
    return out if pattern.ndim == 2 else out[:, 0]


def relative_means(tables: Reconciled, *, slope: float) -> Floats:
    """Mean income of each area relative to England, household-weighted over the areas given.

    Parameters
    ----------
    slope
        Fall of log mean income per unit of the logit income-deprivation rate inside an MSOA.
    """
    england = np.average(tables.income_mean, weights=tables.households)
    return spread_means(np.exp(-slope * covariate(tables)), tables.income_mean / england, tables)


def area_levels(
    counts: Floats, means: Floats, shape: Shape, region: NDArray[np.int_], *, iterations: int = 60
) -> Floats:
    """Level of each area at which its modelled household mean is the mean wanted.

    Parameters
    ----------
    counts
        Households, shape (area, type, tenure).
    means
        Mean equivalised income wanted, units of the national median, shape (area,).
    shape
        Shape of incomes.
    region
        Position of each area's region.

    Returns
    -------
    array of float, shape (area,)
        Zero for an area without households.
    """
    kappa = shape.kappa[region]
    factor = shape.tenure_factors()[None] * kappa[:, None, None]
    widths = Widths(shape.lower[None, :, None] * factor, shape.upper * factor, shape.wide[None, :, None])
    mean = np.exp(shape.offsets()) * mean_factor(widths) * (1 - shape.zero)
    per_type = (counts * mean).sum(axis=2)
    pensioner = household_types().is_pensioner
    own = per_type[:, ~pensioner].sum(axis=1)
    pens = per_type[:, pensioner].sum(axis=1)
    follow = float(shape.follow[pensioner][0])
    wanted = means * counts.sum(axis=(1, 2))
    return solve_level(own, pens, wanted, follow, iterations=iterations)


def solve_level(
    own: Floats, pensioner: Floats, wanted: Floats, follow: Floats | float, *, iterations: int = 60
) -> Floats:
    """Level d with ``own e^d + pensioner e^(follow d) = wanted``, by Newton on the logarithm.

    The left side's logarithm is convex and rising in d, so the steps converge from any start. Zero
    where nothing is wanted.
    """
    some = (own + pensioner > 0) & (wanted > 0)
    own, pensioner = np.where(some, own, 1.0), np.where(some, pensioner, 0.0)
    target = np.log(np.where(some, wanted, 1.0))
    level = target - np.log(own + pensioner)
    for _ in range(iterations):
        first, second = own * np.exp(level), pensioner * np.exp(follow * level)
        total = first + second
        step = (np.log(total) - target) * total / (first + follow * second)
        level = level - step
        if np.abs(step).max(initial=0.0) < 1e-12:
            break
    return np.where(some, level, 0.0)
