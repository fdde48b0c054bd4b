"""Intervals of counted events: proportions, counts, rates, and what two of them differ by.

These describe chance in counted events. A modelled figure has the range of its model instead, and no
function here makes one for it. Shares run from 0 to 1; missing counts give missing limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from geo.errors import UserError

Floats = NDArray[np.float64]

#: From this count on Byar's method is used for a count, below it the exact one (practice of OHID).
BYAR_FROM = 10
#: A directly standardised rate is not given for fewer events (OHID, technical guidance on DSRs).
FEWEST_EVENTS = 10
#: European Standard Population 2013 (Eurostat), per 100,000: under 5, then fives, then 90 and over.
STANDARD_POPULATION_2013 = (
    5000, 5500, 5500, 5500, 6000, 6000, 6500, 7000, 7000, 7000,
    7000, 6500, 6000, 5500, 5000, 4000, 2500, 1500, 1000,
)  # fmt: skip


class StatisticsError(UserError, ValueError):
    """Numbers that a statistic cannot be made of; the message says which and why."""


class TooFewEventsError(StatisticsError):
    """A statistic is refused because it would rest on too few events."""


class Limits(NamedTuple):
    """Ends of an interval, each of the shape of what was given."""

    low: Floats
    high: Floats


@dataclass(frozen=True)
class Estimate:
    """A value with its interval.

    Parameters
    ----------
    value, low, high
        In one unit.
    interval
        What low and high mean, such as ``95 % Wilson``.
    count, base
        Numerator and denominator; NaN where there are none.
    """

    value: float
    low: float
    high: float
    interval: str
    count: float = float("nan")
    base: float = float("nan")


def name_interval(method: str, confidence: float) -> str:
    """Name of an interval as figures carry it, such as ``95 % Wilson``."""
    return f"{confidence * 100:g} % {method}"


def _given(count: ArrayLike, name: str = "count") -> Floats:
    values = np.asarray(count, dtype=np.float64)
    if (values < 0).any():
        wrong = float(values[values < 0].ravel()[0])
        raise StatisticsError(f"a {name} of {wrong:g} cannot be; give 0 or more")
    return values


def _with_base(count: ArrayLike, base: ArrayLike) -> tuple[Floats, Floats]:
    counts, bases = np.broadcast_arrays(_given(count), _given(base, "base"))
    above = counts > bases
    if above.any():
        raise StatisticsError(
            f"a count of {float(counts[above].ravel()[0]):g} is above its base of "
            f"{float(bases[above].ravel()[0]):g}; for events that one person can have twice, ask for a rate"
        )
    return counts, np.where(bases > 0, bases, np.nan)


def deviate(confidence: float) -> float:
    """Give the standard normal deviate of a two-sided confidence, such as 1.96 of 0.95."""
    if not 0 < confidence < 1:
        raise StatisticsError(f"a confidence of {confidence:g} cannot be; give a share such as 0.95")
    return float(stats.norm.ppf(0.5 + confidence / 2))


def wilson(count: ArrayLike, base: ArrayLike, *, confidence: float = 0.95) -> Limits:
    """Wilson score limits of a proportion.

    Parameters
    ----------
    count, base
        Of the same or broadcasting shapes; NaN, or a base of 0, gives NaN.
    confidence
        Share, such as 0.95.

    Raises
    ------
    StatisticsError
        A count is negative or above its base.

    Notes
    -----
    Wilson (1927), JASA 22, 209; as OHID uses it for every proportion.
    """
    x, n = _with_base(count, base)
    z = deviate(confidence)
    middle = 2 * x + z * z
    half = z * np.sqrt(z * z + 4 * x * (1 - x / n))
    low, high = (middle - half) / (2 * (n + z * z)), (middle + half) / (2 * (n + z * z))
    # Nobody and everybody are exact ends; rounding must not carry the limit past them.
    return Limits(np.where(x == 0, 0.0 * n, low)[()], np.where(x == n, 1.0, high)[()])


def exact_binomial(count: ArrayLike, base: ArrayLike, *, confidence: float = 0.95) -> Limits:
    """Exact (Clopper and Pearson) limits of a proportion, for samples too small for Wilson's.

    Parameters and errors as `wilson`.

    Notes
    -----
    Clopper and Pearson (1934), Biometrika 26, 404.
    """
    x, n = _with_base(count, base)
    deviate(confidence)
    tail = (1 - confidence) / 2
    low = np.where(x == 0, 0.0 * n, stats.beta.ppf(tail, np.maximum(x, 1e-300), n - x + 1))
    high = np.where(x == n, 1.0, stats.beta.ppf(1 - tail, x + 1, np.maximum(n - x, 1e-300)))
    return Limits(low[()], high[()])


def exact_poisson(count: ArrayLike, *, confidence: float = 0.95) -> Limits:
    """Exact limits of the expected count behind an observed one.

    Notes
    -----
    Garwood (1936), Biometrika 28, 437, through the chi-squared distribution.
    """
    x = _given(count)
    deviate(confidence)
    tail = (1 - confidence) / 2
    low = np.where(x > 0, stats.chi2.ppf(tail, 2 * np.maximum(x, 1e-300)) / 2, 0.0 * x)
    return Limits(low[()], np.asarray(stats.chi2.ppf(1 - tail, 2 * x + 2) / 2)[()])


def byars(count: ArrayLike, *, confidence: float = 0.95) -> Limits:
    """Byar's limits of the expected count behind an observed one.

    Returns
    -------
    Limits
        The low limit is NaN where the approximation gives none (one event at 99.8 %), and 0 for none.

    Notes
    -----
    Breslow and Day (1987), Statistical Methods in Cancer Research II, 69.
    """
    x = _given(count)
    z = deviate(confidence)
    safe = np.where(x > 0, x, 1.0)
    root = 1 - 1 / (9 * safe) - z / (3 * np.sqrt(safe))
    low = np.where(x > 0, np.where(root >= 0, safe * root**3, np.nan), 0.0 * x)
    more = x + 1
    return Limits(low[()], np.asarray(more * (1 - 1 / (9 * more) + z / (3 * np.sqrt(more))) ** 3)[()])


def poisson(count: ArrayLike, *, confidence: float = 0.95) -> Limits:
    """Limits of a count as OHID gives them: exact below 10 events, Byar's from 10."""
    x = _given(count)
    small, large = exact_poisson(x, confidence=confidence), byars(x, confidence=confidence)
    pick = x < BYAR_FROM
    return Limits(np.where(pick, small.low, large.low)[()], np.where(pick, small.high, large.high)[()])


