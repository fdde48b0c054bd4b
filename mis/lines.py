"""Budgets of the Minimum Income Standard, and the lines that incomes after housing costs are held against.

A line leaves out rent, childcare, council tax and water, because incomes after housing costs have
paid them already. Published lines are told apart from derived ones, which carry a wider error. The
budgets are a dated file that a user may replace; budgets of another year are refused unless a stated
index carries them to the year that is asked for.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from geo.errors import UserError
from mis.household_types import household_types
from mis.targets import LOW_INCOME

#: Components that a line comparable with income after housing costs leaves out.
NOT_IN_LINE: tuple[str, ...] = ("rent", "childcare", "council_tax", "water_rates")

_UNDER = 0.05  # how far under the low-income line a line may lie and be taken, with a note
_ROUNDING = 0.03  # pounds: the publication rounds its components and its totals separately
_TOTALS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("total", ()),
    ("without rent and childcare", ("rent", "childcare")),
    ("after housing costs", NOT_IN_LINE),
    ("before housing costs", ("childcare", "council_tax")),
)


class BudgetError(UserError, ValueError):
    """A file of budgets is not complete, not consistent, or not of the year that was asked for."""


@dataclass(frozen=True)
class Line:
    """The line of one household type, before it is carried to the reference year.

    Parameters
    ----------
    weekly
        Pounds a week, household, after housing costs; 0 for a type built from units.
    log_sd
        Standard deviation of its error, in logs.
    status
        ``published`` or ``derived``.
    reference
        Where the value comes from, or how it was derived.
    first, further
        For a household of several units: average number of units of each type in its first unit, and
        of further units, whose lines are reduced by the saving from sharing.
    """

    weekly: float
    log_sd: float
    status: str
    reference: str
    first: Mapping[str, float]
    further: Mapping[str, float]


@dataclass(frozen=True)
class Budgets:
    """Lines of every household type for one year.

    Parameters
    ----------
    year, month
        When the prices were taken.
    reference_label
        Year that results describe, such as ``FYE 2025``.
    factor
        What carries the lines from `year` and `month` to the reference year.
    lines
        Household type -> line.
    saving_mean, saving_sd
        Saving from sharing, as a share of a further unit's line.
    title
        Publication, for the papers.
    file
        Name of the file that was read.
    """

    year: int
    month: int
    reference_label: str
    factor: float
    lines: Mapping[str, Line]
    saving_mean: float
    saving_sd: float
    title: str
    file: str

    def weekly(
        self,
        *,
        errors: NDArray[np.float64] | None = None,
        saving: NDArray[np.float64] | float | None = None,
    ) -> NDArray[np.float64]:
        """Lines of every type in the reference year, pounds a week.

        Parameters
        ----------
        errors
            Error of each line in logs, shape (..., type); none gives the central lines.
        saving
            Saving of each further unit, shape (...); none gives the mean.

        Returns
        -------
        array of float, shape (..., type)
            In the order of `mis.household_types.household_types`. The errors of unit lines enter
            the lines of households built from them.
        """
        types = household_types()
        shape = () if errors is None else errors.shape[:-1]
        lines = np.zeros((*shape, len(types)))
        factor = np.ones((*shape, len(types))) if errors is None else np.exp(errors)
        kept = 1.0 - np.asarray(self.saving_mean if saving is None else saving)
        for position, name in enumerate(types.ids):
            if not self.lines[name].first:
                lines[..., position] = self.lines[name].weekly * factor[..., position]
        for position, name in enumerate(types.ids):
            line = self.lines[name]
            if line.first:
                total = sum(share * lines[..., types.index(unit)] for unit, share in line.first.items())
                extra = sum(share * lines[..., types.index(unit)] for unit, share in line.further.items())
                lines[..., position] = (total + kept * extra) * factor[..., position]
        return lines * self.factor

    @property
    def log_sd(self) -> NDArray[np.float64]:
        """Error of each line in logs, in the order of types."""
        return np.array([self.lines[name].log_sd for name in household_types().ids])

    @property
    def derived(self) -> NDArray[np.bool_]:
        """True where the line is derived, in the order of types."""
        return np.array([self.lines[name].status != "published" for name in household_types().ids])


def read_budgets(
    path: Path | None = None, *, year: int = 2025, uprate: float | None = None, index: str = ""
) -> Budgets:
    """Budgets from a dated file: ours, or the user's own of the same layout.

    Parameters
    ----------
    path
        A TOML file laid out like ``mis/budgets/2025.toml``; none reads ours.
    year
        Year of prices that the calculation needs.
    uprate, index
        Factor that carries the file's lines to `year`, and the name of the index it comes from; both
        are needed for a file of another year. The year that results describe moves along.

    Returns
    -------
    Budgets

    Raises
    ------
    BudgetError
        A type lacks its line, a value is not a positive number, a published total does not follow from
        its components, or the file's year is not `year` and no index was stated.
    """
    if path is None:
        name = f"{year}.toml"
        source = files("mis") / "budgets" / name
        if not source.is_file():
            raise BudgetError(f"there are no budgets of {year} here; give a file with budgets of that year")
        text = source.read_text(encoding="utf-8")
    else:
        name = path.name
        if not path.is_file():
            raise BudgetError(f"there is no file {name}; check the name and the folder")
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise BudgetError(f"{name} is not UTF-8 text; save it as UTF-8") from error
    return parse_budgets(text, name=name, year=year, uprate=uprate, index=index)


def parse_budgets(
    text: str, *, name: str, year: int = 2025, uprate: float | None = None, index: str = ""
) -> Budgets:
    """Budgets from the text of a file, as `read_budgets` takes them from the file itself."""
    try:
        entries = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BudgetError(f"{name} is not TOML: {error}; copy the layout of mis/budgets/2025.toml") from error
    budgets = _budgets(entries, name)
    check_components(entries, where=name)
    if budgets.year == year:
        return budgets
    if uprate is None or not index:
        raise BudgetError(
            f"{name} holds budgets of {budgets.year}, but budgets of {year} are needed; take a file of "
            f"{year}, or state uprate= and the index= it comes from"
        )
    if not 0 < uprate < np.inf:
        raise BudgetError(f"{uprate} is not a factor between price levels; give a positive number")
    return replace(
        budgets,
        year=year,
        reference_label=_later(budgets.reference_label, year - budgets.year, name),
        factor=budgets.factor * uprate,
        title=f"{budgets.title} ({budgets.year} budgets carried to {year} by {index})",
    )


def _later(label: str, years: int, where: str) -> str:
    # The file's factor leads from its prices to the year of its label; later prices, a later year.
    found = re.fullmatch(r"(.*\b)(\d{4})", label)
    if found is None:
        raise BudgetError(
            f'{where}, reference_year: label is "{label}"; write it as "FYE 2024" so that it can move on'
        )
    return f"{found[1]}{int(found[2]) + years}"


def check_budgets(budgets: Budgets, *, period: str, median: float) -> None:
    """Hold lines against the national solution that they are to be used with.

    Parameters
    ----------
    period
        Year that the solution describes, such as ``FYE 2025``.
    median
        Its median equivalised income, pounds a week.

    Raises
    ------
    BudgetError
        The lines describe another year; or a line lies more than 5 % under the low-income line of its type,
        which no minimum standard can. Less far under is noted: the two are counted by different people.
    """
    if budgets.reference_label != period:
        raise BudgetError(
            f"{budgets.file}: the lines describe {budgets.reference_label}, incomes {period}; take budgets "
            f"of that year, or carry these to it with uprate= and the index= it comes from"
        )
    for name, (line, low) in lines_under(budgets, median=median).items():
        if line < (1 - _UNDER) * low:
            raise BudgetError(
                f"{budgets.file}, lines.{name}: {line:.2f} pounds a week in {period} lies more than "
                f"{_UNDER:.0%} under the low-income line of its type, {low:.2f}; no minimum standard does, "
                f"so check the line"
            )


def lines_under(budgets: Budgets, *, median: float) -> dict[str, tuple[float, float]]:
    """Lines that lie under the low-income line of their type.

    Returns
    -------
    dict
        Household type -> its line and its low-income line, pounds a week of the household.
    """
    types = household_types()
    lines, low = budgets.weekly(), LOW_INCOME * median * types.scale
    return {
        name: (float(lines[at]), float(low[at])) for at, name in enumerate(types.ids) if lines[at] < low[at]
    }


def check_components(entries: Mapping[str, Any], *, where: str) -> dict[str, list[float]]:
    """Recompute every published total from its components.

    Returns
    -------
    dict
        Household type -> the four recomputed totals, pounds a week, in the order of
        ``published_totals``; empty where the file lists no components.

    Raises
    ------
    BudgetError
        A recomputed total is more than 3p from the published one.
    """
    if "components" not in entries:
        return {}
    names = entries["components"].get("names")
    if not isinstance(names, list):
        raise BudgetError(f"{where}, components: names is missing; list the components in order")
    totals = entries.get("published_totals", {})
    recomputed: dict[str, list[float]] = {}
    for household, values in entries["components"].items():
        if household == "names":
            continue
        published = totals.get(household, [])
        for what, given, wanted in (
            ("components", values, len(names)),
            ("published_totals", published, len(_TOTALS)),
        ):
            if len(given) != wanted or not all(_is_number(value) for value in given):
                raise BudgetError(
                    f"{where}, {what}: {household} needs {wanted} numbers, pounds a week, and has "
                    f"{len(given)} values; list them in the order of mis/budgets/2025.toml"
                )
        parts = dict(zip(names, values, strict=True))
        recomputed[household] = [
            sum(value for name, value in parts.items() if name not in left_out) for _, left_out in _TOTALS
        ]
        for (label, _), ours, theirs in zip(_TOTALS, recomputed[household], published, strict=True):
            if abs(ours - theirs) > _ROUNDING + 1e-9:
                raise BudgetError(
                    f"{where}: the components of {household} add up to {ours:.2f} ({label}), but the "
                    f"published total is {theirs:.2f}; check the figures against the publication"
                )
    return recomputed


def _budgets(entries: Mapping[str, Any], where: str) -> Budgets:
    for part in ("year", "reference", "lines", "sharing", "reference_year"):
        if part not in entries:
            raise BudgetError(f"{where} lacks {part}; copy the layout of mis/budgets/2025.toml")
    lines = {}
    for name in household_types().ids:
        if name not in entries["lines"]:
            raise BudgetError(f"{where} has no line for {name}; every household type needs one")
        lines[name] = _line(entries["lines"][name], f"{where}, lines.{name}")
    for name, line in lines.items():
        for unit in (*line.first, *line.further):
            if lines[unit].first:
                raise BudgetError(
                    f"{where}, lines.{name}: {unit} is itself built from units; build from types that have "
                    f"a budget of their own"
                )
    year, month = entries["year"], entries.get("month", 4)
    for name, value in (("year", year), ("month", month)):
        if not isinstance(value, int) or isinstance(value, bool):
            raise BudgetError(f"{where}: {name} is {value!r}; expected a whole number, such as 2025 and 4")
    reference, sharing = entries["reference_year"], entries["sharing"]
    for part, table, name in (
        ("reference", entries["reference"], "title"),
        ("reference_year", reference, "label"),
    ):
        if not str(table.get(name, "")):
            raise BudgetError(f"{where}, {part}: {name} is missing; copy the layout of mis/budgets/2025.toml")
    return Budgets(
        year=year,
        month=month,
        reference_label=str(reference["label"]),
        factor=_between(reference, "factor", 0.1, 10, f"{where}, reference_year"),
        lines=lines,
        saving_mean=_between(sharing, "saving_mean", 0, 1, f"{where}, sharing"),
        saving_sd=_between(sharing, "saving_sd", 0, 1, f"{where}, sharing"),
        title=str(entries["reference"]["title"]),
        file=where,
    )


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))


def _between(table: Mapping[str, Any], name: str, low: float, high: float, where: str) -> float:
    value = table.get(name)
    if not _is_number(value) or not low <= value <= high:
        raise BudgetError(f"{where}: {name} is {value!r}; expected a number from {low} to {high}")
    return float(value)


def _line(entry: Mapping[str, Any], where: str) -> Line:
    first = dict(entry.get("first", {}))
    further = dict(entry.get("further", {}))
    weekly = entry.get("weekly", 0.0)
    if not _is_number(weekly) or (not first and not weekly > 0):
        raise BudgetError(f"{where}: weekly is {weekly!r}; expected pounds a week, more than nothing")
    log_sd = entry.get("log_sd")
    if not _is_number(log_sd) or not 0 <= log_sd < 1:
        raise BudgetError(f"{where}: log_sd is {log_sd!r}; expected the error in logs, such as 0.05")
    status = str(entry.get("status", ""))
    if status not in ("published", "derived"):
        raise BudgetError(f'{where}: status is "{status}"; expected published or derived')
    unknown = (set(first) | set(further)) - set(household_types().ids)
    if unknown:
        raise BudgetError(f"{where}: {sorted(unknown)[0]} is not a household type")
    for unit, number in (*first.items(), *further.items()):
        if not _is_number(number) or number < 0:
            raise BudgetError(f"{where}: {number!r} units of {unit}; expected how many there are on average")
    return Line(float(weekly), float(log_sd), status, str(entry.get("reference", "")), first, further)
