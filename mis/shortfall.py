"""From incomes in cells to sums for areas: people below the line, and by how much.

Everything here adds: over cells, over areas, and draw by draw. Shares, depths and means per person are
taken from the sums afterwards. The sums run over areas, draws, types and tenures in one compiled loop,
which keeps no array of cells; `mis.distribution` holds the same formulas in plain sight, and the tests
hold one against the other.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from mis.distribution import WIDE, Widths, mean_factor
from mis.targets import LOW_INCOME

Floats = NDArray[np.float64]

#: Bands of the line, and the suffix of their quantities.
BANDS: tuple[tuple[float, str], ...] = ((1.0, ""), (0.9, "_90"), (0.75, "_75"), (0.5, "_50"))

#: Quantities of an estimate, all of them sums. People are residents of private households; children
#: are those of 0 to 15, pensioners those of 65 and over; `shortfall` is pounds a week; `gap` and
#: `squared_gap` are people times the mean (squared) shortfall as a share of their own line.
QUANTITIES: tuple[str, ...] = (
    "people",
    *(f"people_below{suffix}" for _, suffix in BANDS),
    "people_low_income",
    "children",
    *(f"children_below{suffix}" for _, suffix in BANDS),
    "children_0_4",
    "children_0_4_below",
    "pensioners",
    *(f"pensioners_below{suffix}" for _, suffix in BANDS),
    "households",
    *(f"households_below{suffix}" for _, suffix in BANDS),
    "shortfall",
    "gap",
    "squared_gap",
)
_COUNT = len(QUANTITIES)
_PEOPLE, _LOW, _CHILDREN, _UNDER_5, _PENSIONERS, _HOUSEHOLDS, _SHORTFALL = (
    QUANTITIES.index(name)
    for name in (
        "people",
        "people_low_income",
        "children",
        "children_0_4",
        "pensioners",
        "households",
        "shortfall",
    )
)
_LOG_BAND = np.log([share for share, _ in BANDS])

# The normal distribution by linear interpolation in a table: error under 2e-7, a tenth of the time.
_STEPS, _REACH = 512, 9
_NORMAL = np.append(ndtr(np.arange(-_REACH * _STEPS, _REACH * _STEPS + 1) / _STEPS), 1.0)


def compiled(**options: Any) -> Any:
    """Give numba's compiler with a cache on disk."""
    return numba.njit(cache=True, error_model="numpy", **options)


@compiled(inline="always")
def _phi(score: float, normal: Floats) -> float:
    place = (score + _REACH) * _STEPS
    if place <= 0:
        return 0.0
    if place >= 2 * _REACH * _STEPS:
        return 1.0
    whole = int(place)
    first = normal[whole]
    return first + (place - whole) * (normal[whole + 1] - first)


@compiled(inline="always")
def _share(distance: float, constant: Floats, normal: Floats) -> float:
    if distance > 0:
        return _phi(distance * constant[_UPPER], normal)
    score = distance * constant[_LOWER]
    wide = constant[_WIDE_SHARE]
    return (1 - wide) * _phi(score, normal) + wide * _phi(score / WIDE, normal)


@compiled(inline="always")
def _moment(distance: float, constant: Floats, first: int, power: float, normal: Floats) -> float:
    score = min(distance, 0.0) * constant[_LOWER]
    width = power / constant[_LOWER]
    total = constant[first] * _phi(score - width, normal)
    total += constant[first + 1] * _phi(score / WIDE - width * WIDE, normal)
    if distance > 0:
        width = power / constant[_UPPER]
        total += constant[first + 2] * (
            _phi(distance * constant[_UPPER] - width, normal) - _phi(-width, normal)
        )
    return total


# What of a cell does not depend on the area: reciprocal widths, wide share, factors of the moments, and
# the mean income at the average level.
_LOWER, _UPPER, _WIDE_SHARE, _FIRST, _SECOND, _MEAN, _CONSTANTS = 0, 1, 2, 3, 6, 9, 10


@compiled()
def _cell(
    out: Floats, threshold: Floats, median: float, constant: Floats, zero: float, normal: Floats
) -> None:
    # Shares below the four bands, share in low income, gap and squared gap, given the logarithms of the
    # thresholds.
    some = 1 - zero
    for band in range(5):
        out[band] = zero + some * _share(threshold[band] - median, constant, normal)
    distance = threshold[0] - median
    inverse = math.exp(-distance)
    full = (out[0] - zero) / some
    first = _moment(distance, constant, _FIRST, 1.0, normal) * inverse
    second = _moment(distance, constant, _SECOND, 2.0, normal) * inverse * inverse
    out[5] = zero + some * max(full - first, 0.0)
    out[6] = zero + some * max(full - 2 * first + second, 0.0)


