"""Comparing a figure with another, with its own past, and with chance around a centre.

Three classes and "not compared", which always has its reason: two figures are told apart only where
their intervals, of one kind, do not meet. A trend is stated only where the series is one series.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from fairplace.statistics_intervals import Floats, StatisticsError, deviate, exact_poisson

#: Whether more is better is a decision, taken once for an indicator; empty where it has not been.
Polarity = Literal["", "higher is better", "lower is better"]
Class = Literal["lower", "similar", "higher", "not compared"]
Course = Literal["falling", "no clear change", "rising", "not stated"]
#: Points that a trend needs (OHID takes the last five).
TREND_POINTS = 5


@dataclass(frozen=True)
class Comparison:
    """How a figure stands to a comparator.

    Parameters
    ----------
    kind
        ``lower``, ``similar``, ``higher`` or ``not compared``.
    words
        The same for the page: ``better`` and ``worse`` only where a polarity is agreed.
    reason
        Why it was not compared; else empty.
    """

    kind: Class
    words: str
    reason: str = ""


@dataclass(frozen=True)
class Trend:
    """Which way a series goes.

    Parameters
    ----------
    course
        ``falling``, ``no clear change``, ``rising`` or ``not stated``.
    words
        For the page: ``improving`` and ``worsening`` only where a polarity is agreed.
    change
        Change a period, as a share of the level (rates, money) or in logits (shares); NaN if not stated.
    reason
        Why it was not stated; else empty.
    """

    course: Course
    words: str
    change: float = float("nan")
    reason: str = ""


_BETTER = {
    "higher is better": {"lower": "worse", "higher": "better", "falling": "worsening", "rising": "improving"},
    "lower is better": {"lower": "better", "higher": "worse", "falling": "improving", "rising": "worsening"},
}


def _say(kind: str, polarity: Polarity) -> str:
    return _BETTER.get(polarity, {}).get(kind, kind)


def compare(
    figure: Mapping[str, Any], comparator: Mapping[str, Any], *, polarity: Polarity = ""
) -> Comparison:
    """Compare two figures: an area with its borough, the borough with England, two areas.

    Parameters
    ----------
    figure, comparator
        Rows of `geo.figures.FIGURE_COLUMNS`. A comparator without a range counts as known exactly.
    polarity
        Agreed for the indicator, or empty.

    Returns
    -------
    Comparison
        Compared only if both are ``ok``, of one indicator, group, unit and period, and their ranges
        of one kind; two ranges that meet are ``similar``, which is not proof of sameness.
    """
    for one, whose in ((figure, "this area"), (comparator, "the comparator")):
        if one["status"] != "ok":
            return _not(f"the figure of {whose} is {str(one['status']).replace('_', ' ')}")
    for name in ("indicator", "group", "unit", "period"):
        if figure[name] != comparator[name]:
            return _not(f"the two differ in {name}: {figure[name]} and {comparator[name]}")
    low, high = float(figure["low"]), float(figure["high"])
    if np.isnan(low) or np.isnan(high):
        return _not("this figure has no range")
    other_low, other_high = float(comparator["low"]), float(comparator["high"])
    if np.isnan(other_low) or np.isnan(other_high):
        other_low = other_high = float(comparator["value"])
    elif figure["interval"] != comparator["interval"]:
        return _not(f"ranges of two kinds: {figure['interval']} and {comparator['interval']}")
    kind: Class = "lower" if high < other_low else "higher" if low > other_high else "similar"
    return Comparison(kind, _say(kind, polarity))


def compare_draws(
    draws: ArrayLike, other: ArrayLike, *, polarity: Polarity = "", level: float = 0.9
) -> Comparison:
    """Compare two modelled figures by their draws, which share the errors that the areas share.

    Parameters
    ----------
    draws, other
        Of the same draws, such as shares below the standard; NaN is refused.
    level
        Of the range of the difference that must leave out 0.
    """
    difference = np.asarray(draws, dtype=np.float64) - np.asarray(other, dtype=np.float64)
    if difference.ndim != 1 or not np.isfinite(difference).all():
        return _not("a figure has no draws")
    low, high = np.quantile(difference, [0.5 - level / 2, 0.5 + level / 2])
    kind: Class = "lower" if high < 0 else "higher" if low > 0 else "similar"
    return Comparison(kind, _say(kind, polarity))


def _not(reason: str) -> Comparison:
    return Comparison("not compared", "not compared", reason)


def trend(series: pd.DataFrame, *, polarity: Polarity = "", confidence: float = 0.95) -> Trend:
    """Trend of the last five periods of one figure, where they are one series.

    Parameters
    ----------
    series
        Rows of figures of one area and indicator, oldest first; a column ``definition``, where there
        is one, tells editions apart whose figures must not be joined.
    polarity
        Agreed for the indicator, or empty.
    confidence
        At which the slope must differ from 0.

    Returns
    -------
    Trend
        ``not stated``, with a reason, where code, geography, indicator, group, unit, kind of range or
        definition change, a figure is not ``ok`` or has no range, or there are fewer than five.

    Notes
    -----
    Least squares on the logarithm (on the logit for shares), each point weighing by the square of its
    standard error on that scale, which its range gives.
    """
    for name in ("code", "geography", "indicator", "group", "unit", "interval", "definition"):
        if name in series and series[name].nunique() > 1:
            found = " and ".join(str(one) for one in series[name].unique()[:2])
            return _unstated(f"not one series: {name} changes ({found})")
    if series["period"].duplicated().any():
        return _unstated(f"the period {series.loc[series['period'].duplicated(), 'period'].iat[0]} is twice")
    last = series.tail(TREND_POINTS)
    if len(last) < TREND_POINTS:
        return _unstated(f"{len(last)} periods, and a trend needs {TREND_POINTS}")
    if (last["status"] != "ok").any():
        return _unstated("a period has no figure")
    value, low, high = (last[name].to_numpy(dtype=float) for name in ("value", "low", "high"))
    share = str(last["unit"].iat[0]) in ("share", "probability")
    usable = (low > 0) & (value > 0) & (high > low) & ((high < 1) | (not share))
    if not usable.all():
        return _unstated("a figure has no range, or one that reaches 0 or all")
    ends = [np.log(one / (1 - one)) if share else np.log(one) for one in (value, low, high)]
    spread = (ends[2] - ends[1]) / (2 * deviate(_confidence_of(str(last["interval"].iat[0]))))
    weight = spread**-2.0
    step = np.arange(len(last), dtype=float)
    step -= (weight * step).sum() / weight.sum()
    slope = float((weight * step * ends[0]).sum() / (weight * step**2).sum())
    error = float((weight * step**2).sum() ** -0.5)
    clear = abs(slope) > deviate(confidence) * error
    course: Course = "no clear change" if not clear else "rising" if slope > 0 else "falling"
    return Trend(course, _say(course, polarity), slope)


def _confidence_of(interval: str) -> float:
    try:
        return float(interval.split(" %")[0]) / 100
    except ValueError:
        return 0.95


def _unstated(reason: str) -> Trend:
    return Trend("not stated", "not stated", reason=reason)


def funnel_proportion(base: ArrayLike, centre: float, *, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Control limits of a proportion around a centre, for bases of any size.

    Parameters
    ----------
    base
        Denominators; 1 or more.
    centre
        Share all would have but for chance.
    confidence
        0.95 and 0.998 are the usual two.

    Returns
    -------
    tuple
        Low and high limits, kept within 0 and 1.

    Notes
    -----
    Spiegelhalter (2005), Statistics in Medicine 24, 1185; normal limits as OHID's tool has them.
    """
    n = np.asarray(base, dtype=np.float64)
    if not 0 <= centre <= 1 or (n <= 0).any():
        raise StatisticsError(f"a funnel needs a centre from 0 to 1 ({centre:g} given) and bases above 0")
    half = deviate(confidence) * np.sqrt(centre * (1 - centre) / n)
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def funnel_rate(
    events: ArrayLike, centre: float, *, per: float = 1.0, confidence: float = 0.95
) -> pd.DataFrame:
    """Control limits of a rate around a centre, as the curve that numbers of events trace.

    Parameters
    ----------
    events
        Observed events to trace, 1 or more.
    centre
        Rate all would have but for chance, in units of `per`.
    per
        Such as 100,000.
    confidence
        0.95 and 0.998 are the usual two.

    Returns
    -------
    DataFrame
        ``events``; ``low_base`` and ``low``: the people among whom so few events lie on the low limit, and
        the rate there; ``high_base`` and ``high`` likewise.

    Notes
    -----
    A rate lies on a limit where the centre's expected count is an end of the count's own exact interval,
    for any number of events, as OHID's tool has it.
    """
    x = np.asarray(events, dtype=np.float64)
    if (x < 1).any() or centre <= 0:
        raise StatisticsError("a funnel of rates is traced by 1 event or more around a rate above 0")
    few, many = exact_poisson(x, confidence=confidence)
    low_base, high_base = many / centre * per, few / centre * per
    return pd.DataFrame(
        {
            "events": x,
            "low_base": low_base,
            "low": x / low_base * per,
            "high_base": high_base,
            "high": x / high_base * per,
        }
    )


def place_in_funnel(count: float, base: float, centre: float, *, of: Literal["share", "rate"]) -> str:
    """Say where a figure lies: ``inside``, or ``above`` or ``below`` with ``(95 %)`` or ``(99.8 %)``.

    Parameters
    ----------
    count, base
        Numerator and denominator.
    centre
        Share, or events for each of the base, that all would have but for chance.
    of
        What it is: a share of the base, or events of which one person can have several.
    """
    for confidence, name in ((0.998, "99.8 %"), (0.95, "95 %")):
        if of == "share":
            low, high = (float(one) for one in funnel_proportion(base, centre, confidence=confidence))
            below, above = count / base < low, count / base > high
        else:
            few, many = (float(one) for one in exact_poisson(count, confidence=confidence))
            below, above = base * centre > many, base * centre < few
        if below or above:
            return f"{'below' if below else 'above'} ({name})"
    return "inside"
