"""Numbers as words: how a figure, its range and its base are written on every map and chart."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

from maps.style import STATUS_CLASSES, MapClass
from maps.words import Words

#: Decimals shown where the caller does not say, by unit; for a share, decimals of its per cent.
_DECIMALS = {"share": 0, "score": 1, "minutes": 0}


def value_text(value: float, unit: str, words: Words, *, decimals: int | None = None) -> str:
    """Write one number with its unit, such as ``28%``, ``£41`` or ``1,650``.

    Parameters
    ----------
    value
        In `unit`; a share runs from 0 to 1. NaN gives the word for no figure.
    unit
        As in the figures: ``share``, ``GBP a week``, ``people``, ``rank`` ...
    words
        Of the page or picture.
    decimals
        Digits after the point; by unit if left out.
    """
    if not math.isfinite(value):
        return words("map", "nothing")
    digits = _DECIMALS.get(unit, 0) if decimals is None else decimals
    if unit == "share":
        return words("numbers", "percent", number=_number(value * 100, digits, words))
    if unit.startswith("GBP"):
        sign = "" if plain_number(value, digits)[0] != "-" else words("numbers", "map_minus")
        return sign + words("numbers", "pounds", number=_number(abs(value), digits, words))
    return _number(value, digits, words)


def range_text(low: float, high: float, unit: str, words: Words, *, decimals: int | None = None) -> str:
    """Write a range, such as ``24% to 33%``; empty where there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return words(
        "numbers",
        "range",
        low=value_text(low, unit, words, decimals=decimals),
        high=value_text(high, unit, words, decimals=decimals),
    )


def base_text(count: float, base: float, words: Words) -> str:
    """Write what a figure is out of, such as ``462 of 1,650``; empty where neither is known."""
    has_count, has_base = math.isfinite(count), math.isfinite(base)
    if has_count and has_base:
        return words("map", "count_of_base", count=_number(count, 0, words), base=_number(base, 0, words))
    if has_base:
        return words("map", "of_base", base=_number(base, 0, words))
    return words("map", "count_only", count=_number(count, 0, words)) if has_count else ""


def status_text(status: str, words: Words) -> str:
    """Write why there is no figure; empty for ``ok``."""
    return words("map", status) if status in STATUS_CLASSES else ""


def figure_text(row: pd.Series, unit: str, words: Words, *, decimals: int | None = None) -> str:
    """Write the figure of a row of figures, or why there is none; a word is a class, not a figure."""
    if row["status"] != "ok":
        return status_text(str(row["status"]), words)
    value = row["value"]
    if isinstance(value, str):
        return ""
    return value_text(float(value), unit, words, decimals=decimals)


def class_label(one: MapClass, words: Words) -> str:
    """Legend words of a class; why there is no figure, of one that stands for a status."""
    text = status_text(one.id, words) or one.label
    return text[:1].upper() + text[1:] if one.id in STATUS_CLASSES else text


def count_text(count: int, words: Words) -> str:
    """Write how many, such as ``1,650``."""
    return words.number(f"{count:,}")


def chart_texts(words: Words) -> list[str]:
    """Words that may stand in a picture beside what it is given: of its frame and of numbers."""
    return [*words.view("map").values(), *words.view("numbers").values()]


def _number(value: float, digits: int, words: Words) -> str:
    return words.number(plain_number(value, digits), minus="map_minus")


def plain_number(value: float, digits: int) -> str:
    """Write a number as Python does, with commas and rounded, before it gets the signs of a language."""
    # Halves away from zero, as documents write them: 12.5 is 13, whatever stands before it.
    exact = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    text = f"{exact:,}"
    # A small negative number must not be written as minus nothing.
    return text.removeprefix("-") if not any(digit in "123456789" for digit in text) else text