@compiled()
def _level(own: float, pensioner: float, wanted: float, follow: float) -> float:
    if own + pensioner <= 0 or wanted <= 0:
        return 0.0
    target = math.log(wanted)
    level = target - math.log(own + pensioner)
    for _ in range(60):
        first, second = own * math.exp(level), pensioner * math.exp(follow * level)
        total = first + second
        step = (math.log(total) - target) * total / (first + follow * second)
        level -= step
        if abs(step) < 1e-11:
            break
    return level


@compiled(inline="always")
def _weigh(weight: Floats, counts: Floats, noise: Floats, tenure: Floats) -> float:
    # Households of each cell in a draw: types as drawn, tenures as the census has them.
    types, tenures = counts.shape
    total = 0.0
    for j in range(tenures):
        column = 0.0
        for h in range(types):
            weight[h, j] = counts[h, j] * noise[h]
            column += weight[h, j]
        factor = tenure[j] / column if column > 0 else 0.0
        for h in range(types):
            weight[h, j] *= factor
            total += weight[h, j]
    return total


@compiled(inline="always")
def _solve(
    weight: Floats,
    wanted: float,
    constant: Floats,
    follow: Floats,
    pensioner: NDArray[np.bool_],
) -> float:
    # Level at which the cells' incomes add up to what is wanted.
    own = pens = 0.0
    followed = 1.0
    for h in range(weight.shape[0]):
        part = 0.0
        for j in range(weight.shape[1]):
            part += weight[h, j] * constant[h, j, _MEAN]
        if pensioner[h]:
            pens += part
            followed = follow[h]
        else:
            own += part
    return _level(own, pens, wanted, followed)


@compiled(parallel=True)
def _levels(
    counts: Floats,
    noise: Floats,
    tenure: Floats,
    means: Floats,
    region: NDArray[np.int_],
    constants: Floats,
    follow: Floats,
    pensioner: NDArray[np.bool_],
    level: Floats,
) -> None:
    areas, types, tenures = counts.shape
    for task in numba.prange(areas):
        weight = np.empty((types, tenures))
        for draw in range(means.shape[1]):
            total = _weigh(weight, counts[task], noise[task, draw], tenure[task])
            constant = constants[region[task], draw]
            level[task, draw] = _solve(weight, means[task, draw] * total, constant, follow[draw], pensioner)


@compiled(parallel=True)
def _run(
    counts: Floats,
    noise: Floats,
    tenure: Floats,
    means: Floats,
    region: NDArray[np.int_],
    constants: Floats,
    thresholds: Floats,
    weekly: Floats,
    offset: Floats,
    follow: Floats,
    pensioner: NDArray[np.bool_],
    zero: Floats,
    people: Floats,
    bases: Floats,
    weights: Floats,
    level: Floats,
    solve: bool,
    normal: Floats,
    out: NDArray[np.float32],
    by_type: NDArray[np.float32],
) -> None:
    areas, types, tenures = counts.shape
    draws = weekly.shape[0]
    for task in numba.prange(areas):
        weight = np.empty((types, tenures))
        cell = np.empty(7)
        sums, modelled = np.empty(_COUNT), np.empty(4)
        for draw in range(draws):
            total = _weigh(weight, counts[task], noise[task, draw], tenure[task])
            constant = constants[region[task], draw]
            if solve:
                level[task, draw] = _solve(
                    weight, means[task, draw] * total, constant, follow[draw], pensioner
                )
            sums[:] = 0.0
            modelled[:] = 0.0
            for h in range(types):
                type_people = type_below = type_short = 0.0
                for j in range(tenures):
                    w = weight[h, j]
                    for k in range(4):
                        modelled[k] += w * weights[k, h]
                    if w <= 0:
                        continue
                    median = offset[draw, h, j] + follow[draw, h] * level[task, draw]
                    _cell(cell, thresholds[draw, h], median, constant[h, j], zero[draw], normal)
                    size = w * weights[0, h] * people[task]
                    sums[_PEOPLE] += size
                    sums[_HOUSEHOLDS] += w
                    type_people += size
                    sums[_LOW] += size * cell[4]
                    for band in range(4):
                        sums[_PEOPLE + 1 + band] += size * cell[band]
                        sums[_CHILDREN + 1 + band] += w * weights[1, h] * cell[band]
                        sums[_PENSIONERS + 1 + band] += w * weights[3, h] * cell[band]
                        sums[_HOUSEHOLDS + 1 + band] += w * cell[band]
                    sums[_UNDER_5 + 1] += w * weights[2, h] * cell[0]
                    sums[_SHORTFALL] += w * weekly[draw, h] * cell[5]
                    sums[_SHORTFALL + 1] += size * cell[5]
                    sums[_SHORTFALL + 2] += size * cell[6]
                    type_below += size * cell[0]
                    type_short += w * weekly[draw, h] * cell[5]
                by_type[task, draw, h, 0] = type_people
                by_type[task, draw, h, 1] = type_below
                by_type[task, draw, h, 2] = type_short
            for k in range(1, 4):
                first = _CHILDREN if k == 1 else (_UNDER_5 if k == 2 else _PENSIONERS)
                last = first + (2 if k == 2 else 5)
                base = bases[k, task]
                if math.isnan(base):
                    base = modelled[k] * people[task]
                ratio = base / modelled[k] if modelled[k] > 0 else 0.0
                for position in range(first + 1, last):
                    sums[position] *= ratio
                sums[first] = modelled[k] * ratio
            # Residents are counted: a drawn composition moves who they are, never how many.
            drawn = modelled[0] * people[task]
            if drawn > 0 and not math.isnan(bases[0, task]):
                ratio = bases[0, task] / drawn
                for position in range(_PEOPLE, _LOW + 1):
                    sums[position] *= ratio
                sums[_SHORTFALL + 1] *= ratio
                sums[_SHORTFALL + 2] *= ratio
                for h in range(types):
                    by_type[task, draw, h, 0] *= ratio
                    by_type[task, draw, h, 1] *= ratio
            for position in range(_COUNT):
                out[position, task, draw] = sums[position]


