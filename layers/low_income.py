"""Households below average income (HBAI): the Department for Work and Pensions' time series.

The national and regional rates against which a local estimate is held: how many of which kind of
family live below 60 % of the median, before and after housing costs, year by year; and what the median
and the other quintiles were in pounds. Read into one long frame whatever the table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from geo.errors import UserError
from geo.source import Source
from layers.areas import WrongFileError
from layers.catalogue import describe_source, recognise
from layers.symbols import SYMBOLS
from layers.workbooks import read_rows, sheet_names

_TITLE = re.compile(
    r"Table (?P<table>\S+?)ts:\s+(?P<what>Percentage|Number) of "
    r"(?P<population>individuals|children|working-age adults|pensioners) living in households\s*in "
    r"(?P<measure>relative|absolute) low income,? by (?P<by>.+?), United Kingdom",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\d{2}/\d{2}(-\d{2}/\d{2})?")
_LONG_YEAR = re.compile(r"(?P<first>\d{4}/\d{2})(?: ?\[.*\])?")
_QUINTILES = ("quintile_1", "quintile_2", "median", "quintile_4", "quintile_5", "mean")

#: Columns of the frame that `read_hbai` gives.
RATE_COLUMNS = (
    "table", "population", "measure", "housing_costs", "by", "parent", "group", "year", "value", "unit",
    "status",
)  # fmt: skip


class NoRateError(UserError, LookupError):
    """No published rate answers to the question, or several do."""


@dataclass(frozen=True)
class LowIncome:
    """Tables of one HBAI workbook.

    Parameters
    ----------
    rates
        Long frame with `RATE_COLUMNS`. ``population`` is ``individuals``, ``children``, ``working-age
        adults`` or ``pensioners``; ``measure`` ``relative`` or ``absolute`` low income; ``housing_costs``
        ``bhc`` or ``ahc``; ``by`` the breakdown; ``group`` a category of it and ``parent`` the category it
        is part of, or empty; ``year`` a financial year such as ``2024/25``, or three such as
        ``2022/23-2024/25`` for regions; ``value`` a share from 0 to 1, or millions of people, as ``unit``
        says (``share``, ``millions``); ``status`` as everywhere.
    money
        Long frame ``housing_costs, year, measure, value``: ``median``, ``mean`` and quintile medians of
        equivalised household income in pounds a week, at prices of the last year. Empty but for the
        summary workbook.
    source
        Papers of the workbook.
    """

    rates: pd.DataFrame
    money: pd.DataFrame
    source: Source

    def rate(
        self, *, group: str, year: str, by: str, measure: str = "relative", housing_costs: str = "ahc"
    ) -> float:
        """One share, such as that of ``Single with children`` after housing costs in ``2024/25``.

        Raises
        ------
        NoRateError
            No row answers to it, or several that differ.
        """
        one = self.rates
        one = one[
            (one["group"] == group)
            & (one["year"] == year)
            & (one["measure"] == measure)
            & (one["housing_costs"] == housing_costs)
            & (one["unit"] == "share")
            & one["by"].str.startswith(by)
        ]
        # A total stands in several tables, and is one answer as long as they agree.
        if len(one) == 0 or one["value"].max() - one["value"].min() > 1e-9:
            raise NoRateError(
                f'{self.source.file}: "{group}" by {by} in {year} ({measure}, {housing_costs}) answers to '
                f"{len(one)} rows; needed one: see rates[['by', 'parent', 'group']]"
            )
        return float(one["value"].iat[0])


def read_hbai(path: Path, *, source: Source | None = None) -> LowIncome:
    """Rates and numbers in low income, and incomes in pounds, of an HBAI workbook.

    Parameters
    ----------
    path
        A time-series workbook (ods or xlsx) of individuals, children, working-age adults or
        pensioners, or the summary.
    source
        Its papers, if not those of the catalogue.

    Raises
    ------
    WrongFileError
        The workbook has none of these tables.

    Notes
    -----
    From 2021/22 the series rests on linked administrative records, a break that DWP states on every
    sheet. HBAI's family is a benefit unit; the census's and MIS's is a household.
    """
    held = sheet_names(path)
    known = recognise((), sheets=held, form="workbook", name=path.name)
    if source is None and not (known and known[0].id.startswith("hbai")):
        raise WrongFileError(
            f"{path.name} has the sheets {', '.join(held[4:10])}; an HBAI time-series workbook has sheets "
            f"such as 3_10ts or 1_2b"
        )
    papers = source or describe_source(known[0].id, path)
    records: list[tuple[object, ...]] = []
    money = pd.DataFrame(columns=["housing_costs", "year", "measure", "value"])
    for sheet in held:
        if not re.fullmatch(r"\d_\d+(ts|[a-h])", sheet):
            continue
        rows = read_rows(path, sheet)
        title = rows[0][0] if rows and rows[0] else ""
        told = _TITLE.match(title)
        if told is not None:
            records.extend(_series(rows, told))
        elif "money values of estimated quintile medians" in title:
            money = _money(rows)
    rates = pd.DataFrame(records, columns=list(RATE_COLUMNS))
    return LowIncome(rates, money, papers)


def _series(rows: list[list[str]], told: re.Match[str]) -> list[tuple[object, ...]]:
    share = told["what"].lower() == "percentage"
    at = next(n for n, row in enumerate(rows) if sum(bool(_YEAR.fullmatch(cell.strip())) for cell in row) > 3)
    years = [_year(cell.strip()) for cell in rows[at]]
    costs, by, stack = "bhc", told["by"].strip(), ""
    parents: list[tuple[int, str]] = []
    found: list[tuple[object, ...]] = []
    for row in rows[at + 1 :]:
        label = row[0].strip()
        if not label:
            continue
        if label.lower() in ("before housing costs", "after housing costs"):
            costs, parents, stack = label[0].lower() + "hc", [], ""
            continue
        if not any(cell.strip() for cell in row[1:]):
            by = f"{told['by'].strip()}: {label}"
            parents = []
            continue
        indent = len(row[0]) - len(row[0].lstrip())
        while parents and parents[-1][0] >= indent:
            parents.pop()
        parent = parents[-1][1] if parents else ""
        total = re.match(r"All (individuals|children|working-age|pensioners)", label) is not None
        # Tables of working-age adults write their parts without indentation under "Working-age adults
        # with children" and "without".
        if label.startswith("Working-age adults") or total:
            stack = label if "with" in label and "children" in label else ""
        elif not parent:
            parent = stack
        parents.append((indent, label))
        for year, cell in zip(years[1:], row[1:], strict=False):
            if not year:
                continue
            value, status = _cell(cell)
            found.append(
                (
                    told["table"],
                    told["population"].lower(),
                    told["measure"].lower(),
                    costs,
                    "all" if total else by,
                    "" if total else parent,
                    re.sub(r"\s*\(per cent\)|\s*\(millions?\)", "", label),
                    year,
                    value / 100 if share else value,
                    "share" if share else "millions",
                    status,
                )
            )
    return found


def _year(cell: str) -> str:
    if not _YEAR.fullmatch(cell):
        return ""
    return "-".join(f"{'19' if int(one[:2]) >= 90 else '20'}{one}" for one in cell.split("-"))


def _cell(cell: str) -> tuple[float, str]:
    text = cell.strip()
    known = SYMBOLS.get(text.lower())
    if known is not None:
        return float("nan"), known[0]
    try:
        value = float(text)
    except ValueError:
        return float("nan"), "missing"
    return (value, "ok") if np.isfinite(value) else (float("nan"), "missing")


def _money(rows: list[list[str]]) -> pd.DataFrame:
    at = next(n for n, row in enumerate(rows) if "Quintile 1" in [cell.strip() for cell in row])
    columns = [n for n, cell in enumerate(rows[at]) if re.match(r"Quintile|Population mean", cell.strip())]
    costs, found = "bhc", []
    for row in rows[at + 1 :]:
        label = row[0].strip()
        if "housing costs" in label.lower():
            costs = "ahc" if "after" in label.lower() else "bhc"
        year = _LONG_YEAR.fullmatch(label)
        if year is None:
            continue
        for measure, column in zip(_QUINTILES, columns, strict=True):
            value, status = _cell(row[column])
            if status == "ok":
                found.append((costs, year["first"], measure, value))
    return pd.DataFrame(found, columns=["housing_costs", "year", "measure", "value"])
