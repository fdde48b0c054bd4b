"""One figure over several years on one geography, with what may be compared said.

Editions keyed by older codes are carried over by a crosswalk. Whether two editions may be subtracted
is not something their numbers can tell, so it is not assumed: a series may be shown side by side, and
a change is computed only where the caller says why the editions compare, or asks for an
incomparable change by its name, and then gets it labelled as what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from geo.crosswalk import Crosswalk, check_matched, compose, convert
from geo.errors import UserError
from geo.geography import Geography
from geo.source import Source
from geo.table import AreaTable, Column, UnknownAreaError

#: What a caller must write to be given a change between editions that do not compare.
INCOMPARABLE_CHANGE = "incomparable change"
#: Measures that are carried whole or not at all.
_UNMIXED = ("rank", "median")


class ComparabilityError(UserError, ValueError):
    """A change was asked for between editions that do not compare."""


@dataclass(frozen=True)
class AreaSeries:
    """One figure for several editions on one geography.

    Parameters
    ----------
    geography
        Of every edition here.
    column
        What it is, as the latest edition describes it.
    values, status, basis
        Indexed by code, one column an edition, in the order given. `basis` is ``copied`` where an
        area has the value of a larger one it was part of.
    sources
        Edition -> its papers.
    comparable
        Why the editions may be subtracted; empty where they may only be shown side by side.
    notes
        What was carried over and how, a sentence each.
    """

    geography: Geography
    column: Column
    values: pd.DataFrame
    status: pd.DataFrame
    basis: pd.DataFrame
    sources: dict[str, Source]
    comparable: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """Difference between two editions, with the words that must stand beside it.

    Parameters
    ----------
    values
        Later less earlier, by code; NaN where either is not known.
    label
        What it is.
    warning
        Empty for editions that compare; else a sentence for every place where it is shown.
    """

    values: pd.Series[float]
    label: str
    warning: str


def carry_over(table: AreaTable, crosswalk: Crosswalk) -> AreaTable:
    """Carry a table to another vintage where its columns may not be mixed: ranks, deciles, medians.

    An area that stayed keeps its value. Each part of a split area gets the value of the whole, marked
    ``copied``. An area merged from several gets their value where all have the same, else it is not
    applicable: two ranks do not make a third.

    Parameters
    ----------
    table
        Figures on ``crosswalk.origin``.
    crosswalk
        From `geo.lookup.exact_lookup`.

    Returns
    -------
    AreaTable
        On ``crosswalk.target``; a note counts what was copied and what could not be carried.
    """
    check_matched(table, crosswalk)
    pairs = crosswalk.weights[crosswalk.weights["origin"].isin(set(table.codes))]
    # A complex change leaves splinters: less than a hundredth of an area does not lend it its rank.
    pairs = pairs[pairs["weight"] > 0.01]
    parts = pairs.groupby("origin")["target"].transform("size")
    frame = pairs.assign(split=parts > 1).sort_values(["target", "origin"])
    targets = pd.Index(sorted(set(frame["target"])))
    values: dict[str, pd.Series[float]] = {}
    status: dict[str, pd.Series[str]] = {}
    mixed_any = pd.Series(False, index=targets)
    for name in table.columns:
        held = frame.assign(
            value=frame["origin"].map(table.values[name]), state=frame["origin"].map(table.status[name])
        )
        group = held.groupby("target")
        same = (group["value"].nunique(dropna=False) == 1) & (group["state"].nunique() == 1)
        first = group[["value", "state"]].first().reindex(targets)
        mixed = ~same.reindex(targets)
        values[name] = first["value"].where(~mixed)
        status[name] = first["state"].where(~mixed, "not_applicable")
        mixed_any |= mixed
    copied = sorted(set(frame.loc[frame["split"], "target"]))
    notes = list(table.notes)
    if copied:
        notes.append(
            f"{len(copied)} areas of {crosswalk.target.key} are parts of areas of {crosswalk.origin.key} "
            "that "
            f"were split, and have a copy of the whole's value"
        )
    if mixed_any.any():
        notes.append(
            f"{int(mixed_any.sum())} areas of {crosswalk.target.key} were merged from areas of different "
            "values "
            f"({mixed_any.index[mixed_any.to_numpy()][0]} first): not applicable"
        )
    columns = {name: replace(column, interval="") for name, column in table.columns.items()}
    return AreaTable(
        crosswalk.target,
        columns,
        pd.DataFrame(values),
        table.source,
        pd.DataFrame(status),
        notes=tuple(notes),
    )


def copied_codes(crosswalk: Crosswalk) -> pd.Index[str]:
    """Targets that are parts of split origins: their carried values are copies of a larger area's."""
    parts = crosswalk.weights[crosswalk.weights["weight"] > 0.01]
    split = parts.groupby("origin")["target"].transform("size") > 1
    return pd.Index(sorted(set(parts.loc[split, "target"])))


