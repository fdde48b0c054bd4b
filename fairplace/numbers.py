"""Numbers as people read them: one place that turns a figure into text, for every form.

Missing, suppressed and not applicable have each their own sign and their own words. Modelled counts
are given to two significant figures in public, because the third would claim what nobody knows.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

#: Units that are counted: whole things, of which a modelled number keeps two figures.
COUNTED = ("people", "households", "homes", "children", "events", "replies", "attendances", "incidents")
#: Ends the unit of a difference between the ends of a slope; of shares it is in percentage points.
GAP = " (least less most deprived)"
_POINTS = " percentage points"
#: Bases of a figure that our model may have made.
_MODELLED = ("modelled", "copied")
#: Status -> (sign in a cell, words for the key).
SIGNS: dict[str, tuple[str, str]] = {
    "missing": ("[x]", "not available"),
    "suppressed": ("[c]", "hidden, because the number is small enough to point at somebody"),
    "not_applicable": ("[z]", "not applicable"),
}


@dataclass(frozen=True)
class Shown:
    """A figure as text.

    Parameters
    ----------
    value
        The number with its unit, or a sign.
    range
        "48% to 58%", or empty.
    """

    value: str
    range: str

    @property
    def with_range(self) -> str:
        """Value and range in one phrase."""
        return f"{self.value} ({self.range})" if self.range else self.value


def show(figure: Mapping[str, Any], *, decimals: int | None = None) -> Shown:
    """Text of one figure: value and range, in its unit.

    Parameters
    ----------
    figure
        A row of `geo.figures.FIGURE_COLUMNS`.
    decimals
        Decimal places of the number as shown (of the percentage, for a share); by default one that
        suits the unit, and none for a modelled figure.
    """
    status = str(figure["status"])
    if status != "ok":
        return Shown(SIGNS[status][0], "")
    unit, modelled = str(figure["unit"]), is_ours(figure)
    value = show_number(float(figure["value"]), unit, modelled=modelled, decimals=decimals)
    low, high = float(figure["low"]), float(figure["high"])
    if math.isnan(low) or math.isnan(high):
        return Shown(value, "")
    # Percentage points are said once, after the value.
    ends = [
        show_number(end, unit, modelled=modelled, decimals=decimals).removesuffix(_POINTS)
        for end in (low, high)
    ]
    return Shown(value, f"{ends[0]} to {ends[1]}")


def is_ours(figure: Mapping[str, Any]) -> bool:
    """Tell whether a figure comes from our own model, whose third digit nobody knows.

    Also where a larger area lends it, which makes its basis ``copied``.
    """
    return figure["basis"] in _MODELLED and "model" in str(figure.get("interval", ""))


def show_period(period: str) -> str:
    """Text of a period: a day as people write it, anything else as it is."""
    found = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", period)
    if not found:
        return period
    day = dt.date(int(found[1]), int(found[2]), int(found[3]))
    return f"{day.day} {day:%B %Y}"


def show_number(value: float, unit: str, *, modelled: bool = False, decimals: int | None = None) -> str:
    """Text of a number in its unit: shares as percentages, money with a pound sign."""
    if unit == "probability":
        # A thousand draws cannot tell certain from nearly certain.
        if value > 0.99:
            return "more than 99%"
        # Towards even chances: 90% is never written of less than nine draws in ten, where words change.
        near = math.floor(value * 100 + 1e-9) if value > 0.5 else math.ceil(value * 100 - 1e-9)
        return "less than 1%" if value < 0.01 else f"{near}%"
    if unit == f"share{GAP}":
        return f"{rounded(value * 100, 1 if decimals is None else decimals)}{_POINTS}"
    if unit.split(" ")[0] == "share":
        return f"{rounded(value * 100, (0 if modelled else 1) if decimals is None else decimals)}%"
    if unit.startswith("GBP"):
        text = rounded(two_figures(value) if modelled and abs(value) >= 1000 else value, decimals or 0)
        return f"-£{text[1:]}" if text.startswith("-") else f"£{text}"
    if unit in COUNTED:
        return rounded(two_figures(value) if modelled else value, decimals or 0)
    if unit in ("rank", "decile", "count"):
        return rounded(value, decimals or 0)
    return rounded(value, 1 if decimals is None else decimals)


def two_figures(value: float) -> float:
    """Round to two significant figures, halves away from zero."""
    if value == 0 or not math.isfinite(value):
        return value
    digits = 1 - math.floor(math.log10(abs(value)))
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def round_modelled(figures: pd.DataFrame) -> pd.DataFrame:
    """Round modelled counts to two significant figures: the third would claim what nobody knows.

    Parameters
    ----------
    figures
        `geo.figures.FIGURE_COLUMNS`.

    Returns
    -------
    DataFrame
        A copy. Of rows that our model made: value and range where the unit is counted, count and base always;
        shares, pounds and probabilities are as they were. Rounded counts need not add up.
    """
    shown = figures.copy()
    modelled = shown["basis"].isin(_MODELLED) & shown["interval"].str.contains("model")
    counted = modelled & shown["unit"].isin(COUNTED)
    for columns, rows in ((("value", "low", "high"), counted), (("count", "base"), modelled)):
        for name in columns:
            shown.loc[rows, name] = [two_figures(float(one)) for one in shown.loc[rows, name]]
    return shown


def rounded(value: float, decimals: int) -> str:
    """Text of a number with thousands separators, halves away from zero (as people expect)."""
    exact = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    text = f"{exact:,}"
    return text[1:] if text.startswith("-") and not any(digit in "123456789" for digit in text) else text


def show_people(value: float) -> str:
    """Text of a count of people; ``[c]`` where it is NaN, because it is of too few."""
    return rounded(value, 0) if math.isfinite(value) else "[c]"


def in_ten(share: float) -> str:
    """Say a share in words people use: "about 3 in 10"."""
    tenths = int(Decimal(repr(share * 10)).quantize(Decimal(1), ROUND_HALF_UP))
    if share < 0.05:
        return "fewer than 1 in 20"
    if share > 0.95:
        return "more than 19 in 20"
    return f"about {max(1, min(9, tenths))} in 10"
