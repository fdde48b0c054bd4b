"""The loops of raking, compiled.

Arrays as in `mis.raking.Raking`: `codes` has shape (variables, profiles) and holds positions among
all categories; `factors` are logarithms. Areas are spread over threads and share nothing, so the
number of threads changes no digit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

#: Sweeps running without progress that count as a conflict: slow but real convergence passes this.
_PATIENCE = 5


@dataclass(frozen=True)
class Groups:
    """Neighbouring variables whose combinations are few, raked on their common table.

    Parameters
    ----------
    joint
        Shape (groups, profiles): combination of each profile among those its group has.
    bounds
        Variables of group g are those from ``bounds[g]`` to ``bounds[g + 1]``.
    sizes
        Combinations of each group.
    member
        Shape (variables, most combinations): category of each combination of the variable's group.
    """

    joint: NDArray[np.uint16]
    bounds: NDArray[np.int64]
    sizes: NDArray[np.int64]
    member: NDArray[np.uint16]


def group_variables(codes: NDArray[np.uint16], most: int = 1024) -> Groups:
    """Join neighbouring variables while their combinations fit the processor's nearest memory."""
    joints: list[NDArray[np.int64]] = []
    examples: list[NDArray[np.int64]] = []
    bounds = [0]
    for v, own in enumerate(codes.astype(np.int64)):
        if v > bounds[-1]:
            _, example, place = np.unique(
                joints[-1] * (int(own.max()) + 1) + own, return_index=True, return_inverse=True
            )
            if len(example) <= most:
                joints[-1], examples[-1] = place, example
                continue
            bounds.append(v)
        _, example, place = np.unique(own, return_index=True, return_inverse=True)
        joints.append(place)
        examples.append(example)
    bounds.append(len(codes))
    sizes = np.array([len(example) for example in examples], dtype=np.int64)
    member = np.zeros((len(codes), int(sizes.max())), dtype=np.uint16)
    for g, example in enumerate(examples):
        member[bounds[g] : bounds[g + 1], : sizes[g]] = codes[bounds[g] : bounds[g + 1], example]
    joint = np.ascontiguousarray(np.array(joints, dtype=np.uint16))
    return Groups(joint, np.array(bounds, dtype=np.int64), sizes, member)


@numba.njit(cache=True)
def scale_and_sum(
    weight: NDArray[np.float64],
    factor: NDArray[np.float64],
    here: NDArray[np.uint16],
    there: NDArray[np.uint16],
    sums: NDArray[np.float64],
) -> None:
    """Put factors of one group on the weights and take sums of the next off them."""
    # One walk does both. Two running sums keep neighbouring records from waiting for each other
    # where they fall into the same combination.
    sums[:] = 0.0
    size = len(weight)
    whole = size - size % 2
    for i in range(0, whole, 2):
        a = weight[i] * factor[here[i]]
        b = weight[i + 1] * factor[here[i + 1]]
        weight[i] = a
        weight[i + 1] = b
        sums[0, there[i]] += a
        sums[1, there[i + 1]] += b
    if whole < size:
        a = weight[whole] * factor[here[whole]]
        weight[whole] = a
        sums[0, there[whole]] += a


@numba.njit(parallel=True, cache=True)
def rake_areas(
    joint: NDArray[np.uint16],
    bounds: NDArray[np.int64],
    sizes: NDArray[np.int64],
    member: NDArray[np.uint16],
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
    """Rake all areas, filling factors, scale, sweeps and how each ended (place in `OUTCOMES`).

    Variables are visited one by one in their order. A group's variables are visited on the table
    of its combinations; records are only walked over from one group to the next, which gives the
    same numbers as visiting them for every variable.
    """
    groups = joint.shape[0]
    cells = targets.shape[1]
    most = member.shape[1]
    opening = np.zeros(most)
    for i in range(len(seed)):
        opening[joint[0, i]] += seed[i]
    for zone in numba.prange(targets.shape[0]):
        target = targets[zone]
        scale[zone] = 0.0
        if target[first[0] : first[1]].sum() <= 0.0:
            factors[zone, :] = -np.inf
            ended[zone] = 3
            continue
        product = np.ones(cells)
        step = np.ones(cells)
        got = np.zeros(cells)
        weight = seed.copy()
        table = opening.copy()
        factor = np.ones(most)
        sums = np.zeros((2, most))
        before = np.inf
        idle = 0
        outcome = 2
        done = 0
        while done < limit:
            worst = 0.0
            for g in range(groups):
                factor[:] = 1.0
                for v in range(bounds[g], bounds[g + 1]):
                    got[first[v] : first[v + 1]] = 0.0
                    for c in range(sizes[g]):
                        got[member[v, c]] += table[c]
                    for k in range(first[v], first[v + 1]):
                        worst = max(worst, abs(got[k] - target[k]))
                        if got[k] > 0.0:
                            step[k] = target[k] / got[k]
                        elif target[k] == 0.0:
                            step[k] = 0.0
                        else:
                            step[k] = 1.0
                        product[k] *= step[k]
                    for c in range(sizes[g]):
                        table[c] *= step[member[v, c]]
                        factor[c] *= step[member[v, c]]
                if groups > 1:
                    after = (g + 1) % groups
                    scale_and_sum(weight, factor, joint[g], joint[after], sums)
                    for c in range(sizes[after]):
                        table[c] = sums[0, c] + sums[1, c]
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
        for v in range(len(first) - 1):
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
def weigh_records(
    codes: NDArray[np.uint16],
    factors: NDArray[Any],
    scale: NDArray[np.float64],
    profile: NDArray[np.int64],
    seed: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Weights of all records in the areas whose factors are given, shape (areas, records)."""
    result = np.empty((factors.shape[0], len(seed)))
    for zone in numba.prange(factors.shape[0]):
        weights = np.empty(codes.shape[1])
        profile_weights(codes, factors[zone], scale[zone], weights)
        for i in range(len(seed)):
            result[zone, i] = weights[profile[i]] * seed[i]
    return result


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