def cell_constants(
    *,
    kappa: Floats,
    lower: Floats,
    wide: Floats,
    upper: Floats,
    rho: Floats,
    offset: Floats,
    zero: Floats,
    **_others: Any,
) -> Floats:
    """Give what of a cell does not depend on its area, (region, draw, type, tenure, constant).

    Parameters
    ----------
    kappa
        Regional factors on widths, (region, draw).
    lower, wide, upper, rho, zero
        Widths (draw, type), (type,), (draw,), tenure factors (type, tenure), share without income
        (draw,).
    offset
        Log medians at the average level, (draw, type, tenure).
    """
    factor = kappa[:, :, None, None] * rho[None, None]
    low = lower[None, :, :, None] * factor
    high = upper[None, :, None, None] * factor
    share = np.broadcast_to(wide[None, None, :, None], low.shape)
    constants = np.empty((*low.shape, _CONSTANTS))
    constants[..., _LOWER], constants[..., _UPPER], constants[..., _WIDE_SHARE] = 1 / low, 1 / high, share
    for first, power in ((_FIRST, 1), (_SECOND, 2)):
        constants[..., first] = (1 - share) * np.exp(0.5 * (power * low) ** 2)
        constants[..., first + 1] = share * np.exp(0.5 * (power * WIDE * low) ** 2)
        constants[..., first + 2] = np.exp(0.5 * (power * high) ** 2)
    mean = mean_factor(Widths(low, high, share)) * np.exp(offset)[None]
    constants[..., _MEAN] = mean * (1 - zero)[None, :, None, None]
    return constants


def solve_levels(*, means: Floats, **arrays: Any) -> Floats:
    """Levels at which the incomes of the cells add up to the means wanted, (area, draw).

    Parameters
    ----------
    means
        Mean equivalised household income, units of the national median, (area, draw).
    arrays
        As `run_cells` takes them; those it has no use for are left alone.

    Notes
    -----
    The same steps as `run_cells` takes with ``solve``, without the sums.
    """
    level = np.zeros(means.shape)
    arrays |= {"constants": cell_constants(**arrays), "means": means, "level": level}
    _call(_levels, arrays)
    return level


def run_cells(**arrays: Any) -> None:
    """Fill the sums of some areas over all draws, in place.

    Parameters
    ----------
    kappa, lower, wide, upper, rho, offset, zero
        As in `cell_constants`.
    region
        Each area's region among those of `kappa`, (area,).
    counts, tenure
        Central households, (area, type, tenure), and households by tenure, (area, tenure).
    noise
        Factor on each type's households, (area, draw, type); tenures are restored after it.
    means
        Mean equivalised household income, units of the national median, (area, draw).
    line, weekly
        Log line in units of the median, and pounds a week, (draw, type).
    follow
        How much of the level a type follows, (draw, type).
    pensioner
        True for pensioner types.
    people, bases
        Factor on household sizes (area,); residents of private households, children, under-fives and
        pensioners of the census (4, area), NaN where the modelled number stands.
    weights
        People, children, under-fives and pensioners of each type, (4, type).
    level
        Levels, (area, draw): filled if `solve`, else used.
    solve
        Solve levels from `means`.
    out
        float32, (quantity, area, draw).
    by_type
        float32, (area, draw, type, 3): people, people below, pounds a week.
    """
    line = arrays["line"]
    low = np.full((*line.shape, 1), math.log(LOW_INCOME))
    arrays |= {
        "constants": cell_constants(**arrays),
        "normal": _NORMAL,
        "thresholds": np.concatenate([line[:, :, None] + _LOG_BAND, low], axis=-1),
    }
    _call(_run, arrays)


def _call(kernel: Any, arrays: dict[str, Any]) -> None:
    code = kernel.py_func.__code__
    taken = [arrays[name] for name in code.co_varnames[: code.co_argcount]]
    kernel(*(np.ascontiguousarray(one) if isinstance(one, np.ndarray) else one for one in taken))


__all__ = ["BANDS", "QUANTITIES", "cell_constants", "compiled", "run_cells", "solve_levels"]