def proportions(count: ArrayLike, base: ArrayLike, *, confidence: float = 0.95) -> pd.DataFrame:
    """Proportions with Wilson's limits, for a column of areas.

    Returns
    -------
    DataFrame
        ``value``, ``low``, ``high``, ``interval``, ``count``, ``base``, in the order given; the index
        of `count` if it is a Series.
    """
    x, n = _with_base(count, base)
    low, high = wilson(x, n, confidence=confidence)
    return _frame(count, x, n, x / n, low, high, name_interval("Wilson", confidence))


def rates(count: ArrayLike, base: ArrayLike, *, per: float = 1.0, confidence: float = 0.95) -> pd.DataFrame:
    """Rates of events with exact (below 10) or Byar's limits, for a column of areas.

    Parameters
    ----------
    count
        Events: one person can have several.
    base
        People or person-years.
    per
        Such as 1,000.

    Returns
    -------
    DataFrame
        As `proportions`.
    """
    x, n = np.broadcast_arrays(_given(count), _given(base, "base"))
    n = np.where(n > 0, n, np.nan)
    low, high = poisson(x, confidence=confidence)
    name = name_interval("exact or Byar's", confidence)
    return _frame(count, x, n, x / n * per, low / n * per, high / n * per, name)


def _frame(
    given: ArrayLike, count: Floats, base: Floats, value: Floats, low: Floats, high: Floats, name: str
) -> pd.DataFrame:
    index = given.index if isinstance(given, pd.Series) else pd.RangeIndex(np.size(count))
    numbers = {"value": value, "low": low, "high": high, "count": count, "base": base}
    frame = pd.DataFrame({key: np.ravel(one) for key, one in numbers.items()}, index=index)
    frame.insert(3, "interval", name)
    return frame


def proportion(count: float, base: float, *, confidence: float = 0.95) -> Estimate:
    """One proportion with Wilson's limits."""
    return _one(proportions([count], [base], confidence=confidence))


def rate(count: float, base: float, *, per: float = 1.0, confidence: float = 0.95) -> Estimate:
    """One rate of events with exact or Byar's limits."""
    return _one(rates([count], [base], per=per, confidence=confidence))


def _one(frame: pd.DataFrame) -> Estimate:
    row = frame.iloc[0]
    value, low, high, count, base = (float(row[name]) for name in ("value", "low", "high", "count", "base"))
    return Estimate(value, low, high, str(row["interval"]), count, base)


