"""Incomes inside one cell of one area: a split lognormal with a long lower end, in closed form.

A share of people has no income after housing costs. The logarithm of the others' income has a
median, a half normal above it, and below it a half normal of which a part is wider by a fixed factor:
the low end of incomes after housing costs is longer than a normal's. Shares below a line, mean
shortfalls and mean squared shortfalls follow exactly, so nothing is simulated inside a cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]

#: Width of the wide part below the median, in units of the narrow part's.
WIDE = 2.5


@dataclass(frozen=True)
class Widths:
    """Widths of log income on both sides of the median; arrays that broadcast against each other.

    Parameters
    ----------
    lower, upper
        Standard deviation below (of the narrow part) and above the median.
    wide
        Share of the lower side that is `WIDE` times wider, 0 to 1; 0 is a plain split lognormal.
    """

    lower: Floats
    upper: Floats
    wide: Floats


def continuous_share_below(distance: Floats, widths: Widths) -> Floats:
    """Share of the positive incomes below a line.

    Parameters
    ----------
    distance
        Logarithm of the line less that of the median income.
    widths
        Widths of the cell.

    Returns
    -------
    array of float
        Shares from 0 to 1, in the broadcast shape of the arguments.
    """
    below = np.minimum(distance, 0.0) / widths.lower
    above = ndtr(np.maximum(distance, 0.0) / widths.upper)
    share = (1 - widths.wide) * ndtr(below) + widths.wide * ndtr(below / WIDE)
    return np.asarray(np.where(distance <= 0, share, above))


def density(distance: Floats, widths: Widths) -> Floats:
    """Density of the logarithm of positive incomes at a line."""
    low = distance / widths.lower
    narrow = (1 - widths.wide) * np.exp(-0.5 * low**2)
    below = (narrow + widths.wide / WIDE * np.exp(-0.5 * (low / WIDE) ** 2)) / widths.lower
    above = np.exp(-0.5 * (distance / widths.upper) ** 2) / widths.upper
    return np.asarray(np.where(distance <= 0, below, above) / np.sqrt(2 * np.pi))


def partial_moment(power: int, distance: Floats, widths: Widths) -> Floats:
    """Mean of income to a power, counting only incomes below a line.

    The distance may be infinite, which gives the whole moment.

    Parameters
    ----------
    power
        1 for income, 2 for its square; 0 gives the share below.
    distance, widths
        As in `continuous_share_below`.

    Returns
    -------
    array of float
        In units of the median to the power.
    """
    below, above = np.minimum(distance, 0.0), np.maximum(distance, 0.0)
    total = _half(power, below, widths.lower) * (1 - widths.wide)
    total = total + _half(power, below, WIDE * widths.lower) * widths.wide
    upper = power * widths.upper
    return np.asarray(
        total + np.exp(0.5 * np.square(upper)) * (ndtr(above / widths.upper - upper) - ndtr(-upper))
    )


def mean_factor(widths: Widths) -> Floats:
    """Mean of the positive incomes as a multiple of their median."""
    wide = WIDE * widths.lower
    return np.asarray(
        (1 - widths.wide) * np.exp(0.5 * np.square(widths.lower)) * ndtr(-widths.lower)
        + widths.wide * np.exp(0.5 * np.square(wide)) * ndtr(-wide)
        + np.exp(0.5 * np.square(widths.upper)) * ndtr(widths.upper)
    )


def _half(power: int, below: Floats, width: Floats) -> Floats:
    return np.asarray(np.exp(0.5 * np.square(power * width)) * ndtr(below / width - power * width))


def share_below(distance: Floats, widths: Widths, zero: Floats) -> Floats:
    """Share of all incomes below a line, zero incomes included.

    Parameters
    ----------
    distance, widths
        As in `continuous_share_below`.
    zero
        Share of people without income.
    """
    return np.asarray(zero + (1.0 - zero) * continuous_share_below(distance, widths))


def poverty_gap(distance: Floats, widths: Widths, zero: Floats) -> Floats:
    """Mean shortfall as a share of the line, over everyone (FGT1).

    Those above the line count as nothing, those without income as the whole line.
    """
    share = continuous_share_below(distance, widths)
    first = partial_moment(1, distance, widths) * np.exp(-distance)
    return np.asarray(zero + (1.0 - zero) * (share - first))


def squared_gap(distance: Floats, widths: Widths, zero: Floats) -> Floats:
    """Mean squared shortfall as a share of the line squared, over everyone (FGT2)."""
    share = continuous_share_below(distance, widths)
    first = partial_moment(1, distance, widths) * np.exp(-distance)
    second = partial_moment(2, distance, widths) * np.exp(-2.0 * distance)
    return np.asarray(zero + (1.0 - zero) * (share - 2.0 * first + second))
