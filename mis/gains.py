"""Differences that gains of income make, summed over cells: only the cells that a change touches.

The same sums as `mis.shortfall`, written for speed: the bands that a difference is reported for, no
exponential inside the loop (a cell's median is a product of what depends on its draw and what depends
on its area), the normal distribution in a table of 24 kB that stays in the processor's nearest cache
(error under 3e-7 of a share), and draws shared out over processors. Arithmetic is in double precision;
tables and sums kept are single. The tests hold it to the plain formulas of `mis.distribution`.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from mis.changes import Outcomes
from mis.distribution import WIDE
from mis.household_types import household_types
from mis.shortfall import compiled

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Whole = NDArray[np.int_]

#: Quantities of a difference, all of them sums.
GAIN_QUANTITIES: tuple[str, ...] = (
    "people_below",
    "people_below_75",
    "people_below_50",
    "children_below",
    "children_below_75",
    "pensioners_below",
    "households_below",
    "shortfall",
    "gap",
)
_BANDS = np.log([1.0, 0.75, 0.5])
_COUNT = len(GAIN_QUANTITIES)

# Sums may be taken in any order; infinities and NaN keep their meaning.
_FAST = {"contract", "reassoc", "arcp", "nsz"}

_STEPS, _REACH = 512, 6
_NORMAL = np.append(ndtr(np.arange(-_REACH * _STEPS, _REACH * _STEPS + 1) / _STEPS), 1.0).astype(np.float32)

# What of a cell does not depend on the area: reciprocal widths, wide share, log median at the average
# level and its exponential, then the four factors of the first moment and the shifts in their scores.
(_LOWER, _UPPER, _WIDE_SHARE, _MEDIAN, _GROWN, _NARROW_FACTOR, _WIDE_FACTOR, _UPPER_FACTOR) = range(8)
(_NARROW_SHIFT, _WIDE_SHIFT, _UPPER_SHIFT, _UPPER_START, _CONSTANTS) = range(8, 13)


@compiled(fastmath=_FAST)
def _phi(score: float, normal: Singles) -> float:
    place = (score + _REACH) * _STEPS
    if place <= 0:
        return 0.0
    if place >= 2 * _REACH * _STEPS:
        return 1.0
    whole = np.uint32(place)
    first = float(normal[whole])
    return first + (place - whole) * (float(normal[np.uint32(whole + 1)]) - first)


@compiled(fastmath=_FAST)
def _below(distance: float, c: Floats, normal: Singles) -> float:
    if distance > 0:
        return _phi(distance * c[_UPPER], normal)
    score = distance * c[_LOWER]
    wide = c[_WIDE_SHARE]
    return (1 - wide) * _phi(score, normal) + wide * _phi(score / WIDE, normal)


@compiled(fastmath=_FAST)
def _income_below(distance: float, c: Floats, normal: Singles) -> float:
    # Mean income, in units of the median, counting only incomes below the line.
    score = min(distance, 0.0) * c[_LOWER]
    total = c[_NARROW_FACTOR] * _phi(score - c[_NARROW_SHIFT], normal)
    total += c[_WIDE_FACTOR] * _phi(score / WIDE - c[_WIDE_SHIFT], normal)
    if distance > 0:
        total += c[_UPPER_FACTOR] * (_phi(distance * c[_UPPER] - c[_UPPER_SHIFT], normal) - c[_UPPER_START])
    return total


@compiled(parallel=True, fastmath=_FAST)
def _differences(
    counts: Floats,
    noise: Floats,
    tenure: Floats,
    level: Floats,
    region: Whole,
    cells: Whole,
    start: Whole,
    chance: Floats,
    paid: Floats,
    constants: Floats,
    before: Floats,
    before_inverse: Floats,
    after: Floats,
    after_inverse: Floats,
    left: Floats,
    lost: Floats,
    lost_inverse: Floats,
    lost_share: Floats,
    follow: Floats,
    zero: Floats,
    weekly: Floats,
    people: Floats,
    bases: Floats,
    weights: Floats,
    normal: Singles,
    out: Singles,
    cost: Floats,
) -> None:
    areas, types, tenures = counts.shape
    for draw in numba.prange(noise.shape[1]):
        factor = np.empty(tenures)
        sums, modelled = np.empty(_COUNT), np.empty(4)
        none = zero[draw]
        some = 1 - none
        for area in range(areas):
            drawn = noise[area, draw]
            modelled[:] = 0.0
            for j in range(tenures):
                column = 0.0
                for h in range(types):
                    column += counts[area, h, j] * drawn[h]
                factor[j] = tenure[area, j] / column if column > 0 else 0.0
            for h in range(types):
                households = 0.0
                for j in range(tenures):
                    households += counts[area, h, j] * factor[j]
                households *= drawn[h]
                for k in range(4):
                    modelled[k] += households * weights[k, h]
            place = level[area, draw]
            grown = math.exp(place)
            sums[:] = 0.0
            spent = reached = 0.0
            for cell in range(len(cells)):
                h, j = cells[cell, 0], cells[cell, 1]
                w = counts[area, h, j] * drawn[h] * factor[j]
                if w <= 0:
                    continue
                c = constants[region[area], draw, cell]
                rise = follow[draw, h]
                median = c[_MEDIAN] + rise * place
                income = c[_GROWN] * (grown if rise == 1 else math.exp(rise * place))
                first = before[draw, h, 0] - median
                line = _below(first, c, normal)
                line_75 = _below(before[draw, h, 1] - median, c, normal)
                line_50 = _below(before[draw, h, 2] - median, c, normal)
                held = _income_below(first, c, normal) * income * before_inverse[draw, h]
                share = none + some * line
                gap = none + some * max(line - held, 0.0)
                spent += w * paid[cell]
                reached += w * paid[cell] * share
                some_75, some_50 = none + some * line_75, none + some * line_50
                d_share = d_75 = d_50 = d_gap = 0.0
                for one in range(start[cell], start[cell + 1]):
                    new_share = new_75 = new_50 = new_gap = 0.0
                    if after[draw, one, 0] > -math.inf:
                        first = after[draw, one, 0] - median
                        line = _below(first, c, normal)
                        held = _income_below(first, c, normal) * income * after_inverse[draw, one]
                        new_share = none + some * line
                        new_gap = left[draw, one] * (none + some * max(line - held, 0.0))
                    if lost[one] > -math.inf:
                        # Who has less than the loss is left with nothing, and is short of the line by all
                        # of it, never by more: negative incomes count as zero (see `mis.fgt`).
                        first = lost[one] - median
                        line = _below(first, c, normal)
                        held = _income_below(first, c, normal) * income * lost_inverse[one]
                        new_gap -= lost_share[draw, one] * (none + some * max(line - held, 0.0))
                    if after[draw, one, 1] > -math.inf:
                        new_75 = none + some * _below(after[draw, one, 1] - median, c, normal)
                    if after[draw, one, 2] > -math.inf:
                        new_50 = none + some * _below(after[draw, one, 2] - median, c, normal)
                    d_share += chance[one] * (new_share - share)
                    d_75 += chance[one] * (new_75 - some_75)
                    d_50 += chance[one] * (new_50 - some_50)
                    d_gap += chance[one] * (new_gap - gap)
                size = w * weights[0, h] * people[area]
                sums[0] += size * d_share
                sums[1] += size * d_75
                sums[2] += size * d_50
                sums[3] += w * weights[1, h] * d_share
                sums[4] += w * weights[1, h] * d_75
                sums[5] += w * weights[3, h] * d_share
                sums[6] += w * d_share
                sums[7] += w * weekly[draw, h] * d_gap
                sums[8] += size * d_gap
            # Residents, children and pensioners are those of the census where it counts them.
            drawn_people = modelled[0] * people[area]
            if drawn_people > 0 and not math.isnan(bases[0, area]):
                ratio = bases[0, area] / drawn_people
                for position in (0, 1, 2, 8):
                    sums[position] *= ratio
            for k, position in ((1, 3), (1, 4), (3, 5)):
                base = bases[k, area]
                if math.isnan(base):
                    sums[position] *= people[area]
                else:
                    sums[position] *= base / modelled[k] if modelled[k] > 0 else 0.0
            for position in range(_COUNT):
                out[position, area, draw] = sums[position]
            cost[area, draw, 0] = spent
            cost[area, draw, 1] = reached


def sum_gains(asked: Outcomes, *, median: float, level: Floats, **arrays: Any) -> tuple[Singles, Floats]:
    """Sum the differences that gains make to some areas, over all draws.

    Parameters
    ----------
    asked
        What happens in which cells.
    median
        National median income, equivalised, pounds a week.
    level
        Levels of the areas, (area, draw), held as they are.
    arrays
        As `mis.shortfall.run_cells` takes them: see `mis.plan.cell_arrays`.

    Returns
    -------
    tuple of array
        float32 differences, (quantity, area, draw), in the order of `GAIN_QUANTITIES`; and pounds a week
        paid in all and to households below their line before, (area, draw, 2).
    """
    areas, draws = level.shape
    out = np.zeros((_COUNT, areas, draws), np.float32)
    cost = np.zeros((areas, draws, 2))
    if len(asked.cells) == 0:
        return out, cost
    types, tenures = asked.cells.T
    of_outcome = np.repeat(types, np.diff(asked.start))
    line = arrays["line"]
    equivalised = asked.gain / (household_types().scale[of_outcome] * median)
    left = np.exp(line[:, of_outcome, None] + _BANDS) - equivalised[None, :, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        after = np.where(left > 0, np.log(left), -np.inf)
        inverse = np.where(left[..., 0] > 0, 1 / left[..., 0], 0.0)
        lost = np.where(equivalised < 0, np.log(-equivalised), -np.inf)
        lost_inverse = np.where(equivalised < 0, -1 / equivalised, 0.0)
    _differences(
        np.ascontiguousarray(arrays["counts"]),
        arrays["noise"],
        np.ascontiguousarray(arrays["tenure"]),
        np.ascontiguousarray(level),
        arrays["region"],
        np.ascontiguousarray(asked.cells),
        asked.start,
        asked.chance,
        asked.paid,
        _cell_constants(types, tenures, **arrays),
        line[:, :, None] + _BANDS,
        np.exp(-line),
        after,
        inverse,
        np.maximum(left[..., 0] * np.exp(-line)[:, of_outcome], 0.0),
        lost,
        lost_inverse,
        np.maximum(-equivalised, 0.0) * np.exp(-line)[:, of_outcome],
        arrays["follow"],
        np.ascontiguousarray(arrays["zero"]),
        arrays["weekly"],
        np.ascontiguousarray(arrays["people"]),
        arrays["bases"],
        arrays["weights"],
        _NORMAL,
        out,
        cost,
    )
    return out, cost


def _cell_constants(
    types: Whole,
    tenures: Whole,
    *,
    kappa: Floats,
    lower: Floats,
    wide: Floats,
    upper: Floats,
    rho: Floats,
    offset: Floats,
    **_others: Any,
) -> Floats:
    factor = kappa[:, :, None] * rho[types, tenures]
    low = lower[None][:, :, types] * factor
    high = upper[None, :, None] * factor
    share = wide[types]
    constants = np.empty((*low.shape, _CONSTANTS))
    constants[..., _LOWER], constants[..., _UPPER], constants[..., _WIDE_SHARE] = 1 / low, 1 / high, share
    constants[..., _MEDIAN] = offset[None][:, :, types, tenures]
    constants[..., _GROWN] = np.exp(constants[..., _MEDIAN])
    constants[..., _NARROW_FACTOR] = (1 - share) * np.exp(0.5 * low**2)
    constants[..., _WIDE_FACTOR] = share * np.exp(0.5 * (WIDE * low) ** 2)
    constants[..., _UPPER_FACTOR] = np.exp(0.5 * high**2)
    constants[..., _NARROW_SHIFT], constants[..., _WIDE_SHIFT] = low, WIDE * low
    constants[..., _UPPER_SHIFT], constants[..., _UPPER_START] = high, ndtr(-high)
    return constants
