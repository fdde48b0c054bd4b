"""People, households and pounds below the line, summed over weighted records for many areas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numba
import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: Shares of the line below which people are counted.
BANDS = (0.5, 0.75, 0.9, 1.0)
#: What is summed, in the order of the kernel. `gap` and `severity` weight the relative shortfall
#: and its square by people; `shortfall` is in pounds a week of households.
SUMS = (
    "households",
    "people",
    "children",
    "pensioners",
    "people_below_50",
    "people_below_75",
    "people_below_90",
    "people_below_100",
    "children_below_100",
    "pensioners_below_100",
    "households_below_100",
    "gap",
    "severity",
    "shortfall",
)
#: Rows of areas whose incomes are brought to one mean together, and the weights of all records.
Block = tuple[NDArray[np.int64], NDArray[np.float64]]


@dataclass(frozen=True)
class Incomes:
    """What each record brings to the sums.

    Parameters
    ----------
    income, line
        Pounds a week of the household.
    equivalent
        Income over the equivalence scale; zeros where incomes are not rescaled.
    persons, children, pensioners
        People in the household; NaN where the survey does not say.
    """

    income: NDArray[np.float64]
    line: NDArray[np.float64]
    equivalent: NDArray[np.float64]
    persons: NDArray[np.float64]
    children: NDArray[np.float64]
    pensioners: NDArray[np.float64]


@dataclass(frozen=True)
class AreaSums:
    """Sums by area (columns `SUMS`) with what the weights behind them look like.

    Parameters
    ----------
    sums
        Shape (areas, `SUMS`).
    effective, largest, records
        Effective sample size, largest share of the weight on one record, records with a weight.
    lift
        What incomes were multiplied by.
    fitted
        Shape (areas, categories); empty unless `matrix` was given.
    """

    sums: NDArray[np.float64]
    effective: NDArray[np.float64]
    largest: NDArray[np.float64]
    records: NDArray[np.int64]
    lift: NDArray[np.float64]
    fitted: NDArray[np.float64]


def sum_areas(
    blocks: Iterable[Block],
    incomes: Incomes,
    *,
    areas: int,
    goal: NDArray[np.float64] | None = None,
    parent: NDArray[np.int64] | None = None,
    matrix: NDArray[np.float64] | None = None,
) -> AreaSums:
    """Sum records over areas, a block of areas at a time.

    Parameters
    ----------
    blocks
        Rows of areas with their weights, shape (rows, records). All areas of one parent stand in
        one block.
    incomes
        What records bring.
    areas
        Number of areas.
    goal, parent
        Mean equivalised income of households by area, and the number of the larger area over
        which it is met; incomes stay as they are where `goal` is None.
    matrix
        Shape (records, categories), to sum the weights by category as well.

    Returns
    -------
    AreaSums
        Sums in the order of the areas; zero for an area without weight.
    """
    sums = np.zeros((areas, len(SUMS)))
    effective = np.full(areas, np.nan)
    largest = np.full(areas, np.nan)
    records = np.zeros(areas, dtype=np.int64)
    lift = np.ones(areas)
    fitted = np.zeros((areas, 0 if matrix is None else matrix.shape[1]))
    for rows, weights in blocks:
        whole = weights.sum(axis=1)
        if goal is not None and parent is not None:
            # Households without income stay without: only those with some are lifted.
            earned = weights @ np.maximum(incomes.equivalent, 0.0)
            owner, place = np.unique(parent[rows], return_inverse=True)
            wanted = np.bincount(place, goal[rows] * whole, minlength=len(owner))
            held = np.bincount(place, earned, minlength=len(owner))
            lift[rows] = np.divide(wanted, held, out=np.ones(len(owner)), where=held > 0)[place]
        sums[rows] = _sum_block(
            weights,
            lift[rows],
            incomes.income,
            incomes.line,
            incomes.persons,
            incomes.children,
            incomes.pensioners,
            np.array(BANDS),
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            effective[rows] = whole**2 / (weights**2).sum(axis=1)
            largest[rows] = weights.max(axis=1) / whole
        records[rows] = (weights > 0).sum(axis=1)
        if matrix is not None:
            fitted[rows] = weights @ matrix
    return AreaSums(sums, effective, largest, records, lift, fitted)


def gather_incomes(
    households: pd.DataFrame, line: NDArray[np.float64], *, dispersion: float, rescaled: bool
) -> Incomes:
    """Collect what records bring, with incomes widened about their median by a power.

    Parameters
    ----------
    households
        A survey's table.
    line
        Pounds a week of each household.
    dispersion
        Power applied to equivalised income over its people-weighted median; 1 changes nothing.
    rescaled
        Whether incomes will be brought to a mean, for which `scale` must be a column.
    """
    income = households["income"].to_numpy(dtype=float)
    equivalent = np.zeros(len(income))
    if rescaled:
        scale = households["scale"].to_numpy(dtype=float)
        equivalent = income / scale
        people = (households["weight"] * households["persons"]).to_numpy(dtype=float)
        order = np.argsort(equivalent, kind="stable")
        middle = equivalent[order][np.searchsorted(np.cumsum(people[order]), people.sum() / 2)]
        some = equivalent > 0
        equivalent[some] = middle * (equivalent[some] / middle) ** dispersion
        income = equivalent * scale

    def people_of(name: str) -> NDArray[np.float64]:
        if name not in households:
            return np.full(len(income), np.nan)
        column: NDArray[np.float64] = households[name].to_numpy(dtype=float)
        return column

    return Incomes(
        income, line, equivalent, people_of("persons"), people_of("children"), people_of("pensioners")
    )


@numba.njit(parallel=True, cache=True)
def _sum_block(
    weights: NDArray[np.float64],
    lift: NDArray[np.float64],
    income: NDArray[np.float64],
    line: NDArray[np.float64],
    persons: NDArray[np.float64],
    children: NDArray[np.float64],
    pensioners: NDArray[np.float64],
    bands: NDArray[np.float64],
) -> NDArray[np.float64]:
    result = np.zeros((weights.shape[0], 14))
    for area in numba.prange(weights.shape[0]):
        total = np.zeros(14)
        for i in range(weights.shape[1]):
            weight = weights[area, i]
            if weight == 0.0:
                continue
            people = weight * persons[i]
            total[0] += weight
            total[1] += people
            total[2] += weight * children[i]
            total[3] += weight * pensioners[i]
            ratio = max(income[i], 0.0) * lift[area] / line[i]
            if ratio >= 1.0:
                continue
            for band in range(4):
                if ratio < bands[band]:
                    total[4 + band] += people
            total[8] += weight * children[i]
            total[9] += weight * pensioners[i]
            total[10] += weight
            total[11] += people * (1.0 - ratio)
            total[12] += people * (1.0 - ratio) ** 2
            total[13] += weight * line[i] * (1.0 - ratio)
        # What the survey does not say is unknown below the line as well, even where nobody is.
        if np.isnan(total[2]):
            total[8] = np.nan
        if np.isnan(total[3]):
            total[9] = np.nan
        result[area] = total
    return result
