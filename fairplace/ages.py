"""How old sources and figures are on a stated day, and which are called stale.

No clock: the day is an argument, so that the same pack gives the same answer twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from fairplace.disclosure import Released
from geo.source import Source
from layers.catalogue import load_catalogue

#: Years after which a figure is stale, unless a reader states another age. Census 2021 is five
#: years old and the best there is; what is older has mostly been replaced.
STALE_AFTER = 6.0
_END_OF_TAX_YEAR = (3, 31)


@dataclass(frozen=True)
class SourceAge:
    """One source with its age.

    Parameters
    ----------
    source
        Its papers.
    until
        Last day it describes; None where its papers do not say.
    years
        Age on the stated day; None where `until` is.
    stale
        Older than the age stated.
    next_edition
        What its publisher has said of the next edition; empty if nothing.
    """

    source: Source
    until: date | None
    years: float | None
    stale: bool
    next_edition: str


def last_day(period: str) -> date | None:
    """Last day that a period describes, as publishers write periods; None if it says none.

    Parameters
    ----------
    period
        Such as ``2021-03-21``, ``2025-10``, ``mid-2022``, ``FYE 2020``, ``mostly 2022/23`` or
        ``2010 to 2019``.
    """
    days: list[date] = []
    text = period
    for found in re.finditer(r"(?<!\d)((?:19|20)\d\d)-(\d\d)(?:-(\d\d))?(?!\d)", text):
        year, month, day = int(found[1]), int(found[2]), int(found[3] or 28)
        if 1 <= month <= 12 and 1 <= day <= 31:
            days.append(date(year, month, min(day, 28) if not found[3] else day))
    text = re.sub(r"(?<!\d)(?:19|20)\d\d-(\d\d)(?:-(\d\d))?(?!\d)", " ", text)
    for found in re.finditer(r"(?<!\d)((?:19|20)\d\d)/(\d\d)(?!\d)", text):
        days.append(date(int(found[1]) + 1, *_END_OF_TAX_YEAR))
    text = re.sub(r"(?<!\d)(?:19|20)\d\d/\d\d(?!\d)", " ", text)
    tax = "FYE" in period or "financial year ending" in period
    for found in re.finditer(r"(?<!\d)((?:19|20)\d\d)(?!\d)", text):
        days.append(date(int(found[1]), *(_END_OF_TAX_YEAR if tax else (12, 31))))
    return max(days, default=None)


def source_ages(
    sources: Mapping[str, Source], *, on: date, stale_after: float = STALE_AFTER
) -> dict[str, SourceAge]:
    """Ages of sources on a stated day, by id.

    Parameters
    ----------
    sources
        Id -> papers.
    on
        The day.
    stale_after
        Years.
    """
    catalogue = load_catalogue()
    ages: dict[str, SourceAge] = {}
    for key, one in sorted(sources.items()):
        until = last_day(one.period)
        years = None if until is None else round(max(0, (on - until).days) / 365.25, 1)
        known = catalogue.get(key)
        ages[key] = SourceAge(
            one, until, years, years is not None and years > stale_after, known.next_edition if known else ""
        )
    return ages


def is_stale(figures: pd.DataFrame, *, on: date, stale_after: float = STALE_AFTER) -> pd.Series[bool]:
    """Tell of each figure whether what it describes is older than a stated age.

    Parameters
    ----------
    figures
        `geo.figures.FIGURE_COLUMNS`.
    on, stale_after
        The day, and years.

    Returns
    -------
    Series of bool
        Index as `figures`; False where the period says no day.
    """
    days = {period: last_day(str(period)) for period in figures["period"].unique()}
    old = {period: day is not None and (on - day).days / 365.25 > stale_after for period, day in days.items()}
    return figures["period"].map(old).astype(bool)


def current_figures(released: Released, *, on: date, stale_after: float = STALE_AFTER) -> pd.DataFrame:
    """Figures that are not stale: what is shown unless a reader asks for the rest."""
    return released.figures[~is_stale(released.figures, on=on, stale_after=stale_after)].reset_index(
        drop=True
    )
