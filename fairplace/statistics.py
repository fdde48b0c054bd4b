"""Statistics of public health practice, in one place.

Intervals of counted events, standardised rates, gaps and ratios, slopes of inequality, comparisons,
trends and funnels; each agrees with the published vectors of OHID's own tools to their digits.
"""

from __future__ import annotations

from fairplace.statistics_comparison import (
    TREND_POINTS,
    Comparison,
    Polarity,
    Trend,
    compare,
    compare_draws,
    funnel_proportion,
    funnel_rate,
    place_in_funnel,
    trend,
)
from fairplace.statistics_inequality import Inequality, concentration_index, slope_index
from fairplace.statistics_intervals import (
    BYAR_FROM,
    FEWEST_EVENTS,
    STANDARD_POPULATION_2013,
    Estimate,
    Limits,
    StatisticsError,
    TooFewEventsError,
    byars,
    exact_binomial,
    exact_poisson,
    gap,
    name_interval,
    poisson,
    proportion,
    proportions,
    rate,
    rates,
    ratio,
    standardised_rate,
    wilson,
)

__all__ = [
    "BYAR_FROM",
    "FEWEST_EVENTS",
    "STANDARD_POPULATION_2013",
    "TREND_POINTS",
    "Comparison",
    "Estimate",
    "Inequality",
    "Limits",
    "Polarity",
    "StatisticsError",
    "TooFewEventsError",
    "Trend",
    "byars",
    "compare",
    "compare_draws",
    "concentration_index",
    "exact_binomial",
    "exact_poisson",
    "funnel_proportion",
    "funnel_rate",
    "gap",
    "name_interval",
    "place_in_funnel",
    "poisson",
    "proportion",
    "proportions",
    "rate",
    "rates",
    "ratio",
    "slope_index",
    "standardised_rate",
    "trend",
    "wilson",
]
