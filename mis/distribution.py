"""Incomes inside one cell of one area: a split lognormal with a mass at zero, and its exact moments.

A share of people has no income after housing costs. The logarithm of the others' income has a
median, a half normal below it and a half normal of another width above. Shares below a line, mean
shortfalls and mean squared shortfalls follow in closed form, so nothing is simulated inside a cell.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]


def continuous_share_below(line: Floats, median: Floats, lower: Floats, upper: Floats) -> Floats:
    """Share of the positive incomes below a line.

    Parameters
    ----------
    line, median
        Logarithms of the line and of the median income.
    lower, upper
        Widths in logs below and above the median.

    Returns
    -------
    array of float
        Shares from 0 to 1, in the broadcast shape of the arguments.
    """
    distance = line - median
    return np.asarray(ndtr(distance / np.where(distance <= 0, lower, upper)))


def partial_moment(power: int, line: Floats, median: Floats, lower: Floats, upper: Floats) -> Floats:
    """Mean of income to a power, counting only incomes below a line.

    The upper end may be infinite (``numpy.inf``), which gives the whole moment.

    Parameters
    ----------
    power
        1 for income, 2 for its square; 0 gives the share below.
    line, median, lower, upper
        As in `continuous_share_below`.

    Returns
    -------
    array of float
        In units of exp(`median`) to the power.
    """
    distance = line - median
    below = np.minimum(distance, 0.0) / lower
    above = np.maximum(distance, 0.0) / upper
    first = np.exp(power * median + 0.5 * (power * lower) ** 2) * ndtr(below - power * lower)
    second = np.exp(power * median + 0.5 * (power * upper) ** 2) * (
        ndtr(above - power * upper) - ndtr(-power * upper)
    )
    return np.asarray(first + second)


def mean_factor(lower: Floats, upper: Floats) -> Floats:
    """Mean of the positive incomes as a multiple of their median."""
    return np.asarray(
        np.exp(0.5 * np.square(lower)) * ndtr(-np.asarray(lower))
        + np.exp(0.5 * np.square(upper)) * ndtr(np.asarray(upper))
    )


def share_below(line: Floats, median: Floats, lower: Floats, upper: Floats, zero: Floats) -> Floats:
    """Share of all incomes below a line, zero incomes included.

    Parameters
    ----------
    zero
        Share of people without income.
    """
    return np.asarray(zero + (1.0 - zero) * continuous_share_below(line, median, lower, upper))


def poverty_gap(line: Floats, median: Floats, lower: Floats, upper: Floats, zero: Floats) -> Floats:
    """Mean shortfall as a share of the line, over everyone (FGT1).

    Those above the line count as nothing, those without income as the whole line.
    """
    share = continuous_share_below(line, median, lower, upper)
    first = partial_moment(1, line, median, lower, upper)
    return np.asarray(zero + (1.0 - zero) * (share - first * np.exp(-line)))


def squared_gap(line: Floats, median: Floats, lower: Floats, upper: Floats, zero: Floats) -> Floats:
    """Mean squared shortfall as a share of the line squared, over everyone (FGT2)."""
    share = continuous_share_below(line, median, lower, upper)
    first = partial_moment(1, line, median, lower, upper) * np.exp(-line)
    second = partial_moment(2, line, median, lower, upper) * np.exp(-2.0 * line)
    return np.asarray(zero + (1.0 - zero) * (share - 2.0 * first + second))
