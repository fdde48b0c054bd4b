"""Numbers as people read them: one place that turns a figure into text, for every form.

Missing, suppressed and not applicable have each their own sign and their own words. Modelled counts
are given to two significant figures in public, because the third would claim what nobody knows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

from maps.text import plain_number
from maps.words import Words, english

#: Units that are counted: whole things, of which a modelled number keeps two figures.
COUNTED = ("people", "households", "homes", "children", "events", "replies", "attendances", "incidents")
#: Ends the unit of a difference between the ends of a slope; of shares it is in percentage points.
GAP = " (least less most deprived)"
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
    with_range
        Value and range in one phrase.
    """

    value: str
    range: str
    with_range: str


def show(figure: Mapping[str, Any], *, decimals: int | None = None, words: Words | None = None) -> Shown:
    """Text of one figure: value and range, in its unit.

    Parameters
    ----------
    figure
        A row of `geo.figures.FIGURE_COLUMNS`.
    decimals
        Decimal places of the number as shown (of the percentage, for a share); by default one that
        suits the unit, and none for a modelled figure.
    words
        Of the document; English if left out, as everywhere here.
    """
    words = words or english()
    status = str(figure["status"])
    if status != "ok":
        return Shown(SIGNS[status][0], "", SIGNS[status][0])
    unit, modelled = str(figure["unit"]), is_ours(figure)
    if decimals is None and unit == "share" and is_coarse(figure):
        decimals = 0
    value = show_number(float(figure["value"]), unit, modelled=modelled, decimals=decimals, words=words)
    low, high = float(figure["low"]), float(figure["high"])
    if math.isnan(low) or math.isnan(high):
        return Shown(value, "", value)
    # Percentage points are said once, after the value.
    if unit == f"share{GAP}":
        ends = [rounded(end * 100, 1 if decimals is None else decimals, words=words) for end in (low, high)]
    else:
        ends = [
            show_number(end, unit, modelled=modelled, decimals=decimals, words=words) for end in (low, high)
        ]
    held = words("numbers", "range", low=ends[0], high=ends[1])
    return Shown(value, held, words("numbers", "with_range", value=value, range=held))


def is_ours(figure: Mapping[str, Any]) -> bool:
    """Tell whether a figure comes from our own model, whose third digit nobody knows.

    Also where a larger area lends it, which makes its basis ``copied``.
    """
    return figure["basis"] in _MODELLED and "model" in str(figure.get("interval", ""))


def is_coarse(figure: Mapping[str, Any]) -> bool:
    """Tell whether a share was rounded to whole percents or more with its base; such a share has no count."""
    value, base = float(figure["value"]), float(figure.get("base", math.nan))
    whole = abs(value * 100 - round(value * 100)) < 1e-6 if math.isfinite(value) else False
    return whole and 0 < base <= 1000 and math.isnan(float(figure.get("count", math.nan)))


def show_period(period: str, words: Words | None = None) -> str:
    """Text of a period: a day as people write it, from one to another, anything else as it is."""
    words = words or english()
    ends = period.split(" to ")
    if len(ends) == 2:
        low, high = (show_period(one, words) for one in ends)
        return words("numbers", "range", low=low, high=high)
    found = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", period)
    if not found:
        return period
    month = words.lines("numbers", "months")[int(found[2]) - 1]
    return words("numbers", "date", day=int(found[3]), month=month, year=found[1])


def show_number(
    value: float,
    unit: str,
    *,
    modelled: bool = False,
    decimals: int | None = None,
    words: Words | None = None,
) -> str:
    """Text of a number in its unit: shares as percentages, money with a pound sign."""
    words = words or english()
    if unit == "probability":
        # A thousand draws cannot tell certain from nearly certain.
        if value > 0.99:
            return words("numbers", "more_than_99")
        if value < 0.01:
            return words("numbers", "less_than_1")
        return words("numbers", "percent", number=percent_of_draws(value))
    if unit == f"share{GAP}":
        return words(
            "numbers",
            "points",
            number=rounded(value * 100, 1 if decimals is None else decimals, words=words),
        )
    if unit.split(" ")[0] == "share":
        digits = (0 if modelled else 1) if decimals is None else decimals
        return words("numbers", "percent", number=rounded(value * 100, digits, words=words))
    if unit.startswith("GBP"):
        pounds = two_figures(value) if modelled and abs(value) >= 1000 else value
        sign = words("numbers", "minus") if plain_number(pounds, decimals or 0).startswith("-") else ""
        return sign + words("numbers", "pounds", number=rounded(abs(pounds), decimals or 0, words=words))
    if unit in COUNTED:
        return rounded(two_figures(value) if modelled else value, decimals or 0, words=words)
    if unit in ("rank", "decile", "count"):
        return rounded(value, decimals or 0, words=words)
    return rounded(value, 1 if decimals is None else decimals, words=words)


def percent_of_draws(chance: float) -> int:
    """Whole per cent of a probability, towards even chances: 90% never stands for less than nine in ten."""
    return math.floor(chance * 100 + 1e-9) if chance > 0.5 else math.ceil(chance * 100 - 1e-9)


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


def rounded(value: float, decimals: int, *, words: Words | None = None) -> str:
    """Text of a number with thousands separators, halves away from zero (as people expect)."""
    return (words or english()).number(plain_number(value, decimals))


def show_people(value: float) -> str:
    """Text of a count of people; ``[c]`` where it is NaN, because it is of too few."""
    return rounded(value, 0) if math.isfinite(value) else "[c]"


def in_ten(share: float, words: Words | None = None) -> str:
    """Say a share in words people use: "about 3 in 10"."""
    words = words or english()
    tenths = int(Decimal(repr(share * 10)).quantize(Decimal(1), ROUND_HALF_UP))
    if share < 0.05:
        return words("numbers", "in_ten_few")
    if share > 0.95:
        return words("numbers", "in_ten_most")
    return words("numbers", "in_ten", number=max(1, min(9, tenths)))
