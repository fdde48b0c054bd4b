"""Which figures are made of which sums, and on which areas they may stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mis.survey_sums import SUMS


@dataclass(frozen=True)
class Indicator:
    """A ratio of two sums, or one sum (`over` False), with its unit and its smallest geography."""

    top: str
    base: str
    unit: str
    over: bool = True
    floor: str = ""


#: Id -> what it is made of. A floor of ward keeps weak tails and totals in pounds off smaller areas.
INDICATORS: dict[str, Indicator] = {
    "mis_people_below": Indicator("people_below_100", "people", "people", over=False),
    "mis_people_below_share": Indicator("people_below_100", "people", "share"),
    "mis_people_below_90_share": Indicator("people_below_90", "people", "share"),
    "mis_people_below_75_share": Indicator("people_below_75", "people", "share"),
    "mis_people_below_50_share": Indicator("people_below_50", "people", "share", floor="wd25"),
    "mis_children_below": Indicator("children_below_100", "children", "people", over=False),
    "mis_children_below_share": Indicator("children_below_100", "children", "share"),
    "mis_pensioners_below_share": Indicator("pensioners_below_100", "pensioners", "share"),
    "mis_households_below_share": Indicator("households_below_100", "households", "share"),
    "mis_gap_share": Indicator("gap", "people", "share"),
    "mis_severity_share": Indicator("severity", "people", "share", floor="wd25"),
    "mis_depth_share": Indicator("gap", "people_below_100", "share"),
    "mis_gap_weekly": Indicator("shortfall", "people_below_100", "GBP a week per person below"),
    "mis_shortfall_weekly": Indicator("shortfall", "people", "GBP a week", over=False, floor="wd25"),
}


def indicator_values(sums: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """Values of one indicator from sums (last axis `SUMS`); NaN where its base is zero."""
    kind = INDICATORS[name]
    top = sums[..., SUMS.index(kind.top)]
    base = sums[..., SUMS.index(kind.base)]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio: NDArray[np.float64] = np.where(base > 0, top if not kind.over else top / base, np.nan)
    return ratio


def draw_quantiles(draws: NDArray[np.float64], shares: list[float]) -> NDArray[np.float64]:
    """Quantiles over draws; NaN where no draw has a value (nobody below has no depth)."""
    result = np.full((len(shares), draws.shape[1]), np.nan)
    some = ~np.isnan(draws).all(axis=0)
    result[:, some] = np.nanquantile(draws[:, some], shares, axis=0)
    return result