def build_series(
    editions: Sequence[tuple[str, AreaTable, str]],
    target: Geography,
    *,
    history: Iterable[Crosswalk] = (),
    comparable: str = "",
    weights_by: dict[str, pd.Series[float]] | None = None,
) -> AreaSeries:
    """Put one figure of several editions on one geography.

    Parameters
    ----------
    editions
        (name such as ``2019``, table, id of the column in it), the earliest first.
    target
        Geography of the series, such as ``lsoa21``.
    history
        Crosswalks between vintages; two in a row are joined where needed.
    comparable
        Why differences between these editions mean something, with a reference; leave it empty where
        they do not, as for the Indices of Deprivation of 2019 and 2025.
    weights_by
        As in `geo.crosswalk.convert`.

    Raises
    ------
    ComparabilityError
        Editions repeat, or measure different things.
    UnknownAreaError
        A table is on a geography that no crosswalk reaches the target from, or lacks the column.
    """
    names = [name for name, _, _ in editions]
    if len(set(names)) != len(names) or not names:
        raise ComparabilityError(f"editions are {names}; give at least one, each once")
    steps = list(history)
    values, status, basis, notes = {}, {}, {}, []
    for name, table, column in editions:
        if column not in table.columns:
            raise UnknownAreaError(
                f"{table.source.title} has no column {column}; it has {', '.join(table.columns)}"
            )
        one = table.pick([column])
        needed = [
            other
            for other in (table.columns[column].base, table.columns[column].count)
            if other in table.columns
        ]
        described = table.columns[column]
        if described.measure in _UNMIXED:
            moved, copies = _carried(one, target, steps)
        else:
            moved, copies = _converted(table.pick([column, *needed]), target, steps, weights_by), pd.Index([])
        values[name], status[name] = moved.values[column], moved.status[column]
        marks = pd.Series(moved.columns[column].basis, index=moved.codes, dtype="str")
        marks[marks.index.isin(copies)] = "copied"
        basis[name] = marks
        notes += [f"{name}: {note}" for note in moved.notes]
    units = {table.columns[column].unit for _, table, column in editions}
    if comparable and len(units) > 1:
        raise ComparabilityError(f"editions are in {' and '.join(sorted(units))}; they are not one series")
    codes = pd.Index(sorted(set().union(*(one.index for one in values.values()))))
    last_table, last_column = editions[-1][1], editions[-1][2]
    return AreaSeries(
        target,
        last_table.columns[last_column],
        pd.DataFrame({name: one.reindex(codes) for name, one in values.items()}),
        pd.DataFrame({name: one.reindex(codes).fillna("missing") for name, one in status.items()}),
        pd.DataFrame({name: one.reindex(codes).fillna("") for name, one in basis.items()}),
        {name: table.source for name, table, _ in editions},
        comparable,
        tuple(dict.fromkeys(notes)),
    )


def change(series: AreaSeries, first: str, last: str, *, asked_for: str = "") -> Change:
    """Difference between two editions.

    Parameters
    ----------
    series
        From `build_series`.
    first, last
        Names of two of its editions.
    asked_for
        `INCOMPARABLE_CHANGE`, to be given a difference that means little, labelled so.

    Raises
    ------
    ComparabilityError
        The editions do not compare and the change was not asked for by its name.
    """
    for name in (first, last):
        if name not in series.values.columns:
            raise UnknownAreaError(
                f"{name} is not an edition of {series.column.label}; there are {list(series.values)}"
            )
    titles = f"{series.sources[first].title} ({first}) and {series.sources[last].title} ({last})"
    if not series.comparable and asked_for != INCOMPARABLE_CHANGE:
        raise ComparabilityError(
            f"{titles} do not compare: they may be shown side by side, but a change between them may "
            "come from a "
            f'new definition; if it is wanted all the same, ask for it by name: "{INCOMPARABLE_CHANGE}"'
        )
    values = series.values[last] - series.values[first]
    values = values.where(np.isfinite(values))
    what = {"rank": "places", "score": "points"}.get(series.column.measure, series.column.unit)
    label = f"{series.column.label}: {last} less {first}, in {what}"
    if series.comparable:
        return Change(values, label, "")
    return Change(
        values,
        f"{label} (editions that do not compare)",
        f"Not a measure of change: {titles} define it differently, and ranks move when other places do.",
    )


def _carried(
    table: AreaTable, target: Geography, history: list[Crosswalk]
) -> tuple[AreaTable, pd.Index[str]]:
    if table.geography == target:
        return table, pd.Index([])
    crosswalk = _route(table, target, history)
    return carry_over(table, crosswalk), copied_codes(crosswalk)


def _converted(
    table: AreaTable,
    target: Geography,
    history: list[Crosswalk],
    weights_by: dict[str, pd.Series[float]] | None,
) -> AreaTable:
    if table.geography == target:
        return table
    return convert(table, _route(table, target, history), weights_by=weights_by)


def _route(table: AreaTable, target: Geography, history: list[Crosswalk]) -> Crosswalk:
    for one in history:
        if one.origin == table.geography and one.target == target:
            return one
    for one in history:
        for other in history:
            if one.origin == table.geography and one.target == other.origin and other.target == target:
                return compose(one, other)
    known = ", ".join(f"{one.origin.key} to {one.target.key}" for one in history) or "none"
    raise UnknownAreaError(
        f"{table.source.title} is on {table.geography.key}, and no crosswalk leads to {target.key} (at hand: "
        f"{known}); give the look-up between them"
    )
