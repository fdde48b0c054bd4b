"""How many are below their line, and how far, when every household has a line of its own.

The measures of Foster, Greer and Thorbecke (1984, Econometrica 52), Watts (1968) and Sen (1976)
were made for one poverty line. Here income is first divided by the household's own line, so a lone
parent and a pensioner couple at the same ratio are equally far below; people are counted by
weighting a household by its persons.

    measure_shortfall(income, line, weight=weight * persons)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import UserError


class IncomeError(UserError, ValueError):
    """Incomes, lines or weights are missing, or not of a kind that can be measured."""


@dataclass(frozen=True)
class Shortfall:
    """Measures of one population. Shares are from 0 to 1.

    Parameters
    ----------
    below
        Share with income under their line (FGT0).
    gap
        Mean of the shortfall as a share of the line, over everyone (FGT1).
    severity
        Mean of its square (FGT2): dominated by those without income.
    depth
        Mean shortfall of those below as a share of their line (gap / below); NaN with nobody below.
    watts
        Mean over everyone of the logarithm of line over income.
    sen
        below × (depth + (1 − depth) × Gini of those below); 0 with nobody below.
    floored
        Share whose income was under the floor that Watts's logarithm needs.
    negative
        Share whose income was negative and was taken as zero.
    weight
        Sum of the weights.
    """

    below: float
    gap: float
    severity: float
    depth: float
    watts: float
    sen: float
    floored: float
    negative: float
    weight: float


def measure_shortfall(
    income: ArrayLike,
    line: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    band: float = 1.0,
    floor: float = 0.01,
) -> Shortfall:
    """Measure how many are below their line and how far.

    Parameters
    ----------
    income
        Pounds a week after housing costs, one a household. A negative income counts as zero, as in
        the official low-income statistics, so that no shortfall exceeds the line; the share
        concerned is reported.
    line
        Pounds a week, one a household or one for all; above zero.
    weight
        Households, or people (household weight × persons); 1 if left out.
    band
        Share of the line to measure against, such as 0.75.
    floor
        Share of the line under which Watts's logarithm takes this share instead, since it has no
        value at zero.

    Returns
    -------
    Shortfall
        All measures; NaN for a population without weight.

    Raises
    ------
    IncomeError
        A value is missing, a line is not above zero, or a weight is negative.
    """
    ratio, mass, negative = _ratios(income, line, weight, band)
    if not 0.0 < floor < 1.0:
        raise IncomeError(f"the floor is {floor}; it is a share of the line, above 0 and below 1")
    whole = float(mass.sum())
    if whole <= 0:
        nan = float("nan")
        return Shortfall(nan, nan, nan, nan, nan, nan, nan, nan, 0.0)
    poor = ratio < 1.0
    gap = np.where(poor, 1.0 - ratio, 0.0)

    def mean(values: NDArray[np.float64]) -> float:
        return float(np.dot(mass, values) / whole)

    below, depth_all, severity = mean(poor.astype(float)), mean(gap), mean(gap**2)
    depth = depth_all / below if below > 0 else float("nan")
    watts = mean(np.where(poor, -np.log(np.maximum(ratio, floor)), 0.0))
    sen = below * (depth + (1.0 - depth) * gini(ratio[poor], weight=mass[poor])) if below > 0 else 0.0
    return Shortfall(
        below=below,
        gap=depth_all,
        severity=severity,
        depth=depth,
        watts=watts,
        sen=sen,
        floored=mean((ratio < floor).astype(float)),
        negative=mean(negative.astype(float)),
        weight=whole,
    )


def fgt(
    income: ArrayLike, line: ArrayLike, *, alpha: float, weight: ArrayLike | None = None, band: float = 1.0
) -> float:
    """One measure of the Foster-Greer-Thorbecke family: mean of the relative gap to the power `alpha`.

    Parameters and errors are those of `measure_shortfall`; `alpha` is zero or more, and at zero
    the share below.
    """
    if alpha < 0:
        raise IncomeError(f"alpha is {alpha}; it must be zero or more")
    ratio, mass, _ = _ratios(income, line, weight, band)
    poor = ratio < 1.0
    if mass.sum() <= 0:
        return float("nan")
    return float(np.dot(mass[poor], (1.0 - ratio[poor]) ** alpha) / mass.sum())


def gini(values: ArrayLike, *, weight: ArrayLike | None = None) -> float:
    """Gini coefficient of values that are zero or more; 0 where all are equal or all are zero."""
    array = np.asarray(values, dtype=float)
    mass = np.ones(len(array)) if weight is None else np.asarray(weight, dtype=float)
    if not len(array) or np.dot(array, mass) <= 0:
        return 0.0
    order = np.argsort(array, kind="stable")
    array, mass = array[order], mass[order]
    middle = np.cumsum(mass) - mass / 2
    mean = np.dot(array, mass) / mass.sum()
    return float(2.0 * np.dot(mass, array * (middle / mass.sum() - 0.5)) / (mass.sum() * mean))


def _ratios(
    income: ArrayLike, line: ArrayLike, weight: ArrayLike | None, band: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    money = np.asarray(income, dtype=float)
    lines = np.broadcast_to(np.asarray(line, dtype=float), money.shape)
    mass = np.ones(money.shape) if weight is None else np.asarray(weight, dtype=float)
    if mass.shape != money.shape:
        raise IncomeError(f"{mass.size} weights for {money.size} incomes; give one each")
    if not band > 0:
        raise IncomeError(f"the band is {band}; it is a share of the line, above 0")
    for name, values, bad in (
        ("income", money, ~np.isfinite(money)),
        ("line", lines, ~np.isfinite(lines) | (lines <= 0)),
        ("weight", mass, ~np.isfinite(mass) | (mass < 0)),
    ):
        if bad.any():
            at = int(np.argmax(bad))
            raise IncomeError(
                f"household {at + 1} has the {name} {values[at]}; needed a number"
                f"{' above zero' if name == 'line' else ''}: leave the household out, or mend it"
            )
    return np.maximum(money, 0.0) / (lines * band), mass, money < 0
