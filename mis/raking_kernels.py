"""The loops of raking, compiled.

Arrays as in `mis.raking.Raking`: `codes` has shape (variables, profiles) and holds positions among
all categories; `factors` are logarithms. Areas are spread over threads and share nothing, so the
number of threads changes no digit.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

#: Sweeps running without progress that count as a conflict: slow but real convergence passes this.
_PATIENCE = 5


@numba.njit(cache=True)
def scale_and_sum(
    weight: NDArray[np.float64],
    factor: NDArray[np.float64],
    here: NDArray[np.uint16],
    there: NDArray[np.uint16],
    sums: NDArray[np.float64],
) -> None:
    """Put factors of one variable on the weights and take sums of the next off them."""
    # One walk over the weights does two things: this variable's factors go on, and the next
    # variable's sums come off. Four running sums keep neighbouring records from waiting for each
    # other when they fall into the same category.
    sums[:] = 0.0
    size = len(weight)
    whole = size - size % 4
    for i in range(0, whole, 4):
        a = weight[i] * factor[here[i]]
        b = weight[i + 1] * factor[here[i + 1]]
        c = weight[i + 2] * factor[here[i + 2]]
        d = weight[i + 3] * factor[here[i + 3]]
        weight[i] = a
        weight[i + 1] = b
        weight[i + 2] = c
        weight[i + 3] = d
        sums[0, there[i]] += a
        sums[1, there[i + 1]] += b
        sums[2, there[i + 2]] += c
        sums[3, there[i + 3]] += d
    for i in range(whole, size):
        a = weight[i] * factor[here[i]]
        weight[i] = a
        sums[0, there[i]] += a


@numba.njit(parallel=True, cache=True)
def rake_areas(
    codes: NDArray[np.uint16],
    seed: NDArray[np.float64],
    first: NDArray[np.int64],
    targets: NDArray[np.float64],
    tolerance: float,
    progress: float,
    limit: int,
    factors: NDArray[Any],
    scale: NDArray[np.float64],
    sweeps: NDArray[np.int32],
    ended: NDArray[np.int8],
) -> None:
    """Rake all areas, filling factors, scale, sweeps and how each ended (place in `OUTCOMES`)."""
    variables = codes.shape[0]
    cells = targets.shape[1]
    for zone in numba.prange(targets.shape[0]):
        target = targets[zone]
        total = target[first[0] : first[1]].sum()
        product = np.ones(cells)
        scale[zone] = 0.0
        if total <= 0.0:
            factors[zone, :] = -np.inf
            ended[zone] = 3
            continue
        weight = seed.copy()
        step = np.ones(cells)
        sums = np.zeros((4, cells))
        scale_and_sum(weight, step, codes[0], codes[0], sums)
        before = np.inf
        idle = 0
        outcome = 2
        done = 0
        while done < limit:
            worst = 0.0
            for v in range(variables):
                for k in range(first[v], first[v + 1]):
                    got = sums[0, k] + sums[1, k] + sums[2, k] + sums[3, k]
                    worst = max(worst, abs(got - target[k]))
                    if got > 0.0:
                        step[k] = target[k] / got
                    elif target[k] == 0.0:
                        step[k] = 0.0
                    else:
                        step[k] = 1.0
                    product[k] *= step[k]
                scale_and_sum(weight, step, codes[v], codes[(v + 1) % variables], sums)
            done += 1
            if worst <= tolerance and done > 1:
                outcome = 0
                break
            idle = idle + 1 if worst > before * (1.0 - progress) else 0
            before = worst
            if progress > 0.0 and idle >= _PATIENCE:
                outcome = 1
                break
        # A constant may move from one variable's factors to another's: the largest of each is made
        # 1. Logarithms are kept because conflicting counts drive factors beyond float32's range.
        for v in range(variables):
            top = product[first[v] : first[v + 1]].max()
            if top > 0.0:
                scale[zone] += np.log(top)
            for k in range(first[v], first[v + 1]):
                factors[zone, k] = np.log(product[k] / top) if product[k] > 0.0 else -np.inf
        sweeps[zone] = done
        ended[zone] = outcome


@numba.njit(cache=True)
def profile_weights(
    codes: NDArray[np.uint16], factors: NDArray[Any], scale: float, weight: NDArray[np.float64]
) -> None:
    """Fill `weight` with what each profile's seed is multiplied by in one area."""
    factor = np.exp(factors.astype(np.float64))
    weight[:] = np.exp(scale)
    for v in range(codes.shape[0]):
        for i in range(len(weight)):
            weight[i] *= factor[codes[v, i]]


@numba.njit(parallel=True, cache=True)
def total_areas(
    codes: NDArray[np.uint16],
    factors: NDArray[Any],
    scale: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Sum values of profiles by area, already multiplied by their seeds."""
    result = np.zeros((factors.shape[0], sums.shape[1]))
    for zone in numba.prange(factors.shape[0]):
        weights = np.empty(codes.shape[1])
        profile_weights(codes, factors[zone], scale[zone], weights)
        for i in range(codes.shape[1]):
            weight = weights[i]
            for k in range(sums.shape[1]):
                result[zone, k] += weight * sums[i, k]
    return result


@numba.njit(parallel=True, cache=True)
def fit_areas(
    codes: NDArray[np.uint16],
    factors: NDArray[Any],
    scale: NDArray[np.float64],
    seed: NDArray[np.float64],
    cells: int,
) -> NDArray[np.float64]:
    """Sum weights by area and category."""
    result = np.zeros((factors.shape[0], cells))
    for zone in numba.prange(factors.shape[0]):
        weights = np.empty(codes.shape[1])
        profile_weights(codes, factors[zone], scale[zone], weights)
        for i in range(codes.shape[1]):
            weight = weights[i] * seed[i]
            for v in range(codes.shape[0]):
                result[zone, codes[v, i]] += weight
    return result


@numba.njit(parallel=True, cache=True)
def concentrate_areas(
    codes: NDArray[np.uint16],
    factors: NDArray[Any],
    scale: NDArray[np.float64],
    one: NDArray[np.float64],
    two: NDArray[np.float64],
    top: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Sum weights and their squares and find the largest, by area."""
    result = np.zeros((factors.shape[0], 3))
    for zone in numba.prange(factors.shape[0]):
        weights = np.empty(codes.shape[1])
        profile_weights(codes, factors[zone], scale[zone], weights)
        for i in range(codes.shape[1]):
            weight = weights[i]
            result[zone, 0] += weight * one[i]
            result[zone, 1] += weight * weight * two[i]
            result[zone, 2] = max(result[zone, 2], weight * top[i])
    return result