def standardised_rate(
    counts: Sequence[float],
    bases: Sequence[float],
    standard: Sequence[float] = STANDARD_POPULATION_2013,
    *,
    per: float = 100_000.0,
    confidence: float = 0.95,
) -> Estimate:
    """Directly standardised rate with Dobson's limits.

    Parameters
    ----------
    counts, bases
        Events and people in each age band, in the order of `standard`.
    standard
        People of the standard population in each band.
    per
        Such as 100,000.

    Raises
    ------
    TooFewEventsError
        There are fewer than 10 events altogether.
    StatisticsError
        The bands do not match, or a band without people has events.

    Notes
    -----
    Dobson, Kuulasmaa, Eberle and Scherer (1991), Statistics in Medicine 10, 457: Byar's limits of
    all events, shrunk or stretched by the ratio of the standard errors of the rate and of the count.
    """
    x, n = _given(counts), _given(bases, "base")
    w = np.asarray(standard, dtype=np.float64)
    if not x.shape == n.shape == w.shape:
        raise StatisticsError(
            f"{x.size} bands of events, {n.size} of people and {w.size} of the standard population; "
            "give one of each for every age band"
        )
    empty = (n <= 0) | np.isnan(n) | np.isnan(x)
    if empty.any():
        raise StatisticsError(
            f"age band {int(empty.argmax()) + 1} has {x[empty.argmax()]:g} events among "
            f"{n[empty.argmax()]:g} people; join it with its neighbour"
        )
    total = float(x.sum())
    if total < FEWEST_EVENTS:
        raise TooFewEventsError(
            f"{total:g} events are too few for a directly standardised rate, which needs {FEWEST_EVENTS}; "
            "join years or areas, or show the count"
        )
    share = w / w.sum()
    value = float((share * x / n).sum())
    low, high = byars(total, confidence=confidence)
    stretch = float(np.sqrt((share**2 * x / n**2).sum() / total))
    return Estimate(
        value * per,
        (value + stretch * (float(low) - total)) * per,
        (value + stretch * (float(high) - total)) * per,
        name_interval("Dobson", confidence),
        total,
        float(n.sum()),
    )


def gap(first: Estimate, second: Estimate) -> Estimate:
    """Difference of two independent estimates, with the interval that theirs imply.

    Raises
    ------
    StatisticsError
        Their intervals are of different kinds.

    Notes
    -----
    Newcombe (1998), Statistics in Medicine 17, 873, method 10, where the intervals are Wilson's; Zou
    and Donner (2008), Statistics in Medicine 27, 1693, in general.
    """
    _same_kind(first, second)
    value = first.value - second.value
    down = np.hypot(first.value - first.low, second.high - second.value)
    up = np.hypot(first.high - first.value, second.value - second.low)
    return Estimate(value, float(value - down), float(value + up), f"{first.interval}, difference")


def ratio(first: Estimate, second: Estimate) -> Estimate:
    """Ratio of two independent estimates, with the interval that theirs imply.

    Raises
    ------
    StatisticsError
        Their intervals are of different kinds, or the second is 0 or less.

    Notes
    -----
    Donner and Zou (2012), Statistical Methods in Medical Research 21, 347, on the logarithms. The low
    limit is 0 where the first's is, the high one infinite where the second's low limit is 0.
    """
    _same_kind(first, second)
    if second.value <= 0 or first.low < 0 or second.low < 0:
        raise StatisticsError(
            f"a ratio to {second.value:g} cannot be given; give the difference, or two positive figures"
        )
    value = first.value / second.value
    with np.errstate(divide="ignore", invalid="ignore"):
        a, low_a, high_a = np.log([first.value, first.low, first.high])
        b, low_b, high_b = np.log([second.value, second.low, second.high])
        low = np.exp(np.log(value) - np.hypot(a - low_a, high_b - b)) if first.low > 0 else 0.0
        if first.value > 0:
            high = np.exp(np.log(value) + np.hypot(high_a - a, b - low_b)) if second.low > 0 else np.inf
        else:
            high = first.high / second.low if second.low > 0 else np.inf
    return Estimate(value, float(low), float(high), f"{first.interval}, ratio")


def _same_kind(first: Estimate, second: Estimate) -> None:
    if first.interval != second.interval:
        raise StatisticsError(
            f'one figure has a range of "{first.interval}" and the other of "{second.interval}"; '
            "compare figures with ranges of one kind"
        )
