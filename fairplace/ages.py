"""How old sources and figures are on a stated day, and which are called stale.

No clock: the day is an argument, or the newest day that a pack's own sources describe, so that the same
pack gives the same answer twice. `fairplace.disclosure.release` leaves stale figures out and says which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from geo.errors import UserError
from geo.source import Source
from layers.catalogue import Dataset, load_catalogue

#: Years after which a figure is stale, unless a reader states another age. Census 2021 is five
#: years old and the best there is; what is older has mostly been replaced.
STALE_AFTER = 6.0
_END_OF_TAX_YEAR = (3, 31)


class AgeError(UserError, ValueError):
    """An age or a day makes no sense."""


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
    newer
        That a newer edition is out, or should be by its publisher's rule; empty if neither is known.
    """

    source: Source
    until: date | None
    years: float | None
    stale: bool
    next_edition: str
    newer: str = ""


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
            one,
            until,
            years,
            years is not None and years > stale_after,
            known.next_edition if known else "",
            newer_edition(known, _held_day(one, until), on=on) if known else "",
        )
    return ages


def _held_day(source: Source, until: date | None) -> date | None:
    """Day of the edition held: that of an edition which is a day or month by itself, else of its period."""
    if re.fullmatch(r"20\d\d-\d\d(-\d\d)?", source.edition):
        return last_day(source.edition)
    return until


def newer_edition(known: Dataset, until: date | None, *, on: date) -> str:
    """Say whether a data set has a newer edition than the one held, on a stated day.

    Parameters
    ----------
    known
        Its entry in the catalogue, with what has come out since and the rule of its renewal.
    until
        Last day that the edition held describes; None where it does not say.
    on
        The day.

    Returns
    -------
    str
        "out since …" where its publisher has brought one out; "due since …" where by the months or the
        interval in which it is renewed one should be there; empty where neither is known. A month counts
        from its end, and an edition of the month of renewal is the renewal's own.
    """
    out = [
        one
        for one in known.newer
        if one.out <= on and until is not None and (last_day(one.period) or date.min) > until
    ]
    if out:
        newest = max(out, key=lambda one: one.out)
        return f"out since {newest.out}: {newest.what}"
    if until is None:
        return ""
    due = _due(known, until)
    return f"due since {due} ({known.next_edition})" if due is not None and due <= on else ""


def _due(known: Dataset, until: date) -> date | None:
    """First day on which an edition after the one held should be there."""
    if known.every_months:
        return _month_after(until, known.every_months)
    if not known.months:
        return None
    later = [(until.year, month) for month in known.months if month > until.month]
    later += [(until.year + 1, month) for month in known.months]
    return _month_after(date(*min(later), 1), 1)


def _month_after(day: date, months: int) -> date:
    """First day of the month that begins so many months after a day's own."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


@dataclass(frozen=True)
class StaleFigures:
    """Figures of one indicator and source that are older than the age stated.

    Parameters
    ----------
    indicator, source
        Their ids.
    period
        The newest period that they describe, as its publisher writes it.
    years
        How long before the stated day that ended.
    figures
        How many there are.
    """

    indicator: str
    source: str
    period: str
    years: float
    figures: int


def newest_day(sources: Iterable[Source]) -> date | None:
    """Newest day that published sources describe: the day that a pack is of, unless its maker says one.

    An organisation's own tables and what we compute ourselves do not count: a target of 2030 is no age.
    """
    days = [last_day(one.period) for one in sources if one.controlled and one.publisher != "fairplace"]
    return max((day for day in days if day is not None), default=None)


def is_stale(figures: pd.DataFrame, *, on: date, stale_after: float = STALE_AFTER) -> pd.Series[bool]:
    """Tell of each figure whether what it describes is older than a stated age.

    A series is as old as its newest point: earlier years of an indicator that goes on are its past, not
    stale figures.

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
    age = _years(figures, on)
    newest = age.groupby([figures["indicator"], figures["source"]]).transform("min")
    dated = figures["period"].map({one: last_day(str(one)) is not None for one in figures["period"].unique()})
    return (newest > stale_after) & dated.astype(bool)


def _years(figures: pd.DataFrame, on: date) -> pd.Series[float]:
    """Years between the end of each figure's period and a day; 0 where the period says no day."""
    days = {period: last_day(str(period)) for period in figures["period"].unique()}
    years = {period: 0.0 if day is None else (on - day).days / 365.25 for period, day in days.items()}
    return figures["period"].map(years).astype(float)


def stale_figures(
    figures: pd.DataFrame, *, on: date, stale_after: float = STALE_AFTER
) -> tuple[StaleFigures, ...]:
    """List the stale figures of a table, an entry for each indicator and source.

    Parameters
    ----------
    figures
        `geo.figures.FIGURE_COLUMNS`.
    on, stale_after
        The day, and years.
    """
    old = figures[is_stale(figures, on=on, stale_after=stale_after)]
    found = []
    for (indicator, source), rows in old.groupby(["indicator", "source"], sort=True):
        years = _years(rows, on)
        newest = years.idxmin()
        found.append(
            StaleFigures(
                str(indicator),
                str(source),
                str(rows.at[newest, "period"]),
                round(float(years[newest]), 1),
                len(rows),
            )
        )
    return tuple(found)


def current_figures(figures: pd.DataFrame, *, on: date, stale_after: float = STALE_AFTER) -> pd.DataFrame:
    """Figures that are not stale: what is shown unless a reader asks for the rest."""
    return figures[~is_stale(figures, on=on, stale_after=stale_after)].reset_index(drop=True)


def check_stale_after(years: float) -> float:
    """Give the age back if it can be one.

    Raises
    ------
    AgeError
        It is not a number of years above 0.
    """
    if not 0 < years < 1000:
        raise AgeError(f"stale after {years:g} years makes no sense; give a number above 0, such as 6")
    return years
