"""Numbers as words: how a figure, its range and its base are written on every map and chart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

#: Decimals shown where the caller does not say, by unit; for a share, decimals of its per cent.
_DECIMALS = {"share": 0, "score": 1, "minutes": 0}
_STATUS = ("missing", "suppressed", "not_applicable")


def value_text(value: float, unit: str, words: Mapping[str, str], *, decimals: int | None = None) -> str:
    """Write one number with its unit, such as ``28%``, ``£41`` or ``1,650``.

    Parameters
    ----------
    value
        In `unit`; a share runs from 0 to 1. NaN gives the word for no figure.
    unit
        As in the figures: ``share``, ``GBP a week``, ``people``, ``rank`` ...
    words
        From `maps.words.load_words`.
    decimals
        Digits after the point; by unit if left out.
    """
    if not math.isfinite(value):
        return words["nothing"]
    digits = _DECIMALS.get(unit, 0) if decimals is None else decimals
    if unit == "share":
        return words["percent"].format(number=_number(value * 100, digits))
    if unit.startswith("GBP"):
        return _signed(words["pounds"], value, digits)
    return _number(value, digits)


def range_text(
    low: float, high: float, unit: str, words: Mapping[str, str], *, decimals: int | None = None
) -> str:
    """Write a range, such as ``24% to 33%``; empty where there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return words["range_of"].format(
        low=value_text(low, unit, words, decimals=decimals),
        high=value_text(high, unit, words, decimals=decimals),
    )


def base_text(count: float, base: float, words: Mapping[str, str]) -> str:
    """Write what a figure is out of, such as ``462 of 1,650``; empty where neither is known."""
    has_count, has_base = math.isfinite(count), math.isfinite(base)
    if has_count and has_base:
        return words["count_of_base"].format(count=_number(count, 0), base=_number(base, 0))
    if has_base:
        return words["of_base"].format(base=_number(base, 0))
    return words["count_only"].format(count=_number(count, 0)) if has_count else ""


def status_text(status: str, words: Mapping[str, str]) -> str:
    """Write why there is no figure; empty for ``ok``."""
    return words[status] if status in _STATUS else ""


def figure_text(row: pd.Series, unit: str, words: Mapping[str, str], *, decimals: int | None = None) -> str:
    """Write the figure of a row of figures, or why there is none; a word is a class, not a figure."""
    if row["status"] != "ok":
        return status_text(str(row["status"]), words)
    value = row["value"]
    if isinstance(value, str):
        return ""
    return value_text(float(value), unit, words, decimals=decimals)


def _number(value: float, digits: int) -> str:
    # Halves away from zero, as documents write them: 12.5 is 13, whatever stands before it.
    exact = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    text = f"{exact:,}"
    # A small negative number must not be written as minus nothing.
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text.replace("-", "−")


def _signed(pattern: str, value: float, digits: int) -> str:
    text = pattern.format(number=_number(abs(value), digits))
    return f"−{text}" if value < 0 and _number(value, digits).startswith("−") else text
