"""How unequal: slope and relative index of inequality, and the concentration index.

Groups run from the most to the least deprived. The slope index is the difference between the two
ends of a straight line through the groups, each weighing as many as live in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from fairplace.statistics_intervals import Estimate, Floats, StatisticsError, deviate, name_interval

#: What the values are: it decides on which scale their errors are symmetric.
Scale = Literal["plain", "rate", "proportion"]
#: Groups that a slope index can be made of (OHID's tool).
FEWEST_GROUPS, MOST_GROUPS = 5, 100
#: Simulations of the interval (OHID's tool).
DRAWS = 100_000
_PIECE = 20_000


@dataclass(frozen=True)
class Inequality:
    """Slope and relative index of inequality.

    Parameters
    ----------
    slope
        Value at the least deprived end less that at the most deprived end, in the unit of the values
        times the multiplier.
    relative
        The least deprived end as a multiple of the most deprived one; its inverse for a negative
        multiplier.
    intercept
        Value at the most deprived end, in the unit of the values.
    groups
        How many.
    """

    slope: Estimate
    relative: Estimate
    intercept: float
    groups: int

    def sentence(self, what: str, unit: str) -> str:
        """Say the slope in a sentence, such as for life expectancy in years."""
        more = "higher" if self.slope.value >= 0 else "lower"
        ends = sorted((abs(self.slope.low), abs(self.slope.high)))
        sure = self.slope.low > 0 or self.slope.high < 0
        spread = (
            f"{ends[0]:.3g} to {ends[1]:.3g}" if sure else f"{self.slope.low:.3g} to {self.slope.high:.3g}"
        )
        tail = "" if sure else "; the range includes no difference"
        return (
            f"{what} is {abs(self.slope.value):.3g} {unit} {more} at the least than at the most deprived end "
            f"({spread}, {self.slope.interval}{tail})"
        )


def slope_index(
    values: Sequence[float],
    populations: Sequence[float],
    *,
    errors: Sequence[float] | None = None,
    low: Sequence[float] | None = None,
    high: Sequence[float] | None = None,
    scale: Scale = "plain",
    transform: bool = False,
    multiplier: float = 1.0,
    confidence: float = 0.95,
    limits: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Inequality:
    """Slope and relative index of inequality with simulated intervals.

    Parameters
    ----------
    values
        One a group, from the most to the least deprived.
    populations
        People of each group.
    errors
        Standard errors: of the values, of their logarithms (``rate``) or logits (``proportion``).
    low, high
        Limits of the values instead of errors.
    scale
        ``rate`` and ``proportion`` are simulated on the log and the logit scale.
    transform
        Fit the line on that scale too, not only simulate on it. Every simulated line then turns about
        the middle of the fitted one.
    multiplier
        Of the slope: 100 for percentage points, -1 to turn the direction round.
    confidence
        Of the intervals given.
    limits
        Confidence of `low` and `high`.
    draws, seed
        Of the simulation.

    Raises
    ------
    StatisticsError
        Too few or many groups, a value, population or error that cannot be, or no errors at all.

    Notes
    -----
    Low and Low (2004), Journal of Public Health 26, 390, as in OHID's tool (PHEindicatormethods): a
    population's rank is the middle of its share; least squares weighted by population; intervals
    are quantiles of slopes through values drawn from their errors. Where the line is fitted on the
    logarithm or logit, that tool draws slopes only and keeps the fitted height at the middle rank:
    its intervals leave out how the height varies with the slope.
    """
    y, people = np.asarray(values, dtype=np.float64), np.asarray(populations, dtype=np.float64)
    _check_groups(y, people, scale)
    deviate(confidence)
    spread = _errors(y, errors, low, high, scale, limits)
    weights, ranks = _rank(people)
    moved = _forward(y, scale)
    line_scale: Scale = scale if transform else "plain"
    fitted = _ends(moved if transform else y, weights, ranks, line_scale)
    height = float((moved * weights).sum()) if transform else None
    random = np.random.default_rng(seed)
    slopes, relatives = np.empty(draws), np.empty(draws)
    for start in range(0, draws, _PIECE):
        stop = min(start + _PIECE, draws)
        drawn = moved + spread * random.standard_normal((stop - start, y.size))
        if not transform:
            drawn = _back(drawn, scale)
        bottom, top = _ends(drawn, weights, ranks, line_scale, height)
        slopes[start:stop] = (top - bottom) * multiplier
        with np.errstate(divide="ignore", invalid="ignore"):
            relatives[start:stop] = top / bottom if multiplier > 0 else bottom / top
    most, least = float(fitted[0]), float(fitted[1])
    over, under = (least, most) if multiplier > 0 else (most, least)
    relative = over / under if under else float("nan")  # there is no multiple of nothing
    return Inequality(
        _simulated((least - most) * multiplier, slopes, confidence),
        _simulated(relative, relatives, confidence),
        most,
        y.size,
    )


def _simulated(value: float, draws: Floats, confidence: float) -> Estimate:
    low, high = np.quantile(draws, [0.5 - confidence / 2, 0.5 + confidence / 2])
    return Estimate(value, float(low), float(high), name_interval("simulated", confidence))


def concentration_index(
    values: Sequence[float],
    populations: Sequence[float],
    *,
    errors: Sequence[float] | None = None,
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Estimate:
    """Concentration index: negative where the most deprived have more of it, 0 where all have alike.

    Parameters
    ----------
    values
        One a group, not negative, from the most to the least deprived.
    populations
        People of each group.
    errors
        Standard errors of the values; without them the estimate has no interval.
    confidence, draws, seed
        As in `slope_index`.

    Notes
    -----
    Twice the covariance of the value and the population's rank, over the mean (Wagstaff, Paci and
    van Doorslaer 1991, Social Science and Medicine 33, 545).
    """
    y, people = np.asarray(values, dtype=np.float64), np.asarray(populations, dtype=np.float64)
    if y.shape != people.shape or y.size < 2 or not (people > 0).all() or not (y >= 0).all() or y.sum() == 0:
        raise StatisticsError(
            "a concentration index needs two groups or more, each with people, and values of 0 or more "
            "that are not all 0"
        )
    weights, ranks = _rank(people)

    def index(many: Floats) -> Floats:
        mean = (many * weights).sum(axis=-1)
        return np.asarray(2 * (many * weights * (ranks - 0.5)).sum(axis=-1) / mean)

    value = float(index(y))
    if errors is None:
        return Estimate(value, np.nan, np.nan, "")
    drawn = y + np.asarray(errors) * np.random.default_rng(seed).standard_normal((draws, y.size))
    return _simulated(value, index(drawn), confidence)


def _rank(people: Floats) -> tuple[Floats, Floats]:
    weights = people / people.sum()
    return weights, np.cumsum(weights) - weights / 2


def _ends(
    values: Floats, weights: Floats, ranks: Floats, scale: Scale, height: float | None = None
) -> tuple[Floats, Floats]:
    """Values of the fitted line at both ends, turned about `height` at the middle rank if given."""
    middle = float((weights * ranks).sum())
    lean = weights * (ranks - middle)
    slope = (values * lean).sum(axis=-1) / float((lean * ranks).sum())
    bottom = ((values * weights).sum(axis=-1) if height is None else height) - slope * middle
    return _back(bottom, scale), _back(bottom + slope, scale)


def _forward(values: Floats, scale: Scale) -> Floats:
    if scale == "rate":
        return np.log(values)
    return np.log(values / (1 - values)) if scale == "proportion" else values


def _back(values: ArrayLike, scale: Scale) -> Floats:
    plain = np.asarray(values, dtype=np.float64)
    if scale == "rate":
        return np.asarray(np.exp(plain))
    return np.asarray(1 / (1 + np.exp(-plain))) if scale == "proportion" else plain


def _check_groups(values: Floats, people: Floats, scale: Scale) -> None:
    if values.shape != people.shape or not FEWEST_GROUPS <= values.size <= MOST_GROUPS:
        raise StatisticsError(
            f"{values.size} values and {people.size} populations; give {FEWEST_GROUPS} to {MOST_GROUPS} "
            "groups, each with both"
        )
    for what, wrong in (
        ("population", ~(people > 0)),
        ("value", ~np.isfinite(values)),
        ("rate", (values <= 0) & (scale == "rate")),
        ("proportion", ((values <= 0) | (values >= 1)) & (scale == "proportion")),
    ):
        if wrong.any():
            one = people if what == "population" else values
            place = int(wrong.argmax())
            raise StatisticsError(f"group {place + 1} has a {what} of {one[place]:g}, which cannot be used")


def _errors(
    values: Floats,
    errors: Sequence[float] | None,
    low: Sequence[float] | None,
    high: Sequence[float] | None,
    scale: Scale,
    limits: float,
) -> Floats:
    if errors is not None:
        spread = np.asarray(errors, dtype=np.float64)
    elif low is not None and high is not None:
        ends = [np.asarray(one, dtype=np.float64) for one in (low, high)]
        if scale == "proportion" and not all(((one > 0) & (one < 1)).all() for one in ends):
            raise StatisticsError("limits of a proportion lie between 0 and 1; one does not")
        if scale == "rate" and not (ends[0] > 0).all():
            raise StatisticsError("limits of a rate are above 0; one is not")
        spread = (_forward(ends[1], scale) - _forward(ends[0], scale)) / (2 * deviate(limits))
    else:
        raise StatisticsError("give standard errors, or low and high limits, of the groups' values")
    if spread.shape != values.shape or not (np.isfinite(spread) & (spread >= 0)).all():
        raise StatisticsError("an error of a group's value is missing or negative; give one for each group")
    return spread
